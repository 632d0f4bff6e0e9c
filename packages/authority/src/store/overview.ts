/**
 * All doors of a property with how their codes stand, in one statement: it works from rows and loads no ledger, so that
 * a thousand doors are one answer. The states are those of `model/proof.ts`, and a test holds the two together. Not one
 * door in full: that is `desk/door-state.ts`.
 */
import type { Bytes } from "@doorsync/protocol/authority";
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
  readonly held_up: string | null;
  /** Nobody has said yet that the books of this door are right. */
  readonly is_doubted: boolean;
  readonly sync_lock_seconds: number | null;
  readonly sync_received_at: number | null;
  readonly unset: number;
  readonly setting: number;
  readonly set: number;
  readonly removing: number;
  readonly unknown: number;
  /** The oldest wish that waits for its proof; null where none does. */
  readonly waiting_since: number | null;
  /** Of the newest version. */
  readonly newest_issued_at: number | null;
  readonly newest_house: Bytes | null;
  /** Of the proven one. */
  readonly proven_issued_at: number | null;
  readonly proven_lease_hours: number | null;
  /** The lock's signed word for its condition, and when it came in. */
  readonly said_flags: number | null;
  readonly said_received_at: number | null;
  /** What a phone said of it last, and for when. */
  readonly told_conditions: string | null;
  readonly told_at: number | null;
}

/** By name. `unitIds` undefined: every door; else those of these units. Daily doorcodes count as nobody's code. */
export async function doorRows(
  db: Reader,
  propertyId: string,
  unitIds: readonly string[] | undefined,
): Promise<readonly DoorRow[]> {
  if (unitIds !== undefined && unitIds.length === 0) return [];
  const within = unitIds === undefined ? sql`` : sql`and d.unit_id in (${sql.join([...unitIds])})`;
  // One walk through the codes: what only a waiting code asks for stands in a `case`, which is not worked out otherwise;
  // `offset 0` keeps the planner from spelling that case out once for each count.
  const handed = sql`(select max(i.version) from issued i
    where i.door_id = d.id and i.epoch = d.epoch and i.version >= l.proven and i.handed_out)`;
  const result = await sql<DoorRow>`
    with counted as (
      select s.door_id,
        count(*) filter (where s.state = 'unset') as unset,
        count(*) filter (where s.state = 'setting') as setting,
        count(*) filter (where s.state = 'set') as set,
        count(*) filter (where s.state = 'removing') as removing,
        count(*) filter (where s.state = 'unknown') as unknown,
        min(s.since) as waiting_since
      from (
        select k.door_id,
          case
            when d.epoch is null or k.added is null then 'unset'
            when l.contradicted is not null then 'unknown'
            when k.revoked then 'removing'
            when l.proven >= k.terms_from then 'set'
            when ${handed} >= k.added then 'setting'
            else 'unset' end as state,
          case when l.contradicted is null
              and (k.revoked or k.terms_from is null or l.proven is null or l.proven < k.terms_from)
            then k.wished_at end as since
        from doors d
        join codes k on k.door_id = d.id and not k.released and k.class <> 'dailyCode'
        left join locks l on l.door_id = d.id and l.epoch = d.epoch
        where d.property_id = ${propertyId} ${within}
        offset 0) s
      group by s.door_id)
    select d.id, d.name, d.kind, d.link, d.unit_id, u.name as unit, o.door_id is not null as offered,
      l.proven, l.contradicted, l.held_up, l.sync_lock_seconds, l.sync_received_at,
      (l.doubted_at is not null and l.doubt_settled_at is null) as is_doubted,
      n.version as newest, n.issued_at as newest_issued_at, n.house as newest_house,
      p.issued_at as proven_issued_at, p.lease_hours as proven_lease_hours, l.said_flags, l.said_received_at,
      coalesce(c.unset, 0) as unset, coalesce(c.setting, 0) as setting, coalesce(c.set, 0) as set,
      coalesce(c.removing, 0) as removing, coalesce(c.unknown, 0) as unknown,
      c.waiting_since,
      y.conditions as told_conditions, y.at as told_at
    from doors d
    left join units u on u.id = d.unit_id
    left join commissions o on o.door_id = d.id
    left join locks l on l.door_id = d.id and l.epoch = d.epoch
    left join counted c on c.door_id = d.id
    left join issued p on p.door_id = d.id and p.epoch = d.epoch and p.version = l.proven
    left join lateral (select i.version, i.issued_at, i.house from issued i
      where i.door_id = d.id and i.epoch = d.epoch and i.version >= l.proven
      order by i.version desc limit 1) n on true
    left join lateral (select v.conditions, v.at from visits v
      where v.door_id = d.id and v.conditions is not null order by v.at desc, v.id desc limit 1) y on true
    where d.property_id = ${propertyId} ${within}
    order by d.name_key`.execute(db);
  return result.rows;
}
