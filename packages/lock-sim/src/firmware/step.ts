/**
 * The firmware: one pure function from a state and an event to the next state and the effects it asks of the board.
 * No clock, no chance, no I/O: time and entropy come with events, storage answers as events. A C port is this folder.
 */

import { type Bytes, type Crypto, emptyTable, itemBytes, itemId } from "@doorsync/protocol/lock";
import { restore, type Staged } from "./boot.ts";
import { planChore } from "./chores.ts";
import { keptBy, markAhead, spanOf } from "./clock.ts";
import { withPlan } from "./commit.ts";
import { nextLine, openDiary, witness, written } from "./diary.ts";
import type { Effect, Event } from "./events.ts";
import type { Geometry } from "./geometry.ts";
import { planMend, planReclaim, worn } from "./journal.ts";
import { restoreJournal } from "./journal-boot.ts";
import {
  considerNext,
  type KeypadEnded,
  noted,
  poweredSeconds,
  pressKey,
  settleAttempt,
  settleOpening,
  stillMatters,
  tapCard,
  withKeypadJob,
} from "./keypad.ts";
import { settleAcknowledged } from "./log.ts";
import {
  hearBattery,
  hearBolt,
  hearCylinder,
  hearDoor,
  keepMechanics,
  restingMechanics,
} from "./mechanics.ts";
import { planBoot, planClockSet, planMark, restoreNotebook, unfirm } from "./notebook.ts";
import { beginReset, isWiping, pressReset, settleWipe, wipe } from "./reset.ts";
import { decodeSecure, heldVersion } from "./secure.ts";
import { connect, forgetSession, hearFrame, keepSessionTime, type Turn } from "./session.ts";
import { type Half, type KeypadThen, off, type Running, type State, type TableThen } from "./state.ts";
import { answerWaiting, hearMessage, settleTable } from "./sync.ts";
import { answered, type Ended, isDone, job, proceed } from "./work.ts";

export interface Firmware {
  step(state: State, event: Event): { readonly state: State; readonly effects: readonly Effect[] };
}

export function createFirmware(lent: { readonly crypto: Crypto; readonly geometry: Geometry }): Firmware {
  return {
    step(state, event) {
      const effects: Effect[] = [];
      const turn: Turn = { crypto: lent.crypto, now: event.now, effects };
      if (event.kind === "power-off") return { state: off, effects };
      if (event.kind === "power-on") {
        const booted = boot(lent.geometry, turn, event.flash, event.secure);
        return { state: booted === undefined ? off : settle(booted, turn), effects };
      }
      if (state.power === "off") return { state, effects };
      return { state: settle(heed(state, turn, event), turn), effects };
    },
  };
}

type Heeded = Exclude<Event, { readonly kind: "power-on" | "power-off" }>;

function heed(running: Running, turn: Turn, event: Heeded): Running {
  switch (event.kind) {
    case "connected":
      return connect(running, turn, event.entropy, event.frameBytesMax);
    case "disconnected":
      return forgetSession(running, turn);
    case "frame": {
      const heard = hearFrame(running, turn, event.bytes);
      return heard.message === undefined ? heard.running : hearMessage(heard.running, turn, heard.message);
    }
    case "key":
      return pressKey(running, turn, event.key);
    case "card":
      return tapCard(running, turn, event.uid);
    case "cylinder":
      return hearCylinder(running, turn, event.to);
    case "bolt-at":
      return hearBolt(running, turn, event.at);
    case "door":
      return hearDoor(running, turn, event.is);
    case "battery":
      return hearBattery(running, event.percent);
    case "reset-button":
      return pressReset(running, turn);
    case "programmed":
    case "erased":
    case "secured": {
      const { lanes, ended } = answered(running.lanes, event);
      return end({ ...running, lanes }, turn, ended);
    }
    case "tick":
      return markTime(keepMechanics(keepSessionTime(running, turn), turn), turn);
    default:
      throw new Error(`no such event: ${String(event satisfies never)}`);
  }
}

/** Puts the next storage operation out: people first, then the journal, then the table; chores only when nobody waits. */
function settle(running: Running, turn: Turn): Running {
  let settled = running;
  for (;;) {
    // Before the table's next operation, however many are to come: whoever waits at the door waits for one. But what is
    // durable by now is in force before anybody else is judged.
    if (!isDone(settled.lanes.table)) settled = fillKeypadLane(settled, turn);
    const { lanes, ended } = proceed(settled.lanes, turn.effects);
    settled = end({ ...settled, lanes }, turn, ended);
    if (ended !== undefined || settled.lanes.outstanding !== undefined) {
      if (ended === undefined) return settled;
      continue;
    }
    const busy = takeUp(settled, turn);
    if (busy === undefined) return settled;
    settled = busy;
  }
}

/** Failed chores after which a lock rests until the next power-on: flash that does not take is not worn further. */
const failedChoresMax = 32;

/** Whoever waits at the door, then notes, then the journal, as long as the keypad's lane has nothing to do. */
function fillKeypadLane(running: Running, turn: Turn): Running {
  let filled = running;
  while (filled.lanes.keypad === undefined && filled.entered.length > 0) filled = considerNext(filled, turn);
  if (filled.lanes.keypad !== undefined) return filled;
  const clock = noteClock(filled, turn);
  if (clock !== undefined) return clock;
  const line = nextLine(filled, turn);
  return line.job === undefined ? line.running : withKeypadJob(line.running, line.job);
}

/** Work for lanes that are both empty, and nobody waits at the door; undefined: there is none. */
function takeUp(running: Running, turn: Turn): Running | undefined {
  if (running.resetPressed) return beginReset(running, turn);
  if (running.session !== undefined) return undefined;
  if (running.wipeFailed || running.failedChores >= failedChoresMax) return undefined;
  if (isWiping(running)) return wipe(running);
  const ready = running.journalToMend ? planMend(running.journal) : planReclaim(running.journal);
  if (ready !== undefined) {
    return withKeypadJob(running, job(ready.ops, { next: "written", line: ready, entry: undefined }));
  }
  const { store, inForce, secure } = running;
  // Between two epochs the table stays where it is: its place in flash is of the epoch before.
  if (secure.tableEpoch !== secure.epoch) return undefined;
  const chore = planChore(store, inForce.table, { epoch: secure.epoch, ...inForce });
  return chore && withPlan(running, chore, (planned) => ({ ...planned, next: "chore" }));
}

function end(running: Running, turn: Turn, ended: Ended<KeypadThen, TableThen> | undefined): Running {
  if (ended === undefined) return running;
  if (ended.lane === "keypad") return settleKeypad(running, turn, ended);
  return answerWaiting(settleTable(running, turn, ended), turn);
}

function settleKeypad(running: Running, turn: Turn, ended: KeypadEnded): Running {
  const { ok, job: done } = ended;
  const { then, at } = done;
  if (!ok) turn.effects.push({ kind: "note", note: { what: "storage-failed" } });
  switch (then.next) {
    case "judge":
      return settleAttempt(running, turn, then, ended);
    case "open":
      return settleOpening(running, turn, then, ended);
    case "noted":
      return { ...running, notebook: noted(running.notebook, then.notes, ended) };
    case "written": {
      const { line, entry } = then;
      if (!ok) return { ...running, journal: worn(line, at) };
      const kept = { ...running, journal: line.after, journalToMend: false };
      return entry === undefined ? kept : written(kept, entry);
    }
    case "acknowledged":
      return settleAcknowledged(running, turn, then, ended);
    case "repaired":
      return settleRepairs(running, turn, then.journalFrom, ended);
    case "wiped":
      if (ok) return settleWipe(running, turn, then.line);
      return { ...running, wipeFailed: true };
    default:
      throw new Error(`no such end: ${String(then satisfies never)}`);
  }
}

/** What was believed at boot is firm; now this boot is written down, too. */
function settleRepairs(running: Running, turn: Turn, journalFrom: number, ended: KeypadEnded): Running {
  const isNotebookFirm = ended.ok || ended.job.at >= journalFrom;
  const notebook = isNotebookFirm ? running.notebook : unfirm(running.notebook);
  const kept = { ...running, notebook, journalToMend: !ended.ok };
  const notes = planBoot(notebook, poweredSeconds(kept, turn.now), stillMatters(kept));
  return withKeypadJob(witness(kept, turn, { kind: "Boot" }), job(notes.ops, { next: "noted", notes }));
}

/** The time that a token brought, so that a lost clock does not fall behind it, nor a wrong mark stay ahead of it. */
function noteClock(running: Running, turn: Turn): Running | undefined {
  const { clockToNote: clock, notebook } = running;
  if (clock === undefined) return undefined;
  const uptime = poweredSeconds(running, turn.now);
  const notes = planClockSet(notebook, uptime, clock.seconds, clock.setSeconds, stillMatters(running));
  return withKeypadJob({ ...running, clockToNote: undefined }, job(notes.ops, { next: "noted", notes }));
}

/** An hourly line in the notebook carries powered uptime and the lower bound of the time over power cuts. */
function markTime(running: Running, turn: Turn): Running {
  if (running.lanes.keypad !== undefined) return running;
  const { lower } = spanOf(keptBy(running), turn.now);
  const uptime = poweredSeconds(running, turn.now);
  const notes = planMark(running.notebook, uptime, lower, stillMatters(running));
  return notes.ops.length === 0 ? running : withKeypadJob(running, job(notes.ops, { next: "noted", notes }));
}

/** Undefined: the secure element does not read, and a lock that does not know itself stays off. */
function boot(geometry: Geometry, turn: Turn, flash: Bytes, record: Bytes): Running | undefined {
  const read = decodeSecure(record);
  if (!read.ok) return undefined;
  const secure = read.value;
  const restored = restore(turn.crypto, geometry, flash, secure, secure.keys);
  const { store, table, issuedAt, damaged } = restored;
  const version = heldVersion(secure);
  const notes = restoreNotebook(geometry, flash);
  const events = restoreJournal(geometry, flash);
  const repairs = restored.repairs.length;
  turn.effects.push(
    { kind: "bolt", to: "locked" },
    { kind: "note", note: { what: "booted", version, damaged, repairs } },
  );
  return {
    power: "on",
    secure,
    store,
    inForce: { version, state: secure.state, issuedAt, table: damaged ? emptyTable : table },
    half: restored.staged === undefined ? undefined : halfOf(restored.staged),
    held: [],
    notebook: notes.notebook,
    journal: events.journal,
    diary: openDiary(events.journal),
    journalToMend: false,
    uptimeAtBootSeconds: notes.notebook.uptimeSeconds,
    entry: "",
    entered: [],
    mechanics: restingMechanics,
    session: undefined,
    sessions: 0,
    failedChores: 0,
    resetPressed: false,
    wipeFailed: false,
    clockToNote: markAhead(secure, notes.notebook),
    // Repairs before anything else: what was believed at boot must read the same for ever.
    lanes: {
      keypad: job<KeypadThen>([...notes.repairs, ...events.repairs], {
        next: "repaired",
        journalFrom: notes.repairs.length,
      }),
      table: job<TableThen>(restored.repairs, { next: "repaired" }),
      outstanding: undefined,
    },
    badSignaturesMs: [],
  };
}

/** The memory of a stream whose blocks were found in flash. */
function halfOf(staged: Staged): Half {
  const last: Bytes = staged.itemsSoFar.subarray(-itemBytes);
  return {
    to: staged.to,
    root: staged.root,
    issuedAt: staged.issuedAt,
    items: [staged.itemsSoFar],
    digest: staged.digest,
    expected: {
      index: staged.nextIndex,
      hash: staged.nextHash,
      afterId: last.length === 0 ? -1 : itemId(last),
    },
  };
}
