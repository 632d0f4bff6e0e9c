/**
 * The people of a property as those see them who answer for it: who there is, in which standing, and taking somebody
 * in. Not their codes: `grants.ts` gives and takes those, and nobody but their owner sees them.
 */
import { texts } from "../mail/texts.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { fitName } from "../model/name.ts";
import type { Role } from "../model/permission.ts";
import { dailyHolderOf } from "../office/daily-holder.ts";
import { newId, type Office } from "../office/office.ts";
import { accountByEmail } from "../store/accounts.ts";
import { unitById } from "../store/houses.ts";
import { propertyName } from "../store/own-standings.ts";
import { addPersonOf } from "../store/people.ts";
import { holdPerson, type RollStanding, rollOf, standingsOfMany, tiesOf } from "../store/roll.ts";
import type { AccountTable } from "../store/schema.ts";
import { addStanding } from "../store/standings.ts";
import { noteChanges } from "../store/trail.ts";
import { openAccount } from "./accounts.ts";
import type { Actor } from "./actor.ts";
import { queueMessage } from "./messages.ts";
import { beginReset, invitationSeconds, resetLink } from "./password.ts";
import { isWithin, reachOf } from "./reach.ts";

export interface PersonStanding {
  readonly role: Role;
  readonly unitId: string | null;
  readonly unit: string | null;
  /** Its codes were revoked; the next grant brings it back. */
  readonly revoked: boolean;
}

export interface PersonSaid {
  readonly id: string;
  readonly name: string;
  readonly standings: readonly PersonStanding[];
  readonly suspended: { readonly since: number; readonly reason: string } | null;
  readonly account: { readonly email: string; readonly hasPassword: boolean } | null;
  /** Whom this guest was invited by, and how. */
  readonly guest: { readonly hostId: string; readonly kind: string | null } | null;
  /** Doors at which they are to have a code, card or key. */
  readonly doors: number;
}

export interface PeopleWish {
  readonly propertyId: string;
  readonly find: string | undefined;
  readonly skip: number;
  readonly countMax: number;
}

export interface PeopleSaid {
  readonly people: readonly PersonSaid[];
  /** There are more behind these. */
  readonly more: boolean;
}

/** By name. A host sees whom the host's units concern. */
export async function listRoll(
  office: Office,
  actor: Actor,
  wish: PeopleWish,
): Promise<Decision<PeopleSaid>> {
  const reach = await reachOf(office, actor, wish.propertyId, "viewPeople");
  if (!reach.ok) return reach;
  const { unitIds } = reach.value;
  const besides = dailyHolderOf(office, wish.propertyId);
  const found = await rollOf(office.db, { ...wish, unitIds, besides, countMax: wish.countMax + 1 });
  const rows = found.slice(0, wish.countMax);
  const all = await standingsOfMany(
    office.db,
    wish.propertyId,
    rows.map(({ id }) => id),
  );
  const byPerson = new Map<string, RollStanding[]>(rows.map(({ id }) => [id, []]));
  for (const standing of all) byPerson.get(standing.person_id)?.push(standing);
  const people = rows.map((row): PersonSaid => {
    const own = byPerson.get(row.id) ?? [];
    return {
      id: row.id,
      name: row.name,
      standings: own.filter(({ unit_id }) => isWithin(reach.value, unit_id)).map(standingSaid),
      suspended: suspendedIn(own),
      account: row.email === null ? null : { email: row.email, hasPassword: row.has_password },
      guest: row.host_id === null ? null : { hostId: row.host_id, kind: row.guest_kind },
      doors: row.doors,
    };
  });
  return grant({ people, more: found.length > rows.length });
}

function standingSaid(row: RollStanding): PersonStanding {
  return {
    role: row.role as Role,
    unitId: row.unit_id === "" ? null : row.unit_id,
    unit: row.unit,
    revoked: row.revoked_at !== null,
  };
}

function suspendedIn(rows: readonly RollStanding[]): PersonSaid["suspended"] {
  for (const { suspended_at: since, suspended_reason: reason } of rows)
    if (since !== null && reason !== null) return { since, reason };
  return null;
}

export interface NewPersonWish {
  readonly propertyId: string;
  readonly name: string;
  readonly email: string | undefined;
  readonly role: Exclude<Role, "vendor">;
  readonly unit: string | undefined;
}

export interface AddedPerson {
  readonly personId: string;
  /** An invitation to choose a password is on its way. */
  readonly invited: boolean;
}

/**
 * Takes somebody in, with an account where there is an e-mail address: the one that it has, or a new one. Hosts take residents and guests into their own
 * units; only who answers for the whole property makes hosts and managers. NAME_UNFIT, EMAIL_UNFIT, EMAIL_TAKEN.
 */
export async function addPerson(
  office: Office,
  actor: Actor,
  wish: NewPersonWish,
): Promise<Decision<AddedPerson>> {
  const reach = await reachOf(office, actor, wish.propertyId, "grantAccess");
  if (!reach.ok) return reach;
  const fit = await fitStanding(office, wish);
  if (!fit.ok) return fit;
  const isOffice = wish.role === "manager" || wish.role === "host";
  if (!isWithin(reach.value, wish.unit ?? null)) return deny("NOT_ALLOWED", `add ${wish.role}`);
  if (isOffice) {
    // A host of the whole property answers for its doors, and not for who else does.
    const may = await reachOf(office, actor, wish.propertyId, "setPolicy");
    if (!may.ok) return may;
  }
  const standing = { propertyId: wish.propertyId, unitId: wish.unit ?? "", role: wish.role };
  const added = await taken(office, wish, standing);
  if (!added.ok) return added;
  const { personId } = added.value;
  const at = { at: office.now, property_id: wish.propertyId, door_id: null, person_id: personId };
  await noteChanges(office.db, [{ ...at, kind: "person.added", detail: wish.role }]);
  return added;
}

/**
 * Residents and guests belong to a unit, or a whole property would be theirs; managers to no unit, because what they
 * may do is not divided by units.
 */
async function fitStanding(office: Office, wish: NewPersonWish): Promise<Decision<true>> {
  if (wish.unit !== undefined && wish.role === "manager")
    return deny("REQUEST_UNFIT", "a manager belongs to the whole property");
  if (wish.unit === undefined) {
    const isOfUnit = wish.role === "resident" || wish.role === "guest";
    return isOfUnit ? deny("REQUEST_UNFIT", `a ${wish.role} belongs to a unit`) : grant(true);
  }
  const unit = await unitById(office.db, wish.unit);
  return unit?.propertyId === wish.propertyId ? grant(true) : deny("NO_SUCH", "unit");
}

/**
 * One account, several properties: who has one from elsewhere stands here with it, under the name that it has. EMAIL_TAKEN
 * for who is here already, whom a grant brings back, and for the vendor's people, who stand nowhere.
 */
async function joined(
  office: Office,
  account: AccountTable,
  standing: { readonly propertyId: string; readonly unitId: string; readonly role: NewPersonWish["role"] },
): Promise<Decision<AddedPerson>> {
  const { person_id: personId, email } = account;
  await holdPerson(office.db, personId);
  const ties = await tiesOf(office.db, personId, standing.propertyId);
  if (account.vendor || ties !== undefined) return deny("EMAIL_TAKEN");
  await addStanding(office.db, { ...standing, personId, since: office.now });
  const words = texts.joined({ property: await propertyName(office.db, standing.propertyId) });
  await queueMessage(office, { channel: "email", kind: "joined", to: email, ...words });
  return grant({ personId, invited: true });
}

async function taken(
  office: Office,
  wish: NewPersonWish,
  standing: { readonly propertyId: string; readonly unitId: string; readonly role: NewPersonWish["role"] },
): Promise<Decision<AddedPerson>> {
  if (wish.email === undefined) {
    const name = fitName(wish.name);
    if (!name.ok) return name;
    const personId = newId(office);
    await addPersonOf(office.db, { id: personId, name: name.value, propertyId: wish.propertyId });
    await addStanding(office.db, { ...standing, personId, since: office.now });
    return grant({ personId, invited: false });
  }
  const known = await accountByEmail(office.db, wish.email);
  if (known !== undefined) return await joined(office, known, standing);
  const opened = await openAccount(office, { name: wish.name, email: wish.email, standing });
  if (!opened.ok) return opened;
  const token = await beginReset(office, opened.value.accountId, invitationSeconds);
  const words = texts.invitation({
    property: await propertyName(office.db, wish.propertyId),
    link: resetLink(office, token),
    days: invitationSeconds / 86_400,
    page: `${office.publicUrl ?? ""}/`,
  });
  await queueMessage(office, { channel: "email", kind: "invitation", to: wish.email.trim(), ...words });
  return grant({ personId: opened.value.personId, invited: true });
}
