/** Chance with a seed: the same seed gives the same world again. It is not random enough for any secret. */

export interface Chance {
  /** At least 0, less than 1. */
  next(): number;
  /** True in this share of all calls. A share of nought draws nothing. */
  happens(share: number): boolean;
  /** Around nought, with a standard deviation of one. */
  normal(): number;
}

/** Mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    happens: (share) => share > 0 && next() < share,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
