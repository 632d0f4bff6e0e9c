/**
 * The button inside: a lock forgets its owner, and with it every key. Only somebody who is in may do that, and nobody
 * can undo it unseen: epoch and generation go on counting, so that nothing from before counts again, and the next owner
 * finds the reset at the head of the journal.
 *
 * The secure element's write is the whole deed; the journal of the last owner is wiped after it, at the next power-on
 * if need be.
 */

import { alarmCodes, decodeEvent, emptyTable, setupTag } from "@doorsync/protocol/lock";
import { withTableJob } from "./commit.ts";
import { openDiary, raise } from "./diary.ts";
import { type JournalPlan, planWipe } from "./journal.ts";
import { withKeypadJob } from "./keypad.ts";
import { encodeSecure, factorySecure, type Secure } from "./secure.ts";
import { hangUp, type Turn } from "./session.ts";
import type { Running } from "./state.ts";
import { blankStore, moveOn } from "./store.ts";
import { job } from "./work.ts";

/** Whoever is connected is sent away; what is being written is written to its end first. */
export function pressReset(running: Running, turn: Turn): Running {
  return { ...hangUp(running, turn), resetPressed: true };
}

export function beginReset(running: Running, turn: Turn): Running {
  const { secure } = running;
  const setup = { secret: secure.setupSecret };
  const next: Secure = {
    ...factorySecure(secure.setupSecret, setupTag(turn.crypto, setup)),
    ...moveOn(secure),
    epoch: secure.epoch,
    tableEpoch: secure.epoch,
  };
  const ops = [{ kind: "secure", record: encodeSecure(next) } as const];
  return withTableJob({ ...running, resetPressed: false }, ops, { next: "reset", secure: next });
}

/** The lock has no owner any more. */
export function settleReset(running: Running, turn: Turn, secure: Secure): Running {
  turn.effects.push({ kind: "note", note: { what: "factory-reset" } });
  const store = blankStore(running.store.geometry, secure);
  const inForce = { version: 0, state: secure.state, issuedAt: 0, table: emptyTable };
  return { ...hangUp(running, turn), secure, store, inForce, half: undefined };
}

/** Whether events of a former owner still lie in the journal. */
export function isWiping({ secure, journal }: Running): boolean {
  if (secure.phase !== "factory" || secure.epoch === 0) return false;
  const [first] = journal.events;
  if (first === undefined) return journal.lastSeq > 0;
  const event = decodeEvent(first);
  if (!event.ok) return true;
  const { seq, kind, detail } = event.value;
  return !(seq === 1 && kind === "DoorLockAlarm" && detail === alarmCodes.LockFactoryReset);
}

/** Erases the journal; its first line will be the reset itself. */
export function wipe(running: Running): Running {
  const line = planWipe(running.journal);
  return withKeypadJob(running, job(line.ops, { next: "wiped", line }));
}

/** The journal is blank. What waited to be written was the last owner's, too. */
export function settleWipe(running: Running, turn: Turn, { after }: JournalPlan): Running {
  return raise({ ...running, journal: after, diary: openDiary(after) }, turn, "LockFactoryReset");
}
