/**
 * chunk: up to 64 items of a manifest's stream. Not signed: its hash was, through the manifest's root or the chunk
 * before it.
 *
 *   message  [index, next 32 | ciphertext | tag 16]
 *   key      HKDF-SHA-256(K_upd, salt siv, "doorsync/1 chunk"), nonce = index, AAD ctx(6, lockId, epoch, to, items, index)
 */

import { type Bytes, concat } from "../bytes.ts";
import { shape, someBytes, uint } from "../cbor/schema.ts";
import { itemBytes } from "../codes/item.ts";
import { capacityMax, itemsPerChunkMax, tableItemsBesideCodesMax } from "../limits.ts";
import { chunksFor, rootBytes } from "./manifest.ts";

const aeadTagBytes = 16;

const chunkShape = shape("chunk", {
  index: uint(chunksFor(capacityMax + tableItemsBesideCodesMax)),
  content: someBytes(
    rootBytes + itemBytes + aeadTagBytes,
    rootBytes + itemsPerChunkMax * itemBytes + aeadTagBytes,
  ),
});

export interface Chunk {
  readonly index: number;
  /** SHA-256 of the following chunk's message, zeros in the last. */
  readonly next: Bytes;
  /** Items and the AEAD's tag. */
  readonly sealed: Bytes;
}

export function encodeChunk(chunk: Chunk): Bytes {
  return chunkShape.encode({ index: chunk.index, content: concat(chunk.next, chunk.sealed) });
}

export function readChunk(body: Bytes, bytesMax: number): Chunk | undefined {
  const read = chunkShape.decode(body, bytesMax);
  if (!read.ok) return undefined;
  const { index, content } = read.value;
  return { index, next: content.slice(0, rootBytes), sealed: content.slice(rootBytes) };
}
