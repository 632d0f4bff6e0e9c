/**
 * What a courier carries: sealed parcels on the way out, return slips owed on the way back, and which locks have
 * proved what. A value; every function gives a new one. It opens nothing, and it knows neither links nor clocks.
 */
import {
  type Bytes,
  equal,
  type Hello,
  helloFlags,
  type Parcel,
  type ReceiptSaid,
  type ReturnSlip,
  receiptFlags,
} from "@doorsync/protocol/courier";

/** Parcels for one lock that a visit looks at; the newest are kept. An authority writes a handful. */
export const parcelsPerLockMax = 64;

/** Commissions that a lock without an owner is offered when none bears its tag: each costs it one failed MAC. */
export const blindCommissionsMax = 3;

/** A receipt that verified: the lock with this key durably held `said` when it signed. */
export interface Proof {
  readonly lockId: Bytes;
  readonly epoch: number;
  readonly lockKey: Bytes;
  readonly said: ReceiptSaid;
}

export interface Satchel {
  readonly parcels: readonly Parcel[];
  readonly owed: readonly ReturnSlip[];
  readonly proofs: readonly Proof[];
}

export const emptySatchel: Satchel = { parcels: [], owed: [], proofs: [] };

/** Takes parcels along. A parcel carried already (the same messages for the same lock) is not taken twice. */
export function carry(satchel: Satchel, parcels: readonly Parcel[]): Satchel {
  const carried = [...satchel.parcels];
  for (const parcel of parcels)
    if (!carried.some((other) => isSameParcel(other, parcel))) carried.push(parcel);
  return { ...satchel, parcels: carried };
}

/** Owes a slip to the mailbox, once. */
export function owe(satchel: Satchel, slip: ReturnSlip): Satchel {
  return satchel.owed.some((other) => isSameSlip(other, slip))
    ? satchel
    : { ...satchel, owed: [...satchel.owed, slip] };
}

/** The slip is safe in the mailbox: no longer owed. */
export function returned(satchel: Satchel, slip: ReturnSlip): Satchel {
  return { ...satchel, owed: satchel.owed.filter((other) => !isSameSlip(other, slip)) };
}

/** Remembers a verified receipt. Receipts are cumulative, so an older one than we hold teaches nothing. */
export function prove(satchel: Satchel, proof: Proof): Satchel {
  const known = satchel.proofs.find((other) => isSameLock(other, proof));
  if (known !== undefined && known.said.version > proof.said.version) return satchel;
  return { ...satchel, proofs: [...satchel.proofs.filter((other) => other !== known), proof] };
}

/** Forgets what the locks of these parcels proved: something says that their tables are no longer good. */
export function doubt(satchel: Satchel, parcels: readonly Parcel[]): Satchel {
  const isDoubted = (proof: Proof): boolean => parcels.some((parcel) => isSameLock(proof, parcel));
  return { ...satchel, proofs: satchel.proofs.filter((proof) => !isDoubted(proof)) };
}

/** The newest version proved by the lock that this parcel is for. A damaged table proves nothing. */
export function provenVersion(satchel: Satchel, parcel: Parcel): number | undefined {
  const proof = satchel.proofs.find((one) => isSameLock(one, parcel));
  return proof === undefined || isDamaged(proof.said) ? undefined : proof.said.version;
}

/** Whether the table behind a receipt is unusable: its version is right, its content is not. */
export function isDamaged(said: ReceiptSaid): boolean {
  return (said.flags & receiptFlags.damaged) !== 0;
}

/**
 * Parcels for the lock that says this hello, newest first. By tag and epoch; a lock without an owner is met with a
 * commission. A lock whose reply to a commission was lost on the way shows a tag that no parcel bears yet: it is
 * offered the commissions carried, which mean nothing to any other lock.
 */
export function addressed(satchel: Satchel, hello: Hello): readonly Parcel[] {
  const hasFlag = (flag: number): boolean => (hello.flags & flag) !== 0;
  const own = satchel.parcels.filter((parcel) => {
    if (!equal(parcel.tag, hello.tag)) return false;
    // Not tables: see rotationFor and ackFor.
    if (parcel.kind === "rotation" || parcel.kind === "ack") return false;
    return parcel.kind === "commission"
      ? hasFlag(helloFlags.factory)
      : parcel.epoch === hello.epoch && !hasFlag(helloFlags.factory);
  });
  if (own.length === 0 && hello.version === 0 && hasFlag(helloFlags.wantsSnapshot)) {
    const commissions = satchel.parcels.filter((parcel) => parcel.kind === "commission");
    return commissions.sort(newestFirst).slice(0, blindCommissionsMax);
  }
  return own.sort(newestFirst).slice(0, parcelsPerLockMax);
}

/** Rotations of the authority's keys that this lock has not had, newest first: one that takes the newest needs no other. */
export function rotationsFor(satchel: Satchel, hello: Hello): readonly Parcel[] {
  return satchel.parcels
    .filter(({ kind, tag, to }) => kind === "rotation" && equal(tag, hello.tag) && to > hello.epoch)
    .sort((a, b) => b.to - a.to);
}

/** Acknowledgements of this lock's log in its present epoch, furthest first. */
export function acksFor(satchel: Satchel, hello: Hello): readonly Parcel[] {
  return satchel.parcels
    .filter(({ kind, tag, epoch }) => kind === "ack" && equal(tag, hello.tag) && epoch === hello.epoch)
    .sort((a, b) => b.to - a.to);
}

/** The lock's id, which its hello does not say: any parcel for it does. */
export function idOf(satchel: Satchel, hello: Hello): Bytes | undefined {
  const known = satchel.parcels.find(({ kind, tag }) => kind !== "commission" && equal(tag, hello.tag));
  return known?.lockId;
}

/** What a visit knows about the lock's table. */
export interface Basis {
  readonly version: number;
  /** By a receipt that verified; a version from hello or a refusal is anybody's word. */
  readonly isProven: boolean;
  /** Deltas do not fit this table: empty, damaged, or of another history. */
  readonly isSnapshotWanted: boolean;
}

/** The next thing to do for one lock. */
export type Offer =
  | { readonly kind: "deliver"; readonly parcel: Parcel }
  /** Nothing fits the version that the lock only claims: its signed word is wanted. */
  | { readonly kind: "ask" }
  /** Every parcel is proven. */
  | { readonly kind: "settled" }
  /** Parcels remain, and none of them leads on from where the lock is. */
  | { readonly kind: "unfit" };

/**
 * Chooses among a lock's parcels those that no verified receipt covers: a delta from exactly the version the lock is
 * at, the one that leads furthest; otherwise a snapshot. Parcels in `tried` were sent in this visit and are not sent
 * again. A claimed version never settles anything: it only picks what is tried first.
 */
export function offer(
  satchel: Satchel,
  parcels: readonly Parcel[],
  basis: Basis,
  tried: ReadonlySet<Parcel>,
): Offer {
  const wanted = parcels.filter((parcel) => isWanted(satchel, parcel));
  if (wanted.length === 0) return { kind: "settled" };
  const untried = wanted.filter((parcel) => !tried.has(parcel)).sort(newestFirst);
  const fitting =
    untried.find((parcel) => parcel.kind === "commission") ??
    untried.find((parcel) => isFittingDelta(parcel, basis)) ??
    untried.find((parcel) => isFittingSnapshot(parcel, basis));
  if (fitting !== undefined) return { kind: "deliver", parcel: fitting };
  return basis.isProven ? { kind: "unfit" } : { kind: "ask" };
}

/** Whether nothing has proved yet that the lock holds what this parcel brings. */
export function isWanted(satchel: Satchel, parcel: Parcel): boolean {
  if (parcel.kind === "commission") return true;
  const proven = provenVersion(satchel, parcel);
  return proven === undefined || proven < parcel.to;
}

function isFittingDelta(parcel: Parcel, basis: Basis): boolean {
  return parcel.kind === "update" && !basis.isSnapshotWanted && parcel.from === basis.version;
}

/** A table that wants repair takes a snapshot of its own version too. */
function isFittingSnapshot(parcel: Parcel, basis: Basis): boolean {
  if (parcel.kind !== "snapshot") return false;
  return basis.isSnapshotWanted ? parcel.to >= basis.version : parcel.to > basis.version;
}

/** Furthest first; of two to the same version, the one that stays deliverable longer. */
function newestFirst(a: Parcel, b: Parcel): number {
  return b.epoch - a.epoch || b.to - a.to || b.notAfter - a.notAfter;
}

interface LockIdentity {
  readonly lockId: Bytes;
  readonly epoch: number;
  readonly lockKey: Bytes;
}

/** The key belongs to it: a parcel with a key of its own must not borrow another's proof. */
function isSameLock(a: LockIdentity, b: LockIdentity): boolean {
  return a.epoch === b.epoch && equal(a.lockId, b.lockId) && equal(a.lockKey, b.lockKey);
}

function isSameParcel(a: Parcel, b: Parcel): boolean {
  return (
    a.kind === b.kind &&
    a.from === b.from &&
    a.to === b.to &&
    isSameLock(a, b) &&
    equal(a.tag, b.tag) &&
    equal(a.tableKey, b.tableKey) &&
    a.messages.length === b.messages.length &&
    a.messages.every((message, i) => {
      const other = b.messages[i];
      return other !== undefined && message.type === other.type && equal(message.body, other.body);
    })
  );
}

function isSameSlip(a: ReturnSlip, b: ReturnSlip): boolean {
  return (
    a.kind === b.kind &&
    a.epoch === b.epoch &&
    a.to === b.to &&
    equal(a.lockId, b.lockId) &&
    equal(a.tag, b.tag) &&
    equal(a.body, b.body)
  );
}
