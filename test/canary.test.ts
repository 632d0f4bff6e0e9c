/**
 * The canary: every planted fault must be caught by the test that is named for it, in a run of its own. A suite that lets
 * one live is a suite that proves nothing.
 */

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { planted } from "../packages/lock-sim/src/sim/planting.ts";
import { plantVariable } from "./canary/plant.ts";
import { type Plant, plants, strayCatchers } from "./canary/plants.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Outcome {
  readonly name: string;
  readonly status: string;
  readonly failures: readonly string[];
}

/** What became of the named test in a run with the plant in place. */
async function runPlanted(plant: Plant): Promise<readonly Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), "doorsync-canary-"));
  const report = join(folder, "report.json");
  const { file, test: name } = plant.caughtBy;
  const pattern = `${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
  const args = ["run", file, "-t", pattern, "--reporter=json", `--outputFile=${report}`];
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...args], {
        cwd: root,
        env: { ...process.env, [plantVariable]: plant.id },
        stdio: "ignore",
      });
      child.on("error", reject);
      child.on("close", () => resolve());
    });
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
      testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
    };
    return testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ title }) => title === name)
      .map(({ title, status, failureMessages }) => ({ name: title, status, failures: failureMessages }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

describe.concurrent("a planted fault is caught by its test", { timeout: 60_000 }, () => {
  test.each(plants.map((plant) => [plant.id, plant] as const))("%s", async (_, plant) => {
    const outcomes = await runPlanted(plant);
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
});
