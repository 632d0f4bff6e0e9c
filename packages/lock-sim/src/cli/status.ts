/** What there is to see of a lock at one moment, as a value and in words. Not how it is found out (look.ts). */
import type { BoltPosition } from "../parts/panel.ts";
import type { SupplyCut } from "../parts/supply.ts";

/** How the radio is: with a deaf one phones cannot connect; with a silent one they do, and hear nothing. */
export const radioMoods = ["on", "deaf", "silent"] as const;
export type RadioMood = (typeof radioMoods)[number];

/** What is seen without asking the lock, also in the dark. */
export interface Outside {
  /** Battery-backed clock, ISO 8601; null: lost. */
  readonly clock: string | null;
  /** The power cut to come; its `op` counts from now. */
  readonly armed: SupplyCut | null;
  /** Where the bolt really is. */
  readonly boltAt: BoltPosition | "jammed";
  readonly door: "open" | "closed";
  /** What the gauge shows, 0 to 100. */
  readonly battery: number;
  readonly radio: RadioMood;
  /** Moves of the bolt that will still jam. */
  readonly jams: number;
  /** The newest events of the journal, oldest first, also those that the authority has by now. */
  readonly lastEvents: readonly LastEvent[];
}

export interface LastEvent {
  readonly seq: number;
  /** The earliest that it can have been, by the lock's clock; ISO 8601. */
  readonly time: string;
  readonly says: string;
}

/** A lock in the dark knows nothing; its clock runs on by battery. */
export type Status =
  | ({ readonly power: "cut" } & Outside)
  | ({
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
      /** Where the firmware has the bolt. */
      readonly bolt: "locked" | "unlocked" | "moving" | "jammed";
      /** What the panel showed last, until the bolt went back or ten seconds passed. */
      readonly lamp: "accepted" | "refused" | "wait" | null;
      /** What time the lock holds possible, seconds since 1970; `upper` null: no end. */
      readonly time: { readonly lower: number; readonly upper: number | null };
      readonly uptimeSeconds: number;
      readonly triesLeft: number;
      /** How long the keypad does not judge codes. */
      readonly waitSeconds: number;
      readonly session: "open" | "none";
      /** A half-received snapshot, and the chunk it goes on at. */
      readonly half: { readonly to: number; readonly next: number } | null;
      /** The event journal: its newest event, those the authority does not have yet, and how many it holds. */
      readonly journal: {
        readonly lastSeq: number;
        readonly acknowledged: number;
        readonly waiting: number;
        readonly room: number;
        /** Events that found no room and are announced by a gap. */
        readonly missing: number;
      };
      /** What phones and the authority are told of its condition. */
      readonly conditions: readonly string[];
    } & Outside);

export function statusWords(status: Status): string {
  const { armed } = status;
  const armedRows = armed === null ? [] : [["", cutWords(armed)]];
  const outside = [
    ["door", status.door],
    ["battery", `${status.battery} %`],
    ["radio", radioWords[status.radio]],
  ];
  if (status.power === "cut") {
    return rowWords([
      ["power", 'cut; type "power on"'],
      ...armedRows,
      ["clock", clockWords(status.clock)],
      ["bolt", boltWords(status)],
      ...outside,
    ]);
  }
  const { half, journal, conditions } = status;
  const acked = journal.acknowledged === 0 ? "" : `, the authority has those up to ${journal.acknowledged}`;
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
    ["", timeWords(status.time)],
    ["keypad", keypadWords(status)],
    ["bolt", boltWords(status)],
    ...outside,
    ["journal", `${journalWords(journal)}${acked}`],
    ...(conditions.length === 0 ? [] : [["", `tells phones: ${conditions.join(", ")}`]]),
    ["session", status.session],
  ]);
}

const radioWords = {
  on: "on",
  deaf: "deaf: no phone can connect",
  silent: "silent: phones connect and hear nothing",
} as const;

export function keypadWords({ triesLeft, waitSeconds }: Extract<Status, { power: "on" }>): string {
  return `${triesLeft} tries left${waitSeconds > 0 ? `, judges again in ${waitSeconds} s` : ""}`;
}

export function boltWords(status: Status): string {
  const jams =
    status.jams === 0
      ? ""
      : status.jams > 1_000
        ? ", and will jam"
        : `, and will jam ${timesWords(status.jams)}`;
  return `${status.power === "on" && status.bolt === "moving" ? "moving" : status.boltAt}${jams}`;
}

function timesWords(times: number): string {
  return times === 1 ? "once" : `${times} times`;
}

export function journalWords({
  waiting,
  room,
  missing,
}: Extract<Status, { power: "on" }>["journal"]): string {
  const gap = missing === 0 ? "" : `, ${missing} found no room`;
  return `${waiting} of ${room} events wait for the authority${gap}`;
}

/** What the lock makes of its clocks: an interval, or a beginning without an end. */
export function timeWords({ lower, upper }: Extract<Status, { power: "on" }>["time"]): string {
  if (upper === null) return `the lock knows only: not before ${isoTime(lower)}`;
  if (upper === lower) return "the lock believes it to the second";
  return `the lock believes it within ${spanWords(upper - lower)}`;
}

/** Seconds in the unit that people would take. */
export function spanWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

export function cutWords({ op, byte, pattern }: SupplyCut): string {
  return `will fail in the ${ordinal(op + 1)} storage operation from now, at byte ${byte}, ${pattern}`;
}

export function ordinal(count: number): string {
  const isTeen = Math.floor(count / 10) % 10 === 1;
  return `${count}${isTeen ? "th" : (["th", "st", "nd", "rd"][count % 10] ?? "th")}`;
}

function rowWords(rows: readonly (readonly string[])[]): string {
  return rows.map(([name = "", text = ""]) => `${name.padEnd(9)}${text}`).join("\n");
}

export function clockWords(clock: string | null): string {
  return clock ?? "lost";
}

/** Seconds since 1970 in ISO 8601, UTC, to the second. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
