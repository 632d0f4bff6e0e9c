// Mutation testing of the core, folder by folder: changes the code in hundreds of small ways, one at a time, and counts
// the changes that no test notices. Prints the survivors and the scores; status 1 when a score is below the floor, or
// when so few tests ran that the score means nothing. It takes long, so it is nice to others and uses one process.
//
//   node scripts/mutate.mjs [folder | folder/file.ts]…      folders: test/mutation/folders.json
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, "reports", "mutation");
const scoreMin = 90;
/** Below this the runner's filter of tests matched nothing, whatever the score says. */
const testsPerMutantMin = 0.5;

const folders = JSON.parse(readFileSync(join(root, "test/mutation/folders.json"), "utf8"));
const asked = process.argv.slice(2);
const jobs = (asked.length > 0 ? asked : Object.keys(folders)).map((name) => {
  const [folder, file] = name.split("/");
  return { name, folder, file };
});
for (const { name, folder } of jobs) {
  if (folders[folder] === undefined) {
    process.stderr.write(`doorsync: no folder ${name}; there are ${Object.keys(folders).join(", ")}\n`);
    process.exit(2);
  }
}
setPriority(10);

/** The source text of a mutant, on one line. */
function textOf(source, { start, end }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join(" ").replace(/\s+/g, " ");
}

const short = (text) => (text.length > 70 ? `${text.slice(0, 69)}…` : text);

/** What the report of one folder says. */
function readReport(report) {
  const mutants = Object.entries(report.files).flatMap(([file, { source, mutants: all }]) =>
    all.map((mutant) => ({ ...mutant, file: file.split("/").at(-1), source })),
  );
  // Fewer tests came to an end than were to run: a file of tests did not even load. Stryker calls that survival. A
  // filter that matches no test looks the same; that is what `testsPerMutantMin` is for.
  const most = Math.max(...mutants.map(({ testsCompleted = 0 }) => testsCompleted));
  const broken = ({ status, static: atLoad, testsCompleted = 0, coveredBy = [] }) =>
    status === "Survived" && testsCompleted < (atLoad ? most : coveredBy.length);
  const isFound = (mutant) => ["Killed", "Timeout"].includes(mutant.status) || broken(mutant);
  const found = mutants.filter(isFound).length;
  const survivors = mutants.filter((one) => ["Survived", "NoCoverage"].includes(one.status) && !isFound(one));
  const tried = found + survivors.length;
  const completed = mutants.reduce((sum, { testsCompleted = 0 }) => sum + testsCompleted, 0);
  return { found, tried, survivors, score: (100 * found) / tried, testsPerMutant: completed / tried };
}

const rows = [];
for (const { name, folder, file } of jobs) {
  const mutate = folders[folder].mutate.map((glob) =>
    file === undefined ? glob : glob.replace(/\*[^/]*$/, file),
  );
  const { status } = spawnSync(
    join(root, "node_modules/.bin/stryker"),
    ["run", "stryker.config.json", "--mutate", mutate.join(",")],
    { cwd: root, env: { ...process.env, DOORSYNC_MUTATE: folder }, stdio: ["ignore", 2, 2] },
  );
  if (status !== 0) {
    process.stderr.write(`doorsync: Stryker gave up on ${name}; the lines above say why\n`);
    process.exit(2);
  }
  mkdirSync(reports, { recursive: true });
  const kept = join(reports, `${name.replace("/", "-")}.json`);
  renameSync(join(reports, "mutation.json"), kept);
  const { found, tried, survivors, score, testsPerMutant } = readReport(
    JSON.parse(readFileSync(kept, "utf8")),
  );
  for (const { file: where, location, source, replacement } of survivors) {
    const before = short(textOf(source, location));
    console.log(
      `${folder}/${where}:${location.start.line}  ${before}  ->  ${short(replacement.replace(/\s+/g, " "))}`,
    );
  }
  const faults = [
    ...(score < scoreMin ? [`below ${scoreMin} %`] : []),
    ...(testsPerMutant < testsPerMutantMin ? ["hardly a test ran: the run is broken"] : []),
  ];
  rows.push({ name, found, tried, score, testsPerMutant, faults });
}

for (const { name, found, tried, score, testsPerMutant, faults } of rows) {
  console.log(
    `${name}: ${found} of ${tried} mutants found, ${score.toFixed(1)} %, ${testsPerMutant.toFixed(1)} tests each` +
      faults.map((fault) => `; ${fault}`).join(""),
  );
}
process.exit(rows.every(({ faults }) => faults.length === 0) ? 0 : 1);
