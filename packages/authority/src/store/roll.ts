/**
 * The roll of a property: its people with their standings and accounts, and how standings are suspended, revoked and
 * restored. Rows only; who may ask, and what a standing is good for, is decided in `desk/`.
 */
import { sql } from "kysely";
import { accountOfPerson } from "./accounts.ts";
import { nameKey, type Reader } from "./registry.ts";
import type { PersonTable } from "./schema.ts";

export interface RollWish {
  readonly propertyId: string;
  /** Undefined: everybody; else who has a standing in these units or may open one of their doors. */
  readonly unitIds: readonly string[] | undefined;
  /** Part of a name; undefined: any. */
  readonly find: string | undefined;
  /** Somebody who is in the rows and is nobody: the holder of the daily doorcodes. */
  readonly besides: string;
  readonly skip: number;
  readonly countMax: number;
}

export interface RollEntry {
  readonly id: string;
  readonly name: string;
  readonly host_id: string | null;
  readonly guest_kind: string | null;
  readonly email: string | null;
  readonly has_password: boolean;
  readonly doors: number;
}

/** By name. `doors`: at how many doors within reach somebody is to have a code, card or key. */
export async function rollOf(db: Reader, wish: RollWish): Promise<readonly RollEntry[]> {
  const { propertyId, unitIds, find, skip, countMax } = wish;
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const units = unitIds === undefined ? undefined : sql.join([...unitIds]);
  // Sets and no "or": each half finds its rows by an index.
  const mine =
    units === undefined
      ? sql`select id from people where property_id = ${propertyId}
          union select person_id from standings where property_id = ${propertyId}`
      : sql`select person_id from standings where unit_id in (${units})
          union select k.person_id from codes k join doors d on d.id = k.door_id
            where d.unit_id in (${units}) and not k.released`;
  const atDoor =
    units === undefined
      ? sql`(select d.property_id from doors d where d.id = k.door_id) = ${propertyId}`
      : sql`(select d.unit_id from doors d where d.id = k.door_id) in (${units})`;
  const named = find === undefined ? sql`` : sql`and position(${nameKey(find)} in p.name_key) > 0`;
  // A person's few codes first, and each one's door: joined, a database without statistics begins with all doors.
  const result = await sql<RollEntry>`
    select p.id, p.name, p.host_id, p.guest_kind, a.email, a.password_hash is not null as has_password,
      (select count(distinct k.door_id) from codes k where k.person_id = p.id and not k.revoked
        and ${atDoor}) as doors
    from (
      select p.id, p.name, p.name_key, p.host_id, p.guest_kind from people p
      where p.id in (${mine}) ${named} and p.id <> ${wish.besides}
      order by p.name_key, p.id
      limit ${countMax} offset ${skip}) p
    left join accounts a on a.person_id = p.id
    order by p.name_key, p.id`.execute(db);
  return result.rows;
}

export interface RollStanding {
  readonly person_id: string;
  readonly unit_id: string;
  readonly unit: string | null;
  readonly role: string;
  readonly suspended_at: number | null;
  readonly suspended_reason: string | null;
  /** All its codes were revoked. It comes back with the next grant, not by resuming; a suspension goes on besides. */
  readonly revoked_at: number | null;
}

export async function standingsOfMany(
  db: Reader,
  propertyId: string,
  personIds: readonly string[],
): Promise<readonly RollStanding[]> {
  if (personIds.length === 0) return [];
  return await db
    .selectFrom("standings as s")
    .leftJoin("units as u", "u.id", "s.unit_id")
    .select(["s.person_id", "s.unit_id", "u.name as unit", "s.role"])
    .select(["s.suspended_at", "s.suspended_reason", "s.revoked_at"])
    .where("s.property_id", "=", propertyId)
    .where("s.person_id", "in", [...personIds])
    .orderBy("s.role")
    .orderBy("s.unit_id")
    .execute();
}

/** Whom somebody has to do with in a property: '' stands for the property itself, the rest are its units. */
export interface Ties {
  readonly person: PersonTable;
  readonly units: ReadonlySet<string>;
  readonly hasAccount: boolean;
}

/** Undefined for nobody, or somebody who has nothing to do with this property. */
export async function tiesOf(db: Reader, personId: string, propertyId: string): Promise<Ties | undefined> {
  const person = await db.selectFrom("people").selectAll().where("id", "=", personId).executeTakeFirst();
  if (person === undefined) return undefined;
  const standings = await db
    .selectFrom("standings")
    .select("unit_id")
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .execute();
  const codes = await db
    .selectFrom("codes")
    .innerJoin("doors", "doors.id", "codes.door_id")
    .select(["doors.unit_id", "codes.class"])
    .distinct()
    .where("codes.person_id", "=", personId)
    .where("codes.released", "=", false)
    .where("doors.property_id", "=", propertyId)
    .execute();
  // The daily doorcode has a row among people, and is none.
  if (codes.some((row) => row.class === "dailyCode")) return undefined;
  const units = new Set([...standings, ...codes].map((row) => row.unit_id ?? ""));
  if (person.property_id === propertyId) units.add("");
  if (units.size === 0) return undefined;
  return { person, units, hasAccount: (await accountOfPerson(db, personId)) !== undefined };
}

/**
 * Whoever changes somebody's access waits for whoever is at it: standings and codes are one story. So does who does
 * something in their own name, before it is asked who they are. Before any door, or two would wait for one another.
 */
export async function holdPerson(db: Reader, personId: string): Promise<void> {
  await db.selectFrom("people").select("id").where("id", "=", personId).forNoKeyUpdate().execute();
}

/** What is revoked is suspended, too: the one is not lifted with the other. Since when stays as it was. */
export async function suspendRoll(
  db: Reader,
  personId: string,
  propertyId: string,
  suspended: { readonly at: number; readonly reason: string },
): Promise<void> {
  await db
    .updateTable("standings")
    .set(({ fn, ref, val }) => ({
      suspended_at: fn.coalesce(ref("suspended_at"), val(suspended.at)),
      suspended_reason: suspended.reason,
    }))
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .execute();
}

/**
 * Ends a suspension; what was revoked stays so. The reasons it had, none where nothing was suspended. A guest of the
 * property as a whole is nobody: that standing only held the suspension, and would be one at every door.
 */
export async function resumeRoll(
  db: Reader,
  personId: string,
  propertyId: string,
): Promise<readonly string[]> {
  const reasons = await suspensionsOf(db, personId, propertyId);
  await db
    .deleteFrom("standings")
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .where("unit_id", "=", "")
    .where("role", "=", "guest")
    .execute();
  await db
    .updateTable("standings")
    .set({ suspended_at: null, suspended_reason: null })
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .execute();
  return reasons;
}

/** For which reasons somebody is suspended in a property; revoked is not suspended. */
export async function suspensionsOf(
  db: Reader,
  personId: string,
  propertyId: string,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("standings")
    .select("suspended_reason")
    .distinct()
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .where("suspended_reason", "is not", null)
    .execute();
  return rows.flatMap((row) => (row.suspended_reason === null ? [] : [row.suspended_reason]));
}

/** Whose word it is by which standings are revoked or restored, and how far it reaches. */
export interface RollScope {
  /** Undefined: all in the property. */
  readonly unitIds: readonly string[] | undefined;
  /** Nobody else decides who is management. */
  readonly isManagement: boolean;
}

/** Standings that go with revoked codes. Whoever is suspended stays so: that ends by resuming alone. */
export async function revokeRoll(
  db: Reader,
  personId: string,
  propertyId: string,
  { unitIds, isManagement }: RollScope,
  at: number,
): Promise<void> {
  let query = db
    .updateTable("standings")
    .set({ revoked_at: at })
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .where("revoked_at", "is", null);
  if (unitIds !== undefined) query = query.where("unit_id", "in", [...unitIds]);
  if (!isManagement) query = query.where("role", "<>", "manager");
  await query.execute();
}

/** Standings that were revoked come back with the next grant, and count from then on. */
export async function restoreRoll(
  db: Reader,
  personId: string,
  propertyId: string,
  { unitIds, isManagement }: RollScope,
  at: number,
): Promise<void> {
  let query = db
    .updateTable("standings")
    .set({ revoked_at: null, since: at })
    .where("person_id", "=", personId)
    .where("property_id", "=", propertyId)
    .where("revoked_at", "is not", null);
  if (unitIds !== undefined) query = query.where("unit_id", "in", [...unitIds]);
  if (!isManagement) query = query.where("role", "<>", "manager");
  await query.execute();
}

export interface GuestTie {
  readonly id: string;
  readonly name: string;
  readonly doors: number;
}

/**
 * Guests that somebody invited and that may still come in somewhere in the property; for whom units are named, at the
 * doors of those. Who visits a neighbour is not a host's to read.
 */
export async function guestsStill(
  db: Reader,
  hostId: string,
  { propertyId, unitIds }: { readonly propertyId: string; readonly unitIds: readonly string[] | undefined },
): Promise<readonly GuestTie[]> {
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const still = db
    .selectFrom("people")
    .innerJoin("codes", "codes.person_id", "people.id")
    .innerJoin("doors", "doors.id", "codes.door_id")
    .select(({ fn }) => [
      "people.id",
      "people.name",
      fn.count<number>("codes.door_id").distinct().as("doors"),
    ])
    .where("people.host_id", "=", hostId)
    .where("doors.property_id", "=", propertyId)
    .where("codes.revoked", "=", false)
    .groupBy(["people.id", "people.name", "people.name_key"])
    .orderBy("people.name_key");
  const within = unitIds === undefined ? still : still.where("doors.unit_id", "in", [...unitIds]);
  return await within.execute();
}
