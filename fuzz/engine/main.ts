/**
 * The program behind `npm run fuzz`: one search per target, each in a thread of its own that can be given up on when an
 * input never ends. Prints what it found and how to run that again; exit status 1 when something was found, 2 for
 * wrong use. For machines where Jazzer's binary does not load; the targets are the same.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { campaign, type Figures, failureName, minimised } from "./campaign.ts";
import { createChance } from "./chance.ts";
import { startCoverage } from "./coverage.ts";
import { dictionary } from "./dictionary.ts";

type Bytes = Uint8Array;

/** Where the bundles lie; known to the program that made them. */
export interface Places {
  readonly targetNames: readonly string[];
  bundleOf(name: string): string;
}

/** Longest input in bytes: a parcel with a few of the longest messages, or a long script. */
const inputBytesMax = 8_192;
/** An input that takes longer than this counts as one that never ends. */
const hangMs = 10_000;
const heapMegabytesMax = 768;
const minimiseTries = 3_000;

interface Job {
  readonly bundle: string;
  readonly corpus: readonly Bytes[];
  readonly seed: number;
  readonly milliseconds: number | undefined;
  readonly runs: number | undefined;
  /** Int32: inputs begun, length of the current one; then its bytes. */
  readonly shared: SharedArrayBuffer;
}

type Told =
  | { readonly kind: "kept"; readonly data: Bytes }
  | { readonly kind: "over"; readonly figures: Figures }
  | { readonly kind: "found"; readonly figures: Figures; readonly data: Bytes; readonly says: string };

interface Ended {
  readonly figures: Figures | undefined;
  readonly found: { readonly data: Bytes; readonly says: string } | undefined;
}

const usage = `usage: npm run fuzz -- [TARGET...] [--seconds N | --runs N] [--seed S] [--corpus DIR] [--json]
       npm run fuzz -- TARGET --replay FILE
       npm run fuzz -- list | seeds
Searches for an input that breaks a target's property, guided by what V8 says was covered. Without TARGET: all, one
after the other. --seconds N each (default 60), or --runs N inputs each: then the same seed is the same search.
--corpus DIR also reads inputs from DIR/TARGET and keeps new ones there. seeds writes fuzz/corpus anew.`;

/** Runs the words of a command line; the exit status. */
export async function main(words: readonly string[], places: Places): Promise<number> {
  let options: ReturnType<typeof parsed>;
  try {
    options = parsed(words);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`);
    return 2;
  }
  const { values, positionals } = options;
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const unknown = positionals.find((name) => !places.targetNames.includes(name));
  const numbers = [values.seconds, values.runs, values.seed];
  if (unknown !== undefined || numbers.some((text) => text !== undefined && !/^\d{1,9}$/.test(text))) {
    const why = unknown === undefined ? "a number is not one" : `no target ${unknown}; see list`;
    process.stderr.write(`${why}\n${usage}\n`);
    return 2;
  }
  const names = positionals.length > 0 ? positionals : places.targetNames;
  if (values.replay !== undefined) return replay(names, values.replay, places);

  let failed = 0;
  for (const name of names) {
    const ended = await search(name, places, values);
    if (values.json === true) {
      const found = ended.found?.says ?? null;
      process.stdout.write(`${JSON.stringify({ target: name, ...ended.figures, found })}\n`);
    }
    if (ended.found === undefined) continue;
    failed++;
    const file = kept(join(root, "findings", name), ended.found.data);
    process.stderr.write(`${name}: ${ended.found.says}\nReplay: npm run fuzz -- ${name} --replay ${file}\n`);
  }
  return failed > 0 ? 1 : 0;
}

function parsed(words: readonly string[]) {
  return parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      seconds: { type: "string" },
      runs: { type: "string" },
      seed: { type: "string" },
      corpus: { type: "string" },
      replay: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
}

/** The fuzz folder: the bundle of this file lies in its `dist`. */
const root = join(__dirname, "..");

function inputsIn(folder: string): Bytes[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/** Writes an input under the name of its content, as fuzzing engines do; the path to show. */
function kept(folder: string, data: Bytes): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash("sha256").update(data).digest("hex").slice(0, 16));
  writeFileSync(file, data);
  return relative(process.cwd(), file);
}

async function replay(names: readonly string[], file: string, places: Places): Promise<number> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    process.stderr.write(`--replay takes one target\n${usage}\n`);
    return 2;
  }
  const { fuzz } = require(places.bundleOf(name)) as { fuzz(data: Buffer): void };
  try {
    fuzz(readFileSync(file));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
  process.stdout.write(`${name}: holds\n`);
  return 0;
}

type Values = ReturnType<typeof parsed>["values"];

/** One target's search, from its thread's beginning to its end. */
function search(name: string, places: Places, values: Values): Promise<Ended> {
  const own = values.corpus === undefined ? undefined : join(values.corpus, name);
  const folders = [
    join(root, "corpus", name),
    join(root, "regressions", name),
    ...(own === undefined ? [] : [own]),
  ];
  const shared = new SharedArrayBuffer(8 + inputBytesMax);
  const job: Job = {
    bundle: places.bundleOf(name),
    corpus: folders.flatMap(inputsIn),
    seed: Number(values.seed ?? 1),
    milliseconds: values.runs === undefined ? 1_000 * Number(values.seconds ?? 60) : undefined,
    runs: values.runs === undefined ? undefined : Number(values.runs),
    shared,
  };
  const state = new Int32Array(shared, 0, 2);
  const current = (): Bytes => new Uint8Array(shared, 8, Atomics.load(state, 1)).slice();
  const begun = Date.now();
  const line = (figures: Figures): string => {
    const seconds = Math.max(0.001, (Date.now() - begun) / 1_000);
    const rate = Math.round(figures.executions / seconds);
    return `${name}: ${figures.executions} inputs, ${rate}/s, ${figures.blocks} blocks, ${figures.features} features, ${figures.kept} kept`;
  };

  return new Promise((resolve) => {
    const worker = new Worker(places.bundleOf("engine"), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
    });
    let last = { inputs: -1, atMs: Date.now() };
    const watch = setInterval(() => {
      const inputs = Atomics.load(state, 0);
      if (inputs !== last.inputs || inputs === 0) last = { inputs, atMs: Date.now() };
      else if (Date.now() - last.atMs > hangMs)
        give({ data: current(), says: `hang: over ${hangMs / 1_000} s` });
    }, 500);
    const end = (ended: Ended): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve(ended);
    };
    const give = (found: NonNullable<Ended["found"]>, figures?: Figures): void => end({ figures, found });

    worker.on("error", (error) => give({ data: current(), says: failureName(error) }));
    worker.on("message", (told: Told) => {
      switch (told.kind) {
        case "kept":
          if (own !== undefined) kept(own, told.data);
          return;
        case "over":
          process.stderr.write(`${line(told.figures)}\n`);
          end({ figures: told.figures, found: undefined });
          return;
        case "found":
          process.stderr.write(`${line(told.figures)}\n`);
          give({ data: told.data, says: told.says }, told.figures);
          return;
        default:
          told satisfies never;
      }
    });
  });
}

/** The thread's half: it knows one target, searches, and tells. */
function work(job: Job): void {
  const state = new Int32Array(job.shared, 0, 2);
  const bytes = new Uint8Array(job.shared, 8);
  const coverage = startCoverage(job.bundle);
  const { fuzz } = require(job.bundle) as { fuzz(data: Buffer): void };
  const until = job.milliseconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + job.milliseconds;
  const tell = (told: Told): void => parentPort?.postMessage(told);
  const { finding, ...figures } = campaign({
    fuzz,
    coverage,
    chance: createChance(job.seed),
    corpus: job.corpus,
    dictionary,
    bytesMax: inputBytesMax,
    isOver: (executions) => executions >= (job.runs ?? Number.POSITIVE_INFINITY) || Date.now() >= until,
    onInput(data) {
      const shown = data.subarray(0, inputBytesMax);
      bytes.set(shown);
      Atomics.store(state, 1, shown.length);
      Atomics.add(state, 0, 1);
    },
    onKept: (data) => tell({ kind: "kept", data }),
  });
  coverage.stop();
  if (finding === undefined) {
    tell({ kind: "over", figures });
    return;
  }
  const least = minimised(fuzz, finding, minimiseTries);
  const { error } = least;
  const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell({ kind: "found", figures, data: least.data, says });
}

if (!isMainThread) work(workerData as Job);
