#!/usr/bin/env node
// Starts the compiled command line of @doorsync/lock-sim. It parses nothing itself; it only says what to do when nothing is built.
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write("lock-sim: not built yet; run `npm run build` at the root of the repository\n");
  process.exit(2);
}
