/** Passwords and codes as people give them: typed without an echo, on standard input, or in a file. Never as an argument. */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Terminal } from "./terminal.ts";

/** Wrong use or environment: one line that says what to do. */
export class UseError extends Error {
  override readonly name = "UseError";
}

/** One line from whoever sits there, or from standard input when nobody does. */
export async function readSecret({ stdin, stderr }: Terminal, what: string): Promise<string> {
  if (stdin === undefined) throw new UseError(`give the ${what} on standard input`);
  const isTyped = stdin.isTTY === true;
  if (isTyped) stderr.write(`${what}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: isTyped });
  try {
    for await (const line of lines) if (line !== "") return line;
  } finally {
    lines.close();
    if (isTyped) stderr.write("\n");
  }
  throw new UseError(`no ${what} was given: type it, or put it on standard input`);
}

/** The first line of a file. */
export async function readSecretFile(path: string, what: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UseError(`cannot read the ${what} from ${path} (${error.code ?? error.message})`);
  });
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line === "") throw new UseError(`${path} holds no ${what} in its first line`);
  return line;
}
