/**
 * Everything that can happen to the firmware, and everything it can ask of its board: the whole surface between
 * firmware and hardware, as values. Not the interpreter of them; that is `board/`.
 */

import type { Bytes, RefusalName } from "@doorsync/protocol/lock";

/** Time as the hardware has it. The firmware trusts neither further than `clock.ts` says. */
export interface Now {
  /** Milliseconds since power-on; never goes back while power lasts. */
  readonly uptimeMs: number;
  /** Battery-backed clock, seconds since 1970 UTC; undefined: lost. */
  readonly rtcSeconds: number | undefined;
}

export const keys = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "#", "*"] as const;
export type Key = (typeof keys)[number];

export type Happening =
  /** `flash`: the whole image as the chip reads now, a copy (in C: the memory-mapped window). `secure`: the secure element's record. */
  | { readonly kind: "power-on"; readonly flash: Bytes; readonly secure: Bytes }
  | { readonly kind: "power-off" }
  /** `entropy`: 32 fresh random bytes, the only chance the firmware ever gets. */
  | { readonly kind: "connected"; readonly entropy: Bytes; readonly frameBytesMax: number }
  | { readonly kind: "frame"; readonly bytes: Bytes }
  | { readonly kind: "disconnected" }
  | { readonly kind: "key"; readonly key: Key }
  /** Answers to the one outstanding storage effect. */
  | { readonly kind: "programmed"; readonly readBack: Bytes }
  | { readonly kind: "erased" }
  | { readonly kind: "secured" }
  /** At least once a second while powered. */
  | { readonly kind: "tick" };

export type Event = { readonly now: Now } & Happening;

/** At most one is outstanding; the board answers each with exactly one event. */
export type StorageEffect =
  | { readonly kind: "program"; readonly address: number; readonly bytes: Bytes }
  | { readonly kind: "erase"; readonly sector: number }
  | { readonly kind: "secure"; readonly record: Bytes };

export type Effect =
  | StorageEffect
  | { readonly kind: "send"; readonly frame: Bytes }
  | { readonly kind: "disconnect" }
  | { readonly kind: "bolt"; readonly to: "unlocked" | "locked" }
  /** What the panel shows the person at the door; the same for every reason of a refusal. */
  | { readonly kind: "signal"; readonly signal: "accepted" | "refused" | "wait" }
  | { readonly kind: "set-clock"; readonly seconds: number }
  | { readonly kind: "note"; readonly note: Note };

/** For traces and people; nothing depends on it and nothing of it leaves the lock by air. */
export type Note =
  | { readonly what: "booted"; readonly version: number; readonly damaged: boolean; readonly repairs: number }
  | {
      readonly what: "refused";
      readonly message: string;
      readonly refusal: RefusalName;
      readonly check: string;
    }
  | { readonly what: "already"; readonly version: number }
  | { readonly what: "committed"; readonly version: number; readonly by: "delta" | "snapshot" }
  | { readonly what: "chunk"; readonly to: number; readonly index: number; readonly chunks: number }
  | { readonly what: "commissioned"; readonly epoch: number }
  | { readonly what: "clock-set"; readonly seconds: number }
  | { readonly what: "opened"; readonly credential: number }
  | { readonly what: "denied"; readonly reason: Denial }
  | { readonly what: "compacting" | "compacted" | "session-ended" | "storage-failed" };

/** Why the keypad did not open. The panel never shows which. */
export type Denial =
  | "unknown-code"
  | "suspended"
  | "not-yet"
  | "ended"
  | "lease-ended"
  | "not-judged-here"
  /** Outside the rule's weekly windows, inside a holiday, or at a time that is not known. */
  | "out-of-schedule"
  | "damaged"
  | "budget";
