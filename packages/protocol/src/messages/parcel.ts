/**
 * What a courier holds in its hands: parcels on the way to a lock, and return slips on the way back. Files in a
 * mailbox and bodies at an HTTP service carry exactly these bytes. Nothing in them is secret from the courier, and
 * the wrapper is a convenience for sorting: the lock judges the messages inside alone.
 *
 *   parcel       ["doorsync-parcel/1", kind, lockId 16, tag 8, epoch, from, to, notAfter, lockKey, tableKey, [[type, body], ...]]
 *   return slip  ["doorsync-return/1", kind, lockId 16, tag 8, epoch, to, body]
 */

import type { Bytes } from "../bytes.ts";
import {
  constant,
  fixedBytes,
  listOf,
  nested,
  type ShapeValue,
  shape,
  someBytes,
  uint,
} from "../cbor/schema.ts";
import {
  capacityMax,
  itemsPerChunkMax,
  messageBytesMax,
  secondsMax,
  tableItemsBesideCodesMax,
  versionMax,
} from "../limits.ts";
import { accept, type Verdict } from "../refusal.ts";
import { keyBytes, lockIdBytes } from "./commission.ts";
import { lockTagBytes } from "./hello.ts";

export const parcelKinds = { update: 0, snapshot: 1, commission: 2, rotation: 3, ack: 4 } as const;
export type ParcelKind = keyof typeof parcelKinds;
export const returnKinds = { receipt: 0, commission: 1, refusal: 2, log: 3 } as const;
export type ReturnKind = keyof typeof returnKinds;

const parcelMessagesMax = 1 + Math.ceil((capacityMax + tableItemsBesideCodesMax) / itemsPerChunkMax);
export const parcelBytesMax: number = 1_024 + parcelMessagesMax * (messageBytesMax + 8);
export const returnSlipBytesMax: number = 1_024 + messageBytesMax;

const messageShape = shape("message", { type: uint(0xff), body: someBytes(0, messageBytesMax) });

const parcelShape = shape("parcel", {
  format: constant("doorsync-parcel/1"),
  kind: uint(parcelKinds.ack),
  lockId: fixedBytes(lockIdBytes),
  /** How the lock shows itself in hello: the setup tag for a commission, the assigned tag afterwards. */
  tag: fixedBytes(lockTagBytes),
  epoch: uint(versionMax),
  /** Version the delta applies to; 0 in every other kind. */
  from: uint(versionMax),
  /** Version that results; of a rotation the epoch that begins, of an ack the sequence number acknowledged. */
  to: uint(versionMax),
  /** Seconds since 1970 after which the lock answers EXPIRED. */
  notAfter: uint(secondsMax),
  /** The lock's receipt key; zeros in a commission, where it is not known yet. */
  lockKey: fixedBytes(keyBytes),
  /** The key under which the first message verifies: the table key, in a rotation the root key. */
  tableKey: fixedBytes(keyBytes),
  messages: listOf(nested(messageShape), parcelMessagesMax),
});

export type Parcel = Omit<ShapeValue<typeof parcelShape>, "format" | "kind"> & { readonly kind: ParcelKind };

const returnShape = shape("return-slip", {
  format: constant("doorsync-return/1"),
  kind: uint(returnKinds.log),
  lockId: fixedBytes(lockIdBytes),
  tag: fixedBytes(lockTagBytes),
  epoch: uint(versionMax),
  /** Version of the parcel that this answers; of a log segment the sequence number it was pulled after. */
  to: uint(versionMax),
  /** The lock's message body, untouched. */
  body: someBytes(0, messageBytesMax),
});

export type ReturnSlip = Omit<ShapeValue<typeof returnShape>, "format" | "kind"> & {
  readonly kind: ReturnKind;
};

export function encodeParcel(parcel: Parcel): Bytes {
  return parcelShape.encode({ ...parcel, format: "doorsync-parcel/1", kind: parcelKinds[parcel.kind] });
}

/** MALFORMED for foreign or half-written bytes. The parcel is sorted by, not believed: see checkParcel. */
export function decodeParcel(bytes: Bytes): Verdict<Parcel> {
  const read = parcelShape.decode(bytes, parcelBytesMax);
  if (!read.ok) return read;
  const { format: _, kind, ...parcel } = read.value;
  return accept({ ...parcel, kind: kindOf(parcelKinds, kind) });
}

export function encodeReturnSlip(slip: ReturnSlip): Bytes {
  return returnShape.encode({ ...slip, format: "doorsync-return/1", kind: returnKinds[slip.kind] });
}

export function decodeReturnSlip(bytes: Bytes): Verdict<ReturnSlip> {
  const read = returnShape.decode(bytes, returnSlipBytesMax);
  if (!read.ok) return read;
  const { format: _, kind, ...slip } = read.value;
  return accept({ ...slip, kind: kindOf(returnKinds, kind) });
}

/** The field's own bound left only numbers of the table. */
function kindOf<K extends string>(kinds: Readonly<Record<K, number>>, value: number): K {
  const kind = (Object.keys(kinds) as K[]).find((name) => kinds[name] === value);
  if (kind === undefined) throw new RangeError(`kind ${value}`);
  return kind;
}
