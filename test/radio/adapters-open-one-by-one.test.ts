// Opening an adapter where one is open already: it says what to do and leaves nothing; closed, the next one opens. What
// the programs say where there is no radio is in ble-commands.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAir, serveAir } from "@doorsync/virtual-radio";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  openAdapter as openLockAdapter,
  parseAdapter as parseLockAdapter,
} from "../../packages/lock-sim/src/edge/adapter.ts";
import { openAdapter, parseAdapter, RadioError } from "../../packages/phone-client/src/edge/adapter.ts";
import { until } from "../support/ble-rig.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-adapters-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const virtual = (name: string) => ({ kind: "virtual", path: join(folder, name) }) as const;

test.each([
  ["a phone's", () => openAdapter(virtual("b"))],
  ["a lock's", () => openLockAdapter(virtual("b"))],
  ["a tapped", () => openAdapter({ kind: "hardware", deviceId: undefined }, join(folder, "b.btsnoop"))],
])("%s adapter beside an open one: one sentence, and no air of its own is left", async (_whose, second) => {
  const first = await openAdapter(virtual("a"));
  expect(readdirSync(folder), "the first serves its air").toEqual(["a"]);
  await expect(second()).rejects.toThrow(/^one adapter at a time in a process: close/);
  expect(readdirSync(folder).filter((name) => !name.endsWith(".btsnoop"))).toEqual(["a"]);
  await first.close();
  expect(readdirSync(folder).filter((name) => !name.endsWith(".btsnoop"))).toEqual([]);
  const next = await openAdapter(virtual("b"));
  expect(readdirSync(folder)).toContain("b");
  await next.close();
});

test.each([
  ["a phone's", openAdapter],
  ["a lock's", openLockAdapter],
])("%s adapter in somebody else's air is gone from it when it is closed", async (_whose, open) => {
  const place = virtual("theirs");
  const air = createAir();
  const served = await serveAir(air, place.path);
  try {
    for (let round = 0; round < 3; round++) {
      const one = await open(place);
      await until(() => served.guests === 1 && air.adapters.length === 1, "it is in");
      await one.close();
      await until(() => served.guests === 0 && air.adapters.length === 0, "it is gone", 1_000);
    }
  } finally {
    await served.close();
    air.close();
  }
});

test("what is open already is told as a radio's trouble, which programs turn into status 2", async () => {
  const first = await openAdapter(virtual("a"));
  await expect(openAdapter(virtual("b"))).rejects.toBeInstanceOf(RadioError);
  await first.close();
});

test("phone and lock meet at the same place when none is named, and each user at another", () => {
  const path = join(tmpdir(), `doorsync-air-${process.getuid?.() ?? 0}.sock`);
  expect([parseAdapter("virtual"), parseLockAdapter("virtual")]).toEqual([
    { kind: "virtual", path },
    { kind: "virtual", path },
  ]);
});
