/** A backup of the service's database as `pg_dump` would keep it, and its restoring over what happened since. */
import type { Database } from "@doorsync/authority";
import { type RawBuilder, sql } from "kysely";

export type Backup = ReadonlyMap<string, readonly Record<string, unknown>[]>;

/** Every row of every table. */
export async function backedUp(db: Database): Promise<Backup> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = current_schema() and table_name not like '%kysely%'`.execute(db);
  const rows = new Map<string, readonly Record<string, unknown>[]>();
  for (const { name } of tables.rows)
    rows.set(name, (await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)).rows);
  return rows;
}

/** As the tables were; parents and children in any order. */
export async function restored(db: Database, kept: Backup): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    for (const name of kept.keys()) await sql`delete from ${sql.table(name)}`.execute(trx);
    for (const [name, rows] of kept)
      for (const row of rows) {
        const columns: RawBuilder<unknown>[] = Object.keys(row).map((column) => sql.ref(column));
        await sql`insert into ${sql.table(name)} (${sql.join(columns)}) overriding system value
          values (${sql.join(Object.values(row))})`.execute(trx);
      }
  });
}
