/**
 * How often, and since when, credentials with a limit were used. Lists only: `door.ts` says what a use allows,
 * `notebook.ts` writes it down. A use never loses count: of two notes on one credential the stricter one holds.
 */

export interface Use {
  /** Id, u24. */
  readonly credential: number;
  /** The first 4 bytes of its tag, u32: another code under the same id has uses of its own. */
  readonly mark: number;
  /** 1 to `useCountMax`. */
  readonly count: number;
  /** Lower time bound when it was used first, seconds since 1970, u32. */
  readonly firstSeconds: number;
}

/** A count stays here: a limit of uses is one byte too, so that nothing opens beyond it. */
export const useCountMax = 0xff;

function isSame(a: Use, b: Use): boolean {
  return a.credential === b.credential && a.mark === b.mark;
}

/** What is on record of a credential; undefined: it was never used. */
export function useOf(uses: readonly Use[], credential: number, mark: number): Use | undefined {
  return uses.find((use) => use.credential === credential && use.mark === mark);
}

/** The uses of all other credentials. */
export function usesBeside(uses: readonly Use[], use: Use): readonly Use[] {
  return uses.filter((one) => !isSame(one, use));
}

/** `use`, or what is stricter on record: never fewer uses, never a later first one. */
export function strictest(uses: readonly Use[], use: Use): Use {
  const held = useOf(uses, use.credential, use.mark);
  const count = Math.min(use.count, useCountMax);
  if (held === undefined) return { ...use, count };
  return {
    ...use,
    count: Math.max(count, held.count),
    firstSeconds: Math.min(use.firstSeconds, held.firstSeconds),
  };
}

/** The list with one more note; the newest goes last. */
export function withUse(uses: readonly Use[], use: Use): readonly Use[] {
  return [...usesBeside(uses, use), strictest(uses, use)];
}
