/** A `.sim` file as a list of commands, all of it understood before any of it is carried out. */
import { readdirSync, readFileSync } from "node:fs";
import { codeOf, Trouble, troubleOf } from "../edge/trouble.ts";
import { parseStory, type StoryCommand } from "./story.ts";
import { type Command, parseCommand, wordsOf } from "./words.ts";

export type Line = {
  /** In its file, from 1. */
  readonly number: number;
  readonly text: string;
} & {
  readonly command:
    | { readonly of: "lock"; readonly is: Command }
    | { readonly of: "story"; readonly is: StoryCommand };
};

export interface Script {
  readonly file: string;
  readonly lines: readonly Line[];
}

/** The stories that ship with the program; they may be named without a folder. */
const shipped = new URL("../../examples/", import.meta.url);

/** Throws Trouble with file and line for what is no word. */
export function readScript(file: string): Script {
  try {
    return parseScript(file, readFileSync(file, "utf8"));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw troubleOf(error, file);
  }
  const names = readdirSync(shipped).map((name) => name.replace(/\.sim$/, ""));
  const name = file.replace(/\.sim$/, "");
  if (!names.includes(name)) {
    throw new Trouble(
      `there is no script ${file}: check the path, or name one that ships: ${names.join(", ")}`,
    );
  }
  return parseScript(`${name}.sim`, readFileSync(new URL(`${name}.sim`, shipped), "utf8"));
}

/** The same of a text; `file` is what troubles are told about. */
export function parseScript(file: string, text: string): Script {
  const lines = text.split("\n").flatMap((line, index): readonly Line[] => {
    const words = wordsOf(line);
    if (words === undefined) return [];
    const number = index + 1;
    const story = parseStory(words);
    if (typeof story === "string") throw new Trouble(`${file}:${number}: not understood; write: ${story}`);
    if (story !== undefined) return [{ number, text: words, command: { of: "story", is: story } }];
    const parsed = parseCommand(line);
    if (parsed === undefined) return [];
    if (!parsed.ok) throw new Trouble(`${file}:${number}: ${parsed.says}`);
    return [{ number, text: words, command: { of: "lock", is: parsed.command } }];
  });
  return { file, lines };
}

/** Whether it needs a world of its own, and not one lock alone. */
export function tellsAStory({ lines }: Script): boolean {
  return lines.some(({ command }) => command.of === "story");
}
