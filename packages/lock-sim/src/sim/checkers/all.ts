/**
 * Every checker of a world, and which property is held where: some can be seen from outside a lock, and others take a
 * test that looks at single bytes.
 */
import type { Checker } from "./checker.ts";
import { convergence } from "./convergence.ts";
import { deeds } from "./deeds.ts";
import { door } from "./door.ts";
import { guesses } from "./guesses.ts";
import { alarms, logs, nothingDropped, onlyAcknowledged } from "./logs.ts";
import { codesDiffer, goneIsGone, receiptsHold } from "./proofs.ts";
import { sessions } from "./sessions.ts";
import { boundedEffort, onlyAuthentic, quietRefusals } from "./strangers.ts";
import { signedTime } from "./time.ts";
import { monotone, neverTorn, oneTablePerVersion, onlySigned } from "./versions.ts";

/** Fresh checkers for one run. */
export function allCheckers(): readonly Checker[] {
  return [
    monotone(),
    oneTablePerVersion(),
    neverTorn(),
    onlySigned(),
    door(),
    receiptsHold(),
    goneIsGone(),
    guesses(),
    sessions(),
    signedTime(),
    codesDiffer(),
    logs(),
    nothingDropped(),
    onlyAcknowledged(),
    alarms(),
    deeds(),
    onlyAuthentic(),
    quietRefusals(),
    boundedEffort(),
    convergence(),
  ];
}

/** Where each property is held: by a checker of every run, or by a test that looks closer than a world can. */
export const heldBy: Readonly<Record<string, string>> = {
  P1: "versions.ts, after every step",
  P1b: "versions.ts: one version is one table; older-never-wins",
  P2: "versions.ts at every power-on; power-cut-anywhere tries every cut",
  P3: "versions.ts, after every step",
  P4: "strangers.ts; updates-are-judged flips every bit",
  P5: "strangers.ts (swap); updates-are-bound",
  P6: "strangers.ts (swap); updates-are-bound",
  P7: "versions.ts: a lock's table is the signed one, by deltas or whole; tables-agree: byte for byte, nowhere else",
  P8: "convergence.ts: after a rotation locks follow the new keys; keys-are-rotated: the old ones say nothing",
  P9: "door.ts: leases by true time, also with a lost clock",
  P10: "versions.ts (no update after its end) and door.ts (dates)",
  P11: "proofs.ts, after every change of the books",
  P12: "commission-meets-once; unlocking by app is not in a world",
  P13: "door.ts, around every midnight and change of the hour",
  P14: "time.ts, after every step; receipts-and-time",
  P15: "bytes-are-canonical",
  P16: "run.ts: a lock that does not come to rest is a finding, a throw is a crash",
  P17: "frames-reassemble; lost and doubled frames are everywhere here",
  P18: "sessions.ts and strangers.ts",
  P19: "strangers.ts; refusal-leaves-no-trace",
  P20: "guesses.ts and logs.ts (alarms)",
  P21: "door.ts: cards while the keypad pauses",
  P22: "keypad-visits-all",
  P23: "only-the-authority; no phone of a world opens a lock and takes its keys",
  P24: "logs.ts for holes, deeds.ts for what is told",
  P25: "convergence.ts after the calm, proofs.ts for the codes",
};
