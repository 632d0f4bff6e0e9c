/**
 * Chance from a seed. A source forks into others by name, and a fork depends on the seed and the names alone, never on
 * what was drawn before: leaving one draw out moves no other. Integers only, so that every machine draws the same. Not
 * for secrets.
 */
import type { Bytes } from "@doorsync/protocol/lock";

export interface Chance {
  /** Another source; the same name gives the same one. */
  fork(name: string): Chance;
  /** An integer from 0 up to and without `bound`, at most 2^32. */
  below(bound: number): number;
  /** An integer, both ends included. */
  between(least: number, most: number): number;
  /** Whether something of so many in a thousand happens. */
  strikes(perMille: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Bytes;
}

/** One word from another (the finisher of MurmurHash3). */
function mixed(word: number): number {
  let hash = word >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** FNV-1a over a name, from a starting word. */
function hashed(start: number, name: string): number {
  let hash = (start ^ 0x811c_9dc5) >>> 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  return mixed(hash);
}

export function chanceFrom(seed: number): Chance {
  return chanceOf(mixed(seed), mixed(Math.floor(seed / 2 ** 32) ^ 0x9e37_79b9));
}

/** sfc32 over two words of key. */
function chanceOf(keyA: number, keyB: number): Chance {
  let a = keyA;
  let b = keyB;
  let c = mixed(keyA ^ 0x243f_6a88);
  let count = 1;
  const word = (): number => {
    const sum = (a + b + count) >>> 0;
    count = (count + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  for (let i = 0; i < 8; i++) word();

  const below = (bound: number): number => {
    if (!(bound >= 1)) throw new RangeError(`nothing to draw below ${bound}`);
    // The incomplete last stretch is drawn again, so that all are equally likely.
    const fair = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const drawn = word();
      if (drawn < fair) return drawn % bound;
    }
  };
  return {
    fork: (name) => chanceOf(hashed(keyA, name), hashed(keyB ^ 0x5bd1_e995, name)),
    below,
    between: (least, most) => least + below(most - least + 1),
    strikes: (perMille) => below(1_000) < perMille,
    pick(list) {
      const picked = list[below(list.length)];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
