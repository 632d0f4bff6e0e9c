/** Guests as rows: people whom somebody invited, by the doors where they have a code. No rule. */
import type { Reader } from "./registry.ts";
import type { PersonTable } from "./schema.ts";

/** Whoever was invited and has, or may still open by, a code at this door. */
export async function guestsAt(db: Reader, doorId: string): Promise<readonly PersonTable[]> {
  const held = db
    .selectFrom("codes")
    .select("person_id")
    .where("door_id", "=", doorId)
    .where("released", "=", false);
  return await db
    .selectFrom("people")
    .selectAll()
    .where("host_id", "is not", null)
    .where("id", "in", held)
    .orderBy("name_key")
    .orderBy("id")
    .execute();
}
