/**
 * What a lock's signed word changes, and what state a code is in by it. States are derived, never stored: (added,
 * removed) against the versions handed out and the version proven. No receipt is verified here, and no clock is asked:
 * whether a code opens at this moment is `at-the-door.ts`.
 */
import { type Bytes, equal } from "@doorsync/protocol/authority";
import { type CodeLife, type Ledger, type LockStanding, newestVersion } from "./ledger.ts";

/** Seam's words; `removed` is ours: proof that the table no longer holds it. */
export type CodeState = "unset" | "setting" | "set" | "removing" | "removed" | "unknown";

/**
 * unset: wanted, in no version that a courier could have. setting: in such a version. set: in the proven table, under
 * its present terms.
 * removing: unwanted, and the lock may hold it or come to hold it. removed: proven without it, or never within its
 * reach. unknown: the lock has signed for a table that was never issued.
 */
export function codeState(code: CodeLife, lock: LockStanding | undefined): CodeState {
  if (code.released) return "removed";
  if (lock === undefined || code.added === undefined) return "unset";
  if (lock.contradicted !== undefined) return "unknown";
  if (code.revoked) return "removing";
  if (code.termsFrom !== undefined && lock.proven >= code.termsFrom) return "set";
  return reached(code, lock) ? "setting" : "unset";
}

/** The label that people see. */
export function isPending(state: CodeState): boolean {
  switch (state) {
    case "unset":
    case "setting":
    case "removing":
      return true;
    case "set":
    case "removed":
    case "unknown":
      return false;
    default:
      return state satisfies never;
  }
}

/** Whether the table at a version holds the code. */
export function holds(code: CodeLife, version: number): boolean {
  if (code.added === undefined || version < code.added) return false;
  return code.removed === undefined || version < code.removed;
}

/** Whether a courier could have a version with the code in it. */
function reached(code: CodeLife, lock: LockStanding): boolean {
  return lock.issued.some(({ version, handedOut }) => handedOut && holds(code, version));
}

/**
 * A revoked code comes free when the lock has proven a table after it, or when no version that held it ever left
 * the house and none of them is the newest (which still may).
 */
export function releaseCodes(ledger: Ledger): Ledger {
  const lock = ledger.lock;
  if (lock === undefined) return ledger;
  const codes = ledger.codes.map((code): CodeLife => {
    if (!code.revoked || code.released || code.removed === undefined) return code;
    const free = lock.proven >= code.removed || (!reached(code, lock) && !holds(code, lock.proven));
    return free ? { ...code, released: true } : code;
  });
  return { ...ledger, codes };
}

/**
 * Keeps what a verified receipt says of the lock's condition, whatever it proves: a receipt that came late, or again, is
 * older by the lock's own clock and changes nothing.
 */
export function noteWord(
  ledger: Ledger,
  said: { readonly flags: number; readonly lowerSeconds: number },
  receivedAt: number,
): Ledger {
  const { lock } = ledger;
  if (lock === undefined || (lock.said !== undefined && said.lowerSeconds < lock.said.lockSeconds))
    return ledger;
  const isSame = lock.said?.lockSeconds === said.lowerSeconds && lock.said.flags === said.flags;
  if (isSame) return ledger;
  const word = { flags: said.flags, lockSeconds: said.lowerSeconds, receivedAt };
  return { ...ledger, lock: { ...lock, said: word } };
}

/** What a receipt says, after its signature was verified. */
export interface ReceiptWord {
  readonly version: number;
  readonly state: Bytes;
  readonly lowerSeconds: number;
  /** The lock found its table damaged: none of its codes opens until a snapshot repairs it. */
  readonly damaged: boolean;
}

/**
 * proven: the lock stands further than was known. again: the same table, perhaps seen later. older: an old word,
 * already overtaken. damaged: proves nothing, asks for a snapshot. contradicts: no table that was ever issued; the
 * alarm lasts until a newer version is proven.
 */
export type ReceiptOutcome = "proven" | "again" | "older" | "damaged" | "contradicts";

/** Takes a verified receipt in. Cumulative and idempotent: order, repeats and losses of receipts do not matter. */
export function takeReceipt(
  ledger: Ledger,
  said: ReceiptWord,
  receivedAt: number,
): { readonly ledger: Ledger; readonly outcome: ReceiptOutcome } {
  const lock = ledger.lock;
  if (lock === undefined) throw new Error("a receipt was verified without a lock");
  if (said.version < lock.proven) return { ledger, outcome: "older" };
  const issued = lock.issued.find(({ version }) => version === said.version);
  if (issued === undefined || !equal(issued.state, said.state)) {
    const contradicted = Math.max(said.version, lock.contradicted ?? 0);
    // Management's word was for what was known then: a lock that signs for still more takes tables from elsewhere.
    const isFurther = lock.contradicted !== undefined && said.version > lock.contradicted;
    const isNew = lock.doubt === undefined || (isFurther && lock.doubt.settledAt !== undefined);
    const doubt = isNew ? { since: receivedAt, settledAt: undefined } : lock.doubt;
    return { ledger: { ...ledger, lock: { ...lock, contradicted, doubt } }, outcome: "contradicts" };
  }
  if (said.damaged)
    return { ledger: { ...ledger, lock: { ...lock, snapshotWanted: true } }, outcome: "damaged" };
  // Within one version the lock's clock is the order: a replayed receipt must not make the last sync look newer.
  const isLater =
    lock.lastSync === undefined ||
    said.version > lock.proven ||
    said.lowerSeconds > lock.lastSync.lockSeconds;
  const lastSync = isLater ? { lockSeconds: said.lowerSeconds, receivedAt } : lock.lastSync;
  const overtaken = lock.contradicted !== undefined && said.version > lock.contradicted;
  const isSettled = lock.doubt?.settledAt !== undefined && said.version > lock.proven;
  const next: LockStanding = {
    ...lock,
    proven: said.version,
    // The lock applied it, so some courier had it, whatever our own books say.
    issued: lock.issued.map((row) => (row === issued && !row.handedOut ? { ...row, handedOut: true } : row)),
    contradicted: overtaken ? undefined : lock.contradicted,
    doubt: isSettled ? undefined : lock.doubt,
    snapshotWanted: lock.snapshotWanted && said.version !== newestVersion(lock).version,
    lastSync,
  };
  const outcome = said.version > lock.proven ? "proven" : "again";
  return { ledger: releaseCodes({ ...ledger, lock: next }), outcome };
}
