/**
 * Time as an interval. `floorSeconds` is the greatest time the authority ever signed to this lock: it never falls
 * and never follows the battery-backed clock, so one bad reading cannot shut a lock for ever. Not a clock itself:
 * the board owns that one.
 */

import { secondsMax } from "@doorsync/protocol/lock";
import type { Now } from "./events.ts";

/** Lower bound: surely not earlier than this. */
export function lowerSeconds(floorSeconds: number, now: Now): number {
  return Math.min(Math.max(floorSeconds, now.rtcSeconds ?? 0), secondsMax);
}

/** Upper bound: surely not later than this; unbounded when the clock was lost. */
export function upperSeconds(floorSeconds: number, now: Now): number {
  return now.rtcSeconds === undefined ? Number.POSITIVE_INFINITY : lowerSeconds(floorSeconds, now);
}
