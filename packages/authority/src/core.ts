/**
 * The face `@doorsync/authority/core`: the property's rules and the planning of what a lock must hear. No I/O, no
 * database, no clock and no randomness of its own; a simulated world runs these very rules.
 */

export { doorcodeRuleId, houseItems, type TagOf } from "./issue/items.ts";
export {
  ackParcel,
  buildParcels,
  deltaBasesMax,
  type ParcelPlan,
  planParcels,
  rotationParcel,
  type Signer,
} from "./issue/parcels.ts";
export { type TimeAsked, timeToken } from "./issue/time.ts";
export {
  type IssueAt,
  lastSecond,
  type NextVersion,
  nextVersion,
  tablesAt,
} from "./issue/version.ts";
export { type AtTheDoor, atTheDoor, type Moment } from "./model/at-the-door.ts";
export { allowedLength, drawCode, type Fill } from "./model/code.ts";
export {
  type Decision,
  type DenialName,
  type Denied,
  denials,
  deny,
  describeDenial,
  grant,
} from "./model/denial.ts";
export {
  emptyJournal,
  gapIn,
  type Journal,
  type LogGap,
  type LogOutcome,
  type TakenLog,
  takeSegment,
  withoutSuperseded,
} from "./model/journal.ts";
export {
  assignCode,
  type CodeLife,
  changeTerms,
  classOf,
  type DoorKind,
  handOut,
  type IssuedVersion,
  type ItemSpan,
  isInEpoch,
  type Ledger,
  type LockStanding,
  liveCode,
  type NewCode,
  newestVersion,
  openEpoch,
  possiblyHeld,
  resetCode,
  revokeCode,
  rotateEpoch,
  suspendCode,
  takenMarks,
} from "./model/ledger.ts";
export { type MatrixRow, matrixRows, mayAct } from "./model/permission.ts";
export { type Policy, plainPolicy } from "./model/policy.ts";
export {
  type CodeState,
  codeState,
  holds,
  isPending,
  type ReceiptOutcome,
  type ReceiptWord,
  releaseCodes,
  takeReceipt,
} from "./model/proof.ts";
export {
  fitHouse,
  fitTerms,
  type House,
  type OffsetChange,
  plainHouse,
  plainTerms,
  type Terms,
  type TimeSpan,
  windowsMax,
} from "./model/terms.ts";
