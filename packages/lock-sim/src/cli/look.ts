/** Looks into a lock on its bench: what there is to see, as values. It changes nothing. */
import { describeItem } from "@doorsync/protocol/inspect";
import { conditionFlags, decodeItem, itemId, toHex } from "@doorsync/protocol/lock";
import { keptBy, spanOf } from "../firmware/clock.ts";
import { guessWindowSeconds, mayTry } from "../firmware/guessing.ts";
import { ringRecords } from "../firmware/journal.ts";
import { poweredSeconds } from "../firmware/keypad.ts";
import { settingsOf } from "../firmware/settings.ts";
import type { Running } from "../firmware/state.ts";
import { conditionsOf } from "../firmware/sync.ts";
import type { SupplyCut } from "../parts/supply.ts";
import type { Bench } from "./bench.ts";
import { eventWords } from "./event-words.ts";
import { isoTime, type Outside, type Status } from "./status.ts";

const lastEventsMax = 5;

export function statusOf(bench: Bench): Status {
  const { lock, mechanics, battery } = bench;
  const { state } = lock.board;
  const outside: Outside = {
    clock: clockOf(bench),
    armed: armedNow(bench),
    boltAt: mechanics.boltAt,
    door: mechanics.doorIs,
    battery: battery.percent,
    radio: bench.radio,
    jams: bench.jams,
    lastEvents: bench.events
      .slice(-lastEventsMax)
      .map((event) => ({ seq: event.seq, time: isoTime(event.at), says: eventWords(event) })),
  };
  if (state.power === "off") return { power: "cut", ...outside };
  const { secure, inForce, store, half, journal, diary } = state;
  const now = lock.clock.now();
  const { lower, upper } = spanOf(keptBy(state), now);
  const told = conditionsOf(state, now);
  return {
    power: "on",
    phase: secure.phase,
    tag: toHex(secure.tag),
    epoch: secure.epoch,
    version: inForce.version,
    codes: inForce.table.credentials,
    capacity: store.geometry.capacity,
    items: inForce.table.count,
    damaged: store.damaged,
    bolt: state.mechanics.bolt.at,
    ...outside,
    lamp: bench.lamp ?? null,
    time: { lower, upper: Number.isFinite(upper) ? upper : null },
    uptimeSeconds: Math.floor(now.uptimeMs / 1_000),
    ...keypadOf(state, poweredSeconds(state, now)),
    session: state.session === undefined ? "none" : "open",
    half: half === undefined ? null : { to: half.to, next: half.expected.index },
    journal: {
      lastSeq: journal.lastSeq,
      acknowledged: journal.acked.seq,
      waiting: journal.events.length,
      room: ringRecords,
      missing: Object.values(diary.missing).reduce((sum, { count }) => sum + count, 0),
    },
    conditions: [
      ...Object.entries(conditionFlags).flatMap(([name, bit]) => ((told & bit) !== 0 ? [name] : [])),
      ...(journal.events.length > 0 ? ["logWaiting"] : []),
    ],
  };
}

/** Seconds since 1970 by the battery-backed clock, in ISO 8601; null: lost. */
export function clockOf({ lock }: Bench): string | null {
  const { rtcSeconds } = lock.clock.now();
  return rtcSeconds === undefined ? null : isoTime(rtcSeconds);
}

/** The cut to come, counted from now. */
function armedNow({ lock, fuse }: Bench): SupplyCut | null {
  if (fuse.armed === undefined) return null;
  return { ...fuse.armed.cut, op: fuse.armed.cut.op - (lock.supply.ops - fuse.armed.opsBefore) };
}

/** The items in force in words; undefined in the dark. */
export function tableOf({ lock }: Bench): readonly string[] | undefined {
  const { state } = lock.board;
  if (state.power === "off") return undefined;
  const lines: string[] = [];
  for (const bytes of state.inForce.table.items()) {
    const item = decodeItem(bytes);
    lines.push(item.ok ? describeItem(item.value) : `item ${itemId(bytes)}: ${toHex(bytes)}`);
  }
  return lines;
}

export function opsOf({ lock: { supply } }: Bench): Readonly<Record<string, number>> {
  const { programs, programBytes, erases } = supply.flash.counters;
  return { total: supply.ops, programs, programBytes, erases, secureWrites: supply.secure.writes };
}

function keypadOf(
  running: Running,
  uptime: number,
): { readonly triesLeft: number; readonly waitSeconds: number } {
  const policy = settingsOf(running.inForce.table);
  const wrong = running.notebook.attempts.filter(
    (one) => !one.right && uptime - one.uptimeSeconds < guessWindowSeconds,
  ).length;
  const may = mayTry(running.notebook, uptime, policy);
  return {
    triesLeft: Math.max(0, policy.wrongCodesPerDayMax - wrong),
    waitSeconds: may.ok ? 0 : may.waitSeconds,
  };
}
