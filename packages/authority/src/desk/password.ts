/**
 * Passwords that are forgotten or changed, from whatever kind of client (F27). A new password ends the sessions that
 * the old one began (F26). Hashing waits in no transaction. Not logging in: that is `sign-in.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { texts } from "../mail/texts.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { fitPassword } from "../model/password.ts";
import type { Office } from "../office/office.ts";
import {
  accountByEmail,
  accountById,
  endSessionsOf,
  putReset,
  setPasswordHash,
  takeReset,
} from "../store/accounts.ts";
import { inOne } from "../store/ledgers.ts";
import { endOtherSessionsOf, forgetResetsOf, holdAccount, resetOwner } from "../store/sessions.ts";
import { forgetAttemptsOf } from "../store/trail.ts";
import type { Actor } from "./actor.ts";
import { endAppKeysOver } from "./app-key.ts";
import { forgetTriesAt } from "./log-in-tries.ts";
import { queueMessage } from "./messages.ts";
import { hashPassword, isPassword } from "./sign-in.ts";
import { drawToken, tokenHash } from "./token.ts";

export const resetSeconds = 3_600;
/** An invitation waits for somebody who may be on the way: nobody else has asked for it. */
export const invitationSeconds: number = 7 * 86_400;

/** Far longer than the work takes: how long an answer took tells nobody whether there is such an account. */
export const askMilliseconds = 300;

/** Sends a link that works once, to the address that the account has. Says the same where there is no account. */
export async function askPasswordReset(
  office: Office,
  wish: { readonly email: string },
): Promise<Decision<undefined>> {
  await Promise.all([sleep(askMilliseconds), sendReset(office, wish.email)]);
  return grant(undefined);
}

async function sendReset(office: Office, email: string): Promise<void> {
  await inOne(office.db, async (trx) => {
    const account = await accountByEmail(trx, email);
    if (account === undefined) return;
    const desk = { ...office, db: trx };
    const token = await beginReset(desk, account.id);
    const words = texts.passwordReset({ link: resetLink(office, token), minutes: resetSeconds / 60 });
    await queueMessage(desk, { channel: "email", kind: "password-reset", to: account.email, ...words });
  });
}

/** To the page that takes the new password. Behind the # neither servers nor other sites see the token. */
export function resetLink(office: Office, token: string): string {
  return `${office.publicUrl ?? ""}/reset#${token}`;
}

/** A token with which this account may get a new password, once. The one before it is worth nothing any more. */
export async function beginReset(
  office: Office,
  accountId: string,
  lifeSeconds: number = resetSeconds,
): Promise<string> {
  const { token, hashed } = drawToken(office);
  await inOne(office.db, async (trx) => {
    await holdAccount(trx, accountId);
    await putReset(trx, { tokenHash: hashed, accountId, expiresAt: office.now + lifeSeconds });
  });
  return token;
}

/** Whose reset this token is, while it lasts. */
export async function accountOfReset(office: Office, token: string): Promise<string | undefined> {
  const hashed = tokenHash(office, token);
  return hashed === undefined ? undefined : (await resetOwner(office.db, hashed, office.now))?.id;
}

/** RESET_INVALID; PASSWORD_UNFIT, after which the token can still be used. Ends every session of the account. */
export async function resetPassword(
  office: Office,
  wish: { readonly token: string; readonly password: string },
): Promise<Decision<undefined>> {
  const hashed = tokenHash(office, wish.token);
  const owner = hashed === undefined ? undefined : await resetOwner(office.db, hashed, office.now);
  if (hashed === undefined || owner === undefined) return deny("RESET_INVALID");
  const fit = fitPassword(wish.password, owner.email);
  if (!fit.ok) return fit;
  const hash = await hashPassword(fit.value);
  const done = await inOne(office.db, async (trx): Promise<Decision<undefined>> => {
    const account = await holdAccount(trx, owner.id);
    const taken = await takeReset(trx, hashed, office.now);
    if (account === undefined || taken !== account.id) return deny("RESET_INVALID");
    await setPasswordHash(trx, account.id, hash);
    await endSessionsOf(trx, account.id);
    await forgetResetsOf(trx, account.id);
    await forgetTriesAt(trx, account.email_key);
    return grant(undefined);
  });
  // Should this fail, the sweep does it: without its session a phone is given no leave any more.
  if (done.ok) await endAppKeysOver(office, owner.id);
  return done;
}

/**
 * BAD_CREDENTIALS for a wrong old password, PASSWORD_UNFIT. Ends every other session and every reset under way. Asked
 * again, because the answer was lost, it finds the new password in force and is content.
 */
export async function changePassword(
  office: Office,
  actor: Actor,
  wish: { readonly old: string; readonly new: string },
): Promise<Decision<undefined>> {
  const known = await accountById(office.db, actor.accountId);
  if (known === undefined || known.password_hash === null) return deny("BAD_CREDENTIALS");
  if (!(await isPassword(known.password_hash, wish.old)))
    return (await isPassword(known.password_hash, wish.new)) ? grant(undefined) : deny("BAD_CREDENTIALS");
  const fit = fitPassword(wish.new, known.email);
  if (!fit.ok) return fit;
  const hash = await hashPassword(fit.value);
  const done = await inOne(office.db, async (trx): Promise<Decision<undefined>> => {
    const account = await holdAccount(trx, known.id);
    // Another change was faster: the old password is not the old one any more.
    if (account?.password_hash !== known.password_hash) return deny("BAD_CREDENTIALS");
    await setPasswordHash(trx, known.id, hash);
    await endOtherSessionsOf(trx, known.id, actor.phoneId);
    await forgetResetsOf(trx, known.id);
    await forgetAttemptsOf(trx, `logIn/${known.id}`);
    return grant(undefined);
  });
  if (done.ok) await endAppKeysOver(office, known.id);
  return done;
}
