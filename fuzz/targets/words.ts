/**
 * Any text as lines of a `.sim` file or of the prompt: every line is a command, a comment or a sentence of what is
 * wrong; white space means nothing; what is understood keeps to its bounds.
 */

import { fromHex } from "@doorsync/protocol/lock";
import { parseStory } from "../../packages/lock-sim/src/cli/story.ts";
import {
  completions,
  type Parsed,
  parseCommand,
  waitSecondsMax,
  wordsOf,
} from "../../packages/lock-sim/src/cli/words.ts";
import { keys } from "../../packages/lock-sim/src/firmware/events.ts";
import { hold } from "../cast/claim.ts";
import { reached } from "../cast/reached.ts";

export function fuzz(data: Buffer): void {
  for (const line of data.toString("utf8").split("\n")) {
    const parsed = parseCommand(line);
    const words = wordsOf(line);
    hold((words === undefined) === (parsed === undefined), "what is no comment is a command or wrong");
    const story = words === undefined ? undefined : parseStory(words);
    if (typeof story === "string")
      hold(story.length > 0 && !story.includes("\n"), "what is wrong is said in one line");
    const spaced = parseCommand(`\t ${line.trim().replace(/\s+/g, "   ")} `);
    hold(JSON.stringify(spaced) === JSON.stringify(parsed), "white space means nothing");
    if (parsed !== undefined) judge(parsed);
    for (const completed of completions(line))
      hold(completed.startsWith(line), "a completion goes on from what was typed");
  }
}

function judge(parsed: Parsed): void {
  if (!parsed.ok) {
    hold(parsed.says.length > 0 && !parsed.says.includes("\n"), "what is wrong is said in one line");
    return;
  }
  const { command } = parsed;
  reached(`words: ${command.word}`);
  switch (command.word) {
    case "press":
      hold(
        [...command.keys].every((key) => keys.some((known) => known === key)),
        "only keys that a keypad has are pressed",
      );
      return;
    case "wait":
      hold(command.seconds >= 0 && command.seconds <= waitSecondsMax, "no wait is longer than the longest");
      return;
    case "clock":
      if ("seconds" in command.change) {
        hold(Number.isSafeInteger(command.change.seconds), "a clock is changed by whole seconds");
      }
      return;
    case "tap": {
      const uid = fromHex(command.uid);
      hold(uid !== undefined && uid.length > 0 && uid.length <= 10, "a card answers with 1 to 10 bytes");
      return;
    }
    case "battery":
      hold(command.percent >= 0 && command.percent <= 100, "a battery is empty, full or between");
      return;
    case "jam":
      hold(Number.isSafeInteger(command.moves) && command.moves >= 0, "whole moves of the bolt jam");
      return;
    case "rot":
      hold(command.bit >= 0 && command.bit <= 7, "a byte has eight bits");
      hold(command.address === undefined || Number.isSafeInteger(command.address), "an address is a number");
      return;
    case "cut power at":
      hold(command.cut.byte % 8 === 0, "power fails between words");
      return;
    default:
      hold(command.word.length > 0, "a command has a word");
  }
}
