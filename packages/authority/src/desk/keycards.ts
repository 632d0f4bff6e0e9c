/**
 * Keycards, which a lock knows like codes, and mechanical keys, of which no lock knows: there the books are all there is
 * (F22). A card is known to the lock by a tag of its bytes; the bytes themselves lie sealed as digits do.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import { assignCode, classOf, revokeCode } from "../model/ledger.ts";
import { fitName } from "../model/name.ts";
import { judgeRoom } from "../model/room.ts";
import { plainTerms } from "../model/terms.ts";
import { newId, type Office, openDigits, sealDigits } from "../office/office.ts";
import { addKey, takeKeyBack } from "../store/keys-out.ts";
import { withDoor } from "../store/ledgers.ts";
import type { DoorEntry } from "../store/registry.ts";
import { holdPerson, tiesOf } from "../store/roll.ts";
import { noteChanges } from "../store/trail.ts";
import { atDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { changeAt, type DoorChange, tellChanges } from "./door-change.ts";
import { demandActive } from "./reach.ts";

/** A card's id as readers give it: 4 to 10 bytes (ISO/IEC 14443-3), in hex. */
export const cardPattern = "^(?:[0-9a-fA-F]{2}){4,10}$";

interface CardWish {
  readonly doorId: string;
  readonly personId: string;
}

/** NO_SUCH, NOT_ALLOWED, PERSON_SUSPENDED, ALREADY_ASSIGNED, LOCK_FULL; CARD_TAKEN while a lock may know it as anybody's. */
export async function assignKeycard(
  office: Office,
  actor: Actor,
  wish: CardWish & { readonly card: string },
): Promise<Decision<DoorChange>> {
  const met = await meet(office, actor, wish);
  if (!met.ok) return met;
  const door = met.value;
  await holdPerson(office.db, wish.personId);
  const active = await demandActive(office, wish.personId, door.propertyId);
  if (!active.ok) return active;
  const card = wish.card.toLowerCase();
  const changed = await withDoor<Decision<DoorChange>>(office.db, door.id, async (ledger) => {
    const cards = ledger.codes.filter((code) => classOf(code) === "keycard");
    const same = cards.filter((code) => openDigits(office, code) === card);
    if (same.some(({ released }) => !released)) return { ledger, result: deny("CARD_TAKEN") };
    const id = newId(office);
    const after = assignCode(ledger, {
      id,
      person: wish.personId,
      // A card may come back to who had it before, which digits never do: each time it goes by another mark.
      mark: office.vault.mark(door.id, `card ${card} ${same.length}`),
      length: 0,
      sealed: sealDigits(office, id, card),
      createdAt: office.now,
      terms: { ...plainTerms, class: "keycard" },
    });
    if (!after.ok) return { ledger, result: after };
    const room = judgeRoom(after.value);
    if (!room.ok) return { ledger, result: room };
    return { ledger: after.value, result: grant(changeAt(door, ledger, after.value, wish.personId, office)) };
  });
  if (changed.ok) await tell(office, door, wish.personId, "keycard.assigned", changed.value);
  return changed;
}

/** NOT_ASSIGNED. The card opens until the door is synced. */
export async function revokeKeycard(
  office: Office,
  actor: Actor,
  wish: CardWish,
): Promise<Decision<DoorChange>> {
  const met = await meet(office, actor, wish);
  if (!met.ok) return met;
  const door = met.value;
  const changed = await withDoor<Decision<DoorChange>>(office.db, door.id, async (ledger) => {
    const after = revokeCode(ledger, wish.personId, office.now, "keycard");
    if (!after.ok) return { ledger, result: after };
    return { ledger: after.value, result: grant(changeAt(door, ledger, after.value, wish.personId, office)) };
  });
  if (changed.ok) await tell(office, door, wish.personId, "keycard.revoked", changed.value);
  return changed;
}

/** Writes down that somebody has a mechanical key. NAME_UNFIT for its label. */
export async function noteKey(
  office: Office,
  actor: Actor,
  wish: CardWish & { readonly label: string },
): Promise<Decision<{ readonly id: string }>> {
  const met = await meet(office, actor, wish);
  if (!met.ok) return met;
  const label = fitName(wish.label);
  if (!label.ok) return label;
  const id = newId(office);
  await addKey(office.db, {
    id,
    door_id: wish.doorId,
    person_id: wish.personId,
    label: label.value,
    given_at: office.now,
    returned_at: null,
  });
  await tell(office, met.value, wish.personId, "key.given");
  return grant({ id });
}

/** NO_SUCH for a key that is not outstanding here. */
export async function returnKey(
  office: Office,
  actor: Actor,
  wish: { readonly doorId: string; readonly keyId: string },
): Promise<Decision<undefined>> {
  const access = await atDoor(office, actor, wish.doorId, "assignKeycard");
  if (!access.ok) return access;
  const personId = await takeKeyBack(office.db, wish.doorId, wish.keyId, office.now);
  if (personId === undefined) return deny("NO_SUCH", "key");
  await tell(office, access.value.door, personId, "key.returned");
  return grant(undefined);
}

async function meet(office: Office, actor: Actor, wish: CardWish): Promise<Decision<DoorEntry>> {
  const access = await atDoor(office, actor, wish.doorId, "assignKeycard");
  if (!access.ok) return access;
  const { door } = access.value;
  const ties = await tiesOf(office.db, wish.personId, door.propertyId);
  return ties === undefined ? deny("NO_SUCH", "person") : grant(door);
}

async function tell(
  office: Office,
  door: DoorEntry,
  personId: string,
  kind: string,
  change?: DoorChange,
): Promise<void> {
  const { propertyId } = door;
  if (change !== undefined) return await tellChanges(office, { propertyId, personId, kind }, [change]);
  const at = { at: office.now, property_id: propertyId, door_id: door.id, person_id: personId };
  await noteChanges(office.db, [{ ...at, kind, detail: null }]);
}
