/**
 * Everything `lock-sim run` says, as values: one JSON object a line for programs, or lines for people. It formats; it
 * decides nothing. In JSON each object's first key says what it is.
 */
import {
  type AlarmName,
  describeRefusal,
  type LockEvent,
  type RefusalName,
  refusals,
} from "@doorsync/protocol/lock";
import type { WireState } from "../edge/mqtt.ts";
import type { Denial, Note } from "../firmware/events.ts";
import type { Pressed } from "../lock.ts";
import type { BoltPosition } from "../parts/panel.ts";
import type { Struck, SupplyCut } from "../parts/supply.ts";
import type { OutStream } from "./context.ts";
import { alarmWords } from "./event-words.ts";
import type { Held } from "./expect.ts";
import type { Visited } from "./gateway.ts";
import {
  clockWords,
  cutWords,
  isoTime,
  ordinal,
  type RadioMood,
  type Status,
  statusWords,
} from "./status.ts";

/** An event of the journal, with its words and whether the authority has it. */
export interface ToldEvent extends LockEvent {
  readonly time: string;
  readonly says: string;
  readonly acknowledged: boolean;
}

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
  | { readonly kind: "tap"; readonly value: { readonly uid: string } & Pressed }
  | { readonly kind: "key"; readonly value: BoltPosition }
  /** `moved` false: the bolt was in the way. */
  | { readonly kind: "door"; readonly value: { readonly is: "open" | "closed"; readonly moved: boolean } }
  | { readonly kind: "button"; readonly value: "held" | "dark" }
  | { readonly kind: "battery"; readonly value: number }
  | { readonly kind: "jam"; readonly value: number }
  | { readonly kind: "radio"; readonly value: RadioMood }
  | { readonly kind: "rot"; readonly value: { readonly address: number; readonly bit: number } }
  | { readonly kind: "events"; readonly value: readonly ToldEvent[] }
  | { readonly kind: "say"; readonly value: string }
  | { readonly kind: "expect"; readonly value: Held }
  | { readonly kind: "status"; readonly value: Status; readonly asJson: boolean }
  | { readonly kind: "table"; readonly value: readonly string[] }
  | { readonly kind: "ops"; readonly value: Readonly<Record<string, number>> }
  | { readonly kind: "armed"; readonly value: SupplyCut | null }
  | { readonly kind: "clock"; readonly value: string | null; readonly driftPpm?: number }
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
  | { readonly kind: "rotated"; readonly value: { readonly epoch: number } }
  | { readonly kind: "acknowledged"; readonly value: { readonly seq: number } }
  /** A phone asked for the door. */
  | {
      readonly kind: "app";
      readonly value:
        | { readonly result: "opened"; readonly credential: number }
        | { readonly result: "refused"; readonly reason: Denial };
    }
  | { readonly kind: "alarm"; readonly value: AlarmName }
  /** The battery gave in, and the lock is dark. */
  | { readonly kind: "brown-out"; readonly value: "motor" | "boot" | "radio" }
  | { readonly kind: "factory-reset"; readonly value: true }
  | { readonly kind: "clock-set"; readonly value: string }
  | { readonly kind: "storage-failed"; readonly value: true }
  | { readonly kind: "trace"; readonly value: Traced }
  /** Of a connected lock: its broker came or went, and what the courier inside its house did. */
  | { readonly kind: "broker"; readonly value: WireState }
  | { readonly kind: "visited"; readonly value: Visited }
  /** Of a lock with Bluetooth: whether it can be seen, and what its radio had to mend. */
  | { readonly kind: "bluetooth"; readonly value: "advertising" | "hidden" }
  | { readonly kind: "mended"; readonly value: string }
  /** Events shown after `note on` only. */
  | { readonly kind: "session"; readonly value: "open" | "ended" }
  | {
      readonly kind: "chunk";
      readonly value: { readonly to: number; readonly index: number; readonly chunks: number };
    }
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

const quietKinds: readonly Said["kind"][] = ["session", "chunk", "bolt"];

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
    case "rotated":
      return { kind: "rotated", value: { epoch: note.epoch } };
    case "acknowledged":
      return { kind: "acknowledged", value: { seq: note.seq } };
    case "alarm":
      return { kind: "alarm", value: note.alarm };
    case "factory-reset":
      return { kind: "factory-reset", value: true };
    case "session-ended":
      return { kind: "session", value: "ended" };
    case "storage-failed":
      return { kind: "storage-failed", value: true };
    case "opened":
      if (note.by !== "app") return undefined;
      return { kind: "app", value: { result: "opened", credential: note.credential } };
    case "denied":
      return note.by === "app"
        ? { kind: "app", value: { result: "refused", reason: note.reason } }
        : undefined;
    default:
      return note satisfies never;
  }
}

export function toJson(said: Said): string {
  // How the answer was asked for is no part of it.
  const { kind, value, ...more } = said.kind === "status" ? { kind: said.kind, value: said.value } : said;
  return JSON.stringify({ [kind]: value, ...more });
}

export type Colour = "red" | "green" | "yellow" | "dim" | "bold" | "plain";
const colours = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
export type Paint = (colour: Colour, text: string) => string;

/** Colours only on a terminal, and only where nobody asked for none (NO_COLOR). */
export function painter(stream: OutStream, env: Readonly<Record<string, string | undefined>>): Paint {
  const isPlain = stream.isTTY !== true || (env["NO_COLOR"] ?? "") !== "";
  return (colour: Colour, text: string): string =>
    isPlain || colour === "plain" ? text : `\u001b[${colours[colour]}m${text}\u001b[0m`;
}

/** Lines for people, and their colour. */
export function toWords(said: Said): readonly [Colour, string] {
  switch (said.kind) {
    case "press":
    case "tap":
      return pressWords(said.value, said.kind);
    case "key":
      return ["plain", `the key has turned; the bolt is ${said.value}`];
    case "door":
      return doorWords(said.value);
    case "button":
      return said.value === "held" ? ["plain", "held for ten seconds"] : darkWords;
    case "battery":
      return ["plain", `${said.value} % left`];
    case "jam":
      return ["plain", jamWords(said.value)];
    case "radio":
      return ["plain", `the radio is ${said.value}`];
    case "rot":
      return [
        "yellow",
        `bit ${said.value.bit} at 0x${said.value.address.toString(16)} has flipped; the lock sees it when it boots`,
      ];
    case "events":
      return ["plain", eventRows(said.value)];
    case "say":
      return ["bold", said.value];
    case "expect":
      return said.value.held
        ? ["green", `as expected: ${said.value.expected}`]
        : ["red", `expected ${said.value.expected}, but found ${said.value.found}`];
    case "status":
      return ["plain", said.asJson ? toJson(said) : statusWords(said.value)];
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
      return [
        "plain",
        clockWords(said.value) + (said.driftPpm === undefined ? "" : `, drifting by ${said.driftPpm} ppm`),
      ];
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
    case "broker":
      return said.value.kind === "connected"
        ? ["plain", "the broker is there"]
        : ["yellow", `${said.value.why}; it is tried again`];
    case "visited":
      return [said.value.owed > 0 ? "yellow" : "plain", `by wire: ${said.value.says}`];
    case "bluetooth":
      return said.value === "advertising"
        ? ["plain", "Bluetooth: phones see the lock"]
        : ["yellow", "Bluetooth: no phone sees the lock"];
    case "mended":
      return ["yellow", said.value];
    case "session":
      return ["plain", said.value === "open" ? "a phone connected" : "the phone left"];
    case "chunk": {
      const { to, index, chunks } = said.value;
      return ["plain", `chunk ${index + 1} of ${chunks} of version ${to} is kept`];
    }
    case "rotated":
      return ["plain", `the authority's keys were changed: epoch ${said.value.epoch}`];
    case "acknowledged":
      return ["plain", `events up to ${said.value.seq} are with the authority`];
    case "app":
      return said.value.result === "opened"
        ? ["green", `opened by app (credential ${said.value.credential})`]
        : ["red", `refused by app (${said.value.reason}; the phone hears no reason)`];
    case "alarm":
      return ["red", `ALARM ${said.value}: ${alarmWords[said.value]}`];
    case "brown-out":
      return ["yellow", `the battery gave in (${brownOutWords[said.value]}); the lock is dark`];
    case "factory-reset":
      return ["plain", "the lock has forgotten its owner"];
    case "bolt":
      return ["plain", `the bolt is ${said.value}`];
    default:
      return said satisfies never;
  }
}

const darkWords = ["yellow", `the lock is dark; type "power on"`] as const;

function pressWords(pressed: Pressed, by: "press" | "tap"): readonly [Colour, string] {
  switch (pressed.result) {
    case "opened":
      return ["green", `opened (credential ${pressed.credential ?? "?"})`];
    case "refused":
      return ["red", `refused (${pressed.reason ?? "?"}; the panel does not say why)`];
    case "wait":
      return ["yellow", "wait: too many wrong codes"];
    case "typed":
      return ["plain", by === "press" ? "typed; # is ENTER" : "the reader says nothing"];
    case "dark":
      return darkWords;
    default:
      return pressed satisfies never;
  }
}

function doorWords({
  is,
  moved,
}: {
  readonly is: string;
  readonly moved: boolean;
}): readonly [Colour, string] {
  if (moved) return ["plain", `the door is ${is}`];
  return is === "closed"
    ? ["yellow", `the bolt holds the door; open it first, or "door force"`]
    : ["yellow", `the door bounces off the bolt; "turn key unlock" and shut it again`];
}

function jamWords(moves: number): string {
  if (moves === 0) return "the bolt is free";
  return moves > 1_000
    ? `the bolt will jam, until "jam off"`
    : `the bolt will jam in its next ${moves === 1 ? "move" : `${moves} moves`}`;
}

function eventRows(events: readonly ToldEvent[]): string {
  if (events.length === 0) return "the journal is empty";
  const width = String(events.at(-1)?.seq ?? 0).length;
  return events
    .map(
      ({ seq, time, says, acknowledged }) =>
        `${acknowledged ? "\u2713" : " "} ${String(seq).padStart(width)}  ${time}  ${says}`,
    )
    .join("\n");
}

const brownOutWords = {
  motor: "under the motor",
  boot: "while booting",
  radio: "while a phone was connected",
} as const;

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

const storeNames = { flash: "flash", secure: "secure element" } as const;
