/** The books on couriers: which phone was handed which version, and which was at which door. Rows only. */
import type { Reader } from "./registry.ts";
import type { HandedTable, VisitTable } from "./schema.ts";

/** The same phone may fetch a version often; the first time counts. */
export async function noteHanded(db: Reader, handed: HandedTable): Promise<void> {
  await db
    .insertInto("handed")
    .values(handed)
    .onConflict((conflict) => conflict.columns(["door_id", "epoch", "version", "phone_id"]).doNothing())
    .execute();
}

export async function noteVisit(db: Reader, visit: Omit<VisitTable, "id">): Promise<void> {
  await db.insertInto("visits").values(visit).execute();
}

/** Of one door, the newest last. */
export async function handedAt(db: Reader, doorId: string, since: number): Promise<readonly HandedTable[]> {
  return await db
    .selectFrom("handed")
    .selectAll()
    .where("door_id", "=", doorId)
    .where("at", ">=", since)
    .orderBy("at")
    .execute();
}

export type VisitRow = Omit<VisitTable, "id"> & { readonly id: number };

/** Of one door, the newest first. */
export async function visitsAt(db: Reader, doorId: string, countMax: number): Promise<readonly VisitRow[]> {
  return await db
    .selectFrom("visits")
    .selectAll()
    .where("door_id", "=", doorId)
    .orderBy("id", "desc")
    .limit(countMax)
    .execute();
}
