/**
 * The tables as types, one interface a table. What they mean is in `migrations.ts`; rows become values of the model
 * in `ledgers.ts`. Nothing here is readable without the vault key that should be secret: codes and lock keys are
 * sealed, and tags are MACs under such a key.
 */
import type { Bytes } from "@doorsync/protocol/authority";

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
}

export interface DoorTable {
  readonly id: string;
  readonly property_id: string;
  readonly name: string;
  readonly name_key: string;
  readonly kind: string;
  readonly epoch: number | null;
}

export interface PersonTable {
  readonly id: string;
  readonly name: string;
  readonly name_key: string;
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
}

export interface CodeTable {
  readonly id: string;
  readonly door_id: string;
  readonly person_id: string;
  readonly mark: string;
  readonly length: number;
  readonly sealed: Bytes;
  readonly created_at: number;
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
  readonly handed_out: boolean;
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
}
