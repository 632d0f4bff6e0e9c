/** Names by id: of people, of a property's people alone, and of who stands behind accounts. Rows only. */
import type { Reader } from "./registry.ts";

export async function namesOf(
  db: Reader,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (personIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("people")
    .select(["id", "name"])
    .where("id", "in", [...new Set(personIds)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Who stands behind accounts. */
export async function ownersOf(
  db: Reader,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly personId: string; readonly name: string }>> {
  if (accountIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("accounts")
    .innerJoin("people", "people.id", "accounts.person_id")
    .select(["accounts.id", "people.id as personId", "people.name"])
    .where("accounts.id", "in", [...new Set(accountIds)])
    .execute();
  return new Map(rows.map(({ id, personId, name }) => [id, { personId, name }]));
}

/** Names of people who have to do with a property: of it, standing in it, or with a code at one of its doors. */
export async function namesWithin(
  db: Reader,
  propertyId: string,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (personIds.length === 0) return new Map();
  const standing = db.selectFrom("standings").select("person_id").where("property_id", "=", propertyId);
  const holding = db
    .selectFrom("codes")
    .innerJoin("doors", "doors.id", "codes.door_id")
    .select("codes.person_id")
    .where("doors.property_id", "=", propertyId);
  const rows = await db
    .selectFrom("people")
    .select(["id", "name"])
    .where("id", "in", [...new Set(personIds)])
    .where((is) =>
      is.or([is("property_id", "=", propertyId), is("id", "in", standing), is("id", "in", holding)]),
    )
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
