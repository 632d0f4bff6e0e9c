/** Flags that commands share, and how their texts are read. Each parser throws with what is expected. */
import { parseAdapter } from "../edge/adapter.ts";
import type { ExitStatus, GuestAddFlags, SyncFlags } from "./terminal.ts";

/** `HOST:PORT`, with an IPv6 address in brackets. */
export function parseLock(text: string): NonNullable<SyncFlags["lock"]> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Error("give HOST:PORT, for example 127.0.0.1:7001 or [::1]:7001");
  }
  return { host, port };
}

/** A duration in milliseconds: `500ms`, `30s`, `2m`; a bare number means seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m)?$/.exec(text);
  const factors = { ms: 1, s: 1_000, m: 60_000 };
  const unit = match?.[2] === "ms" || match?.[2] === "m" ? match[2] : "s";
  const milliseconds = Number(match?.[1]) * factors[unit];
  if (!(milliseconds >= 1 && milliseconds <= 3_600_000)) {
    throw new Error("give a duration up to one hour, for example 30s, 500ms or 2m");
  }
  return milliseconds;
}

/** An ATT MTU in bytes. */
export function parseMtu(text: string): number {
  const mtu = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (mtu < 23 || mtu > 517) throw new Error("give an MTU from 23 to 517 bytes");
  return mtu;
}

/** A moment in seconds since 1970: ISO 8601, in this computer's zone where none is given. */
export function parseMoment(text: string): number {
  const isMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  // A day alone begins at local midnight; by itself it would be read as UTC.
  const seconds = isMoment ? Date.parse(text.length === 10 ? `${text}T00:00` : text) / 1_000 : Number.NaN;
  if (!Number.isInteger(seconds) || seconds < 0)
    throw new Error("give a day or a moment, for example 2027-03-01 or 2027-03-01T18:30");
  return seconds;
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Days of the week, Sunday is 0: `mon,wed,fri`. */
export function parseDays(text: string): readonly number[] {
  const days = text.split(",").map((name) => dayNames.indexOf(name.trim().toLowerCase().slice(0, 3)));
  if (days.includes(-1)) throw new Error("give days of the week, for example mon,wed,fri");
  return [...new Set(days)];
}

/** Hours of a day in minutes since midnight: `09:00-12:30`; an end not after the beginning is on the next day. */
export function parseHours(text: string): NonNullable<GuestAddFlags["hours"]> {
  const match = /^(\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(text);
  const [startMinute, endMinute] = [1, 3].map((at) => Number(match?.[at]) * 60 + Number(match?.[at + 1])) as [
    number,
    number,
  ];
  if (!(startMinute < 1_440 && endMinute <= 1_440)) throw new Error("give hours, for example 09:00-12:30");
  return { startMinute, endMinute: endMinute % 1_440 };
}

export function parseLength(text: string): 4 | 6 {
  if (text !== "4" && text !== "6") throw new Error("give 4 or 6");
  return text === "4" ? 4 : 6;
}

export const bleFlags = {
  ble: {
    kind: "boolean",
    default: false,
    withNegated: false,
    brief: "Over Bluetooth: the lock in range for which something is carried, or the nearest",
  },
  adapter: {
    kind: "parsed",
    parse: parseAdapter,
    optional: true,
    placeholder: "N|virtual[:PATH]",
    brief: "Bluetooth adapter; virtual: one of software, in the air that programs here share",
  },
  capture: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "FILE",
    brief: "Write what goes over the adapter into a btsnoop file, for Wireshark",
  },
} as const;
export const mailboxFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "DIR",
  optional: true,
  brief: "Folder with parcels/ in and returns/ out; the account's own when left out",
} as const;
export const jsonFlag = {
  kind: "boolean",
  default: false,
  withNegated: false,
  brief: "One JSON object a line",
} as const;
export const homeFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "DIR",
  optional: true,
  brief: "Where this phone keeps its things, encrypted; ~/.doorsync-phone when left out",
} as const;
export const doorFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "DOOR",
  brief: "The door's name, as `doors` lists it, or its id",
} as const;
export const commonFlags = { home: homeFlag, json: jsonFlag } as const;

export const done: ExitStatus = 0;
export const refused: ExitStatus = 1;
export const unusable: ExitStatus = 2;
