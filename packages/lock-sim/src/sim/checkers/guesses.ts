/**
 * Guessing: a keypad judges few wrong codes in any day of true time, and pauses after some in a row, whatever becomes
 * of its battery (P20). The model counts what people saw at the panel.
 */
import { type Checker, lockAt } from "./checker.ts";

const perDayMax = 24;
const inARowMax = 5;
const pauseMs = 60_000;
const pauseMsMax = 3_600_000;
const slackMs = 2_000;
const dayMs = 86_400_000;

interface Tries {
  wrongMs: number[];
  /** The last wrong ones with no right one after them. */
  inARowMs: number[];
}

export function guesses(): Checker {
  const byDoor = new Map<number, Tries>();
  return {
    property: "P20",
    claim: "in any day a keypad judges few wrong codes, and it pauses after some in a row",
    hear(seen, view) {
      if (seen.kind !== "shown" || seen.by !== "keypad") return undefined;
      const tries = byDoor.get(seen.door) ?? { wrongMs: [], inARowMs: [] };
      byDoor.set(seen.door, tries);
      const { result } = seen.pressed;
      if (result !== "refused" && result !== "opened") return undefined;
      // A lock that could not move its bolt refuses right codes and wrong ones alike: nothing was judged.
      if (result === "refused" && !lockAt(view, seen.door).mayOpen) return undefined;
      // Where a pause fell is the lock's to say (a power cut may have counted one more), that there was one is not.
      const run = [...tries.inARowMs, view.nowMs].slice(-inARowMax - 1);
      const longest = run.reduce((most, ms, i) => Math.max(most, ms - (run[i - 1] ?? ms)), 0);
      const inDay = tries.wrongMs.filter(
        (ms) => (run[0] ?? 0) - ms < dayMs - slackMs && ms <= (run[0] ?? 0),
      ).length;
      // The pause doubles with every row of wrong codes in a day, whatever right ones came between.
      const rows = Math.max(1, Math.floor(inDay / inARowMax));
      const leastMs = Math.min(pauseMs * 2 ** (rows - 1), pauseMsMax) - slackMs;
      if (run.length > inARowMax && longest < leastMs) {
        return `lock ${seen.door} judged ${run.length} codes in a row within pauses of ${longest} ms, not ${leastMs}`;
      }
      tries.inARowMs = result === "opened" ? [] : run;
      if (result === "opened") return undefined;
      tries.wrongMs = [...tries.wrongMs.filter((ms) => view.nowMs - ms < dayMs - slackMs), view.nowMs];
      if (tries.wrongMs.length <= perDayMax) return undefined;
      return `lock ${seen.door} judged ${tries.wrongMs.length} wrong codes within a day`;
    },
  };
}
