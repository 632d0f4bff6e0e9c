/**
 * Makes a failing history small: leaves out whole families of faults, then intents, as long as the same property still
 * fails. It runs nothing itself and counts its tries, not seconds, so that the same failure always shrinks to the same.
 */

import type { FaultName } from "./faults.ts";

/** A run of one seed with fewer faults and fewer intents than it would draw. */
export interface History {
  readonly families: readonly FaultName[];
  /** Numbers of the intents that are kept, in the order of their time. */
  readonly keep: readonly number[];
}

/** Whether the same property still fails. */
export type StillFails = (history: History) => Promise<boolean>;

/** The smaller history, and how many runs it took to find. `triesMax` bounds those. */
export async function shrink(
  from: History,
  stillFails: StillFails,
  triesMax: number,
): Promise<{ readonly history: History; readonly tries: number }> {
  let smallest = from;
  let tries = 0;

  async function accepts(history: History): Promise<boolean> {
    if (tries >= triesMax) return false;
    tries++;
    if (!(await stillFails(history))) return false;
    smallest = history;
    return true;
  }

  for (const family of from.families) {
    await accepts({ ...smallest, families: smallest.families.filter((one) => one !== family) });
  }

  // Delta debugging (Zeller, ddmin), leaving out one part at a time.
  let parts = 2;
  while (smallest.keep.length > 0 && tries < triesMax) {
    const { keep } = smallest;
    const length = Math.ceil(keep.length / parts);
    let isSmaller = false;
    // From the end: what came after the failure goes first, and at once.
    for (let at = keep.length - length; !isSmaller && at > -length; at -= length) {
      const left = keep.filter((_, i) => i < at || i >= at + length);
      isSmaller = await accepts({ ...smallest, keep: left });
    }
    if (isSmaller) parts = Math.max(parts - 1, 2);
    else if (length === 1) break;
    else parts = Math.min(2 * parts, keep.length);
  }
  return { history: smallest, tries };
}

/** Numbers of intents in words and back, ascending: `0-3.7` for 0, 1, 2, 3 and 7; `none` for none. */
export function keepText(keep: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const index of [...keep].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === index) last[1] = index;
    else ranges.push([index, index]);
  }
  if (ranges.length === 0) return "none";
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(".");
}

/** Undefined for any other text. */
export function parseKeep(text: string): readonly number[] | undefined {
  if (text === "none") return [];
  const keep: number[] = [];
  for (const range of text.split(".")) {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range) ?? [];
    if (first === undefined || Number(first) > Number(last) || Number(first) <= (keep.at(-1) ?? -1))
      return undefined;
    for (let index = Number(first); index <= Number(last); index++) keep.push(index);
  }
  return keep;
}
