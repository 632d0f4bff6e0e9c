/**
 * The power cuts of `../power-cut-anywhere.test.ts` with a second one behind every operation of the recovery, and a third
 * one where the table changes and where it is compacted: `npm run cuts`, on all processors. What it leaves out is said in
 * `../support/cut-plans.ts`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { scenarios } from "../support/cut-scenarios.ts";
import type { LayerTried } from "../support/power-cuts.ts";

interface Said {
  readonly scenario: string;
  readonly states: number;
  readonly distinct: number;
  readonly layers: readonly LayerTried[];
  readonly wrong?: string;
}

function cuts(...words: string[]): ReadonlyMap<string, Said> {
  const program = fileURLToPath(new URL("../../scripts/cuts.mjs", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [program, "--json", ...words], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (stderr !== "") throw new Error(stderr);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Said & { summary?: unknown });
  console.log(JSON.stringify(lines.at(-1)));
  return new Map(lines.flatMap((said) => (said.summary === undefined ? [[said.scenario, said]] : [])));
}

describe("after any two power cuts", () => {
  let said: ReadonlyMap<string, Said> = new Map();
  beforeAll(() => {
    said = cuts("--depth", "2");
  }, 25 * 60_000);

  test.each(Object.keys(scenarios))("old or new, and nothing forgotten, in: %s", (name) => {
    const of = said.get(name);
    expect(of?.wrong).toBeUndefined();
    expect(of?.layers.map(({ struck }) => struck > 60)).toEqual([true, true]);
  });
});

describe("after three", () => {
  test.each([
    ["the table changes", "delta that puts", "25"],
    ["it is compacted", "compaction", "75"],
  ])("old or new, and nothing forgotten, while %s", (_what, name, every) => {
    const of = cuts("--depth", "3", "--scenario", name, "--every", every).get(name);
    expect(of?.wrong).toBeUndefined();
    expect(of?.layers.map(({ struck }) => struck > 60)).toEqual([true, true, true]);
  });
});
