/** People of a property and the guests they invite. Names need not be unique; ids are. Rows only. */
import { nameKey, type Reader } from "./registry.ts";
import type { PersonTable } from "./schema.ts";

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  /** Left out: of no property, as the vendor's people are. */
  readonly propertyId?: string | undefined;
  /** Who invited a guest, and how. */
  readonly hostId?: string | undefined;
  readonly guestKind?: string | undefined;
}

export async function addPersonOf(db: Reader, person: NewPerson): Promise<void> {
  await db
    .insertInto("people")
    .values({
      id: person.id,
      name: person.name,
      // Names of commands are unique among those without a property; a vendor's person is found by the account.
      name_key:
        person.propertyId === undefined ? `${nameKey(person.name)} ${person.id}` : nameKey(person.name),
      property_id: person.propertyId ?? null,
      host_id: person.hostId ?? null,
      guest_kind: person.guestKind ?? null,
    })
    .execute();
}

/** Somebody to whom nothing refers yet. */
export async function dropPerson(db: Reader, id: string): Promise<void> {
  await db.deleteFrom("people").where("id", "=", id).execute();
}

export async function personById(db: Reader, id: string): Promise<PersonTable | undefined> {
  return await db.selectFrom("people").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Whose these credentials of a door's lock are, by name. An earlier lock gave its numbers to others, who are released. */
export async function holdersOf(
  db: Reader,
  doorId: string,
  credentials: readonly number[],
): Promise<ReadonlyMap<number | undefined, string>> {
  if (credentials.length === 0) return new Map();
  const rows = await db
    .selectFrom("codes")
    .innerJoin("people", "people.id", "codes.person_id")
    .select(["codes.wire_id", "people.name"])
    .where("codes.door_id", "=", doorId)
    .where("codes.wire_id", "in", [...new Set(credentials)])
    .orderBy("codes.released", "desc")
    // Of those who are gone, whoever had the number last.
    .orderBy("codes.wished_at")
    .orderBy("codes.created_at")
    .execute();
  return new Map(rows.map((row) => [row.wire_id ?? undefined, row.name]));
}
