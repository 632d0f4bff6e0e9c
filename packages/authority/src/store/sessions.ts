/**
 * What ends and begins with a password: sessions as their owner sees them, the lock under which a password changes, and
 * the sweeping of what is over. Rows only; who may do what is decided elsewhere.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import type { Transaction } from "kysely";
import type { Reader } from "./registry.ts";
import type { AccountTable, Schema, SessionTable } from "./schema.ts";

/**
 * The account, for this transaction alone. Whoever changes a password, or logs in by it, holds it: a log-in with the old
 * password is over before the new one counts, or it fails.
 */
export async function holdAccount(
  trx: Transaction<Schema>,
  accountId: string,
): Promise<AccountTable | undefined> {
  return await trx
    .selectFrom("accounts")
    .selectAll()
    .where("id", "=", accountId)
    .forUpdate()
    .executeTakeFirst();
}

export async function noteSessionUse(db: Reader, tokenHash: Bytes, at: number): Promise<void> {
  await db.updateTable("sessions").set({ used_at: at }).where("token_hash", "=", tokenHash).execute();
}

/** Those that last, the newest first. */
export async function sessionsOf(
  db: Reader,
  accountId: string,
  now: number,
): Promise<readonly SessionTable[]> {
  return await db
    .selectFrom("sessions")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("expires_at", ">", now)
    .orderBy("created_at", "desc")
    .orderBy("phone_id")
    .execute();
}

export async function endOtherSessionsOf(db: Reader, accountId: string, phoneId: string): Promise<void> {
  await db
    .deleteFrom("sessions")
    .where("account_id", "=", accountId)
    .where("phone_id", "<>", phoneId)
    .execute();
}

/** Whose reset this is, while it lasts; it can still be used afterwards. */
export async function resetOwner(
  db: Reader,
  tokenHash: Bytes,
  now: number,
): Promise<Pick<AccountTable, "id" | "email"> | undefined> {
  return await db
    .selectFrom("password_resets")
    .innerJoin("accounts", "accounts.id", "password_resets.account_id")
    .select(["accounts.id", "accounts.email"])
    .where("token_hash", "=", tokenHash)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

export async function forgetResetsOf(db: Reader, accountId: string): Promise<void> {
  await db.deleteFrom("password_resets").where("account_id", "=", accountId).execute();
}

/** Sessions and resets that are over. */
export async function forgetEnded(db: Reader, now: number): Promise<void> {
  await db.deleteFrom("sessions").where("expires_at", "<=", now).execute();
  await db.deleteFrom("password_resets").where("expires_at", "<=", now).execute();
}

/** Whether the log-in of this phone lasts. */
export async function isLoggedIn(db: Reader, phoneId: string, now: number): Promise<boolean> {
  const row = await db
    .selectFrom("sessions")
    .select("phone_id")
    .where("phone_id", "=", phoneId)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return row !== undefined;
}
