/**
 * update: a delta small enough to ride inside its signed message (at most 512 bytes). Larger ones are a manifest.
 *
 *   message  COSE_Sign1(payload), kTable, external AAD ctx(2, lockId, epoch)
 *   payload  [to, COSE_Encrypt0(body)], sealed under K_upd, external AAD ctx(2, lockId, epoch, to)
 *   body     [span, issuedAt, lifeHours, base 8, state 8, removes 3n, puts 29n]
 *
 * Lock id, epoch, suite and type are signed, not sent. One removal is 149 bytes, one put 176.
 */

import { type Bytes, readUint, writeUint } from "../bytes.ts";
import { fixedBytes, type ShapeValue, shape, someBytes, uint } from "../cbor/schema.ts";
import { itemBytes } from "../codes/item.ts";
import { stateBytes } from "../codes/table.ts";
import { encrypt0Field } from "../crypto/encrypt0.ts";
import {
  itemsPerChunkMax,
  lifeHoursMax,
  removesPerUpdateMax,
  secondsMax,
  updateBytesMax,
  versionLeapMax,
  versionMax,
} from "../limits.ts";

export const removeBytes = 3;

export const updatePayload = shape("update", {
  to: uint(versionMax),
  sealed: encrypt0Field,
});

/** What is sealed; a manifest seals the same record with no puts (they stream). */
export const updateBody = shape("update-body", {
  /** to - from; 0: a snapshot, which has no base. */
  span: uint(versionLeapMax),
  issuedAt: uint(secondsMax),
  /** Deliverable until issuedAt + lifeHours. */
  lifeHours: uint(lifeHoursMax),
  /** state8 of the table the delta applies to; empty in a snapshot. */
  base: someBytes(0, stateBytes),
  /** state8 of the table that results. */
  state: fixedBytes(stateBytes),
  removes: someBytes(0, removesPerUpdateMax * removeBytes),
  puts: someBytes(0, Math.min(updateBytesMax, itemsPerChunkMax * itemBytes)),
});

export type UpdateBody = ShapeValue<typeof updateBody>;

export function packRemoves(ids: readonly number[]): Bytes {
  const packed = new Uint8Array(ids.length * removeBytes);
  for (const [i, id] of ids.entries()) writeUint(packed, i * removeBytes, removeBytes, id);
  return packed;
}

/** Ids of 3n bytes; undefined when the length is no multiple of three. */
export function unpackRemoves(packed: Bytes): readonly number[] | undefined {
  if (packed.length % removeBytes !== 0) return undefined;
  return Array.from({ length: packed.length / removeBytes }, (_, i) =>
    readUint(packed, i * removeBytes, removeBytes),
  );
}

/** Items of 29n bytes; undefined when the length is no multiple. */
export function unpackItems(packed: Bytes): readonly Bytes[] | undefined {
  if (packed.length % itemBytes !== 0) return undefined;
  return Array.from({ length: packed.length / itemBytes }, (_, i) =>
    packed.slice(i * itemBytes, (i + 1) * itemBytes),
  );
}
