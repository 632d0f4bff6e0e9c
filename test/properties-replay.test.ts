/**
 * A property that fails prints the one line that runs its counterexample again, and is obeyed when it does. Holds for
 * every property, whether or not it asks for it; here are some that fail on purpose.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { replayed, replayedCommands } from "./replay.ts";

const line =
  /^Replay: DOORSYNC_SEED=(-?\d+) DOORSYNC_PATH=([\d:]+) (?:DOORSYNC_COMMANDS="(\S+)" )?npx vitest run (\S+) -t "(.+)"$/m;

interface Printed {
  readonly report: string;
  readonly seed: string;
  readonly path: string;
  readonly commands: string;
  readonly file: string;
  readonly pattern: string;
}

/** What an act prints that must fail. */
async function printedBy(act: () => void | Promise<void>): Promise<Printed> {
  const report = await (async () => act())().then(
    () => "nothing failed",
    (error: unknown) => String(error),
  );
  const [, seed = "", path = "", commands = "", file = "", pattern = ""] = line.exec(report) ?? [];
  return { report, seed, path, commands, file, pattern };
}

test("any failing property prints the line that replays it: seed, path, file (and test)", async () => {
  const tried: number[] = [];
  const small = fc.property(fc.nat(), (n) => {
    tried.push(n);
    if (n >= 1_000) throw new TypeError("too large");
  });
  const printed = await printedBy(() => fc.assert(small, { numRuns: 1_000 }));
  expect(tried.length).toBeGreaterThan(1);
  expect(printed.file).toBe("test/properties-replay.test.ts");
  expect(printed.pattern).toBe(
    "any failing property prints the line that replays it: seed, path, file .and test.$",
  );
  expect(expect.getState().currentTestName).toMatch(new RegExp(printed.pattern));
  expect(printed.report).toContain("Counterexample: [1000]");
  // Or a crash within a property would look like an assertion of its own.
  expect(printed.report).toContain("Thrown: TypeError: too large");

  tried.length = 0;
  const again = replayed({ DOORSYNC_SEED: printed.seed, DOORSYNC_PATH: printed.path });
  const reprinted = await printedBy(() => fc.assert(small, { ...again, numRuns: 1_000 }));
  expect(tried).toEqual([1_000]);
  expect(reprinted).toMatchObject({ seed: printed.seed, file: printed.file, pattern: printed.pattern });
});

test("so does one that waits, and one made of commands, which also names those that ran", async () => {
  const waiting = fc.asyncProperty(fc.nat(), async (n) => {
    expect(n).toBeLessThan(1_000);
  });
  const printed = await printedBy(() => fc.assert(waiting, { numRuns: 1_000 }));
  expect(printed).toMatchObject({ file: "test/properties-replay.test.ts", commands: "" });
  expect(printed.report).toContain("Thrown: AssertionError");

  const step = fc.constant({
    check: () => true,
    run(model: { steps: number }) {
      expect(++model.steps).toBeLessThan(4);
    },
    toString: () => "step",
  });
  const modelled = (replayPath: { readonly replayPath?: string }): fc.IProperty<[Iterable<Step>]> =>
    fc.property(fc.commands([step], { maxCommands: 20, size: "max", ...replayPath }), (commands) =>
      fc.modelRun(() => ({ model: { steps: 0 }, real: {} }), commands),
    );
  const first = await printedBy(() => fc.assert(modelled({})));
  expect(first.commands).not.toBe("");
  const { seed, path, commands } = first;
  const again = replayed({ DOORSYNC_SEED: seed, DOORSYNC_PATH: path });
  const second = await printedBy(() =>
    fc.assert(modelled(replayedCommands({ DOORSYNC_COMMANDS: commands })), again),
  );
  expect(second.report).toContain("Counterexample: [step,step,step,step");
});

type Step = fc.Command<{ steps: number }, object>;

test("what a property says itself goes before what holds for all: runs and seed", () => {
  const drawn: number[][] = [[], []];
  for (const list of drawn) {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        list.push(n);
      }),
      { numRuns: 7, seed: 1 },
    );
  }
  expect(drawn[0]).toHaveLength(7);
  expect(drawn[1]).toEqual(drawn[0]);
});
