/**
 * manifest: announces a stream of chunks too large for an update. A span of 0 is a snapshot of the whole table; a
 * larger span is a delta whose puts come in one chunk (its removes ride in the sealed body).
 *
 *   message  COSE_Sign1(payload), kTable, external AAD ctx(3, lockId, epoch)
 *   payload  [to, COSE_Encrypt0(body), [items, siv 16, root 32]]
 *
 * `root` is SHA-256 of the first chunk; each chunk carries the hash of its successor, so each is authenticated
 * before a byte of it is programmed and the lock keeps one hash at a time.
 */

import type { Bytes } from "../bytes.ts";
import { fixedBytes, nested, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { encrypt0Field } from "../crypto/encrypt0.ts";
import { capacityMax, itemsPerChunkMax, tableItemsBesideCodesMax, versionMax } from "../limits.ts";

export const rootBytes = 32;
export const sivBytes = 16;

const stream = shape("stream", {
  items: uint(capacityMax + tableItemsBesideCodesMax),
  siv: fixedBytes(sivBytes),
  root: fixedBytes(rootBytes),
});

export type Stream = ShapeValue<typeof stream>;

export const manifestPayload = shape("manifest", {
  to: uint(versionMax),
  sealed: encrypt0Field,
  stream: nested(stream),
});

/** Chunks that carry so many items. */
export function chunksFor(items: number): number {
  return Math.ceil(items / itemsPerChunkMax);
}

/** Hash that the last chunk carries as its successor's, and the root of an empty stream. */
export const noHash: Bytes = new Uint8Array(rootBytes);
