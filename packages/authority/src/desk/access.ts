/**
 * Which roles somebody has at a door or a property, and whether one of them may do what is asked. A door that somebody
 * has nothing to do with does not exist for them.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import { type DoorKind, isOver } from "../model/ledger.ts";
import { type Action, mayAct, type Role } from "../model/permission.ts";
import { judgeApp, type Policy } from "../model/policy.ts";
import type { Office } from "../office/office.ts";
import { policyOf } from "../store/houses.ts";
import { type DoorEntry, doorById } from "../store/registry.ts";
import { hasLiveCode, type Standing, standingsOf, termsAt } from "../store/standings.ts";
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
  if (!may.ok) return (await isHeldAt(office, actor.personId, door)) ? suspendedInstead(may) : may;
  const policy = await policyOf(office.db, door.propertyId);
  const isNew = needsNewApp.includes(action) ? judgeApp(policy, actor) : grant(true);
  if (!isNew.ok) return isNew;
  return grant({ door: door as DoorAccess["door"], policy, roles });
}

/** Whether somebody is suspended in the property of a door: another reason than their role. */
export async function isHeldAt(office: Office, personId: string, door: DoorEntry): Promise<boolean> {
  const standings = await standingsOf(office.db, personId);
  return standings.some((one) => one.propertyId === door.propertyId && one.reason !== undefined);
}

/** A role that is suspended is none: said so, and not that the role may not. */
export function suspendedInstead<T>(may: Decision<T>): Decision<T> {
  return !may.ok && may.denial === "NOT_ALLOWED" ? deny("SUSPENDED_HERE") : may;
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

/**
 * Nobody lets others in where they cannot go themselves: NO_CODE_HERE at a shared door to which no code, card or key of
 * theirs opens, and at the door of their own unit where what they had was taken away. Managers, hosts at their unit's
 * doors and hosts of the whole property need none. Asked of who may invite, or give a daily doorcode.
 */
export async function mayLetIn(office: Office, personId: string, door: DoorEntry): Promise<Decision<true>> {
  const standings = await standingsOf(office.db, personId);
  const answering = rolesIn(standings, door.propertyId, door.unitId ?? "");
  if (answering.some((role) => role === "manager" || role === "host")) return grant(true);
  const had = await termsAt(office.db, door.id, personId);
  const opens = had.some(
    ({ isRevoked, terms }) => !isRevoked && terms?.suspended !== true && !isOver(terms, office.now),
  );
  const isNewAtHome = door.unitId !== null && had.length === 0;
  return opens || isNewAtHome ? grant(true) : deny("NO_CODE_HERE", door.name);
}

/** `unitId` undefined: a shared door or the property; '': what they are in the property as a whole. */
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
