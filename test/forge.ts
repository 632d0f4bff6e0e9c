/**
 * Messages that an honest authority would never issue, signed and sealed with its own keys: what lets a test reach
 * the checks behind the signature. Not an attacker's means: an attacker has no such keys.
 */
import { type Bytes, concat, writeUint } from "../packages/protocol/src/bytes.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import type { Table } from "../packages/protocol/src/codes/table.ts";
import { tableState } from "../packages/protocol/src/codes/table.ts";
import type { Crypto } from "../packages/protocol/src/crypto/crypto.ts";
import { sealEncrypt0 } from "../packages/protocol/src/crypto/encrypt0.ts";
import { sign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { lifeHoursDefault } from "../packages/protocol/src/limits.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { encodeChunk } from "../packages/protocol/src/messages/chunk.ts";
import { manifestPayload, noHash, type Stream } from "../packages/protocol/src/messages/manifest.ts";
import {
  packRemoves,
  type UpdateBody,
  updateBody,
  updatePayload,
} from "../packages/protocol/src/messages/update.ts";
import {
  type AuthorityLock,
  bodyIv,
  chunkKey,
  chunkNonce,
  type LockKeys,
  signedContext,
  streamSiv,
} from "../packages/protocol/src/rules/trust.ts";
import { issuedAt } from "./arbitraries.ts";

/** A body as the authority would write it for this step; a test then spoils one field. */
export function bodyFor(
  crypto: Crypto,
  keys: LockKeys,
  step: { readonly from: number; readonly to: number; readonly base: Table; readonly result: Table },
  change: { readonly removes: readonly number[]; readonly puts: readonly Bytes[] },
): UpdateBody {
  return {
    span: step.to - step.from,
    issuedAt,
    lifeHours: lifeHoursDefault,
    base: tableState(crypto, keys.state, step.from, step.base),
    state: tableState(crypto, keys.state, step.to, step.result),
    removes: packRemoves(change.removes),
    puts: concat(...change.puts),
  };
}

/** An update whose sealed body is `body`: a record, or any bytes at all. */
export function forgeUpdate(
  crypto: Crypto,
  seed: Bytes,
  lock: AuthorityLock,
  to: number,
  body: UpdateBody | Bytes,
): Bytes {
  const { type } = messageCatalog.update;
  return forgeSigned(
    crypto,
    seed,
    lock,
    type,
    updatePayload.encode({ to, sealed: seal(crypto, lock, type, to, body) }),
  );
}

/** A manifest over a stream and a body that need not fit each other. */
export function forgeManifest(
  crypto: Crypto,
  seed: Bytes,
  lock: AuthorityLock,
  to: number,
  body: UpdateBody | Bytes,
  stream: Stream,
): Bytes {
  const { type } = messageCatalog.manifest;
  const payload = manifestPayload.encode({ to, sealed: seal(crypto, lock, type, to, body), stream });
  return forgeSigned(crypto, seed, lock, type, payload);
}

/** Any payload under the signature context of any type. */
export function forgeSigned(
  crypto: Crypto,
  seed: Bytes,
  lock: Pick<AuthorityLock, "name">,
  type: number,
  payload: Bytes,
): Bytes {
  return sign1(crypto, seed, signedContext(type, lock.name), payload);
}

/** A chunk with any index, successor and content, sealed for the place `sealedIndex` of a stream. */
export function forgeChunk(
  crypto: Crypto,
  lock: AuthorityLock,
  place: { readonly to: number; readonly items: number; readonly siv: Bytes; readonly sealedIndex: number },
  said: { readonly index: number; readonly next?: Bytes; readonly items: Bytes },
): Bytes {
  const { type } = messageCatalog.chunk;
  const aad = signedContext(type, lock.name, place.to, place.items, place.sealedIndex);
  const key = chunkKey(crypto, lock.keys, place.siv);
  const sealed = crypto.seal(key, chunkNonce(place.sealedIndex), aad, said.items);
  return encodeChunk({ index: said.index, next: said.next ?? noHash, sealed });
}

/** Name of the stream of these items, as the authority would choose it. */
export function sivOf(crypto: Crypto, lock: AuthorityLock, to: number, items: Bytes): Bytes {
  return streamSiv(crypto, lock, to, items);
}

/** The same signature with S + L: the same number to the curve, another one on the air. */
export function withGroupOrderAdded(signature: Bytes): Bytes {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = 0n;
  for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(signature[i] ?? 0);
  s += order;
  const moved = new Uint8Array(signature);
  for (let i = 32; i < 64; i++) {
    moved[i] = Number(s & 0xffn);
    s >>= 8n;
  }
  return moved;
}

/** The same COSE_Sign1 with other parts. */
export function sign1Of(payload: Bytes, signature: Bytes): Bytes {
  return encode([new Uint8Array([0xa1, 0x01, 0x27]), new Map(), payload, signature]);
}

/** A copy with one bit flipped; bit 0 is the highest of the first byte. */
export function flipped(bytes: Bytes, bit: number): Bytes {
  const other = new Uint8Array(bytes);
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return other;
}

/** 29 bytes of an item with `width` bytes at `at` replaced. */
export function withUint(item: Bytes, at: number, width: 1 | 2 | 3 | 4, value: number): Bytes {
  const other = new Uint8Array(item);
  writeUint(other, at, width, value);
  return other;
}

function seal(crypto: Crypto, lock: AuthorityLock, type: number, to: number, body: UpdateBody | Bytes) {
  const aad = signedContext(type, lock.name, to);
  const plaintext = body instanceof Uint8Array ? body : updateBody.encode(body);
  return sealEncrypt0(crypto, lock.keys.update, bodyIv(crypto, lock.keys, aad, plaintext), aad, plaintext);
}

/** An empty stream, for manifests that promise no items. */
export const emptyStream: Stream = { items: 0, siv: new Uint8Array(16), root: noHash };
