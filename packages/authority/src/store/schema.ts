/**
 * The tables as types, one interface a table. What they mean is in `migrations.ts`; rows become values of the model
 * in `ledgers.ts`. Nothing here is readable without the vault key that should be secret: codes and lock keys are
 * sealed, and tags are MACs under such a key.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import type { ColumnType, Generated } from "kysely";

export interface InstallationTable {
  readonly id: number;
  readonly fingerprint: Bytes;
  readonly created_at: number;
  readonly online: Bytes | null;
}

export interface PropertyTable {
  readonly id: string;
  readonly name: string;
  readonly name_key: string;
  readonly six_digits: boolean;
  readonly lease_hours: number;
  readonly house: Bytes | null;
  readonly policy: string | null;
}

export interface DoorTable {
  readonly id: string;
  readonly property_id: string;
  readonly name: string;
  readonly name_key: string;
  readonly kind: string;
  readonly epoch: number | null;
  readonly unit_id: string | null;
  readonly link: ColumnType<string, string | undefined, string>;
}

export interface PersonTable {
  readonly id: string;
  readonly name: string;
  readonly name_key: string;
  readonly property_id: string | null;
  readonly host_id: string | null;
  readonly guest_kind: string | null;
}

export interface UnitTable {
  readonly id: string;
  readonly property_id: string;
  readonly name: string;
  readonly name_key: string;
}

export interface StandingTable {
  readonly person_id: string;
  readonly property_id: string;
  /** '': the property as a whole. */
  readonly unit_id: string;
  readonly role: string;
  readonly since: number;
  readonly suspended_at: number | null;
  readonly suspended_reason: string | null;
  /** Its codes were revoked; it comes back with the next grant. A suspension goes on besides. */
  readonly revoked_at: number | null;
}

export interface AccountTable {
  readonly id: string;
  readonly person_id: string;
  readonly email: string;
  readonly email_key: string;
  readonly password_hash: string | null;
  readonly vendor: boolean;
  readonly created_at: number;
}

export interface SessionTable {
  readonly token_hash: Bytes;
  readonly account_id: string;
  readonly phone_id: string;
  readonly client_class: string;
  readonly client_name: string;
  readonly client_version: string;
  readonly created_at: number;
  readonly used_at: number;
  readonly expires_at: number;
}

export interface PasswordResetTable {
  readonly token_hash: Bytes;
  readonly account_id: string;
  readonly expires_at: number;
}

export interface AttemptTable {
  readonly key: string;
  readonly at: number;
}

export interface IdempotencyTable {
  readonly account_id: string;
  readonly key: string;
  readonly digest: Bytes;
  readonly status: number;
  readonly body: string;
  readonly at: number;
}

export interface AuditTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly account_id: string | null;
  readonly property_id: string | null;
  readonly door_id: string | null;
  readonly person_id: string | null;
  readonly action: string;
  /** `granted`, or the name of the denial. */
  readonly decision: string;
  readonly detail: string | null;
  /** Further doors that the request named, ids between spaces. */
  readonly doors: string | null;
  /** Asked by somebody who has nothing to do with the property: in no property's audit, and there for the operator. */
  readonly outside: boolean;
}

export interface ChangeTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly property_id: string;
  readonly door_id: string | null;
  readonly person_id: string | null;
  readonly kind: string;
  readonly detail: string | null;
}

export interface HandedTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly version: number;
  readonly phone_id: string;
  readonly account_id: string | null;
  readonly at: number;
}

/** In which turn a phone with more doors than one answer holds was last served each. */
export interface ServedTable {
  readonly phone_id: string;
  readonly door_id: string;
  readonly turn: number;
}

export interface VisitTable {
  readonly id: Generated<number>;
  readonly door_id: string;
  readonly phone_id: string;
  readonly account_id: string | null;
  readonly at: number;
  readonly outcome: string;
  readonly version: number | null;
  readonly conditions: string | null;
}

export interface MessageTable {
  readonly id: Generated<number>;
  readonly at: number;
  readonly kind: string;
  readonly channel: string;
  readonly sealed: Bytes;
  readonly tries: Generated<number>;
  readonly next_at: number | null;
  readonly state: string;
  readonly why: string | null;
  /** From this second on it is of no use to anybody, and is not sent. */
  readonly until_at: number | null;
}

export interface DailyCodeTable {
  readonly id: Generated<number>;
  readonly door_id: string;
  readonly account_id: string;
  readonly day: number;
  readonly at: number;
  readonly recipient: string;
  readonly generation: number | null;
  /** From this second on it opens nothing, by the local time of the door. */
  readonly opens_until: number | null;
  /** The address; null where it was told in the answer. */
  readonly sealed_to: Bytes | null;
}

export interface MechanicalKeyTable {
  readonly id: string;
  readonly door_id: string;
  readonly person_id: string;
  readonly label: string;
  readonly given_at: number;
  readonly returned_at: number | null;
}

export interface LockTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly lock_id: Bytes;
  readonly tag: Bytes;
  readonly sign_key: Bytes;
  readonly dh_key: Bytes;
  readonly sealed_keys: Bytes;
  readonly last_wire_id: number;
  readonly proven: number;
  readonly contradicted: number | null;
  readonly snapshot_wanted: boolean;
  readonly sync_lock_seconds: number | null;
  readonly sync_received_at: number | null;
  readonly epoch_from: number;
  readonly rotation: Bytes | null;
  readonly held_up: string | null;
  /** Flags of the newest receipt by the lock's own clock, that second, and when it came in. */
  readonly said_flags: number | null;
  readonly said_lock_seconds: number | null;
  readonly said_received_at: number | null;
  readonly capacity: number | null;
  readonly doubted_at: number | null;
  readonly doubt_settled_at: number | null;
}

export interface CommissionTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly lock_id: Bytes;
  readonly tag: Bytes;
  readonly setup_tag: Bytes;
  readonly sealed_setup: Bytes;
  readonly sealed_ephemeral: Bytes;
  readonly issued_at: number;
  readonly capacity: number | null;
}

export interface CodeTable {
  readonly id: string;
  readonly door_id: string;
  readonly person_id: string;
  readonly mark: string;
  readonly length: number;
  readonly sealed: Bytes;
  readonly created_at: number;
  readonly wished_at: number;
  readonly wire_id: number | null;
  readonly added: number | null;
  readonly removed: number | null;
  readonly revoked: boolean;
  readonly released: boolean;
  readonly class: string;
  readonly terms: Bytes | null;
  readonly terms_from: number | null;
}

export interface IssuedTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly version: number;
  readonly issued_at: number;
  readonly life_hours: number;
  readonly state: Bytes;
  readonly digest: Bytes | null;
  readonly handed_out: boolean;
  readonly lease_hours: ColumnType<number | null, number | null | undefined, number | null>;
  readonly house: ColumnType<Bytes | null, Bytes | null | undefined, Bytes | null>;
}

export interface ItemTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly item_id: number;
  readonly from_version: number;
  readonly until_version: number | null;
  readonly bytes: Bytes;
}

export interface ReceiptTable {
  readonly door_id: string;
  readonly epoch: number;
  readonly digest: Bytes;
  readonly version: number;
  readonly outcome: string;
  readonly body: Bytes;
  readonly received_at: number;
}

export interface LogTable {
  readonly lock_id: Bytes;
  readonly door_id: string;
  readonly seq: number;
  readonly head: Bytes;
  readonly newest: number;
  readonly broken: boolean;
}

export interface EventTable {
  readonly lock_id: Bytes;
  readonly seq: number;
  readonly bytes: Bytes;
  readonly received_at: number;
}

export interface LyingTable {
  readonly door_id: string;
  readonly tag: Bytes;
}

export interface AppKeyTable {
  readonly person_id: string;
  readonly account_id: string;
  readonly phone_id: string;
  readonly public_key: Bytes;
  readonly enrolled_at: number;
}

export interface Schema {
  installation: InstallationTable;
  properties: PropertyTable;
  doors: DoorTable;
  people: PersonTable;
  locks: LockTable;
  commissions: CommissionTable;
  codes: CodeTable;
  issued: IssuedTable;
  items: ItemTable;
  receipts: ReceiptTable;
  logs: LogTable;
  events: EventTable;
  units: UnitTable;
  standings: StandingTable;
  accounts: AccountTable;
  sessions: SessionTable;
  password_resets: PasswordResetTable;
  attempts: AttemptTable;
  idempotency: IdempotencyTable;
  audit: AuditTable;
  changes: ChangeTable;
  handed: HandedTable;
  served: ServedTable;
  visits: VisitTable;
  messages: MessageTable;
  daily_codes: DailyCodeTable;
  mechanical_keys: MechanicalKeyTable;
  lying: LyingTable;
  app_keys: AppKeyTable;
}
