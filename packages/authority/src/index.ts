/**
 * The library face of the property side: the rules of `core`, and the store, keys, mailbox and office around them.
 * Programs compose these; the command line is one such program and is not exported.
 */
export * from "./core.ts";
export {
  adoptNextKeys,
  createKeys,
  drawNextKeys,
  type KeyRing,
  keyFingerprint,
  nextKeys,
  onlineFingerprint,
  publicKeys,
  readKeys,
} from "./keys/ring.ts";
export { createVault, packLockKeys, unpackLockKeys, type Vault } from "./keys/vault.ts";
export { type FoundSlip, type MailboxFolder, openMailbox, parcelName } from "./mailbox/folder.ts";
export { assign, type CodeWord, codesOf, type Revoked, reset, revoke, suspend } from "./office/codes.ts";
export { type Commissioning, commission } from "./office/commission.ts";
export { type Issue, type IssueWish, issue } from "./office/issue.ts";
export { type DoorLog, type LogEntry, readLog } from "./office/log.ts";
export { findDoor, findPerson, type Office } from "./office/office.ts";
export { type Received, receive, type SlipOutcome, type TakenSlip } from "./office/receive.ts";
export { registerDoor, registerPerson, registerProperty } from "./office/register.ts";
export { type RotatedDoor, rotateKeys } from "./office/rotate.ts";
export { type CodeStatus, type DoorStatus, status } from "./office/status.ts";
export { loadLedger, loadSpans, withDoor } from "./store/ledgers.ts";
export { type Database, openStore, type Place } from "./store/open.ts";
export { claimInstallation, hangLock, isInstallation } from "./store/registry.ts";
export { Trouble } from "./trouble.ts";
