/**
 * One person of a property as those see them who answer for it: standings, and how what they may open by stands, door by
 * door and without digits. Not the list of all of them: that is `people.ts`.
 */
import { type Decision, grant } from "../model/denial.ts";
import type { GuestKind } from "../model/guest.ts";
import type { Role } from "../model/permission.ts";
import type { Office } from "../office/office.ts";
import { accountOfPerson } from "../store/accounts.ts";
import { type KeyHeld, keysHeldBy } from "../store/keys-out.ts";
import { loadLedger } from "../store/ledgers.ts";
import { personById } from "../store/people.ts";
import { doorById } from "../store/registry.ts";
import { type GuestTie, guestsStill, standingsOfMany } from "../store/roll.ts";
import type { PersonTable } from "../store/schema.ts";
import { doorsWithCodesOf } from "../store/standings.ts";
import type { Actor } from "./actor.ts";
import { type DailyOut, dailyStill } from "./daily-out.ts";
import { changeAt, type DoorChange } from "./door-change.ts";
import type { Target } from "./grants.ts";
import { momentAt } from "./openings.ts";
import type { PersonSaid } from "./people.ts";
import { isWithin, personWithin, reachOf } from "./reach.ts";

export interface PersonInFull
  extends Pick<PersonSaid, "id" | "name" | "standings" | "suspended" | "account"> {
  /** Of whom somebody invited; null: nobody's guest. */
  readonly guest: {
    readonly kind: GuestKind;
    readonly invitedBy: { readonly id: string; readonly name: string } | null;
  } | null;
  /** Every door within reach where something of theirs opens, is to open or may still. */
  readonly doors: readonly DoorChange[];
  /** Guests whom they invited and who may still come in. */
  readonly guests: readonly GuestTie[];
  readonly dailyCodes: readonly DailyOut[];
  /** Mechanical keys that they were given and have not brought back. */
  readonly keys: readonly KeyHeld[];
}

/** NO_SUCH, NOT_ALLOWED: for who sees the people of the property. */
export async function readPerson(
  office: Office,
  actor: Actor,
  wish: Target,
): Promise<Decision<PersonInFull>> {
  const { propertyId, personId } = wish;
  const reach = await reachOf(office, actor, propertyId, "viewPeople");
  if (!reach.ok) return reach;
  const ties = await personWithin(office, reach.value, personId);
  if (!ties.ok) return ties;
  const doors: DoorChange[] = [];
  for (const id of await doorsWithCodesOf(office.db, personId)) {
    const door = await doorById(office.db, id);
    if (door === undefined || door.propertyId !== propertyId || !isWithin(reach.value, door.unitId)) continue;
    const ledger = await loadLedger(office.db, id);
    doors.push(changeAt(door, ledger, ledger, personId, await momentAt(office, id, ledger)));
  }
  const rows = await standingsOfMany(office.db, propertyId, [personId]);
  const held = rows.find((row) => row.suspended_at !== null);
  const account = await accountOfPerson(office.db, personId);
  return grant({
    id: personId,
    name: ties.value.person.name,
    standings: rows
      .filter((row) => isWithin(reach.value, row.unit_id === "" ? null : row.unit_id))
      .map((row) => ({
        role: row.role as Role,
        unitId: row.unit_id === "" ? null : row.unit_id,
        unit: row.unit,
        revoked: row.revoked_at !== null,
      })),
    guest: await guestOf(office, ties.value.person),
    suspended:
      held === undefined ? null : { since: held.suspended_at ?? 0, reason: held.suspended_reason ?? "" },
    account:
      account === undefined ? null : { email: account.email, hasPassword: account.password_hash !== null },
    doors: doors.sort((a, b) => a.door.localeCompare(b.door)),
    guests: await guestsStill(office.db, personId, reach.value),
    dailyCodes: await dailyStill(office, personId, reach.value),
    keys: await keysHeldBy(office.db, personId, reach.value),
  });
}

async function guestOf({ db }: Office, { host_id, guest_kind }: PersonTable): Promise<PersonInFull["guest"]> {
  if (host_id === null) return null;
  const host = await personById(db, host_id);
  return {
    kind: (guest_kind ?? "permanent") as GuestKind,
    invitedBy: host === undefined ? null : { id: host.id, name: host.name },
  };
}
