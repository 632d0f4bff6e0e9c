/**
 * The lock's two clocks: uptime, which starts at power-on, and a battery-backed clock, which may be set, jump or be
 * lost. It asks nobody for the time: virtual unless its maker lends it a source of milliseconds.
 */
import type { Now } from "../firmware/events.ts";

export interface ClockOptions {
  /** Milliseconds that pass by themselves, from any zero, never backwards; none: time passes by `advance` alone. */
  readonly elapsedMs?: () => number;
  /** What the battery-backed clock shows at first, in seconds since 1970; undefined: lost. */
  readonly rtcSeconds?: number;
}

export interface SimulatedClock {
  now(): Now;
  /** Sets the battery-backed clock, in seconds since 1970. */
  set(seconds: number): void;
  /** Uptime starts again; the battery-backed clock runs on. */
  powerOn(): void;
  /** Time passes: uptime and the battery-backed clock go on by so much. */
  advance(milliseconds: number): void;
  /** The battery-backed clock alone is wrong by so many seconds more; a lost one stays lost. */
  jump(seconds: number): void;
  /** The battery-backed clock's battery was out. */
  lose(): void;
}

export function createClock({ elapsedMs = () => 0, rtcSeconds }: ClockOptions = {}): SimulatedClock {
  const zeroMs = elapsedMs();
  let advancedMs = 0;
  const passedMs = (): number => elapsedMs() - zeroMs + advancedMs;
  let poweredAtMs = passedMs();
  /** What the battery-backed clock showed when this part was made, had it been set then. */
  let epochMs = rtcSeconds === undefined ? undefined : rtcSeconds * 1_000;
  return {
    now: () => ({
      uptimeMs: Math.floor(passedMs() - poweredAtMs),
      rtcSeconds: epochMs === undefined ? undefined : Math.max(0, Math.floor((epochMs + passedMs()) / 1_000)),
    }),
    set(seconds) {
      epochMs = seconds * 1_000 - passedMs();
    },
    powerOn() {
      poweredAtMs = passedMs();
    },
    advance(milliseconds) {
      if (milliseconds < 0) throw new RangeError(`time does not go back by ${milliseconds} ms`);
      advancedMs += milliseconds;
    },
    jump(seconds) {
      if (epochMs !== undefined) epochMs += seconds * 1_000;
    },
    lose() {
      epochMs = undefined;
    },
  };
}
