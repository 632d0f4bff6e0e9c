/** Daily doorcodes that were given out, and the name under which doors have their place for them. Rows only. */
import { nameKey, type Reader } from "./registry.ts";
import type { DailyCodeTable } from "./schema.ts";

export type GivenDaily = Omit<DailyCodeTable, "id">;

export async function noteDaily(db: Reader, given: GivenDaily): Promise<void> {
  await db.insertInto("daily_codes").values(given).execute();
}

/** What an account gave out: all since `since`, and of what was before, each recipient once. */
export async function dailyGivenBy(
  db: Reader,
  accountId: string,
  since: number,
): Promise<readonly Pick<GivenDaily, "recipient" | "at">[]> {
  const own = db.selectFrom("daily_codes").where("account_id", "=", accountId);
  const recent = await own.select(["recipient", "at"]).where("at", ">=", since).execute();
  const before = await own
    .select("recipient")
    .select(({ fn }) => fn.min("at").as("at"))
    .where("at", "<", since)
    .groupBy("recipient")
    .execute();
  return [...before, ...recent];
}

/** What an account gave out at a property's doors and is not over yet, newest first. `unitIds` undefined: at all of them. */
export async function dailyStillOf(
  db: Reader,
  accountId: string,
  { propertyId, unitIds }: { readonly propertyId: string; readonly unitIds: readonly string[] | undefined },
  now: number,
): Promise<readonly (GivenDaily & { readonly door: string })[]> {
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const still = db
    .selectFrom("daily_codes")
    .innerJoin("doors", "doors.id", "daily_codes.door_id")
    .selectAll("daily_codes")
    .select("doors.name as door")
    .where("daily_codes.account_id", "=", accountId)
    .where("daily_codes.opens_until", ">", now)
    .where("doors.property_id", "=", propertyId)
    .orderBy("daily_codes.id", "desc");
  return await (unitIds === undefined ? still : still.where("doors.unit_id", "in", [...unitIds])).execute();
}

/** Stands for nobody: the daily doorcodes of a property in its ledgers and logs. A second time changes nothing. */
export async function keepDailyHolder(
  db: Reader,
  holder: { readonly id: string; readonly name: string; readonly propertyId: string },
): Promise<void> {
  await db
    .insertInto("people")
    .values({
      id: holder.id,
      name: holder.name,
      name_key: nameKey(holder.name),
      property_id: holder.propertyId,
      host_id: null,
      guest_kind: null,
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}
