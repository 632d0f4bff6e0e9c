#!/usr/bin/env node
// Makes regressions of what a search found: `npm run keep-findings -- FOLDER`, where FOLDER is what CI uploaded, or
// `fuzz/findings`. Lines that `lock-sim fuzz --json` printed (files named *.jsonl) become test/regressions/*.json, inputs
// of fuzz targets (files in a folder named as one) become fuzz/regressions/TARGET/*. `npm test` replays both. It runs nothing.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder] = process.argv.slice(2);

function giveUp(sentence) {
  process.stderr.write(`keep-findings: ${sentence}\n`);
  process.exit(2);
}

if (folder === undefined || !existsSync(folder)) giveUp("usage: npm run keep-findings -- FOLDER");

const kept = [];

/** One line that failed or crashed, as a file that says how to replay it and what it broke. */
function keepLine(line) {
  const said = JSON.parse(line);
  const failure = said.failed ?? said.crashed;
  if (failure === undefined) return;
  const replay = /--replay (\S+)/.exec(failure.replay)?.[1];
  if (replay === undefined) giveUp(`no line to replay in ${line}`);
  const { seed, property = "crash", claim = failure.says } = failure;
  const file = join(
    "test",
    "regressions",
    `${property.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${seed}.json`,
  );
  mkdirSync(join(root, "test", "regressions"), { recursive: true });
  writeFileSync(join(root, file), `${JSON.stringify({ replay, property, claim }, null, 2)}\n`);
  kept.push(file);
}

const targets = readdirSync(join(root, "fuzz", "targets")).map((name) => name.replace(/\.ts$/, ""));

/** A folder as CI uploaded it, or several of them side by side. */
function keepFolder(place) {
  for (const name of readdirSync(place)) {
    const path = join(place, name);
    if (name.endsWith(".jsonl")) readFileSync(path, "utf8").split("\n").filter(Boolean).forEach(keepLine);
    else if (!statSync(path).isDirectory()) continue;
    else if (targets.includes(name)) keepInputs(name, path);
    else keepFolder(path);
  }
}

function keepInputs(target, from) {
  const place = join("fuzz", "regressions", target);
  mkdirSync(join(root, place), { recursive: true });
  for (const input of readdirSync(from)) {
    copyFileSync(join(from, input), join(root, place, input));
    kept.push(join(place, input));
  }
}

keepFolder(folder);
process.stdout.write(kept.length === 0 ? "nothing failed in there\n" : `${kept.join("\n")}\n`);
