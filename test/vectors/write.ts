/** How vectors become files, for the script that writes them and the tests that compare them. */
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);

export const itemsFile: string = fileURLToPath(new URL("items.json", folder));
export const messagesFile: string = fileURLToPath(new URL("messages.json", folder));

/** Two spaces and a final newline: what the formatter leaves alone, since no array holds bare scalars. */
export function asFile(vectors: object): string {
  return `${JSON.stringify(vectors, null, 2)}\n`;
}
