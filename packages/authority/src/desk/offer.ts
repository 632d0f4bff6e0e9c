/** Offering a door's lock its new owner, by the setup text that came with it. The lock is nobody's until it answers. */
import { parseSetup } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import { offerLock } from "../office/commission.ts";
import type { Office } from "../office/office.ts";
import { noteChanges } from "../store/trail.ts";
import { atDoor } from "./access.ts";
import type { Actor } from "./actor.ts";

export interface OfferWish {
  readonly doorId: string;
  /** `DOORSYNC:1:…`, from the label or the vendor's file. */
  readonly setup: string;
  readonly replace: boolean;
  /** The lowest epoch to use, where a lock had a higher one on another door. */
  readonly epochMin: number;
  /** Codes, cards and keys that the lock holds at most. */
  readonly capacity: number | undefined;
}

/** REQUEST_UNFIT for another text or a mistyped one, ALREADY_COMMISSIONED without `replace`. */
export async function offerDoor(
  office: Office,
  actor: Actor,
  wish: OfferWish,
): Promise<Decision<{ readonly epoch: number; readonly pending: boolean }>> {
  const access = await atDoor(office, actor, wish.doorId, "commission");
  if (!access.ok) return access;
  const { door } = access.value;
  const setup = parseSetup(office.crypto, wish.setup);
  if (setup === undefined) return deny("REQUEST_UNFIT", "setup: copy it again from the label of the lock");
  const { replace, epochMin, capacity } = wish;
  const offered = await offerLock(office, { door, setup, replace, epochMin, capacity });
  if (!offered.ok) return offered;
  const at = { at: office.now, property_id: door.propertyId, door_id: door.id, person_id: null };
  await noteChanges(office.db, [{ ...at, kind: "lock.offered", detail: null }]);
  return grant({ epoch: offered.value.row.epoch, pending: true });
}
