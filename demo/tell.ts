/** How the story is told: to people as lines to read, to programs as one JSON object for each step. */

import type { Line } from "./programs.ts";

export interface Step {
  readonly step: string;
  readonly expected: string;
  readonly observed: string;
  readonly ok: boolean;
}

export interface Teller {
  /** A heading. */
  chapter(words: string): void;
  /** What is going on, for people only. */
  say(words: string): void;
  /** Messages of a visit, for people only: one line each with its bytes. */
  messages(lines: readonly Line[]): void;
  /** One claim of the story, and whether it held. */
  step(step: string, expected: string, observed: string): void;
  readonly steps: readonly Step[];
}

export function createTeller(options: {
  readonly json: boolean;
  readonly colour: boolean;
  readonly write: (line: string) => void;
}): Teller {
  const { json, write } = options;
  const steps: Step[] = [];
  const people = (line: string): void => {
    if (!json) write(line);
  };
  const paint = (code: number, text: string): string =>
    options.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    steps,
    chapter: (words) => people(`\n${paint(1, words)}`),
    say: (words) => people(`  ${words}`),
    messages(lines) {
      for (const line of lines) {
        const message = line["message"] as { direction: string; name: string; bytes: number } | undefined;
        if (message === undefined) continue;
        const arrow = message.direction === "out" ? "phone -> lock" : "phone <- lock";
        people(
          `    ${paint(2, `${arrow}  ${message.name.padEnd(12)} ${String(message.bytes).padStart(5)} bytes`)}`,
        );
      }
    },
    step(step, expected, observed) {
      const done: Step = { step, expected, observed, ok: expected === observed };
      steps.push(done);
      if (json) write(JSON.stringify(done));
      else if (done.ok) write(`  ${paint(32, "ok")}    ${step}: ${observed}`);
      else write(`  ${paint(31, "WRONG")} ${step}: expected ${expected}, observed ${observed}`);
    },
  };
}
