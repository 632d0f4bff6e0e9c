/**
 * Signed time: a lock's floor never falls within an epoch, and never passes what the authority signed (P14).
 */
import type { Checker } from "./checker.ts";

interface Floor {
  readonly epoch: number;
  readonly seconds: number;
}

export function signedTime(): Checker {
  const floors = new Map<number, Floor>();
  return {
    property: "P14",
    claim: "the signed floor of a lock's time never falls, and never passes what was signed",
    hear(seen, view) {
      if (seen.kind !== "step") return undefined;
      for (const { door, state } of view.locks) {
        if (state.power === "off") continue;
        // Without an owner it has no floor: nobody signs anything for it.
        if (state.secure.phase === "factory") floors.delete(door);
        if (state.secure.phase === "factory") continue;
        const { epoch } = state.secure;
        const seconds = state.store.floorSeconds;
        const before = floors.get(door);
        if (before?.seconds === seconds && before.epoch === epoch) continue;
        floors.set(door, { epoch, seconds });
        if (before?.epoch === epoch && seconds < before.seconds && !state.store.damaged) {
          return `the floor of lock ${door} fell by ${before.seconds - seconds} s`;
        }
        // The authority of a world knows true time and signs no other.
        if (seconds > view.nowSeconds)
          return `the floor of lock ${door} is ${seconds - view.nowSeconds} s ahead`;
      }
      return undefined;
    },
  };
}
