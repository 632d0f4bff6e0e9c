/**
 * Who may say what next: the one table that the lock's half and the courier's half of a visit both read. It knows
 * message names, not their contents; whether an update is believed is decided elsewhere.
 */

/** Where a lock stands in a visit. */
export type Standing = "open" | "streaming" | "taking" | "writing";

/** What a courier may say to a lock in each standing. Nobody may list codes, in any. */
export const mayHear = {
  /** Nothing is under way. */
  open: [
    "hello",
    "update",
    "manifest",
    "receipt",
    "time",
    "commission",
    "rotation",
    "pull",
    "ack",
    "unlock-start",
    "unlock",
  ],
  /** A verified manifest waits for its chunks; a manifest or an update may still take its place. */
  streaming: ["hello", "update", "manifest", "receipt", "time", "chunk"],
  /** A chunk of this connection is being written, and there is room to hold one behind it. Anything else is answered BUSY. */
  taking: ["chunk"],
  /** Flash is being written: what comes now is answered BUSY, or, a hello behind what others began, when that is done. */
  writing: [],
} as const satisfies Record<Standing, readonly string[]>;

/** How a lock may answer each message. A refusal may answer any. */
export const mayAnswer = {
  hello: ["hello"],
  update: ["receipt"],
  manifest: ["next", "receipt"],
  chunk: ["next", "receipt"],
  receipt: ["receipt"],
  time: ["hello"],
  commission: ["commission"],
  rotation: ["hello"],
  pull: ["segment"],
  ack: ["segment"],
  "unlock-start": ["unlock-start"],
  unlock: ["unlocked"],
} as const satisfies Record<string, readonly string[]>;

export type Asking = keyof typeof mayAnswer;

/** What a courier may say at all, in one standing or another. */
type Heard = (typeof mayHear)[Standing][number];

export function lockMayHear(standing: Standing, name: string): name is Heard {
  return mayHear[standing].some((allowed) => allowed === name);
}

export function courierMayHear(asked: Asking, name: string): boolean {
  return name === "refusal" || mayAnswer[asked].some((allowed) => allowed === name);
}
