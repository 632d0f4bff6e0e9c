/**
 * Taking return slips in: verify, move states, put the slip away. A slip is only ever a claim by a courier; what
 * counts is the lock's signature inside. Nothing else in the house ends "pending".
 */
import {
  acceptReceipt,
  type Bytes,
  describeRefusal,
  type RefusalName,
  type ReturnKind,
  readRefusal,
  receiptFlags,
  refusalByCode,
  toHex,
} from "@doorsync/protocol/authority";
import type { FoundSlip, MailboxFolder } from "../mailbox/folder.ts";
import { type LogOutcome, takeSegment } from "../model/journal.ts";
import type { Ledger } from "../model/ledger.ts";
import { type CodeState, codeState, noteWord, type ReceiptOutcome, takeReceipt } from "../model/proof.ts";
import { learnCapacity } from "../model/room.ts";
import { loadJournal, saveJournal } from "../store/journals.ts";
import { withDoor } from "../store/ledgers.ts";
import {
  commissionByLock,
  type DoorEntry,
  doorById,
  keepReceipt,
  listDoors,
  listPeople,
  lockById,
  type Reader,
} from "../store/registry.ts";
import type { LockTable } from "../store/schema.ts";
import { noteDecision } from "../store/trail.ts";
import { takeCommissionReply } from "./commission.ts";
import { type Filled, fillMailbox, type IssueWish } from "./issue.ts";
import { authorityLock, type Office } from "./office.ts";

/**
 * commissioned: the lock is the property's. refusal: the lock (or someone) says no; a hint. not-verified: no
 * signature of this lock. old-epoch: of an earlier owner, before a reset, or before the keys were rotated. foreign: a
 * lock that is not ours.
 */
export type SlipOutcome =
  | ReceiptOutcome
  | LogOutcome
  | "commissioned"
  | "refusal"
  | "not-verified"
  | "old-epoch"
  | "foreign";

export interface StateChange {
  readonly person: string;
  readonly from: CodeState;
  readonly to: CodeState;
}

export interface TakenSlip {
  readonly slip: string;
  readonly kind: ReturnKind;
  readonly outcome: SlipOutcome;
  readonly door: string | undefined;
  readonly version: number | undefined;
  /** Codes whose state this slip moved. */
  readonly changes: readonly StateChange[];
  /** A refusal in words. */
  readonly refusal: string | undefined;
  /** New events of the lock's log that this slip brought. */
  readonly events: number;
}

export interface ReceivedDoor extends Filled {
  readonly door: string;
}

export interface Received {
  readonly slips: readonly TakenSlip[];
  readonly doors: readonly ReceivedDoor[];
  readonly ignored: readonly { readonly file: string; readonly why: string }[];
}

/** Takes in every slip of the mailbox, then brings the parcels of the doors concerned up to date. */
export async function receive(office: Office, mailbox: MailboxFolder, wish: IssueWish): Promise<Received> {
  const doors = new Map((await listDoors(office.db)).map((door) => [door.id, door]));
  const names = new Map((await listPeople(office.db)).map((person) => [person.id, person.name]));
  const found = mailbox.returns();
  const slips: TakenSlip[] = [];
  const ignored = [...found.ignored];
  const touched = new Set<string>();
  for (const one of [...found.slips].sort(logsInOrder)) {
    const { doorId, taken, answered } = await takeSlip(office, wish, one, { doors, names });
    if (answered !== undefined) mailbox.offer(answered, []);
    if (taken.outcome === "foreign") {
      ignored.push({ file: one.file, why: "of a lock that this property does not know" });
      continue;
    }
    slips.push(taken);
    if (doorId !== undefined) touched.add(doorId);
    // Only now: a crash before this line means that the slip is taken in again, which changes nothing.
    mailbox.putAway(one.file);
  }
  const filled: ReceivedDoor[] = [];
  for (const doorId of touched) {
    const parcels = await fillMailbox(office, mailbox, doorId);
    const door = doors.get(doorId)?.name;
    if (parcels !== undefined && door !== undefined) filled.push({ door, ...parcels });
  }
  return { slips, doors: filled, ignored };
}

/** Logs last, and in the order of their events: then each follows on what is held. */
function logsInOrder({ slip: a }: FoundSlip, { slip: b }: FoundSlip): number {
  const [isLogA, isLogB] = [a.kind === "log", b.kind === "log"];
  return isLogA && isLogB ? a.to - b.to : Number(isLogA) - Number(isLogB);
}

/** Names to say, by id. */
export interface Directory {
  readonly doors: ReadonlyMap<string, DoorEntry>;
  readonly names: ReadonlyMap<string, string>;
}

export interface Taken {
  readonly doorId: string | undefined;
  readonly taken: TakenSlip;
  /** Tag of the commission that this slip answered: its parcel has done its work. */
  readonly answered: Bytes | undefined;
  /** A receipt that was not in the books. */
  readonly isNews: boolean;
}

/** Takes one slip in: on the lock's signature alone, whoever brought it. */
export async function takeSlip(
  office: Office,
  wish: IssueWish,
  { file, slip }: Pick<FoundSlip, "file" | "slip">,
  directory: Directory,
): Promise<Taken> {
  const said = (doorId: string | undefined, outcome: SlipOutcome, more: Partial<TakenSlip> = {}): Taken => {
    const door = doorId === undefined ? undefined : directory.doors.get(doorId)?.name;
    const taken = {
      slip: file,
      kind: slip.kind,
      outcome,
      door,
      version: undefined,
      changes: [],
      refusal: undefined,
      events: 0,
    };
    return { doorId, taken: { ...taken, ...more }, answered: undefined, isNews: false };
  };
  const pending = await commissionByLock(office.db, slip.lockId);
  if (pending !== undefined) {
    if (slip.kind === "refusal")
      return said(pending.door_id, "refusal", { refusal: refusalOf(slip.body).words });
    const isDone = slip.kind === "commission" && (await takeCommissionReply(office, pending, slip, wish));
    if (!isDone) return said(pending.door_id, "not-verified");
    return { ...said(pending.door_id, "commissioned", { version: 0 }), answered: pending.setup_tag };
  }
  const lock = await lockById(office.db, slip.lockId);
  if (lock === undefined) return said(undefined, "foreign");
  if (lock.presentEpoch !== lock.epoch || slip.epoch !== lock.epoch) return said(lock.door_id, "old-epoch");
  switch (slip.kind) {
    case "commission":
      return said(lock.door_id, "again", { version: 0 });
    case "refusal": {
      const { name, words } = refusalOf(slip.body);
      await noteRefusal(office, lock, name);
      return said(lock.door_id, "refusal", { refusal: words });
    }
    case "receipt":
      return await takeReceiptSlip(office, lock, slip.body, directory, said);
    case "log":
      return await takeLogSlip(office, lock, slip.body, said);
    default:
      return slip.kind satisfies never;
  }
}

async function takeReceiptSlip(
  office: Office,
  lock: LockTable,
  body: Uint8Array,
  directory: Directory,
  said: (doorId: string, outcome: SlipOutcome, more?: Partial<TakenSlip>) => Taken,
): Promise<Taken> {
  const name = { lockId: lock.lock_id, epoch: lock.epoch };
  const receipt = acceptReceipt(office.crypto, name, lock.sign_key, body);
  if (!receipt.ok) return said(lock.door_id, "not-verified");
  const word = { ...receipt.value, damaged: (receipt.value.flags & receiptFlags.damaged) !== 0 };
  return await withDoor(office.db, lock.door_id, async (before, trx) => {
    // The epoch may have moved between the look and the lock.
    if (before.lock?.epoch !== lock.epoch) return { ledger: before, result: said(lock.door_id, "old-epoch") };
    const { ledger: taken, outcome } = takeReceipt(before, word, office.now);
    const ledger = noteWord(taken, word, office.now);
    const isNews = await keepReceipt(trx, {
      door_id: lock.door_id,
      epoch: lock.epoch,
      digest: office.crypto.hash(body),
      version: word.version,
      outcome,
      body,
      received_at: office.now,
    });
    if (before.lock.doubt === undefined && ledger.lock?.doubt !== undefined)
      await noteDoubt(trx, lock, office.now, word.version);
    const changes = changesBetween(before, ledger, directory.names);
    const told = said(lock.door_id, outcome, { version: word.version, changes });
    return { ledger, result: { ...told, isNews } };
  });
}

/** What made the books doubtful stays readable in the audit when the alarm is long over. Nobody asked for it. */
async function noteDoubt(db: Reader, lock: LockTable, now: number, version: number): Promise<void> {
  await noteDecision(db, {
    at: now,
    account_id: null,
    property_id: (await doorById(db, lock.door_id))?.propertyId ?? null,
    door_id: lock.door_id,
    person_id: null,
    action: "lock.contradicts",
    decision: "noted",
    detail: `version ${version}`,
    doors: null,
    outside: false,
  });
}

/** Events are stored in this transaction; the acknowledgement is signed when the mailbox is filled after it. */
async function takeLogSlip(
  office: Office,
  lock: LockTable,
  body: Uint8Array,
  said: (doorId: string, outcome: SlipOutcome, more?: Partial<TakenSlip>) => Taken,
): Promise<Taken> {
  return await withDoor(office.db, lock.door_id, async (ledger, trx) => {
    if (ledger.lock?.epoch !== lock.epoch) return { ledger, result: said(lock.door_id, "old-epoch") };
    const journal = await loadJournal(trx, lock.lock_id);
    const taken = takeSegment(office.crypto, authorityLock(office, lock), office.keys.box, journal, body);
    const log = { lockId: lock.lock_id, doorId: lock.door_id, receivedAt: office.now };
    if (taken.journal !== journal) await saveJournal(trx, log, taken);
    const after = learnCapacity(ledger, taken.fresh);
    return { ledger: after, result: said(lock.door_id, taken.outcome, { events: taken.fresh.length }) };
  });
}

function changesBetween(
  before: Ledger,
  after: Ledger,
  names: ReadonlyMap<string, string>,
): readonly StateChange[] {
  const changes: StateChange[] = [];
  before.codes.forEach((old, i) => {
    const code = after.codes[i];
    if (code === undefined) return;
    const from = codeState(old, before.lock);
    const to = codeState(code, after.lock);
    if (from !== to) changes.push({ person: names.get(code.person) ?? code.person, from, to });
  });
  return changes;
}

/** A refusal is unsigned: it may add a snapshot to the mailbox (bytes at worst), and moves no state. */
async function noteRefusal(office: Office, lock: LockTable, name: RefusalName | undefined): Promise<void> {
  if (name !== "NEED_SNAPSHOT") return;
  await withDoor(office.db, lock.door_id, async (ledger) => {
    const standing = ledger.lock;
    if (standing === undefined) return { ledger, result: undefined };
    return { ledger: { ...ledger, lock: { ...standing, snapshotWanted: true } }, result: undefined };
  });
}

function refusalOf(body: Uint8Array): { readonly name: RefusalName | undefined; readonly words: string } {
  const read = readRefusal(body);
  if (!read.ok) return { name: undefined, words: `an unreadable refusal: ${toHex(body.slice(0, 8))}` };
  const name = refusalByCode(read.value.code);
  const words = name === undefined ? `refused ${read.value.code}` : describeRefusal(name, read.value.detail);
  return { name, words };
}
