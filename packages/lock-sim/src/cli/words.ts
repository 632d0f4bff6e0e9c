/** The words of the prompt and of `.sim` files: one line to one command. It carries nothing out. */
import { fromHex } from "@doorsync/protocol/lock";
import { keys } from "../firmware/events.ts";
import { type TornPattern, tornPatterns } from "../parts/flash.ts";
import type { BoltEnd } from "../parts/mechanics.ts";
import type { SupplyCut } from "../parts/supply.ts";
import { type Expectation, expectLines, parseExpectation } from "./expect.ts";
import { type RadioMood, radioMoods } from "./status.ts";

export type Command =
  | { readonly word: "press"; readonly keys: string }
  | { readonly word: "tap"; readonly uid: string }
  | { readonly word: "turn key"; readonly to: BoltEnd }
  | { readonly word: "door"; readonly does: "open" | "close" | "force" }
  | { readonly word: "battery"; readonly percent: number }
  /** Moves of the bolt that jam from now on; 0: it is free. */
  | { readonly word: "jam"; readonly moves: number }
  | { readonly word: "hold button" }
  | { readonly word: "status"; readonly json: boolean }
  | { readonly word: "table" | "events" | "ops" | "help" | "quit" }
  | { readonly word: "cut power" | "cut power never" }
  | { readonly word: "cut power at"; readonly cut: SupplyCut }
  | { readonly word: "power on" }
  | { readonly word: "clock"; readonly change: ClockChange }
  | { readonly word: "radio"; readonly mood: RadioMood }
  /** Without an address: in the table in force. */
  | { readonly word: "rot"; readonly address: number | undefined; readonly bit: number }
  | { readonly word: "wait"; readonly seconds: number }
  | { readonly word: "note"; readonly on: boolean }
  | { readonly word: "say"; readonly text: string }
  | { readonly word: "expect"; readonly expectation: Expectation };

export type ClockChange =
  | { readonly kind: "show" | "lost" }
  | { readonly kind: "jump" | "set"; readonly seconds: number }
  | { readonly kind: "drift"; readonly ppm: number };

export type Parsed =
  | { readonly ok: true; readonly command: Command }
  /** What is wrong and what would be right, in one line. */
  | { readonly ok: false; readonly says: string };

/** Longest `wait`, in seconds: a month of ticks takes a machine some seconds. */
export const waitSecondsMax: number = 31 * 86_400;

const cutUsage = `cut power at op N byte K [${tornPatterns.join("|")}] [seed S]`;
const cardBytesMax = 10;
const jamMovesMax = 1_000_000;
const driftPpmMax = 100_000;

export const helpLines: readonly string[] = [
  "at the door",
  "  press 4821#            type at the keypad: 0-9, # is ENTER, * is CLEAR",
  "  tap 04a1b2c3           hold a keycard up: the bytes it answers with, in hex",
  "  turn key [unlock|lock] the mechanical key always works, in the dark too",
  "  door open|close|force  open or shut the door as far as the bolt lets you, or break it open",
  "  hold button            ten seconds on the button inside: the lock forgets its owner",
  "what is wrong with it",
  "  battery 12             so much charge is left, 0 to 100",
  "  jam [2|off]            the bolt jams in its next moves, or until off",
  "  clock [+3d|-2h|lost|drift 50|set 2026-01-31T12:00:00Z]",
  "                         shows or changes the battery-backed clock; drift in ppm; uptime goes on",
  "  radio deaf|silent|on   phones cannot connect; or connect and hear nothing; or all is well",
  "  rot [0x5040] [bit 3]   a bit of the flash flips; without an address, in the table in force",
  "  cut power              the lock goes dark and drops its connection",
  `  ${cutUsage}`,
  "                         power fails in the N-th storage operation from now (0: the next), over flash and",
  "                         secure element: the bytes before K are done, the word at K is torn (default half);",
  "                         in the secure element byte 0 leaves the old record, any other the new one",
  "  cut power never        takes such a cut back, before it strikes",
  "  power on               boots from flash and secure element",
  "looking",
  "  status [--json]        power, a cut to come, phase, version, clock, battery, bolt, door, keypad, journal",
  "  events                 the event journal in words; the authority has those marked with a tick",
  "  table                  the items in force; codes are keyed tags, there are no PINs to show",
  "  ops                    storage operations so far",
  "  note on|off            also show sessions, chunks and the bolt",
  "and",
  "  wait 90s               lets lock time pass at once: 10s, 5m, 2h, 1d",
  "  say TEXT               says it, in a script",
  ...expectLines.map((line) => `  ${line}`),
  "  quit                   end the program; nothing committed is lost",
];

const words: readonly string[] = [
  "press ",
  "tap ",
  "turn key",
  "turn key lock",
  "door open",
  "door close",
  "door force",
  "hold button",
  "battery ",
  "jam",
  "jam off",
  "radio deaf",
  "radio silent",
  "radio on",
  "rot",
  "status",
  "events",
  "table",
  "cut power",
  "cut power at op ",
  "cut power never",
  "power on",
  "clock ",
  "clock lost",
  "clock drift ",
  "clock set ",
  "wait ",
  "ops",
  "note on",
  "note off",
  "say ",
  "expect ",
  "help",
  "quit",
];

/** Words that begin with what was typed. */
export function completions(typed: string): readonly string[] {
  return words.filter((word) => word.startsWith(typed));
}

/** A line as it counts: without blanks around and doubled ones; undefined for a blank line or a comment. */
export function wordsOf(line: string): string | undefined {
  const text = line.trim().replace(/\s+/g, " ");
  return text === "" || text.startsWith("#") ? undefined : text;
}

/** A line as a command; undefined for a blank line or a comment (a line that begins with #). */
export function parseCommand(line: string): Parsed | undefined {
  const text = wordsOf(line);
  if (text === undefined) return undefined;
  const [word = "", ...rest] = text.split(" ");
  const argument = rest.join(" ");
  switch (word) {
    case "press": {
      const typed = rest.join("");
      const ok = typed !== "" && [...typed].every((key) => keys.some((known) => known === key));
      return ok ? command({ word: "press", keys: typed }) : no("press takes keys 0-9, # and *: press 4821#");
    }
    case "tap": {
      const uid = fromHex(argument.toLowerCase().replaceAll(":", ""));
      const ok = uid !== undefined && uid.length > 0 && uid.length <= cardBytesMax;
      if (!ok) return no(`tap takes a card's 1 to ${cardBytesMax} bytes in hex: tap 04a1b2c3`);
      return command({ word: "tap", uid: argument.toLowerCase().replaceAll(":", "") });
    }
    case "turn":
      return parseKey(argument);
    case "door":
      return argument === "open" || argument === "close" || argument === "force"
        ? command({ word: "door", does: argument })
        : no("door open, door close, or door force");
    case "hold":
      return argument === "button" ? command({ word: "hold button" }) : no("hold button");
    case "battery": {
      const percent = wholeNumber(argument.replace(/ ?%$/, ""), 100);
      return percent === undefined
        ? no("battery takes the charge left, 0 to 100: battery 12")
        : command({ word: "battery", percent });
    }
    case "jam": {
      const moves =
        argument === "off" ? 0 : argument === "" ? jamMovesMax : wholeNumber(argument, jamMovesMax);
      return moves === undefined
        ? no("jam, jam 2 (moves of the bolt), or jam off")
        : command({ word: "jam", moves });
    }
    case "radio": {
      const mood = radioMoods.find((one) => one === argument);
      return mood === undefined
        ? no("radio deaf, radio silent, or radio on")
        : command({ word: "radio", mood });
    }
    case "rot":
      return parseRot(argument);
    case "status":
      return argument === "" || argument === "--json"
        ? command({ word, json: argument === "--json" })
        : no("status, or status --json");
    case "table":
    case "events":
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
    case "say":
      return command({ word: "say", text: argument });
    case "expect": {
      const expectation = parseExpectation(argument);
      return expectation === undefined
        ? no(
            `expect takes one of: ${expectLines.map((one) => one.replace(/^expect (.*?) {2}.*$/, "$1")).join("; ")}`,
          )
        : command({ word: "expect", expectation });
    }
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

/** A whole number from 0 to `most`. */
export function wholeNumber(text: string, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= most ? value : undefined;
}

function parseKey(argument: string): Parsed {
  const match = /^key(?: (unlock|lock))?$/.exec(argument);
  if (match === null) return no("turn key, turn key unlock, or turn key lock");
  return command({ word: "turn key", to: match[1] === "lock" ? "locked" : "unlocked" });
}

function parseRot(argument: string): Parsed {
  const match = /^(0x[0-9a-f]{1,6}|\d{1,8})?(?: ?bit ([0-7]))?$/i.exec(argument);
  if (match === null) return no("rot, rot 0x5040, or rot 0x5040 bit 3");
  const [, address, bit = "0"] = match;
  return command({
    word: "rot",
    address: address === undefined ? undefined : Number(address),
    bit: Number(bit),
  });
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
  const usage = no(
    "clock +3d, clock -2h, clock lost, clock drift 50 (ppm), or clock set 2026-01-31T12:00:00Z",
  );
  if (more.length > 0) return usage;
  if (first === undefined) return command({ word: "clock", change: { kind: "show" } });
  if (first === "set" && second !== undefined) {
    const seconds = parseDate(second);
    return seconds === undefined ? usage : command({ word: "clock", change: { kind: "set", seconds } });
  }
  if (first === "drift" && second !== undefined) {
    const ppm = /^[+-]?\d{1,6}(ppm)?$/i.test(second) ? Number.parseInt(second, 10) : Number.NaN;
    return Math.abs(ppm) <= driftPpmMax ? command({ word: "clock", change: { kind: "drift", ppm } }) : usage;
  }
  if (first === "jump" && second !== undefined) return parseClock([second]);
  if (second !== undefined) return usage;
  if (first === "lost" || first === "lose") return command({ word: "clock", change: { kind: "lost" } });
  const seconds = /^[+-]/.test(first) ? parseSpan(first.slice(1)) : undefined;
  if (seconds === undefined) return usage;
  return command({
    word: "clock",
    change: { kind: "jump", seconds: first.startsWith("-") ? -seconds : seconds },
  });
}

/** Seconds since 1970 of an ISO 8601 date. */
export function parseDate(text: string): number | undefined {
  const seconds = Math.floor(Date.parse(text) / 1_000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** Seconds of `90s`, `5m`, `2h`, `3d`. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,7})(s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as "s" | "m" | "h" | "d"];
  return Number(match[1]) * unit;
}
