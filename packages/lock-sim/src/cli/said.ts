/**
 * Everything `lock-sim run` says, as values: one JSON object a line for programs, or lines for people. It formats; it
 * decides nothing. In JSON each object's first key says what it is.
 */
import { describeRefusal, type RefusalName, refusals } from "@doorsync/protocol/lock";
import type { Note } from "../firmware/events.ts";
import type { Pressed } from "../lock.ts";
import type { BoltPosition } from "../parts/panel.ts";
import type { Struck, SupplyCut } from "../parts/supply.ts";
import type { OutStream } from "./context.ts";

/** A lock in the dark knows nothing; its clock runs on by battery. */
export type Status =
  | { readonly power: "cut"; readonly clock: string | null; readonly armed: SupplyCut | null }
  | {
      readonly power: "on";
      readonly phase: string;
      /** How the lock shows itself to phones, hex. */
      readonly tag: string;
      readonly epoch: number;
      readonly version: number;
      readonly codes: number;
      readonly capacity: number;
      readonly items: number;
      /** The table in force could not be proven after a power-on; no code opens until a snapshot comes. */
      readonly damaged: boolean;
      readonly bolt: BoltPosition;
      readonly clock: string | null;
      readonly uptimeSeconds: number;
      readonly triesLeft: number;
      /** How long the keypad does not judge codes. */
      readonly waitSeconds: number;
      readonly session: "open" | "none";
      /** A half-received snapshot, and the chunk it goes on at. */
      readonly half: { readonly to: number; readonly next: number } | null;
      /** The power cut to come; its `op` counts from now. */
      readonly armed: SupplyCut | null;
    };

export interface Traced {
  readonly from: "phone" | "lock";
  readonly name: string;
  readonly type: number;
  /** Of the body. */
  readonly bytes: number;
  readonly frames: number;
  /** With frame headers. */
  readonly wire: number;
  readonly says: string;
  readonly hex: string;
}

export type Said =
  /** Answers: exactly one for each line of input. */
  | { readonly kind: "press"; readonly value: { readonly keys: string } & Pressed }
  | { readonly kind: "status"; readonly value: Status }
  | { readonly kind: "table"; readonly value: readonly string[] }
  | { readonly kind: "ops"; readonly value: Readonly<Record<string, number>> }
  | { readonly kind: "armed"; readonly value: SupplyCut | null }
  | { readonly kind: "clock"; readonly value: string | null }
  | { readonly kind: "waited"; readonly value: number }
  | { readonly kind: "notes"; readonly value: "on" | "off" }
  | { readonly kind: "help"; readonly value: readonly string[] }
  | { readonly kind: "quit"; readonly value: true }
  | { readonly kind: "error"; readonly value: { readonly line: string; readonly says: string } }
  /** An answer (to `cut power` and `power on`), or with `struck` an event; `sinceArmed` counts operations from 1. */
  | {
      readonly kind: "power";
      readonly value: "cut" | "on";
      readonly struck?: Struck;
      readonly sinceArmed?: number;
    }
  /** Events: whenever they happen. */
  | { readonly kind: "ready"; readonly value: { readonly host: string; readonly port: number } }
  | { readonly kind: "booted"; readonly value: Booted }
  | { readonly kind: "refused"; readonly value: RefusedMessage }
  | {
      readonly kind: "committed";
      readonly value: { readonly version: number; readonly by: "delta" | "snapshot" };
    }
  | { readonly kind: "already"; readonly value: { readonly version: number } }
  | { readonly kind: "commissioned"; readonly value: { readonly epoch: number } }
  | { readonly kind: "clock-set"; readonly value: string }
  | { readonly kind: "storage-failed"; readonly value: true }
  | { readonly kind: "trace"; readonly value: Traced }
  /** Events shown after `note on` only. */
  | { readonly kind: "session"; readonly value: "open" | "ended" }
  | {
      readonly kind: "chunk";
      readonly value: { readonly to: number; readonly index: number; readonly chunks: number };
    }
  | { readonly kind: "compaction"; readonly value: "begun" | "done" }
  | { readonly kind: "bolt"; readonly value: BoltPosition };

interface Booted {
  readonly version: number;
  readonly phase: string;
  readonly damaged: boolean;
  readonly repairs: number;
}

interface RefusedMessage {
  readonly message: string;
  readonly refusal: RefusalName;
  readonly code: number;
  readonly check: string;
}

const quietKinds: readonly Said["kind"][] = ["session", "chunk", "compaction", "bolt"];

/** Whether it is shown only to those who asked for notes. */
export function isQuiet({ kind }: Said): boolean {
  return quietKinds.includes(kind);
}

/** A note of the firmware's, if it is an event of its own; what the keypad came to is in the answer to `press`. */
export function saidByNote(note: Note, phase: string): Said | undefined {
  switch (note.what) {
    case "booted": {
      const { version, damaged, repairs } = note;
      return { kind: "booted", value: { version, phase, damaged, repairs } };
    }
    case "refused": {
      const { message, refusal, check } = note;
      return { kind: "refused", value: { message, refusal, code: refusals[refusal].code, check } };
    }
    case "committed":
      return { kind: "committed", value: { version: note.version, by: note.by } };
    case "already":
      return { kind: "already", value: { version: note.version } };
    case "commissioned":
      return { kind: "commissioned", value: { epoch: note.epoch } };
    case "chunk":
      return { kind: "chunk", value: { to: note.to, index: note.index, chunks: note.chunks } };
    case "clock-set":
      return { kind: "clock-set", value: isoTime(note.seconds) };
    case "compacting":
    case "compacted":
      return { kind: "compaction", value: note.what === "compacted" ? "done" : "begun" };
    case "session-ended":
      return { kind: "session", value: "ended" };
    case "storage-failed":
      return { kind: "storage-failed", value: true };
    case "opened":
    case "denied":
      return undefined;
    default:
      return note satisfies never;
  }
}

export function toJson({ kind, value, ...more }: Said): string {
  return JSON.stringify({ [kind]: value, ...more });
}

type Colour = "red" | "green" | "yellow" | "plain";
const colours = { red: 31, green: 32, yellow: 33 } as const;

/** Colours only on a terminal, and only where nobody asked for none (NO_COLOR). */
export function painter(stream: OutStream, env: Readonly<Record<string, string | undefined>>) {
  const isPlain = stream.isTTY !== true || (env["NO_COLOR"] ?? "") !== "";
  return (colour: Colour, text: string): string =>
    isPlain || colour === "plain" ? text : `\u001b[${colours[colour]}m${text}\u001b[0m`;
}

/** Lines for people, and their colour. */
export function toWords(said: Said): readonly [Colour, string] {
  switch (said.kind) {
    case "press":
      return pressWords(said.value);
    case "status":
      return ["plain", statusWords(said.value)];
    case "table":
      return ["plain", said.value.length === 0 ? "the table is empty" : said.value.join("\n")];
    case "ops":
      return [
        "plain",
        Object.entries(said.value)
          .map(([name, count]) => `${name} ${count}`)
          .join(", "),
      ];
    case "armed":
      return said.value === null
        ? ["plain", "no power cut is armed"]
        : ["yellow", `power ${cutWords(said.value)}`];
    case "clock":
      return ["plain", clockWords(said.value)];
    case "waited":
      return ["plain", `${said.value} s passed`];
    case "notes":
      return ["plain", `notes ${said.value}`];
    case "help":
      return ["plain", said.value.map((line) => `  ${line}`).join("\n")];
    case "quit":
      return ["plain", "bye"];
    case "error":
      return ["red", said.value.says];
    case "power":
      return powerWords(said.value, said.struck, said.sinceArmed);
    case "ready":
      return ["plain", `listening on ${said.value.host}:${said.value.port}; help shows the words`];
    case "booted": {
      const { version, phase, damaged, repairs } = said.value;
      const repaired = repairs < 2 ? "" : `; ${repairs} writes were done again, to be sure of them`;
      // The last word written is always written again: that is no news.
      return damaged
        ? ["red", `booted damaged: the table of version ${version} cannot be proven; a snapshot repairs it`]
        : ["plain", `booted: ${phase}, version ${version}${repaired}`];
    }
    case "refused": {
      const { message, refusal, check } = said.value;
      return ["red", `${message}: ${describeRefusal(refusal)} (check ${check})`];
    }
    case "committed":
      return ["green", `version ${said.value.version} is in force (${said.value.by})`];
    case "already":
      return ["green", `version ${said.value.version} is in force already`];
    case "commissioned":
      return ["green", `commissioned, epoch ${said.value.epoch}; the first snapshot makes it owned`];
    case "clock-set":
      return ["plain", `the authority set the clock to ${said.value}`];
    case "storage-failed":
      return ["red", "the storage did not keep what was written"];
    case "trace": {
      const { from, frames, wire, says } = said.value;
      const arrow = from === "phone" ? "phone -> lock" : "phone <- lock";
      return ["plain", `${arrow}  ${wire} B in ${frames} ${frames === 1 ? "frame" : "frames"}  ${says}`];
    }
    case "session":
      return ["plain", said.value === "open" ? "a phone connected" : "the phone left"];
    case "chunk": {
      const { to, index, chunks } = said.value;
      return ["plain", `chunk ${index + 1} of ${chunks} of version ${to} is kept`];
    }
    case "compaction":
      return ["plain", said.value === "begun" ? "moving the table to the other bank" : "the table was moved"];
    case "bolt":
      return ["plain", `the bolt is ${said.value}`];
    default:
      return said satisfies never;
  }
}

function pressWords(pressed: Pressed): readonly [Colour, string] {
  switch (pressed.result) {
    case "opened":
      return ["green", `opened (credential ${pressed.credential ?? "?"})`];
    case "refused":
      return ["red", `refused (${pressed.reason ?? "?"}; the panel does not say why)`];
    case "wait":
      return ["yellow", "wait: too many wrong codes"];
    case "typed":
      return ["plain", "typed; # is ENTER"];
    case "dark":
      return ["yellow", `the lock is dark; type "power on"`];
    default:
      return pressed satisfies never;
  }
}

function powerWords(
  power: "cut" | "on",
  struck: Struck | undefined,
  sinceArmed: number | undefined,
): readonly [Colour, string] {
  if (struck !== undefined) {
    const since = sinceArmed === undefined ? "" : `, the ${ordinal(sinceArmed)} since the cut was armed`;
    const where = `storage operation ${struck.op}${since} (${storeNames[struck.store]})`;
    return ["yellow", `power failed in ${where}; type "power on"`];
  }
  return power === "on" ? ["plain", "power is on"] : ["yellow", "power is cut; the lock is dark"];
}

function cutWords({ op, byte, pattern }: SupplyCut): string {
  return `will fail in the ${ordinal(op + 1)} storage operation from now, at byte ${byte}, ${pattern}`;
}

function ordinal(count: number): string {
  const isTeen = Math.floor(count / 10) % 10 === 1;
  return `${count}${isTeen ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th")}`;
}

const storeNames = { flash: "flash", secure: "secure element" } as const;

function statusWords(status: Status): string {
  const { armed } = status;
  const armedRows = armed === null ? [] : [["", cutWords(armed)]];
  if (status.power === "cut")
    return rowWords([["power", "cut"], ...armedRows, ["clock", clockWords(status.clock)]]);
  const { triesLeft, waitSeconds, half } = status;
  return rowWords([
    ["power", `on for ${status.uptimeSeconds} s`],
    ...armedRows,
    ["phase", `${status.phase}, tag ${status.tag}, epoch ${status.epoch}`],
    [
      "table",
      `version ${status.version}, ${status.codes} of ${status.capacity} codes, ${status.items} items`,
    ],
    ...(status.damaged ? [["", "damaged: no code opens until a snapshot comes"]] : []),
    ...(half === null ? [] : [["half", `a snapshot of version ${half.to}, next chunk ${half.next}`]]),
    ["clock", clockWords(status.clock)],
    ["keypad", `${triesLeft} tries left${waitSeconds > 0 ? `, judges again in ${waitSeconds} s` : ""}`],
    ["bolt", status.bolt],
    ["session", status.session],
  ]);
}

function rowWords(rows: readonly (readonly string[])[]): string {
  return rows.map(([name = "", text = ""]) => `${name.padEnd(8)}${text}`).join("\n");
}

function clockWords(clock: string | null): string {
  return clock ?? "lost";
}

/** Seconds since 1970 in ISO 8601, UTC, to the second. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
