/** The courier's pure core: satchel, visit and errand, with no I/O, no clock and no transport. */
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
  describeOutcome,
  describeUnfit,
  isUngreeted,
  type Outcome,
  type Report,
  type WaitName,
  waits,
} from "./errand/outcome.ts";
export {
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
  type Satchel,
} from "./satchel.ts";
