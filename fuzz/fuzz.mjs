#!/usr/bin/env node
// `npm run fuzz`: bundles what is asked for and hands over. Plain Node, because Node 20 runs no TypeScript.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { bundle, bundleOf, targetNames } from "./build.mjs";

const load = createRequire(import.meta.url);
const words = process.argv.slice(2);
const asked = words.filter((word) => targetNames.includes(word));
if (words[0] === "list") {
  process.stdout.write(`${targetNames.join("\n")}\n`);
} else if (words[0] === "seeds") {
  await bundle([], true);
  load(bundleOf("seeds")).writeSeeds(fileURLToPath(new URL(".", import.meta.url)));
} else {
  await bundle(asked.length > 0 ? asked : targetNames);
  process.exitCode = await load(bundleOf("engine")).main(words, { targetNames, bundleOf });
}
