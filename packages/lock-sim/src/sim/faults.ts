/**
 * What may go wrong in a world, by family, and how often in this run. A family that is off never strikes; the others
 * have wild odds, because faults that are rare everywhere meet nowhere. The parts declare what a fault does; this only
 * says how likely it is.
 */
import type { Chance } from "./chance.ts";

/** Every family, with what it means, for people. */
export const faultFamilies = {
  "flash-torn": "a power cut leaves a word or a sector half done",
  "flash-dud": "a program leaves a bit as it was, and does not tell",
  "flash-lost": "a program does nothing, and does not tell",
  "flash-stuck": "a bit no longer takes what is written, for ever",
  "flash-rot": "a stored bit flips while nobody looks",
  "power-cut": "power fails inside a storage operation",
  "power-again": "power fails once more while the lock recovers",
  "power-off": "the battery is pulled, and put back later",
  "battery-low": "little charge is left, and new cells come later",
  "bolt-jam": "the bolt does not get where it is sent",
  "clock-drift": "the battery-backed clock runs fast or slow, as far as its data sheet allows",
  "clock-reset": "the battery-backed clock starts again at 1970",
  "clock-jump": "the battery-backed clock jumps",
  "clock-lost": "the battery-backed clock loses its time",
  "radio-loss": "a frame does not arrive",
  "radio-stall": "a frame arrives late, and those behind it too",
  "radio-duplicate": "a frame arrives twice",
  "radio-fade": "the phone walks away, and the link breaks",
  "phone-dies": "the phone's battery is empty in the middle of a visit",
  "phone-withholds": "a phone keeps receipts, refusals and logs to itself",
  "phone-replays": "a phone sends what it sent before, altered or not",
  "phone-swaps": "a phone carries one lock's parcels to another",
  "office-restart": "the authority starts anew, with what its books say and nothing else",
  "office-backup": "the authority loses its books and works on with older ones",
} as const;

export type FaultName = keyof typeof faultFamilies;
export const faultNames = Object.keys(faultFamilies) as readonly FaultName[];

/** Odds in a thousand, by family; 0: off. */
export type FaultPlan = Readonly<Record<FaultName, number>>;

/** Families to draw odds for; all others are off. */
export type FaultChoice = readonly FaultName[];

/** A swarm: each family is off in half of the runs, and anything between seldom and mostly in the others. */
export function drawFaults(chance: Chance, choice: FaultChoice | undefined): FaultPlan {
  const plan = Object.fromEntries(faultNames.map((name) => [name, 0])) as Record<FaultName, number>;
  for (const name of faultNames) {
    const own = chance.fork(name);
    const isOn = choice === undefined ? own.strikes(500) : choice.includes(name);
    // The odds do not depend on who chose: a history is made smaller by naming fewer of its families.
    if (isOn) plan[name] = own.fork("odds").pick([20, 60, 150, 300, 600]);
  }
  return plan;
}

export const noFaults: FaultPlan = Object.fromEntries(faultNames.map((name) => [name, 0])) as Record<
  FaultName,
  number
>;

/** "none", "all", or names with commas between; the first name that is none of them when there is one. */
export function parseFaults(
  list: string,
): { readonly ok: true; readonly value: FaultChoice } | { readonly ok: false; readonly unknown: string } {
  if (list === "none") return { ok: true, value: [] };
  if (list === "all") return { ok: true, value: faultNames };
  const value: FaultName[] = [];
  for (const word of list.split(",")) {
    const name = faultNames.find((one) => one === word.trim());
    if (name === undefined) return { ok: false, unknown: word.trim() };
    value.push(name);
  }
  return { ok: true, value };
}

/** The plan in one line, as it is printed first. */
export function describeFaults(plan: FaultPlan): string {
  const on = faultNames.filter((name) => plan[name] > 0).map((name) => `${name} ${plan[name]}`);
  return on.length === 0 ? "no faults" : on.join(", ");
}
