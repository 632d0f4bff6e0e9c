/** Whether a door waits for a sync, for whatever reason: not only one of its codes. It issues nothing. */
import { secondsNever } from "@doorsync/protocol/authority";
import { leaseEnd } from "../model/at-the-door.ts";
import { isDamaged, type Ledger, newestVersion } from "../model/ledger.ts";
import { bookOf } from "../model/table-book.ts";
import { doorcodeRuleId } from "./items.ts";
import { needsIssue } from "./version.ts";

const secondsPerHour = 3_600;

/**
 * A version waits for its proof, a damaged table for its repair, something waits that no version holds yet, or half of
 * the lease is over, when whoever fetches next is given a renewal.
 */
export function isBehind(ledger: Ledger, now: number): boolean {
  const { lock } = ledger;
  if (lock === undefined) return false;
  const isUnproven = newestVersion(lock).version !== lock.proven;
  return isUnproven || isDamaged(lock) || needsIssue(ledger, now) || isHalfOver(ledger, now);
}

/** Of the newest version's lease. */
export function isHalfOver(ledger: Ledger, now: number): boolean {
  if (ledger.lock === undefined) return false;
  const { issuedAt, version } = newestVersion(ledger.lock);
  return version > 0 && isHalfOf(ledger.leaseHours, issuedAt, now);
}

export function isHalfOf(leaseHours: number, issuedAt: number, now: number): boolean {
  return leaseHours > 0 && now - issuedAt >= (leaseHours * secondsPerHour) / 2;
}

/** Whether residents' codes have died in the table that the lock last proved, for want of a newer one. */
export function isLeaseOver({ lock }: Ledger, now: number): boolean {
  const proven = lock?.issued.find(({ version }) => version === lock.proven);
  if (lock === undefined || proven === undefined) return false;
  const rule = bookOf(lock.spans)(doorcodeRuleId, proven.version);
  const end = rule?.kind === "rule" ? leaseEnd(rule, proven.issuedAt) : secondsNever;
  return end !== secondsNever && end <= now;
}
