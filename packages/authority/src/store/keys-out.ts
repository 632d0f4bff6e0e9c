/** Mechanical keys that were given to people and not returned. Rows only: no lock knows of them. */
import type { Reader } from "./registry.ts";
import type { MechanicalKeyTable } from "./schema.ts";

export async function addKey(db: Reader, key: MechanicalKeyTable): Promise<void> {
  await db.insertInto("mechanical_keys").values(key).execute();
}

/** Who had it; undefined when this door has no such key outstanding. */
export async function takeKeyBack(
  db: Reader,
  doorId: string,
  keyId: string,
  at: number,
): Promise<string | undefined> {
  const row = await db
    .updateTable("mechanical_keys")
    .set({ returned_at: at })
    .where("id", "=", keyId)
    .where("door_id", "=", doorId)
    .where("returned_at", "is", null)
    .returning("person_id")
    .executeTakeFirst();
  return row?.person_id;
}

export interface KeyHeld {
  readonly id: string;
  readonly doorId: string;
  readonly door: string;
  readonly label: string;
  readonly givenAt: number;
}

/** What somebody has in a property, door by door; for whom units are named, at the doors of those. */
export async function keysHeldBy(
  db: Reader,
  personId: string,
  { propertyId, unitIds }: { readonly propertyId: string; readonly unitIds: readonly string[] | undefined },
): Promise<readonly KeyHeld[]> {
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const held = db
    .selectFrom("mechanical_keys as k")
    .innerJoin("doors as d", "d.id", "k.door_id")
    .select(["k.id", "k.door_id as doorId", "d.name as door", "k.label", "k.given_at as givenAt"])
    .where("k.person_id", "=", personId)
    .where("d.property_id", "=", propertyId)
    .where("k.returned_at", "is", null)
    .orderBy("d.name_key")
    .orderBy("k.given_at")
    .orderBy("k.id");
  const within = unitIds === undefined ? held : held.where("d.unit_id", "in", [...unitIds]);
  return await within.execute();
}

/** Oldest first. */
export async function keysOut(db: Reader, doorId: string): Promise<readonly MechanicalKeyTable[]> {
  return await db
    .selectFrom("mechanical_keys")
    .selectAll()
    .where("door_id", "=", doorId)
    .where("returned_at", "is", null)
    .orderBy("given_at")
    .orderBy("id")
    .execute();
}
