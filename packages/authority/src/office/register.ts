/**
 * Adding properties, doors and people. Names are what people say; they are unique so that a command can use them.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import type { DoorKind } from "../model/ledger.ts";
import { fitName } from "../model/name.ts";
import { addUnit, unitsOf } from "../store/houses.ts";
import { addDoor, addPerson, addProperty, doorsOfProperty, nameKey } from "../store/registry.ts";
import { findProperty, newId, type Office } from "./office.ts";

/** NAME_UNFIT; NAME_TAKEN when a property has this name. `leaseHours` 0: codes live until they are removed. */
export async function registerProperty(
  office: Office,
  wish: { readonly name: string; readonly sixDigits: boolean; readonly leaseHours: number },
): Promise<Decision<{ readonly property: string }>> {
  const { name, sixDigits, leaseHours } = wish;
  const fit = fitName(name);
  if (!fit.ok) return fit;
  const isNew = await addProperty(office.db, {
    id: newId(office),
    name,
    six_digits: sixDigits,
    lease_hours: leaseHours,
  });
  return isNew ? grant({ property: name }) : deny("NAME_TAKEN", name);
}

export interface DoorWish {
  readonly property: string | undefined;
  readonly name: string;
  readonly kind: DoorKind;
  /** The unit that it belongs to, by its name; one that is not there yet is added. Left out: a door that all share. */
  readonly unit?: string | undefined;
}

export interface AddedDoor {
  readonly property: string;
  readonly door: string;
  readonly kind: DoorKind;
  readonly unit: string | null;
  readonly isNewUnit: boolean;
}

/** NAME_UNFIT; NAME_TAKEN when the property has a door of this name. */
export async function registerDoor(office: Office, wish: DoorWish): Promise<Decision<AddedDoor>> {
  const { name, kind } = wish;
  const fit = fitName(name);
  if (!fit.ok) return fit;
  const property = await findProperty(office, wish.property);
  const doors = await doorsOfProperty(office.db, property.id);
  // Before a unit is made for it.
  if (doors.some((door) => nameKey(door.name) === nameKey(name))) return deny("NAME_TAKEN", name);
  const unit = wish.unit === undefined ? undefined : await unitNamed(office, property.id, wish.unit);
  if (unit?.ok === false) return unit;
  const { id: unitId = null, name: unitName = null, isNew: isNewUnit = false } = unit?.value ?? {};
  const door = { id: newId(office), propertyId: property.id, name, kind, unitId };
  const isNew = await addDoor(office.db, door);
  if (!isNew) return deny("NAME_TAKEN", name);
  return grant({ property: property.name, door: name, kind, unit: unitName, isNewUnit });
}

/** The unit of this name, made if the property has none. NAME_UNFIT. */
async function unitNamed(
  office: Office,
  propertyId: string,
  name: string,
): Promise<Decision<{ readonly id: string; readonly name: string; readonly isNew: boolean }>> {
  const fit = fitName(name);
  if (!fit.ok) return fit;
  const isNew = await addUnit(office.db, { id: newId(office), propertyId, name: fit.value });
  const found = (await unitsOf(office.db, propertyId)).find((one) => nameKey(one.name) === nameKey(name));
  if (found === undefined) throw new Error("a unit was added and is not there");
  return grant({ id: found.id, name: found.name, isNew });
}

/** NAME_UNFIT; NAME_TAKEN when a person has this name. */
export async function registerPerson(
  office: Office,
  name: string,
): Promise<Decision<{ readonly person: string }>> {
  const fit = fitName(name);
  if (!fit.ok) return fit;
  const isNew = await addPerson(office.db, { id: newId(office), name });
  return isNew ? grant({ person: name }) : deny("NAME_TAKEN", name);
}
