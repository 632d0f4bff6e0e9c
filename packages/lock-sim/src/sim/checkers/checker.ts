/**
 * What a checker is: it hears everything that happens in a world, keeps its own simple model of the truth, and says
 * so when the two part. It shares no code with what it checks, and nothing in the world depends on it.
 */
import type { CastLock } from "../cast/lock.ts";
import type { FaultName } from "../faults.ts";
import type { Seen } from "../seen.ts";

/** What a checker may look at beside what it hears. */
export interface View {
  readonly locks: readonly CastLock[];
  /** Milliseconds since the world began, and true time in seconds since 1970. */
  readonly nowMs: number;
  readonly nowSeconds: number;
}

/** What is wrong, in words; of which property, where a checker holds several. */
export type Complaint = string | { readonly property: string; readonly detail: string } | undefined;

export interface Checker {
  /** The properties it holds: "P1" to "P25", or a failure that was seen in the field. */
  readonly property: string;
  readonly claim: string;
  hear(seen: Seen, view: View): Complaint;
}

export function lockAt(view: View, door: number): CastLock {
  const lock = view.locks[door - 1];
  if (lock === undefined) throw new Error(`no lock at door ${door}`);
  return lock;
}

/** Locks with a bit of flash that no longer takes anything, and those of them that say so: they have to be replaced. */
export interface WornOut {
  hear(seen: Seen): void;
  has(door: number): boolean;
}

export function createWornOut(): WornOut {
  const worn = new Set<number>();
  const owning = new Set<number>();
  return {
    hear(seen) {
      if (seen.kind === "fault" && seen.fault === "flash-stuck" && seen.door !== undefined)
        worn.add(seen.door);
      if (seen.kind !== "note" || !worn.has(seen.door)) return;
      if (seen.note.what === "storage-failed") owning.add(seen.door);
      if (seen.note.what === "committed") owning.delete(seen.door);
    },
    has: (door) => owning.has(door),
  };
}

/** Faults of a store after which an entry need not be judged, and for how long it need not. */
export const spoilers = ["flash-dud", "flash-lost", "flash-stuck"] as const satisfies readonly FaultName[];
export const spoiltMs = 120_000;
