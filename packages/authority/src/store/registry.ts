/**
 * Who and what there is: the installation's one row, properties, doors, people, commissioned locks and commissions
 * under way, receipts as received. No rules, and no codes: those are in the ledgers.
 */
import { type Bytes, equal, toHex } from "@doorsync/protocol/authority";
import type { SelectQueryBuilder, Transaction } from "kysely";
import type { DoorKind } from "../model/ledger.ts";
import type { Database } from "./open.ts";
import type {
  CommissionTable,
  LockTable,
  PersonTable,
  PropertyTable,
  ReceiptTable,
  Schema,
} from "./schema.ts";

export type Reader = Database | Transaction<Schema>;

/** How changes reach a door's lock: by couriers, over its own connection, or by whichever is first. */
export type DoorLink = "offline" | "connected" | "both";

export interface DoorEntry {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly epoch: number | null;
  readonly unitId: string | null;
  readonly link: string;
  readonly propertyId: string;
  readonly property: string;
  readonly sixDigits: boolean;
}

/** Whoever is meant, and how they are called. */
export interface PersonEntry {
  readonly id: string;
  readonly name: string;
}

/** Names are compared without regard to case and spacing; what was typed is what is shown. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();
}

/** Ties the database to one folder of keys at first use; false when it belongs to another. */
export async function claimInstallation(db: Database, fingerprint: Bytes, now: number): Promise<boolean> {
  await db
    .insertInto("installation")
    .values({ id: 1, fingerprint, created_at: now, online: null })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
  return await isInstallation(db, fingerprint);
}

export async function isInstallation(db: Database, fingerprint: Bytes): Promise<boolean> {
  const row = await db.selectFrom("installation").select("fingerprint").executeTakeFirst();
  return row !== undefined && equal(row.fingerprint, fingerprint);
}

/** Which keys work online, as they were noted; undefined: those of the first day. */
export async function loadOnline(db: Reader): Promise<Bytes | undefined> {
  const row = await db.selectFrom("installation").select("online").executeTakeFirst();
  return row?.online ?? undefined;
}

export async function noteOnline(trx: Transaction<Schema>, online: Bytes): Promise<void> {
  const noted = await trx
    .updateTable("installation")
    .set({ online })
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
  if (noted.numUpdatedRows !== 1n) throw new Error("an installation without its row");
}

/** A lock's next epoch. Everything that is of the lock goes along. Call inside `withDoorIn`. */
export async function beginEpoch(
  trx: Transaction<Schema>,
  lock: LockTable,
  next: Pick<LockTable, "epoch" | "epoch_from" | "sealed_keys" | "rotation">,
): Promise<void> {
  await trx
    .updateTable("locks")
    .set(next)
    .where("door_id", "=", lock.door_id)
    .where("epoch", "=", lock.epoch)
    .execute();
  await trx.updateTable("doors").set({ epoch: next.epoch }).where("id", "=", lock.door_id).execute();
}

/** False when the name is in use. */
export async function addProperty(
  db: Reader,
  property: Pick<PropertyTable, "id" | "name" | "six_digits" | "lease_hours">,
): Promise<boolean> {
  const result = await db
    .insertInto("properties")
    .values({ ...property, name_key: nameKey(property.name), house: null, policy: null })
    .onConflict((conflict) => conflict.column("name_key").doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** False when the property has a door of this name. */
export async function addDoor(
  db: Reader,
  door: {
    readonly id: string;
    readonly propertyId: string;
    readonly name: string;
    readonly kind: DoorKind;
    readonly unitId?: string | null;
    readonly link?: DoorLink;
  },
): Promise<boolean> {
  const result = await db
    .insertInto("doors")
    .values({
      id: door.id,
      property_id: door.propertyId,
      name: door.name,
      name_key: nameKey(door.name),
      kind: door.kind,
      epoch: null,
      unit_id: door.unitId ?? null,
      link: door.link ?? "offline",
    })
    .onConflict((conflict) => conflict.columns(["property_id", "name_key"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Somebody whom commands name. False when the name is in use. */
export async function addPerson(db: Reader, person: PersonEntry): Promise<boolean> {
  const result = await db
    .insertInto("people")
    .values({
      ...person,
      name_key: nameKey(person.name),
      property_id: null,
      host_id: null,
      guest_kind: null,
    })
    .onConflict((conflict) => conflict.column("name_key").where("property_id", "is", null).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function listProperties(db: Reader): Promise<readonly PropertyTable[]> {
  return await db.selectFrom("properties").selectAll().orderBy("name_key").execute();
}

export async function listPeople(db: Reader): Promise<readonly PersonTable[]> {
  return await db.selectFrom("people").selectAll().orderBy("name_key").execute();
}

export async function listDoors(db: Reader): Promise<readonly DoorEntry[]> {
  return await doorEntries(db).orderBy("properties.name_key").orderBy("doors.name_key").execute();
}

export async function doorById(db: Reader, doorId: string): Promise<DoorEntry | undefined> {
  return await doorEntries(db).where("doors.id", "=", doorId).executeTakeFirst();
}

export async function doorsOfProperty(db: Reader, propertyId: string): Promise<readonly DoorEntry[]> {
  return await doorEntries(db)
    .where("doors.property_id", "=", propertyId)
    .orderBy("doors.name_key")
    .execute();
}

/** Doors whose present lock, or the commission on its way to one, shows one of these tags. */
export async function doorsByTag(db: Reader, tags: readonly Bytes[]): Promise<readonly DoorEntry[]> {
  if (tags.length === 0) return [];
  const hung = db
    .selectFrom("locks")
    .innerJoin("doors as d", (join) =>
      join.onRef("d.id", "=", "locks.door_id").onRef("d.epoch", "=", "locks.epoch"),
    )
    .select("locks.door_id")
    .where("locks.tag", "in", [...tags]);
  const offered = db
    .selectFrom("commissions")
    .select("door_id")
    .where("setup_tag", "in", [...tags]);
  return await doorEntries(db)
    .where((where) => where.or([where("doors.id", "in", hung), where("doors.id", "in", offered)]))
    .execute();
}

export function doorEntries(db: Reader): SelectQueryBuilder<Schema, "doors" | "properties", DoorEntry> {
  return db
    .selectFrom("doors")
    .innerJoin("properties", "properties.id", "doors.property_id")
    .select([
      "doors.id",
      "doors.name",
      "doors.kind",
      "doors.epoch",
      "doors.unit_id as unitId",
      "doors.link",
      "properties.id as propertyId",
      "properties.name as property",
      "properties.six_digits as sixDigits",
    ]);
}

/** The lock that hangs on the door now. */
export async function presentLock(db: Reader, doorId: string): Promise<LockTable | undefined> {
  return await db
    .selectFrom("locks")
    .innerJoin("doors", (join) =>
      join.onRef("doors.id", "=", "locks.door_id").onRef("doors.epoch", "=", "locks.epoch"),
    )
    .selectAll("locks")
    .where("locks.door_id", "=", doorId)
    .executeTakeFirst();
}

/** Tags of the locks that hung on a door before the one of this epoch; each commissioning drew its own. */
export async function formerTags(db: Reader, doorId: string, epoch: number): Promise<readonly Bytes[]> {
  const rows = await db
    .selectFrom("locks")
    .select("tag")
    .where("door_id", "=", doorId)
    .where("epoch", "<", epoch)
    .execute();
  return rows.map(({ tag }) => tag);
}

/** A lock of any epoch by its id, with whether it is its door's present one. */
export async function lockById(
  db: Reader,
  lockId: Bytes,
): Promise<(LockTable & { readonly presentEpoch: number | null }) | undefined> {
  return await db
    .selectFrom("locks")
    .innerJoin("doors", "doors.id", "locks.door_id")
    .selectAll("locks")
    .select("doors.epoch as presentEpoch")
    .where("locks.lock_id", "=", lockId)
    .executeTakeFirst();
}

/** At which doors these locks hang, hung or are offered, by their ids in hex. */
export async function doorsOfLocks(
  db: Reader,
  lockIds: readonly Bytes[],
): Promise<ReadonlyMap<string, string>> {
  if (lockIds.length === 0) return new Map();
  const hung = await db
    .selectFrom("locks")
    .select(["lock_id", "door_id"])
    .where("lock_id", "in", [...lockIds])
    .execute();
  const offered = await db
    .selectFrom("commissions")
    .select(["lock_id", "door_id"])
    .where("lock_id", "in", [...lockIds])
    .execute();
  return new Map([...hung, ...offered].map(({ lock_id, door_id }) => [toHex(lock_id), door_id]));
}

/** Hangs a freshly commissioned lock on its door and ends the commission. Call inside `withDoor`. */
export async function hangLock(trx: Transaction<Schema>, lock: LockTable): Promise<void> {
  await trx.insertInto("locks").values(lock).execute();
  await trx.updateTable("doors").set({ epoch: lock.epoch }).where("id", "=", lock.door_id).execute();
  await trx.deleteFrom("commissions").where("door_id", "=", lock.door_id).execute();
}

export async function commissionOf(db: Reader, doorId: string): Promise<CommissionTable | undefined> {
  return await db.selectFrom("commissions").selectAll().where("door_id", "=", doorId).executeTakeFirst();
}

export async function commissionByLock(db: Reader, lockId: Bytes): Promise<CommissionTable | undefined> {
  return await db.selectFrom("commissions").selectAll().where("lock_id", "=", lockId).executeTakeFirst();
}

/** One commission at a time per door: a new one takes the place of the one under way. */
export async function putCommission(trx: Transaction<Schema>, commission: CommissionTable): Promise<void> {
  await trx.deleteFrom("commissions").where("door_id", "=", commission.door_id).execute();
  await trx.insertInto("commissions").values(commission).execute();
}

/** Keeps a verified receipt as evidence; the same one again changes nothing. */
/** False: it was there before. */
export async function keepReceipt(trx: Transaction<Schema>, receipt: ReceiptTable): Promise<boolean> {
  const kept = await trx
    .insertInto("receipts")
    .values(receipt)
    .onConflict((conflict) => conflict.columns(["door_id", "epoch", "digest"]).doNothing())
    .executeTakeFirst();
  return (kept.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
