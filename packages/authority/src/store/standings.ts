/** Who stands in which relation to a property or a unit of it, and who holds a code. Rows only; no rule. */
import type { Role } from "../model/permission.ts";
import type { Terms } from "../model/terms.ts";
import { unpackTerms } from "./packed.ts";
import type { Reader } from "./registry.ts";

export interface Standing {
  readonly personId: string;
  readonly propertyId: string;
  /** '': the property as a whole. */
  readonly unitId: string;
  readonly role: Exclude<Role, "vendor">;
  readonly since: number;
  /** Or revoked: it is none at present. */
  readonly isSuspended: boolean;
  readonly reason: string | undefined;
}

export async function standingsOf(db: Reader, personId: string): Promise<readonly Standing[]> {
  const rows = await db.selectFrom("standings").selectAll().where("person_id", "=", personId).execute();
  return rows.map((row) => ({
    personId: row.person_id,
    propertyId: row.property_id,
    unitId: row.unit_id,
    role: row.role as Standing["role"],
    since: row.since,
    isSuspended: row.suspended_at !== null || row.revoked_at !== null,
    reason: row.suspended_reason ?? undefined,
  }));
}

/** Which of these people are suspended in a property. */
export async function suspendedAmong(
  db: Reader,
  propertyId: string,
  personIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (personIds.length === 0) return new Set();
  const rows = await db
    .selectFrom("standings")
    .select("person_id")
    .distinct()
    .where("property_id", "=", propertyId)
    .where("person_id", "in", [...personIds])
    .where("suspended_at", "is not", null)
    .execute();
  return new Set(rows.map((row) => row.person_id));
}

/** Everybody who stands in one of these units, whether or not they are suspended at present. */
export async function peopleOfUnits(db: Reader, unitIds: readonly string[]): Promise<readonly string[]> {
  if (unitIds.length === 0) return [];
  const rows = await db
    .selectFrom("standings")
    .select("person_id")
    .distinct()
    .where("unit_id", "in", [...unitIds])
    .execute();
  return rows.map((row) => row.person_id);
}

/** A second time changes nothing. */
export async function addStanding(
  trx: Reader,
  standing: Pick<Standing, "personId" | "propertyId" | "unitId" | "role" | "since">,
): Promise<void> {
  await trx
    .insertInto("standings")
    .values({
      person_id: standing.personId,
      property_id: standing.propertyId,
      unit_id: standing.unitId,
      role: standing.role,
      since: standing.since,
      suspended_at: null,
      suspended_reason: null,
      revoked_at: null,
    })
    .onConflict((conflict) => conflict.columns(["person_id", "property_id", "unit_id", "role"]).doNothing())
    .execute();
}

/** Whether somebody is to have any code, card or key at a door. */
export async function hasLiveCode(db: Reader, doorId: string, personId: string): Promise<boolean> {
  const row = await db
    .selectFrom("codes")
    .select("id")
    .where("door_id", "=", doorId)
    .where("person_id", "=", personId)
    .where("revoked", "=", false)
    .executeTakeFirst();
  return row !== undefined;
}

/** What somebody has, or ever had, at a door; `terms` undefined: those of a resident's doorcode. */
export async function termsAt(
  db: Reader,
  doorId: string,
  personId: string,
): Promise<readonly { readonly isRevoked: boolean; readonly terms: Terms | undefined }[]> {
  const rows = await db
    .selectFrom("codes")
    .select(["terms", "revoked"])
    .where("door_id", "=", doorId)
    .where("person_id", "=", personId)
    .execute();
  return rows.map(({ terms, revoked }) => ({
    isRevoked: revoked,
    terms: terms === null ? undefined : unpackTerms(terms),
  }));
}

/** Doors at which somebody has, or may still open by, a code. */
export async function doorsWithCodesOf(db: Reader, personId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("codes")
    .select("door_id")
    .distinct()
    .where("person_id", "=", personId)
    .where("released", "=", false)
    .orderBy("door_id")
    .execute();
  return rows.map((row) => row.door_id);
}
