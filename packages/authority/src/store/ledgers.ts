/**
 * A door's ledger in rows: loaded under the door's row lock, saved as the difference. No rule lives here; the
 * constraints of the tables are a second defence behind the model, not the first.
 */
import { type CodeLength, codeLengths } from "@doorsync/protocol/authority";
import type { Transaction } from "kysely";
import {
  type CodeLife,
  classOf,
  type DoorKind,
  type HeldUp,
  type IssuedVersion,
  type ItemSpan,
  type Ledger,
  type LockStanding,
} from "../model/ledger.ts";
import { houseMarkAt } from "./house-mark.ts";
import type { Database } from "./open.ts";
import { packTerms, unpackHouse, unpackTerms } from "./packed.ts";
import type { CodeTable, Schema } from "./schema.ts";

const rowsPerInsert = 500;

/**
 * Runs `work` on one door's ledger and saves what it returns, in one transaction. Others who want this door wait:
 * version numbers, wire ids and codes are drawn one at a time. Throws if the door does not exist.
 */
export async function withDoor<T>(
  db: Database,
  doorId: string,
  work: (
    ledger: Ledger,
    trx: Transaction<Schema>,
  ) => Promise<{ readonly ledger: Ledger; readonly result: T }>,
): Promise<T> {
  return await inOne(db, async (trx) => await withDoorIn(trx, doorId, work));
}

/** Runs `work` in the transaction that `db` is, or in one of its own. */
export async function inOne<T>(db: Database, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  return isTransaction(db) ? await work(db) : await db.transaction().execute(work);
}

function isTransaction(db: Database): db is Transaction<Schema> {
  return db.isTransaction;
}

/** The same inside a transaction that goes on to other doors. */
export async function withDoorIn<T>(
  trx: Transaction<Schema>,
  doorId: string,
  work: (
    ledger: Ledger,
    trx: Transaction<Schema>,
  ) => Promise<{ readonly ledger: Ledger; readonly result: T }>,
): Promise<T> {
  await trx.selectFrom("doors").select("id").where("id", "=", doorId).forUpdate().executeTakeFirstOrThrow();
  const before = await loadLedger(trx, doorId);
  const { ledger, result } = await work(before, trx);
  await saveLedger(trx, doorId, before, ledger);
  return result;
}

/** The ledger as it stands. Outside `withDoor` it may be overtaken the next moment. */
export async function loadLedger(db: Database | Transaction<Schema>, doorId: string): Promise<Ledger> {
  const door = await db
    .selectFrom("doors")
    .innerJoin("properties", "properties.id", "doors.property_id")
    .select(["doors.kind", "doors.epoch", "properties.lease_hours", "properties.house"])
    .where("doors.id", "=", doorId)
    .executeTakeFirstOrThrow();
  const codes = await db
    .selectFrom("codes")
    .selectAll()
    .where("door_id", "=", doorId)
    .orderBy("created_at")
    // Within one second the older life is the one that is revoked: people see what goes before what comes.
    .orderBy("revoked", "desc")
    .orderBy("id")
    .execute();
  return {
    kind: kindOf(door.kind),
    leaseHours: door.lease_hours,
    ...(door.house === null ? {} : { house: unpackHouse(door.house) }),
    codes: codes.map(codeOf),
    lock: door.epoch === null ? undefined : await loadStanding(db, doorId, door.epoch),
  };
}

async function loadStanding(
  db: Database | Transaction<Schema>,
  doorId: string,
  epoch: number,
): Promise<LockStanding> {
  const lock = await db
    .selectFrom("locks")
    .selectAll()
    .where("door_id", "=", doorId)
    .where("epoch", "=", epoch)
    .executeTakeFirstOrThrow();
  const issued = await db
    .selectFrom("issued")
    .selectAll()
    .where("door_id", "=", doorId)
    .where("epoch", "=", epoch)
    .where("version", ">=", lock.proven)
    .orderBy("version")
    .execute();
  return {
    epoch,
    epochFrom: lock.epoch_from,
    lastWireId: lock.last_wire_id,
    proven: lock.proven,
    issued: issued.map(
      (row): IssuedVersion => ({
        version: row.version,
        issuedAt: row.issued_at,
        lifeHours: row.life_hours,
        state: row.state,
        digest: row.digest ?? undefined,
        handedOut: row.handed_out,
      }),
    ),
    spans: await loadSpans(db, doorId, epoch, lock.proven),
    contradicted: lock.contradicted ?? undefined,
    snapshotWanted: lock.snapshot_wanted,
    heldUp: (lock.held_up ?? undefined) as HeldUp | undefined,
    capacity: lock.capacity ?? undefined,
    doubt:
      lock.doubted_at === null
        ? undefined
        : { since: lock.doubted_at, settledAt: lock.doubt_settled_at ?? undefined },
    lastSync:
      lock.sync_lock_seconds === null || lock.sync_received_at === null
        ? undefined
        : { lockSeconds: lock.sync_lock_seconds, receivedAt: lock.sync_received_at },
    said:
      lock.said_flags === null || lock.said_lock_seconds === null || lock.said_received_at === null
        ? undefined
        : { flags: lock.said_flags, lockSeconds: lock.said_lock_seconds, receivedAt: lock.said_received_at },
  };
}

/** Every item that reaches into a version >= `since`; with 0, the whole history of the epoch. */
export async function loadSpans(
  db: Database | Transaction<Schema>,
  doorId: string,
  epoch: number,
  since: number,
): Promise<readonly ItemSpan[]> {
  const rows = await db
    .selectFrom("items")
    .selectAll()
    .where("door_id", "=", doorId)
    .where("epoch", "=", epoch)
    .where((row) => row.or([row("until_version", "is", null), row("until_version", ">", since)]))
    .orderBy("item_id")
    .orderBy("from_version")
    .execute();
  return rows.map(
    (row): ItemSpan => ({
      id: row.item_id,
      from: row.from_version,
      until: row.until_version ?? undefined,
      bytes: row.bytes,
    }),
  );
}

/** Writes what differs. The locks row of a new epoch must be there already; see `registry.ts`. */
async function saveLedger(
  trx: Transaction<Schema>,
  doorId: string,
  before: Ledger,
  after: Ledger,
): Promise<void> {
  if (after === before) return;
  await saveCodes(trx, doorId, before.codes, after.codes);
  if (after.lock !== undefined && after.lock !== before.lock) {
    await saveStanding(trx, doorId, before.lock, after.lock, after.leaseHours);
  }
}

async function saveCodes(
  trx: Transaction<Schema>,
  doorId: string,
  before: readonly CodeLife[],
  after: readonly CodeLife[],
): Promise<void> {
  const known = new Map(before.map((code) => [code.id, code]));
  const added: CodeLife[] = [];
  for (const code of after) {
    const old = known.get(code.id);
    if (old === code) continue;
    if (old === undefined) {
      added.push(code);
      continue;
    }
    // Old lives end before new ones begin: a person has one live code at every statement.
    const {
      wire_id,
      added: addedVersion,
      removed,
      revoked,
      released,
      terms,
      terms_from,
      wished_at,
    } = rowOf(doorId, code);
    await trx
      .updateTable("codes")
      .set({ wire_id, added: addedVersion, removed, revoked, released, terms, terms_from, wished_at })
      .where("id", "=", code.id)
      .execute();
  }
  for (const some of slices(added)) {
    await trx
      .insertInto("codes")
      .values(some.map((code) => rowOf(doorId, code)))
      .execute();
  }
}

async function saveStanding(
  trx: Transaction<Schema>,
  doorId: string,
  before: LockStanding | undefined,
  after: LockStanding,
  leaseHours: number,
): Promise<void> {
  const { epoch } = after;
  const old = before?.epoch === epoch ? before : undefined;
  await trx
    .updateTable("locks")
    .set({
      epoch_from: after.epochFrom,
      last_wire_id: after.lastWireId,
      proven: after.proven,
      contradicted: after.contradicted ?? null,
      snapshot_wanted: after.snapshotWanted,
      held_up: after.heldUp ?? null,
      said_flags: after.said?.flags ?? null,
      said_lock_seconds: after.said?.lockSeconds ?? null,
      said_received_at: after.said?.receivedAt ?? null,
      capacity: after.capacity ?? null,
      doubted_at: after.doubt?.since ?? null,
      doubt_settled_at: after.doubt?.settledAt ?? null,
      sync_lock_seconds: after.lastSync?.lockSeconds ?? null,
      sync_received_at: after.lastSync?.receivedAt ?? null,
    })
    .where("door_id", "=", doorId)
    .where("epoch", "=", epoch)
    .execute();
  const versions = new Map(old?.issued.map((row) => [row.version, row]));
  for (const row of after.issued) {
    const known = versions.get(row.version);
    if (known === row) continue;
    const values = {
      issued_at: row.issuedAt,
      life_hours: row.lifeHours,
      state: row.state,
      digest: row.digest ?? null,
      handed_out: row.handedOut,
    };
    // A plain insert: the same number twice is an error, never an overwrite.
    if (known === undefined) {
      await trx
        .insertInto("issued")
        .values({
          door_id: doorId,
          epoch,
          version: row.version,
          ...values,
          lease_hours: leaseHours,
          house: houseMarkAt(after.spans, row.version),
        })
        .execute();
    } else {
      await trx
        .updateTable("issued")
        .set({ handed_out: row.handedOut })
        .where("door_id", "=", doorId)
        .where("epoch", "=", epoch)
        .where("version", "=", row.version)
        .execute();
    }
  }
  await saveSpans(trx, doorId, epoch, old?.spans ?? [], after.spans);
}

async function saveSpans(
  trx: Transaction<Schema>,
  doorId: string,
  epoch: number,
  before: readonly ItemSpan[],
  after: readonly ItemSpan[],
): Promise<void> {
  const known = new Map(before.map((span) => [`${span.id}/${span.from}`, span]));
  const begun: ItemSpan[] = [];
  for (const span of after) {
    const old = known.get(`${span.id}/${span.from}`);
    if (old === undefined) begun.push(span);
    else if (old.until !== span.until) {
      await trx
        .updateTable("items")
        .set({ until_version: span.until ?? null })
        .where("door_id", "=", doorId)
        .where("epoch", "=", epoch)
        .where("item_id", "=", span.id)
        .where("from_version", "=", span.from)
        .execute();
    }
  }
  for (const some of slices(begun)) {
    const rows = some.map((span) => ({
      door_id: doorId,
      epoch,
      item_id: span.id,
      from_version: span.from,
      until_version: span.until ?? null,
      bytes: span.bytes,
    }));
    await trx.insertInto("items").values(rows).execute();
  }
}

function codeOf(row: CodeTable): CodeLife {
  return {
    id: row.id,
    person: row.person_id,
    mark: row.mark,
    length: lengthOf(row.length),
    sealed: row.sealed,
    createdAt: row.created_at,
    wishedAt: row.wished_at,
    terms: row.terms === null ? undefined : unpackTerms(row.terms),
    termsFrom: row.terms_from ?? undefined,
    wireId: row.wire_id ?? undefined,
    added: row.added ?? undefined,
    removed: row.removed ?? undefined,
    revoked: row.revoked,
    released: row.released,
  };
}

function rowOf(doorId: string, code: CodeLife): CodeTable {
  return {
    id: code.id,
    door_id: doorId,
    person_id: code.person,
    mark: code.mark,
    length: code.length,
    sealed: code.sealed,
    created_at: code.createdAt,
    wished_at: code.wishedAt,
    wire_id: code.wireId ?? null,
    added: code.added ?? null,
    removed: code.removed ?? null,
    revoked: code.revoked,
    released: code.released,
    class: classOf(code),
    terms: code.terms === undefined ? null : packTerms(code.terms),
    terms_from: code.termsFrom ?? null,
  };
}

function kindOf(text: string): DoorKind {
  switch (text) {
    case "residence":
    case "buildingEntrance":
    case "communal":
    case "service":
      return text;
    default:
      throw new RangeError(`unknown kind of door in the database: ${text}`);
  }
}

function lengthOf(value: number): CodeLength | 0 {
  if (value === 0) return 0;
  const length = codeLengths.find((one) => one === value);
  if (length === undefined) throw new RangeError(`unknown length of a code in the database: ${value}`);
  return length;
}

function* slices<T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < all.length; at += rowsPerInsert) yield all.slice(at, at + rowsPerInsert);
}
