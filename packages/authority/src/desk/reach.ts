/**
 * How far somebody's word reaches in a property: all of it, or the units that they stand for. A host of one unit is
 * nobody at its neighbours' doors, and not at the shared ones either: what is taken away there concerns the property.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import { type Action, mayDo, mayOnClient } from "../model/permission.ts";
import type { Policy } from "../model/policy.ts";
import type { Office } from "../office/office.ts";
import { type DoorEntry, doorsOfProperty } from "../store/registry.ts";
import { holdPerson, suspensionsOf, type Ties, tiesOf } from "../store/roll.ts";
import { standingsOf } from "../store/standings.ts";
import { atProperty } from "./access.ts";
import type { Actor } from "./actor.ts";

export interface Reach {
  readonly propertyId: string;
  readonly policy: Policy;
  /** Undefined: the whole property. */
  readonly unitIds: readonly string[] | undefined;
}

/** NO_SUCH, NOT_ALLOWED, MOBILE_ONLY as `atProperty`; how far the roles reach that may. */
export async function reachOf(
  office: Office,
  actor: Actor,
  propertyId: string,
  action: Action,
): Promise<Decision<Reach>> {
  const access = await atProperty(office, actor, propertyId, action);
  if (!access.ok) return access;
  const able = (await standingsOf(office.db, actor.personId)).filter(
    ({ role, isSuspended, ...one }) =>
      one.propertyId === propertyId &&
      !isSuspended &&
      mayDo(role, action).ok &&
      mayOnClient(role, action, actor.client).ok,
  );
  const unitIds = able.some(({ unitId }) => unitId === "") ? undefined : able.map(({ unitId }) => unitId);
  return grant({ propertyId, policy: access.value.policy, unitIds });
}

export function isWithin({ unitIds }: Reach, unitId: string | null): boolean {
  return unitIds === undefined || (unitId !== null && unitIds.includes(unitId));
}

/** In the order of their ids: whoever locks several doors locks them in this order. */
export async function doorsWithin(office: Office, reach: Reach): Promise<readonly DoorEntry[]> {
  const doors = await doorsOfProperty(office.db, reach.propertyId);
  return doors.filter(({ unitId }) => isWithin(reach, unitId)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * For a change of somebody's access: who asks and whom it concerns are held before either is looked at, in one order, so
 * that of two who take each other's word away one comes second and is refused. NO_SUCH, NOT_ALLOWED, MOBILE_ONLY.
 */
export async function reachHeld(
  office: Office,
  actor: Actor,
  to: { readonly propertyId: string; readonly personId: string },
  action: Action,
): Promise<Decision<{ readonly reach: Reach; readonly ties: Ties }>> {
  for (const id of [...new Set([actor.personId, to.personId])].sort()) await holdPerson(office.db, id);
  const reach = await reachOf(office, actor, to.propertyId, action);
  if (!reach.ok) return reach;
  const ties = await personWithin(office, reach.value, to.personId);
  return ties.ok ? grant({ reach: reach.value, ties: ties.value }) : ties;
}

/** NO_SUCH for a person whom this reach does not know. */
export async function personWithin(office: Office, reach: Reach, personId: string): Promise<Decision<Ties>> {
  const ties = await tiesOf(office.db, personId, reach.propertyId);
  const isKnown =
    ties !== undefined && (reach.unitIds === undefined || reach.unitIds.some((unit) => ties.units.has(unit)));
  return isKnown ? grant(ties) : deny("NO_SUCH", "person");
}

/** PERSON_SUSPENDED. */
export async function demandActive(
  office: Office,
  personId: string,
  propertyId: string,
): Promise<Decision<true>> {
  const [reason] = await suspensionsOf(office.db, personId, propertyId);
  return reason === undefined ? grant(true) : deny("PERSON_SUSPENDED", reason);
}
