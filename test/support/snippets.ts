/**
 * Code blocks of a markdown page that are marked to be run, and what they claim to print. Not the running of them;
 * `readme.test.ts` does that.
 */

export interface Snippet {
  /** The word after the language in the fence's first line. */
  readonly mark: string;
  readonly language: string;
  readonly code: string;
}

/** Every fenced block that bears a mark. Throws on a fence that is never closed. */
export function snippetsOf(markdown: string): readonly Snippet[] {
  const fences = [...markdown.matchAll(/^```/gm)].length;
  if (fences % 2 !== 0) throw new Error("a code block is never closed");
  return [...markdown.matchAll(/^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm)]
    .map(([, language = "", mark = "", code = ""]) => ({ language, mark: mark.trim(), code }))
    .filter(({ mark }) => mark !== "");
}

/** What a TypeScript snippet says it prints: the comment behind each `console.log(...)`, in order. */
export function claimsOf(code: string): readonly string[] {
  return code
    .split("\n")
    .filter((line) => line.includes("console.log("))
    .flatMap((line) => {
      const [, claim] = /console\.log\(.*\); \/\/ (.*)$/.exec(line) ?? [];
      return claim === undefined ? [] : [claim];
    });
}

/** What a shell snippet says its last line is: its own last comment. Throws where there is none. */
export function lastLineClaimed(code: string): string {
  const [, claim] = /^# +(.*)$/.exec(code.trimEnd().split("\n").at(-1) ?? "") ?? [];
  if (claim === undefined)
    throw new Error("the block does not end with a comment that says what it prints last");
  return claim.trim();
}

/** `code` with the one place of `from` replaced. Throws unless it is there `times` times: the world it is run in would not be used. */
export function moved(code: string, from: string, to: string, times = 1): string {
  const places = code.split(from).length - 1;
  if (places !== times) throw new Error(`${from} stands ${places} times in the snippet, not ${times}`);
  return code.replaceAll(from, () => to);
}
