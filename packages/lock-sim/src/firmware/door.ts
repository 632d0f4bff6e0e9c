/**
 * Whether what somebody shows opens the door now: a code, the daily doorcode, a keycard, a device. Judges only; it writes nothing
 * and knows no keypad. Fails closed: what this firmware does not know how to judge does not open.
 */

import {
  appTag,
  type Bytes,
  type Credential,
  type Crypto,
  cardTag,
  credentialTag,
  dailyCode,
  dailyCodeLength,
  dailyGraceSeconds,
  decodedCredential,
  firstCredentialId,
  itemId,
  keyBytes,
  localDay,
  pinTag,
  type Rule,
  readUint,
  ruleOf,
  secondsNever,
  type Table,
  tagBytes,
} from "@doorsync/protocol/lock";
import type { Span } from "./clock.ts";
import type { Denial } from "./events.ts";
import { blankCalendar, type Calendar, isInSchedule, keepsSchedule, readInto } from "./schedule.ts";
import { settingsOf } from "./settings.ts";
import { type Use, useOf } from "./uses.ts";

/** What was typed, held against the reader, or proved by a phone. */
export type Shown =
  | { readonly by: "keypad"; readonly digits: string }
  | { readonly by: "card"; readonly uid: Bytes }
  /** `deviceKey`: proved by its holder, with a capability for it; undefined: refused already, and judged all the same. */
  | { readonly by: "app"; readonly deviceKey: Bytes | undefined; readonly asker: Asker };

/** The phone that waits for an answer: its connection, and the key that its answer is sealed with. */
export interface Asker {
  readonly session: number;
  readonly answerKey: Bytes;
}

/** The class of rule that a credential must be under, to be shown so. */
const classes = { keypad: "code", card: "keycard", app: "app" } as const;

export interface Door {
  readonly table: Table;
  readonly keys: { readonly pin: Bytes; readonly daily: Bytes };
  /** issuedAt of the table in force: leases count from here, however late it was installed. */
  readonly issuedAt: number;
  readonly time: Span;
  readonly damaged: boolean;
  readonly uses: readonly Use[];
  /** The last local day whose daily doorcode was accepted, -1 for none: no earlier one is, whatever the clock says. */
  readonly lastDay: number;
}

export type Judgement =
  | {
      readonly opens: true;
      readonly credential: number;
      /** Opens, and tells the property in silence that it was under duress. */
      readonly forced: boolean;
      /** To be noted before the bolt moves. */
      readonly use: Use | undefined;
      readonly day: number | undefined;
    }
  | {
      readonly opens: false;
      readonly reason: Denial;
      /** Whose it is, where it is known: for the journal alone. */
      readonly credential: number | undefined;
    };

/** Credentials of the daily doorcode that are looked at: one for each kind of recipient. */
const dailySlotsMax = 8;
const noTag: Bytes = new Uint8Array(tagBytes);
/** In place of a device's key that does not count: as long as one, so that judging it is the same work. */
const noDevice: Bytes = new Uint8Array(keyBytes);

/**
 * One MAC, then every credential is visited and compared in constant time, match or not: the time at the keypad
 * tells nothing about the table (T26). What the table says of the hour is read on the way, also for codes that have
 * no schedule; and whatever is as long as a daily doorcode is compared with those of the day, also if it is known.
 */
export function judge(crypto: Crypto, door: Door, shown: Shown): Judgement {
  const { keys } = door;
  const tag = tagOf(crypto, keys.pin, shown);
  let found: Bytes | undefined;
  const daily: Bytes[] = [];
  let calendar = blankCalendar(door.time);
  for (const item of door.table.items()) {
    if (itemId(item) < firstCredentialId) calendar = readInto(calendar, item);
    else {
      const isIt = crypto.same(credentialTag(item), tag);
      const isDaily = crypto.same(credentialTag(item), noTag);
      if (isIt) found = item;
      if (isDaily) daily.push(item);
    }
  }
  if (shown.by === "app" && shown.deviceKey === undefined) return denied("no-capability");
  if (door.damaged) return denied("damaged");
  if (shown.by === "keypad" && shown.digits.length === dailyCodeLength) {
    const ofTheDay = judgeDaily(crypto, door, shown.digits, daily, calendar);
    if (found === undefined) return ofTheDay;
  }
  const credential = found === undefined ? undefined : decodedCredential(found);
  const rule = credential === undefined ? undefined : ruleOf(door.table, credential.rule);
  if (credential === undefined || rule?.class !== classes[shown.by]) {
    return denied("unknown-code");
  }
  return judgeCredential(door, credential, rule, calendar, undefined);
}

function tagOf(crypto: Crypto, pinKey: Bytes, shown: Shown): Bytes {
  switch (shown.by) {
    case "keypad":
      return pinTag(crypto, pinKey, shown.digits);
    case "card":
      return cardTag(crypto, pinKey, shown.uid);
    case "app":
      return appTag(crypto, pinKey, shown.deviceKey ?? noDevice);
    default:
      throw new Error(`no such way to show: ${String(shown satisfies never)}`);
  }
}

function denied(reason: Denial, credential?: number): Judgement {
  return { opens: false, reason, credential };
}

/** The code of the day, for each credential that stands for one: today's, or yesterday's in the first hours. */
function judgeDaily(
  crypto: Crypto,
  door: Door,
  digits: string,
  raw: readonly Bytes[],
  calendar: Calendar,
): Judgement {
  const days = daysOf(calendar, door.lastDay);
  const generation = settingsOf(door.table).dailyGeneration;
  let opened: { readonly slot: Credential; readonly day: number } | undefined;
  for (const item of raw.slice(0, dailySlotsMax)) {
    const slot = decodedCredential(item);
    if (slot === undefined) continue;
    for (const day of days) {
      const code = dailyCode(crypto, door.keys.daily, { generation, slot: slot.id, day });
      if (crypto.same(digitBytes(code), digitBytes(digits))) opened = { slot, day };
    }
  }
  if (opened === undefined) return denied("unknown-code");
  const rule = ruleOf(door.table, opened.slot.rule);
  if (rule?.class !== "dailyCode") return denied("unknown-code");
  return judgeCredential(door, opened.slot, rule, calendar, opened.day);
}

function digitBytes(digits: string): Bytes {
  return Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
}

/** Local days whose code counts, none of them before the last accepted one. None at all while the day is in doubt. */
function daysOf({ span, change, changesWithin }: Calendar, lastDay: number): readonly number[] {
  if (change === undefined || changesWithin) return [];
  const first = localDay(span.lower, change.offsetMinutes);
  const last = localDay(span.upper, change.offsetMinutes);
  if (!(last - first <= 1)) return [];
  const isEarly = localDay(span.lower - dailyGraceSeconds, change.offsetMinutes) < first;
  const days = [...new Set([...(isEarly ? [first - 1] : []), first, last])];
  return days.filter((day) => day >= lastDay);
}

function judgeCredential(
  door: Door,
  credential: Credential,
  rule: Rule,
  calendar: Calendar,
  day: number | undefined,
): Judgement {
  const mark = readUint(credential.tag, 0, 4);
  const used = useOf(door.uses, credential.id, mark);
  const reason = denial(door, credential, rule, calendar, used);
  if (reason !== undefined) return denied(reason, credential.id);
  const first = used?.firstSeconds ?? door.time.lower;
  // Minutes count from the first use alone; a limit of uses from every one.
  const isNoted = rule.useLimit > 0 || (rule.expiringMinutes > 0 && used === undefined);
  const use = { credential: credential.id, mark, count: (used?.count ?? 0) + 1, firstSeconds: first };
  return {
    opens: true,
    credential: credential.id,
    forced: rule.duress,
    use: isNoted ? use : undefined,
    day: day !== undefined && day > door.lastDay ? day : undefined,
  };
}

function denial(
  door: Door,
  credential: Credential,
  rule: Rule,
  calendar: Calendar,
  used: Use | undefined,
): Denial | undefined {
  if (credential.suspended) return "suspended";
  const { lower, upper } = door.time;
  // Fail-open credentials end only when it is surely later; the others as soon as it may be later.
  const latest = rule.failOpen ? lower : upper;
  if (credential.notBefore > lower) return "not-yet";
  if (latest >= credential.notAfter && credential.notAfter !== secondsNever) return "ended";
  if (rule.leaseHours > 0 && latest >= door.issuedAt + rule.leaseHours * 3_600) return "lease-ended";
  if (rule.useLimit > 0 && used !== undefined && used.count >= rule.useLimit) return "used-up";
  if (rule.expiringMinutes > 0) {
    // Before the first use nothing has begun to run; but it must be known when it does.
    const end = used === undefined ? Number.POSITIVE_INFINITY : used.firstSeconds + rule.expiringMinutes * 60;
    // A first use that lies ahead was noted by a clock that ran ahead: how long ago it was is not known any more.
    const isAhead = used !== undefined && used.firstSeconds > upper;
    if (latest >= end || isAhead) return "minutes-over";
  }
  return keepsSchedule(rule) && !isInSchedule(door.table, rule, calendar) ? "out-of-schedule" : undefined;
}
