/**
 * Whether a rule's weekly windows and the table's holidays let it open at one second. Arithmetic on signed items alone:
 * no zone database, and no clock; whether the lock knows that second at all is the caller's to say. What is missing or
 * does not end closes.
 */

import {
  type Bytes,
  decodeItem,
  type Rule,
  ruleOf,
  rulesPerScheduleMax,
  secondsNever,
  type Table,
  type Window,
} from "@doorsync/protocol/lock";

const minutesPerDay = 1_440;
const minutesPerWeek = 7 * minutesPerDay;

/**
 * 1970 began on a Thursday, four days into a week that begins on Sunday. One week more, so that the first hours of 1970
 * west of Greenwich are no negative number: in C a remainder of one would be negative too.
 */
const minutesAtEpoch = 4 * minutesPerDay + minutesPerWeek;

/** What a table's zone and holiday items say of one second, as far as they were read. */
export interface Calendar {
  readonly seconds: number;
  /** The last change of the offset up to that second. Undefined: local time is not known, which is not UTC. */
  readonly change: { readonly at: number; readonly offsetMinutes: number } | undefined;
  readonly holiday: boolean;
}

/** `seconds` since 1970 UTC, of which no item has said anything yet. */
export function blankCalendar(seconds: number): Calendar {
  return { seconds, change: undefined, holiday: false };
}

/** The calendar after one more item of the table, of any kind; to be told of all of them, in ascending order of ids. */
export function readInto(calendar: Calendar, raw: Bytes): Calendar {
  const { seconds } = calendar;
  const item = decodeItem(raw);
  if (!item.ok) return calendar;
  if (item.value.kind === "zone") {
    let { change } = calendar;
    // Items need not follow each other in time; of two changes at one second the greater id's holds.
    for (const one of item.value.changes) {
      if (one.at <= seconds && (change === undefined || one.at >= change.at)) change = one;
    }
    return { ...calendar, change };
  }
  if (item.value.kind === "holiday") {
    const inside = item.value.spans.some(
      ({ start, end }) => start <= seconds && (seconds < end || end === secondsNever),
    );
    return inside ? { ...calendar, holiday: true } : calendar;
  }
  return calendar;
}

/** Whether a rule asks for the time of week or for holidays at all. */
export function keepsSchedule(rule: Rule): boolean {
  return rule.scheduled || rule.skipHolidays;
}

/**
 * Whether the rule opens at the calendar's second. Windows are read off a clock on the wall: in the hour that is skipped
 * in spring none is open, in the hour that comes twice in autumn each is open twice.
 */
export function isInSchedule(table: Table, rule: Rule, { seconds, change, holiday }: Calendar): boolean {
  if (rule.skipHolidays && holiday) return false;
  if (!rule.scheduled) return true;
  if (change === undefined) return false;
  const minuteOfWeek = (Math.floor(seconds / 60) + change.offsetMinutes + minutesAtEpoch) % minutesPerWeek;
  return windowsOf(table, rule).some((window) => covers(window, minuteOfWeek));
}

/** The windows of a rule and of those it names by `also`; none at all if one is missing or the chain is too long. */
function windowsOf(table: Table, rule: Rule): readonly Window[] {
  const windows: Window[] = [];
  let next: Rule | undefined = rule;
  // A circle never ends either: the bound is what finds it.
  for (let rules = 0; rules < rulesPerScheduleMax && next !== undefined; rules++) {
    windows.push(...next.windows);
    if (next.also === 0) return windows;
    next = ruleOf(table, next.also);
  }
  return [];
}

/** Counted from the window's start in each of its days, around the end of the week: midnight is no special case. */
function covers({ days, startMinute, endMinute }: Window, minuteOfWeek: number): boolean {
  const length = endMinute > startMinute ? endMinute - startMinute : endMinute - startMinute + minutesPerDay;
  for (let day = 0; day < 7; day++) {
    const since = (minuteOfWeek - day * minutesPerDay - startMinute + minutesPerWeek) % minutesPerWeek;
    if ((days & (1 << day)) !== 0 && since < length) return true;
  }
  return false;
}
