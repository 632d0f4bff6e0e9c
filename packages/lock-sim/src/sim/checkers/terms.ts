/**
 * The checkers' own reading of terms: whether a credential must open, may open, or must not, at a true second. Written
 * down from what people mean by a window, a lease and an hour of the week; it shares nothing with the firmware.
 */
import type { ClockStory } from "../cast/lock.ts";
import { type Hours, localSeconds, type Signed, type Terms } from "../plain.ts";

export type Expected = "opens" | "may open" | "stays shut";

/** A clock that was not tampered with may still be off by so much; at the edges of terms both answers are right. */
const slackSeconds = 180;

const secondsPerDay = 86_400;

/** What is known of earlier uses: how often it certainly and possibly was used, and when first. */
export interface Used {
  readonly certain: number;
  readonly possible: number;
  /** True seconds of the first possible and of the first certain use. */
  readonly firstSeconds: number | undefined;
  readonly surelySeconds: number | undefined;
  /** Whether the lock's clock was right whenever the first use may have been noted. */
  readonly isDated: boolean;
}

export const neverUsed: Used = {
  certain: 0,
  possible: 0,
  firstSeconds: undefined,
  surelySeconds: undefined,
  isDated: true,
};

/** What the terms come to under a table, for a lock with such a clock. */
export function expected(
  terms: Terms,
  { issuedAt, offsets }: Pick<Signed, "issuedAt" | "offsets">,
  seconds: number,
  clock: ClockStory,
  used: Used = neverUsed,
): Expected {
  if (terms.suspended) return "stays shut";
  return worst(limited(terms, used, seconds, clock), timely(terms, { issuedAt, offsets }, seconds, clock));
}

function worst(one: Expected, other: Expected): Expected {
  if (one === "stays shut" || other === "stays shut") return "stays shut";
  return one === "opens" ? other : one;
}

/** By number of uses and minutes after the first. */
function limited(terms: Terms, used: Used, seconds: number, clock: ClockStory): Expected {
  if (terms.useLimit > 0) {
    if (used.certain >= terms.useLimit) return "stays shut";
    if (used.possible >= terms.useLimit) return "may open";
  }
  if (terms.expiringMinutes === 0) return "opens";
  if (clock === "lost") return terms.failOpen ? "may open" : "stays shut";
  if (clock === "jumped") return "may open";
  if (used.possible === 0) return "opens";
  // A first use noted by a clock that ran ahead shuts until that hour comes, and the minutes run then.
  if (!used.isDated) return "may open";
  const ends = (first: number | undefined): number =>
    first === undefined ? Number.POSITIVE_INFINITY : first + 60 * terms.expiringMinutes;
  if (seconds >= ends(used.surelySeconds) + slackSeconds) return "stays shut";
  return seconds < ends(used.firstSeconds) - slackSeconds ? "opens" : "may open";
}

/** By window, lease and hours. */
function timely(
  terms: Terms,
  { issuedAt, offsets }: Pick<Signed, "issuedAt" | "offsets">,
  seconds: number,
  clock: ClockStory,
): Expected {
  const end = Math.min(
    terms.notAfter ?? Number.POSITIVE_INFINITY,
    terms.leaseHours === 0 ? Number.POSITIVE_INFINITY : issuedAt + 3_600 * terms.leaseHours,
  );
  const isBounded = terms.notBefore > 0 || end < Number.POSITIVE_INFINITY || terms.hours !== undefined;
  if (!isBounded) return "opens";
  if (clock === "lost") {
    const isSecure = !terms.failOpen && (end < Number.POSITIVE_INFINITY || terms.hours !== undefined);
    return isSecure ? "stays shut" : "may open";
  }
  if (clock === "jumped") return "may open";
  const opensAt = (second: number): boolean =>
    second >= terms.notBefore &&
    second < end &&
    (terms.hours === undefined || isWithin(terms.hours, localSeconds(offsets, second)));
  const looks = [seconds - slackSeconds, seconds, seconds + slackSeconds].map(opensAt);
  if (looks.every((opens) => opens)) return "opens";
  return looks.some((opens) => opens) ? "may open" : "stays shut";
}

/** Yesterday's code opens until three on the wall; no code opens that is older than one that did. */
const graceSeconds = 3 * 3_600;

/** What the digits of a day come to. `lastDay`: the latest day whose digits opened before. */
export function expectedDaily(
  day: number,
  lastDay: number,
  { offsets }: Pick<Signed, "offsets">,
  seconds: number,
  clock: ClockStory,
): Expected {
  if (day < lastDay || clock === "lost") return "stays shut";
  if (clock === "jumped") return "may open";
  const changes = offsets.some(({ at }) => Math.abs(at - seconds) <= 2 * slackSeconds);
  const opensAt = (second: number): boolean =>
    [0, graceSeconds].some(
      (grace) => Math.floor((localSeconds(offsets, second) - grace) / secondsPerDay) === day,
    );
  const looks = [seconds - slackSeconds, seconds, seconds + slackSeconds].map(opensAt);
  if (looks.every((opens) => opens)) return changes ? "may open" : "opens";
  return looks.some((opens) => opens) ? "may open" : "stays shut";
}

/** Day by day: today's hours, and yesterday's if they go on past midnight. 1970 began on a Thursday. */
function isWithin({ days, startMinute, endMinute }: Hours, local: number): boolean {
  const day = Math.floor(local / secondsPerDay);
  const minute = Math.floor((local - day * secondsPerDay) / 60);
  const isOn = (which: number): boolean => (days & (1 << ((which + 4) % 7))) !== 0;
  const crosses = endMinute <= startMinute;
  if (isOn(day) && minute >= startMinute && (crosses || minute < endMinute)) return true;
  return crosses && isOn(day - 1) && minute < endMinute;
}
