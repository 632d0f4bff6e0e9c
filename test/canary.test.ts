/**
 * The canary: every planted fault must be caught by the test that is named for it, in a run of its own. A suite that lets
 * one live is a suite that proves nothing.
 */

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planted } from "../packages/lock-sim/src/sim/planting.ts";
import { plantVariable } from "./canary/plant.ts";
import { type Catcher, plants, strayCatchers } from "./canary/plants.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Outcome {
  readonly status: string;
  readonly failures: readonly string[];
}

/** One test to be run: with the plant of this id in place, or as it is. */
interface Run extends Catcher {
  readonly id: string;
  readonly isPlanted: boolean;
  readonly files: readonly string[];
}

const runs: readonly Run[] = plants.map(({ id, edits, caughtBy }) => ({
  id,
  isPlanted: true,
  files: edits.map(({ file }) => file),
  ...caughtBy,
}));
/** At the end each test that caught the first plants again, with nothing planted any more. */
const sound: readonly Run[] = runs
  .slice(0, 3)
  .map((run) => ({ ...run, id: `${run.id}, taken out`, isPlanted: false }));

/** All runs in one process, one after the other: what became of each named test. */
function startRuns(): {
  readonly outcomesOf: (id: string) => Promise<readonly Outcome[]>;
  readonly end: () => void;
} {
  const child = spawn(process.execPath, [join(root, "test/canary/run.mjs")], { cwd: root, stdio: "pipe" });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdin.end(JSON.stringify({ variable: plantVariable, runs: [...runs, ...sound] }));
  const told = new Map<string, readonly Outcome[]>();
  const waiting = new Map<string, (outcomes: readonly Outcome[]) => void>();
  let ended: Error | undefined;
  const onEnd: ((error: Error) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const { id, outcomes } = JSON.parse(line) as { id: string; outcomes: readonly Outcome[] };
    told.set(id, outcomes);
    waiting.get(id)?.(outcomes);
  });
  child.on("close", (status) => {
    ended = new Error(`the runs ended with ${status}, and this one was not among them: ${errors}`);
    for (const end of onEnd) end(ended);
  });
  return {
    end: () => void child.kill(),
    async outcomesOf(id) {
      const outcomes = told.get(id);
      if (outcomes !== undefined) return outcomes;
      if (ended !== undefined) throw ended;
      return await new Promise((resolve, reject) => {
        waiting.set(id, resolve);
        onEnd.push(reject);
      });
    },
  };
}

test("every plant has its place, exactly once, and another name", async () => {
  expect(plants.length).toBeGreaterThanOrEqual(8);
  expect(strayCatchers).toEqual([]);
  expect(new Set(plants.map(({ id }) => id)).size).toBe(plants.length);
  for (const plant of plants) {
    expect(plant.edits.length, plant.id).toBeGreaterThan(0);
    for (const { file } of plant.edits) {
      const source = await readFile(join(root, file), "utf8");
      expect(planted(plant, file, source), plant.id).not.toBe(source);
    }
  }
});

describe("a planted fault is caught by its test", { timeout: 120_000 }, () => {
  let started: ReturnType<typeof startRuns>;
  beforeAll(() => {
    started = startRuns();
  });
  afterAll(() => started.end());

  test.each(plants.map((plant) => [plant.id, plant] as const))("%s", async (id, plant) => {
    const outcomes = await started.outcomesOf(id);
    expect(
      outcomes.map(({ status }) => status),
      `${plant.fault}: nobody noticed`,
    ).toEqual(["failed"]);
    // A crash would show that something is wrong, not that the test looks for this. Within a property it stands
    // further down, behind "Thrown:", not at the beginning.
    for (const failure of outcomes.flatMap(({ failures }) => failures)) {
      expect(failure).not.toMatch(/\b(TypeError|ReferenceError|SyntaxError|RangeError)\b/);
    }
  });

  test.each(sound.map(({ id }) => id))("%s: the same test holds", async (id) => {
    expect((await started.outcomesOf(id)).map(({ status }) => status)).toEqual(["passed"]);
  });
});
