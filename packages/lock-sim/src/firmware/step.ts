/**
 * The firmware: one pure function from a state and an event to the next state and the effects it asks of the board.
 * No clock, no chance, no I/O: time and entropy come with events, storage answers as events. A C port is this folder.
 */

import { type Bytes, type Crypto, emptyTable, itemBytes, itemId } from "@doorsync/protocol/lock";
import { restore, type Staged } from "./boot.ts";
import { planChore } from "./chores.ts";
import { withPlan } from "./commit.ts";
import type { Effect, Event } from "./events.ts";
import type { Geometry } from "./geometry.ts";
import { keepBoltTime, poweredSeconds, pressKey, settleKeypad } from "./keypad.ts";
import { decodeSecure } from "./secure.ts";
import { connect, forgetSession, hearFrame, keepSessionTime, type Turn } from "./session.ts";
import { type Half, type KeypadThen, off, type Running, type State, type TableThen } from "./state.ts";
import { hearMessage, settleTable } from "./sync.ts";
import { planUptime, restoreTally } from "./tally.ts";
import { answered, type Ended, job, proceed } from "./work.ts";

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
    case "programmed":
    case "erased":
    case "secured": {
      const { lanes, ended } = answered(running.lanes, event);
      return end({ ...running, lanes }, turn, ended);
    }
    case "tick":
      return markUptime(keepBoltTime(keepSessionTime(running, turn), turn), turn);
    default:
      throw new Error(`no such event: ${String(event satisfies never)}`);
  }
}

/** Puts the next storage operation out; a lock with nothing to do and nobody connected does a chore. */
function settle(running: Running, turn: Turn): Running {
  let settled = running;
  for (;;) {
    const { lanes, ended } = proceed(settled.lanes, turn.effects);
    settled = end({ ...settled, lanes }, turn, ended);
    if (ended !== undefined) continue;
    const idle =
      lanes.table === undefined && lanes.outstanding === undefined && settled.session === undefined;
    const { store, inForce, secure } = settled;
    const chore = idle ? planChore(store, inForce.table, { epoch: secure.epoch, ...inForce }) : undefined;
    if (chore === undefined) return settled;
    settled = withPlan(settled, chore, (planned) => ({ ...planned, next: "chore" }));
  }
}

function end(running: Running, turn: Turn, ended: Ended<KeypadThen, TableThen> | undefined): Running {
  if (ended === undefined) return running;
  return ended.lane === "keypad" ? settleKeypad(running, turn, ended) : settleTable(running, turn, ended);
}

/** An hourly line in the tally carries powered uptime, by which the guessing budget refills, over power cuts. */
function markUptime(running: Running, turn: Turn): Running {
  if (running.lanes.keypad.length > 0) return running;
  const plan = planUptime(running.tally, poweredSeconds(running, turn.now));
  if (plan.ops.length === 0) return running;
  const keypad = [job<KeypadThen>(plan.ops, { next: "noted", tally: plan.after })];
  return { ...running, lanes: { ...running.lanes, keypad } };
}

/** Undefined: the secure element does not read, and a lock that does not know itself stays off. */
function boot(geometry: Geometry, turn: Turn, flash: Bytes, record: Bytes): Running | undefined {
  const read = decodeSecure(record);
  if (!read.ok) return undefined;
  const secure = read.value;
  const restored = restore(turn.crypto, geometry, flash, secure, secure.keys);
  const { store, table, version, issuedAt, damaged } = restored;
  const { tally, repairs: tallyRepairs } = restoreTally(geometry, flash);
  turn.effects.push(
    { kind: "bolt", to: "locked" },
    { kind: "note", note: { what: "booted", version, damaged, repairs: restored.repairs.length } },
  );
  return {
    power: "on",
    secure,
    store,
    inForce: { version, state: secure.state, issuedAt, table: damaged ? emptyTable : table },
    half: restored.staged === undefined ? undefined : halfOf(restored.staged),
    tally,
    uptimeAtBootSeconds: tally.uptimeSeconds,
    entry: "",
    entered: [],
    bolt: { at: "locked" },
    session: undefined,
    sessions: 0,
    // Repairs before anything else: what was believed at boot must read the same for ever.
    lanes: {
      keypad: [job<KeypadThen>(tallyRepairs, { next: "tally-repaired", tally })],
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
