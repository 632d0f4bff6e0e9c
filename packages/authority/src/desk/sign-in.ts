/**
 * Logging in and out. A token is 32 random bytes that only the client holds; the database knows its hash. Not how a
 * forgotten password is replaced: that is `password.ts`.
 */
import { hash, verify } from "@node-rs/argon2";
import { type Decision, deny, grant } from "../model/denial.ts";
import type { ClientClass } from "../model/permission.ts";
import { newId, type Office, randomBytes } from "../office/office.ts";
import { accountByEmail, addSession, endSession, sessionByToken } from "../store/accounts.ts";
import { forgetAttemptsOf } from "../store/trail.ts";
import type { Actor } from "./actor.ts";

const tokenBytes = 32;
export const sessionSeconds = 30 * 86_400;

/** OWASP's choice for Argon2id, which is what the library does unless told otherwise: 19 MiB, two passes, one lane. */
const argon2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export async function hashPassword(password: string): Promise<string> {
  return await hash(password.normalize("NFKC"), argon2);
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
export async function logIn(office: Office, wish: LogIn): Promise<Decision<LoggedIn>> {
  const account = await accountByEmail(office.db, wish.email);
  decoy ??= hashPassword("nobody's password");
  const known = account?.password_hash ?? (await decoy);
  const isRight = await verify(known, wish.password.normalize("NFKC"));
  if (account === undefined || account.password_hash === null || !isRight) return deny("BAD_CREDENTIALS");
  // Whoever knows the password was not guessing it.
  await forgetAttemptsOf(office.db, `logIn/${account.email_key}`);
  const token = randomBytes(office, tokenBytes);
  const phoneId = newId(office);
  const expiresAt = office.now + sessionSeconds;
  await addSession(office.db, {
    token_hash: office.crypto.hash(token),
    account_id: account.id,
    phone_id: phoneId,
    client_class: wish.client.class,
    client_name: wish.client.name,
    client_version: wish.client.version,
    created_at: office.now,
    used_at: office.now,
    expires_at: expiresAt,
  });
  return grant({
    token: Buffer.from(token).toString("base64url"),
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
  return grant({
    accountId: session.account_id,
    personId: session.person_id,
    phoneId: session.phone_id,
    client: session.client_class as ClientClass,
    clientVersion: session.client_version,
    isVendor: session.vendor,
  });
}

/** Ends this session and no other. */
export async function logOut(office: Office, actor: Actor): Promise<Decision<undefined>> {
  await endSession(office.db, actor.phoneId);
  return grant(undefined);
}

function tokenHash(office: Office, token: string | undefined): Uint8Array | undefined {
  if (token === undefined || !/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
  return office.crypto.hash(new Uint8Array(Buffer.from(token, "base64url")));
}
