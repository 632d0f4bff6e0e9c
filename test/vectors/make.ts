/**
 * Writes items.json and messages.json anew, after a change of the format that is meant. A script, not a test; run it
 * from the repository's root:
 *
 *   node_modules/.bin/esbuild test/vectors/make.ts --bundle --platform=node --format=esm --packages=external \
 *     --outfile=test/vectors/make.mjs && node test/vectors/make.mjs && rm test/vectors/make.mjs
 */
import { writeFileSync } from "node:fs";
import { itemVectors } from "./items.ts";
import { messageVectors } from "./messages.ts";
import { asFile, itemsFile, messagesFile } from "./write.ts";

writeFileSync(itemsFile, asFile(itemVectors()));
writeFileSync(messagesFile, asFile(messageVectors()));
