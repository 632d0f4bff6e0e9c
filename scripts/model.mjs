// Runs the model of the sync (model/sync.pml) through Spin: every build, the good ones and those with one planted
// fault, against every claim. Prints what was expected and what came of it, and ends with status 1 when they differ:
// a claim that fails in a good build, or a fault that breaks other claims than the ones named here. Status 2 when spin
// or gcc is missing. Not part of `npm test`.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../model/sync.pml", import.meta.url));

/** Deepest path that pan may follow; a search that reaches it is incomplete, and counts as a surprise. */
const stepsMax = 500_000;

/** Each build with the claims that it must break. All others must hold. */
const builds = [
  { name: "good", flags: [], breaks: [] },
  { name: "good, with a reset", flags: ["WITH_RESET"], breaks: [] },
  {
    name: "no epoch in the receipt, with a reset",
    flags: ["WITH_RESET", "BUG_NO_EPOCH"],
    breaks: ["noFalseDone", "noFalseSet"],
  },
  { name: "sent is taken for done", flags: ["BUG_SENT_IS_DONE"], breaks: ["noFalseDone", "noFalseSet"] },
  { name: "receipt before commit", flags: ["BUG_RCPT_EARLY"], breaks: ["noFalseDone", "noFalseSet"] },
  {
    name: "older versions are taken",
    flags: ["BUG_NO_MONO"],
    breaks: ["noFalseDone", "noFalseSet", "noRollback"],
  },
  { name: "written in place", flags: ["BUG_INPLACE"], breaks: ["neverTorn"] },
  {
    name: "commit word first",
    flags: ["BUG_COMMIT_FIRST"],
    breaks: ["noFalseDone", "noFalseSet", "neverTorn", "noRollback"],
  },
  {
    name: "a battery pull sets the clock back",
    flags: ["BUG_CLOCK_ROLLBACK"],
    breaks: ["freezeBound", "lateBound", "windowHolds", "nothingLate"],
  },
  { name: "lease counts from install", flags: ["BUG_LEASE_FROM_INSTALL"], breaks: ["lateBound"] },
  {
    name: "a replay renews the lease",
    flags: ["BUG_ALREADY_RENEWS"],
    breaks: ["freezeBound", "lateBound"],
  },
  { name: "window stored, not enforced", flags: ["BUG_NO_WINDOW"], breaks: ["windowHolds"] },
  { name: "late delivery is taken", flags: ["BUG_NO_LIFE"], breaks: ["nothingLate"] },
];

const missing = ["spin", "gcc"].filter((program) => spawnSync(program, ["--version"]).error !== undefined);
if (missing.length > 0) {
  process.stderr.write(
    `doorsync: the model needs ${missing.join(" and ")}; on Debian: apt-get install -y spin gcc libc6-dev\n`,
  );
  process.exit(2);
}

const claims = [...readFileSync(source, "utf8").matchAll(/^ltl (\w+)/gm)].map(([, claim]) => claim);
const folder = mkdtempSync(join(tmpdir(), "doorsync-model-"));
const inFolder = { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] };

/** What pan says of one claim: "holds", "broken", or what else happened, and the states it visited. */
function verdictOf(claim) {
  const { stdout } = spawnSync("./pan", ["-a", `-m${stepsMax}`, "-N", claim], inFolder);
  const errors = /errors: (\d+)/.exec(stdout)?.[1];
  const states = Number(/(\d+) states, stored/.exec(stdout)?.[1] ?? 0);
  const incomplete = /search depth too small|out of memory|truncated/.test(stdout);
  const result = errors === undefined || incomplete ? "not decided" : errors === "0" ? "holds" : "broken";
  return { result, states };
}

function row(...cells) {
  const widths = [38, 12, 9, 12];
  return cells
    .map((cell, i) => String(cell).padEnd(widths[i] ?? 0))
    .join(" ")
    .trimEnd();
}

let surprises = 0;
let statesInAll = 0;
try {
  copyFileSync(source, join(folder, "sync.pml"));
  console.log(row("build", "claim", "expected", "result", "states"));
  for (const { name, flags, breaks } of builds) {
    const unknown = breaks.filter((claim) => !claims.includes(claim));
    if (unknown.length > 0) throw new Error(`${source} makes no claim ${unknown.join(", ")}`);
    execFileSync("spin", [...flags.map((flag) => `-D${flag}`), "-a", "sync.pml"], inFolder);
    execFileSync("gcc", ["-O1", "-w", "-o", "pan", "pan.c"], inFolder);
    for (const claim of claims) {
      const expected = breaks.includes(claim) ? "broken" : "holds";
      const { result, states } = verdictOf(claim);
      const surprise = result !== expected;
      surprises += surprise ? 1 : 0;
      statesInAll += states;
      console.log(
        row(name, claim, expected, surprise ? `${result} !` : result, states.toLocaleString("en-US")),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const asked = builds.length * claims.length;
console.log(
  `\n${builds.length} builds x ${claims.length} claims: ${asked - surprises} as expected, ${surprises} not; ` +
    `${statesInAll.toLocaleString("en-US")} states`,
);
process.exit(surprises === 0 ? 0 : 1);
