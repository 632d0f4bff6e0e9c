/**
 * What was decided, what changed, and how often something was tried: the rows that tell the story of a property. Only
 * ever appended to.
 */
import { type Kysely, sql } from "kysely";
import type { Reader } from "./registry.ts";
import type { AuditTable, ChangeTable, Schema } from "./schema.ts";

export type Decided = Omit<AuditTable, "id">;
export type Changed = Omit<ChangeTable, "id">;
export type ChangeRow = Changed & { readonly id: number };
/** As detail of `code.setting`: it was on nobody's wish, a phone took along what had been wished for before. */
export const handedDetail = "handed";
export type AuditRow = Decided & { readonly id: number };

export async function noteDecision(db: Reader, decided: Decided): Promise<void> {
  await db.insertInto("audit").values(decided).execute();
}

/** Keeps the locks of tries apart from those of others. */
const attemptLock = 0x0d0027;

/** Any number that only we use: PostgreSQL's advisory locks are one namespace a database. */
const changeLock = 0x0d0026;

/**
 * Appends to the feed. Whoever appends holds a lock until the transaction ends, so that numbers become visible in their
 * order: a reader that has seen one has seen all before it.
 */
export async function noteChanges(db: Reader, changed: readonly Changed[]): Promise<void> {
  if (changed.length === 0) return;
  await sql`select pg_advisory_xact_lock(${sql.lit(changeLock)})`.execute(db as Kysely<Schema>);
  await db
    .insertInto("changes")
    .values([...changed])
    .execute();
}

export async function changesAfter(
  db: Reader,
  propertyIds: readonly string[],
  after: number,
  countMax: number,
): Promise<readonly ChangeRow[]> {
  if (propertyIds.length === 0) return [];
  return await db
    .selectFrom("changes")
    .selectAll()
    .where("property_id", "in", [...propertyIds])
    .where("id", ">", after)
    .orderBy("id")
    .limit(countMax)
    .execute();
}

/** Doors at which something changed after that row. */
export async function changedDoors(db: Reader, after: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("changes")
    .select("door_id")
    .distinct()
    .where("id", ">", after)
    .where("door_id", "is not", null)
    .execute();
  return rows.flatMap((row) => (row.door_id === null ? [] : [row.door_id]));
}

export async function newestChange(db: Reader): Promise<number> {
  const row = await db
    .selectFrom("changes")
    .select(({ fn }) => fn.max("id").as("id"))
    .executeTakeFirst();
  return row?.id ?? 0;
}

/** Newest first, before `before` when given; without what was asked by whoever has nothing to do with the property. */
export async function decisionsOf(
  db: Reader,
  propertyId: string,
  countMax: number,
  before: number | undefined,
): Promise<readonly AuditRow[]> {
  let query = db
    .selectFrom("audit")
    .selectAll()
    .where("property_id", "=", propertyId)
    .where("outside", "=", false);
  if (before !== undefined) query = query.where("id", "<", before);
  return await query.orderBy("id", "desc").limit(countMax).execute();
}

/**
 * When something was tried since `since`, oldest first. Until the transaction (it wants one) ends nobody else counts under this key: of
 * many that come at once no more pass than may.
 */
export async function attemptsSince(db: Reader, key: string, since: number): Promise<readonly number[]> {
  const lock = sql`select pg_advisory_xact_lock(hashtextextended(${key}, ${sql.lit(attemptLock)}))`;
  await lock.execute(db as Kysely<Schema>);
  const rows = await db
    .selectFrom("attempts")
    .select("at")
    .where("key", "=", key)
    .where("at", ">", since)
    .orderBy("at")
    .execute();
  return rows.map(({ at }) => at);
}

export async function noteAttempt(db: Reader, key: string, at: number): Promise<void> {
  await db.insertInto("attempts").values({ key, at }).execute();
}

export async function forgetAttemptsOf(db: Reader, key: string): Promise<void> {
  await db.deleteFrom("attempts").where("key", "=", key).execute();
}

/** Of all keys that begin so. */
export async function forgetAttemptsUnder(db: Reader, prefix: string): Promise<void> {
  await db.deleteFrom("attempts").where(sql<boolean>`starts_with(key, ${prefix})`).execute();
}

/** Places from which an account was logged in lie among the tries, and longer than they. */
export const knownPrefix = "known/";

export async function attemptedSince(db: Reader, key: string, since: number): Promise<boolean> {
  const query = db.selectFrom("attempts").select("at").where("key", "=", key).where("at", ">", since);
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

/** One try of that second; others that were made then go on counting. */
export async function forgetAttempt(db: Reader, key: string, at: number): Promise<void> {
  await sql`delete from attempts where ctid in
    (select ctid from attempts where key = ${key} and at = ${at} limit 1)`.execute(db as Kysely<Schema>);
}

export async function forgetAttempts(db: Reader, before: number, knownBefore: number): Promise<void> {
  await db
    .deleteFrom("attempts")
    .where("at", "<", before)
    .where((row) => row.or([row("key", "not like", `${knownPrefix}%`), row("at", "<", knownBefore)]))
    .execute();
}
