/** What a property decided for its doors, and its units. Rows only; what is allowed stands in `model/policy.ts`. */
import { type Policy, plainPolicy } from "../model/policy.ts";
import type { House } from "../model/terms.ts";
import { packHouse, unpackHouse } from "./packed.ts";
import { nameKey, type Reader } from "./registry.ts";

/** What the property wishes for all its doors' tables. */
export async function houseOf(
  db: Reader,
  propertyId: string,
): Promise<{ readonly leaseHours: number; readonly house: House | undefined }> {
  const row = await db
    .selectFrom("properties")
    .select(["lease_hours", "house"])
    .where("id", "=", propertyId)
    .executeTakeFirstOrThrow();
  return { leaseHours: row.lease_hours, house: row.house === null ? undefined : unpackHouse(row.house) };
}

/** Six digits have a column of their own, since the ledger reads it. */
export async function policyOf(db: Reader, propertyId: string): Promise<Policy> {
  const row = await db
    .selectFrom("properties")
    .select(["policy", "six_digits"])
    .where("id", "=", propertyId)
    .executeTakeFirstOrThrow();
  const set = row.policy === null ? {} : (JSON.parse(row.policy) as Partial<Policy>);
  return { ...plainPolicy, ...set, sixDigits: row.six_digits };
}

export async function setPolicy(db: Reader, propertyId: string, policy: Policy): Promise<void> {
  const { sixDigits, ...rest } = policy;
  await db
    .updateTable("properties")
    .set({ policy: JSON.stringify(rest), six_digits: sixDigits })
    .where("id", "=", propertyId)
    .execute();
}

export async function setHouse(db: Reader, propertyId: string, house: House): Promise<void> {
  await db
    .updateTable("properties")
    .set({ house: packHouse(house) })
    .where("id", "=", propertyId)
    .execute();
}

/** Hours that a code lives without a newer table; 0: no lease. */
export async function setLeaseHours(db: Reader, propertyId: string, leaseHours: number): Promise<void> {
  await db.updateTable("properties").set({ lease_hours: leaseHours }).where("id", "=", propertyId).execute();
}

export interface Unit {
  readonly id: string;
  readonly propertyId: string;
  readonly name: string;
}

/** False when the property has a unit of this name. */
export async function addUnit(db: Reader, unit: Unit): Promise<boolean> {
  const result = await db
    .insertInto("units")
    .values({ id: unit.id, property_id: unit.propertyId, name: unit.name, name_key: nameKey(unit.name) })
    .onConflict((conflict) => conflict.columns(["property_id", "name_key"]).doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function unitsOf(db: Reader, propertyId: string): Promise<readonly Unit[]> {
  return await db
    .selectFrom("units")
    .select(["id", "property_id as propertyId", "name"])
    .where("property_id", "=", propertyId)
    .orderBy("name_key")
    .execute();
}

export async function unitById(db: Reader, unitId: string): Promise<Unit | undefined> {
  return await db
    .selectFrom("units")
    .select(["id", "property_id as propertyId", "name"])
    .where("id", "=", unitId)
    .executeTakeFirst();
}
