/**
 * Time as an interval: surely not earlier than `lower`, surely not later than `upper`. Not a clock itself: the board
 * owns that one, and it may drift, stop, lose its time, or lie.
 *
 * - `floorSeconds`, the greatest time the authority ever signed to this lock, never falls and never follows the
 *   battery-backed clock, so that one bad reading cannot shut a lock for ever.
 * - `markSeconds`, the lower bound as it was last written down, keeps a lost clock from giving old hours back; a time
 *   token may lower it. It grows with powered uptime, so that setting the clock back again and again wins nothing.
 * - The clock is trusted for what it counts, give or take its drift, from the moment it was last set.
 */

import {
  clockBehindSecondsMax,
  clockDriftPpmMax,
  secondsMax,
  tokenAgeSecondsMax,
} from "@doorsync/protocol/lock";
import type { Now } from "./events.ts";
import type { Notebook } from "./notebook.ts";
import type { Secure } from "./secure.ts";
import type { Store } from "./store.ts";

/** What this lock has on record about time, in seconds since 1970. */
export interface TimeKept {
  readonly floorSeconds: number;
  readonly markSeconds: number;
  /** Powered uptime at that mark, and at this power-on. */
  readonly markedUptimeSeconds: number;
  readonly uptimeAtBootSeconds: number;
  /** When the clock was last known to be right: its last time token, or the day the lock was commissioned. */
  readonly setSeconds: number;
}

/** `upper` is infinite when the clock was lost. */
export interface Span {
  readonly lower: number;
  readonly upper: number;
}

/** Whether the battery-backed clock may be right. A little behind what is on record it drifted; far behind, it lost its time. */
export function clockHolds(kept: TimeKept, now: Now): boolean {
  return now.rtcSeconds !== undefined && now.rtcSeconds >= recorded(kept, now) - clockBehindSecondsMax;
}

/** What time it may be now. */
export function spanOf(kept: TimeKept, now: Now): Span {
  const held = recorded(kept, now);
  if (now.rtcSeconds === undefined || !clockHolds(kept, now)) {
    return { lower: Math.min(held, secondsMax), upper: Number.POSITIVE_INFINITY };
  }
  const off = driftSeconds(kept, now.rtcSeconds);
  const lower = Math.min(Math.max(held, now.rtcSeconds - off), secondsMax);
  return { lower, upper: Math.max(lower, now.rtcSeconds + off) };
}

/** How far the clock may be off by now, either way. What was signed meanwhile did not set it. */
function driftSeconds({ setSeconds }: TimeKept, rtcSeconds: number): number {
  return Math.floor((Math.max(0, rtcSeconds - setSeconds) * clockDriftPpmMax) / 1_000_000);
}

/** Surely passed, whatever the battery-backed clock says. */
function recorded(kept: TimeKept, now: Now): number {
  const { floorSeconds, markSeconds, markedUptimeSeconds, uptimeAtBootSeconds } = kept;
  if (markSeconds === 0) return floorSeconds;
  const powered = uptimeAtBootSeconds + Math.floor(now.uptimeMs / 1_000) - markedUptimeSeconds;
  const surely = powered - Math.ceil((powered * clockDriftPpmMax) / 1_000_000);
  return Math.max(floorSeconds, markSeconds + surely);
}

/** Drift beyond which a lock asks couriers for a time token, so that its schedules stay sharp. */
const uncertainSecondsMax = 4 * tokenAgeSecondsMax;

export function wantsTime(kept: TimeKept, now: Now): boolean {
  const { lower, upper } = spanOf(kept, now);
  return upper - lower > uncertainSecondsMax;
}

/** What a running lock has on record about time. */
export function keptBy({
  store,
  notebook,
  secure,
  uptimeAtBootSeconds,
}: {
  readonly store: Pick<Store, "floorSeconds">;
  readonly notebook: Pick<Notebook, "rtcMarkSeconds" | "markedSeconds" | "clockSetSeconds">;
  readonly secure: Pick<Secure, "commissionedAt">;
  readonly uptimeAtBootSeconds: number;
}): TimeKept {
  return {
    floorSeconds: store.floorSeconds,
    markSeconds: notebook.rtcMarkSeconds,
    markedUptimeSeconds: notebook.markedSeconds,
    uptimeAtBootSeconds,
    setSeconds: Math.max(notebook.clockSetSeconds, secure.commissionedAt),
  };
}

/**
 * What to write down in place of a mark that is ahead of the commission, while no table is there: it is the last
 * owner's, or a wrong clock's, and would let no first table in.
 */
export function markAhead(
  { phase, commissionedAt }: Pick<Secure, "phase" | "commissionedAt">,
  { rtcMarkSeconds }: Pick<Notebook, "rtcMarkSeconds">,
): { readonly seconds: number; readonly setSeconds: number } | undefined {
  if (phase !== "provisional" || rtcMarkSeconds <= commissionedAt) return undefined;
  return { seconds: commissionedAt, setSeconds: commissionedAt };
}
