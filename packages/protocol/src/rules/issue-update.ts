/**
 * The authority's half of an update: seals and signs the change from one version to a later one. Its twin is
 * accept-update.ts. It decides nothing about who may open what; it carries out a change already decided.
 */

import { type Bytes, concat, noBytes } from "../bytes.ts";
import { itemBytes } from "../codes/item.ts";
import { applyChange, type Change, packItems, type Table, tableState } from "../codes/table.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { type Encrypt0, sealEncrypt0 } from "../crypto/encrypt0.ts";
import { sign1 } from "../crypto/sign1.ts";
import { itemsPerChunkMax, removesPerUpdateMax, secondsMax, updateBytesMax } from "../limits.ts";
import { type Message, messageCatalog } from "../messages/catalog.ts";
import { encodeChunk } from "../messages/chunk.ts";
import { chunksFor, manifestPayload, noHash, type Stream } from "../messages/manifest.ts";
import { packRemoves, type UpdateBody, updateBody, updatePayload } from "../messages/update.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type AuthorityLock, bodyIv, chunkKey, chunkNonce, signedContext, streamSiv } from "./trust.ts";

/** A version on its way: the messages in the order in which the lock hears them. */
export interface Issued {
  /** Version the delta applies to; undefined for a snapshot, which applies to any older one. */
  readonly from: number | undefined;
  readonly to: number;
  /** Seconds since 1970 after which the lock refuses it as EXPIRED. */
  readonly notAfter: number;
  readonly messages: readonly Message[];
  /** The table that results, and its state8. */
  readonly table: Table;
  readonly state: Bytes;
}

export interface IssuedAt {
  readonly issuedAt: number;
  readonly lifeHours: number;
}

/**
 * A delta from `from` to `to`. Small ones are one update message; larger ones (to 64 puts and 64 removes) a manifest
 * and one chunk; beyond that RESOURCE_EXHAUSTED: issue a snapshot. Other refusals are those of `applyChange`. Throws
 * RangeError unless `to` follows `from` by at most 65,536.
 */
export function issueUpdate(
  crypto: Crypto,
  tableSeed: Bytes,
  lock: AuthorityLock,
  at: IssuedAt & { readonly from: number; readonly to: number; readonly table: Table },
  change: Change,
): Verdict<Issued> {
  // Span 0 would encode, and mean a snapshot.
  if (at.to <= at.from) throw new RangeError(`a delta from ${at.from} to ${at.to}`);
  if (change.removes.length > removesPerUpdateMax || change.puts.length > itemsPerChunkMax) {
    return refuse("RESOURCE_EXHAUSTED", "issue/delta-too-large");
  }
  const applied = applyChange(crypto, lock.keys.digest, at.table, change);
  if (!applied.ok) return applied;
  const table = applied.value;
  const state = tableState(crypto, lock.keys.state, at.to, table);
  const body = {
    span: at.to - at.from,
    issuedAt: at.issuedAt,
    lifeHours: at.lifeHours,
    base: tableState(crypto, lock.keys.state, at.from, at.table),
    state,
    removes: packRemoves(change.removes),
  };
  const puts = concat(...change.puts);
  const issued = { from: at.from, to: at.to, notAfter: notAfterOf(at), table, state };
  if (puts.length <= updateBytesMax) {
    const message = signedUpdate(crypto, tableSeed, lock, at.to, { ...body, puts });
    if (message.body.length <= updateBytesMax) return accept({ ...issued, messages: [message] });
  }
  return accept({
    ...issued,
    messages: signedStream(crypto, tableSeed, lock, at.to, { ...body, puts: noBytes }, puts),
  });
}

/** The whole table at version `to`, for a lock that holds any older version, or none. */
export function issueSnapshot(
  crypto: Crypto,
  tableSeed: Bytes,
  lock: AuthorityLock,
  at: IssuedAt & { readonly to: number; readonly table: Table },
): Issued {
  const state = tableState(crypto, lock.keys.state, at.to, at.table);
  const body: UpdateBody = {
    span: 0,
    issuedAt: at.issuedAt,
    lifeHours: at.lifeHours,
    base: noBytes,
    state,
    removes: noBytes,
    puts: noBytes,
  };
  const messages = signedStream(crypto, tableSeed, lock, at.to, body, packItems(at.table));
  return { from: undefined, to: at.to, notAfter: notAfterOf(at), messages, table: at.table, state };
}

function signedUpdate(
  crypto: Crypto,
  seed: Bytes,
  lock: AuthorityLock,
  to: number,
  body: UpdateBody,
): Message {
  const { type } = messageCatalog.update;
  const payload = updatePayload.encode({ to, sealed: sealBody(crypto, lock, type, to, body) });
  return { type, body: sign1(crypto, seed, signedContext(type, lock.name), payload) };
}

/** A manifest and its chunks. Chunks are built from the last to the first: each carries its successor's hash. */
function signedStream(
  crypto: Crypto,
  seed: Bytes,
  lock: AuthorityLock,
  to: number,
  body: UpdateBody,
  items: Bytes,
): readonly Message[] {
  const { type } = messageCatalog.manifest;
  const count = items.length / itemBytes;
  const siv = streamSiv(crypto, lock, to, items);
  const key = chunkKey(crypto, lock.keys, siv);
  const chunks: Message[] = [];
  let next = noHash;
  for (let index = chunksFor(count) - 1; index >= 0; index--) {
    const plaintext = items.subarray(
      index * itemsPerChunkMax * itemBytes,
      (index + 1) * itemsPerChunkMax * itemBytes,
    );
    const aad = signedContext(messageCatalog.chunk.type, lock.name, to, count, index);
    const chunk = encodeChunk({ index, next, sealed: crypto.seal(key, chunkNonce(index), aad, plaintext) });
    chunks.unshift({ type: messageCatalog.chunk.type, body: chunk });
    next = crypto.hash(chunk);
  }
  const stream: Stream = { items: count, siv, root: next };
  const payload = manifestPayload.encode({ to, sealed: sealBody(crypto, lock, type, to, body), stream });
  return [{ type, body: sign1(crypto, seed, signedContext(type, lock.name), payload) }, ...chunks];
}

function sealBody(crypto: Crypto, lock: AuthorityLock, type: number, to: number, body: UpdateBody): Encrypt0 {
  const aad = signedContext(type, lock.name, to);
  const plaintext = updateBody.encode(body);
  return sealEncrypt0(crypto, lock.keys.update, bodyIv(crypto, lock.keys, aad, plaintext), aad, plaintext);
}

function notAfterOf(at: IssuedAt): number {
  return Math.min(at.issuedAt + at.lifeHours * 3_600, secondsMax);
}
