/**
 * Every fuzz target replays its seed corpus and everything that a search ever found (P16), and the corpus still gets
 * past the first checks. It also shows that the engine bites: it finds what chance would not, makes it small, and does
 * the same again from the same seed. The searches themselves are `npm run fuzz`.
 */
import { execFileSync, spawnSync } from "node:child_process";
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
import { messageCatalog } from "@doorsync/protocol/courier";
import { buildSync } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { reachedSoFar } from "../fuzz/cast/reached.ts";

const root = fileURLToPath(new URL("../fuzz", import.meta.url));
const targets = readdirSync(join(root, "targets"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3))
  .sort();

function inputsOf(
  folder: string,
  target: string,
): readonly { readonly file: string; readonly data: Buffer }[] {
  const place = join(root, folder, target);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => !name.startsWith("."))
    .map((name) => ({ file: `${folder}/${target}/${name}`, data: readFileSync(join(place, name)) }));
}

/** Outcomes that the corpus must come to: a target that refuses everything at its first check searches nothing. */
const mustReach: Readonly<Record<string, readonly string[]>> = {
  answers: [
    "answers: a receipt",
    "answers: a time",
    "answers: an offer",
    "answers: a meeting",
    "answers: a rotation",
  ],
  capture: [
    "capture: damage",
    "capture: discovery",
    "capture: message",
    "capture: trouble",
    "capture: subscription",
    "capture: refusedAttribute",
  ],
  cbor: ["cbor: accepted"],
  cose: ["cose: a COSE_Sign1", "cose: a COSE_Encrypt0"],
  errand: ["errand: synced", "errand: commissioned", "errand: refused", "errand: silent", "errand: dropped"],
  flash: ["flash: damaged", "flash: version 0", "flash: version 5"],
  frames: ["frames: more", "frames: message"],
  item: ["item: settings", "item: rule", "item: zone", "item: holiday", "item: credential"],
  lock: [
    "lock: a newer version",
    "lock: dark",
    "lock: a code was opened",
    "lock: a code was wait",
    "lock: a segment of its log",
  ],
  log: ["log: LockOperation", "log: Gap", "log: a segment", "log: an acknowledgement"],
  // A handshake says nothing that a decoder reads.
  messages: Object.keys(messageCatalog)
    .filter((name) => name !== "unlock-start")
    .map((name) => `messages: ${name}`),
  parcel: [
    "parcel: update",
    "parcel: snapshot",
    "parcel: commission",
    "parcel: slip with a receipt",
    "parcel: rotation",
    "parcel: ack",
    "parcel: slip with a log",
  ],
  secure: ["secure: on", "secure: off"],
  unlock: [
    "unlock: as it was said",
    "unlock: changed",
    "unlock: accepted",
    "unlock: REJECTED",
    "unlock: DENIED",
    "unlock: SYNC_FIRST",
    "unlock: TIME_NEEDED",
    "unlock: the phone reads opened",
    "unlock: the phone reads refused",
  ],
  update: ["update: a change that an authority made up", "update: a manifest", "update: a chunk"],
  words: ["words: press", "words: cut power at", "words: clock", "words: wait"],
};

describe("every input that is kept holds", () => {
  test.each(targets)("for %s, and its corpus gets somewhere", async (target) => {
    const { fuzz } = (await import(`../fuzz/targets/${target}.ts`)) as { fuzz(data: Buffer): void };
    const seeds = inputsOf("corpus", target);
    expect(seeds.length, "a target without seeds begins in the dark: npm run fuzz -- seeds").toBeGreaterThan(
      0,
    );
    for (const { file, data } of [...seeds, ...inputsOf("regressions", target)]) {
      expect(() => fuzz(data), file).not.toThrow();
    }
    const outcomes = mustReach[target] ?? [];
    expect(outcomes.length, "what must it reach?").toBeGreaterThan(0);
    for (const outcome of outcomes) expect([...reachedSoFar().keys()]).toContain(outcome);
    expect(() => fuzz(Buffer.alloc(0)), "no input at all").not.toThrow();
  });

  test("the corpus stays small, and no folder is without a target", () => {
    const inputs = targets.flatMap((target) => [
      ...inputsOf("corpus", target),
      ...inputsOf("regressions", target),
    ]);
    expect(inputs.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(300_000);
    for (const folder of ["corpus", "regressions"]) {
      const names = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
      expect(names.filter((name) => !name.startsWith(".") && !targets.includes(name))).toEqual([]);
    }
  });
});

describe("the engine", () => {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-fuzz-"));
  const dist = join(folder, "dist");
  mkdirSync(dist);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }');
  writeFileSync(
    join(dist, "nested.js"),
    `exports.fuzz = ([a, b, c, d]) => {
       if (a >> 4 === 11) if (b >> 4 === 4) if (c >> 4 === 13) if (d >> 4 === 2) throw new Error("found it");
     };`,
  );
  writeFileSync(join(dist, "holds.js"), "exports.fuzz = (data) => { if (data[3] > 7) data[0] = 1; };");
  buildSync({
    entryPoints: [join(root, "engine/main.ts")],
    outfile: join(dist, "engine.js"),
    bundle: true,
    platform: "node",
    conditions: ["doorsync-source"],
    logLevel: "error",
  });
  const program = `
    const { main } = require(${JSON.stringify(join(dist, "engine.js"))});
    const bundleOf = (name) => ${JSON.stringify(dist)} + "/" + name + ".js";
    main(process.argv.slice(1), { targetNames: ["holds", "nested"], bundleOf }).then((status) => process.exit(status));`;
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", program, "--", ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  test("finds four nested conditions by their coverage, makes the input small, and prints what replays it", () => {
    const { status, stdout, stderr } = run("nested", "--runs", "20000", "--seed", "4", "--json");
    expect(status).toBe(1);
    const said = JSON.parse(stdout);
    expect(said.found).toContain("found it");
    expect(said.executions, "blind chance needs 65,536").toBeLessThan(20_000);
    const file = /Replay: npm run fuzz -- nested --replay (\S+)/.exec(stderr)?.[1] ?? "";
    expect([...readFileSync(join(folder, file))].map((byte) => byte >> 4)).toEqual([11, 4, 13, 2]);
    expect(run("nested", "--replay", file).status).toBe(1);
  });

  test("does the same again from the same seed, and says so when nothing was found", () => {
    const once = run("holds", "--runs", "800", "--seed", "9", "--json");
    expect(once.status).toBe(0);
    expect(JSON.parse(once.stdout)).toMatchObject({ target: "holds", found: null });
    expect(JSON.parse(once.stdout).executions).toBeGreaterThanOrEqual(800);
    expect(run("holds", "--runs", "800", "--seed", "9", "--json").stdout).toBe(once.stdout);
  });

  test("wrong use ends with status 2 and says what is right", () => {
    for (const words of [["nobody"], ["holds", "--seconds", "x"]]) {
      const { status, stderr } = run(...words);
      expect(status).toBe(2);
      expect(stderr).toContain("usage: npm run fuzz");
    }
  });
});

test("`npm run fuzz -- list` names every target", () => {
  const listed = execFileSync(process.execPath, [join(root, "fuzz.mjs"), "list"], { encoding: "utf8" });
  expect(listed.trim().split("\n")).toEqual(targets);
});
