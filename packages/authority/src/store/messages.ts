/** Messages on their way out. Rows only. */
import type { Bytes } from "@doorsync/protocol/authority";
import type { Reader } from "./registry.ts";
import type { MessageTable } from "./schema.ts";

export async function queueRow(db: Reader, message: Omit<MessageTable, "id" | "tries">): Promise<void> {
  await db.insertInto("messages").values(message).execute();
}

export interface QueuedMessage {
  readonly id: number;
  readonly kind: string;
  readonly sealed: Bytes;
  readonly tries: number;
  readonly until_at: number | null;
}

/**
 * The oldest message that is due, for the caller alone until `until`: of several processes each is given another one.
 * Whoever dies with it leaves it to the others from then on.
 */
export async function takeDue(db: Reader, now: number, until: number): Promise<QueuedMessage | undefined> {
  return await db
    .updateTable("messages")
    .set({ next_at: until })
    .where("id", "=", (from) =>
      from
        .selectFrom("messages")
        .select("id")
        .where("state", "=", "queued")
        .where("next_at", "<=", now)
        .orderBy("id")
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returning(["id", "kind", "sealed", "tries", "until_at"])
    .executeTakeFirst();
}

/** What came of a try. A message that left, or never will, keeps no words. */
export async function noteTried(
  db: Reader,
  id: number,
  tried: {
    readonly tries: number;
    readonly next_at: number | null;
    readonly state: "queued" | "sent" | "failed";
    readonly why: string | null;
  },
): Promise<void> {
  const words = tried.state === "queued" ? {} : { sealed: new Uint8Array() };
  await db
    .updateTable("messages")
    .set({ ...tried, ...words })
    .where("id", "=", id)
    .execute();
}
