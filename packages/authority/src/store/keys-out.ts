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
