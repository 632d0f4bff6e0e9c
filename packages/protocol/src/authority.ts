/**
 * The authority's face, the mirror image of the lock's: it issues updates and accepts receipts. It cannot sign a
 * receipt.
 */

export { ascii, type Bytes, concat, copy, equal, fromHex, noBytes, toHex } from "./bytes.ts";
export {
  constant,
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
  alwaysCredential,
  type Credential,
  type CredentialClass,
  credentialClasses,
  credentialTag,
  dailyTag,
  decodeItem,
  encodeItem,
  firstCredentialId,
  firstHolidayId,
  firstRuleId,
  firstZoneId,
  type Holiday,
  type Item,
  itemBytes,
  itemId,
  type LockProfile,
  lastCredentialId,
  lastHolidayId,
  lastRuleId,
  lastZoneId,
  lockProfiles,
  plainRule,
  type Rule,
  type Settings,
  settingsId,
  tagBytes,
  type Window,
  type Zone,
} from "./codes/item.ts";
export {
  appTag,
  type CodeLength,
  cardTag,
  codeLengths,
  dailyCodeLength,
  pinTag,
  type WeakCode,
  weakCode,
} from "./codes/pin.ts";
export {
  applyChange,
  type Change,
  changeBetween,
  digestWith,
  emptyTable,
  packItems,
  type Table,
  tableFromItems,
  tableState,
} from "./codes/table.ts";
export { type Crypto, createCrypto } from "./crypto/crypto.ts";
export { portable } from "./crypto/portable.ts";
export type { Provider } from "./crypto/provider.ts";
export * from "./limits.ts";
export { readRefusal } from "./messages/answers.ts";
export { type CapabilitySaid, readCapability } from "./messages/capability.ts";
export { type Message, messageCatalog, messageType } from "./messages/catalog.ts";
export {
  type CommissionOffer,
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
export { lockTagBytes, nonceBytes } from "./messages/hello.ts";
export {
  firstHead,
  headBytes,
  type LogPlace,
  readSegmentHead,
  type SegmentHead,
} from "./messages/log.ts";
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
export type { RotationSaid } from "./messages/rotation.ts";
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
export { issueCapability } from "./rules/capability.ts";
export { type Commission, finishCommission, issueCommission, type LockPublic } from "./rules/commission.ts";
export {
  type DeltaSpan,
  type Issued,
  type IssuedAt,
  issueDelta,
  issueSnapshot,
  issueUpdate,
} from "./rules/issue-update.ts";
export { type AcceptedSegment, acceptSegment, issueAck } from "./rules/log.ts";
export { acceptReceipt } from "./rules/receipt.ts";
export { issueRotation } from "./rules/rotation.ts";
export { issueTime } from "./rules/time.ts";
export {
  type AuthorityLock,
  type AuthorityPublic,
  type LockKeys,
  type LockName,
  lockKeyNames,
} from "./rules/trust.ts";
