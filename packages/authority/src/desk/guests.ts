/**
 * Guests: who lets whom in, with which kind of code, and takes it back (F8). A guest is a person of the property whom
 * somebody invited; the digits are told once, to who invites. Not what a lock makes of the terms.
 */
import { credentialClasses, type Window } from "@doorsync/protocol/authority";
import { rulesNeeded } from "../issue/items.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { type GuestCount, type GuestKind, guestTerms, judgeGuests } from "../model/guest.ts";
import { endOver, isOver, type Ledger, revokeCode } from "../model/ledger.ts";
import { fitName } from "../model/name.ts";
import { assign } from "../office/codes.ts";
import { newId, type Office } from "../office/office.ts";
import { type GuestCode, guestCodes, guestsAt } from "../store/guests.ts";
import { loadLedger, withDoor } from "../store/ledgers.ts";
import { addPersonOf, personById } from "../store/people.ts";
import type { DoorEntry } from "../store/registry.ts";
import { holdPerson } from "../store/roll.ts";
import type { PersonTable } from "../store/schema.ts";
import { type Standing, standingsOf } from "../store/standings.ts";
import { atDoor, type DoorAccess, mayLetIn } from "./access.ts";
import type { Actor } from "./actor.ts";
import { type CodeEntry, entriesAt, tellCodes } from "./code-faces.ts";

export interface GuestInvitation {
  readonly door: string;
  readonly name: string;
  readonly kind: GuestKind;
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly windows: readonly Window[] | undefined;
  readonly length: number | undefined;
  /** Digits that somebody wished for: always refused. */
  readonly code: string | undefined;
}

export interface Guest {
  readonly person: string;
  readonly name: string;
  readonly kind: GuestKind;
  readonly invitedBy: { readonly person: string; readonly name: string } | null;
  readonly entries: readonly CodeEntry[];
}

/**
 * NOT_ALLOWED, NO_CODE_HERE, UPGRADE_REQUIRED, NAME_UNFIT, GUEST_RANDOM_ONLY, GUEST_UNFIT, TERMS_UNFIT, CODE_LENGTH, SIX_DIGITS_OFF,
 * GUESTS_FULL, RULES_EXHAUSTED, LOCK_FULL.
 */
export async function inviteGuest(
  office: Office,
  actor: Actor,
  wish: GuestInvitation,
): Promise<Decision<Guest>> {
  // Before it is asked who they are: an invitation comes before their suspension, which names the guest, or is refused.
  // And whoever else invites under this name waits: two must not both be the last one.
  await holdPerson(office.db, actor.personId);
  const access = await atDoor(office, actor, wish.door, "issueGuest");
  if (!access.ok) return access;
  const { door, policy } = access.value;
  const may = await mayLetIn(office, actor.personId, door);
  if (!may.ok) return may;
  const name = fitName(wish.name);
  if (!name.ok) return name;
  const { kind, from, until, windows, code: digits } = wish;
  const terms = guestTerms(policy, door.kind, { kind, from, until, windows, digits }, office.now);
  if (!terms.ok) return terms;
  const id = newId(office);
  await addPersonOf(office.db, {
    id,
    name: name.value,
    propertyId: door.propertyId,
    hostId: actor.personId,
    guestKind: kind,
  });
  const before = await loadLedger(office.db, door.id);
  const person = { id, name: name.value };
  const given = await assign(office, { door, person, length: wish.length, terms: terms.value });
  if (!given.ok) return given;
  const after = await loadLedger(office.db, door.id);
  // Counted under the door's lock, which `assign` took: a refusal undoes it all.
  const room = judgeGuests(await countGuests(office, actor, door, after), terms.value);
  if (!room.ok) return room;
  await tellCodes(office, door, id, { before, after });
  const row = await personById(office.db, id);
  if (row === undefined) throw new Error("a guest was written down and is not there");
  return await one(office, access.value, row, true);
}

/** Guests whose time is not over, and the rules that the door's table needs without those whose time is. */
async function countGuests(
  office: Office,
  actor: Actor,
  door: Pick<DoorEntry, "id" | "propertyId">,
  ledger: Ledger,
): Promise<GuestCount> {
  const living = (codes: readonly GuestCode[]): number =>
    new Set(codes.filter(({ terms }) => !isOver(terms, office.now)).map(({ personId }) => personId)).size;
  const { propertyId } = door;
  return {
    ofInviter: living(await guestCodes(office.db, { hostId: actor.personId, propertyId })),
    atDoor: living(await guestCodes(office.db, { doorId: door.id })),
    rules: rulesNeeded(endOver(ledger, office.now)),
  };
}

/** Guests with a code here, whom one may send away: one's own, those of one's unit, for management all. No digits. */
export async function listGuests(
  office: Office,
  actor: Actor,
  wish: { readonly door: string },
): Promise<Decision<readonly Guest[]>> {
  const access = await atDoor(office, actor, wish.door, "issueGuest");
  if (!access.ok) return access;
  const hosted = await hostedBy(office, actor, access.value);
  const rows: PersonTable[] = [];
  for (const row of await guestsAt(office.db, access.value.door.id)) if (await hosted(row)) rows.push(row);
  return grant(await shown(office, access.value, rows, false));
}

/**
 * Takes back whatever a guest has at this door. NO_SUCH for who is no guest here, or the guest of others. What still
 * opens until a sync stands in the answer.
 */
export async function revokeGuest(
  office: Office,
  actor: Actor,
  wish: { readonly door: string; readonly person: string },
): Promise<Decision<Guest>> {
  const access = await atDoor(office, actor, wish.door, "issueGuest");
  if (!access.ok) return access;
  const { door } = access.value;
  const row = (await guestsAt(office.db, door.id)).find(({ id }) => id === wish.person);
  const hosted = await hostedBy(office, actor, access.value);
  if (row === undefined || !(await hosted(row))) return deny("NO_SUCH", "guest");
  const ledgers = await withDoor(office.db, door.id, async (before) => {
    const after = withoutAny(before, row.id, office.now);
    return { ledger: after, result: { before, after } };
  });
  if (ledgers.after === ledgers.before) return deny("NOT_ASSIGNED");
  await tellCodes(office, door, row.id, ledgers);
  return await one(office, access.value, row, false);
}

async function one(
  office: Office,
  access: DoorAccess,
  row: PersonTable,
  withDigits: boolean,
): Promise<Decision<Guest>> {
  const [guest] = await shown(office, access, [row], withDigits);
  if (guest === undefined) throw new Error("one guest was looked at and none was seen");
  return grant(guest);
}

/** Code, card and key alike (F22). */
function withoutAny(ledger: Ledger, person: string, at: number): Ledger {
  let left = ledger;
  for (const of of Object.keys(credentialClasses) as (keyof typeof credentialClasses)[]) {
    const next = revokeCode(left, person, at, of);
    if (next.ok) left = next.value;
  }
  return left;
}

/** Whether a guest is the actor's to see and to send away. */
async function hostedBy(
  office: Office,
  actor: Actor,
  { roles, door }: DoorAccess,
): Promise<(guest: PersonTable) => Promise<boolean>> {
  const unitsOf = (standings: readonly Standing[]): ReadonlySet<string> =>
    new Set(
      standings
        .filter(({ propertyId, role }) => propertyId === door.propertyId && isOfUnit(role))
        .map(({ unitId }) => unitId),
    );
  const standings = await standingsOf(office.db, actor.personId);
  const own = unitsOf(standings.filter(({ isSuspended }) => !isSuspended));
  const known = new Map<string, boolean>();
  const isOfOwnUnit = async (host: string): Promise<boolean> => {
    const seen = known.get(host);
    if (seen !== undefined) return seen;
    const units = unitsOf(await standingsOf(office.db, host));
    const shared = [...units].some((unit) => own.has(unit));
    known.set(host, shared);
    return shared;
  };
  return async ({ host_id }) => {
    if (host_id === null) return false;
    if (host_id === actor.personId || roles.includes("manager")) return true;
    // Behind the door of a unit whoever lives there decides; at a shared door only who lives with the inviter.
    return door.unitId !== null ? true : await isOfOwnUnit(host_id);
  };
}

function isOfUnit(role: Standing["role"]): boolean {
  return role === "resident" || role === "host";
}

async function shown(
  office: Office,
  { door, policy }: DoorAccess,
  rows: readonly PersonTable[],
  withDigits: boolean,
): Promise<readonly Guest[]> {
  const ledger = await loadLedger(office.db, door.id);
  const ids = rows.map(({ id }) => id);
  const entries = await entriesAt(office, { door, ledger, policy, withDigits }, ids);
  const hosts = new Map<string, string | undefined>();
  for (const { host_id } of rows)
    if (host_id !== null && !hosts.has(host_id))
      hosts.set(host_id, (await personById(office.db, host_id))?.name);
  return rows.map(({ id: personId, name, guest_kind, host_id }) => {
    const host = host_id === null ? undefined : hosts.get(host_id);
    return {
      person: personId,
      name,
      kind: (guest_kind ?? "permanent") as GuestKind,
      invitedBy: host_id === null || host === undefined ? null : { person: host_id, name: host },
      entries: entries.get(personId) ?? [],
    };
  });
}
