/**
 * The visits of one log-in that are under way: whoever logs out gives up on them, waits for their end, and lets none of
 * them write a thing afterwards (F25). It knows nothing of locks and of what is written.
 */
import type { Stop, Timers } from "../ports.ts";

/** Longest wait for visits that were given up on, in milliseconds: the phone goes back to its owner now. */
export const endMilliseconds = 3_000;

export interface UnderWay {
  /** Runs with a signal that also aborts at the end; after it, what was still to be run is aborted from the start. */
  run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Aborts everything and waits. */
  end(): Promise<void>;
  /** From the end of the waiting on nothing more may be kept. */
  readonly isOver: boolean;
}

export function underWay(timers: Timers): UnderWay {
  const running = new Set<Promise<unknown>>();
  const ending = new AbortController();
  let isOver = false;
  return {
    async run(signal, work) {
      const own = new AbortController();
      const abort = (): void => own.abort(signal?.aborted === true ? signal.reason : ending.signal.reason);
      const signals = signal === undefined ? [ending.signal] : [ending.signal, signal];
      for (const one of signals) {
        if (one.aborted) abort();
        one.addEventListener("abort", abort);
      }
      const visit = work(own.signal);
      running.add(visit);
      try {
        return await visit;
      } finally {
        running.delete(visit);
        for (const one of signals) one.removeEventListener("abort", abort);
      }
    },
    async end() {
      ending.abort(new Error("logged out"));
      let stop: Stop | undefined;
      const late = new Promise<void>((resolve) => {
        stop = timers.after(endMilliseconds, resolve);
      });
      await Promise.race([Promise.allSettled(running), late]);
      stop?.();
      isOver = true;
    },
    get isOver() {
      return isOver;
    },
  };
}
