/**
 * The one connection of a lock: nobody holds it for long without bringing something that is worth keeping (P18).
 */
import type { Checker } from "./checker.ts";

/** A minute, and the ticks by which a lock notices. */
const heldMsMax = 63_000;

interface Holding {
  readonly session: number;
  readonly ops: number;
  readonly sinceMs: number;
}

export function sessions(): Checker {
  const held = new Map<number, Holding>();
  return {
    property: "P18",
    claim: "no courier holds a lock's connection for longer than a minute for nothing",
    hear(seen, view) {
      // The next connection may bear the number of this one.
      if (seen.kind === "power") held.delete(seen.door);
      if (seen.kind !== "step") return undefined;
      for (const { door, state, sim } of view.locks) {
        const session = state.power === "on" ? state.session?.number : undefined;
        if (session === undefined) {
          held.delete(door);
          continue;
        }
        const { ops } = sim.supply;
        const before = held.get(door);
        if (before?.session !== session || before.ops !== ops) {
          held.set(door, { session, ops, sinceMs: view.nowMs });
        } else if (view.nowMs - before.sinceMs > heldMsMax) {
          return `lock ${door} has listened to one courier for ${view.nowMs - before.sinceMs} ms for nothing`;
        }
      }
      return undefined;
    },
  };
}
