/** Which doors somebody has to do with. Not what they may do there: that is `access.ts`. */
import type { Office } from "../office/office.ts";
import { type DoorEntry, doorEntries, doorsOfProperty } from "../store/registry.ts";
import { doorsWithCodesOf, standingsOf } from "../store/standings.ts";
import type { Actor } from "./actor.ts";

/** Whether a door is somebody's own: of one of their units, or one where they hold a code. */
export async function ownDoorsOf(
  office: Office,
  actor: Actor,
): Promise<(door: Pick<DoorEntry, "id" | "unitId">) => boolean> {
  const units = new Set((await standingsOf(office.db, actor.personId)).map(({ unitId }) => unitId));
  const held = new Set(await doorsWithCodesOf(office.db, actor.personId));
  return ({ id, unitId }) => held.has(id) || (unitId !== null && units.has(unitId));
}

/**
 * The doors at which this person may stand as a courier: those of their units, those where they hold a code, and for
 * managers all of the property.
 */
export async function doorsToServe(office: Office, actor: Actor): Promise<readonly DoorEntry[]> {
  if (actor.isVendor) return [];
  const doors = new Map<string, DoorEntry>();
  const add = (some: readonly DoorEntry[]): void => {
    for (const door of some) doors.set(door.id, door);
  };
  const standings = (await standingsOf(office.db, actor.personId)).filter((one) => !one.isSuspended);
  for (const { propertyId, unitId, role } of standings) {
    if (unitId === "" && role === "manager") add(await doorsOfProperty(office.db, propertyId));
    else if (unitId !== "") add(await doorEntries(office.db).where("doors.unit_id", "=", unitId).execute());
  }
  const held = await doorsWithCodesOf(office.db, actor.personId);
  const missing = held.filter((id) => !doors.has(id));
  if (missing.length > 0) add(await doorEntries(office.db).where("doors.id", "in", missing).execute());
  return [...doors.values()];
}
