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

/** Two versions of one lock, and the state8 of the table at each. */
export interface DeltaSpan {
  readonly from: number;
  readonly to: number;
  readonly base: Bytes;
  readonly state: Bytes;
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
  const tooMuch = unfitDelta(at, change);
  if (tooMuch !== undefined) return tooMuch;
  const applied = applyChange(crypto, lock.keys.digest, at.table, change);
  if (!applied.ok) return applied;
  const table = applied.value;
  const { issuedAt, lifeHours, from, to } = at;
  const base = tableState(crypto, lock.keys.state, from, at.table);
  const state = tableState(crypto, lock.keys.state, to, table);
  const messages = signedDelta(
    crypto,
    tableSeed,
    lock,
    { issuedAt, lifeHours, from, to, base, state },
    change,
  );
  return accept({ from, to, notAfter: notAfterOf(at), messages, table, state });
}

/**
 * The same delta where both states are known from when the versions were made, so that no table is put together and no
 * digest counted. The caller answers for the change: it leads from a table with state `base` to one with `state`.
 */
export function issueDelta(
  crypto: Crypto,
  tableSeed: Bytes,
  lock: AuthorityLock,
  at: IssuedAt & DeltaSpan,
  change: Change,
): Verdict<Omit<Issued, "table">> {
  const tooMuch = unfitDelta(at, change);
  if (tooMuch !== undefined) return tooMuch;
  const messages = signedDelta(crypto, tableSeed, lock, at, change);
  return accept({ from: at.from, to: at.to, notAfter: notAfterOf(at), messages, state: at.state });
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

function unfitDelta(at: Pick<DeltaSpan, "from" | "to">, change: Change): Verdict<never> | undefined {
  // Span 0 would encode, and mean a snapshot.
  if (at.to <= at.from) throw new RangeError(`a delta from ${at.from} to ${at.to}`);
  const fits = change.removes.length <= removesPerUpdateMax && change.puts.length <= itemsPerChunkMax;
  return fits ? undefined : refuse("RESOURCE_EXHAUSTED", "issue/delta-too-large");
}

function signedDelta(
  crypto: Crypto,
  seed: Bytes,
  lock: AuthorityLock,
  at: IssuedAt & DeltaSpan,
  change: Change,
): readonly Message[] {
  const body = {
    span: at.to - at.from,
    issuedAt: at.issuedAt,
    lifeHours: at.lifeHours,
    base: at.base,
    state: at.state,
    removes: packRemoves(change.removes),
  };
  const puts = concat(...change.puts);
  if (puts.length <= updateBytesMax) {
    const message = signedUpdate(crypto, seed, lock, at.to, { ...body, puts });
    if (message.body.length <= updateBytesMax) return [message];
  }
  return signedStream(crypto, seed, lock, at.to, { ...body, puts: noBytes }, puts);
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
