/**
 * Whether a code opens the door now and will after a sync: by the table that the lock last proved, that table's lease,
 * the code's own dates and what the log says of its uses. Not asked: at which hours of the week. Not how long it may open
 * in the worst case: that is `exposure.ts`.
 */
import { type Rule, secondsNever } from "@doorsync/protocol/authority";
import { type CodeLife, type IssuedVersion, isDamaged, isOver, type LockStanding } from "./ledger.ts";
import { holds } from "./proof.ts";
import { bookOf } from "./table-book.ts";

const secondsPerHour = 3_600;

/** Showing only the new code of a pending change would lock people out (F3): both ends are said. */
export interface AtTheDoor {
  /** By the table that the lock last proved, at this moment and within its hours. */
  readonly worksNow: boolean;
  /** By the table the door should have; a beginning that is still to come is not asked. */
  readonly worksAfterSync: boolean;
  /**
   * False while a courier may have brought a version in which `worksNow` is otherwise, and while the lock alone knows how
   * often it was used.
   */
  readonly certain: boolean;
  /** Where it works now: from this second on it does not, unless the door is synced before. Null: no such end. */
  readonly worksUntil: number | null;
}

export interface Moment {
  /** Seconds since 1970. */
  readonly now: number;
  /** When this code opened the door, as far as the lock's log came in, ascending; left out: nothing is known. */
  readonly openings?: (code: CodeLife) => readonly number[];
}

/** How a table has a code: when it opens, and whether the lock counts its uses. Undefined: it does not. */
interface Stay {
  readonly from: number;
  readonly until: number;
  readonly isCounted: boolean;
}

/** Answers for the codes of one door; `lock` is looked through once. */
export function atTheDoor(
  lock: LockStanding | undefined,
  { now, openings = () => [] }: Moment,
): (code: CodeLife) => AtTheDoor {
  const isWanted = (code: CodeLife): boolean =>
    !code.revoked &&
    code.terms?.suspended !== true &&
    !isOver(code.terms, now) &&
    !isUsedUp(code, openings(code));
  if (lock === undefined)
    return (code) => ({ worksNow: false, worksAfterSync: isWanted(code), certain: true, worksUntil: null });
  const itemAt = bookOf(lock.spans);
  const proven = lock.issued.find(({ version }) => version === lock.proven);
  const onTheWay = lock.issued.filter(({ version, handedOut }) => handedOut && version > lock.proven);

  const stayIn = (code: CodeLife, { version, issuedAt }: IssuedVersion): Stay | undefined => {
    if (!holds(code, version)) return undefined;
    const item = code.wireId === undefined ? undefined : itemAt(code.wireId, version);
    if (item?.kind !== "credential") return { from: 0, until: secondsNever, isCounted: false };
    if (item.suspended) return undefined;
    const rule = itemAt(item.rule, version);
    const until = rule?.kind === "rule" ? Math.min(item.notAfter, leaseEnd(rule, issuedAt)) : item.notAfter;
    if (rule?.kind !== "rule" || !isCounted(rule)) return { from: item.notBefore, until, isCounted: false };
    const used = openings(code);
    if (rule.useLimit > 0 && used.length >= rule.useLimit) return undefined;
    const [first] = used;
    const end =
      rule.expiringMinutes > 0 && first !== undefined ? first + rule.expiringMinutes * 60 : secondsNever;
    return { from: item.notBefore, until: Math.min(until, end), isCounted: true };
  };
  const isBroken = isDamaged(lock);
  const opensBy = (stay: Stay | undefined): stay is Stay =>
    stay !== undefined && stay.from <= now && now < stay.until;

  return (code) => {
    const stay = proven === undefined ? undefined : stayIn(code, proven);
    const worksNow = opensBy(stay) && !isBroken;
    // Whoever carries a damaged lock its table mends it, in whatever version.
    const mayDiffer =
      (isBroken && opensBy(stay)) || onTheWay.some((row) => opensBy(stayIn(code, row)) !== worksNow);
    return {
      worksNow,
      worksAfterSync: isWanted(code),
      certain: !mayDiffer && lock.contradicted === undefined && !(worksNow && stay?.isCounted === true),
      worksUntil: worksNow && stay !== undefined && stay.until !== secondsNever ? stay.until : null,
    };
  };
}

function isCounted({ useLimit, expiringMinutes }: Pick<Rule, "useLimit" | "expiringMinutes">): boolean {
  return useLimit > 0 || expiringMinutes > 0;
}

/** The lock counts how often this code opens, and nobody else does. */
export function isCountedAtTheDoor({ terms }: CodeLife): boolean {
  return terms !== undefined && isCounted(terms);
}

function isUsedUp({ terms }: CodeLife, openings: readonly number[]): boolean {
  return terms !== undefined && terms.useLimit > 0 && openings.length >= terms.useLimit;
}

/** When what stands under this rule dies without a newer table; `secondsNever` without a lease. */
export function leaseEnd({ leaseHours }: Pick<Rule, "leaseHours">, issuedAt: number): number {
  return leaseHours === 0 ? secondsNever : Math.min(issuedAt + leaseHours * secondsPerHour, secondsNever);
}
