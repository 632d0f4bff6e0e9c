/**
 * Time as the air sees it: the system's, or one that only moves when a test moves it. Not a wall clock for anybody else.
 * Both keep the order of what falls due at the same moment.
 */

export interface Clock {
  /** Milliseconds since 1970 UTC, with fractions. */
  nowMs(): number;
  /** Runs once, never before this call has returned; the answer calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** Node's own timers. They are whole milliseconds, so what falls due sooner runs on the next turn of the event loop. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, run) {
    if (delayMs < 1) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface VirtualClock extends Clock {
  /** Runs everything that falls due within this time, in order; how many runs that was. */
  advance(ms: number): number;
  /** How many runs are still to come. */
  readonly waiting: number;
}

/** Time that stands still between two calls of `advance`. */
export function createVirtualClock(startMs = 0): VirtualClock {
  interface Entry {
    readonly dueMs: number;
    readonly run: () => void;
  }
  let now = startMs;
  const entries = new Set<Entry>();
  const next = (untilMs: number): Entry | undefined => {
    let first: Entry | undefined;
    for (const entry of entries) {
      if (entry.dueMs > untilMs) continue;
      if (first === undefined || entry.dueMs < first.dueMs) first = entry;
    }
    return first;
  };
  return {
    nowMs: () => now,
    get waiting() {
      return entries.size;
    },
    after(delayMs, run) {
      const entry = { dueMs: now + Math.max(0, delayMs), run };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    advance(ms) {
      const until = now + ms;
      let runs = 0;
      for (let entry = next(until); entry !== undefined; entry = next(until)) {
        entries.delete(entry);
        now = Math.max(now, entry.dueMs);
        entry.run();
        runs += 1;
      }
      now = until;
      return runs;
    },
  };
}
