/**
 * The person at the keypad: digits, ENTER (#), CLEAR (*). An attempt is counted durably before the code is compared,
 * so pulling the battery buys no guesses (T24); the panel shows the same for every reason of a refusal. Whether a
 * code opens is door.ts's to judge, how attempts are stored tally.ts's.
 */

import {
  codeDigitsMax,
  decodeItem,
  type Settings,
  settingsId,
  userCodeTemporaryDisableSeconds,
  wrongCodeEntryLimit,
  wrongCodesPerDayMax,
} from "@doorsync/protocol/lock";
import { judgeCode } from "./door.ts";
import type { Denial, Key, Now } from "./events.ts";
import type { Turn } from "./session.ts";
import type { KeypadThen, Running } from "./state.ts";
import { type KeypadPolicy, mayTry, planAttempt, planSuccess, unfirm } from "./tally.ts";
import { type Ended, entriesWaitingMax, job } from "./work.ts";

/** The bolt goes back by itself after so long (Matter AutoRelockTime), where the table's settings do not say. */
const autoRelockSecondsDefault = 5;

const defaultPolicy: KeypadPolicy = {
  wrongCodeEntryLimit,
  userCodeTemporaryDisableSeconds,
  wrongCodesPerDayMax,
};

/** Uptime over all power cuts: the guessing budget refills by it, so that a lost clock neither opens nor closes it. */
export function poweredSeconds(running: Running, now: Now): number {
  return running.uptimeAtBootSeconds + Math.floor(now.uptimeMs / 1_000);
}

export function pressKey(running: Running, turn: Turn, key: Key): Running {
  switch (key) {
    case "*":
      return { ...running, entry: "" };
    case "#":
      return enter({ ...running, entry: "" }, turn, running.entry);
    default:
      // One digit more than any code has is kept, so that an overlong entry is refused and never cut to a right one.
      return running.entry.length > codeDigitsMax ? running : { ...running, entry: running.entry + key };
  }
}

function enter(running: Running, turn: Turn, digits: string): Running {
  if (digits === "") return running;
  if (digits.length > codeDigitsMax) return show(running, turn, "unknown-code");
  if (running.lanes.keypad.length === 0) return attempt(running, turn, digits);
  // One after the other: a success is noted for the attempt that it belongs to.
  if (running.entered.length >= entriesWaitingMax) return show(running, turn, "budget");
  return { ...running, entered: [...running.entered, digits] };
}

function attempt(running: Running, turn: Turn, digits: string): Running {
  const uptime = poweredSeconds(running, turn.now);
  if (!mayTry(running.tally, uptime, keypadPolicy(running)).ok) return show(running, turn, "budget");
  const plan = planAttempt(running.tally, uptime);
  return withKeypadJob(running, plan.ops, { next: "judge", digits, tally: plan.after });
}

/** The attempt's line was read back (judge now), or the success mark was. */
export function settleKeypad(
  running: Running,
  turn: Turn,
  ended: Extract<Ended<KeypadThen, never>, { readonly lane: "keypad" }>,
): Running {
  const { then, ops, at } = ended.job;
  // Where only the last operation did not take, its place is used up all the same; before that, nothing has moved.
  const tally = ended.ok || at === ops.length - 1 ? then.tally : running.tally;
  let settled = judgeAttempt({ ...running, tally }, turn, then, ended.ok);
  while (settled.lanes.keypad.length === 0) {
    const [digits, ...entered] = settled.entered;
    if (digits === undefined) break;
    settled = attempt({ ...settled, entered }, turn, digits);
  }
  return settled;
}

function judgeAttempt(running: Running, turn: Turn, then: KeypadThen, counted: boolean): Running {
  if (then.next === "noted") return running;
  if (then.next === "tally-repaired") return counted ? running : { ...running, tally: unfirm(then.tally) };
  if (!counted) {
    // Not counted means not compared: a worn tally must not give free guesses.
    turn.effects.push({ kind: "note", note: { what: "storage-failed" } });
    return show(running, turn, "budget");
  }
  const { inForce, secure, store } = running;
  const door = {
    table: inForce.table,
    pinKey: secure.keys.pin,
    issuedAt: inForce.issuedAt,
    floorSeconds: store.floorSeconds,
    damaged: store.damaged,
  };
  const judgement = judgeCode(turn.crypto, door, then.digits, turn.now);
  if (!judgement.opens) return show(running, turn, judgement.reason);
  turn.effects.push(
    { kind: "bolt", to: "unlocked" },
    { kind: "signal", signal: "accepted" },
    { kind: "note", note: { what: "opened", credential: judgement.credential } },
  );
  const untilMs = turn.now.uptimeMs + 1_000 * autoRelockSeconds(running);
  const plan = planSuccess(running.tally);
  const opened: Running = { ...running, bolt: { at: "unlocked", untilMs } };
  return withKeypadJob(opened, plan.ops, { next: "noted", tally: plan.after });
}

export function keepBoltTime(running: Running, turn: Turn): Running {
  if (running.bolt.at === "locked" || turn.now.uptimeMs < running.bolt.untilMs) return running;
  turn.effects.push({ kind: "bolt", to: "locked" });
  return { ...running, bolt: { at: "locked" } };
}

function show(running: Running, turn: Turn, reason: Denial): Running {
  const signal = reason === "budget" ? "wait" : "refused";
  turn.effects.push({ kind: "signal", signal }, { kind: "note", note: { what: "denied", reason } });
  return running;
}

/** What the owner's table says of wrong codes, or the defaults. */
export function keypadPolicy(running: Running): KeypadPolicy {
  return settingsOf(running) ?? defaultPolicy;
}

function autoRelockSeconds(running: Running): number {
  return settingsOf(running)?.autoRelockSeconds ?? autoRelockSecondsDefault;
}

function settingsOf(running: Running): Settings | undefined {
  const raw = running.inForce.table.get(settingsId);
  const item = raw === undefined ? undefined : decodeItem(raw);
  return item?.ok && item.value.kind === "settings" ? item.value : undefined;
}

function withKeypadJob(running: Running, ops: Parameters<typeof job>[0], then: KeypadThen): Running {
  const keypad = [...running.lanes.keypad, job(ops, then)];
  return { ...running, lanes: { ...running.lanes, keypad } };
}
