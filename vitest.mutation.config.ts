// How Stryker runs the tests of one folder, which DOORSYNC_MUTATE names (test/mutation/folders.json). It works on a
// copy of the repository with the node_modules of the original: our own packages are therefore found by path here, or
// the tests would import the sources that nobody mutated.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly "doorsync-source"?: string }>>;
}

const root = fileURLToPath(new URL(".", import.meta.url));
const readJson = <T>(path: string): T => JSON.parse(readFileSync(`${root}${path}`, "utf8"));

const folders = readJson<Readonly<Record<string, { readonly tests: string[] }>>>(
  "test/mutation/folders.json",
);
const folder = folders[process.env["DOORSYNC_MUTATE"] ?? ""];
if (folder === undefined) throw new Error(`DOORSYNC_MUTATE names none of ${Object.keys(folders).join(", ")}`);

const sources = ["protocol", "lock-sim", "phone-client", "authority"].flatMap((name) =>
  Object.entries(readJson<Manifest>(`packages/${name}/package.json`).exports).map(([path, target]) => ({
    find: new RegExp(`^@doorsync/${name}${path.slice(1)}$`),
    replacement: `${root}packages/${name}/${target["doorsync-source"]}`,
  })),
);

const config: ViteUserConfig = defineConfig({
  ...base,
  resolve: { ...base.resolve, alias: sources },
  test: {
    ...base.test,
    include: folder.tests,
    setupFiles: ["./test/setup.ts", "./test/mutation/setup.ts"],
    env: { DOORSYNC_INSTRUMENTED: "mutants" },
  },
});

export default config;
