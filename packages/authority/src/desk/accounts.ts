/** Accounts of people: opening one, and what one is told about oneself. Not logging in: that is `sign-in.ts`. */
import { type Decision, deny, grant } from "../model/denial.ts";
import { fitName } from "../model/name.ts";
import { fitEmail, fitPassword } from "../model/password.ts";
import { newId, type Office } from "../office/office.ts";
import { addAccount } from "../store/accounts.ts";
import { addPersonOf } from "../store/people.ts";
import { addStanding, type Standing } from "../store/standings.ts";
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
  const personId = newId(office);
  const accountId = newId(office);
  await addPersonOf(office.db, { id: personId, name: name.value, propertyId: standing?.propertyId });
  const isNew = await addAccount(office.db, {
    id: accountId,
    person_id: personId,
    email,
    password_hash: password === undefined ? null : await hashPassword(password),
    vendor: wish.isVendor ?? false,
    created_at: office.now,
  });
  if (!isNew) return deny("EMAIL_TAKEN");
  if (standing !== undefined) await addStanding(office.db, { ...standing, personId, since: office.now });
  return grant({ accountId, personId });
}
