/**
 * time: the authority's word for the time, bound to one nonce of one lock.
 *
 *   message  COSE_Sign1([seconds]), kTime, external AAD ctx(5, lockId, epoch, nonce 16)        79 bytes
 */

import { type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { secondsMax } from "../limits.ts";

export const timePayload = shape("time", {
  seconds: uint(secondsMax),
});

export type TimeSaid = ShapeValue<typeof timePayload>;
