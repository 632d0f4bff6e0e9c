/**
 * In which turn a phone was served which door, and at which doors something waits. Rows only: which doors come first is
 * decided in `model/turn.ts`.
 */
import { sql } from "kysely";
import type { Reader } from "./registry.ts";

/** By door; only phones that may serve more doors than one answer holds have any. */
export async function turnsOf(db: Reader, phoneId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("served")
    .select(["door_id", "turn"])
    .where("phone_id", "=", phoneId)
    .execute();
  return new Map(rows.map(({ door_id, turn }) => [door_id, turn]));
}

export async function noteServed(
  db: Reader,
  phoneId: string,
  doorIds: readonly string[],
  turn: number,
): Promise<void> {
  if (doorIds.length === 0) return;
  await db
    .insertInto("served")
    .values(doorIds.map((door_id) => ({ phone_id: phoneId, door_id, turn })))
    .onConflict((conflict) => conflict.columns(["phone_id", "door_id"]).doUpdateSet({ turn }))
    .execute();
}

/** Of phones that are logged out. */
export async function forgetServed(db: Reader): Promise<void> {
  await db
    .deleteFrom("served")
    .where("phone_id", "not in", (from) => from.selectFrom("sessions").select("phone_id"))
    .execute();
}

/**
 * Which of these doors wait for a courier, as far as rows tell: an offer, a version or a change without its proof, half
 * of a lease that is over. Another policy shows in no row: those doors are served by turns.
 */
export async function doorsThatWait(
  db: Reader,
  doorIds: readonly string[],
  now: number,
): Promise<ReadonlySet<string>> {
  if (doorIds.length === 0) return new Set();
  const result = await sql<{ readonly id: string }>`
    select d.id from doors d
    join properties p on p.id = d.property_id
    left join locks l on l.door_id = d.id and l.epoch = d.epoch
    left join lateral (
      select i.version, i.issued_at from issued i where i.door_id = d.id and i.epoch = d.epoch
      order by i.version desc limit 1) n on true
    where d.id in (${sql.join([...doorIds])}) and (
      exists (select 1 from commissions o where o.door_id = d.id)
      or l.proven < n.version or l.proven < l.epoch_from or l.snapshot_wanted
      or l.contradicted is not null or l.held_up is not null
      or (p.lease_hours > 0 and ${now} - n.issued_at >= p.lease_hours * 1800)
      or (l.door_id is not null and exists (
        select 1 from codes k where k.door_id = d.id and not k.released
          and (k.revoked or k.terms_from is null or k.terms_from > l.proven))))`.execute(db);
  return new Set(result.rows.map(({ id }) => id));
}
