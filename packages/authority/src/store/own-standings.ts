/** A person's standings with the names of their places, as the person is told of them. Rows only. */
import type { Role } from "../model/permission.ts";
import type { Reader } from "./registry.ts";

export interface NamedStanding {
  readonly propertyId: string;
  readonly property: string;
  /** Null: the property as a whole. */
  readonly unitId: string | null;
  readonly unit: string | null;
  readonly role: Exclude<Role, "vendor">;
  readonly since: number;
  readonly isSuspended: boolean;
}

export async function namedStandingsOf(db: Reader, personId: string): Promise<readonly NamedStanding[]> {
  const rows = await db
    .selectFrom("standings")
    .innerJoin("properties", "properties.id", "standings.property_id")
    .leftJoin("units", "units.id", "standings.unit_id")
    .select(["standings.property_id", "properties.name as property", "units.id as unit_id"])
    .select(["units.name as unit", "role", "since", "suspended_at", "revoked_at"])
    .where("person_id", "=", personId)
    .orderBy("properties.name_key")
    .orderBy("standings.unit_id")
    .orderBy("role")
    .execute();
  return rows.map((row) => ({
    propertyId: row.property_id,
    property: row.property,
    unitId: row.unit_id,
    unit: row.unit,
    role: row.role as NamedStanding["role"],
    since: row.since,
    isSuspended: row.suspended_at !== null || row.revoked_at !== null,
  }));
}

export async function propertyName(db: Reader, propertyId: string): Promise<string> {
  const row = await db
    .selectFrom("properties")
    .select("name")
    .where("id", "=", propertyId)
    .executeTakeFirstOrThrow();
  return row.name;
}
