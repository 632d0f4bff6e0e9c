/**
 * The lock's two clocks: uptime, which starts at power-on, and a battery-backed clock, which may be set, drift, jump or
 * be lost. It asks nobody for the time: virtual unless its maker lends it a source of milliseconds. Uptime is right.
 *
 * Fault menu (called directly, not armed; all of the battery-backed clock):
 * - `drift`: it runs fast or slow, from a time on.
 * - `jump`: it is wrong by so many seconds more.
 * - `reset`: it starts again at 1970, as some chips do after a brown-out (`set(0)`).
 * - `lose`: it knows that it has no time.
 */
import type { Now } from "../firmware/events.ts";

export const clockFaults = [
  { name: "drift", means: "the battery-backed clock runs fast or slow, from a time on" },
  { name: "jump", means: "the battery-backed clock is wrong by so many seconds more" },
  { name: "reset", means: "the battery-backed clock starts again at 1970" },
  { name: "lose", means: "the battery-backed clock lost its time and says so" },
] as const;

export interface ClockOptions {
  /** Milliseconds that pass by themselves, from any zero, never backwards; none: time passes by `advance` alone. */
  readonly elapsedMs?: () => number;
  /** What the battery-backed clock shows at first, in seconds since 1970; undefined: lost. */
  readonly rtcSeconds?: number;
  /** What the battery-backed clock gains, in microseconds a second; negative: it runs slow. */
  readonly driftPpm?: number;
}

export interface SimulatedClock {
  now(): Now;
  /** Sets the battery-backed clock, in seconds since 1970. */
  set(seconds: number): void;
  /** Uptime starts again; the battery-backed clock runs on. */
  powerOn(): void;
  /** Time passes: uptime and the battery-backed clock go on by so much, the latter with its drift. */
  advance(milliseconds: number): void;
  /** The battery-backed clock alone is wrong by so many seconds more; a lost one stays lost. */
  jump(seconds: number): void;
  /** The battery-backed clock's battery was out. */
  lose(): void;
  /**
   * The battery-backed clock gains so many microseconds a second, beginning `inMs` from now; what it gained before
   * stays. Replaces a change that was to begin later.
   */
  drift(ppm: number, inMs?: number): void;
}

/** A rate of the battery-backed clock and when it begins, in milliseconds since the part was made. */
interface Rate {
  readonly fromMs: number;
  readonly ppm: number;
}

export function createClock({
  elapsedMs = () => 0,
  rtcSeconds,
  driftPpm = 0,
}: ClockOptions = {}): SimulatedClock {
  const zeroMs = elapsedMs();
  let advancedMs = 0;
  const passedMs = (): number => elapsedMs() - zeroMs + advancedMs;
  let poweredAtMs = passedMs();
  let rates: readonly Rate[] = [{ fromMs: 0, ppm: driftPpm }];
  /** Nanoseconds gained before the first of `rates`: whole numbers, so that every machine sums the same. */
  let gainedNs = 0;
  /** What the battery-backed clock showed when this part was made, had it been set then. */
  let epochMs = rtcSeconds === undefined ? undefined : rtcSeconds * 1_000;

  const gainedUntilNs = (untilMs: number): number =>
    rates.reduce((sum, { fromMs, ppm }, i) => {
      const toMs = Math.min(rates[i + 1]?.fromMs ?? untilMs, untilMs);
      return sum + Math.max(0, toMs - fromMs) * ppm;
    }, gainedNs);

  /** Whole milliseconds by the battery-backed clock since this part was made: what is set is shown to the second. */
  const countedMs = (): number => {
    const untilMs = passedMs();
    return Math.floor(untilMs + gainedUntilNs(untilMs) / 1_000_000);
  };

  return {
    now: () => ({
      uptimeMs: Math.floor(passedMs() - poweredAtMs),
      rtcSeconds:
        epochMs === undefined ? undefined : Math.max(0, Math.floor((epochMs + countedMs()) / 1_000)),
    }),
    set(seconds) {
      epochMs = seconds * 1_000 - countedMs();
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
    drift(ppm, inMs = 0) {
      const nowMs = passedMs();
      const inForce = rates.findLast(({ fromMs }) => fromMs <= nowMs)?.ppm ?? 0;
      gainedNs = gainedUntilNs(nowMs);
      rates = [
        { fromMs: nowMs, ppm: inForce },
        { fromMs: nowMs + Math.max(0, inMs), ppm },
      ];
    },
  };
}
