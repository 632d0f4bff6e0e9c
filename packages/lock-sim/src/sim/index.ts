/**
 * The face `@doorsync/lock-sim/sim`: whole worlds from seeds, as a library. The command line of them is
 * `lock-sim fuzz`.
 */
export {
  type FaultChoice,
  type FaultName,
  type FaultPlan,
  faultFamilies,
  faultNames,
  noFaults,
} from "./faults.ts";
export { describeIntent, type Intent } from "./intents.ts";
export { type Finding, type RunCounters, type RunOptions, type RunResult, runSeed } from "./run.ts";
export { idealSignatures } from "./signatures.ts";
export { type TraceLine, traceText } from "./trace.ts";
