/**
 * rotation: the authority's root key replaces the keys that work online, and begins a new epoch by it. Bound to the
 * lock, not to the epoch that it ends: a lock that missed one rotation takes the next.
 *
 *   message  COSE_Sign1(payload), kRoot, external AAD ctx(11, lockId)
 *   payload  [epoch, issuedAt, table, capability, time, box]        217 bytes in all at epoch 2
 */

import { fixedBytes, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { secondsMax, versionMax } from "../limits.ts";
import { keyBytes } from "./commission.ts";

export const rotationPayload = shape("rotation", {
  /** The epoch that begins. */
  epoch: uint(versionMax),
  issuedAt: uint(secondsMax),
  table: fixedBytes(keyBytes),
  capability: fixedBytes(keyBytes),
  time: fixedBytes(keyBytes),
  box: fixedBytes(keyBytes),
});

export type RotationSaid = ShapeValue<typeof rotationPayload>;
