/** Guests as rows: people whom somebody invited, by the doors where they have a code, and by who invited. No rule. */
import type { Terms } from "../model/terms.ts";
import { unpackTerms } from "./packed.ts";
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

export interface GuestCode {
  readonly personId: string;
  readonly doorId: string;
  readonly terms: Terms | undefined;
}

/** Codes that guests are to have: at one door, or in a property those of one inviter's guests. */
export async function guestCodes(
  db: Reader,
  of: { readonly doorId: string } | { readonly hostId: string; readonly propertyId: string },
): Promise<readonly GuestCode[]> {
  const codes = db
    .selectFrom("codes")
    .innerJoin("people", "people.id", "codes.person_id")
    .select(["codes.person_id", "codes.door_id", "codes.terms"])
    .where("codes.revoked", "=", false);
  const rows = await ("doorId" in of
    ? codes.where("people.host_id", "is not", null).where("codes.door_id", "=", of.doorId)
    : codes.where("people.host_id", "=", of.hostId).where("people.property_id", "=", of.propertyId)
  ).execute();
  return rows.map((row) => ({
    personId: row.person_id,
    doorId: row.door_id,
    terms: row.terms === null ? undefined : unpackTerms(row.terms),
  }));
}

/** Who of these people was invited by that one. */
export async function invitedAmong(
  db: Reader,
  hostId: string,
  personIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (personIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("people")
    .select("id")
    .where("host_id", "=", hostId)
    .where("id", "in", [...new Set(personIds)])
    .execute();
  return new Set(rows.map(({ id }) => id));
}
