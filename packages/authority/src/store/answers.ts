/** What was answered under an idempotency key, so that a repeated request is answered alike. Rows only. */
import type { Reader } from "./registry.ts";
import type { IdempotencyTable } from "./schema.ts";

export type KeptAnswer = IdempotencyTable;

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

/** Throws a unique violation when another request with this key was first. */
export async function keepAnswer(db: Reader, answer: KeptAnswer): Promise<void> {
  await db.insertInto("idempotency").values(answer).execute();
}

export async function forgetAnswers(db: Reader, before: number): Promise<void> {
  await db.deleteFrom("idempotency").where("at", "<", before).execute();
}
