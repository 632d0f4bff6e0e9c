/**
 * Writes tools/wireshark/doorsync-tables.lua anew, after a change of names or numbers that is meant. A script, not a
 * test; run it from the repository's root:
 *
 *   node_modules/.bin/esbuild test/radio/dissector/make.ts --bundle --platform=node --format=esm --packages=external \
 *     --outfile=test/radio/dissector/make.mjs && node test/radio/dissector/make.mjs && rm test/radio/dissector/make.mjs
 */
import { writeFileSync } from "node:fs";
import { tablesFile, tablesText } from "./tables.ts";

writeFileSync(tablesFile, tablesText());
