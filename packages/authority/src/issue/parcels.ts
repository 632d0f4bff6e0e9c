/**
 * The parcels that should lie in the mailbox for one lock: all lead to the newest version, one delta from each
 * version the lock may hold, a snapshot where no delta can serve. A pure function of the ledger, so that the same
 * books give the same bytes; it writes no file.
 */
import {
  type AuthorityLock,
  type Bytes,
  type Crypto,
  type Issued,
  issueAck,
  issueDelta,
  issueSnapshot,
  type LogPlace,
  messageCatalog,
  type Parcel,
  secondsNever,
} from "@doorsync/protocol/authority";
import { type LockStanding, newestVersion, possiblyHeld } from "../model/ledger.ts";
import { changeOf, lastSecond, tablesAt } from "./version.ts";

/** Deltas kept ready per lock; a lock that may hold more versions than these is served by a snapshot as well. */
export const deltaBasesMax = 8;

export interface ParcelPlan {
  /** Newest version: where every parcel leads. */
  readonly to: number;
  /** Versions to start a delta from, ascending. */
  readonly deltasFrom: readonly number[];
  readonly snapshot: boolean;
}

/**
 * What to offer. Version 0 is the empty table of a lock that was just commissioned: only a snapshot makes it owned, and
 * only a snapshot brings a lock into a new epoch.
 * Nothing is offered when the newest version is proven, unless a snapshot is wanted (it repairs a damaged table).
 */
export function planParcels(lock: LockStanding): ParcelPlan {
  const to = newestVersion(lock).version;
  const bases = possiblyHeld(lock).filter((version) => version !== to);
  // A lock in a new epoch holds a table of the epoch before; only a whole one follows on that.
  const kept = bases.filter((version) => version > 0 && version >= lock.epochFrom).slice(-deltaBasesMax);
  const isShort = kept.length < bases.length;
  // A lock that signed for a table we never issued can be brought home by a whole table only.
  const snapshot = to > 0 && (isShort || lock.snapshotWanted || lock.contradicted !== undefined);
  return { to, deltasFrom: kept, snapshot };
}

/** Who signs, and what a courier needs to check a parcel and a receipt by itself. */
export interface Signer {
  readonly tableSeed: Bytes;
  readonly tableKey: Bytes;
  readonly lockKey: Bytes;
  /** How the lock shows itself in hello. */
  readonly tag: Bytes;
}

/**
 * The planned parcels, signed; none when the newest version has run out by `now` (a lock would answer EXPIRED).
 * `issuedAt` and life come from the version itself: a parcel written twice is the same parcel.
 */
export function buildParcels(
  crypto: Crypto,
  signer: Signer,
  lock: AuthorityLock,
  standing: LockStanding,
  now: number,
): readonly Parcel[] {
  const plan = planParcels(standing);
  const newest = newestVersion(standing);
  if (plan.deltasFrom.length === 0 && !plan.snapshot) return [];
  if (now >= lastSecond(newest)) return [];
  const span = { to: plan.to, issuedAt: newest.issuedAt, lifeHours: newest.lifeHours };

  const parcels: Parcel[] = [];
  const pack = (kind: "update" | "snapshot", from: number, issued: Omit<Issued, "table">): void => {
    parcels.push({
      kind,
      lockId: lock.name.lockId,
      tag: signer.tag,
      epoch: lock.name.epoch,
      from,
      to: issued.to,
      notAfter: issued.notAfter,
      lockKey: signer.lockKey,
      tableKey: signer.tableKey,
      messages: issued.messages,
    });
  };

  let mustSnapshot = plan.snapshot;
  for (const from of plan.deltasFrom) {
    const base = standing.issued.find(({ version }) => version === from)?.state;
    if (base === undefined) throw new Error(`the state at version ${from} is missing`);
    const at = { from, base, state: newest.state, ...span };
    const change = changeOf(standing.spans, from, plan.to);
    const issued = issueDelta(crypto, signer.tableSeed, lock, at, change);
    // More than one chunk of changes does not travel as a delta.
    if (issued.ok) pack("update", from, issued.value);
    else mustSnapshot = true;
  }
  if (mustSnapshot) {
    const table = tablesAt(crypto, lock.keys, standing.spans, [plan.to]).get(plan.to);
    if (table === undefined) throw new Error("the newest table is missing");
    pack("snapshot", 0, issueSnapshot(crypto, signer.tableSeed, lock, { table, ...span }));
  }
  return parcels;
}

/**
 * The authority's word for what it holds of a lock's log. It is always on offer, because a courier also learns from it
 * where to begin, and for which lock. `place` and its events must be durable.
 */
export function ackParcel(crypto: Crypto, signer: Signer, lock: AuthorityLock, place: LogPlace): Parcel {
  const body = issueAck(crypto, signer.tableSeed, lock.name, place);
  const { lockId, epoch } = lock.name;
  const { tag, lockKey, tableKey } = signer;
  const messages = [{ type: messageCatalog.ack.type, body }];
  return {
    kind: "ack",
    lockId,
    tag,
    epoch,
    from: 0,
    to: place.seq,
    notAfter: secondsNever,
    lockKey,
    tableKey,
    messages,
  };
}

/** Other keys for a lock, under the root's signature (`message`), as long as no receipt of epoch `to` has come. */
export function rotationParcel(
  signer: Pick<Signer, "lockKey" | "tag">,
  lockId: Bytes,
  to: number,
  rootKey: Bytes,
  message: Bytes,
): Parcel {
  const { tag, lockKey } = signer;
  const messages = [{ type: messageCatalog.rotation.type, body: message }];
  const numbers = { epoch: to - 1, from: 0, to, notAfter: secondsNever };
  return { kind: "rotation", lockId, tag, ...numbers, lockKey, tableKey: rootKey, messages };
}
