/**
 * Whether a rule's weekly windows and the table's holidays let it open, whichever second of an interval it is now.
 * Arithmetic on signed items alone: no zone database, and no clock. What is missing or does not end closes, and so does
 * an interval too long to mean anything.
 */

import {
  type Bytes,
  decodeItem,
  type Rule,
  ruleOf,
  rulesPerScheduleMax,
  scheduleUncertaintySecondsMax,
  secondsNever,
  type Table,
  type Window,
} from "@doorsync/protocol/lock";
import type { Span } from "./clock.ts";

const minutesPerDay = 1_440;
const minutesPerWeek = 7 * minutesPerDay;

/**
 * 1970 began on a Thursday, four days into a week that begins on Sunday. One week more, so that the first hours of 1970
 * west of Greenwich are no negative number: in C a remainder of one would be negative too.
 */
const minutesAtEpoch = 4 * minutesPerDay + minutesPerWeek;

/** What a table's zone and holiday items say of an interval, as far as they were read. */
export interface Calendar {
  readonly span: Span;
  /** The last change of the offset up to its beginning. Undefined: local time is not known, which is not UTC. */
  readonly change: { readonly at: number; readonly offsetMinutes: number } | undefined;
  /** The offset changes before its end. */
  readonly changesWithin: boolean;
  /** A holiday touches it. */
  readonly holiday: boolean;
}

/** An interval of seconds since 1970 UTC, of which no item has said anything yet. */
export function blankCalendar(span: Span): Calendar {
  return { span, change: undefined, changesWithin: false, holiday: false };
}

/** The calendar after one more item of the table, of any kind; to be told of all of them, in ascending order of ids. */
export function readInto(calendar: Calendar, raw: Bytes): Calendar {
  const { lower, upper } = calendar.span;
  const item = decodeItem(raw);
  if (!item.ok) return calendar;
  if (item.value.kind === "zone") {
    let { change, changesWithin } = calendar;
    // Items need not follow each other in time; of two changes at one second the greater id's holds.
    for (const one of item.value.changes) {
      if (one.at <= lower && (change === undefined || one.at >= change.at)) change = one;
      if (one.at > lower && one.at <= upper) changesWithin = true;
    }
    return { ...calendar, change, changesWithin };
  }
  if (item.value.kind === "holiday") {
    const touches = item.value.spans.some(
      ({ start, end }) => start <= upper && (lower < end || end === secondsNever),
    );
    return touches ? { ...calendar, holiday: true } : calendar;
  }
  return calendar;
}

/** Whether a rule asks for the time of week or for holidays at all. */
export function keepsSchedule(rule: Rule): boolean {
  return rule.scheduled || rule.skipHolidays;
}

/**
 * Whether the rule opens at every second of the calendar's interval. Windows are read off a clock on the wall: in the
 * hour that is skipped in spring none is open, in the hour that comes twice in autumn each is open twice.
 */
export function isInSchedule(table: Table, rule: Rule, calendar: Calendar): boolean {
  const { span, change, changesWithin, holiday } = calendar;
  // Nothing helps a lost clock here, not even failOpen: that is about ends that come late, and these are hours that
  // were never meant.
  if (span.upper - span.lower > scheduleUncertaintySecondsMax) return false;
  if (rule.skipHolidays && holiday) return false;
  if (!rule.scheduled) return true;
  if (change === undefined || changesWithin) return false;
  const windows = windowsOf(table, rule);
  for (let minute = Math.floor(span.lower / 60); minute <= Math.floor(span.upper / 60); minute++) {
    const ofWeek = (minute + change.offsetMinutes + minutesAtEpoch) % minutesPerWeek;
    if (!windows.some((window) => covers(window, ofWeek))) return false;
  }
  return true;
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
