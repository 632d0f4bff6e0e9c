/**
 * The search: run an input, look at what it covered, keep it if that is new, make the next one from what was kept.
 * The same seed, corpus and target give the same search; only where it stops may hang on a clock. It writes no files.
 */
import type { Chance } from "./chance.ts";
import { blockOf, type Coverage, hasRun } from "./coverage.ts";
import { mutated } from "./mutate.ts";

type Bytes = Uint8Array;

export interface CampaignOptions {
  readonly fuzz: (data: Buffer) => void;
  readonly coverage: Coverage;
  readonly chance: Chance;
  readonly corpus: readonly Bytes[];
  readonly dictionary: readonly Bytes[];
  /** Longest input, in bytes. */
  readonly bytesMax: number;
  /** Asked before every input: whether to stop here. */
  isOver(executions: number): boolean;
  /** Told before every input. */
  onInput?(data: Bytes): void;
  /** An input covers something new and is kept. */
  onKept?(data: Bytes, figures: Figures): void;
}

export interface Figures {
  readonly executions: number;
  /** Inputs kept, the given ones included. */
  readonly kept: number;
  /** Blocks of code that ran at least once, and those blocks told apart by how often they ran. */
  readonly blocks: number;
  readonly features: number;
}

/** An input that made the target throw. */
export interface Finding {
  readonly data: Bytes;
  readonly error: unknown;
}

/** Inputs that are run before V8 is asked what they covered; asking costs more than most inputs. */
const batchMax = 16;
/** Inputs without anything new after which batches are as large as they get. */
const quietInputs = 256;

/** Runs until `isOver` or until an input makes the target throw. */
export function campaign(options: CampaignOptions): Figures & { readonly finding: Finding | undefined } {
  const { coverage, chance } = options;
  const kept: Bytes[] = [];
  const seen = new Set<number>();
  const blocks = new Set<number>();
  const seenInBatches = new Set<number>();
  let executions = 0;
  let quiet = 0;

  const figures = (): Figures => ({
    executions,
    kept: kept.length,
    blocks: blocks.size,
    features: seen.size,
  });

  const run = (data: Bytes): Finding | undefined => {
    executions++;
    options.onInput?.(data);
    try {
      options.fuzz(Buffer.from(data));
      return undefined;
    } catch (error) {
      return { data, error };
    }
  };

  /** Whether what ran since the last look has a feature that no single input had. */
  const isNew = (): boolean => {
    const before = seen.size;
    for (const one of coverage.taken()) {
      seen.add(one);
      if (hasRun(one)) blocks.add(blockOf(one));
    }
    return seen.size > before;
  };

  /** Counts of a batch are sums and mean nothing; whether a block ran does. */
  const isBatchNew = (): boolean => {
    const before = seenInBatches.size;
    for (const one of coverage.taken()) seenInBatches.add(blockOf(one) * 2 + (hasRun(one) ? 1 : 0));
    return seenInBatches.size > before;
  };

  const tried = (data: Bytes): Finding | undefined => {
    const finding = run(data);
    if (finding !== undefined) return finding;
    if (isNew()) {
      kept.push(data);
      quiet = 0;
      options.onKept?.(data, figures());
    }
    return undefined;
  };

  coverage.taken();
  for (const data of options.corpus) {
    const finding = tried(data);
    if (finding !== undefined) return { ...figures(), finding };
  }
  if (kept.length === 0) kept.push(new Uint8Array(0));

  /** Late finds are built upon more often: they are where the search stands. */
  const parent = (): Bytes => {
    const from = chance.oneIn(2) ? Math.floor((kept.length * 3) / 4) : 0;
    return kept[from + chance.below(kept.length - from)] ?? new Uint8Array(0);
  };
  const next = (): Bytes =>
    mutated(parent(), {
      chance,
      dictionary: options.dictionary,
      other: parent(),
      bytesMax: options.bytesMax,
    });

  while (!options.isOver(executions)) {
    const size = quiet < quietInputs ? 1 : batchMax;
    const batch = Array.from({ length: size }, next);
    for (const data of batch) {
      const finding = size === 1 ? tried(data) : run(data);
      if (finding !== undefined) return { ...figures(), finding };
    }
    quiet += size;
    if (size === 1 || !isBatchNew()) continue;
    for (const data of batch) {
      const finding = tried(data);
      if (finding !== undefined) return { ...figures(), finding };
    }
  }
  return { ...figures(), finding: undefined };
}

/** Two failures are the same when they say the same, numbers aside. */
export function failureName(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replace(/\d+/g, "N");
}

/** A shorter input that fails in the same way: pieces are left out, then bytes become 0, until nothing more goes. */
export function minimised(fuzz: CampaignOptions["fuzz"], finding: Finding, triesMax: number): Finding {
  let best = finding;
  let tries = 0;
  const name = failureName(finding.error);
  const isAsGood = (data: Bytes): boolean => {
    if (tries++ >= triesMax) return false;
    try {
      fuzz(Buffer.from(data));
      return false;
    } catch (error) {
      if (failureName(error) !== name) return false;
      best = { data, error };
      return true;
    }
  };
  for (let length = Math.ceil(best.data.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < best.data.length; ) {
      const { data } = best;
      const without = Uint8Array.from([...data.subarray(0, at), ...data.subarray(at + length)]);
      if (!isAsGood(without)) at += length;
    }
  }
  for (let at = 0; at < best.data.length; at++) {
    if (best.data[at] === 0) continue;
    const plainer = new Uint8Array(best.data);
    plainer[at] = 0;
    isAsGood(plainer);
  }
  return best;
}
