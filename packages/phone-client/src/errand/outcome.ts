/**
 * How a visit can end, in one table: what each ending means, what a person can do about it, and what follows from
 * each refusal of the lock. Not the visit itself.
 */
import { describeRefusal, type Parcel, type ReceiptSaid, type RefusalName } from "@doorsync/protocol/courier";

/** The waits of a visit. Every one has its own bound, `waits`. */
export type WaitName = "open" | "greeting" | "offering" | "streaming" | "asking" | "mailbox";

/** Longest silence borne in each wait, in milliseconds. A lock answers in far less; radios and flash may not. */
export const waits: Readonly<Record<WaitName, number>> = {
  /** Until the link is open: a lock has to be found and woken. */
  open: 15_000,
  /** Until hello is answered: nothing to compute. */
  greeting: 5_000,
  /** From an update, a manifest or a commission to its answer: signature, flash, secure element. */
  offering: 20_000,
  /** From a chunk to the wish for the next one: one block programmed; after the last, the whole table checked. */
  streaming: 20_000,
  /** From a receipt request to the receipt. */
  asking: 5_000,
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
  /** The other side broke the protocol; with `wait`, before any hello was heard: it may be no lock at all. */
  | { readonly kind: "broken"; readonly check: string; readonly wait?: "greeting" }
  | { readonly kind: "aborted" };

/** A refusal as an outcome. */
export function refusedBy(refusal: RefusalName, detail?: number): Outcome {
  return detail === undefined ? { kind: "refused", refusal } : { kind: "refused", refusal, detail };
}

/** Whether the other side said hello, as far as the outcome tells: who did not is perhaps no lock at all. */
export function isUngreeted(outcome: Outcome): boolean {
  return "wait" in outcome && outcome.wait === "greeting";
}

/** What a visit came to. */
export interface Report {
  readonly outcome: Outcome;
  /** Parcels that the lock took in this visit; covered by a receipt that verified, a commission by its answer. */
  readonly delivered: readonly Parcel[];
  /** The last receipt that verified in this visit. */
  readonly receipt: ReceiptSaid | undefined;
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
};

const words: Readonly<Record<WaitName, string>> = {
  open: "while connecting",
  greeting: "after hello",
  offering: "after the update",
  streaming: "between two chunks",
  asking: "after the receipt request",
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
        : `${outcome.why}: go to the lock, see that it has power, try again`;
    case "silent":
      if (isUngreeted(outcome)) return `no hello within ${outcome.milliseconds / 1_000} s: ${noLock}`;
      return `the lock said nothing for ${outcome.milliseconds / 1_000} s ${words[outcome.wait]}: sync again, what it took is kept`;
    case "dropped":
      if (isUngreeted(outcome)) return `${outcome.why} before any hello: ${noLock}`;
      return `${outcome.why} ${words[outcome.wait]}: sync again, what it took is kept`;
    case "broken":
      if (isUngreeted(outcome)) return `what answered said no hello (${outcome.check}): ${noLock}`;
      return `the other side does not speak the protocol (${outcome.check}): sync again; if it stays so, update the app`;
    case "aborted":
      return "given up on request: sync again, what the lock took is kept";
    default:
      return outcome satisfies never;
  }
}
