// Bundles every fuzz target, and the engine, into one CommonJS file each, from the packages' sources. CommonJS because
// the require hook of Jazzer.js instruments nothing else; one file each, so that what is covered is counted by one URL.
// Not part of the build of the packages: nothing here is published.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");

/** Names of all targets, in alphabetical order. */
export const targetNames = readdirSync(join(here, "targets"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => basename(name, ".ts"))
  .sort();

/** Where the bundle of a target, of the engine or of the seeds lies. */
export const bundleOf = (name) => join(dist, `${name}.js`);

/** Bundles these targets, the engine, and what writes the seeds if asked. Rejects where a source does not compile. */
export async function bundle(names, withSeeds = false) {
  // Here and not above: whoever asks for the names alone needs nothing installed.
  const { build } = await import("esbuild");
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
  await build({
    entryPoints: {
      engine: join(here, "engine", "main.ts"),
      ...(withSeeds ? { seeds: join(here, "seeds.ts") } : {}),
      ...Object.fromEntries(names.map((name) => [name, join(here, "targets", `${name}.ts`)])),
    },
    outdir: dist,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    conditions: ["doorsync-source"],
    logLevel: "error",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(targetNames);
  process.stdout.write(`${targetNames.join("\n")}\n`);
}
