/**
 * Whether a code opens the door now. Judges only; it writes nothing and knows no keypad. Fails closed: what this
 * firmware does not know how to judge does not open.
 */

import {
  type Bytes,
  type Credential,
  type Crypto,
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
 * tells nothing about the table (T26).
 */
export function judgeCode(crypto: Crypto, door: Door, digits: string, now: Now): Judgement {
  const tag = pinTag(crypto, door.pinKey, digits);
  let found: Bytes | undefined;
  for (const item of door.table.items()) {
    if (itemId(item) < firstCredentialId) continue;
    if (crypto.same(item.subarray(5, 21), tag)) found = item;
  }
  const credential = found === undefined ? undefined : decodedCredential(found);
  const rule = credential === undefined ? undefined : ruleOf(door.table, credential.rule);
  const reason = door.damaged ? "damaged" : denial(door, credential, rule, now);
  return reason === undefined && credential !== undefined
    ? { opens: true, credential: credential.id }
    : { opens: false, reason: reason ?? "unknown-code" };
}

function denial(
  door: Door,
  credential: Credential | undefined,
  rule: Rule | undefined,
  now: Now,
): Denial | undefined {
  if (credential === undefined || rule === undefined || rule.class !== "code") return "unknown-code";
  if (credential.suspended) return "suspended";
  const lower = lowerSeconds(door.floorSeconds, now);
  // Fail-open credentials end only when it is surely later; the others as soon as it may be later.
  const latest = rule.failOpen ? lower : upperSeconds(door.floorSeconds, now);
  if (credential.notBefore > lower) return "not-yet";
  if (latest >= credential.notAfter && credential.notAfter !== secondsNever) return "ended";
  if (rule.leaseHours > 0 && latest >= door.issuedAt + rule.leaseHours * 3_600) return "lease-ended";
  // Stored is not enforced: until these are judged here, what carries them does not open.
  if (
    rule.duress ||
    rule.scheduled ||
    rule.useLimit > 0 ||
    rule.expiringMinutes > 0 ||
    rule.skipHolidays ||
    rule.also > 0
  ) {
    return "not-judged-here";
  }
  return undefined;
}
