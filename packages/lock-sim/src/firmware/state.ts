/**
 * The firmware's whole memory while power lasts. A value: `step` makes the next one. Nothing here survives a power
 * cut by itself; what does lies in flash (`store`, `tally` mirror it) and in the secure element (`secure`).
 *
 * Invariants: `inForce` changes only when the last operation of a commit was read back, and receipts are made of it
 * alone; at most one table job runs; a session's standing is one word, not a set of optional fields.
 */

import type { AcceptedManifest, Bytes, ChunkExpected, Inbox, Outbox, Table } from "@doorsync/protocol/lock";
import type { Secure } from "./secure.ts";
import type { Plan, Store } from "./store.ts";
import type { Tally } from "./tally.ts";
import type { Lanes } from "./work.ts";

/** The table that the door obeys. */
export interface InForce {
  readonly version: number;
  readonly state: Bytes;
  readonly issuedAt: number;
  readonly table: Table;
}

/**
 * A stream on its way in: what its open bank, or for a streamed delta this memory, holds so far. JavaScript has no
 * memory-mapped flash, so this reference keeps the items here as well, as it keeps the whole table. A port reads both
 * in the bank, where they already lie, and needs memory for one chunk.
 */
export interface Half {
  readonly to: number;
  readonly root: Bytes;
  readonly issuedAt: number;
  readonly items: readonly Bytes[];
  readonly digest: Bytes;
  readonly expected: ChunkExpected;
}

export type SessionStanding =
  | { readonly kind: "open" }
  /** A manifest was verified in this session; its chunks may come. */
  | { readonly kind: "streaming"; readonly manifest: AcceptedManifest };

export interface Nonce {
  readonly value: Bytes;
  readonly sentMs: number;
}

export interface Session {
  /** Counts connections since power-on: a late answer must not reach the next courier. */
  readonly number: number;
  readonly frameBytesMax: number;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly entropy: Bytes;
  /** Draws made from `entropy`; each gives other bytes. */
  readonly draws: number;
  readonly standing: SessionStanding;
  /** The one live nonce for a time token. */
  readonly nonce: Nonce | undefined;
  /** Bytes heard since something this courier brought became durable. */
  readonly strangeBytes: number;
  readonly badSignatures: number;
  /** Signatures verified or made since then. */
  readonly fruitless: number;
  readonly startedMs: number;
  /** When something was last heard or answered. */
  readonly heardMs: number | undefined;
}

/** A planned change of the store, and the secure element's record once the plan has written it. */
export interface Planned {
  readonly plan: Plan;
  readonly secure: Secure;
}

/** What follows a table job. `asker`: the session that waits for the answer. */
export type TableThen =
  | (Planned & { readonly next: "chore" })
  | (Planned & { readonly asker: number } & (
        | { readonly next: "in-force"; readonly by: "delta" | "snapshot"; readonly inForce: InForce }
        | { readonly next: "begun"; readonly manifest: AcceptedManifest }
        | { readonly next: "block"; readonly manifest: AcceptedManifest; readonly half: Half }
        | { readonly next: "floor"; readonly seconds: number }
      ))
  | {
      readonly next: "commissioned";
      readonly asker: number;
      readonly secure: Secure;
      readonly issuedAt: number;
    }
  | { readonly next: "repaired" };

/** What follows a keypad job; `tally` is what then lies in flash. */
export type KeypadThen =
  /** The attempt is counted durably; only now may the code be compared. */
  | { readonly next: "judge"; readonly tally: Tally; readonly digits: string }
  /** At boot: what the tally believed was programmed again. */
  | { readonly next: "tally-repaired"; readonly tally: Tally }
  | { readonly next: "noted"; readonly tally: Tally };

export interface Running {
  readonly power: "on";
  readonly secure: Secure;
  readonly store: Store;
  readonly inForce: InForce;
  readonly half: Half | undefined;
  readonly tally: Tally;
  /** Powered uptime that the tally had on record when power came. */
  readonly uptimeAtBootSeconds: number;
  /** Digits typed since the last ENTER. */
  readonly entry: string;
  /** Entries completed while an earlier one was still being counted. */
  readonly entered: readonly string[];
  readonly bolt: { readonly at: "locked" } | { readonly at: "unlocked"; readonly untilMs: number };
  readonly session: Session | undefined;
  readonly sessions: number;
  readonly lanes: Lanes<KeypadThen, TableThen>;
  /** When the last bad signatures were heard (uptime), across sessions. */
  readonly badSignaturesMs: readonly number[];
}

export interface Off {
  readonly power: "off";
}

export type State = Off | Running;

export const off: Off = { power: "off" };
