/**
 * Which roles somebody has at a door or a property, and whether one of them may do what is asked. A door that somebody
 * has nothing to do with does not exist for them.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import type { DoorKind } from "../model/ledger.ts";
import { type Action, mayAct, type Role } from "../model/permission.ts";
import { judgeAppVersion, type Policy } from "../model/policy.ts";
import type { Office } from "../office/office.ts";
import { policyOf } from "../store/houses.ts";
import { type DoorEntry, doorById } from "../store/registry.ts";
import { hasLiveCode, type Standing, standingsOf } from "../store/standings.ts";
import type { Actor } from "./actor.ts";

/** A door, what its community allows, and what the actor is there. */
export interface DoorAccess {
  readonly door: DoorEntry & { readonly kind: DoorKind };
  readonly policy: Policy;
  readonly roles: readonly Role[];
}

export interface PropertyAccess {
  readonly propertyId: string;
  readonly policy: Policy;
  readonly roles: readonly Role[];
}

/** What can be done only by an app that is new enough (F11). */
const needsNewApp: readonly Action[] = ["resetCode", "pickCode", "issueGuest"];

/** NO_SUCH for a door of strangers; NOT_ALLOWED, MOBILE_ONLY, UPGRADE_REQUIRED. */
export async function atDoor(
  office: Office,
  actor: Actor,
  doorId: string,
  action: Action,
): Promise<Decision<DoorAccess>> {
  const door = await doorById(office.db, doorId);
  if (door === undefined) return deny("NO_SUCH", "door");
  const roles = actor.isVendor ? (["vendor"] as const) : await rolesAtDoor(office, actor.personId, door);
  if (roles.length === 0) return deny("NO_SUCH", "door");
  const may = mayAct({ roles, client: actor.client }, action, door.kind as DoorKind);
  if (!may.ok) return may;
  const policy = await policyOf(office.db, door.propertyId);
  const isNew = needsNewApp.includes(action) ? judgeAppVersion(policy, actor.clientVersion) : grant(true);
  if (!isNew.ok) return isNew;
  return grant({ door: door as DoorAccess["door"], policy, roles });
}

/** The same for what concerns a whole property. */
export async function atProperty(
  office: Office,
  actor: Actor,
  propertyId: string,
  action: Action,
): Promise<Decision<PropertyAccess>> {
  const standings = await standingsOf(office.db, actor.personId);
  const roles: readonly Role[] = actor.isVendor ? ["vendor"] : rolesIn(standings, propertyId, undefined);
  if (roles.length === 0) return deny("NO_SUCH", "property");
  const may = mayAct({ roles, client: actor.client }, action);
  if (!may.ok) return may;
  return grant({ propertyId, policy: await policyOf(office.db, propertyId), roles });
}

/**
 * At a unit's door: what they are in that unit, or in the property as a whole. At a shared door: what they are in any of
 * its units. Whoever holds a code at a door is at least a guest there. A suspended standing is none.
 */
export async function rolesAtDoor(
  office: Office,
  personId: string,
  door: DoorEntry,
): Promise<readonly Role[]> {
  const roles = rolesIn(await standingsOf(office.db, personId), door.propertyId, door.unitId ?? undefined);
  if (roles.length > 0) return roles;
  return (await hasLiveCode(office.db, door.id, personId)) ? ["guest"] : [];
}

/** `unitId` undefined: a shared door or the property. */
export function rolesIn(
  standings: readonly Standing[],
  propertyId: string,
  unitId: string | undefined,
): readonly Role[] {
  const here = standings.filter(
    (one) =>
      one.propertyId === propertyId &&
      !one.isSuspended &&
      (one.unitId === "" || unitId === undefined || one.unitId === unitId),
  );
  return [...new Set(here.map(({ role }) => role))];
}
