/**
 * When it is telling to try a credential: shortly before and after each edge of its terms, twice where uses count, and
 * around midnight for the code of the day. Moments only; who tries, and what must come of it, is decided elsewhere.
 */
import { dayOf, localSeconds, type Offset, type Terms } from "./plain.ts";

/** Before and after an edge: further than any clock may be off. */
const besideSeconds = 420;
const soonSeconds = 200;
const graceSeconds = 3 * 3_600;
const daySeconds = 86_400;

/** True seconds from `now` on, ascending. */
export function tellingMoments(
  terms: Terms,
  offsets: readonly Offset[],
  now: number,
  until: number,
): readonly number[] {
  const edges: number[] = [];
  if (terms.notBefore > 0) edges.push(terms.notBefore);
  if (terms.notAfter !== undefined) edges.push(terms.notAfter);
  if (terms.leaseHours > 0) edges.push(now + 3_600 * terms.leaseHours);
  if (terms.expiringMinutes > 0) edges.push(now + soonSeconds + 60 * terms.expiringMinutes);
  if (terms.hours !== undefined) {
    const midnight = now - (localSeconds(offsets, now) % daySeconds);
    for (let day = 0; day <= 2; day++) {
      for (const minute of [terms.hours.startMinute, terms.hours.endMinute]) {
        edges.push(midnight + day * daySeconds + 60 * minute);
      }
      edges.push(midnight + day * daySeconds);
    }
  }
  const moments = [now + soonSeconds];
  for (let use = 0; use < Math.min(terms.useLimit, 3); use++)
    moments.push(now + soonSeconds + 60 * (use + 1));
  for (const edge of edges) moments.push(edge - besideSeconds, edge + besideSeconds);
  return moments.filter((second) => second > now && second < until).sort((a, b) => a - b);
}

/** A moment, and which day's code is tried then, counted from the day it is. */
export interface DailyTrial {
  readonly seconds: number;
  readonly fromToday: 0 | -1;
}

/** Around the next two midnights: the old code until and after its grace, the new one from its first minutes on. */
export function dailyTrials(offsets: readonly Offset[], now: number, until: number): readonly DailyTrial[] {
  const trials: DailyTrial[] = [{ seconds: now + soonSeconds, fromToday: 0 }];
  const today = dayOf(offsets, now);
  for (const day of [today + 1, today + 2]) {
    const midnight = now + (day * daySeconds - localSeconds(offsets, now));
    trials.push(
      { seconds: midnight - besideSeconds, fromToday: 0 },
      { seconds: midnight + besideSeconds, fromToday: -1 },
      { seconds: midnight + graceSeconds + besideSeconds, fromToday: -1 },
      { seconds: midnight + graceSeconds + 2 * besideSeconds, fromToday: 0 },
      { seconds: midnight + graceSeconds + 3 * besideSeconds, fromToday: -1 },
    );
  }
  return trials.filter(({ seconds }) => seconds > now && seconds < until);
}
