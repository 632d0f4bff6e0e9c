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
