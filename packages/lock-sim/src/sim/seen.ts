/**
 * What happened in a world, as its checkers are told: everything that somebody decided, did, heard or saw. Plain
 * values; not the trace, which is for people.
 */
import type { LockEvent } from "@doorsync/protocol/lock";
import type { Note } from "../firmware/events.ts";
import type { Pressed } from "../lock.ts";
import type { FaultName } from "./faults.ts";
import type { Signed } from "./plain.ts";

/** How the authority's books stand on the codes of a door: digits by what is said of them. */
export interface Books {
  readonly door: number;
  readonly epoch: number;
  /** The version that a receipt has proved. */
  readonly proven: number;
  readonly newest: number;
  /** The lock has signed for a table that the books do not know. */
  readonly contradicted: boolean;
  readonly codes: readonly { readonly digits: string; readonly state: string; readonly pending: boolean }[];
}

export type Seen =
  /** The authority signed a table. */
  | { readonly kind: "signed"; readonly signed: Signed }
  /** Its books changed. */
  | { readonly kind: "books"; readonly books: Books }
  /** Its books are older ones from here on. */
  | { readonly kind: "restored" }
  /** A lock has an owner: a new epoch began. */
  | { readonly kind: "commissioned"; readonly door: number; readonly epoch: number }
  /** Somebody typed a whole entry or held up a card. `moved`: the bolt went back, whatever the panel showed. */
  | {
      readonly kind: "shown";
      readonly door: number;
      readonly who: string;
      readonly by: "keypad" | "card";
      readonly digits: string;
      readonly pressed: Pressed;
      readonly moved: boolean;
    }
  /** Somebody turned the key of a lock that has power. */
  | { readonly kind: "turned"; readonly door: number }
  /** A door that was shut and locked was broken open, and its lock had power. */
  | { readonly kind: "forced"; readonly door: number }
  /** The motor of a lock that has power did not get its bolt where it should be. */
  | { readonly kind: "jammed"; readonly door: number }
  /** The button inside a lock was held; unless its power fails now it forgets its owner. */
  | { readonly kind: "button"; readonly door: number }
  /** Events of a lock's log came in, the last one being number `seq`. */
  | {
      readonly kind: "log";
      readonly door: number;
      readonly events: readonly LockEvent[];
      readonly seq: number;
    }
  /** The log of every lock was fetched to its end. */
  | { readonly kind: "drained" }
  /** A courier heard a whole message from a lock. */
  | { readonly kind: "heard"; readonly door: number; readonly type: number; readonly body: Uint8Array }
  | { readonly kind: "alarm"; readonly door: number; readonly alarm: string }
  | { readonly kind: "note"; readonly door: number; readonly note: Note }
  /** A hostile phone said something. `isAuthentic`: the authority made it for this lock, or anybody may ask it. */
  | {
      readonly kind: "forged";
      readonly door: number;
      readonly trick: string;
      readonly type: number;
      readonly isAuthentic: boolean;
    }
  /** And was answered. */
  | { readonly kind: "answered"; readonly door: number; readonly type: number; readonly body: Uint8Array }
  | { readonly kind: "power"; readonly door: number; readonly is: "on" | "off" }
  | { readonly kind: "fault"; readonly fault: FaultName; readonly door: number | undefined }
  /** Something happened; whatever can be seen of the locks may have changed. */
  | { readonly kind: "step" }
  /** The calm is over: from here nothing may be pending. */
  | { readonly kind: "calm" };
