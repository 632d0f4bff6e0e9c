/**
 * The event journal after any two power cuts: every second one behind every first one; and long lives with hundreds of
 * cuts, wherever they strike. What it promises is said in the short suite of the same name.
 */
import { describe, expect, test } from "vitest";
import { planReclaim, slotsPerSector } from "../../packages/lock-sim/src/firmware/journal.ts";
import {
  acknowledge,
  append,
  type Bench,
  explore,
  fill,
  newBench,
  perform,
  reclaimAll,
  type Tried,
  walk,
  wipe,
} from "../support/journal-rig.ts";

function used(): Bench {
  return acknowledge(append(reclaimAll(newBench()), 3), 1);
}

function overTheEdge(): Bench {
  const bench = used();
  const full = append(fill(bench, "security", slotsPerSector - bench.journal.slot - 1), 3);
  return acknowledge(full, full.journal.lastSeq - 1);
}

function reclaimOnce(bench: Bench): Bench {
  const reclaim = planReclaim(bench.journal);
  return reclaim === undefined ? append(bench) : perform(bench, reclaim);
}

describe("any two power cuts lose no event that was read back", () => {
  test.each<[string, () => Bench, (bench: Bench) => Bench, boolean]>([
    ["an event is appended", used, (up) => append(up), false],
    [
      "an acknowledgement is written",
      used,
      (up) => (up.journal.acked.seq > 1 ? up : acknowledge(up, 3)),
      false,
    ],
    ["a sector is made ready", () => append(newBench(), 2), reclaimOnce, false],
    ["a sector is erased", overTheEdge, reclaimOnce, false],
    ["the journal is wiped", overTheEdge, wipe, true],
  ])("while %s", (_name, from, step, forgets) => {
    const tried: Tried = { cuts: 0, second: 0, boots: 0 };
    explore(from(), step, { secondOf: forgets ? 20_000 : "all", fates: 3, tried, forgets });
    expect(tried.second).toBeGreaterThan(1_000);
  });

  test("nor do long lives with cut after cut", () => {
    const tried: Tried = { cuts: 0, second: 0, boots: 0 };
    for (let seed = 0; seed < 400; seed++) walk(seed, 600, tried);
    expect(tried.cuts).toBeGreaterThan(10_000);
  });
});
