/**
 * The courier's face: what a phone needs to carry parcels to a lock and receipts back, and to ask for its own door.
 * It can neither sign nor accept an update, and it opens no parcel; that is the point of it. What it signs is one thing:
 * an unlock, with the device's own key.
 */

export { type Bytes, equal, fromHex, toHex } from "./bytes.ts";
export { type Crypto, createCrypto } from "./crypto/crypto.ts";
export { portable } from "./crypto/portable.ts";
export type { Provider } from "./crypto/provider.ts";
export { chunksInFlightMax, frameBytesDefault, frameBytesMax, frameBytesMin } from "./limits.ts";
export { emptyInbox, emptyOutbox, type Heard, hear, type Inbox, type Outbox, segment } from "./link/frame.ts";
export {
  type Advertised,
  advertisedName,
  encodeAdvertisement,
  encodeScanResponse,
  frameBytesFor,
  gatt,
  type Hint,
  hintedFlags,
  mtuMin,
  readAdvertised,
  readHint,
} from "./link/gatt.ts";
export {
  encodeNext,
  encodeRefusal,
  type Next,
  type RefusalSaid,
  readNext,
  readRefusal,
} from "./messages/answers.ts";
export { type CapabilitySaid, readCapability } from "./messages/capability.ts";
export {
  bodyBytesMax,
  type Direction,
  type Message,
  type MessageName,
  messageCatalog,
  messageName,
  messageType,
} from "./messages/catalog.ts";
export { type Condition, conditionFlags } from "./messages/condition.ts";
export { encodeHelloRequest, type Hello, helloFlags, protocolVersion, readHello } from "./messages/hello.ts";
export { encodePull, readSegmentHead, type SegmentHead } from "./messages/log.ts";
export {
  decodeParcel,
  decodeReturnSlip,
  encodeParcel,
  encodeReturnSlip,
  type Parcel,
  type ParcelKind,
  parcelBytesMax,
  type ReturnKind,
  type ReturnSlip,
  returnSlipBytesMax,
} from "./messages/parcel.ts";
export { type ReceiptSaid, receiptFlags } from "./messages/receipt.ts";
export type { Unlocked } from "./messages/unlock.ts";
export {
  accept,
  describeRefusal,
  type RefusalName,
  type Refused,
  refusalByCode,
  refusals,
  refuse,
  type Verdict,
} from "./refusal.ts";
export { checkParcel, checkReceipt } from "./rules/check-parcel.ts";
export type { LockName } from "./rules/trust.ts";
export { askUnlock, type DoorKey, readUnlocked, startUnlock, type UnlockAsked } from "./rules/unlock.ts";
export { type Asking, courierMayHear } from "./session/dialogue.ts";
