/** Accounts of people: opening one, and what one is told about oneself. Not logging in: that is `sign-in.ts`. */
import { type Decision, deny, grant } from "../model/denial.ts";
import { fitName } from "../model/name.ts";
import { fitEmail, fitPassword } from "../model/password.ts";
import type { ClientClass } from "../model/permission.ts";
import { judgeApp } from "../model/policy.ts";
import { newId, type Office } from "../office/office.ts";
import { accountById, addAccount, endSessionsOf } from "../store/accounts.ts";
import { policyOf } from "../store/houses.ts";
import { inOne } from "../store/ledgers.ts";
import { type NamedStanding, namedStandingsOf, propertyName } from "../store/own-standings.ts";
import { addPersonOf, dropPerson, personById } from "../store/people.ts";
import { sessionsOf } from "../store/sessions.ts";
import { addStanding, type Standing } from "../store/standings.ts";
import type { Actor } from "./actor.ts";
import { endAppKeysOver } from "./app-key.ts";
import { hashPassword } from "./sign-in.ts";

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  /** Left out: the first password comes by a reset. */
  readonly password?: string;
  /** Left out: none yet, as for the vendor's people. */
  readonly standing?: Pick<Standing, "propertyId" | "unitId" | "role">;
  readonly isVendor?: boolean;
}

export interface OpenedAccount {
  readonly accountId: string;
  readonly personId: string;
}

/**
 * A person with an account and a standing, in one step. NAME_UNFIT, EMAIL_UNFIT, PASSWORD_UNFIT, EMAIL_TAKEN. For who
 * runs the service; what managers may do stands in `people.ts`.
 */
export async function openAccount(office: Office, wish: NewAccount): Promise<Decision<OpenedAccount>> {
  const { email, password, standing } = wish;
  const name = fitName(wish.name);
  if (!name.ok) return name;
  const address = fitEmail(email);
  if (!address.ok) return address;
  if (password !== undefined) {
    const fit = fitPassword(password, email);
    if (!fit.ok) return fit;
  }
  const passwordHash = password === undefined ? null : await hashPassword(password);
  return await inOne(office.db, async (trx): Promise<Decision<OpenedAccount>> => {
    const personId = newId(office);
    const accountId = newId(office);
    await addPersonOf(trx, { id: personId, name: name.value, propertyId: standing?.propertyId });
    const isNew = await addAccount(trx, {
      id: accountId,
      person_id: personId,
      email: email.trim(),
      password_hash: passwordHash,
      vendor: wish.isVendor ?? false,
      created_at: office.now,
    });
    if (!isNew) {
      // The address has an account, and nobody is left behind without one.
      await dropPerson(trx, personId);
      return deny("EMAIL_TAKEN");
    }
    if (standing !== undefined) await addStanding(trx, { ...standing, personId, since: office.now });
    return grant({ accountId, personId });
  });
}

/** A property that somebody has to do with, and whether this app is new enough for it (F11). */
export interface MyProperty {
  readonly propertyId: string;
  readonly name: string;
  readonly appVersionMin: string;
  readonly isUpgradeRequired: boolean;
}

export interface Myself {
  readonly accountId: string;
  readonly personId: string;
  readonly phoneId: string;
  readonly name: string;
  readonly email: string;
  readonly client: ClientClass;
  readonly clientVersion: string;
  readonly isVendor: boolean;
  /** Suspended ones too, so that one can see it. */
  readonly standings: readonly NamedStanding[];
  readonly properties: readonly MyProperty[];
}

/** Who one is, with which client, and where one stands. */
export async function whoAmI(office: Office, actor: Actor): Promise<Decision<Myself>> {
  const account = await accountById(office.db, actor.accountId);
  const person = await personById(office.db, actor.personId);
  if (account === undefined || person === undefined) throw new Error("a session without its account");
  const standings = await namedStandingsOf(office.db, person.id);
  // A guest may stand nowhere and still be of a property.
  const home = person.property_id === null ? [] : [person.property_id];
  const ids = new Set([...standings.map(({ propertyId }) => propertyId), ...home]);
  const properties: MyProperty[] = [];
  for (const propertyId of ids) properties.push(await myProperty(office, actor, propertyId));
  const { accountId, personId, phoneId, client, clientVersion, isVendor } = actor;
  const { email } = account;
  const self = { accountId, personId, phoneId, name: person.name, email, client, clientVersion, isVendor };
  return grant({ ...self, standings, properties });
}

async function myProperty(office: Office, actor: Actor, propertyId: string): Promise<MyProperty> {
  const policy = await policyOf(office.db, propertyId);
  return {
    propertyId,
    name: await propertyName(office.db, propertyId),
    appVersionMin: policy.appVersionMin,
    isUpgradeRequired: !judgeApp(policy, actor).ok,
  };
}

/** One of somebody's log-ins, as its owner is told of it. */
export interface MySession {
  readonly phoneId: string;
  readonly client: ClientClass;
  readonly clientName: string;
  readonly clientVersion: string;
  readonly createdAt: number;
  /** To the hour. */
  readonly usedAt: number;
  readonly expiresAt: number;
  readonly isThis: boolean;
}

export async function mySessions(
  office: Office,
  actor: Actor,
): Promise<Decision<{ readonly sessions: readonly MySession[] }>> {
  const rows = await sessionsOf(office.db, actor.accountId, office.now);
  const sessions = rows.map((row) => ({
    phoneId: row.phone_id,
    client: row.client_class as ClientClass,
    clientName: row.client_name,
    clientVersion: row.client_version,
    createdAt: row.created_at,
    usedAt: row.used_at,
    expiresAt: row.expires_at,
    isThis: row.phone_id === actor.phoneId,
  }));
  return grant({ sessions });
}

/** Every device is logged out, this one too. */
export async function endMySessions(office: Office, actor: Actor): Promise<Decision<undefined>> {
  await endSessionsOf(office.db, actor.accountId);
  await endAppKeysOver(office, actor.accountId);
  return grant(undefined);
}
