/**
 * Every world that ever failed is played again, from the line that replayed it then. The lines stand in
 * test/regressions, one JSON file each; inputs of fuzz targets that failed stand in fuzz/regressions instead.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openssl } from "@doorsync/protocol/node-crypto";
import { describe, expect, test } from "vitest";
import { parseReplay } from "../packages/lock-sim/src/cli/fuzz-said.ts";
import { parseFaults } from "../packages/lock-sim/src/sim/faults.ts";
import { type RunResult, runSeed } from "../packages/lock-sim/src/sim/run.ts";

interface Regression {
  /** As `lock-sim fuzz --replay` takes it. */
  readonly replay: string;
  readonly property: string;
  readonly claim: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "test", "regressions");
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];

function played(replay: string): RunResult {
  const line = parseReplay(replay);
  if (line === undefined) throw new Error(`not a line to replay: ${replay}`);
  const faults = line.families === undefined ? undefined : parseFaults(line.families);
  if (faults?.ok === false) throw new Error(`no fault is called ${faults.unknown}`);
  return runSeed(
    {
      seed: line.seed,
      ...(faults === undefined ? {} : { faults: faults.value }),
      ...(line.keep === undefined ? {} : { keep: line.keep }),
    },
    openssl,
  );
}

describe("what failed once holds", () => {
  test("a line plays the world that it names", () => {
    const { intents, plan, finding } = played("7:none:0-3.5");
    expect(intents.map(({ number }) => number).sort()).toEqual([0, 1, 2, 3, 5]);
    expect(plan).toEqual(played("7:none").plan);
    expect(finding).toBeUndefined();
  });

  test("in every line that was kept", () => {
    for (const file of files) {
      const { replay, property } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Regression;
      expect(
        played(replay).finding,
        `${file}, ${property}: lock-sim fuzz --replay ${replay}`,
      ).toBeUndefined();
    }
  });

  test("keep-findings makes a line of what `lock-sim fuzz --json` printed, and says when nothing failed", () => {
    const given = mkdtempSync(join(tmpdir(), "doorsync-findings-"));
    try {
      const keep = () =>
        execFileSync(process.execPath, [join(root, "scripts/keep-findings.mjs"), given], {
          encoding: "utf8",
        });
      writeFileSync(join(given, "worlds.jsonl"), '{"summary":{"seeds":1,"failed":0,"traceDigest":""}}\n');
      expect(keep()).toBe("nothing failed in there\n");
      const failed = {
        seed: 4_294_967_295,
        property: "P99 test",
        claim: "c",
        replay: "lock-sim fuzz --replay 7:none",
      };
      mkdirSync(join(given, "findings-worlds-3"));
      writeFileSync(join(given, "findings-worlds-3", "worlds.jsonl"), `${JSON.stringify({ failed })}\n`);
      const file = join(root, keep().trim());
      try {
        const said = JSON.parse(readFileSync(file, "utf8"));
        expect(said).toEqual({ replay: "7:none", property: "P99 test", claim: "c" });
      } finally {
        rmSync(file);
      }
    } finally {
      rmSync(given, { recursive: true });
    }
  });
});
