/**
 * Adding properties, doors and people. Names are what people say; they are unique so that a command can use them.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import type { DoorKind } from "../model/ledger.ts";
import { fitName } from "../model/name.ts";
import { addDoor, addPerson, addProperty } from "../store/registry.ts";
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

/** NAME_UNFIT; NAME_TAKEN when the property has a door of this name. */
export async function registerDoor(
  office: Office,
  wish: { readonly property: string | undefined; readonly name: string; readonly kind: DoorKind },
): Promise<Decision<{ readonly property: string; readonly door: string; readonly kind: DoorKind }>> {
  const { name, kind } = wish;
  const fit = fitName(name);
  if (!fit.ok) return fit;
  const property = await findProperty(office, wish.property);
  const isNew = await addDoor(office.db, { id: newId(office), propertyId: property.id, name, kind });
  return isNew ? grant({ property: property.name, door: name, kind }) : deny("NAME_TAKEN", name);
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
