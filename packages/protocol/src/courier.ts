/**
 * The courier's face: what a phone needs to carry parcels to a lock and receipts back. It can neither sign nor
 * accept an update, and it opens nothing; that is the point of it.
 */

export { type Bytes, equal, fromHex, toHex } from "./bytes.ts";
export { type Crypto, createCrypto } from "./crypto/crypto.ts";
export { portable } from "./crypto/portable.ts";
export type { Provider } from "./crypto/provider.ts";
export { frameBytesDefault, frameBytesMax, frameBytesMin } from "./limits.ts";
export { emptyInbox, emptyOutbox, type Heard, hear, type Inbox, type Outbox, segment } from "./link/frame.ts";
export {
  encodeNext,
  encodeRefusal,
  type Next,
  type RefusalSaid,
  readNext,
  readRefusal,
} from "./messages/answers.ts";
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
export { type Asking, courierMayHear } from "./session/dialogue.ts";
