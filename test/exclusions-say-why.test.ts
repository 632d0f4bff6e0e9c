/**
 * Branch coverage of the core leaves out only what test/coverage/exclusions.ts names, each place with its reason, and
 * the shipped code holds no mark that would leave out more. How much is covered, `npm run coverage` says.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exclusions, marked, placesOf, root } from "./coverage/exclusions.ts";

const core = /^packages\/(protocol\/src\/((cbor|crypto|rules|link)\/|\w+\.ts$)|lock-sim\/src\/firmware\/)/;
const sources = new Map(
  ["protocol", "lock-sim", "phone-client", "authority"]
    .map((name) => `packages/${name}/src`)
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, readFileSync(join(root, path), "utf8")] as const),
);

test("every exclusion gives a reason, and finds a place in the core", () => {
  expect(sources.size).toBeGreaterThan(100);
  for (const exclusion of exclusions) {
    const { file, code, reason } = exclusion;
    expect(reason.split(" ").length, `${code}: ${reason}`).toBeGreaterThan(5);
    const places = [...sources]
      .filter(([path]) => core.test(path) && path.startsWith(file))
      .flatMap(([, source]) => placesOf(exclusion, source));
    expect(places.length, `${file}: ${code}`).toBeGreaterThan(0);
  }
});

test("a mark is put before an excluded place, on its line, and nowhere else", () => {
  const never = "default:\n  throw new Error(String(x satisfies never));\ndefault:\n  throw new Error(x);\n";
  const bugs = "if (x === y)\n  throw new Error(x);\nif (x) return 1;\nif (x) throw new RangeError(x);\n";
  const core = "packages/lock-sim/src/firmware/step.ts";
  expect(marked(core, never)).toBe(`/* v8 ignore next -- @preserve */ ${never}`);
  expect(marked(core, bugs)).toBe(`/* v8 ignore if -- @preserve */ ${bugs}`);
  expect(marked("packages/protocol/src/cbor/scan.ts", bugs)).toBe(bugs);
});

test("no shipped file hides code from coverage by a mark of its own", () => {
  for (const [path, source] of sources)
    expect(source, path).not.toMatch(/(v8|c8|istanbul|node:coverage) ignore/);
});
