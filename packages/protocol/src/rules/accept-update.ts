/**
 * The lock's half of an update: the numbered checks of the specification, in its order, and the only maker of
 * accepted changes. It judges; it writes nothing. Up to U9 every refusal is REJECTED (or a length): a stranger
 * learns nothing from the lock before the authority's signature was seen.
 *
 *   U1  session budget                the lock's session; U2 length: link/frame.ts, before a byte is kept
 *   U3  strict CBOR                   U4  exact COSE_Sign1, algorithm -8
 *   U5  payload of the type's shape   U6  lock id, U7 epoch, type, suite: external AAD of U9, never compared alone
 *   U8  1 .. held + 65,536            U9  Ed25519 by the pinned table key
 *   U10 not older (STALE)             U11 the sealed body opens             U12 and has its shape
 *   U13 equal version: other content is CONFLICT, the same ALREADY (but to a damaged lock a repair)
 *   U14 notAfter not passed           U15 base version and base state fit
 *   U16 the change means something here, within the profile                 U17 the result is the one signed
 */

import { type Bytes, equal } from "../bytes.ts";
import type { Shape } from "../cbor/schema.ts";
import { itemBytes, itemId } from "../codes/item.ts";
import { applyChange, stateOf, type Table, tableFromItems, tableState } from "../codes/table.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { type Encrypt0, openEncrypt0 } from "../crypto/encrypt0.ts";
import { splitSign1, verifySign1 } from "../crypto/sign1.ts";
import {
  itemsPerChunkMax,
  messageBytesMax,
  secondsMax,
  tableItemsBesideCodesMax,
  updateBytesMax,
  versionLeapMax,
} from "../limits.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { readChunk } from "../messages/chunk.ts";
import { chunksFor, manifestPayload, noHash } from "../messages/manifest.ts";
import {
  type UpdateBody,
  unpackItems,
  unpackRemoves,
  updateBody,
  updatePayload,
} from "../messages/update.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { chunkKey, chunkNonce, type LockTrust, signedContext } from "./trust.ts";

/** What the lock holds while it judges. */
export interface Held {
  readonly version: number;
  readonly table: Table;
  /** state8 of `table` at `version`. */
  readonly state: Bytes;
  /** Lower bound of the lock's clock. */
  readonly lowerSeconds: number;
  /** Credentials the profile holds. */
  readonly capacity: number;
  /** Only a snapshot helps: no owner's table yet, or a damaged one. */
  readonly snapshotOnly: boolean;
}

export interface AcceptedDelta {
  readonly kind: "delta";
  readonly from: number;
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly removes: readonly number[];
  readonly puts: readonly Bytes[];
  /** The table after the change. */
  readonly table: Table;
}

export interface AcceptedSnapshot {
  readonly kind: "snapshot";
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly table: Table;
}

/** A verified manifest: its chunks may now come. */
export interface AcceptedManifest {
  readonly kind: "manifest";
  readonly to: number;
  /** 0: snapshot; else to - from. */
  readonly span: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly removes: readonly number[];
  readonly items: number;
  readonly chunks: number;
  readonly root: Bytes;
  readonly siv: Bytes;
}

/** The same version with the same content is in force: the answer is the receipt again. */
export interface AlreadyHeld {
  readonly kind: "already";
}

const already: AlreadyHeld = { kind: "already" };

export function acceptUpdate(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  message: Bytes,
): Verdict<AcceptedDelta | AlreadyHeld> {
  const opened = openSigned(crypto, trust, held, messageCatalog.update.type, updatePayload, message);
  if (!opened.ok) return opened;
  if (opened.value.kind === "already") return accept(opened.value);
  const { to, body } = opened.value;
  const removes = unpackRemoves(body.removes);
  const puts = unpackItems(body.puts);
  if (body.span === 0 || removes === undefined || puts === undefined) return refuse("BODY_INVALID", "U12");
  return applied(
    crypto,
    trust,
    held,
    { to, span: body.span, issuedAt: body.issuedAt, state: body.state, removes },
    puts,
  );
}

export function acceptManifest(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  message: Bytes,
): Verdict<AcceptedManifest | AlreadyHeld> {
  const opened = openSigned(crypto, trust, held, messageCatalog.manifest.type, manifestPayload, message);
  if (!opened.ok) return opened;
  if (opened.value.kind === "already") return accept(opened.value);
  const { to, body, payload } = opened.value;
  const { items, root, siv } = payload.stream;
  const removes = unpackRemoves(body.removes);
  if (removes === undefined || body.puts.length > 0) return refuse("BODY_INVALID", "U12");
  if (body.span === 0 && (removes.length > 0 || body.base.length > 0)) return refuse("BODY_INVALID", "U12");
  if (body.span > 0 && (items === 0 || items > itemsPerChunkMax)) return refuse("BODY_INVALID", "U12");
  if (items === 0 && !equal(root, noHash)) return refuse("BODY_INVALID", "U12");
  if (items > held.capacity + tableItemsBesideCodesMax) return refuse("RESOURCE_EXHAUSTED", "U16");
  return accept({
    kind: "manifest",
    to,
    span: body.span,
    issuedAt: body.issuedAt,
    state: body.state,
    removes,
    items,
    chunks: chunksFor(items),
    root,
    siv,
  });
}

/** Where in its stream the lock is. */
export interface ChunkExpected {
  readonly index: number;
  /** What the manifest (index 0) or the chunk before said of this one. */
  readonly hash: Bytes;
  /** Last id so far, -1 at the start. */
  readonly afterId: number;
}

export interface AcceptedChunk {
  readonly index: number;
  /** 29n bytes, ascending ids. */
  readonly items: Bytes;
  readonly next: Bytes;
}

/**
 * C1 length, C2 the expected hash, C3 shape and index, C4 the AEAD opens, C5 the item count, C6 ids ascend. Until C2
 * anybody could have sent it, so the refusal says nothing.
 */
export function acceptChunk(
  crypto: Crypto,
  trust: LockTrust,
  manifest: AcceptedManifest,
  expected: ChunkExpected,
  message: Bytes,
): Verdict<AcceptedChunk> {
  if (message.length > messageBytesMax) return refuse("TOO_LARGE", "C1");
  if (!equal(crypto.hash(message), expected.hash)) return refuse("REJECTED", "C2");
  const chunk = readChunk(message, messageBytesMax);
  if (chunk === undefined || chunk.index !== expected.index) return refuse("BODY_INVALID", "C3");
  const { to, items: count, siv } = manifest;
  const aad = signedContext(messageCatalog.chunk.type, trust.name, to, count, chunk.index);
  const items = crypto.open(chunkKey(crypto, trust.keys, siv), chunkNonce(chunk.index), aad, chunk.sealed);
  if (items === undefined) return refuse("BODY_INVALID", "C4");
  const last = chunk.index === manifest.chunks - 1;
  const due = last ? count - chunk.index * itemsPerChunkMax : itemsPerChunkMax;
  if (items.length !== due * itemBytes || equal(chunk.next, noHash) !== last)
    return refuse("BODY_INVALID", "C5");
  let before = expected.afterId;
  for (let at = 0; at < items.length; at += itemBytes) {
    const id = itemId(items.subarray(at, at + itemBytes));
    if (id <= before) return refuse("BODY_INVALID", "C6");
    before = id;
  }
  return accept({ index: chunk.index, items, next: chunk.next });
}

/** A streamed delta whose one chunk has come. */
export function completeDelta(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  manifest: AcceptedManifest,
  items: Bytes,
): Verdict<AcceptedDelta> {
  const puts = unpackItems(items);
  if (puts === undefined || manifest.span === 0) return refuse("BODY_INVALID", "U12");
  return applied(crypto, trust, held, manifest, puts);
}

/**
 * A snapshot whose last chunk has come. `digest` is the running sum over `items`, which the lock keeps chunk by chunk.
 */
export function completeSnapshot(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  manifest: AcceptedManifest,
  items: Bytes,
  digest: Bytes,
): Verdict<AcceptedSnapshot> {
  // U17 first: it costs one MAC, and what it catches would otherwise be judged as if the authority had said it.
  const count = items.length / itemBytes;
  const { to, issuedAt, state } = manifest;
  if (manifest.span !== 0 || count !== manifest.items) return refuse("BODY_INVALID", "U12");
  if (!crypto.same(stateOf(crypto, trust.keys.state, to, count, digest), state))
    return refuse("BODY_INVALID", "U17");
  const table = tableFromItems(crypto, trust.keys.digest, items, digest);
  if (!table.ok) return table;
  if (overCapacity(table.value, held.capacity)) return refuse("RESOURCE_EXHAUSTED", "U16");
  return accept({ kind: "snapshot", to, issuedAt, state, table: table.value });
}

interface Opened<P> {
  readonly kind: "opened";
  readonly to: number;
  readonly body: UpdateBody;
  readonly payload: P;
}

/** U2 to U15, the same for an update and a manifest. */
function openSigned<P extends { readonly to: number; readonly sealed: Encrypt0 }>(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  type: number,
  shape: Shape<P>,
  message: Bytes,
): Verdict<Opened<P> | AlreadyHeld> {
  if (message.length > updateBytesMax) return refuse("TOO_LARGE", "U2");
  const parts = splitSign1(message, updateBytesMax);
  if (!parts.ok) return refuse("REJECTED", parts.check.startsWith("cbor/") ? "U3" : "U4");
  const read = shape.decode(parts.value.payload, updateBytesMax);
  if (!read.ok) return refuse("REJECTED", "U5");
  const { to, sealed } = read.value;
  if (to === 0 || to > held.version + versionLeapMax) return refuse("REJECTED", "U8");
  if (!verifySign1(crypto, trust.authority.table, signedContext(type, trust.name), parts.value)) {
    return refuse("REJECTED", "U9");
  }

  // From here on the authority speaks, and the lock may say why not.
  if (to < held.version) return refuse("STALE", "U10", held.version);
  const plaintext = openEncrypt0(crypto, trust.keys.update, signedContext(type, trust.name, to), sealed);
  if (plaintext === undefined) return refuse("BODY_INVALID", "U11");
  const inner = updateBody.decode(plaintext, updateBytesMax);
  if (!inner.ok) return refuse("BODY_INVALID", "U12");
  const body = inner.value;
  const snapshot = body.span === 0;
  if (to === held.version) {
    if (!crypto.same(body.state, held.state)) return refuse("CONFLICT", "U13");
    if (!held.snapshotOnly) return accept(already);
  }
  if (Math.min(body.issuedAt + body.lifeHours * 3_600, secondsMax) < held.lowerSeconds)
    return refuse("EXPIRED", "U14");
  if (!snapshot) {
    const fits = to - body.span === held.version && crypto.same(body.base, held.state);
    if (held.snapshotOnly || !fits) return refuse("NEED_SNAPSHOT", "U15", held.version);
  }
  return accept({ kind: "opened", to, body, payload: read.value });
}

/** U16 and U17. */
function applied(
  crypto: Crypto,
  trust: LockTrust,
  held: Held,
  said: Pick<AcceptedManifest, "to" | "span" | "issuedAt" | "state" | "removes">,
  puts: readonly Bytes[],
): Verdict<AcceptedDelta> {
  const { to, issuedAt, state, removes } = said;
  const table = applyChange(crypto, trust.keys.digest, held.table, { removes, puts });
  if (!table.ok) return table;
  if (overCapacity(table.value, held.capacity)) return refuse("RESOURCE_EXHAUSTED", "U16");
  if (!crypto.same(tableState(crypto, trust.keys.state, to, table.value), state)) {
    return refuse("NEED_SNAPSHOT", "U17", held.version);
  }
  return accept({
    kind: "delta",
    from: held.version,
    to,
    issuedAt,
    state,
    removes,
    puts,
    table: table.value,
  });
}

function overCapacity(table: Table, capacity: number): boolean {
  return table.credentials > capacity || table.count - table.credentials > tableItemsBesideCodesMax;
}
