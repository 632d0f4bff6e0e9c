/**
 * The lock's face: what firmware needs to judge what it hears and to give its signed word. It accepts updates and
 * signs receipts; it cannot issue an update.
 */

export {
  ascii,
  type Bytes,
  concat,
  copy,
  equal,
  fromHex,
  noBytes,
  readUint,
  toHex,
  writeUint,
} from "./bytes.ts";
export { encode } from "./cbor/codec.ts";
export {
  constant,
  type Field,
  fixedBytes,
  listOf,
  nested,
  optional,
  type Shape,
  type ShapeValue,
  shape,
  shortText,
  someBytes,
  uint,
} from "./cbor/schema.ts";
export { type DailyCodeOf, dailyCode, localDay } from "./codes/daily.ts";
export {
  type Credential,
  type CredentialClass,
  credentialTag,
  dailyTag,
  decodeItem,
  encodeItem,
  firstCredentialId,
  type Item,
  itemBytes,
  itemId,
  type Rule,
  type Settings,
  settingsId,
  tagBytes,
  type Window,
} from "./codes/item.ts";
export { appTag, cardTag, dailyCodeLength, pinTag } from "./codes/pin.ts";
export {
  applyChange,
  type Change,
  decodedCredential,
  digestBytes,
  digestWith,
  emptyTable,
  packItems,
  ruleOf,
  stateBytes,
  stateOf,
  type Table,
  tableFromItems,
  tableState,
} from "./codes/table.ts";
export { type Crypto, createCrypto } from "./crypto/crypto.ts";
export { portable } from "./crypto/portable.ts";
export type { Provider } from "./crypto/provider.ts";
export * from "./limits.ts";
export { emptyInbox, emptyOutbox, type Heard, hear, type Inbox, type Outbox, segment } from "./link/frame.ts";
export {
  advertisedName,
  encodeAdvertisement,
  encodeScanResponse,
  frameBytesFor,
  gatt,
  type Hint,
  hintedFlags,
  mtuMin,
} from "./link/gatt.ts";
export { encodeNext, encodeRefusal } from "./messages/answers.ts";
export {
  bodyBytesMax,
  type Message,
  type MessageName,
  messageCatalog,
  messageName,
  messageType,
} from "./messages/catalog.ts";
export {
  formatSetup,
  keyBytes,
  lockIdBytes,
  parseSetup,
  type Setup,
  setupSecretBytes,
  setupTag,
} from "./messages/commission.ts";
export { type Condition, conditionFlags } from "./messages/condition.ts";
export {
  type AlarmName,
  alarmCodes,
  decodeEvent,
  type EventClass,
  type EventKind,
  encodeEvent,
  eventBytes,
  eventClasses,
  eventClassOf,
  eventFlags,
  eventKinds,
  type LockEvent,
  lockOperationTypes,
  nameOf,
  type OperationSource,
  operationErrors,
  operationSources,
} from "./messages/event.ts";
export {
  encodeHello,
  type Hello,
  helloFlags,
  lockTagBytes,
  nonceBytes,
  protocolVersion,
  readHelloRequest,
} from "./messages/hello.ts";
export { firstHead, headBytes, type LogPlace, readPull, segmentEventsMax } from "./messages/log.ts";
export { chunksFor, noHash, rootBytes, sivBytes } from "./messages/manifest.ts";
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
export {
  type AcceptedChunk,
  type AcceptedDelta,
  type AcceptedManifest,
  type AcceptedSnapshot,
  type AlreadyHeld,
  acceptChunk,
  acceptManifest,
  acceptUpdate,
  type ChunkExpected,
  completeDelta,
  completeSnapshot,
  type Held,
} from "./rules/accept-update.ts";
export {
  type AcceptedCommission,
  acceptCommission,
  type Commissionable,
  type LockPublic,
} from "./rules/commission.ts";
export { acceptAck, issueSegment, type LogHeld, nextHead } from "./rules/log.ts";
export { issueReceipt } from "./rules/receipt.ts";
export { type AcceptedRotation, acceptRotation } from "./rules/rotation.ts";
export { acceptTime, type TimeAsked } from "./rules/time.ts";
export {
  type AuthorityPublic,
  type LockKeys,
  type LockName,
  type LockTrust,
  lockKeyNames,
} from "./rules/trust.ts";
export {
  acceptUnlock,
  acceptUnlockStart,
  type Channel,
  sealUnlocked,
  type UnlockMet,
} from "./rules/unlock.ts";
export { lockMayHear, type Standing } from "./session/dialogue.ts";
