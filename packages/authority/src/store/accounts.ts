/**
 * Accounts and their sessions. A session is known by the hash of its token, a password by its Argon2id hash; neither
 * can be read back. Rows only; who may do what is decided elsewhere.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import type { Reader } from "./registry.ts";
import type { AccountTable, SessionTable } from "./schema.ts";

/** Addresses are compared without regard to case. */
export function emailKey(email: string): string {
  return email.normalize("NFKC").trim().toLowerCase();
}

export async function accountByEmail(db: Reader, email: string): Promise<AccountTable | undefined> {
  return await db
    .selectFrom("accounts")
    .selectAll()
    .where("email_key", "=", emailKey(email))
    .executeTakeFirst();
}

export async function accountById(db: Reader, id: string): Promise<AccountTable | undefined> {
  return await db.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function accountOfPerson(db: Reader, personId: string): Promise<AccountTable | undefined> {
  return await db.selectFrom("accounts").selectAll().where("person_id", "=", personId).executeTakeFirst();
}

/** False when an account has this address. */
export async function addAccount(db: Reader, account: Omit<AccountTable, "email_key">): Promise<boolean> {
  const result = await db
    .insertInto("accounts")
    .values({ ...account, email_key: emailKey(account.email) })
    .onConflict((conflict) => conflict.column("email_key").doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function setPasswordHash(db: Reader, accountId: string, hash: string): Promise<void> {
  await db.updateTable("accounts").set({ password_hash: hash }).where("id", "=", accountId).execute();
}

export async function addSession(db: Reader, session: SessionTable): Promise<void> {
  await db.insertInto("sessions").values(session).execute();
}

/** The session and its account, while it lasts. */
export async function sessionByToken(
  db: Reader,
  tokenHash: Bytes,
  now: number,
): Promise<(SessionTable & { readonly person_id: string; readonly vendor: boolean }) | undefined> {
  return await db
    .selectFrom("sessions")
    .innerJoin("accounts", "accounts.id", "sessions.account_id")
    .selectAll("sessions")
    .select(["accounts.person_id", "accounts.vendor"])
    .where("token_hash", "=", tokenHash)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

export async function endSession(db: Reader, phoneId: string): Promise<void> {
  await db.deleteFrom("sessions").where("phone_id", "=", phoneId).execute();
}

/** Every device is logged out. */
export async function endSessionsOf(db: Reader, accountId: string): Promise<void> {
  await db.deleteFrom("sessions").where("account_id", "=", accountId).execute();
}

export async function putReset(
  db: Reader,
  reset: { readonly tokenHash: Bytes; readonly accountId: string; readonly expiresAt: number },
): Promise<void> {
  await db.deleteFrom("password_resets").where("account_id", "=", reset.accountId).execute();
  await db
    .insertInto("password_resets")
    .values({ token_hash: reset.tokenHash, account_id: reset.accountId, expires_at: reset.expiresAt })
    .execute();
}

/** Takes a reset back: it works once. The account's id, or undefined when it never was, or is over. */
export async function takeReset(db: Reader, tokenHash: Bytes, now: number): Promise<string | undefined> {
  const row = await db
    .deleteFrom("password_resets")
    .where("token_hash", "=", tokenHash)
    .returning(["account_id", "expires_at"])
    .executeTakeFirst();
  return row !== undefined && row.expires_at > now ? row.account_id : undefined;
}
