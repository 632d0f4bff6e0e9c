/**
 * Many runs as one: which seeds a campaign has, which of them are run a second time with real signatures, and what its
 * results come to, the same however many threads ran them and in whatever order they were done. It runs nothing.
 */

import { ascii, type Bytes, toHex } from "@doorsync/protocol/lock";
import { chanceFrom } from "./chance.ts";
import type { FaultName } from "./faults.ts";
import type { Finding } from "./run.ts";

/** Seeds are 32 bits: short enough to be read out over a telephone. */
export const seedMax = 0xffff_ffff;

/** One run, as it is asked for. */
export interface Task {
  readonly seed: number;
  /** Families of faults; left out: drawn from the seed. */
  readonly faults?: readonly FaultName[];
  /** Indexes of the intents to keep; left out: all. */
  readonly keep?: readonly number[];
  /** Once more with real signatures, to compare. */
  readonly realToo?: boolean;
  /** The whole history is wanted, in words. */
  readonly inWords?: boolean;
}

/** What one run came to, as it travels between threads. */
export interface Ran {
  readonly seed: number;
  readonly families: readonly FaultName[];
  readonly digest: string;
  readonly finding: Finding | undefined;
  /** Something threw: the simulation or what it simulates is wrong, and no property was judged. */
  readonly crash: string | undefined;
  readonly coverage: readonly (readonly [string, number])[];
  readonly counters: Readonly<Record<string, number>>;
  readonly words: Words | undefined;
}

/** A history in words. */
export interface Words {
  readonly faults: string;
  /** The intents that were carried out: index and words. */
  readonly intents: readonly (readonly [number, string])[];
  readonly trace: readonly string[];
}

/** A finding that the world cannot have: the same seed came to another history under real signatures. */
export const cryptoFinding = "real-crypto";

/** The seed of a campaign's run; the first run is the campaign's own seed, so that one seed is a campaign too. */
export function seedAt(campaign: number, index: number): number {
  return index === 0
    ? campaign
    : chanceFrom(campaign)
        .fork(`run ${index}`)
        .below(seedMax + 1);
}

/** One run in a hundred is run again with real signatures and must be the same history. */
export function isCheckedWithRealCrypto(index: number): boolean {
  return index % 100 === 49;
}

/** What the runs so far came to. Counts only what it was given without a gap: the rest is not yet told. */
export interface Tally {
  /** Runs counted. */
  readonly seeds: number;
  readonly failed: number;
  readonly coverage: ReadonlyMap<string, number>;
  readonly counters: ReadonlyMap<string, number>;
  /**
   * Takes the result of the run at `index`, in any order. What can now be counted is counted, in order, and shown to
   * `onCounted`; where that says false, nothing further is ever counted.
   */
  take(index: number, ran: Ran, onCounted: (ran: Ran) => boolean): void;
  /** Hex SHA-256 over the digests of the runs counted, a line each. */
  traceDigest(): string;
}

export function createTally(sha256: (message: Bytes) => Bytes): Tally {
  const waiting = new Map<number, Ran>();
  const coverage = new Map<string, number>();
  const counters = new Map<string, number>();
  const digests: string[] = [];
  let failed = 0;
  let isClosed = false;

  function count(ran: Ran): void {
    digests.push(ran.digest);
    if (ran.finding !== undefined || ran.crash !== undefined) failed++;
    for (const [name, times] of ran.coverage) coverage.set(name, (coverage.get(name) ?? 0) + times);
    for (const [name, value] of Object.entries(ran.counters)) {
      counters.set(name, (counters.get(name) ?? 0) + value);
    }
  }

  return {
    get seeds() {
      return digests.length;
    },
    get failed() {
      return failed;
    },
    coverage,
    counters,
    take(index, ran, onCounted) {
      waiting.set(index, ran);
      while (!isClosed) {
        const next = waiting.get(digests.length);
        if (next === undefined) return;
        waiting.delete(digests.length);
        count(next);
        isClosed = !onCounted(next);
      }
    },
    traceDigest: () => toHex(sha256(ascii(digests.map((digest) => `${digest}\n`).join("")))),
  };
}
