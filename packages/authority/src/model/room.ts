/**
 * How much a door's lock holds, and whether that is enough. A lock refuses a table with one credential too many whole,
 * revocations and all: therefore no such table is made once its capacity is known. Not the room for rules beside the
 * codes, of which every lock has the same.
 */
import { firstCredentialId, type LockEvent, lastCredentialId, refusals } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";
import type { ItemSpan, Ledger, LockStanding } from "./ledger.ts";

/** LOCK_FULL when more is wished for than the lock is known to hold. To be asked where somebody gets a place anew. */
export function judgeRoom(ledger: Ledger): Decision<true> {
  if (ledger.lock === undefined) return grant(true);
  const capacity = capacityOf(ledger.lock);
  const wanted = ledger.codes.filter(({ revoked }) => !revoked).length;
  return wanted > capacity ? deny("LOCK_FULL", `${capacity} at most`) : grant(true);
}

/** What the lock has signed for in its log: how much it holds, where it refused a table for want of room. */
export function learnCapacity(ledger: Ledger, events: readonly LockEvent[]): Ledger {
  const said = events.findLast(
    ({ kind, detail, credential }) =>
      kind === "SyncRefused" && detail === refusals.RESOURCE_EXHAUSTED.code && credential > 0,
  );
  const { lock } = ledger;
  if (said === undefined || lock === undefined || lock.capacity === said.credential) return ledger;
  return { ...ledger, lock: { ...lock, capacity: said.credential } };
}

/** Whether the newest version holds more than the lock does: it will never take it. */
export function isOverfull(lock: LockStanding): boolean {
  if (lock.capacity === undefined) return false;
  const held = lock.spans.filter((span) => span.until === undefined && isCredential(span));
  return held.length > capacityOf(lock);
}

/** Credentials that the lock holds at most; what it has proven is stronger than what was said of it. */
export function capacityOf(lock: LockStanding): number {
  if (lock.capacity === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(lock.capacity, provenPlaces(lock).size);
}

/** Ids of the credentials in the proven table: the lock has room for these. */
export function provenPlaces({ spans, proven }: LockStanding): ReadonlySet<number> {
  const inForce = spans.filter(
    (span) => isCredential(span) && span.from <= proven && (span.until === undefined || span.until > proven),
  );
  return new Set(inForce.map(({ id }) => id));
}

function isCredential({ id }: ItemSpan): boolean {
  return id >= firstCredentialId && id <= lastCredentialId;
}
