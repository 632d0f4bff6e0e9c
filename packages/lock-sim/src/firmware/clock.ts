/**
 * Time as an interval. `floorSeconds` is the greatest time the authority ever signed to this lock: it never falls
 * and never follows the battery-backed clock, so one bad reading cannot shut a lock for ever. Not a clock itself:
 * the board owns that one.
 */

import { clockBehindSecondsMax, secondsMax } from "@doorsync/protocol/lock";
import type { Now } from "./events.ts";

/** Lower bound: surely not earlier than this. */
export function lowerSeconds(floorSeconds: number, now: Now): number {
  return Math.min(Math.max(floorSeconds, now.rtcSeconds ?? 0), secondsMax);
}

/** Whether the battery-backed clock may be right. A little behind the floor it drifted; far behind, it lost its time. */
export function clockHolds(floorSeconds: number, now: Now): boolean {
  return now.rtcSeconds !== undefined && now.rtcSeconds >= floorSeconds - clockBehindSecondsMax;
}

/** Upper bound: surely not later than this; unbounded when the clock was lost. */
export function upperSeconds(floorSeconds: number, now: Now): number {
  return clockHolds(floorSeconds, now) ? lowerSeconds(floorSeconds, now) : Number.POSITIVE_INFINITY;
}
