/**
 * A radar for places that are known beforehand: it tells of them again and again, and whether a lock is there shows when
 * it is visited. Not a radio: a real one tells only of locks that it hears.
 */
import type { Radar, Sighting, Timers } from "../ports.ts";

export function knownPlaces(places: readonly Sighting[], timers: Timers, everyMilliseconds: number): Radar {
  return {
    async *watch(signal) {
      while (!signal.aborted) {
        yield* places;
        await wait(timers, everyMilliseconds, signal);
      }
    },
  };
}

function wait(timers: Timers, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = timers.after(milliseconds, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
