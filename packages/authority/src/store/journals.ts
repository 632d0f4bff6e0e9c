/**
 * Locks' logs in rows: the place that is held, and the events up to it. Whether an event is believed is decided in
 * `model/journal.ts`; here it only lasts.
 */
import { type Bytes, decodeEvent, encodeEvent, type LockEvent } from "@doorsync/protocol/authority";
import type { Transaction } from "kysely";
import { emptyJournal, type Journal, type TakenLog } from "../model/journal.ts";
import type { Database } from "./open.ts";
import type { Schema } from "./schema.ts";

type Reader = Database | Transaction<Schema>;

const rowsPerInsert = 500;

/** An event, and when it came in (seconds since 1970). */
export interface KeptEvent {
  readonly event: LockEvent;
  readonly receivedAt: number;
}

export async function loadJournal(db: Reader, lockId: Bytes): Promise<Journal> {
  const row = await db.selectFrom("logs").selectAll().where("lock_id", "=", lockId).executeTakeFirst();
  if (row === undefined) return emptyJournal;
  return { held: { seq: row.seq, head: row.head }, newest: row.newest, broken: row.broken };
}

/** Writes what a segment brought. Call in the transaction that read the journal, under the door's lock. */
export async function saveJournal(
  trx: Transaction<Schema>,
  log: { readonly lockId: Bytes; readonly doorId: string; readonly receivedAt: number },
  { journal, fresh }: TakenLog,
): Promise<void> {
  const { held, newest, broken } = journal;
  const place = { seq: held.seq, head: held.head, newest, broken };
  await trx
    .insertInto("logs")
    .values({ lock_id: log.lockId, door_id: log.doorId, ...place })
    .onConflict((conflict) => conflict.column("lock_id").doUpdateSet(place))
    .execute();
  for (let at = 0; at < fresh.length; at += rowsPerInsert) {
    // A plain insert: the same number twice is an error, never an overwrite.
    const rows = fresh.slice(at, at + rowsPerInsert).map((event) => ({
      lock_id: log.lockId,
      seq: event.seq,
      bytes: encodeEvent(event),
      received_at: log.receivedAt,
    }));
    await trx.insertInto("events").values(rows).execute();
  }
}

/** The newest `countMax` events of a lock, of those before `before` when given; oldest first. */
export async function loadEvents(
  db: Reader,
  lockId: Bytes,
  countMax: number,
  before?: number,
): Promise<readonly KeptEvent[]> {
  let query = db.selectFrom("events").selectAll().where("lock_id", "=", lockId);
  if (before !== undefined) query = query.where("seq", "<", before);
  const rows = await query.orderBy("seq", "desc").limit(countMax).execute();
  return rows.reverse().map((row) => {
    const event = decodeEvent(row.bytes);
    if (!event.ok) throw new RangeError(`an event in the database that nobody can read: ${event.check}`);
    return { event: event.value, receivedAt: row.received_at };
  });
}
