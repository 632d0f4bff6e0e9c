/**
 * The power cuts of `../power-cut-anywhere.test.ts` with a second cut behind every first one: at every operation of
 * the recovery, and at every word of it wherever the product is not larger than a night.
 */
import { expect, test } from "vitest";
import { scenarios } from "../support/cut-scenarios.ts";
import { cutEverywhere, type Tried } from "../support/power-cuts.ts";

/** Scenarios that write whole blocks: every word behind every word would be millions of states. */
const large = ["first snapshot, in chunks", "snapshot over half a snapshot", "compaction", "streamed delta"];

test.each(Object.keys(scenarios))("old or new after any two power cuts in: %s", (name) => {
  const scenario = scenarios[name]?.();
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  const tried: Tried = { states: 0, seconds: 0 };
  cutEverywhere(scenario, { first: "every word", second: "drawn", secondEvery: 1, rebootsEvery: 1 }, tried);
  const secondEvery = large.includes(name) ? 101 : 1;
  cutEverywhere(scenario, { first: "every word", second: "every word", secondEvery, rebootsEvery: 1 }, tried);
  console.log(`${name}: ${tried.states} states judged, ${tried.seconds} of them after a second cut`);
  expect(tried.seconds).toBeGreaterThan(100);
});
