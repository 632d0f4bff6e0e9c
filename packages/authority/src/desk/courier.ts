/**
 * Couriers: who may carry, under which name they stand in the books, and at which doors. What they are handed is in
 * `hand-out.ts`, what they bring in `take-in.ts`.
 */
import { fromHex } from "@doorsync/protocol/authority";
import type { Decision } from "../model/denial.ts";
import { mayAct } from "../model/permission.ts";
import type { Office } from "../office/office.ts";
import { type DoorEntry, doorsByTag } from "../store/registry.ts";
import { rolesAtDoor } from "./access.ts";
import type { Actor } from "./actor.ts";

/** Who carries, in the books; without an account it is the broker of the connected locks. */
export interface Carrier {
  /** A session's phone, or `broker`. */
  readonly phoneId: string;
  readonly accountId: string | null;
}

/** A courier must be able to stand at a door; the vendor's people are refused (F29), whatever they carry. */
export function mayCarry(actor: Actor): Decision<true> {
  return mayAct({ roles: actor.isVendor ? ["vendor"] : ["guest"], client: actor.client }, "sync");
}

/** Doors that this person may stand at, by the tags (hex) that their locks show. */
export async function doorsAt(
  office: Office,
  actor: Actor,
  tags: readonly string[],
): Promise<readonly DoorEntry[]> {
  const bytes = tags.map((tag) => fromHex(tag)).filter((tag) => tag !== undefined);
  const doors: DoorEntry[] = [];
  for (const door of await doorsByTag(office.db, bytes)) {
    if ((await rolesAtDoor(office, actor.personId, door)).length > 0) doors.push(door);
  }
  return doors;
}
