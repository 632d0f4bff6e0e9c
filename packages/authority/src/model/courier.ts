/**
 * Which phone was handed what, and which was at the door without delivering it. Not a verdict on anybody: a phone that
 * was at the door may have had its radio off. Pure; who wrote the rows is not asked.
 */

/** A version was given to a phone. */
export interface Handed {
  readonly phone: string;
  readonly door: string;
  readonly version: number;
  readonly handedAt: number;
}

/** A phone was at the door: it brought a return slip, or the log shows that it opened. Seconds since 1970. */
export interface Visit {
  readonly phone: string;
  readonly door: string;
  readonly at: number;
  /** The version that the lock signed for on this visit; undefined where it brought no receipt. */
  readonly broughtVersion: number | undefined;
}

/** The lock's log says when a version came into force. */
export interface Applied {
  readonly door: string;
  readonly version: number;
  readonly at: number;
}

/** Seconds a phone at the door is given to deliver: a session, and the lock's clock beside the authority's. */
export const deliverySecondsMax = 300;

export interface CourierStanding {
  readonly phone: string;
  readonly door: string;
  /** The newest version it was handed, and when it first was. */
  readonly version: number;
  readonly handedAt: number;
  /** It brought the lock's word for this version or a later one. */
  readonly delivered: boolean;
  /** First time it was at the door with an undelivered version that the lock did not have; the newest such version. */
  readonly withheld: { readonly version: number; readonly seenAt: number } | undefined;
}

/** One line for each phone and door that something was handed for, in the order in which it was first handed. */
export function courierStandings(
  handed: readonly Handed[],
  visits: readonly Visit[],
  applied: readonly Applied[],
): readonly CourierStanding[] {
  const visitsOf = groupBy(visits, pairOf);
  const receiptsOf = groupBy(visits, ({ door }) => door);
  const appliedOf = groupBy(applied, ({ door }) => door);
  return [...groupBy(handed, pairOf).entries()].map(([pair, rows]) => {
    const { phone, door, version, handedAt } = rows.reduce(newer);
    const own = visitsOf.get(pair) ?? [];
    const reached = reachedAt(receiptsOf.get(door) ?? [], appliedOf.get(door) ?? []);
    const delivered = own.some((visit) => (visit.broughtVersion ?? -1) >= version);
    const seen = rows
      .map((row) => ({ version: row.version, seenAt: withheldAt(row, own, reached(row.version)) }))
      .filter((row): row is { version: number; seenAt: number } => row.seenAt !== undefined);
    const withheld = seen.length === 0 ? undefined : seen.reduce((a, b) => (b.version > a.version ? b : a));
    return { phone, door, version, handedAt, delivered, withheld };
  });
}

/** When a lock first had a version or a later one; Infinity: not as far as is known. */
function reachedAt(visits: readonly Visit[], applied: readonly Applied[]): (version: number) => number {
  return (version) =>
    Math.min(
      Number.POSITIVE_INFINITY,
      ...applied.filter((row) => row.version >= version).map(({ at }) => at),
      ...visits.filter((row) => (row.broughtVersion ?? -1) >= version).map(({ at }) => at),
    );
}

function withheldAt(row: Handed, visits: readonly Visit[], reached: number): number | undefined {
  const times = visits
    // In the second of the hand-out nothing was carried yet: a phone first hands in, then fetches.
    .filter(({ at }) => at > row.handedAt && at + deliverySecondsMax < reached)
    .map(({ at }) => at);
  return times.length === 0 ? undefined : Math.min(...times);
}

function newer(a: Handed, b: Handed): Handed {
  if (a.version !== b.version) return b.version > a.version ? b : a;
  return b.handedAt < a.handedAt ? b : a;
}

function pairOf({ phone, door }: { readonly phone: string; readonly door: string }): string {
  return JSON.stringify([phone, door]);
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
