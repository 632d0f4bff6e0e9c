/**
 * What the authority holds of one lock's log: an unbroken beginning of it, event by event. Pure; the lock's key proves
 * each event, so that it does not matter who brought them, how often or in which order. Not where events are kept.
 *
 * Invariant: `held` is the place after the last event that was ever handed out in `fresh`. Whoever stores those
 * together with it may acknowledge it.
 */
import {
  type AuthorityLock,
  acceptSegment,
  type Bytes,
  type Crypto,
  type EventClass,
  eventClasses,
  eventFlags,
  firstHead,
  type LockEvent,
  type LogPlace,
  nameOf,
} from "@doorsync/protocol/authority";

export interface Journal {
  /** The last event held, and the head after it; at first 0 and zeros. */
  readonly held: LogPlace;
  /** The newest event that the lock ever said to have. */
  readonly newest: number;
  /** A chain came under this lock's key that does not run through `held`: this book or the lock is not what it was. */
  readonly broken: boolean;
}

export const emptyJournal: Journal = { held: { seq: 0, head: firstHead }, newest: 0, broken: false };

/**
 * logged: new events. log-again: nothing that was not held. log-ahead: it begins after what is held; what lies between
 * is still in the lock, or was acknowledged and lost here. log-broken: another history than the one held: alarm.
 * log-unreadable: the lock's own, and of a kind that this version does not know. not-verified: it does not open.
 */
export type LogOutcome =
  | "logged"
  | "log-again"
  | "log-ahead"
  | "log-broken"
  | "log-unreadable"
  | "not-verified";

export interface TakenLog {
  readonly journal: Journal;
  readonly outcome: LogOutcome;
  /** To be stored with the journal, in order; only those not held before. */
  readonly fresh: readonly LockEvent[];
}

/** Takes a segment in, as a courier brought it. Idempotent: order, repeats and losses do not matter. */
export function takeSegment(
  crypto: Crypto,
  lock: AuthorityLock,
  boxSecret: Bytes,
  journal: Journal,
  body: Bytes,
): TakenLog {
  const taken = acceptSegment(crypto, lock, boxSecret, journal.held, body);
  if (taken.ok) {
    const { events: fresh, seq, head, newest } = taken.value;
    const held = fresh.length === 0 ? journal.held : { seq, head };
    const next = { ...journal, held, newest: Math.max(journal.newest, newest) };
    return { journal: next, outcome: fresh.length === 0 ? "log-again" : "logged", fresh };
  }
  const nothing = (outcome: LogOutcome, changed = journal): TakenLog => ({
    journal: changed,
    outcome,
    fresh: [],
  });
  switch (taken.check) {
    case "L4":
      return nothing("log-ahead");
    case "L5":
      return nothing("log-again");
    case "L6":
      return nothing("log-broken", { ...journal, broken: true });
    case "L8":
      return nothing("log-unreadable");
    default:
      // Not opened, or a chain that the lock's key does not make: anybody can seal that.
      return nothing("not-verified");
  }
}

/** Events that are missing from the log, because the lock had no room for them. */
export interface LogGap {
  readonly class: EventClass;
  readonly count: number;
  /** Power failed while they were counted: there may be more. */
  readonly isAtLeast: boolean;
  /** It still grew when this was written. */
  readonly isOpen: boolean;
}

/** What a gap event says, or undefined for another. */
export function gapIn({ kind, detail, count, flags }: LockEvent): LogGap | undefined {
  if (kind !== "Gap") return undefined;
  const name = nameOf(eventClasses, detail);
  if (name === undefined) throw new Error(`a decoded gap of class ${detail}`);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return { class: name, count, isAtLeast: has(eventFlags.atLeast), isOpen: has(eventFlags.open) };
}

/** The events without the gaps that a later one of their class takes the place of. */
export function withoutSuperseded<E extends LockEvent>(events: readonly E[]): readonly E[] {
  const later = new Set<EventClass>();
  const kept: E[] = [];
  for (const event of events.toReversed()) {
    const gap = gapIn(event);
    if (gap?.isOpen === true && later.has(gap.class)) continue;
    if (gap !== undefined) later.add(gap.class);
    kept.push(event);
  }
  return kept.reverse();
}
