/** The courier's pure core: satchel, visit, errand and their driver, with no I/O, no clock and no transport. */
export { type SyncResult, sync } from "./courier.ts";
export {
  type Effect,
  type Errand,
  type ErrandLent,
  type Event,
  type Step,
  startErrand,
  stepErrand,
} from "./errand/errand.ts";
export {
  conditionsIn,
  describeCondition,
  describeOutcome,
  describeUnfit,
  isUngreeted,
  type LockCondition,
  type Outcome,
  type Report,
  type WaitName,
  waits,
} from "./errand/outcome.ts";
export {
  handshakesMax,
  startUnlockErrand,
  stepUnlockErrand,
  type UnlockErrand,
  type UnlockLent,
  type UnlockOutcome,
  type UnlockReport,
  type UnlockStep,
  type UnlockWanted,
} from "./errand/unlock.ts";
export type { Link, Timers, Transport } from "./ports.ts";
export {
  acksFor,
  addressed,
  type Basis,
  carry,
  doubt,
  emptySatchel,
  isDamaged,
  isWanted,
  type Offer,
  offer,
  owe,
  type Proof,
  prove,
  provenVersion,
  returned,
  rotationsFor,
  type Satchel,
} from "./satchel.ts";
export { describeUnlock, type UnlockOptions, type UnlockResult, unlock } from "./unlock.ts";
