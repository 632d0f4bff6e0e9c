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
  {
    name: "0005-service",
    statements: [
      // People of a property are told apart by their id; only those that a command names have names of their own.
      `alter table people drop constraint people_name_key_key`,
      `alter table people add column property_id text references properties(id)`,
      // Who invited this person, and under which guest terms; null for everybody who is not a guest.
      `alter table people add column host_id text references people(id)`,
      `alter table people add column guest_kind text
        check (guest_kind in ('permanent', 'temporary', 'recurring', 'delivery'))`,
      `create unique index people_named on people (name_key) where property_id is null`,
      `create index people_of_property on people (property_id, name_key)`,
      `create table units (
        id text primary key,
        property_id text not null references properties(id),
        name text not null,
        name_key text not null,
        unique (property_id, name_key))`,
      // What the community allows, as JSON; null: the defaults of model/policy.ts.
      `alter table properties add column policy text`,
      `alter table doors add column unit_id text references units(id)`,
      `alter table doors add column link text not null default 'offline'
        check (link in ('offline', 'connected', 'both'))`,
      `create index doors_of_unit on doors (unit_id)`,
      // Who stands in which relation to a property or one of its units. '' in unit_id: to the property as a whole.
      `create table standings (
        person_id text not null references people(id),
        property_id text not null references properties(id),
        unit_id text not null default '',
        role text not null check (role in ('resident', 'guest', 'host', 'manager')),
        since bigint not null,
        suspended_at bigint,
        suspended_reason text,
        primary key (person_id, property_id, unit_id, role))`,
      `create index standings_of_unit on standings (unit_id) where unit_id <> ''`,
      `create table accounts (
        id text primary key,
        person_id text not null unique references people(id),
        email text not null,
        email_key text not null unique,
        password_hash text,
        vendor boolean not null default false,
        created_at bigint not null)`,
      // A session is known by the hash of its token alone.
      `create table sessions (
        token_hash bytea primary key,
        account_id text not null references accounts(id),
        phone_id text not null,
        client_class text not null check (client_class in ('mobile', 'desktop')),
        client_name text not null,
        client_version text not null,
        created_at bigint not null,
        used_at bigint not null,
        expires_at bigint not null)`,
      `create index sessions_of_account on sessions (account_id)`,
      `create table password_resets (
        token_hash bytea primary key,
        account_id text not null references accounts(id),
        expires_at bigint not null)`,
      // What is limited, under names of model/limit.ts; rows older than the longest window are swept.
      `create table attempts (
        key text not null,
        at bigint not null)`,
      `create index attempts_by_key on attempts (key, at)`,
      `create table idempotency (
        account_id text not null,
        key text not null,
        digest bytea not null,
        status bigint not null,
        body text not null,
        at bigint not null,
        primary key (account_id, key))`,
      `create table audit (
        id bigint generated always as identity primary key,
        at bigint not null,
        account_id text,
        property_id text,
        door_id text,
        person_id text,
        action text not null,
        decision text not null,
        detail text)`,
      `create index audit_of_property on audit (property_id, id)`,
      // The feed of what changed, in the order in which it was committed.
      `create table changes (
        id bigint generated always as identity primary key,
        at bigint not null,
        property_id text not null,
        door_id text,
        person_id text,
        kind text not null,
        detail text)`,
      `create index changes_of_property on changes (property_id, id)`,
      `create index changes_of_door on changes (door_id, id)`,
      // Couriers: which phone was handed which version, and which was at the door.
      `create table handed (
        door_id text not null references doors(id),
        epoch bigint not null,
        version bigint not null,
        phone_id text not null,
        account_id text,
        at bigint not null,
        primary key (door_id, epoch, version, phone_id))`,
      `create table visits (
        id bigint generated always as identity primary key,
        door_id text not null references doors(id),
        phone_id text not null,
        account_id text,
        at bigint not null,
        outcome text not null,
        version bigint,
        conditions text)`,
      `create index visits_of_door on visits (door_id, id)`,
      `create table messages (
        id bigint generated always as identity primary key,
        at bigint not null,
        kind text not null,
        channel text not null check (channel in ('email', 'message')),
        sealed bytea not null,
        tries bigint not null default 0,
        next_at bigint,
        state text not null check (state in ('queued', 'sent', 'failed')),
        why text)`,
      `create index messages_queued on messages (next_at) where state = 'queued'`,
      // Daily doorcodes asked for. The recipient is a mark: equal for equal addresses, and no address.
      `create table daily_codes (
        id bigint generated always as identity primary key,
        door_id text not null references doors(id),
        account_id text not null references accounts(id),
        day bigint not null,
        at bigint not null,
        recipient text not null)`,
      `create index daily_codes_of_account on daily_codes (account_id, day)`,
      `create table mechanical_keys (
        id text primary key,
        door_id text not null references doors(id),
        person_id text not null references people(id),
        label text not null,
        given_at bigint not null,
        returned_at bigint)`,
    ],
  },
  {
    name: "0006-digests",
    statements: [
      // The running sum of the table at this version, so that the next version need not hash every item again. Null for
      // versions that were issued before it was kept: it is counted from the items then.
      `alter table issued add column digest bytea check (length(digest) = 32)`,
    ],
  },
  {
    name: "0007-broker",
    statements: [
      // Under which tags something of a door lies at the broker of connected locks; at first, under all of its locks'.
      `create table lying (
        door_id text not null references doors(id),
        tag bytea not null,
        primary key (door_id, tag))`,
      `insert into lying (door_id, tag)
        select l.door_id, l.tag from locks l join doors d on d.id = l.door_id where d.link <> 'offline'`,
    ],
  },
  {
    name: "0008-bounds",
    statements: [
      // Why something that was granted is in no version: the name of a denial. Null: nothing waits so.
      `alter table locks add column held_up text`,
      `create table served (
        phone_id text not null,
        door_id text not null references doors(id),
        turn bigint not null,
        primary key (phone_id, door_id))`,
    ],
  },
  {
    name: "0009-app-keys",
    statements: [
      // The one phone by which a person opens doors. The public half of its key; it ends with the log-in of that phone.
      `create table app_keys (
        person_id text primary key references people(id),
        account_id text not null references accounts(id),
        phone_id text not null,
        public_key bytea not null unique,
        enrolled_at bigint not null)`,
    ],
  },
  {
    name: "0010-books-and-revocations",
    statements: [
      // Revoked beside suspended: neither ends the other.
      `alter table standings add column revoked_at bigint`,
      `update standings set revoked_at = suspended_at, suspended_at = null, suspended_reason = null
        where suspended_reason = 'revoked'`,
      // Further doors that a request named, and whether somebody asked who has nothing to do with the property.
      `alter table audit add column doors text`,
      `alter table audit add column outside boolean not null default false`,
      // Null: of use whenever it arrives.
      `alter table messages add column until_at bigint`,
    ],
  },
  {
    name: "0011-signed-word",
    statements: [
      // What the lock said of itself in its newest receipt. Null: none came in since this is kept.
      `alter table locks add column said_flags bigint`,
      `alter table locks add column said_lock_seconds bigint`,
      `alter table locks add column said_received_at bigint`,
      // What phones said of locks: of most visits nothing, and the list asks for the last word at each of a thousand doors.
      `create index visits_told on visits (door_id, at, id) where conditions is not null`,
      // The lease and the house of a version, so that a list can tell without its items which door lacks a new policy:
      // SHA-256 over the items of settings, doorcode rule, local time and holidays, ascending by id.
      `alter table issued add column lease_hours bigint`,
      `alter table issued add column house bytea check (length(house) = 32)`,
      `update issued set lease_hours = p.lease_hours from doors d join properties p on p.id = d.property_id
        where d.id = issued.door_id and issued.version > 0`,
      `update issued set house = h.mark from (
        select v.door_id, v.epoch, v.version, sha256(string_agg(i.bytes, ''::bytea order by i.item_id)) as mark
          from issued v
          join locks l on l.door_id = v.door_id and l.epoch = v.epoch and v.version >= l.proven
          join items i on i.door_id = v.door_id and i.epoch = v.epoch and i.from_version <= v.version
            and (i.until_version is null or i.until_version > v.version)
            and (i.item_id in (0, 1) or i.item_id between 32768 and 33279)
          group by v.door_id, v.epoch, v.version) h
        where h.door_id = issued.door_id and h.epoch = issued.epoch and h.version = issued.version`,
    ],
  },
  {
    name: "0011-daily-codes-that-open",
    statements: [
      // Null in what was given before; all of that is over a day later.
      `alter table daily_codes add column generation bigint`,
      `alter table daily_codes add column opens_until bigint`,
      `alter table daily_codes add column sealed_to bytea`,
    ],
  },
  {
    name: "0012-capacity",
    statements: [
      // Credentials that the lock holds at most. Null: neither it nor who commissioned it has said so yet.
      `alter table locks add column capacity bigint check (capacity > 0)`,
      `alter table commissions add column capacity bigint check (capacity > 0)`,
    ],
  },
  {
    name: "0013-doubt",
    statements: [
      // Since when the books of a door are in doubt, and when management said that they are right again.
      `alter table locks add column doubted_at bigint`,
      `alter table locks add column doubt_settled_at bigint`,
    ],
  },
  {
    name: "0014-wished",
    statements: [
      // Since when a code is wished to be as it is. Until now that was read from the feed, which knows people and not
      // their codes; what it says of the same class at least is kept.
      `alter table codes add column wished_at bigint`,
      `update codes set wished_at = greatest(created_at, (select max(g.at) from changes g
        where g.door_id = codes.door_id and g.person_id = codes.person_id
          and g.kind = any (case when codes.revoked then array['code.removing'] else array['code.unset', 'code.setting'] end)
          and g.detail = codes.class))`,
      `alter table codes alter column wished_at set not null`,
    ],
  },
];

/** Any number that only we use: PostgreSQL's advisory locks are one namespace a database. */
const migrationLock = 0x0d0025;

/** Brings the database to the newest form; does nothing when it is there. Safe to run from several processes. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // A large table takes as long as it takes, and so does another process's migration.
    await sql`set local statement_timeout = 0`.execute(trx);
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
