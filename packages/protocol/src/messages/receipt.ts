/**
 * receipt: the lock's signed word for what it durably holds; Uptane calls it a version report. The request for it
 * is an empty body.
 *
 *   message  COSE_Sign1(payload), the lock's own key, external AAD ctx(4, lockId, epoch)
 *   payload  [version, issuedAt, state 8, lowerSeconds, flags]        98 bytes in all at version 1,042
 */

import { fixedBytes, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { stateBytes } from "../codes/table.ts";
import { secondsMax, versionMax } from "../limits.ts";
import { flagsMax } from "./condition.ts";

/** Bits of `flags`, beside those of condition.ts. */
export const receiptFlags = {
  /** Proves nothing: flash does not hold the table that the secure element names; no code opens, a snapshot is needed. */
  damaged: 1,
  /** The clock was lost. */
  timeUnknown: 2,
} as const;

export const receiptPayload = shape("receipt", {
  version: uint(versionMax),
  /** Of the update that made this version. */
  issuedAt: uint(secondsMax),
  state: fixedBytes(stateBytes),
  /** The lock's lower time bound when it signed: how old a replayed receipt is. */
  lowerSeconds: uint(secondsMax),
  flags: uint(flagsMax),
});

export type ReceiptSaid = ShapeValue<typeof receiptPayload>;
