/**
 * P2 and P11 over the whole lock: whatever it is doing when the power fails, it comes back with exactly the old table
 * or exactly the new one, the right codes open, no word it gave is broken, and nothing that it wrote down is forgotten.
 * Storage alone, under finer cuts, is `store-survives-cuts.test.ts`; every word, and second and third cuts, are in
 * `deep/` and `npm run cuts`.
 */
import { expect, test } from "vitest";
import { scenarios } from "./support/cut-scenarios.ts";
import { type CutPlan, cutEverywhere, everyWord, statesTried, triedNothing } from "./support/power-cuts.ts";

/** Every operation, in one or two of the ways in which it can be cut. */
const coarse: CutPlan = {
  layers: [{ innerEvery: 64, erasedEvery: 512, cutEvery: 7, stateEvery: 1 }],
  rebootsEvery: 8,
};
/** Every word in every way, and a second cut behind some states. */
const fine: CutPlan = {
  layers: [
    { ...everyWord, erasedEvery: 256 },
    { innerEvery: 64, erasedEvery: 512, cutEvery: 5, stateEvery: 60 },
  ],
  rebootsEvery: 8,
};
const all = triedNothing();

test.each(Object.keys(scenarios))(
  "old or new, and true to its word, when power fails anywhere in: %s",
  (name) => {
    const before = statesTried(all);
    const scenario = scenarios[name]?.();
    if (scenario !== undefined) cutEverywhere(scenario, name === "delta that puts" ? fine : coarse, all);
    expect(statesTried(all) - before).toBeGreaterThan(10);
  },
);

test("and the cuts did strike", () => {
  const [first, second] = all.layers.map(({ struck }) => struck);
  console.log(`power cuts: ${first} states tried after one, ${second} after two, in ${all.lives} lives`);
  expect(first).toBeGreaterThan(500);
  expect(second).toBeGreaterThan(30);
});
