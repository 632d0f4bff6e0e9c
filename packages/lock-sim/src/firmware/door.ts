/**
 * Whether a code opens the door now. Judges only; it writes nothing and knows no keypad. Fails closed: what this
 * firmware does not know how to judge does not open.
 */

import {
  type Bytes,
  type Credential,
  type Crypto,
  credentialTag,
  decodedCredential,
  firstCredentialId,
  itemId,
  pinTag,
  type Rule,
  ruleOf,
  secondsNever,
  type Table,
} from "@doorsync/protocol/lock";
import { lowerSeconds, upperSeconds } from "./clock.ts";
import type { Denial, Now } from "./events.ts";
import { blankCalendar, type Calendar, isInSchedule, keepsSchedule, readInto } from "./schedule.ts";

export interface Door {
  readonly table: Table;
  readonly pinKey: Bytes;
  /** issuedAt of the table in force: leases count from here, however late it was installed. */
  readonly issuedAt: number;
  readonly floorSeconds: number;
  readonly damaged: boolean;
}

export type Judgement =
  | { readonly opens: true; readonly credential: number }
  | { readonly opens: false; readonly reason: Denial };

/**
 * One MAC, then every credential is visited and compared in constant time, match or not: the time at the keypad
 * tells nothing about the table (T26). What the table says of the hour is read on the way, also for codes that have
 * no schedule.
 */
export function judgeCode(crypto: Crypto, door: Door, digits: string, now: Now): Judgement {
  const tag = pinTag(crypto, door.pinKey, digits);
  let found: Bytes | undefined;
  let calendar = blankCalendar(lowerSeconds(door.floorSeconds, now));
  for (const item of door.table.items()) {
    if (itemId(item) < firstCredentialId) calendar = readInto(calendar, item);
    else if (crypto.same(credentialTag(item), tag)) found = item;
  }
  const credential = found === undefined ? undefined : decodedCredential(found);
  const rule = credential === undefined ? undefined : ruleOf(door.table, credential.rule);
  const reason = door.damaged ? "damaged" : denial(door, credential, rule, calendar, now);
  return reason === undefined && credential !== undefined
    ? { opens: true, credential: credential.id }
    : { opens: false, reason: reason ?? "unknown-code" };
}

function denial(
  door: Door,
  credential: Credential | undefined,
  rule: Rule | undefined,
  calendar: Calendar,
  now: Now,
): Denial | undefined {
  if (credential === undefined || rule === undefined || rule.class !== "code") return "unknown-code";
  if (credential.suspended) return "suspended";
  const [lower, upper] = [calendar.seconds, upperSeconds(door.floorSeconds, now)];
  // Fail-open credentials end only when it is surely later; the others as soon as it may be later.
  const latest = rule.failOpen ? lower : upper;
  if (credential.notBefore > lower) return "not-yet";
  if (latest >= credential.notAfter && credential.notAfter !== secondsNever) return "ended";
  if (rule.leaseHours > 0 && latest >= door.issuedAt + rule.leaseHours * 3_600) return "lease-ended";
  // Stored is not enforced: until these are judged here, what carries them does not open.
  if (rule.duress || rule.useLimit > 0 || rule.expiringMinutes > 0) return "not-judged-here";
  if (!keepsSchedule(rule)) return undefined;
  // Every second that it may be now must lie inside. Bounds that differ mean a lost clock, and then it may be any;
  // failOpen does not help, since it is about ends that come late, and these are hours that were never meant.
  return lower === upper && isInSchedule(door.table, rule, calendar) ? undefined : "out-of-schedule";
}
