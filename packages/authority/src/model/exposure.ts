/**
 * Until when a code may still open in the worst case: nobody brings the lock anything more, and it holds whichever of
 * the versions that left the house suits the thief. Not whether it opens now (at-the-door.ts); hours and uses are not asked.
 */
import { type Credential, type Item, secondsNever } from "@doorsync/protocol/authority";
import { leaseEnd } from "./at-the-door.ts";
import type { CodeLife, LockStanding } from "./ledger.ts";
import { possiblyHeld } from "./ledger.ts";
import { holds } from "./proof.ts";
import { bookOf } from "./table-book.ts";

/**
 * gone: no version that the lock may hold opens to it. until: it opens no longer from that second on, receipt or not.
 * untilSync: no end but a sync, and certainty only by its receipt.
 */
export type Exposure =
  | { readonly kind: "gone" }
  | { readonly kind: "until"; readonly atSeconds: number }
  | { readonly kind: "untilSync" };

/** Answers for the codes of one door; `lock` is looked through once. */
export function exposureAt(lock: LockStanding | undefined): (code: CodeLife) => Exposure {
  if (lock === undefined) return () => ({ kind: "gone" });
  const held = new Set(possiblyHeld(lock));
  const versions = lock.issued.filter(({ version }) => held.has(version));
  const itemAt = bookOf(lock.spans);
  return (code) => {
    if (code.released) return { kind: "gone" };
    // The lock signed for a table that is in no book: what it holds, nobody here can say.
    if (lock.contradicted !== undefined) return { kind: "untilSync" };
    let latest = -1;
    for (const { version, issuedAt } of versions) {
      if (!holds(code, version) || code.wireId === undefined) continue;
      const credential = itemAt(code.wireId, version);
      if (credential?.kind !== "credential") return { kind: "untilSync" };
      if (!credential.suspended)
        latest = Math.max(latest, lastSecond(credential, itemAt(credential.rule, version), issuedAt));
    }
    if (latest < 0) return { kind: "gone" };
    return latest === secondsNever ? { kind: "untilSync" } : { kind: "until", atSeconds: latest };
  };
}

/** When a credential of a version dies by itself; `secondsNever` where it does not. */
function lastSecond(credential: Credential, rule: Item | undefined, issuedAt: number): number {
  if (rule?.kind !== "rule") return secondsNever;
  // Judged by the lower bound of the lock's time, which a lost clock holds still.
  if (rule.failOpen) return secondsNever;
  return Math.min(credential.notAfter, leaseEnd(rule, issuedAt));
}
