/**
 * A property as a whole: which there are, what it allows, what its doors keep to, its units and doors. What is set here
 * reaches each lock with its next version, as every change does.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import type { DoorKind } from "../model/ledger.ts";
import { fitName } from "../model/name.ts";
import type { Role } from "../model/permission.ts";
import { fitPolicy, type Policy } from "../model/policy.ts";
import { fitHouse, type House, plainHouse } from "../model/terms.ts";
import { newId, type Office } from "../office/office.ts";
import {
  addUnit as addUnitRow,
  policyOf,
  setHouse,
  setLeaseHours,
  setPolicy as setPolicyRow,
  unitById,
  unitsOf,
} from "../store/houses.ts";
import { unpackHouse } from "../store/packed.ts";
import { addDoor as addDoorRow, type DoorLink } from "../store/registry.ts";
import { standingsOf } from "../store/standings.ts";
import { noteChanges } from "../store/trail.ts";
import { atProperty, rolesIn } from "./access.ts";
import type { Actor } from "./actor.ts";
import { enableDaily } from "./daily.ts";
import { isWithin, reachOf } from "./reach.ts";

export const leaseHoursMax = 65_535;

export interface OwnProperty {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Those that somebody has to do with; none for the vendor. */
export async function ownProperties(office: Office, actor: Actor): Promise<Decision<readonly OwnProperty[]>> {
  if (actor.isVendor) return grant([]);
  const standings = await standingsOf(office.db, actor.personId);
  const own: OwnProperty[] = [];
  for (const propertyId of new Set(standings.map((one) => one.propertyId))) {
    const roles = rolesIn(standings, propertyId, undefined);
    if (roles.length > 0)
      own.push({ id: propertyId, name: (await propertyRow(office, propertyId)).name, roles });
  }
  return grant(own.sort((a, b) => a.name.localeCompare(b.name, "en")));
}

export interface PropertySaid {
  readonly id: string;
  readonly name: string;
  readonly policy: Policy;
  /** Hours that a code lives without a newer table; 0: until it is removed. */
  readonly leaseHours: number;
  readonly house: House;
}

export async function readProperty(
  office: Office,
  actor: Actor,
  propertyId: string,
): Promise<Decision<PropertySaid>> {
  const access = await atProperty(office, actor, propertyId, "viewPeople");
  return access.ok ? grant(await said(office, propertyId)) : access;
}

async function said(office: Office, propertyId: string): Promise<PropertySaid> {
  const row = await propertyRow(office, propertyId);
  return {
    id: row.id,
    name: row.name,
    policy: await policyOf(office.db, propertyId),
    leaseHours: row.lease_hours,
    house: row.house === null ? plainHouse : unpackHouse(row.house),
  };
}

async function propertyRow(office: Office, propertyId: string) {
  return await office.db
    .selectFrom("properties")
    .selectAll()
    .where("id", "=", propertyId)
    .executeTakeFirstOrThrow();
}

export interface PolicyWish {
  readonly propertyId: string;
  /** What is left out stays as it is. */
  readonly policy: Partial<Policy>;
  readonly leaseHours: number | undefined;
  readonly house: Partial<House>;
}

/**
 * Changes what is named. POLICY_UNFIT, HOUSE_UNFIT. Codes that were given before stay as they are (F4); a lease, local
 * time, holidays and keypad limits reach a lock with its next version.
 */
export async function changePolicy(
  office: Office,
  actor: Actor,
  wish: PolicyWish,
): Promise<Decision<PropertySaid>> {
  const { propertyId } = wish;
  const access = await atProperty(office, actor, propertyId, "setPolicy");
  if (!access.ok) return access;
  // Two who change different settings at once must both be heard.
  await office.db
    .selectFrom("properties")
    .select("id")
    .where("id", "=", propertyId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const before = await said(office, propertyId);
  const policy = fitPolicy({ ...before.policy, ...wish.policy });
  if (!policy.ok) return policy;
  const leaseHours = wish.leaseHours ?? before.leaseHours;
  if (!Number.isInteger(leaseHours) || leaseHours < 0 || leaseHours > leaseHoursMax)
    return deny("POLICY_UNFIT", `a lease of ${leaseHours} hours`);
  const house = fitHouse({ ...before.house, ...wish.house });
  if (!house.ok) return house;
  // A lower generation would bring daily doorcodes back that were ended.
  if (house.value.dailyGeneration < before.house.dailyGeneration)
    return deny("HOUSE_UNFIT", `daily generation ${house.value.dailyGeneration}`);
  await setPolicyRow(office.db, propertyId, policy.value);
  await setLeaseHours(office.db, propertyId, leaseHours);
  await setHouse(office.db, propertyId, house.value);
  const names = [
    ...Object.keys(wish.policy),
    ...(wish.leaseHours === undefined ? [] : ["leaseHours"]),
    ...Object.keys(wish.house),
  ];
  await tell(office, propertyId, "policy.set", names.join(" "));
  return grant(await said(office, propertyId));
}

export interface UnitSaid {
  readonly id: string;
  readonly name: string;
}

/** NAME_UNFIT, NAME_TAKEN. */
export async function addUnit(
  office: Office,
  actor: Actor,
  wish: { readonly propertyId: string; readonly name: string },
): Promise<Decision<UnitSaid>> {
  const access = await atProperty(office, actor, wish.propertyId, "setPolicy");
  if (!access.ok) return access;
  const name = fitName(wish.name);
  if (!name.ok) return name;
  const id = newId(office);
  const isNew = await addUnitRow(office.db, { id, propertyId: wish.propertyId, name: name.value });
  if (!isNew) return deny("NAME_TAKEN", name.value);
  await tell(office, wish.propertyId, "unit.added", null);
  return grant({ id, name: name.value });
}

export async function listUnits(
  office: Office,
  actor: Actor,
  propertyId: string,
): Promise<Decision<readonly UnitSaid[]>> {
  const reach = await reachOf(office, actor, propertyId, "viewPeople");
  if (!reach.ok) return reach;
  const units = await unitsOf(office.db, propertyId);
  return grant(units.filter(({ id }) => isWithin(reach.value, id)).map(({ id, name }) => ({ id, name })));
}

export interface DoorWish {
  readonly propertyId: string;
  readonly name: string;
  readonly kind: DoorKind;
  readonly unit: string | undefined;
  readonly link: DoorLink;
}

/**
 * A door without a lock yet. A residence's door belongs to a unit: whoever lives anywhere in a property is at home at
 * the doors that belong to none. NAME_UNFIT, NAME_TAKEN, NO_SUCH.
 */
export async function addDoor(
  office: Office,
  actor: Actor,
  wish: DoorWish,
): Promise<Decision<{ readonly id: string; readonly name: string; readonly kind: DoorKind }>> {
  const { propertyId, kind, link } = wish;
  const access = await atProperty(office, actor, propertyId, "commission");
  if (!access.ok) return access;
  const name = fitName(wish.name);
  if (!name.ok) return name;
  if (kind === "residence" && wish.unit === undefined)
    return deny("REQUEST_UNFIT", "a residence's door belongs to a unit");
  const unit = wish.unit === undefined ? undefined : await unitById(office.db, wish.unit);
  if (wish.unit !== undefined && unit?.propertyId !== propertyId) return deny("NO_SUCH", "unit");
  const id = newId(office);
  const isNew = await addDoorRow(office.db, {
    id,
    propertyId,
    name: name.value,
    kind,
    unitId: unit?.id ?? null,
    link,
  });
  if (!isNew) return deny("NAME_TAKEN", name.value);
  await enableDaily(office, { id, propertyId });
  const at = { at: office.now, property_id: propertyId, person_id: null };
  await noteChanges(office.db, [{ ...at, door_id: id, kind: "door.added", detail: kind }]);
  return grant({ id, name: name.value, kind });
}

async function tell(office: Office, propertyId: string, kind: string, detail: string | null): Promise<void> {
  const at = { at: office.now, property_id: propertyId, door_id: null, person_id: null };
  await noteChanges(office.db, [{ ...at, kind, detail }]);
}
