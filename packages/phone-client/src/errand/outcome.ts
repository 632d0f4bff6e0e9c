/**
 * How a visit can end, in one table: what each ending means, what a person can do about it, and what follows from
 * each refusal of the lock. Not the visit itself.
 */
import {
  type Bytes,
  type Condition,
  conditionFlags,
  describeRefusal,
  type Parcel,
  type ReceiptSaid,
  type RefusalName,
} from "@doorsync/protocol/courier";

/** The waits of a visit. Every one has its own bound, `waits`. */
export type WaitName =
  | "open"
  | "greeting"
  | "rotating"
  | "clocking"
  | "setting"
  | "offering"
  | "streaming"
  | "asking"
  | "acking"
  | "pulling"
  | "starting"
  | "unlocking"
  | "mailbox";

/** Longest silence borne in each wait, in milliseconds. A lock answers in far less; radios and flash may not. */
export const waits: Readonly<Record<WaitName, number>> = {
  /** Until the link is open: a lock has to be found and woken. */
  open: 15_000,
  /** Until hello is answered: nothing to compute. */
  greeting: 5_000,
  /** From new keys to the hello that answers: signature, secure element. */
  rotating: 20_000,
  /** Until the time source has a token, which the lock believes for 30 seconds only. */
  clocking: 5_000,
  /** From a time token to the hello that answers: signature, flash. */
  setting: 20_000,
  /** From an update, a manifest or a commission to its answer: signature, flash, secure element. */
  offering: 20_000,
  /** From a chunk to the wish for the next one: one block programmed; after the last, the whole table checked. */
  streaming: 20_000,
  /** From a receipt request to the receipt. */
  asking: 5_000,
  /** From an acknowledgement to the events that are left: signature, flash. */
  acking: 20_000,
  /** From a pull to the events: a seal. */
  pulling: 5_000,
  /** From a handshake to its answer: the lock agrees on keys. */
  starting: 5_000,
  /** From the request to open to the answer: two signatures, flash. */
  unlocking: 10_000,
  /** Until a mailbox has read or stored something. */
  mailbox: 30_000,
};

export type Outcome =
  /** The lock proved every parcel carried for it, and took at least one in this visit. */
  | { readonly kind: "synced"; readonly version: number }
  /** The lock proved every parcel carried for it, and needed none. */
  | { readonly kind: "already"; readonly version: number }
  /** A lock without an owner took the commission; its answer travels back. */
  | { readonly kind: "commissioned" }
  /** The lock took other keys of its authority, and nothing that these signed is carried. */
  | { readonly kind: "rotated"; readonly epoch: number }
  | { readonly kind: "refused"; readonly refusal: RefusalName; readonly detail?: number }
  /** The lock's word for its table is missing, or is not its word, or is for an older version. */
  | { readonly kind: "unproven"; readonly check: string }
  /** The lock is at a version from which no parcel leads on. */
  | { readonly kind: "unfit"; readonly version: number }
  /** What is carried for the lock is not whole, or not for its present owner: it stays undelivered. */
  | { readonly kind: "unfit"; readonly why: string }
  | { readonly kind: "nothing"; readonly why: string }
  /** With `isMisaddressed` there is no such place: going there does not help. */
  | { readonly kind: "unreachable"; readonly why: string; readonly isMisaddressed?: true }
  | { readonly kind: "silent"; readonly wait: WaitName; readonly milliseconds: number }
  | { readonly kind: "dropped"; readonly wait: WaitName; readonly why: string }
  /**
   * The other side broke the protocol; with `wait`, before any hello was heard: it may be no lock at all. With `why` it
   * was this side: what threw is named by `check`, and `why` are its words.
   */
  | { readonly kind: "broken"; readonly check: string; readonly wait?: "greeting"; readonly why?: string }
  | { readonly kind: "aborted" };

/** A refusal as an outcome. */
export function refusedBy(
  refusal: RefusalName,
  detail?: number,
): Extract<Outcome, { readonly kind: "refused" }> {
  return detail === undefined ? { kind: "refused", refusal } : { kind: "refused", refusal, detail };
}

/** Whether the other side said hello, as far as the outcome tells: who did not is perhaps no lock at all. */
export function isUngreeted(outcome: Outcome): boolean {
  return "wait" in outcome && outcome.wait === "greeting";
}

/** What a visit came to. */
export interface Report {
  readonly outcome: Outcome;
  /** How the lock showed itself, where it did. */
  readonly tag: Bytes | undefined;
  /** Parcels that the lock took in this visit; covered by a receipt that verified, a commission by its answer. */
  readonly delivered: readonly Parcel[];
  /** The last receipt that verified in this visit. */
  readonly receipt: ReceiptSaid | undefined;
  /** How the lock is doing, where anything is to be said. */
  readonly conditions: readonly LockCondition[];
  /** By the receipt, under the lock's signature; a hello says it without. */
  readonly isConditionSigned: boolean;
  /** Of the lock's log: events brought away in this visit, and how many newer ones it said to have. */
  readonly log: { readonly events: number; readonly left: number };
}

export type LockCondition = Exclude<Condition, "logWaiting">;

const lockConditions: readonly LockCondition[] = ["lowBattery", "jammed", "doorAjar", "rebooting"];

/** The conditions in the flags of a hello or a receipt. */
export function conditionsIn(flags: number): readonly LockCondition[] {
  return lockConditions.filter((name) => (flags & conditionFlags[name]) !== 0);
}

/** A condition in one line: what it is, and what to do. */
export function describeCondition(condition: LockCondition): string {
  switch (condition) {
    case "lowBattery":
      return "the battery is low: change it before the lock goes dark";
    case "jammed":
      return "the bolt is jammed, so the door may be open or stuck: push or pull the door and lock it again";
    case "doorAjar":
      return "the door stands open: close it";
    case "rebooting":
      return "the lock restarts again and again: change the battery, and have it looked after if that does not help";
    default:
      return condition satisfies never;
  }
}

/** A report of a visit that ended before anything was said. */
export function emptyReport(outcome: Outcome): Report {
  return {
    outcome,
    tag: undefined,
    delivered: [],
    receipt: undefined,
    conditions: [],
    isConditionSigned: false,
    log: { events: 0, left: 0 },
  };
}

/** What is wrong with a parcel that failed this check (P1 to P4 of `checkParcel`), in words. */
export function describeUnfit(check: string): string {
  switch (check) {
    case "P1":
      return "its messages are not those of its kind";
    case "P2":
      return "its signature does not fit";
    case "P3":
      return "it is for another version than its wrapper says";
    case "P4":
      return "its chunks are not those that it announces";
    default:
      return "it is not what its wrapper says";
  }
}

/** What an errand does after a refusal. */
export interface AfterRefusal {
  /** end: nothing more to do here now. next: another parcel may still be taken. rebase: the lock is elsewhere than it said. */
  readonly move: "end" | "next" | "rebase";
  /** Whether the authority should hear of it when it stands at the end of the visit. */
  readonly isReported: boolean;
}

export const afterRefusal: Readonly<Record<RefusalName, AfterRefusal>> = {
  /** Never said on the air; a lock that says it is broken. */
  MALFORMED: { move: "end", isReported: false },
  REJECTED: { move: "next", isReported: true },
  /** Passes by itself. */
  BUSY: { move: "end", isReported: false },
  TOO_LARGE: { move: "next", isReported: true },
  UNSUPPORTED: { move: "end", isReported: true },
  /** The receipt that follows says more than the refusal. */
  STALE: { move: "rebase", isReported: false },
  NEED_SNAPSHOT: { move: "rebase", isReported: true },
  EXPIRED: { move: "next", isReported: true },
  CONFLICT: { move: "next", isReported: true },
  BODY_INVALID: { move: "next", isReported: true },
  DUPLICATE: { move: "next", isReported: true },
  RESOURCE_EXHAUSTED: { move: "next", isReported: true },
  STORAGE: { move: "end", isReported: true },
  /** These answer an unlock, never a parcel. */
  SYNC_FIRST: { move: "end", isReported: false },
  TIME_NEEDED: { move: "end", isReported: false },
  DENIED: { move: "end", isReported: false },
};

const words: Readonly<Record<WaitName, string>> = {
  open: "while connecting",
  greeting: "after hello",
  rotating: "after the authority's new keys",
  clocking: "while the time was asked for",
  setting: "after the time token",
  offering: "after the update",
  streaming: "between two chunks",
  asking: "after the receipt request",
  acking: "after the acknowledgement of its log",
  pulling: "while its log was read",
  starting: "after the handshake",
  unlocking: "after the request to open",
  mailbox: "at the mailbox",
};

const noLock =
  "is this a lock? nothing was taken; a lock that is busy with another phone, or dark, does not answer either";

/** An outcome in one line: what happened, and what to do where something is to be done. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "synced":
      return `synced: the lock proved version ${outcome.version}`;
    case "already":
      return `nothing to do: the lock proved that it holds version ${outcome.version} already`;
    case "commissioned":
      return "commissioned: the lock's answer goes back to the authority, which finishes the meeting";
    case "rotated":
      return `the lock took the authority's new keys of epoch ${outcome.epoch}: fetch its new table and sync again`;
    case "refused":
      return describeRefusal(outcome.refusal, outcome.detail);
    case "unproven":
      return `no valid receipt (${outcome.check}): not done; sync again, and if it stays so let the authority commission the lock anew`;
    case "unfit":
      if ("why" in outcome) return `not delivered: ${outcome.why}`;
      return `the lock proved version ${outcome.version}, and no parcel leads on from there: its receipt goes back, fetch a fresh parcel and sync again`;
    case "nothing":
      return `nothing to deliver: ${outcome.why}`;
    case "unreachable":
      return outcome.isMisaddressed === true
        ? `${outcome.why}: check the address`
        : `${outcome.why}: go to the lock, which is out of range or without power, and try again`;
    case "silent":
      if (isUngreeted(outcome)) return `no hello within ${outcome.milliseconds / 1_000} s: ${noLock}`;
      return `the lock said nothing for ${outcome.milliseconds / 1_000} s ${words[outcome.wait]}: sync again, what it took is kept; if it stays silent, tell the property's management`;
    case "dropped":
      if (isUngreeted(outcome)) return `${outcome.why} before any hello: ${noLock}`;
      return `${outcome.why} ${words[outcome.wait]}: sync again, what it took is kept`;
    case "broken":
      if (outcome.why !== undefined)
        return `this app failed (${outcome.check}: ${outcome.why}): sync again, what the lock took is kept; if it stays so, update the app`;
      if (isUngreeted(outcome)) return `what answered said no hello (${outcome.check}): ${noLock}`;
      return `the other side does not speak the protocol (${outcome.check}): sync again; if it stays so, update the app`;
    case "aborted":
      return "given up on request: sync again, what the lock took is kept";
    default:
      return outcome satisfies never;
  }
}
