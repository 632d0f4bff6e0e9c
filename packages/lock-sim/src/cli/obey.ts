/** Carries one command out on a lock, and gives its one answer. It prints nothing and ends nothing. */

import { describeItem } from "@doorsync/protocol/inspect";
import { decodeItem, itemId, toHex } from "@doorsync/protocol/lock";
import { keypadPolicy, poweredSeconds } from "../firmware/keypad.ts";
import type { Running } from "../firmware/state.ts";
import { mayTry, tallyWindowSeconds } from "../firmware/tally.ts";
import type { SimulatedLock } from "../lock.ts";
import type { SupplyCut } from "../parts/supply.ts";
import { isoTime, type Said, type Status } from "./said.ts";
import { type ClockChange, type Command, helpLines } from "./words.ts";

/** The power cut to come, as it was asked for. Whoever hears that it struck takes it out. */
export interface Fuse {
  armed: { readonly cut: SupplyCut; readonly opsBefore: number } | undefined;
}

export function obey(lock: SimulatedLock, fuse: Fuse, command: Command): Said {
  switch (command.word) {
    case "press":
      return { kind: "press", value: { keys: command.keys, ...lock.press(command.keys) } };
    case "status":
      return { kind: "status", value: statusOf(lock, armedNow(lock, fuse)) };
    case "table":
      return tableOf(lock);
    case "cut power":
      disarm(lock, fuse);
      lock.board.powerOff();
      return { kind: "power", value: "cut" };
    case "cut power at":
      lock.supply.failAt(command.cut);
      fuse.armed = { cut: command.cut, opsBefore: lock.supply.ops };
      return { kind: "armed", value: command.cut };
    case "cut power never":
      disarm(lock, fuse);
      return { kind: "armed", value: null };
    case "power on":
      lock.board.powerOn();
      // It may fail again at once, in the repairs of booting.
      return { kind: "power", value: lock.board.state.power === "on" ? "on" : "cut" };
    case "clock":
      changeClock(lock, command.change);
      return { kind: "clock", value: clockOf(lock) };
    case "wait":
      lock.pass(command.seconds);
      return { kind: "waited", value: command.seconds };
    case "ops":
      return { kind: "ops", value: opsOf(lock) };
    case "note":
      return { kind: "notes", value: command.on ? "on" : "off" };
    case "help":
      return { kind: "help", value: helpLines };
    case "quit":
      return { kind: "quit", value: true };
    default:
      return command satisfies never;
  }
}

function disarm(lock: SimulatedLock, fuse: Fuse): void {
  lock.supply.failAt(undefined);
  fuse.armed = undefined;
}

/** The cut to come, counted from now. */
function armedNow({ supply }: SimulatedLock, { armed }: Fuse): SupplyCut | null {
  if (armed === undefined) return null;
  return { ...armed.cut, op: armed.cut.op - (supply.ops - armed.opsBefore) };
}

function tableOf({ board }: SimulatedLock): Said {
  const { state } = board;
  if (state.power === "off") {
    return { kind: "error", value: { line: "table", says: `the lock is dark; type "power on"` } };
  }
  const lines: string[] = [];
  for (const bytes of state.inForce.table.items()) {
    const item = decodeItem(bytes);
    lines.push(item.ok ? describeItem(item.value) : `item ${itemId(bytes)}: ${toHex(bytes)}`);
  }
  return { kind: "table", value: lines };
}

function changeClock({ clock }: SimulatedLock, change: ClockChange): void {
  switch (change.kind) {
    case "show":
      return;
    case "lost":
      clock.lose();
      return;
    case "jump":
      clock.jump(change.seconds);
      return;
    case "set":
      clock.set(change.seconds);
      return;
    default:
      change satisfies never;
  }
}

function clockOf({ clock }: SimulatedLock): string | null {
  const { rtcSeconds } = clock.now();
  return rtcSeconds === undefined ? null : isoTime(rtcSeconds);
}

function opsOf({ supply }: SimulatedLock): Readonly<Record<string, number>> {
  const { programs, programBytes, erases } = supply.flash.counters;
  return { total: supply.ops, programs, programBytes, erases, secureWrites: supply.secure.writes };
}

function statusOf(lock: SimulatedLock, armed: SupplyCut | null): Status {
  const { state } = lock.board;
  const clock = clockOf(lock);
  if (state.power === "off") return { power: "cut", clock, armed };
  const { secure, inForce, store, half } = state;
  const now = lock.clock.now();
  return {
    power: "on",
    phase: secure.phase,
    tag: toHex(secure.tag),
    epoch: secure.epoch,
    version: inForce.version,
    codes: inForce.table.credentials,
    capacity: store.geometry.capacity,
    items: inForce.table.count,
    damaged: store.damaged,
    bolt: lock.panel.boltAt,
    clock,
    uptimeSeconds: Math.floor(now.uptimeMs / 1_000),
    ...keypadOf(state, poweredSeconds(state, now)),
    session: state.session === undefined ? "none" : "open",
    half: half === undefined ? null : { to: half.to, next: half.expected.index },
    armed,
  };
}

function keypadOf(
  running: Running,
  uptime: number,
): { readonly triesLeft: number; readonly waitSeconds: number } {
  const policy = keypadPolicy(running);
  const wrong = running.tally.attempts.filter(
    (one) => !one.right && uptime - one.uptimeSeconds < tallyWindowSeconds,
  ).length;
  const may = mayTry(running.tally, uptime, policy);
  return {
    triesLeft: Math.max(0, policy.wrongCodesPerDayMax - wrong),
    waitSeconds: may.ok ? 0 : may.waitSeconds,
  };
}
