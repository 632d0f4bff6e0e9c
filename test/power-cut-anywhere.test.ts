/**
 * P2 and P11 over the whole lock: whatever it is doing when the power fails, it comes back with exactly the old table
 * or exactly the new one, the right codes open, and no word it gave is broken. Storage alone, under finer cuts, is
 * `store-survives-cuts.test.ts`; every second cut behind every first one is in `deep/`.
 */
import { expect, test } from "vitest";
import { scenarios } from "./support/cut-scenarios.ts";
import { type CutPlan, cutEverywhere, type Tried } from "./support/power-cuts.ts";

const plan: CutPlan = { first: "every word", second: "drawn", secondEvery: 149, rebootsEvery: 4 };
const all: Tried = { states: 0, seconds: 0 };

test.each(Object.keys(scenarios))(
  "old or new, and true to its word, when power fails anywhere in: %s",
  (name) => {
    const before = all.states;
    const scenario = scenarios[name]?.();
    if (scenario !== undefined) cutEverywhere(scenario, plan, all);
    expect(all.states - before).toBeGreaterThan(20);
  },
);

test("and the cuts did strike", () => {
  console.log(`power cuts: ${all.states} states judged, ${all.seconds} of them after a second cut`);
  expect(all.states).toBeGreaterThan(2_500);
  expect(all.seconds).toBeGreaterThan(300);
});
