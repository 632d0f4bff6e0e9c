/**
 * Everything that can happen to the firmware, and everything it can ask of its board: the whole surface between
 * firmware and hardware, as values. Not the interpreter of them; that is `board/`.
 */

import type { alarmCodes, Bytes, RefusalName } from "@doorsync/protocol/lock";

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
  /** A keycard answered with these bytes. */
  | { readonly kind: "card"; readonly uid: Bytes }
  /** The mechanical key has turned the bolt; it asks nobody. */
  | { readonly kind: "cylinder"; readonly to: "unlocked" | "locked" }
  /** The motor's answer to every `bolt` effect. */
  | { readonly kind: "bolt-at"; readonly at: BoltReached }
  | { readonly kind: "door"; readonly is: "open" | "closed" }
  /** Charge left, 0 to 100; at every power-on and whenever it has changed. */
  | { readonly kind: "battery"; readonly percent: number }
  /** The button inside, held for as long as its label says. */
  | { readonly kind: "reset-button" }
  /** Answers to the one outstanding storage effect. */
  | { readonly kind: "programmed"; readonly readBack: Bytes }
  | { readonly kind: "erased" }
  | { readonly kind: "secured" }
  /** At least once a second while powered. */
  | { readonly kind: "tick" };

/** Where the bolt came to rest. */
export type BoltReached = "locked" | "unlocked" | "jammed";

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
  /** For whoever is near: a buzzer, a lamp. A forced user's alarm is silent and lies in the journal alone. */
  | { readonly kind: "alarm"; readonly alarm: LoudAlarm }
  /** What the panel shows the person at the door; the same for every reason of a refusal. */
  | { readonly kind: "signal"; readonly signal: "accepted" | "refused" | "wait" }
  | { readonly kind: "set-clock"; readonly seconds: number }
  | { readonly kind: "note"; readonly note: Note };

/** Matter's DoorLockAlarm codes that a lock makes heard. */
export type LoudAlarm = Exclude<keyof typeof alarmCodes, "ForcedUser">;

/** How somebody came in. */
export type Means = "keypad" | "card" | "app" | "cylinder";

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
  | { readonly what: "rotated"; readonly epoch: number }
  /** Events of the journal up to `seq` are with the authority. */
  | { readonly what: "acknowledged"; readonly seq: number }
  | { readonly what: "opened"; readonly credential: number; readonly by: Means; readonly forced: boolean }
  | { readonly what: "denied"; readonly reason: Denial; readonly by: Means }
  | { readonly what: "alarm"; readonly alarm: keyof typeof alarmCodes }
  | { readonly what: "session-ended" | "storage-failed" | "factory-reset" };

/** Why the door did not open. The panel never shows which. */
export type Denial =
  | "unknown-code"
  | "suspended"
  | "not-yet"
  | "ended"
  | "lease-ended"
  /** Outside the rule's weekly windows, inside a holiday, or at a time that is not known. */
  | "out-of-schedule"
  /** As often as its rule allows. */
  | "used-up"
  /** Longer ago than its rule allows was it used first, or it may be. */
  | "minutes-over"
  /** No room to remember that it was used, or the note did not take. */
  | "use-not-noted"
  /** The app's capability, or its signature, was none that opens now. */
  | "no-capability"
  | "insufficient-battery"
  | "damaged"
  | "budget";
