/**
 * Logging in and out, and who holds a session. Not how a forgotten password is replaced: that is `password.ts`.
 */
import { hash, verify } from "@node-rs/argon2";
import { type Decision, deny, grant } from "../model/denial.ts";
import type { ClientClass } from "../model/permission.ts";
import { newId, type Office } from "../office/office.ts";
import { accountByEmail, addSession, endSession, sessionByToken } from "../store/accounts.ts";
import { inOne } from "../store/ledgers.ts";
import { holdAccount, noteSessionUse } from "../store/sessions.ts";
import type { Actor } from "./actor.ts";
import { endAppKeysOver } from "./app-key.ts";
import { noteLogIn } from "./log-in-tries.ts";
import { drawToken, tokenHash } from "./token.ts";

export const sessionSeconds = 30 * 86_400;

/** A session's last use is written down to the hour: reading must not mean writing every time. */
const useSeconds = 3_600;

/** OWASP's choice for Argon2id, which is what the library does unless told otherwise: 19 MiB, two passes, one lane. */
const argon2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export async function hashPassword(password: string): Promise<string> {
  return await hash(password.normalize("NFKC"), argon2);
}

export async function isPassword(hashed: string, password: string): Promise<boolean> {
  return await verify(hashed, password.normalize("NFKC"));
}

/** What a password is compared with where there is no account: the answer must take as long. */
let decoy: Promise<string> | undefined;

export interface LogIn {
  readonly email: string;
  readonly password: string;
  readonly client: { readonly class: ClientClass; readonly name: string; readonly version: string };
}

export interface LoggedIn {
  readonly token: string;
  readonly accountId: string;
  readonly personId: string;
  readonly phoneId: string;
  readonly expiresAt: number;
}

/** BAD_CREDENTIALS, the same and as slowly for an unknown address as for a wrong password. */
export async function logIn(office: Office, wish: LogIn, address: string): Promise<Decision<LoggedIn>> {
  const account = await accountByEmail(office.db, wish.email);
  decoy ??= hashPassword("nobody's password");
  const known = account?.password_hash ?? (await decoy);
  const isRight = await isPassword(known, wish.password);
  if (account === undefined || account.password_hash === null || !isRight) return deny("BAD_CREDENTIALS");
  const { token, hashed } = drawToken(office);
  const phoneId = newId(office);
  const expiresAt = office.now + sessionSeconds;
  const isIn = await inOne(office.db, async (trx) => {
    // While the password was compared it may have been replaced, and every session ended (F26).
    if ((await holdAccount(trx, account.id))?.password_hash !== known) return false;
    await noteLogIn(office, trx, { email: account.email, address });
    await addSession(trx, {
      token_hash: hashed,
      account_id: account.id,
      phone_id: phoneId,
      client_class: wish.client.class,
      client_name: wish.client.name,
      client_version: wish.client.version,
      created_at: office.now,
      used_at: office.now,
      expires_at: expiresAt,
    });
    return true;
  });
  if (!isIn) return deny("BAD_CREDENTIALS");
  return grant({
    token,
    accountId: account.id,
    personId: account.person_id,
    phoneId,
    expiresAt,
  });
}

/** Who holds this token; UNAUTHENTICATED when nobody does any more. */
export async function whoHolds(office: Office, token: string | undefined): Promise<Decision<Actor>> {
  const hashed = tokenHash(office, token);
  const session = hashed === undefined ? undefined : await sessionByToken(office.db, hashed, office.now);
  if (session === undefined) return deny("UNAUTHENTICATED");
  if (office.now - session.used_at >= useSeconds)
    await noteSessionUse(office.db, session.token_hash, office.now);
  return grant({
    accountId: session.account_id,
    personId: session.person_id,
    phoneId: session.phone_id,
    client: session.client_class as ClientClass,
    clientName: session.client_name,
    clientVersion: session.client_version,
    isVendor: session.vendor,
  });
}

/** Ends this session and no other, and the key that its phone opened doors with. */
export async function logOut(office: Office, actor: Actor): Promise<Decision<undefined>> {
  await endSession(office.db, actor.phoneId);
  await endAppKeysOver(office, actor.accountId);
  return grant(undefined);
}
