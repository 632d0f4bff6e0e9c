/**
 * All doors of a property with how their codes stand, in one statement: it works from rows and loads no ledger, so that
 * a thousand doors are one answer. The states are those of `model/proof.ts`, and a test holds the two together. Not one
 * door in full: that is `desk/door-state.ts`.
 */
import { sql } from "kysely";
import type { Reader } from "./registry.ts";

export interface DoorRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly link: string;
  readonly unit_id: string | null;
  readonly unit: string | null;
  readonly offered: boolean;
  readonly proven: number | null;
  readonly newest: number | null;
  readonly contradicted: number | null;
  readonly snapshot_wanted: boolean | null;
  readonly sync_lock_seconds: number | null;
  readonly sync_received_at: number | null;
  readonly unset: number;
  readonly setting: number;
  readonly set: number;
  readonly removing: number;
  readonly unknown: number;
  /** The oldest wish that waits for its proof; null where none does. */
  readonly waiting_since: number | null;
  readonly visit_at: number | null;
  readonly visit_outcome: string | null;
  readonly visit_conditions: string | null;
}

/** By name. `unitIds` undefined: every door; else those of these units. Daily doorcodes count as nobody's code. */
export async function doorRows(
  db: Reader,
  propertyId: string,
  unitIds: readonly string[] | undefined,
): Promise<readonly DoorRow[]> {
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const within = unitIds === undefined ? sql`` : sql`and d.unit_id in (${sql.join([...unitIds])})`;
  const result = await sql<DoorRow>`
    select d.id, d.name, d.kind, d.link, d.unit_id, u.name as unit, o.door_id is not null as offered,
      l.proven, v.newest, l.contradicted, l.snapshot_wanted, l.sync_lock_seconds, l.sync_received_at,
      coalesce(c.unset, 0) as unset, coalesce(c.setting, 0) as setting, coalesce(c.set, 0) as set,
      coalesce(c.removing, 0) as removing, coalesce(c.unknown, 0) as unknown,
      r.waiting_since,
      x.at as visit_at, x.outcome as visit_outcome, x.conditions as visit_conditions
    from doors d
    left join units u on u.id = d.unit_id
    left join commissions o on o.door_id = d.id
    left join locks l on l.door_id = d.id and l.epoch = d.epoch
    left join lateral (
      select max(i.version) as newest, max(i.version) filter (where i.handed_out) as handed
      from issued i where i.door_id = d.id and i.epoch = d.epoch and i.version >= l.proven) v on true
    left join lateral (
      select
        count(*) filter (where s.state = 'unset') as unset,
        count(*) filter (where s.state = 'setting') as setting,
        count(*) filter (where s.state = 'set') as set,
        count(*) filter (where s.state = 'removing') as removing,
        count(*) filter (where s.state = 'unknown') as unknown
      from (
        select case
          when d.epoch is null or k.added is null then 'unset'
          when l.contradicted is not null then 'unknown'
          when k.revoked then 'removing'
          when l.proven >= k.terms_from then 'set'
          when v.handed >= k.added then 'setting'
          else 'unset' end as state
        from codes k where k.door_id = d.id and not k.released and k.class <> 'dailyCode') s) c on true
    left join lateral (
      select min(greatest(k.created_at, w.at)) as waiting_since
      from codes k
      join lateral (
        select max(g.at) as at from changes g where g.door_id = d.id and g.person_id = k.person_id
          and g.kind in ('code.unset', 'code.setting', 'code.removing')) w on true
      where k.door_id = d.id and not k.released and k.class <> 'dailyCode' and l.contradicted is null
        and (k.revoked or k.terms_from is null or l.proven is null or l.proven < k.terms_from)) r on true
    left join lateral (
      select y.at, y.outcome, y.conditions from visits y
      where y.door_id = d.id order by y.id desc limit 1) x on true
    where d.property_id = ${propertyId} ${within}
    order by d.name_key`.execute(db);
  return result.rows;
}
