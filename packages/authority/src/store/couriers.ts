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

/** Whether it is in the books already that this phone came from this door with a receipt for this version. */
export async function hasBrought(
  db: Reader,
  visit: Pick<VisitTable, "door_id" | "phone_id" | "outcome" | "version">,
): Promise<boolean> {
  const query = db
    .selectFrom("visits")
    .select("id")
    .where("door_id", "=", visit.door_id)
    .where("phone_id", "=", visit.phone_id)
    .where("outcome", "=", visit.outcome)
    .where("version", "=", visit.version);
  return (await query.limit(1).executeTakeFirst()) !== undefined;
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

/**
 * Of one door, the newest first: a phone may tell late of a visit without a network. `before`: only those behind the one
 * of this number.
 */
export async function visitsAt(
  db: Reader,
  doorId: string,
  countMax: number,
  before?: number,
): Promise<readonly VisitRow[]> {
  let query = db.selectFrom("visits").selectAll().where("door_id", "=", doorId);
  if (before !== undefined) {
    const at = db.selectFrom("visits").select("at").where("id", "=", before);
    query = query.where((row) =>
      row.or([row("at", "<", at), row.and([row("at", "=", at), row("id", "<", before)])]),
    );
  }
  return await query.orderBy("at", "desc").orderBy("id", "desc").limit(countMax).execute();
}
