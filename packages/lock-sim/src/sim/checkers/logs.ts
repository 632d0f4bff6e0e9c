/**
 * The log of a lock, as it reaches the authority: without holes but those that it owns up to (P24), and telling what
 * people saw at the door.
 */
import { eventFlags, type LockEvent, lockOperationTypes } from "@doorsync/protocol/lock";
import type { Seen } from "../seen.ts";
import { type Checker, type Complaint, createWornOut, spoilers, spoiltMs } from "./checker.ts";

interface Log {
  /** Number of the last event that came in. */
  seq: number;
  openings: number;
  /** Openings, and whatever else is missing by the lock's own account, gap by gap. */
  gaps: number;
  openGap: number;
}

interface Truth {
  openings: number;
  /** Of which a power cut may have hidden the line. */
  doubtful: number;
}

/** Events of a lock's log since it has its owner, and what was seen at its door in that time. */
export function logs(): Checker {
  const come = new Map<number, Log>();
  const truths = new Map<number, Truth>();
  /** As in deeds.ts. */
  const wornOut = createWornOut();
  const heardInCalm = new Set<number>();
  const truthOf = (door: number): Truth => {
    const known = truths.get(door) ?? { openings: 0, doubtful: 0 };
    truths.set(door, known);
    return known;
  };

  function take(door: number, events: readonly LockEvent[]): Complaint {
    const log = come.get(door) ?? { seq: 0, openings: 0, gaps: 0, openGap: 0 };
    come.set(door, log);
    for (const event of events) {
      if (event.seq !== log.seq + 1) return `the log of lock ${door} goes from ${log.seq} to ${event.seq}`;
      log.seq = event.seq;
      const isOpening =
        event.kind === "LockOperation" &&
        event.source !== "Manual" &&
        (event.detail === lockOperationTypes.Unlock || event.detail === lockOperationTypes.ForcedUserEvent);
      if (isOpening) log.openings++;
      if (event.kind === "Gap") {
        const isOpen = (event.flags & eventFlags.open) !== 0;
        log.gaps += isOpen ? 0 : event.count;
        log.openGap = isOpen ? event.count : 0;
      }
    }
    return undefined;
  }

  function compare(door: number, log: Log): Complaint {
    const truth = truthOf(door);
    const told = log.openings + log.gaps + log.openGap;
    if (told < truth.openings - truth.doubtful) {
      return `lock ${door} opened ${truth.openings} times; its log tells of ${log.openings}, and of ${log.gaps} missing`;
    }
    return undefined;
  }

  return {
    property: "P24",
    claim: "a log has no hole that it does not own up to, and tells of every opening",
    hear(seen) {
      wornOut.hear(seen);
      switch (seen.kind) {
        // A lock begins a new log for a new owner, with the reset at its head.
        case "commissioned":
          if (seen.epoch > 1) truths.set(seen.door, { openings: 0, doubtful: 0 });
          come.delete(seen.door);
          return undefined;
        case "calm":
          heardInCalm.clear();
          return undefined;
        case "log":
          heardInCalm.add(seen.door);
          return take(seen.door, seen.events);
        case "shown": {
          const truth = truthOf(seen.door);
          if (seen.pressed.result === "opened" || seen.moved) truth.openings++;
          if (seen.pressed.result === "dark") truth.doubtful++;
          return undefined;
        }
        case "power":
          // What waited to be written when the power failed is gone.
          if (seen.is === "off") truthOf(seen.door).doubtful += waitingMax;
          return undefined;
        case "drained":
          for (const [door, log] of come) {
            if (wornOut.has(door) && !heardInCalm.has(door)) continue;
            const complaint = compare(door, log);
            if (complaint !== undefined) return complaint;
          }
          return undefined;
        default:
          return undefined;
      }
    },
  };
}

/** Openings by code or card are written before the bolt moves: at most the one under way is in doubt. */
const waitingMax = 1;

/** Events that a lock has and the authority has not acknowledged are kept, whole and in order. */
export function nothingDropped(): Checker {
  return {
    property: "P24",
    claim: "a lock keeps every event that the authority has not acknowledged",
    hear(seen, view) {
      if (seen.kind !== "step") return undefined;
      for (const { door, state } of view.locks) {
        if (state.power === "off") continue;
        const { acked, events, lastSeq } = state.journal;
        if (acked.seq + events.length !== lastSeq) {
          return `lock ${door} has ${events.length} events after ${acked.seq}, and its last one is ${lastSeq}`;
        }
      }
      return undefined;
    },
  };
}

/** Only what the authority took in may be dropped. */
export function onlyAcknowledged(): Checker {
  const come = new Map<number, number>();
  return {
    property: "P24",
    claim: "a lock drops no event that did not reach the authority",
    hear(seen, view) {
      if (seen.kind === "commissioned") come.delete(seen.door);
      if (seen.kind === "log") come.set(seen.door, seen.seq);
      if (seen.kind !== "step") return undefined;
      for (const { door, state } of view.locks) {
        if (state.power === "off" || state.secure.phase === "factory") continue;
        const { seq } = state.journal.acked;
        if (seq > (come.get(door) ?? 0))
          return `lock ${door} dropped events up to ${seq}, and they are nowhere`;
      }
      return undefined;
    },
  };
}

/** Alarms that people hear when something is wrong, and the silent one in the log. */
export function alarms(): Checker {
  /** When wrong codes were judged, with no right one after them. */
  const wrongInARow = new Map<number, readonly number[]>();
  const spoiltAtMs = new Map<number, number>();
  const heard = new Map<number, Set<string>>();
  const heardAt = (door: number): Set<string> => {
    const known = heard.get(door) ?? new Set<string>();
    heard.set(door, known);
    return known;
  };
  return {
    property: "P20",
    claim: "a lock that stops judging codes has said so by its alarm",
    hear(seen: Seen, view) {
      if (seen.kind === "fault" && seen.door !== undefined && spoilers.some((name) => name === seen.fault)) {
        spoiltAtMs.set(seen.door, view.nowMs);
      }
      if (seen.kind === "alarm") heardAt(seen.door).add(seen.alarm);
      if (seen.kind !== "shown" || seen.by !== "keypad") return undefined;
      // A day of true time is never longer than the lock's own, which stands still while it is dark.
      const before = (wrongInARow.get(seen.door) ?? []).filter((ms) => view.nowMs - ms < dayMs);
      const { result } = seen.pressed;
      if (result === "refused") wrongInARow.set(seen.door, [...before, view.nowMs]);
      // What cannot be counted is not compared: the panel says "wait" for that too, and it is no pause.
      const isSpoilt = view.nowMs - (spoiltAtMs.get(seen.door) ?? Number.NEGATIVE_INFINITY) < spoiltMs;
      if (result === "dark") heardAt(seen.door).add("WrongCodeEntryLimit");
      const hasSaid = heardAt(seen.door).has("WrongCodeEntryLimit");
      if (result === "wait" && before.length >= alarmAfter && !isSpoilt && !hasSaid) {
        return `lock ${seen.door} makes people wait after ${before.length} wrong codes, and raised no alarm`;
      }
      if (result === "opened") wrongInARow.set(seen.door, []);
      return undefined;
    },
  };
}

const alarmAfter = 5;
const dayMs = 86_400_000;
