/**
 * Commissioning a door's lock: an offer goes out in a parcel, the lock's signed reply comes back as a slip, and the
 * lock belongs to the property. Until the reply is verified nothing about the door changes. The phone between learns
 * no secret; the setup text must therefore reach the property by another way (the box, the vendor's file).
 */
import {
  type Commission,
  emptyTable,
  finishCommission,
  issueCommission,
  lockIdBytes,
  lockTagBytes,
  messageCatalog,
  type Parcel,
  type ReturnSlip,
  type Setup,
  secondsNever,
  setupTag,
  tableState,
} from "@doorsync/protocol/authority";
import type { Transaction } from "kysely";
import { publicKeys } from "../keys/ring.ts";
import { packLockKeys } from "../keys/vault.ts";
import { type MailboxFolder, parcelName } from "../mailbox/folder.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { isDoubted, openEpoch } from "../model/ledger.ts";
import { withDoor } from "../store/ledgers.ts";
import { commissionOf, type DoorEntry, hangLock, putCommission } from "../store/registry.ts";
import type { CommissionTable, LockTable, Schema } from "../store/schema.ts";
import { type IssueWish, raised } from "./issue.ts";
import { lockOwner, type Office, randomBytes } from "./office.ts";

const ephemeralBytes = 32;
const lockKeyUnknown = new Uint8Array(32);

export interface CommissionWish {
  readonly setup: Setup;
  /** The lock was reset from inside, or another one hangs on this door now. */
  readonly replace: boolean;
  /** Lowest epoch to use: a lock refuses one that it has had before, perhaps on another door. */
  readonly epochMin: number;
  /** Credentials that the lock holds at most, where its box says so; left out: it will say so when it is full. */
  readonly capacity?: number | undefined;
}

export interface Commissioning {
  readonly door: string;
  readonly epoch: number;
  readonly parcels: readonly string[];
}

/**
 * Offers a door's lock a new owner. The same setup again gives the same parcel, so a lost mailbox is no harm; another
 * setup takes its place. ALREADY_COMMISSIONED unless `replace` says that the lock was reset from inside or exchanged.
 */
export async function commission(
  office: Office,
  mailbox: MailboxFolder,
  wish: CommissionWish & { readonly door: DoorEntry },
): Promise<Decision<Commissioning>> {
  const booked = await offerLock(office, wish);
  if (!booked.ok) return booked;
  const { row, old } = booked.value;
  const parcel = commissionParcel(office, row);
  mailbox.offer(row.setup_tag, [parcel]);
  if (old !== undefined && !office.crypto.same(old.setup_tag, row.setup_tag))
    mailbox.offer(old.setup_tag, []);
  return grant({ door: wish.door.name, epoch: row.epoch, parcels: [parcelName(parcel)] });
}

/** The offer that is under way, and the one whose place it took. */
export interface Offered {
  readonly row: CommissionTable;
  readonly old: CommissionTable | undefined;
}

/** Books the offer; the parcel is made of it whenever a courier asks. */
export async function offerLock(
  office: Office,
  wish: CommissionWish & { readonly door: DoorEntry },
): Promise<Decision<Offered>> {
  const { door } = wish;
  const tag = setupTag(office.crypto, wish.setup);
  return await withDoor<Decision<Offered>>(office.db, door.id, async (ledger, trx) => {
    if (ledger.lock !== undefined && !wish.replace) {
      return { ledger, result: deny("ALREADY_COMMISSIONED", door.name) };
    }
    const old = await commissionOf(trx, door.id);
    const epoch = Math.max((ledger.lock?.epoch ?? 0) + 1, wish.epochMin);
    const isSame = old !== undefined && office.crypto.same(old.setup_tag, tag) && old.epoch === epoch;
    const capacity = wish.capacity ?? (isSame ? old.capacity : null);
    if (isSame && old.capacity === capacity) return { ledger, result: grant({ row: old, old }) };
    const row = isSame ? { ...old, capacity } : offerOf(office, door.id, epoch, wish.setup, capacity);
    await putCommission(trx, row);
    return { ledger, result: grant({ row, old }) };
  });
}

function offerOf(
  office: Office,
  doorId: string,
  epoch: number,
  setup: Setup,
  capacity: number | null,
): CommissionTable {
  const owner = lockOwner(doorId, epoch);
  return {
    door_id: doorId,
    epoch,
    lock_id: randomBytes(office, lockIdBytes),
    tag: randomBytes(office, lockTagBytes),
    setup_tag: setupTag(office.crypto, setup),
    sealed_setup: office.vault.seal("setup", owner, setup.secret),
    sealed_ephemeral: office.vault.seal("ephemeral", owner, randomBytes(office, ephemeralBytes)),
    issued_at: office.now,
    capacity,
  };
}

/** The offer that is under way made anew, an epoch on, because the keys that it names are no longer the authority's. */
export async function renewOffer(
  office: Office,
  trx: Transaction<Schema>,
  doorId: string,
): Promise<CommissionTable | undefined> {
  const old = await commissionOf(trx, doorId);
  if (old === undefined) return undefined;
  const secret = office.vault.open("setup", lockOwner(doorId, old.epoch), old.sealed_setup);
  const row = offerOf(office, doorId, old.epoch + 1, { secret }, old.capacity);
  await putCommission(trx, row);
  return row;
}

export function commissionParcel(office: Office, row: CommissionTable): Parcel {
  const body = issueCommission(office.crypto, openCommission(office, row));
  return {
    kind: "commission",
    lockId: row.lock_id,
    tag: row.setup_tag,
    epoch: row.epoch,
    from: 0,
    to: 0,
    notAfter: secondsNever,
    lockKey: lockKeyUnknown,
    tableKey: office.crypto.signPublic(office.keys.table),
    messages: [{ type: messageCatalog.commission.type, body }],
  };
}

function openCommission(office: Office, row: CommissionTable): Commission {
  const owner = lockOwner(row.door_id, row.epoch);
  return {
    setup: { secret: office.vault.open("setup", owner, row.sealed_setup) },
    ephemeral: office.vault.open("ephemeral", owner, row.sealed_ephemeral),
    offer: {
      lockId: row.lock_id,
      tag: row.tag,
      epoch: row.epoch,
      issuedAt: row.issued_at,
      ...publicKeys(office.crypto, office.keys),
    },
  };
}

/**
 * Takes the lock's reply in: verified, the lock hangs on its door with an empty proven table, and the first snapshot
 * is issued, which makes it the property's own. False when the reply does not answer this offer; nothing changed.
 */
export async function takeCommissionReply(
  office: Office,
  row: CommissionTable,
  slip: ReturnSlip,
  wish: IssueWish,
): Promise<boolean> {
  const finished = finishCommission(office.crypto, openCommission(office, row), slip.body);
  if (!finished.ok) return false;
  const { keys, lockPublic } = finished.value;
  const lock: LockTable = {
    door_id: row.door_id,
    epoch: row.epoch,
    lock_id: row.lock_id,
    tag: row.tag,
    sign_key: lockPublic.sign,
    dh_key: lockPublic.dh,
    sealed_keys: office.vault.seal("lock-keys", lockOwner(row.door_id, row.epoch), packLockKeys(keys)),
    last_wire_id: 0,
    proven: 0,
    contradicted: null,
    snapshot_wanted: false,
    sync_lock_seconds: null,
    sync_received_at: null,
    epoch_from: 0,
    rotation: null,
    held_up: null,
    said_flags: null,
    said_lock_seconds: null,
    said_received_at: null,
    capacity: row.capacity,
    doubted_at: null,
    doubt_settled_at: null,
  };
  return await withDoor(office.db, row.door_id, async (ledger, trx) => {
    const present = await commissionOf(trx, row.door_id);
    if (present === undefined || !office.crypto.same(present.lock_id, row.lock_id))
      return { ledger, result: false };
    await hangLock(trx, { ...lock, capacity: present.capacity });
    const emptyState = tableState(office.crypto, keys.state, 0, emptyTable);
    const opened = openEpoch(ledger, row.epoch, emptyState, office.now, present.capacity ?? undefined);
    // Nothing is handed to any lock of a door whose books are in doubt; the word that they are right makes the table.
    if (opened.lock !== undefined && isDoubted(opened.lock)) return { ledger: opened, result: true };
    const first = raised(office, lock, opened, wish);
    if (!first.ok) throw new Error(`the first table cannot be issued: ${first.denial}`);
    return { ledger: first.value.ledger, result: true };
  });
}
