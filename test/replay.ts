/**
 * Parameters for `fc.assert` that make a failing property say how to run it again, and that obey when it is run again
 * so. Not a property itself, and it fixes no seed unless one is given.
 *
 *   DOORSYNC_SEED, DOORSYNC_PATH   the seed and path of a counterexample
 *   DOORSYNC_COMMANDS              for model-based properties: which of its commands ran
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
      const commands = /replayPath="([^"]*)"/.exec(report)?.[1];
      const line = replayLine(details.seed, details.counterexamplePath ?? "", commands);
      throw new Error(`${report}\n\nReplay: ${line}`, { cause: details.errorInstance });
    },
  };
}

/** What `fc.commands` needs besides, to replay. */
export function replayedCommands(): { readonly replayPath?: string } {
  const { DOORSYNC_COMMANDS: replayPath } = process.env;
  return replayPath === undefined ? {} : { replayPath };
}

function replayLine(seed: number, path: string, commands: string | undefined): string {
  const { testPath = "", currentTestName = "" } = expect.getState();
  const name = (currentTestName.split(" > ").at(-1) ?? "").replace(/[.*+?^${}()|[\]\\"$`]/g, ".");
  const ran = commands === undefined ? "" : `DOORSYNC_COMMANDS="${commands}" `;
  return `DOORSYNC_SEED=${seed} DOORSYNC_PATH=${path} ${ran}npx vitest run ${relative(process.cwd(), testPath)} -t "${name}"`;
}
