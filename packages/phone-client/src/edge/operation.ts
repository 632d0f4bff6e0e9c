/**
 * One step of a radio's work: it ends by itself, by its deadline, by an abort, or with the link; in each case nothing
 * is left of it. Stacks forget to settle their promises; this does not.
 */
import type { Stop, Timers } from "../ports.ts";

export interface Ends<T> {
  done(value: T): void;
  failed(error: Error): void;
}

export interface Step<T> {
  /** What was not done when the deadline passed, as "the lock did not answer". */
  readonly late: string;
  readonly milliseconds: number;
  readonly timers: Timers;
  readonly signal?: AbortSignal;
  /** Begins; gives what takes its listeners away. May end before it returns, and may throw. */
  begin(ends: Ends<T>): Stop;
}

/** Why a step ended before its time, by whoever asked for it. */
const givenUp = "given up before the lock answered";

export function operation<T>({ late, milliseconds, timers, signal, begin }: Step<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let stop: Stop | undefined;
    const end = (then: () => void): void => {
      if (isOver) return;
      isOver = true;
      stopTimer();
      signal?.removeEventListener("abort", aborted);
      stop?.();
      then();
    };
    const aborted = (): void => end(() => reject(new Error(givenUp)));
    const stopTimer = timers.after(milliseconds, () =>
      end(() => reject(new Error(`${late} within ${milliseconds / 1_000} s`))),
    );
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted === true) return aborted();
    try {
      stop = begin({
        done: (value) => end(() => resolve(value)),
        failed: (error) => end(() => reject(error)),
      });
    } catch (error) {
      end(() => reject(error instanceof Error ? error : new Error(String(error))));
    }
    if (isOver) stop?.();
  });
}

/** Stops all of them. */
export function all(...stops: readonly Stop[]): Stop {
  return () => {
    for (const stop of stops) stop();
  };
}
