/**
 * A radar on noble: it looks around, tells what it saw, and looks again when that was dealt with. What a lock advertises
 * says for which parcels it is visited; since that may be a lie, each place is also told of without it now and then.
 */
import type { Radar, Sighting } from "../ports.ts";
import type { NobleRadio } from "./noble.ts";
import { systemTimers } from "./timers.ts";

/** How long the radar looks before it tells. */
const lookMillisecondsDefault = 1_500;
/** A place whose advertising is not believed is told of as any lock once in so long. */
const blindMillisecondsDefault = 300_000;
const placesMax = 256;

export interface NobleRadarOptions {
  readonly radio: NobleRadio;
  readonly now: () => number;
  readonly lookMilliseconds?: number;
  readonly blindMilliseconds?: number;
}

export function nobleRadar(options: NobleRadarOptions): Radar {
  const { radio, now } = options;
  const { lookMilliseconds = lookMillisecondsDefault, blindMilliseconds = blindMillisecondsDefault } =
    options;
  const blindAt = new Map<string, number>();
  return {
    async *watch(signal): AsyncIterable<Sighting> {
      while (!signal.aborted) {
        // An adapter that is off for a while is no end of the watch; nor is one that fails at once, again and again.
        const seen = await radio
          .look(lookMilliseconds, signal)
          .catch(() => rest(lookMilliseconds, signal).then(() => []));
        for (const { place, hint } of seen) {
          yield { place, tag: hint?.tag, transport: radio.to(place) };
          const last = blindAt.get(place);
          if (hint === undefined || (last !== undefined && now() - last < blindMilliseconds)) continue;
          blindAt.delete(place);
          blindAt.set(place, now());
          const [oldest] = blindAt.keys();
          if (blindAt.size > placesMax && oldest !== undefined) blindAt.delete(oldest);
          // Not at first sight: the lock may well be what it says.
          if (last !== undefined) yield { place, tag: undefined, transport: radio.to(place) };
        }
      }
    },
  };
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      stop();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const stop = systemTimers.after(milliseconds, over);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
  });
}
