/**
 * Return slips that came in and wait for the house to take them: in order, one at a time, never more than a bound. A
 * house that cannot take one just now (no database) is asked again. What is dropped in the end is not lost: a lock
 * whose change is pending is sent its parcels again, and answers again.
 */
import type { Returned } from "./topics.ts";

/** Slips that wait: about three MiB of them. */
export const waitingMax = 1_024;
const triesMax = 6;
const firstPauseMilliseconds = 500;

export interface ArrivalsLent {
  /** Settles when the slip is safe; rejects when it cannot be taken now. */
  take(returned: Returned): Promise<void>;
  /** One sentence for each slip that is dropped. */
  dropped(why: string): void;
  readonly signal: AbortSignal;
}

export interface Arrivals {
  add(returned: Returned): void;
}

export function createArrivals({ take, dropped, signal }: ArrivalsLent): Arrivals {
  const waiting: Returned[] = [];
  let isTaking = false;

  async function takeAll(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const why = await takeOne(next);
      if (why !== undefined) dropped(`a return slip was not taken after ${triesMax} tries: ${why}`);
    }
  }

  async function takeOne(returned: Returned): Promise<string | undefined> {
    let why = "";
    for (let tries = 0; tries < triesMax && !signal.aborted; tries++) {
      if (tries > 0) await pause(firstPauseMilliseconds * 2 ** (tries - 1), signal);
      try {
        await take(returned);
        return undefined;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
    }
    return why;
  }

  return {
    add(returned) {
      if (waiting.length >= waitingMax) {
        dropped(`more than ${waitingMax} return slips wait: one was dropped`);
        return;
      }
      waiting.push(returned);
      if (isTaking) return;
      isTaking = true;
      void takeAll().finally(() => {
        isTaking = false;
      });
    },
  };
}

/** Waits, and less when `signal` aborts. Leaves no timer and no listener. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, milliseconds);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
  });
}
