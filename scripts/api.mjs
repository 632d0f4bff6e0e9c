// Writes what is made from the endpoints of the authority's service: the phone's account/api.ts, the
// page's api.ts and docs/openapi.json.
// With --check it writes nothing, and ends with status 1 when they are not what the endpoints say now.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiFiles } from "@doorsync/authority/service";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "packages/authority/package.json"), "utf8"));

/** As `npm run format` would leave it. */
function formatted(file, text) {
  const biome = join(root, "node_modules", ".bin", "biome");
  const { status, stdout, stderr } = spawnSync(biome, ["format", `--stdin-file-path=${file}`], {
    cwd: root,
    input: text,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`${file} cannot be formatted: ${stderr}`);
  return stdout;
}

const { client, openapi } = await apiFiles(version);
let stale = 0;
for (const [file, text] of [
  ["packages/phone-client/src/account/api.ts", client],
  ["packages/authority/web/src/api.ts", client],
  ["docs/openapi.json", openapi],
]) {
  const path = join(root, file);
  const wanted = formatted(file, text);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
  stale += 1;
  if (process.argv.includes("--check")) {
    console.log(`${file} is not what the endpoints say: run npm run api`);
    continue;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, wanted);
  console.log(`wrote ${file}`);
}
if (process.argv.includes("--check") && stale > 0) process.exit(1);
