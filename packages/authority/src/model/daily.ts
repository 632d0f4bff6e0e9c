/**
 * When and how often a daily doorcode may be given out, and what must be said with it (F23). Not the code, which lock
 * and authority derive (protocol), and not who may ask for it (permission.ts).
 */
import { dailyGraceSeconds, localDay } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";
import type { Policy } from "./policy.ts";
import type { OffsetChange } from "./terms.ts";

const secondsPerDay = 86_400;

export interface DailyDay {
  /** As `localDay` counts them. */
  readonly day: number;
  /** The local midnight that ends it, seconds since 1970. */
  readonly endsAt: number;
}

/** The door's local day; DAILY_UNAVAILABLE where its local time is not known. A day has 23 to 25 hours or so. */
export function dailyDay(zone: readonly OffsetChange[], at: number): Decision<DailyDay> {
  const start = zone.findLastIndex((change) => change.at <= at);
  const present = zone[start];
  if (present === undefined) return deny("DAILY_UNAVAILABLE", "no local time");
  const day = localDay(at, present.offsetMinutes);
  // The midnight by the offset in force; behind a change, by the next one, which may itself begin in the new day.
  for (let i = start; ; i++) {
    const { at: from, offsetMinutes } = zone[i] ?? present;
    const midnight = Math.max(from, (day + 1) * secondsPerDay - offsetMinutes * 60);
    const until = zone[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    if (midnight < until) return grant({ day, endsAt: midnight });
  }
}

/** A daily doorcode that was given out. */
export interface DailyIssue {
  readonly account: string;
  /** The address or number it was sent to. */
  readonly recipient: string;
  readonly at: number;
}

/**
 * DAILY_LIMIT for more codes in one local day than the policy says, or to more addresses that this account never sent
 * one to before. `earlier`: what the account gave out, of today at least; what is left out makes recipients new.
 */
export function judgeDaily(
  policy: Policy,
  zone: readonly OffsetChange[],
  earlier: readonly DailyIssue[],
  wish: DailyIssue,
): Decision<DailyDay> {
  const today = dailyDay(zone, wish.at);
  if (!today.ok) return today;
  const isToday = ({ at }: DailyIssue): boolean => {
    const then = dailyDay(zone, at);
    return then.ok && then.value.day >= today.value.day;
  };
  const own = earlier.filter(({ account }) => account === wish.account);
  const issued = own.filter(isToday);
  if (issued.length >= policy.dailyCodesPerDayMax)
    return deny("DAILY_LIMIT", `${policy.dailyCodesPerDayMax} codes a day`);
  const known = new Set(own.filter((issue) => !isToday(issue)).map(recipientKey));
  const fresh = new Set([...issued, wish].map(recipientKey).filter((key) => !known.has(key)));
  const isFresh = fresh.has(recipientKey(wish));
  if (isFresh && fresh.size > policy.dailyRecipientsNewPerDayMax)
    return deny("DAILY_LIMIT", `${policy.dailyRecipientsNewPerDayMax} new addresses a day`);
  return today;
}

/** Spelling must not make an old address a new one, or the other way round. */
function recipientKey({ recipient }: DailyIssue): string {
  return recipient.normalize("NFKC").replace(/\s/gu, "").toLowerCase();
}

/**
 * When the last lock stops taking a code of this day: it may until the next day's is used, and so long at most. The lock
 * counts its grace by the offset in force: where that changes meanwhile, the hours after midnight are more or fewer.
 */
export function lastSecondOf({ day, endsAt }: DailyDay, zone: readonly OffsetChange[]): number {
  const ends = zone.map(({ at, offsetMinutes }, i) => {
    const until = zone[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    const end = Math.min((day + 1) * secondsPerDay - offsetMinutes * 60 + dailyGraceSeconds, until);
    return end > at ? end : endsAt;
  });
  return Math.max(endsAt, ...ends);
}

const graceHours = dailyGraceSeconds / 3_600;

/** Said to whoever asks for a daily doorcode and to whoever is sent it. */
export const dailyLimits: readonly string[] = [
  "It opens this door until midnight, by the door's local time.",
  `The lock may still take it in the first ${graceHours} hours after midnight (an hour more or less in a night in which the clocks change), until the next day's code is used.`,
  "It cannot be taken back before that without a door sync.",
  "Everybody who is sent one for this door on the same day gets the same code, so the log cannot tell them apart.",
];
