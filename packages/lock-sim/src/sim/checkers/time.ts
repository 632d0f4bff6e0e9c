/**
 * Signed time: a lock's floor never falls within an epoch, and never passes what the authority signed (P14). One thing
 * is excused: a bit that flips in the record of a time token costs what that token raised the floor by, at the next
 * power-on. The floor of the table in force stays.
 */
import type { CastLock } from "../cast/lock.ts";
import type { Checker, Complaint, View } from "./checker.ts";

interface Floor {
  readonly epoch: number;
  readonly seconds: number;
}

export function signedTime(): Checker {
  const floors = new Map<number, Floor>();
  /** Doors of locks in which a bit flipped since they were last seen to start. */
  const rotten = new Set<number>();

  function look({ door, state }: CastLock, { nowSeconds }: View, isExcused: boolean): Complaint {
    if (state.power === "off") return undefined;
    // Without an owner it has no floor: nobody signs anything for it.
    if (state.secure.phase === "factory") floors.delete(door);
    if (state.secure.phase === "factory") return undefined;
    const { epoch } = state.secure;
    const { floorSeconds: seconds, damaged } = state.store;
    const before = floors.get(door);
    if (before?.seconds === seconds && before.epoch === epoch) return undefined;
    floors.set(door, { epoch, seconds });
    const fell = before?.epoch === epoch && seconds < before.seconds && !damaged;
    if (fell && !(isExcused && seconds >= state.inForce.issuedAt)) {
      return `the floor of lock ${door} fell by ${before.seconds - seconds} s`;
    }
    // The authority of a world knows true time and signs no other.
    if (seconds > nowSeconds) return `the floor of lock ${door} is ${seconds - nowSeconds} s ahead`;
    return undefined;
  }

  return {
    property: "P14",
    claim: "the signed floor of a lock's time never falls, and never passes what was signed",
    hear(seen, view) {
      if (seen.kind === "fault" && seen.fault === "flash-rot" && seen.door !== undefined) {
        rotten.add(seen.door);
      }
      if (seen.kind === "power" && seen.is === "on") {
        const started = view.locks[seen.door - 1];
        return started && look(started, view, rotten.delete(seen.door));
      }
      if (seen.kind !== "step") return undefined;
      for (const lock of view.locks) {
        const complaint = look(lock, view, false);
        if (complaint !== undefined) return complaint;
      }
      return undefined;
    },
  };
}
