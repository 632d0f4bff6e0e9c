// `lock-sim fuzz`, the program: the same seed is the same history for any number of threads, a failure replays from the
// line that it prints, and planted bugs are found by their names. What a world is, and each bug, have tests elsewhere.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { plants } from "../packages/lock-sim/src/sim/plants.ts";

const program = fileURLToPath(new URL("../packages/lock-sim/bin/lock-sim.mjs", import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** With one thread, where a test does not say otherwise: a second one is started and stopped for nothing here. */
function fuzz(...args: readonly string[]): Promise<Ended> {
  const threads = args.includes("--workers") || args.includes("list") ? [] : ["--workers", "1"];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, "fuzz", ...args, ...threads], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    child.on("error", reject);
    child.on("close", (status) => {
      resolve({ status, errors, lines: output.split("\n").filter((line) => line !== "") });
    });
  });
}

interface Summary {
  readonly seeds: number;
  readonly failed: number;
  readonly traceDigest: string;
  readonly found?: string;
  readonly seed?: number;
}

function summaryOf({ lines }: Ended): Summary {
  return (JSON.parse(lines.at(-1) ?? "{}") as { summary: Summary }).summary;
}

describe.concurrent("a campaign", () => {
  test("is the same to the byte with one thread and with two", async () => {
    const args = ["--seed", "11", "--runs", "3", "--json"];
    const [one, two] = await Promise.all([fuzz(...args, "--workers", "1"), fuzz(...args, "--workers", "2")]);
    expect(one).toEqual(two);
    expect(one.status).toBe(0);
    const { seeds, failed, traceDigest } = summaryOf(one);
    expect({ seeds, failed }).toEqual({ seeds: 3, failed: 0 });
    expect(traceDigest).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("what is said", () => {
  test("a seed that was drawn is named in the summary, and gives the same again; one that was given is not", async () => {
    const drawn = summaryOf(await fuzz("--runs", "1", "--json"));
    expect(drawn.seed).toBeGreaterThanOrEqual(0);
    const given = summaryOf(await fuzz("--seed", String(drawn.seed), "--json"));
    expect(Object.keys(given)).toEqual(["seeds", "failed", "traceDigest"]);
    expect({ ...given, seed: drawn.seed }).toEqual(drawn);
    expect(given.seeds, "one seed alone is one run").toBe(1);
    const other = summaryOf(await fuzz("--seed", "11", "--json"));
    expect(other.traceDigest, "of another seed is another history").not.toBe(given.traceDigest);
  });

  test("the ten rarest situations in a line, all of them when asked, the same for programs", async () => {
    const [few, all, json] = await Promise.all([
      fuzz("--seed", "11"),
      fuzz("--seed", "11", "--situations"),
      fuzz("--seed", "11", "--situations", "--json"),
    ]);
    const line = few.lines.find((one) => one.includes("situations met")) ?? "";
    const [, count = "", rarest = ""] = /^(\d+) situations met; the rarest: (.*)$/.exec(line) ?? [];
    expect(rarest.split("; ")).toHaveLength(10);
    const met = all.lines.filter((one) => one.startsWith("  ")).map((one) => one.trim());
    expect(met).toHaveLength(Number(count));
    expect(rarest.split("; ").filter((one) => !met.includes(one))).toEqual([]);
    const { situations } = JSON.parse(json.lines.at(-2) ?? "{}") as { situations: Record<string, number> };
    expect(Object.entries(situations).map((entry) => entry.join(" "))).toEqual(met);
    expect(few.lines.at(-1)).toBe(`trace digest ${summaryOf(json).traceDigest}`);
  });
});

describe.concurrent("a planted bug", () => {
  test("is named in a list, one a line, its name first", async () => {
    const { status, lines } = await fuzz("--plant", "list");
    expect(status).toBe(0);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(plants.map(({ id }) => id));
    expect(plants.length).toBeGreaterThanOrEqual(30);
    const json = await fuzz("--plant", "list", "--json");
    expect(json.lines.map((line) => JSON.parse(line))).toEqual(
      plants.map(({ id, finder, fault }) => ({ plant: { id, finder, fault } })),
    );
  });

  test("is found by name", async () => {
    const id = "leases-slide";
    const ended = await fuzz("--plant", id, "--seed", "3", "--json");
    expect(ended.status).toBe(1);
    expect(summaryOf(ended).found).toBe(id);
    // Only what was found is told, with the property named for it.
    const { failed } = JSON.parse(ended.lines.at(-2) ?? "{}") as {
      failed: { property: string; replay: string };
    };
    expect(failed.property).toBe(plants.find((plant) => plant.id === id)?.finder);
    // The line runs exactly it again; without the bug there is nothing to find.
    const [, line = ""] = /--replay (\S+)/.exec(failed.replay) ?? [];
    const [again, sound] = await Promise.all([
      fuzz("--replay", line, "--plant", id, "--json"),
      fuzz("--replay", line, "--json"),
    ]);
    expect(summaryOf(again)).toMatchObject({ seeds: 1, failed: 1, found: id });
    expect(sound.status).toBe(0);
  });

  test("a failure is told in words, made small, with the line that replays it", async () => {
    const { status, lines } = await fuzz("--plant", "leases-slide", "--seed", "3");
    expect(status).toBe(1);
    const small = lines.slice(lines.indexOf("the same failure with as little as it needs:"));
    expect(small.length).toBeGreaterThan(5);
    expect(small.length).toBeLessThan(lines.length);
    const [, line = ""] = /--replay (\S+) --plant leases-slide/.exec(small.join(" ")) ?? [];
    expect(line.split(":")).toHaveLength(3);
    const again = await fuzz("--replay", line, "--plant", "leases-slide", "--json");
    expect(summaryOf(again).found).toBe("leases-slide");
  });
});

test("wrong use ends with 2 and says what would be right", async () => {
  const [plant, replay, faults] = await Promise.all([
    fuzz("--plant", "no-such-bug"),
    fuzz("--replay", "7", "--runs", "3"),
    fuzz("--seed", "1", "--faults", "earthquake"),
  ]);
  expect([plant, replay, faults].map(({ status }) => status)).toEqual([2, 2, 2]);
  expect(plant.errors).toContain("--plant list");
  expect(faults.errors).toContain("radio-loss");
});
