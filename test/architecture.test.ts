// Holds the repository to the import law of law/law.ts. It reads every TypeScript file, proves that it did, and proves
// that each sentence of the law bites. It is not about style (biome) or types (tsc).
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Files, law, packageNames, root } from "./law/law.ts";
import { computedTarget, readSource, type Source } from "./law/source.ts";

const folders = [
  ...packageNames.map((name) => `packages/${name}/src`),
  "packages/protocol/src-node",
  "packages/authority/web/src",
  "test",
  "demo",
  "bench",
  "fuzz",
];
const named = law.map((sentence) => [sentence.claim, sentence] as const);

const isSource = (path: string): boolean =>
  /\.[cm]?[jt]sx?$/.test(path) && !/(^|\/)(dist|node_modules)\//.test(path);
const read = (files: Files): Source[] => Object.entries(files).map(([path, text]) => readSource(path, text));

const paths = folders
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  )
  .map((path) => path.replaceAll("\\", "/"))
  .filter(isSource)
  .sort();
const sources = paths.map((path) => readSource(path, readFileSync(join(root, path), "utf8")));

describe("the law looked at every file", () => {
  test("every folder has files, and every file was read", () => {
    for (const folder of folders)
      expect(
        sources.some(({ path }) => path.startsWith(`${folder}/`)),
        folder,
      ).toBe(true);
    expect(sources.length).toBe(paths.length);
    const targets = sources.flatMap((source) => source.targets);
    expect(targets.length, "sources that import nothing were not really read").toBeGreaterThan(
      sources.length,
    );
  });

  test("git knows no source that the law did not see", (context) => {
    if (!existsSync(join(root, ".git"))) context.skip("not a git checkout");
    const listing = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...folders], {
      cwd: root,
      encoding: "utf8",
    });
    const known = listing.split("\n").filter((path) => isSource(path) && existsSync(join(root, path)));
    expect(known.length).toBeGreaterThan(0);
    expect(known.filter((path) => !paths.includes(path))).toEqual([]);
  });

  test("every relative import leads to a file", () => {
    const dangling = sources.flatMap(({ path, targets }) =>
      targets
        .filter((t) => /^(packages|test|demo|bench|fuzz)\//.test(t) && !existsSync(join(root, t)))
        .map((t) => `${path} -> ${t}`),
    );
    expect(dangling).toEqual([]);
  });
});

describe("the law holds", () => {
  test.each(named)("%s", (_claim, { check }) => {
    expect(check(sources)).toEqual([]);
  });
});

describe("the law bites", () => {
  test.each(named)("a planted violation is reported: %s", (_claim, { check, planted, spared }) => {
    expect(check(read(planted)), "planted").not.toEqual([]);
    expect(check(read(spared)), "spared").toEqual([]);
  });

  const airborne = [
    "Date.now()",
    "new Date()",
    "Date()",
    "Math.random()",
    "setTimeout(f, 1)",
    "setInterval(f, 1)",
    "globalThis.crypto",
    "performance.now()",
    "crypto.getRandomValues(b)",
    "process.hrtime()",
  ];
  test.each(airborne)("%s is taken from the air", (expression) => {
    expect(readSource("x.ts", `const x = ${expression};`).fromTheAir).not.toEqual([]);
  });

  test("a name that is only a property, or a date of a given moment, is not taken from the air", () => {
    const text = "const x = [ports.setTimeout(f), new Date(0), { process: 1 }, clock.now(), 'Date.now()'];";
    expect(readSource("x.ts", text).fromTheAir).toEqual([]);
  });

  test("every way to name a module is seen", () => {
    const text = [
      'import "./a.ts"; import type { B } from "./b.ts"; export * from "./c.ts"; export type { D } from "./d.ts";',
      'type E = import("./e.ts").E; const f = () => import("./f.ts"); const g = (n: string) => import(n);',
      '// import "./no.ts";\nconst h = \'import "./no.ts"\';',
    ].join("\n");
    const targets = ["a", "b", "c", "d", "e", "f"].map((name) => `test/${name}.ts`);
    expect([...readSource("test/x.ts", text).targets].sort()).toEqual([computedTarget, ...targets].sort());
  });
});
