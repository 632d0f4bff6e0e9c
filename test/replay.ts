/**
 * What a failing fast-check property prints, so that it can be run again, and how it obeys when it is. setup.ts hands
 * this to every property. Not a property itself, and it fixes no seed unless one is given.
 *
 *   DOORSYNC_SEED, DOORSYNC_PATH   the seed and path of a counterexample
 *   DOORSYNC_COMMANDS              for model-based properties: which of its commands ran
 *   DOORSYNC_RUNS                  so many times the usual number of runs of a property that says `runs(n)`
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect } from "vitest";

type Environment = Readonly<Record<string, string | undefined>>;

const root = fileURLToPath(new URL("..", import.meta.url));

/** Parameters of all properties of a run. What a property says itself goes before them. */
export function replayed(environment: Environment): fc.Parameters<unknown> {
  const { DOORSYNC_SEED: seed, DOORSYNC_PATH: path } = environment;
  return {
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
    reporter(details) {
      if (!details.failed) return;
      const report = fc.defaultReportMessage(details) ?? "a property failed";
      const commands = /replayPath="([^"]*)"/.exec(report)?.[1];
      const line = replayLine(details.seed, details.counterexamplePath ?? "", commands);
      // The first line of what was thrown tells a crash from an assertion; all of it follows as the cause.
      const thrown = String(details.errorInstance).split("\n")[0];
      throw new Error(`${report}\nThrown: ${thrown}\n\nReplay: ${line}`, { cause: details.errorInstance });
    },
  };
}

/** How often a property is tried in an ordinary `npm test`, where more runs find more. */
export function runs(numRuns: number): { readonly numRuns: number } {
  const { DOORSYNC_RUNS: times = 1 } = process.env;
  return { numRuns: numRuns * Number(times) };
}

/** What `fc.commands` needs besides, to replay. */
export function replayedCommands(environment: Environment = process.env): { readonly replayPath?: string } {
  const { DOORSYNC_COMMANDS: replayPath } = environment;
  return replayPath === undefined ? {} : { replayPath };
}

function replayLine(seed: number, path: string, commands: string | undefined): string {
  const { testPath = "", currentTestName = "" } = expect.getState();
  // Whole to its end, so that no other test takes this path; a dot for whatever a shell or a pattern would read.
  const name = (currentTestName.split(" > ").at(-1) ?? "").replace(/[.*+?^${}()|[\]\\"`!]/g, ".");
  const ran = commands === undefined ? "" : `DOORSYNC_COMMANDS="${commands}" `;
  return `DOORSYNC_SEED=${seed} DOORSYNC_PATH=${path} ${ran}npx vitest run ${relative(root, testPath)} -t "${name}$"`;
}
