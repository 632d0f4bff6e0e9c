/**
 * Under which tags something of a door lies at the broker. Written before it is put out and taken back after it was
 * withdrawn, so that whoever serves next withdraws what a process left that is no more. Not what lies there.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import type { Database } from "./open.ts";

export async function lyingTags(db: Database, doorId: string): Promise<readonly Bytes[]> {
  const rows = await db.selectFrom("lying").select("tag").where("door_id", "=", doorId).execute();
  return rows.map(({ tag }) => tag);
}

/** A second time changes nothing. */
export async function noteLying(db: Database, doorId: string, tags: readonly Bytes[]): Promise<void> {
  if (tags.length === 0) return;
  await db
    .insertInto("lying")
    .values(tags.map((tag) => ({ door_id: doorId, tag })))
    .onConflict((conflict) => conflict.columns(["door_id", "tag"]).doNothing())
    .execute();
}

export async function forgetLying(db: Database, doorId: string, tag: Bytes): Promise<void> {
  await db.deleteFrom("lying").where("door_id", "=", doorId).where("tag", "=", tag).execute();
}
