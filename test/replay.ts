/**
 * Parameters for `fc.assert` that make a failing property say how to run it again, and that obey when it is run again
 * so. Not a property itself, and it fixes no seed unless one is given.
 *
 *   DOORSYNC_SEED, DOORSYNC_PATH   the seed and path of a counterexample
 *   DOORSYNC_RUNS                  so many times the usual number of runs
 */
import { relative } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";

/** `numRuns`: how often the property is tried in an ordinary `npm test`. */
export function replayable<Ts>(numRuns: number): fc.Parameters<Ts> {
  const { DOORSYNC_SEED: seed, DOORSYNC_PATH: path, DOORSYNC_RUNS: times } = process.env;
  return {
    numRuns: numRuns * Number(times ?? 1),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
    reporter(details) {
      if (!details.failed) return;
      const report = fc.defaultReportMessage(details) ?? "a property failed";
      throw new Error(`${report}\n\nReplay: ${replayLine(details.seed, details.counterexamplePath ?? "")}`, {
        cause: details.errorInstance,
      });
    },
  };
}

function replayLine(seed: number, path: string): string {
  const { testPath = "", currentTestName = "" } = expect.getState();
  const name = (currentTestName.split(" > ").at(-1) ?? "").replace(/[.*+?^${}()|[\]\\"$`]/g, ".");
  return `DOORSYNC_SEED=${seed} DOORSYNC_PATH=${path} npx vitest run ${relative(process.cwd(), testPath)} -t "${name}"`;
}
