/**
 * The face `@doorsync/authority/core`: the property's rules and the planning of what a lock must hear. No I/O, no
 * database, no clock and no randomness of its own; a simulated world runs these very rules.
 */
export { buildParcels, deltaBasesMax, type ParcelPlan, planParcels, type Signer } from "./issue/parcels.ts";
export {
  doorcodeRuleId,
  houseItems,
  type IssueAt,
  lastSecond,
  type NextVersion,
  nextVersion,
  type TagOf,
  tablesAt,
} from "./issue/version.ts";
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
  assignCode,
  type CodeLife,
  type DoorKind,
  handOut,
  type IssuedVersion,
  type ItemSpan,
  type Ledger,
  type LockStanding,
  liveCode,
  type NewCode,
  newestVersion,
  openEpoch,
  possiblyHeld,
  resetCode,
  revokeCode,
  takenMarks,
} from "./model/ledger.ts";
export {
  type AtTheDoor,
  atTheDoor,
  type CodeState,
  codeState,
  holds,
  isPending,
  type ReceiptOutcome,
  type ReceiptWord,
  releaseCodes,
  takeReceipt,
} from "./model/proof.ts";
