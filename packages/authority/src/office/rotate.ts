/**
 * Other keys for the authority, after a theft or just in time: the root signs them for each lock, which begins an
 * epoch there. What the locks hold stays in force until they prove a table of the new epoch; nothing that the old keys
 * sign is believed by a lock that took the new ones.
 */
import { issueRotation } from "@doorsync/protocol/authority";
import { type KeyRing, onlineFingerprint, publicKeys } from "../keys/ring.ts";
import { packLockKeys } from "../keys/vault.ts";
import type { MailboxFolder } from "../mailbox/folder.ts";
import { type DenialName, deny } from "../model/denial.ts";
import { rotateEpoch } from "../model/ledger.ts";
import { withDoorIn } from "../store/ledgers.ts";
import { beginEpoch, type DoorEntry, listDoors, noteOnline, presentLock } from "../store/registry.ts";
import type { CommissionTable } from "../store/schema.ts";
import { Trouble } from "../trouble.ts";
import { commissionParcel, renewOffer } from "./commission.ts";
import { fillMailbox, type IssueWish, raised } from "./issue.ts";
import { lockOwner, type Office, openLockKeys } from "./office.ts";

export interface RotatedDoor {
  readonly door: string;
  /** Undefined where no lock hangs yet, and its offer was made anew. */
  readonly epoch: number | undefined;
  readonly parcels: readonly string[];
  /** The lock keeps the old keys, and can hear no new ones. */
  readonly denied: DenialName | undefined;
}

interface Moved {
  readonly denied: DenialName | undefined;
  readonly offer: CommissionTable | undefined;
}

/**
 * Begins an epoch at every door, in one transaction, and notes that `next` (the same root and vault, other keys online)
 * works from now on. `adopt` puts the keys where they are read; then the parcels go out.
 */
export async function rotateKeys(
  office: Office,
  mailbox: MailboxFolder,
  next: KeyRing,
  wish: IssueWish,
  adopt: () => void,
): Promise<readonly RotatedDoor[]> {
  const desk: Office = { ...office, keys: next };
  const { root } = next;
  if (root.kind === "away")
    throw new Trouble("the root key is not here", "give the file that keeps it with --root");
  const doors = await listDoors(office.db);
  const booked = await office.db.transaction().execute(async (trx) => {
    const all: (Moved & { readonly door: DoorEntry })[] = [];
    for (const door of doors) {
      const moved = await withDoorIn<Moved>(trx, door.id, async (ledger) => {
        const lock = await presentLock(trx, door.id);
        const offer = await renewOffer(desk, trx, door.id);
        if (lock === undefined || ledger.lock === undefined)
          return { ledger, result: { denied: undefined, offer } };
        const epoch = lock.epoch + 1;
        const rotated = rotateEpoch(ledger, epoch);
        if (!rotated.ok) return { ledger, result: { denied: rotated.denial, offer } };
        const { root: _, ...online } = publicKeys(desk.crypto, next);
        const said = { epoch, issuedAt: desk.now, ...online };
        await beginEpoch(trx, lock, {
          epoch,
          epoch_from: rotated.value.lock?.epochFrom ?? 0,
          sealed_keys: desk.vault.seal(
            "lock-keys",
            lockOwner(door.id, epoch),
            packLockKeys(openLockKeys(office, lock)),
          ),
          rotation: issueRotation(desk.crypto, root.seed, lock.lock_id, said),
        });
        return { ledger, result: { denied: undefined, offer } };
      });
      if (moved.denied === undefined) await raiseIn(desk, trx, door.id, wish);
      all.push({ door, ...moved });
    }
    await noteOnline(trx, onlineFingerprint(desk.crypto, next));
    return all;
  });
  adopt();
  const rotated: RotatedDoor[] = [];
  for (const { door, denied, offer } of booked) {
    if (offer !== undefined) mailbox.offer(offer.setup_tag, [commissionParcel(desk, offer)]);
    const filled = denied === undefined ? await fillMailbox(desk, mailbox, door.id) : undefined;
    if (filled === undefined && offer === undefined && denied === undefined) continue;
    rotated.push({ door: door.name, epoch: filled?.epoch, parcels: filled?.parcels ?? [], denied });
  }
  return rotated;
}

/** The first version of the new epoch: the table as it should be, signed by the new key. */
async function raiseIn(
  desk: Office,
  trx: Parameters<typeof withDoorIn>[0],
  doorId: string,
  wish: IssueWish,
): Promise<void> {
  await withDoorIn(trx, doorId, async (ledger) => {
    const lock = await presentLock(trx, doorId);
    const next = lock === undefined ? deny("NOT_COMMISSIONED") : raised(desk, lock, ledger, wish);
    return { ledger: next.ok ? next.value.ledger : ledger, result: undefined };
  });
}
