/** The words of the prompt and of `.sim` files: one line to one command. It carries nothing out. */
import { keys } from "../firmware/events.ts";
import { type TornPattern, tornPatterns } from "../parts/flash.ts";
import type { SupplyCut } from "../parts/supply.ts";

export type Command =
  | { readonly word: "press"; readonly keys: string }
  | { readonly word: "status" | "table" | "ops" | "help" | "quit" }
  | { readonly word: "cut power" | "cut power never" }
  | { readonly word: "cut power at"; readonly cut: SupplyCut }
  | { readonly word: "power on" }
  | { readonly word: "clock"; readonly change: ClockChange }
  | { readonly word: "wait"; readonly seconds: number }
  | { readonly word: "note"; readonly on: boolean };

export type ClockChange =
  | { readonly kind: "show" | "lost" }
  | { readonly kind: "jump" | "set"; readonly seconds: number };

export type Parsed =
  | { readonly ok: true; readonly command: Command }
  /** What is wrong and what would be right, in one line. */
  | { readonly ok: false; readonly says: string };

/** Longest `wait`, in seconds: a month of ticks takes a machine some seconds. */
export const waitSecondsMax: number = 31 * 86_400;

const cutUsage = `cut power at op N byte K [${tornPatterns.join("|")}] [seed S]`;

export const helpLines: readonly string[] = [
  "press 4821#              type at the keypad: 0-9, # is ENTER, * is CLEAR",
  "status                   power, a cut to come, phase, version, codes, clock, tries left, session",
  "table                    the items in force; codes are keyed tags, there are no PINs to show",
  "cut power                the lock goes dark and drops its connection",
  cutUsage,
  "                         power fails in the N-th storage operation from now (0: the next), over flash and",
  "                         secure element: the bytes before K are done, the word at K is torn (default half);",
  "                         in the secure element byte 0 leaves the old record, any other the new one",
  "cut power never          takes such a cut back, before it strikes",
  "power on                 boots from flash and secure element",
  "clock [+3d|-2h|lost|set 2026-01-31T12:00:00Z]",
  "                         shows or changes the battery-backed clock; uptime goes on",
  "wait 90s                 lets lock time pass at once: 10s, 5m, 2h, 1d",
  "ops                      storage operations so far",
  "note on|off              also show sessions, chunks, compactions and the bolt",
  "quit                     end the program; nothing committed is lost",
];

const words: readonly string[] = [
  "press ",
  "status",
  "table",
  "cut power",
  "cut power at op ",
  "cut power never",
  "power on",
  "clock ",
  "wait ",
  "ops",
  "note on",
  "note off",
  "help",
  "quit",
];

/** Words that begin with what was typed. */
export function completions(typed: string): readonly string[] {
  return words.filter((word) => word.startsWith(typed));
}

/** A line as a command; undefined for a blank line or a comment (a line that begins with #). */
export function parseCommand(line: string): Parsed | undefined {
  const text = line.trim().replace(/\s+/g, " ");
  if (text === "" || text.startsWith("#")) return undefined;
  const [word = "", ...rest] = text.split(" ");
  const argument = rest.join(" ");
  switch (word) {
    case "press": {
      const typed = rest.join("");
      const ok = typed !== "" && [...typed].every((key) => keys.some((known) => known === key));
      return ok ? command({ word: "press", keys: typed }) : no("press takes keys 0-9, # and *: press 4821#");
    }
    case "status":
    case "table":
    case "ops":
    case "help":
    case "quit":
      return argument === "" ? command({ word }) : no(`${word} stands alone`);
    case "cut":
      return parseCut(argument);
    case "power":
      return argument === "on" ? command({ word: "power on" }) : no("power on, or cut power");
    case "clock":
      return parseClock(rest);
    case "wait": {
      const seconds = parseSpan(argument);
      if (seconds === undefined || seconds > waitSecondsMax)
        return no("wait takes up to 31 days: 10s, 5m, 2h, 1d");
      return command({ word: "wait", seconds });
    }
    case "note":
      return argument === "on" || argument === "off"
        ? command({ word: "note", on: argument === "on" })
        : no("note on, or note off");
    default:
      return no(`no such word: ${word}; try help`);
  }
}

function command(parsed: Command): Parsed {
  return { ok: true, command: parsed };
}

function no(says: string): Parsed {
  return { ok: false, says };
}

function parseCut(argument: string): Parsed {
  if (argument === "power") return command({ word: "cut power" });
  if (argument === "power never") return command({ word: "cut power never" });
  const match = /^power at op (\d{1,9})(?: byte (\d{1,9}))?(?: ([a-z]+))?(?: seed (\d{1,9}))?$/.exec(
    argument,
  );
  const [, op, byte = "0", wanted = "half", seed = "1"] = match ?? [];
  const pattern = tornPatterns.find((name): name is TornPattern => name === wanted);
  if (op === undefined || pattern === undefined || Number(byte) % 8 !== 0) {
    return no(`${cutUsage}; K counts whole words of 8 bytes`);
  }
  return command({
    word: "cut power at",
    cut: { op: Number(op), byte: Number(byte), pattern, seed: Number(seed) },
  });
}

function parseClock(rest: readonly string[]): Parsed {
  const [first, second, ...more] = rest;
  const usage = no("clock +3d, clock -2h, clock lost, or clock set 2026-01-31T12:00:00Z");
  if (more.length > 0) return usage;
  if (first === undefined) return command({ word: "clock", change: { kind: "show" } });
  if (first === "set" && second !== undefined) {
    const seconds = Math.floor(Date.parse(second) / 1_000);
    return Number.isFinite(seconds) && seconds >= 0
      ? command({ word: "clock", change: { kind: "set", seconds } })
      : usage;
  }
  if (second !== undefined) return usage;
  if (first === "lost") return command({ word: "clock", change: { kind: "lost" } });
  const seconds = /^[+-]/.test(first) ? parseSpan(first.slice(1)) : undefined;
  if (seconds === undefined) return usage;
  return command({
    word: "clock",
    change: { kind: "jump", seconds: first.startsWith("-") ? -seconds : seconds },
  });
}

/** Seconds of `90s`, `5m`, `2h`, `3d`. */
function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,7})(s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}
