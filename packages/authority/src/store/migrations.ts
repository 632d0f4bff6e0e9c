/**
 * The database's history as a list: each entry runs once, in order, in one transaction with its own mark. An entry
 * that was released is never edited; the next change is the next entry.
 */
import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";

interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

const migrations: readonly Migration[] = [
  {
    name: "0001-doors-codes-versions-receipts",
    statements: [
      // One row: which key folder this database belongs to. Another folder could open nothing that is sealed here.
      `create table installation (
        id bigint primary key check (id = 1),
        fingerprint bytea not null,
        created_at bigint not null)`,
      `create table properties (
        id text primary key,
        name text not null,
        name_key text not null unique,
        six_digits boolean not null,
        lease_hours bigint not null check (lease_hours between 0 and 65535))`,
      `create table people (
        id text primary key,
        name text not null,
        name_key text not null unique)`,
      `create table doors (
        id text primary key,
        property_id text not null references properties(id),
        name text not null,
        name_key text not null,
        kind text not null check (kind in ('residence', 'buildingEntrance', 'communal', 'service')),
        epoch bigint,
        unique (property_id, name_key))`,
      // One row per commissioning generation; doors.epoch names the present one, older rows are history.
      `create table locks (
        door_id text not null references doors(id),
        epoch bigint not null,
        lock_id bytea not null unique,
        tag bytea not null unique,
        sign_key bytea not null,
        dh_key bytea not null,
        sealed_keys bytea not null,
        last_wire_id bigint not null,
        proven bigint not null,
        contradicted bigint,
        snapshot_wanted boolean not null,
        sync_lock_seconds bigint,
        sync_received_at bigint,
        primary key (door_id, epoch))`,
      `create table commissions (
        door_id text primary key references doors(id),
        epoch bigint not null,
        lock_id bytea not null unique,
        tag bytea not null unique,
        setup_tag bytea not null,
        sealed_setup bytea not null,
        sealed_ephemeral bytea not null,
        issued_at bigint not null)`,
      `create table codes (
        id text primary key,
        door_id text not null references doors(id),
        person_id text not null references people(id),
        mark text not null,
        length bigint not null check (length in (4, 6)),
        sealed bytea not null,
        created_at bigint not null,
        wire_id bigint,
        added bigint,
        removed bigint check (removed > added),
        revoked boolean not null,
        released boolean not null,
        check (revoked or not released))`,
      // The second defence behind the model: no two codes that a lock may hold are the same digits (F1).
      `create unique index codes_unique_while_quarantined on codes (door_id, mark) where not released`,
      `create unique index codes_one_live_per_person on codes (door_id, person_id) where not revoked`,
      `create index codes_of_person on codes (person_id)`,
      `create table issued (
        door_id text not null,
        epoch bigint not null,
        version bigint not null check (version between 0 and 4294967295),
        issued_at bigint not null,
        life_hours bigint not null,
        state bytea not null,
        handed_out boolean not null,
        primary key (door_id, epoch, version),
        foreign key (door_id, epoch) references locks(door_id, epoch))`,
      // An item and the versions that hold it, [from, until): every version's table can be put together again.
      `create table items (
        door_id text not null,
        epoch bigint not null,
        item_id bigint not null,
        from_version bigint not null,
        until_version bigint check (until_version > from_version),
        bytes bytea not null check (length(bytes) = 29),
        primary key (door_id, epoch, item_id, from_version),
        foreign key (door_id, epoch) references locks(door_id, epoch))`,
      `create unique index items_one_open on items (door_id, epoch, item_id) where until_version is null`,
      `create table receipts (
        door_id text not null,
        epoch bigint not null,
        digest bytea not null,
        version bigint not null,
        outcome text not null,
        body bytea not null,
        received_at bigint not null,
        primary key (door_id, epoch, digest),
        foreign key (door_id, epoch) references locks(door_id, epoch))`,
    ],
  },
  {
    name: "0002-terms",
    statements: [
      // Null: what the protocol recommends. CBOR, see packed.ts.
      `alter table properties add column house bytea`,
      // Null: a resident's doorcode. terms_from: first version that holds the code under its present terms.
      `alter table codes add column class text not null default 'code'
        check (class in ('code', 'keycard', 'app', 'dailyCode'))`,
      `alter table codes add column terms bytea`,
      `alter table codes add column terms_from bigint`,
      `update codes set terms_from = added where not revoked`,
      `alter table codes drop constraint codes_length_check`,
      `alter table codes add constraint codes_length_check check (length in (0, 4, 6))`,
      `drop index codes_one_live_per_person`,
      `create unique index codes_one_live_per_person on codes (door_id, person_id, class) where not revoked`,
    ],
  },
  {
    name: "0003-logs",
    statements: [
      // A log belongs to a lock as it was commissioned: it goes on through epochs, and a reset begins another.
      `create table logs (
        lock_id bytea primary key,
        door_id text not null references doors(id),
        seq bigint not null,
        head bytea not null,
        newest bigint not null,
        broken boolean not null)`,
      `create table events (
        lock_id bytea not null references logs(lock_id),
        seq bigint not null check (seq > 0),
        bytes bytea not null check (length(bytes) = 24),
        received_at bigint not null,
        primary key (lock_id, seq))`,
    ],
  },
  {
    name: "0004-rotation",
    statements: [
      // The epoch of a lock changes with the authority's keys; whatever was of the lock stays the lock's.
      ...["issued", "items", "receipts"].flatMap((table) => [
        `alter table ${table} drop constraint ${table}_door_id_epoch_fkey`,
        `alter table ${table} add constraint ${table}_door_id_epoch_fkey foreign key (door_id, epoch)
          references locks(door_id, epoch) on update cascade`,
      ]),
      `alter table locks add column epoch_from bigint not null default 0`,
      // The root's signature for this lock and epoch; null where it has had its keys since it was commissioned.
      `alter table locks add column rotation bytea`,
      // Which keys work online now; null: those of the first day.
      `alter table installation add column online bytea`,
    ],
  },
];

/** Any number that only we use: PostgreSQL's advisory locks are one namespace a database. */
const migrationLock = 0x0d0025;

/** Brings the database to the newest form; does nothing when it is there. Safe to run from several processes. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(trx);
    await sql`create table if not exists migrations (name text primary key)`.execute(trx);
    const done = await sql<{ name: string }>`select name from migrations`.execute(trx);
    const names = new Set(done.rows.map(({ name }) => name));
    for (const migration of migrations) {
      if (names.has(migration.name)) continue;
      for (const statement of migration.statements) await sql.raw(statement).execute(trx);
      await sql`insert into migrations (name) values (${migration.name})`.execute(trx);
    }
  });
}
