/** What was answered under an idempotency key, so that a repeated request is answered alike. Rows only. */
import { type Kysely, sql } from "kysely";
import type { Reader } from "./registry.ts";
import type { IdempotencyTable, Schema } from "./schema.ts";

export type KeptAnswer = IdempotencyTable;

/** Any number that only we use: locks of two numbers are a namespace of their own. */
const keyLock = 0x0d0027;

/**
 * Until the transaction ends, nobody else works under this key: who comes second finds the answer of the first, not what
 * its work left behind. Other keys of the same hash wait too, and lose nothing but time.
 */
export async function holdKey(db: Reader, accountId: string, key: string): Promise<void> {
  const whose = `${accountId}/${key}`;
  await sql`select pg_advisory_xact_lock(${sql.lit(keyLock)}, hashtext(${whose}))`.execute(
    db as Kysely<Schema>,
  );
}

export async function keptAnswer(
  db: Reader,
  accountId: string,
  key: string,
): Promise<KeptAnswer | undefined> {
  return await db
    .selectFrom("idempotency")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("key", "=", key)
    .executeTakeFirst();
}

/** Status of a row whose request is under way: the key is taken, and the answer is not there yet. */
export const underWay = 0;

/** Takes a key for a request whose work waits in no transaction; the row of whoever has it already, or undefined. */
export async function claimKey(
  db: Reader,
  claim: Omit<KeptAnswer, "status" | "body">,
): Promise<KeptAnswer | undefined> {
  const row = { ...claim, status: underWay, body: "" };
  await db
    .insertInto("idempotency")
    .values(row)
    .onConflict((conflict) => conflict.columns(["account_id", "key"]).doNothing())
    .execute();
  return await keptAnswer(db, claim.account_id, claim.key);
}

/** The answer to the request that took the key. Whoever did the same at the same moment has the same to say. */
export async function settleKey(db: Reader, { account_id, key, status, body }: KeptAnswer): Promise<void> {
  await db
    .updateTable("idempotency")
    .set({ status, body })
    .where("account_id", "=", account_id)
    .where("key", "=", key)
    .where("status", "=", underWay)
    .execute();
}

/** Gives a key back whose request was refused. */
export async function freeKey(db: Reader, accountId: string, key: string): Promise<void> {
  await db
    .deleteFrom("idempotency")
    .where("account_id", "=", accountId)
    .where("key", "=", key)
    .where("status", "=", underWay)
    .execute();
}

/** Throws a unique violation when another request with this key was first. */
export async function keepAnswer(db: Reader, answer: KeptAnswer): Promise<void> {
  await db.insertInto("idempotency").values(answer).execute();
}

/** What was answered to an account is told to nobody any more; requests under way go on. */
export async function forgetAnswersOf(db: Reader, accountId: string): Promise<void> {
  await db
    .deleteFrom("idempotency")
    .where("account_id", "=", accountId)
    .where("status", "<>", underWay)
    .execute();
}

export async function forgetAnswers(db: Reader, before: number): Promise<void> {
  await db.deleteFrom("idempotency").where("at", "<", before).execute();
}
