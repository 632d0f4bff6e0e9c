/**
 * Guessing: a keypad judges few wrong codes in any day of true time, and pauses after each one once there are some in a
 * row, whatever becomes of its battery (P20). The model counts what people saw at the panel.
 */
import { type Checker, lockAt } from "./checker.ts";

const perDayMax = 24;
const inARowMax = 5;
const pauseMs = 60_000;
const pauseMsMax = 3_600_000;
const slackMs = 2_000;
const dayMs = 86_400_000;

/** Wrong codes of the day up to the last one. */
interface Tries {
  readonly wrongMs: readonly number[];
  /** Those with no right one after them. */
  readonly inARowMs: readonly number[];
}

export function guesses(): Checker {
  const byDoor = new Map<number, Tries>();
  return {
    property: "P20",
    claim: "in any day a keypad judges few wrong codes, and it pauses after some in a row",
    hear(seen, view) {
      if (seen.kind !== "shown" || seen.by !== "keypad") return undefined;
      const tries = byDoor.get(seen.door) ?? { wrongMs: [], inARowMs: [] };
      const { result } = seen.pressed;
      if (result !== "refused" && result !== "opened") return undefined;
      // A lock that could not move its bolt refuses right codes and wrong ones alike: nothing was judged.
      if (result === "refused" && !lockAt(view, seen.door).mayOpen) return undefined;
      const { inARowMs } = tries;
      const gapMs = view.nowMs - (inARowMs.at(-1) ?? Number.NEGATIVE_INFINITY);
      const leastMs = pauseOf(tries) - slackMs;
      if (gapMs < leastMs) {
        return `lock ${seen.door} judged a code ${gapMs} ms after ${inARowMs.length} wrong ones in a row, not ${leastMs}`;
      }
      if (result === "opened") {
        byDoor.set(seen.door, { ...tries, inARowMs: [] });
        return undefined;
      }
      // The lock's own day is no shorter: it stands still in the dark. So it knows of all that are counted here.
      const ofTheDay = (all: readonly number[]): readonly number[] =>
        [...all, view.nowMs].filter((ms) => view.nowMs - ms < dayMs - slackMs);
      const wrongMs = ofTheDay(tries.wrongMs);
      byDoor.set(seen.door, { wrongMs, inARowMs: ofTheDay(inARowMs) });
      if (wrongMs.length <= perDayMax) return undefined;
      return `lock ${seen.door} judged ${wrongMs.length} wrong codes within a day`;
    },
  };
}

/** After the last wrong code; 0: none. It doubles with every five of a day, whatever right ones came between. */
function pauseOf({ wrongMs, inARowMs }: Tries): number {
  if (inARowMs.length < inARowMax) return 0;
  return Math.min(pauseMs * 2 ** (Math.floor(wrongMs.length / inARowMax) - 1), pauseMsMax);
}
