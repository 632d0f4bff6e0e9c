/**
 * The firmware's whole memory while power lasts. A value: `step` makes the next one. Nothing here survives a power
 * cut by itself; what does lies in flash (`store`, `notebook`, `journal` mirror it) and in the secure element (`secure`).
 *
 * Invariants: `inForce` changes only when the last operation of a commit was read back, and receipts are made of it
 * alone; at most one table job runs; a session's standing is one word, not a set of optional fields; `held` is empty
 * unless that job writes a block, and everything in it follows that block in the hash chain.
 */

import type {
  AcceptedManifest,
  Bytes,
  Channel,
  ChunkExpected,
  EventClass,
  Inbox,
  LockEvent,
  Outbox,
  Table,
} from "@doorsync/protocol/lock";
import type { Asker, Shown } from "./door.ts";
import type { Journal, JournalPlan } from "./journal.ts";
import type { Notebook, NotebookPlan } from "./notebook.ts";
import type { Secure } from "./secure.ts";
import type { Plan, Store } from "./store.ts";
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

/** A chunk that was judged good while the one before it is being written; `half`: the stream as it is with this one. */
export interface HeldChunk {
  readonly items: Bytes;
  readonly next: Bytes;
  readonly half: Half;
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
  /** The body of a hello that waits until what others began is written. */
  readonly helloToAnswer: Bytes | undefined;
  /** The one live nonce for a time token. */
  readonly nonce: Nonce | undefined;
  /** The one handshake that an unlock may come over. */
  readonly handshake: { readonly channel: Channel; readonly sinceMs: number } | undefined;
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
        | {
            readonly next: "in-force";
            readonly by: "delta" | "snapshot";
            readonly inForce: InForce;
            readonly entries: number;
          }
        | { readonly next: "begun"; readonly manifest: AcceptedManifest }
        | { readonly next: "block"; readonly manifest: AcceptedManifest; readonly half: Half }
        | { readonly next: "floor"; readonly seconds: number; readonly setSeconds: number }
      ))
  | {
      readonly next: "commissioned";
      readonly asker: number;
      readonly secure: Secure;
    }
  | { readonly next: "rotated"; readonly asker: number; readonly secure: Secure }
  | { readonly next: "reset"; readonly secure: Secure }
  | { readonly next: "repaired" };

export type Side = "locked" | "unlocked";

export type Bolt =
  | { readonly at: "locked" }
  | { readonly at: "unlocked"; readonly untilMs: number }
  /** Ordered, and no answer from the motor yet. */
  | { readonly at: "moving"; readonly to: Side; readonly sinceMs: number }
  /** It did not get there; tried again later. */
  | { readonly at: "jammed"; readonly to: Side; readonly againMs: number };

/** The moving parts, as far as they were heard of. */
export interface Mechanics {
  readonly bolt: Bolt;
  /** Whether LockJammed was raised and the bolt has not moved freely since. */
  readonly jamRaised: boolean;
  readonly door:
    | { readonly is: "closed" }
    | { readonly is: "open"; readonly sinceMs: number; readonly ajarRaised: boolean };
  readonly batteryPercent: number;
}

/** An event before it has its place in the chain. */
export type Entry = Omit<LockEvent, "seq">;

/** Events without a place, by class. */
export interface Missing {
  readonly count: number;
  /** What the last gap in the journal says. */
  readonly told: number;
  /** The power failed since: there may have been more. */
  readonly isAtLeast: boolean;
}

/** A refusal that was written lately; its repeats are only counted. */
export interface Repeated {
  readonly detail: number;
  readonly version: number;
  readonly sinceMs: number;
  readonly repeats: number;
}

/** What is still to be written into the journal, and what it had no room for. */
export interface Diary {
  readonly waiting: readonly Entry[];
  readonly missing: Readonly<Record<EventClass, Missing>>;
  readonly repeated: readonly Repeated[];
}

/** Somebody may come in, once what has to be noted of it is in flash. */
export interface Opening {
  readonly credential: number;
  readonly by: Shown["by"];
  /** The phone that asked, where it was one. */
  readonly asker: Asker | undefined;
  readonly forced: boolean;
}

/** What follows a keypad job. A plan's `after` is what then lies in flash. */
export type KeypadThen =
  /** The attempt is counted durably; only now may the code be compared. */
  | { readonly next: "judge"; readonly notes: NotebookPlan; readonly digits: string }
  /** The notes have to take, or the door stays shut; the journal's line comes after them. */
  | {
      readonly next: "open";
      readonly opening: Opening;
      readonly notes: NotebookPlan;
      readonly line: JournalPlan | undefined;
      readonly entry: Entry;
    }
  | { readonly next: "noted"; readonly notes: NotebookPlan }
  /** `entry` lies in the journal; undefined: a sector was made ready, or a record mended. */
  | { readonly next: "written"; readonly line: JournalPlan; readonly entry: Entry | undefined }
  /** The authority has the events up to `seq`, and the journal says so. `asker`: the session that waits. */
  | {
      readonly next: "acknowledged";
      readonly line: JournalPlan;
      /** Gaps that are closed before it. */
      readonly entries: readonly Entry[];
      readonly seq: number;
      readonly asker: number;
    }
  /** At boot: what was believed was programmed again, the notebook's part before `journalFrom`. */
  | { readonly next: "repaired"; readonly journalFrom: number }
  /** After a factory reset: the events of the last owner are gone. */
  | { readonly next: "wiped"; readonly line: JournalPlan };

export interface Running {
  readonly power: "on";
  readonly secure: Secure;
  readonly store: Store;
  readonly inForce: InForce;
  readonly half: Half | undefined;
  /** Chunks to be written behind the block under way, in their order; they outlive the connection that brought them. */
  readonly held: readonly HeldChunk[];
  readonly notebook: Notebook;
  readonly journal: Journal;
  readonly diary: Diary;
  /** The journal's last record could not be made firm: nothing more is written there before it is. */
  readonly journalToMend: boolean;
  /** Powered uptime that the notebook had on record when power came. */
  readonly uptimeAtBootSeconds: number;
  /** Digits typed since the last ENTER. */
  readonly entry: string;
  /** Shown while an earlier one was still being judged. */
  readonly entered: readonly Shown[];
  readonly mechanics: Mechanics;
  readonly session: Session | undefined;
  readonly sessions: number;
  /**
   * The last owner's events could not be erased, and where the journal stands is not known: nothing is written there and
   * nobody is commissioned before the next power-on, which reads it anew and tries again.
   */
  readonly wipeFailed: boolean;
  /** A token set the clock; to be written into the notebook. */
  readonly clockToNote: { readonly seconds: number; readonly setSeconds: number } | undefined;
  /** Chores that failed in this power session: a lock that wears out must not go on for ever. */
  readonly failedChores: number;
  /** The button inside was held; the lock forgets its owner as soon as the table's lane is free. */
  readonly resetPressed: boolean;
  readonly lanes: Lanes<KeypadThen, TableThen>;
  /** When the last bad signatures were heard (uptime), across sessions. */
  readonly badSignaturesMs: readonly number[];
}

export interface Off {
  readonly power: "off";
}

export type State = Off | Running;

export const off: Off = { power: "off" };
