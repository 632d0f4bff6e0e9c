/**
 * The moving parts as the firmware knows them: bolt, door and battery. What it orders and what it hears back are two
 * things; an alarm is raised once, when they part, and again only after they met. Not who may come in.
 */

import {
  boltSecondsMax,
  conditionFlags,
  criticalBatteryPercent,
  doorAjarSeconds,
  lockOperationTypes,
  lowBatteryPercent,
} from "@doorsync/protocol/lock";
import { raise, witness } from "./diary.ts";
import type { BoltReached } from "./events.ts";
import type { Turn } from "./session.ts";
import { settingsOf } from "./settings.ts";
import type { Bolt, Mechanics, Running, Side } from "./state.ts";

/** At power-on: the bolt is ordered out, and nothing is known that was not said since. */
export const restingMechanics: Mechanics = {
  bolt: { at: "locked" },
  jamRaised: false,
  door: { is: "closed" },
  batteryPercent: 100,
};

const jamRetryMs = 10_000;

export function throwBolt(running: Running, turn: Turn, to: Side): Running {
  turn.effects.push({ kind: "bolt", to });
  return withMechanics(running, { bolt: { at: "moving", to, sinceMs: turn.now.uptimeMs } });
}

/** The motor's answer. One that nobody waits for tells where the bolt is all the same. */
export function hearBolt(running: Running, turn: Turn, at: BoltReached): Running {
  const { bolt, jamRaised } = running.mechanics;
  const to = bolt.at === "moving" || bolt.at === "jammed" ? bolt.to : bolt.at;
  switch (at) {
    case "jammed": {
      const againMs = turn.now.uptimeMs + jamRetryMs;
      const jammed = withMechanics(running, { bolt: { at: "jammed", to, againMs }, jamRaised: true });
      return jamRaised ? jammed : raise(jammed, turn, "LockJammed");
    }
    case "unlocked":
      return withMechanics(running, { bolt: freshlyUnlocked(running, turn), jamRaised: false });
    case "locked": {
      const locked = withMechanics(running, { bolt: { at: "locked" }, jamRaised: false });
      // At power-on the bolt is ordered out wherever it was: nobody locked anything.
      return bolt.at === "locked" || to !== "locked" ? locked : witnessLock(locked, turn, "Auto");
    }
    default:
      throw new Error(`no such position: ${String(at satisfies never)}`);
  }
}

/** Somebody turned the key. It needs no leave; it is written down, and the bolt goes back as after any opening. */
export function hearCylinder(running: Running, turn: Turn, to: Side): Running {
  if (to === "locked") {
    return witnessLock(withMechanics(running, { bolt: { at: "locked" } }), turn, "Manual");
  }
  turn.effects.push({
    kind: "note",
    note: { what: "opened", credential: 0, by: "cylinder", forced: false },
  });
  return witness(withMechanics(running, { bolt: freshlyUnlocked(running, turn) }), turn, {
    kind: "LockOperation",
    detail: lockOperationTypes.Unlock,
    source: "Manual",
  });
}

export function hearDoor(running: Running, turn: Turn, is: "open" | "closed"): Running {
  const { bolt, door } = running.mechanics;
  if (is === "closed") return withMechanics(running, { door: { is } });
  if (door.is === "open") return running;
  const opened = withMechanics(running, { door: { is, sinceMs: turn.now.uptimeMs, ajarRaised: false } });
  return bolt.at === "locked" ? raise(opened, turn, "DoorForcedOpen") : opened;
}

export function hearBattery(running: Running, percent: number): Running {
  return withMechanics(running, { batteryPercent: percent });
}

/** Whether the motor may be tried: one that stops halfway is worse than one that does not start. */
export function hasPowerToMove(running: Running): boolean {
  return running.mechanics.batteryPercent > criticalBatteryPercent;
}

/** What time does to the moving parts: relocking, a motor that does not answer, a door left open. */
export function keepMechanics(running: Running, turn: Turn): Running {
  return keepDoor(keepBolt(running, turn), turn);
}

function keepBolt(running: Running, turn: Turn): Running {
  const { bolt } = running.mechanics;
  const { uptimeMs } = turn.now;
  switch (bolt.at) {
    case "locked":
      return running;
    case "unlocked":
      return uptimeMs >= bolt.untilMs && mayLock(running) ? throwBolt(running, turn, "locked") : running;
    case "moving":
      return uptimeMs - bolt.sinceMs > 1_000 * boltSecondsMax ? hearBolt(running, turn, "jammed") : running;
    case "jammed":
      // Wherever it was going: half out it is neither, and a door is safer locked.
      return uptimeMs >= bolt.againMs && mayLock(running) ? throwBolt(running, turn, "locked") : running;
    default:
      throw new Error(`no such bolt: ${String(bolt satisfies never)}`);
  }
}

/** A bolt thrown beside an open door locks nothing, and a spent battery stops it halfway: both wait. */
function mayLock(running: Running): boolean {
  return running.mechanics.door.is === "closed" && hasPowerToMove(running);
}

function keepDoor(running: Running, turn: Turn): Running {
  const { door } = running.mechanics;
  if (door.is === "closed" || door.ajarRaised) return running;
  if (turn.now.uptimeMs - door.sinceMs <= 1_000 * doorAjarSeconds) return running;
  return raise(withMechanics(running, { door: { ...door, ajarRaised: true } }), turn, "DoorAjar");
}

/** Bits for hello and receipts: what a phone may show, and the property may act on. */
export function mechanicalConditions({ mechanics }: Running): number {
  return (
    (mechanics.batteryPercent <= lowBatteryPercent ? conditionFlags.lowBattery : 0) +
    (mechanics.jamRaised ? conditionFlags.jammed : 0) +
    (mechanics.door.is === "open" && mechanics.door.ajarRaised ? conditionFlags.doorAjar : 0)
  );
}

function freshlyUnlocked(running: Running, turn: Turn): Bolt {
  const { autoRelockSeconds } = settingsOf(running.inForce.table);
  return { at: "unlocked", untilMs: turn.now.uptimeMs + 1_000 * autoRelockSeconds };
}

function witnessLock(running: Running, turn: Turn, source: "Auto" | "Manual"): Running {
  return witness(running, turn, {
    kind: "LockOperation",
    detail: lockOperationTypes.Lock,
    source,
  });
}

function withMechanics(running: Running, changes: Partial<Mechanics>): Running {
  return { ...running, mechanics: { ...running.mechanics, ...changes } };
}
