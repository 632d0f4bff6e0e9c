/** Letters and phone messages as they leave the house: the real outbox of the service, and who reads what came. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sendDue } from "../../packages/authority/src/desk/messages.ts";
import { openMessenger } from "../../packages/authority/src/mail/open.ts";
import type { Service } from "./service.ts";

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Everything that ever left for this address, the oldest first; what waits is sent before. */
export async function lettersTo(service: Service, to: string): Promise<readonly Letter[]> {
  await sendDue(service.office(), openMessenger({}, service.folder));
  const folder = join(service.folder, "outbox");
  const numberOf = (name: string): number => Number(/(\d+)\.eml$/.exec(name)?.[1] ?? "0");
  return namesIn(folder)
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((name) => letterOf(readFileSync(join(folder, name), "utf8")))
    .filter((letter) => letter.to === to);
}

/** The last letter to an address; there must be one. */
export async function lastLetter(service: Service, to: string): Promise<Letter> {
  const letter = (await lettersTo(service, to)).at(-1);
  if (letter === undefined) throw new Error(`nothing came for ${to}`);
  return letter;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".eml"));
  } catch {
    return [];
  }
}

function letterOf(file: string): Letter {
  const end = file.indexOf("\r\n\r\n");
  const head = file.slice(0, end);
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(head)?.[1]?.trim() ?? "";
  return { to: header("To"), subject: header("Subject"), text: file.slice(end + 4) };
}

/** The one thing of this form in a letter. */
export function found(letter: Letter, form: RegExp): string {
  const [, part] = form.exec(letter.text) ?? [];
  if (part === undefined) throw new Error(`the letter "${letter.subject}" holds no ${form}`);
  return part;
}
