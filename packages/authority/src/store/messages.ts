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
}

/** Those that are due, the oldest first. */
export async function queued(db: Reader, now: number, countMax: number): Promise<readonly QueuedMessage[]> {
  return await db
    .selectFrom("messages")
    .select(["id", "kind", "sealed", "tries"])
    .where("state", "=", "queued")
    .where("next_at", "<=", now)
    .orderBy("id")
    .limit(countMax)
    .execute();
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
