#!/usr/bin/env node
// `npm run cuts`: power cuts in everything a lock writes, one behind the other. Bundles `test/support/cuts-program.ts`
// from the sources and runs it, once for each scenario and in as many processes as there are processors. What is cut and
// what is judged is said there; this prints what came of it, and ends with status 1 when a state was wrong.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const usage = `npm run cuts -- [--scenario NAME] [--depth 1|2|3] [--every N] [--workers N] [--json] [--list]
  --scenario  only those whose name contains this; all when left out
  --depth     cuts in a row, 1 when left out
  --every     of the states that a cut left, every Nth gets a further one; what fits the scenario when left out
  --workers   processes, as many as processors when left out
  --json      one JSON object a line
  --list      the names of the scenarios
`;

function giveUp(sentence) {
  process.stderr.write(`cuts: ${sentence}\n${usage}`);
  process.exit(2);
}

function readFlags() {
  try {
    const text = { type: "string" };
    const flag = { type: "boolean", default: false };
    const options = {
      scenario: text,
      depth: text,
      every: text,
      workers: text,
      json: flag,
      list: flag,
      help: flag,
    };
    return parseArgs({ options }).values;
  } catch (wrong) {
    return giveUp(wrong.message);
  }
}

function wholeNumber(name, text, max) {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= max ? number : giveUp(`--${name} is a number from 1 to ${max}`);
}

const flags = readFlags();
if (flags.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const depth = wholeNumber("depth", flags.depth ?? "1", 3);
const every = flags.every === undefined ? undefined : wholeNumber("every", flags.every, 100_000);
const workers = wholeNumber("workers", flags.workers ?? String(availableParallelism()), 64);
const program = fileURLToPath(new URL("../test/dist/cuts.mjs", import.meta.url));
await build({
  entryPoints: [fileURLToPath(new URL("../test/support/cuts-program.ts", import.meta.url))],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
  conditions: ["doorsync-source"],
  logLevel: "error",
});

/** Runs the program; hears each line it prints as JSON, and resolves to its exit status. */
function run(words, hear) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (line) => hear(JSON.parse(line)));
    child.on("close", (status) => resolve(status ?? 1));
  });
}

const names = [];
await run(["list"], (name) => names.push(name));
const asked = names.filter((name) => flags.scenario === undefined || name.includes(flags.scenario));
if (asked.length === 0) giveUp(`no scenario is called like ${flags.scenario}`);

const shown = (value) => value.toLocaleString("en");
const total = { states: 0, distinct: 0, lives: 0, struck: [0, 0, 0], passedOver: 0, failed: 0 };

function tell(said) {
  if (flags.json) process.stdout.write(`${JSON.stringify(said)}\n`);
  const { scenario, states, distinct, lives, layers, seconds, wrong } = said;
  total.states += states;
  total.distinct += distinct;
  total.lives += lives;
  for (const [at, { struck, passedOver }] of layers.entries()) {
    total.struck[at] += struck;
    total.passedOver += passedOver;
  }
  if (wrong !== undefined) total.failed++;
  if (flags.json) return;
  const perDepth = layers.map(({ struck }) => shown(struck)).join(" + ");
  const left = layers.reduce((sum, { passedOver }) => sum + passedOver, 0);
  const sampled = left === 0 ? "" : `; ${shown(left)} states without a further cut`;
  process.stdout.write(
    `${scenario}: ${shown(states)} states tried (${perDepth}), ${shown(distinct)} distinct, ${shown(lives)} lives, ` +
      `${seconds.toFixed(1)} CPU-s${sampled}\n${wrong === undefined ? "" : `  WRONG ${wrong}\n`}`,
  );
}

/** By far the longest with a second cut. */
function isLong(scenario) {
  return scenario === "factory reset";
}

if (flags.list) {
  process.stdout.write(names.map((name) => `${name}\n`).join(""));
} else {
  const began = Date.now();
  // What takes longest begins first, or it goes on alone at the end.
  const waiting = [...asked].sort((a, b) => Number(isLong(b)) - Number(isLong(a)));
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      let heard = false;
      const words = ["run", name, String(depth), ...(every === undefined ? [] : [String(every)])];
      await run(words, (said) => {
        heard = true;
        tell(said);
      });
      if (!heard)
        tell({
          scenario: name,
          states: 0,
          distinct: 0,
          lives: 0,
          layers: [],
          seconds: 0,
          wrong: "it broke off",
        });
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, asked.length) }, work));
  const seconds = (Date.now() - began) / 1_000;
  const struck = total.struck.slice(0, depth);
  if (flags.json) process.stdout.write(`${JSON.stringify({ summary: { ...total, struck, seconds } })}\n`);
  else
    process.stdout.write(
      `${shown(total.states)} states tried, ${shown(total.distinct)} of them distinct; cuts that struck, by depth: ` +
        `${struck.map(shown).join(", ")}; ${shown(total.lives)} lives, ${seconds.toFixed(0)} s; ` +
        `${total.failed === 0 ? "none was wrong" : `${total.failed} scenarios went wrong`}\n`,
    );
  process.exitCode = total.failed === 0 ? 0 : 1;
}
