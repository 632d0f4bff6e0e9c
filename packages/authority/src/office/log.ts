/**
 * What is held of a door's log, and what is known to be missing. It believes nothing that was not taken in by
 * `receive.ts`, and names people by the credential that the lock wrote down.
 */
import {
  type EventKind,
  eventFlags,
  type LockEvent,
  type OperationSource,
} from "@doorsync/protocol/authority";
import { gapIn, type LogGap, withoutSuperseded } from "../model/journal.ts";
import { type KeptEvent, loadEvents, loadJournal } from "../store/journals.ts";
import { holdersOf } from "../store/people.ts";
import { type DoorEntry, presentLock } from "../store/registry.ts";
import { findDoor, type Office } from "./office.ts";

export interface LogEntry {
  readonly seq: number;
  /** The lock's lower bound, seconds since 1970; with `uncertain` it may be much later in truth. */
  readonly at: number;
  readonly uncertain: boolean;
  readonly receivedAt: number;
  readonly kind: EventKind;
  readonly detail: number;
  readonly source: OperationSource;
  readonly credential: number | undefined;
  readonly person: string | undefined;
  readonly version: number;
  readonly count: number;
  readonly gap: LogGap | undefined;
}

export interface DoorLog {
  readonly door: string;
  /** Events held: 1 to this number, without a hole. */
  readonly held: number;
  /** Newer ones that the lock was last heard to have. */
  readonly waiting: number;
  /** Another history came under this lock's key than the one held. */
  readonly alarm: boolean;
  readonly entries: readonly LogEntry[];
}

/** The newest `countMax` events of the lock that hangs on a door now; undefined when none does. */
export async function readLog(
  office: Office,
  wish: { readonly door: string; readonly countMax: number },
): Promise<DoorLog | undefined> {
  return await readLogOf(office, await findDoor(office, wish.door), wish);
}

/** The same of a door that was found; `before`: only events before this number. */
export async function readLogOf(
  office: Office,
  door: DoorEntry,
  wish: { readonly countMax: number; readonly before?: number | undefined },
): Promise<DoorLog | undefined> {
  const lock = await presentLock(office.db, door.id);
  if (lock === undefined) return undefined;
  const { held, newest, broken } = await loadJournal(office.db, lock.lock_id);
  const kept = await loadEvents(office.db, lock.lock_id, wish.countMax, wish.before);
  // Wire ids are given once in the life of a lock, so that an old event still names the right person.
  const people = await holdersOf(
    office.db,
    door.id,
    kept.map(({ event }) => event.credential),
  );
  const [oldest] = kept;
  const before =
    oldest === undefined ? [] : await loadEvents(office.db, lock.lock_id, lookedBackMax, oldest.event.seq);
  const set = [...before, ...kept].find(({ event }) => setsClock(event))?.event.seq;
  // Where so many events lie before the page, its clock was set long ago.
  const setSince = set ?? (before.length < lookedBackMax ? Number.POSITIVE_INFINITY : 0);
  const receivedAt = new Map(kept.map((one: KeptEvent) => [one.event.seq, one.receivedAt]));
  return {
    door: door.name,
    held: held.seq,
    waiting: newest - Math.min(newest, held.seq),
    alarm: broken,
    entries: withoutSuperseded(kept.map(({ event }) => event)).map((event) =>
      entryOf(event, { receivedAt: receivedAt.get(event.seq) ?? 0, people, setSince }),
    ),
  };
}

/** Older events in which is looked for a clock that was set; a lock takes its table soon. */
const lookedBackMax = 1_000;

/** A lock is given the time when it is commissioned, right before its first table, and by each time token. */
function setsClock({ kind }: LockEvent): boolean {
  return kind === "LockUserChange" || kind === "TimeSet";
}

function entryOf(
  event: LockEvent,
  {
    receivedAt,
    people,
    setSince,
  }: {
    readonly receivedAt: number;
    readonly people: ReadonlyMap<number | undefined, string | undefined>;
    /** Number of the first event by a clock that somebody had set. */
    readonly setSince: number;
  },
): LogEntry {
  const { seq, at, kind, detail, source, version, count } = event;
  // Of a refusal it is how much the lock holds, and nobody's.
  const isNobodys = event.credential === 0 || kind === "SyncRefused";
  const credential = isNobodys ? undefined : event.credential;
  return {
    seq,
    at,
    // Out of the box a clock runs as the factory left it: its times look sure to the lock itself.
    uncertain: seq < setSince || (event.flags & eventFlags.timeUnknown) !== 0,
    receivedAt,
    kind,
    detail,
    source,
    credential,
    person: credential === undefined ? undefined : people.get(credential),
    version,
    count,
    gap: gapIn(event),
  };
}
