// Every planted bug is found by the property named for it, within 200 runs and 40 seconds on one core, from any seed:
// here from one, each bug in a process of its own, two at a time; the nightly runs take others. A crash does not count,
// and neither does another property.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { plants } from "../../packages/lock-sim/src/sim/plants.ts";

const program = fileURLToPath(new URL("../../packages/lock-sim/bin/lock-sim.mjs", import.meta.url));
const seeds = [4_000_000_000];

interface Summary {
  readonly seeds: number;
  readonly found?: string;
}

function look(
  id: string,
  seed: number,
): Promise<{ readonly status: number | null; readonly summary: Summary }> {
  return new Promise((resolve, reject) => {
    const args = ["fuzz", "--plant", id, "--seed", `${seed}`, "--workers", "1", "--json"];
    const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.on("error", reject);
    child.on("close", (status) => {
      const last = output.trim().split("\n").at(-1) ?? "{}";
      resolve({ status, summary: (JSON.parse(last) as { summary: Summary }).summary });
    });
  });
}

test("there are at least thirty, each under a name of its own", () => {
  expect(plants.length).toBeGreaterThanOrEqual(30);
  expect(new Set(plants.map(({ id }) => id)).size).toBe(plants.length);
});

describe.concurrent.each(seeds)("from seed %d a planted bug is found by name", (seed) => {
  test.each(plants.map(({ id }) => id))("%s", async (id) => {
    const { status, summary } = await look(id, seed);
    expect(summary.found, `not found in ${summary.seeds} runs`).toBe(id);
    expect(status).toBe(1);
  });
});
