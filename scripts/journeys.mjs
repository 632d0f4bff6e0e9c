// `npm run journeys`: runs test/journeys and prints one line for each feature, with its steps. It formats; the stories
// are in test/journeys, and their order is that of the features.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const usage = `npm run journeys                    the features and whether their journeys hold, to read
npm run journeys -- --steps         with every step in words
npm run -s journeys -- --json       one object a line: {"feature":"F12","ok":true,"steps":9}
npm run journeys -- --feature F12   one feature
Exit status: 0 all hold or were skipped for a reason that is said, 1 one does not, 2 wrong use.`;

const args = process.argv.slice(2);
const features = Array.from({ length: 31 }, (_, i) => `F${i + 1}`);
const at = args.indexOf("--feature");
const only = at < 0 ? undefined : args[at + 1];
const known = new Set(["--json", "--steps", "--feature", "--help", "-h", only]);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
if (args.some((arg) => !known.has(arg)) || (at >= 0 && !features.includes(only))) {
  process.stderr.write(`journeys: what is meant by ${JSON.stringify(args.join(" "))}?\n${usage}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "doorsync-journeys-"));
const report = join(folder, "report.json");
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.journeys.config.ts"];
const filter = only === undefined ? [] : ["-t", `^${only} `];
const child = spawnSync(
  process.execPath,
  [...vitest, ...filter, "--reporter=json", `--outputFile.json=${report}`],
  { stdio: ["ignore", "ignore", "inherit"] },
);
let tests;
try {
  tests = JSON.parse(readFileSync(report, "utf8")).testResults.flatMap((file) =>
    file.assertionResults.length === 0 && file.status === "failed"
      ? [{ title: file.name, status: "failed", failureMessages: [file.message], meta: {} }]
      : file.assertionResults,
  );
} catch {
  process.stderr.write("journeys: the tests did not run; try `npm run build` first\n");
  process.exit(2);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const isJson = args.includes("--json");
const say = (line) => process.stdout.write(`${line}\n`);
let failed = 0;
for (const feature of only === undefined ? features : [only]) {
  const told = tests.filter((one) => one.title.startsWith(`${feature} `) && one.status !== "skipped");
  const skipped = tests.filter(
    (one) => one.title.startsWith(`${feature} `) && one.meta?.skippedFor !== undefined,
  );
  const ok = told.length + skipped.length > 0 && told.every((one) => one.status === "passed");
  const steps = told.reduce((sum, one) => sum + (one.meta.told?.length ?? 0), 0);
  if (!ok) failed += 1;
  if (isJson) {
    const why = skipped[0]?.meta.skippedFor;
    say(JSON.stringify({ feature, ok, steps, ...(why === undefined ? {} : { skipped: why }) }));
    continue;
  }
  if (told.length + skipped.length === 0) say(`MISSING ${feature}`);
  for (const one of skipped)
    say(`skipped ${feature.padEnd(4)} ${one.title.slice(feature.length + 1)}: ${one.meta.skippedFor}`);
  for (const one of told) {
    const word = one.status === "passed" ? "holds  " : "FAILED ";
    say(`${word} ${feature.padEnd(4)} ${one.title.slice(feature.length + 1)}`);
    if (args.includes("--steps")) for (const step of one.meta.told ?? []) say(`             ${step}`);
    if (one.status === "passed") continue;
    for (const line of (one.failureMessages[0] ?? "").split("\n").slice(0, 4)) say(`             ${line}`);
  }
}
if (!isJson)
  for (const one of tests.filter(({ title }) => !/^F\d+ /.test(title))) say(`FAILED  ${one.title}`);
process.exitCode = failed === 0 && child.status === 0 ? 0 : 1;
