/**
 * A lock on paper: the protocol's own rules of a lock around a table in memory, without flash, frames or a clock.
 * For tests of the authority alone; the simulated lock is another and far stricter thing.
 */
import type { Parcel, ReturnSlip } from "@doorsync/protocol/authority";
import {
  type AcceptedManifest,
  acceptChunk,
  acceptCommission,
  acceptManifest,
  acceptUpdate,
  type Bytes,
  type Crypto,
  capacityDefault,
  completeDelta,
  completeSnapshot,
  concat,
  digestWith,
  emptyTable,
  type Held,
  issueReceipt,
  itemBytes,
  itemId,
  type LockTrust,
  messageCatalog,
  noBytes,
  pinTag,
  type Refused,
  type Setup,
  tableState,
  type Verdict,
} from "@doorsync/protocol/lock";

export interface PaperLock {
  /** Hears one parcel as one visit; the slip that a courier would bring back, or the refusal. */
  hear(parcel: Parcel): ReturnSlip | Refused;
  /** The lock's signed word for what it holds now. */
  receipt(change?: { readonly version?: number; readonly flags?: number }): ReturnSlip;
  opens(code: string): boolean;
  version(): number;
  /** An interior reset: all is forgotten but the epochs it has had. */
  wipe(): void;
}

interface Owned {
  readonly trust: LockTrust;
  readonly tag: Bytes;
  readonly signSeed: Bytes;
  readonly held: Held;
  readonly issuedAt: number;
}

export function paperLock(crypto: Crypto, setup: Setup, entropyByte: number): PaperLock {
  let owned: Owned | undefined;
  let lastEpoch = 0;
  let meetings = entropyByte;

  function demand(): Owned {
    if (owned === undefined) throw new Error("the paper lock has no owner");
    return owned;
  }

  function receipt(change: { readonly version?: number; readonly flags?: number } = {}): ReturnSlip {
    const { trust, tag, signSeed, held, issuedAt } = demand();
    const { version, state, lowerSeconds } = { ...held, ...change };
    const said = { version, issuedAt, state, lowerSeconds, flags: change.flags ?? 0 };
    const body = issueReceipt(crypto, signSeed, trust.name, said);
    return { kind: "receipt", lockId: trust.name.lockId, tag, epoch: trust.name.epoch, to: version, body };
  }

  function commission(parcel: Parcel): ReturnSlip | Refused {
    meetings++;
    const entropy = new Uint8Array(32).fill(meetings);
    const met = acceptCommission(crypto, { setup, lastEpoch, entropy }, bodyOf(parcel, 0));
    if (!met.ok) return met;
    const { offer, authority, keys, signSeed, reply } = met.value;
    lastEpoch = offer.epoch;
    const name = { lockId: offer.lockId, epoch: offer.epoch };
    owned = {
      trust: { name, authority, keys },
      tag: offer.tag,
      signSeed,
      issuedAt: offer.issuedAt,
      held: {
        version: 0,
        table: emptyTable,
        state: tableState(crypto, keys.state, 0, emptyTable),
        lowerSeconds: offer.issuedAt,
        capacity: capacityDefault,
        snapshotOnly: true,
      },
    };
    return { kind: "commission", ...name, tag: parcel.tag, to: 0, body: reply };
  }

  function streamed(trust: LockTrust, held: Held, parcel: Parcel, manifest: AcceptedManifest) {
    let hash = manifest.root;
    let items = noBytes;
    let digest = emptyTable.digest;
    for (let index = 0; index < manifest.chunks; index++) {
      const afterId = items.length === 0 ? -1 : itemId(items.subarray(-itemBytes));
      const chunk = acceptChunk(crypto, trust, manifest, { index, hash, afterId }, bodyOf(parcel, index + 1));
      if (!chunk.ok) return chunk;
      for (let at = 0; at < chunk.value.items.length; at += itemBytes) {
        digest = digestWith(
          crypto,
          trust.keys.digest,
          digest,
          chunk.value.items.subarray(at, at + itemBytes),
          1,
        );
      }
      items = concat(items, chunk.value.items);
      hash = chunk.value.next;
    }
    return manifest.span === 0
      ? completeSnapshot(crypto, trust, held, manifest, items, digest)
      : completeDelta(crypto, trust, held, manifest, items);
  }

  function judged(
    trust: LockTrust,
    held: Held,
    parcel: Parcel,
  ): Verdict<NextTable | { readonly kind: "already" }> {
    const [first] = parcel.messages;
    if (first?.type === messageCatalog.update.type) return acceptUpdate(crypto, trust, held, first.body);
    const manifest = acceptManifest(crypto, trust, held, bodyOf(parcel, 0));
    if (!manifest.ok) return manifest;
    if (manifest.value.kind === "already") return { ok: true, value: manifest.value };
    return streamed(trust, held, parcel, manifest.value);
  }

  return {
    hear(parcel) {
      if (parcel.kind === "commission") return commission(parcel);
      const lock = demand();
      const { trust, held } = lock;
      const next = judged(trust, held, parcel);
      if (!next.ok) return next;
      if (next.value.kind !== "already") {
        const { to, issuedAt, state, table } = next.value;
        const lowerSeconds = Math.max(held.lowerSeconds, issuedAt);
        owned = {
          ...lock,
          issuedAt,
          held: { ...held, version: to, table, state, lowerSeconds, snapshotOnly: false },
        };
      }
      return receipt();
    },
    receipt,
    opens(code) {
      if (owned === undefined) return false;
      return owned.held.table.idOfTag(pinTag(crypto, owned.trust.keys.pin, code)) !== undefined;
    },
    version: () => demand().held.version,
    wipe() {
      owned = undefined;
    },
  };
}

interface NextTable {
  readonly kind: "delta" | "snapshot";
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly table: Held["table"];
}

function bodyOf(parcel: Parcel, index: number): Bytes {
  const message = parcel.messages[index];
  if (message === undefined) throw new Error(`the parcel has no message ${index}`);
  return message.body;
}
