/**
 * Power that fails while somebody is at a door, at one operation of the lock's stores after the other, each time on a
 * copy of the lock. What the copy then does at its keypad is what the lock would have done. Not every way to tear a
 * word: those are gone through in `power-cuts.ts`.
 */
import type { Parcel } from "@doorsync/protocol/courier";
import { tornPatterns } from "../../packages/lock-sim/src/parts/flash.ts";
import { forkParts, makeLock, type TestLock } from "../world.ts";
import { travel } from "./door-office.ts";
import { opens } from "./journey-door.ts";
import type { Hung } from "./service-door.ts";

/** Operations of one act at the most: more, and the story does not end. */
const operationsMax = 200;

/** Runs `act` on copies of the lock, the power failing in each operation in turn, and gives what `after` saw of each. */
function cutInTurn<T>(
  door: Hung,
  act: (copy: Hung) => void,
  after: (copy: Hung) => T,
): { readonly flash: readonly T[]; readonly secure: readonly T[] } {
  const seen = { flash: [] as T[], secure: [] as T[] };
  for (const store of ["flash", "secure"] as const)
    for (let n = 0; ; n++) {
      if (n === operationsMax) throw new Error("the act goes on for ever");
      const lock = copyOf(door);
      const pattern = tornPatterns[n % tornPatterns.length] ?? "half";
      if (store === "flash")
        lock.flash.arm({ kind: "cut", atOp: lock.flash.counters.ops + n, afterBytes: 0, pattern, seed: n });
      else lock.secure.arm({ atWrite: lock.secure.writes + n, leaves: n % 2 === 0 ? "old" : "new" });
      const cuts = lock.flash.counters.cuts + lock.secure.cuts;
      const copy = { ...door, lock };
      act(copy);
      lock.flash.arm(undefined);
      lock.secure.arm(undefined);
      // Nothing was left to cut: the act came through.
      if (lock.flash.counters.cuts + lock.secure.cuts === cuts) break;
      lock.board.powerOn();
      seen[store].push(after(copy));
    }
  return seen;
}

function copyOf({ lock }: Hung): TestLock {
  return makeLock("a copy", { parts: forkParts(lock), rtcSeconds: lock.clock.rtcSeconds });
}

/** Of each cut: which of the two codes opens afterwards, and which after one more sync. */
export interface Swapped {
  readonly now: readonly [old: boolean, next: boolean];
  readonly later: readonly [old: boolean, next: boolean];
}

/** A sync is cut in each of its operations: what the door opens to when the power is back. */
export function powerFailsWhileSyncing(
  door: Hung,
  parcels: readonly Parcel[],
  old: string,
  next: string,
): readonly Swapped[] {
  const seen = cutInTurn(
    door,
    ({ lock }) => void travel(lock, parcels),
    (copy): Swapped => {
      const now = [opens(copy, old), opens(copy, next)] as const;
      travel(copy.lock, parcels);
      return { now, later: [opens(copy, old), opens(copy, next)] };
    },
  );
  return [...seen.flash, ...seen.secure];
}

/** How often a code of one use opened in all: never, because it was consumed; once; or twice. */
export type Used = "consumed" | "once" | "twice";

/** Typing is cut in each of its operations; when the power is back the same code is typed again. */
export function powerFailsWhileTyping(door: Hung, digits: string): readonly Used[] {
  const seen = cutInTurn(
    door,
    ({ lock }) => void lock.press(digits),
    (copy): Used => {
      const before = copy.lock.unlocked ? 1 : 0;
      copy.lock.unlocked = false;
      const count = before + (opens(copy, digits) ? 1 : 0);
      return count === 0 ? "consumed" : count === 1 ? "once" : "twice";
    },
  );
  return seen.flash;
}
