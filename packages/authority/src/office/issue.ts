/**
 * Issuing: raise the version if need be, book it as handed out, then put the parcels into the mailbox. The booking
 * is committed before a courier can see a byte: a version that left the house must never be given out twice.
 */
import {
  appTag,
  type Crypto,
  cardTag,
  dailyTag,
  fromHex,
  type Parcel,
  pinTag,
} from "@doorsync/protocol/authority";
import type { Transaction } from "kysely";
import { ackParcel, buildParcels, rotationParcel } from "../issue/parcels.ts";
import { lastSecond, type NextVersion, nextVersion } from "../issue/version.ts";
import { onlineFingerprint, rootKey } from "../keys/ring.ts";
import { type MailboxFolder, parcelName } from "../mailbox/folder.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import {
  type CodeLife,
  classOf,
  endOver,
  handOut,
  isDoubted,
  isInEpoch,
  type Ledger,
  newestVersion,
  trusted,
} from "../model/ledger.ts";
import { loadJournal } from "../store/journals.ts";
import { withDoor } from "../store/ledgers.ts";
import { type DoorEntry, formerTags, loadOnline, presentLock } from "../store/registry.ts";
import type { LockTable, Schema } from "../store/schema.ts";
import { Trouble } from "../trouble.ts";
import { authorityLock, type Office, openDigits, openLockKeys } from "./office.ts";

export interface IssueWish {
  readonly lifeHours: number;
  /** A new version even without a change, so that leases start anew. */
  readonly renew: boolean;
  /** A whole table beside the deltas. */
  readonly snapshot: boolean;
  /** Whoever issues says that the books are right again. */
  readonly trustBooks?: boolean;
}

export interface Issue {
  readonly door: string;
  readonly epoch: number;
  readonly version: number;
  readonly proven: number;
  /** False: the newest version already says it all. */
  readonly isNew: boolean;
  readonly puts: number;
  readonly removes: number;
  readonly notAfter: number;
  /** Names of the parcels that lie in the mailbox for this door now. */
  readonly parcels: readonly string[];
  readonly withdrawn: readonly string[];
}

/** Issues the next version for a door. NOT_COMMISSIONED when no lock hangs there, BOOKS_DOUBTED. */
export async function issue(
  office: Office,
  mailbox: MailboxFolder,
  wish: IssueWish & { readonly door: DoorEntry },
): Promise<Decision<Issue>> {
  const { door } = wish;
  const booked = await withDoor<Decision<NextVersion>>(office.db, door.id, async (ledger, trx) => {
    const lock = await presentLock(trx, door.id);
    if (lock === undefined) return { ledger, result: deny("NOT_COMMISSIONED", door.name) };
    const known = wish.trustBooks === true ? trusted(ledger, office.now) : ledger;
    if (known.lock !== undefined && isDoubted(known.lock))
      return { ledger, result: deny("BOOKS_DOUBTED", door.name) };
    const next = raised(office, lock, known, wish);
    if (!next.ok) return { ledger, result: next };
    const { ledger: after, isNew } = next.value;
    const heldUp = after.lock?.heldUp;
    const isStuck = heldUp !== undefined && !isNew;
    return { ledger: after, result: isStuck ? deny(heldUp, `${next.value.waiting} wait`) : next };
  });
  if (!booked.ok) return booked;
  const filled = await fillMailbox(office, mailbox, door.id);
  if (filled === undefined) throw new Error("the lock vanished while its parcels were written");
  const { version, isNew, puts, removes } = booked.value;
  return grant({ door: door.name, version, isNew, puts, removes, ...filled });
}

/** The next version, booked as handed out, without whom whose time is over. For use inside `withDoor`. */
export function raised(
  office: Office,
  lock: LockTable,
  ledger: Ledger,
  wish: IssueWish,
): Decision<NextVersion> {
  const keys = openLockKeys(office, lock);
  const at = { issuedAt: office.now, lifeHours: wish.lifeHours, renew: wish.renew };
  const wanted = endOver(ledger, office.now);
  const next = nextVersion(office.crypto, keys, wanted, at, tagOf(office, office.crypto, keys.pin));
  if (!next.ok) return next;
  const handed = handOut(next.value.ledger, next.value.version);
  const standing =
    handed.lock !== undefined && wish.snapshot ? { ...handed.lock, snapshotWanted: true } : handed.lock;
  return grant({ ...next.value, ledger: { ...handed, lock: standing } });
}

/** Of a card or an app's key the sealed digits are its bytes in hex; a daily doorcode is derived and has none. */
function tagOf(office: Office, crypto: Crypto, pinKey: Uint8Array): (code: CodeLife) => Uint8Array {
  return (code) => {
    const digits = openDigits(office, code);
    const of = classOf(code);
    switch (of) {
      case "code":
        return pinTag(crypto, pinKey, digits);
      case "keycard":
        return cardTag(crypto, pinKey, bytesOf(digits));
      case "app":
        return appTag(crypto, pinKey, bytesOf(digits));
      case "dailyCode":
        return dailyTag;
      default:
        return of satisfies never;
    }
  };
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new RangeError("a sealed card or key that is no hex");
  return bytes;
}

/** Exactly what a door's lock may need now, signed; of tables nothing while the books are in doubt. For use inside `withDoor`; Trouble when the keys were rotated. */
export async function parcelsFor(
  office: Office,
  trx: Transaction<Schema>,
  lock: LockTable,
  ledger: Ledger,
): Promise<readonly Parcel[]> {
  const online = await loadOnline(trx);
  if (online !== undefined && !office.crypto.same(online, onlineFingerprint(office.crypto, office.keys))) {
    throw new Trouble("the keys were rotated while this ran", "run the same command again");
  }
  if (ledger.lock === undefined) return [];
  const signer = {
    tableSeed: office.keys.table,
    tableKey: office.crypto.signPublic(office.keys.table),
    lockKey: lock.sign_key,
    tag: lock.tag,
  };
  const known = authorityLock(office, lock);
  const { held } = await loadJournal(trx, lock.lock_id);
  const root = rootKey(office.crypto, office.keys);
  return [
    ...(lock.rotation === null || isInEpoch(ledger.lock)
      ? []
      : [rotationParcel(signer, lock.lock_id, lock.epoch, root, lock.rotation)]),
    ...(isDoubted(ledger.lock) ? [] : buildParcels(office.crypto, signer, known, ledger.lock, office.now)),
    ...(held.seq === 0 ? [] : [ackParcel(office.crypto, signer, known, held)]),
  ];
}

export interface Filled {
  readonly epoch: number;
  readonly proven: number;
  readonly notAfter: number;
  readonly parcels: readonly string[];
  readonly withdrawn: readonly string[];
}

/**
 * Makes the mailbox hold exactly what this door's lock may need now, and nothing for the locks that it replaced. Under
 * the door's lock, so that two who fill at once do not leave a superseded parcel behind. Undefined when no lock is
 * commissioned.
 */
export async function fillMailbox(
  office: Office,
  mailbox: MailboxFolder,
  doorId: string,
): Promise<Filled | undefined> {
  return await withDoor(office.db, doorId, async (ledger, trx) => {
    const lock = await presentLock(trx, doorId);
    if (lock === undefined || ledger.lock === undefined) return { ledger, result: undefined };
    const parcels = await parcelsFor(office, trx, lock, ledger);
    const withdrawn = [...mailbox.offer(lock.tag, parcels).withdrawn];
    // Here and not where the lock is replaced: a process that dies between the two is made good by the next one.
    for (const tag of await formerTags(trx, doorId, lock.epoch)) {
      withdrawn.push(...mailbox.offer(tag, []).withdrawn);
    }
    const result: Filled = {
      epoch: ledger.lock.epoch,
      proven: ledger.lock.proven,
      notAfter: lastSecond(newestVersion(ledger.lock)),
      parcels: parcels.map(parcelName),
      withdrawn,
    };
    return { ledger, result };
  });
}
