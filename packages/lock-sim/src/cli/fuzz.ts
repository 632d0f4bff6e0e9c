/**
 * `lock-sim fuzz`: runs the simulated world from seeds and says which properties failed. What a run is stands in sim/;
 * what is said, in fuzz-said.ts.
 */

import { Trouble } from "../edge/trouble.ts";
import { drawBytes } from "../edge/wall.ts";
import type { Ran } from "../sim/campaign.ts";
import { faultNames, parseFaults } from "../sim/faults.ts";
import { plantedModules } from "../sim/planting.ts";
import { type Plant, plants } from "../sim/plants.ts";
import { conduct, minimised, type Wanted } from "./conduct.ts";
import type { Context, ExitStatus, FuzzFlags, Terminal } from "./context.ts";
import { type Crew, createCrew } from "./crew.ts";
import {
  failureJson,
  failureWords,
  historyJson,
  historyWords,
  parseReplay,
  plantJson,
  plantLine,
  plantRow,
  plantTableHead,
  progressWords,
  replayCommand,
  situationsJson,
  summaryJson,
  summaryWords,
} from "./fuzz-said.ts";

/** A planted bug is to be found within so many runs, and so many seconds on one core. */
const plantRunsMax = 200;
const plantSecondsMax = 40;

const runsDefault = 200;

export async function fuzzCommand(this: Context, flags: FuzzFlags): Promise<void> {
  const { terminal } = this;
  try {
    if (flags.plant === "list") {
      // A bug whose code has moved is told here and not only when somebody looks for it.
      plants.forEach(plantedModules);
      const tell = flags.json ? plantJson : plantLine;
      for (const plant of plants) terminal.stdout.write(`${tell(plant)}\n`);
      this.leave(0);
    } else if (flags.plant === "all") {
      this.leave(await tellPlants(terminal, flags));
    } else {
      this.leave(await fuzz(terminal, flags));
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    terminal.stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}

function plantCalled(id: string): Plant {
  const plant = plants.find((one) => one.id === id);
  if (plant === undefined)
    throw new Trouble(`no planted bug is called ${id}; see lock-sim fuzz --plant list`);
  return plant;
}

function familiesOf(list: string): Wanted["faults"] {
  const parsed = parseFaults(list);
  if (parsed.ok) return parsed.value;
  throw new Trouble(
    `no fault is called ${JSON.stringify(parsed.unknown)}; there are: ${faultNames.join(", ")}`,
  );
}

/** 32 bits from the machine, for whoever names no seed. It is printed, so nothing is lost. */
function anySeed(): number {
  return new DataView(drawBytes(4).buffer).getUint32(0);
}

function wantedBy(flags: FuzzFlags): Wanted {
  const plant = flags.plant === undefined ? undefined : plantCalled(flags.plant);
  const faults = flags.faults === undefined ? undefined : familiesOf(flags.faults);
  if (flags.replay !== undefined) {
    const isAlone = [flags.seed, flags.runs, flags.time, flags.faults].every((flag) => flag === undefined);
    if (!isAlone)
      throw new Trouble("--replay says everything: give no --seed, --runs, --time or --faults with it");
    const line = parseReplay(flags.replay);
    if (line === undefined)
      throw new Trouble(`--replay takes the line that a failure printed, not ${flags.replay}`);
    const families = line.families === undefined ? undefined : familiesOf(line.families);
    const { seed, keep } = line;
    return { seed, runs: 1, seconds: undefined, faults: families, keep, realToo: true, plant };
  }
  const isOneSeed = flags.seed !== undefined && plant === undefined;
  const runs =
    flags.runs ?? (flags.time !== undefined ? Number.POSITIVE_INFINITY : isOneSeed ? 1 : runsDefault);
  const seed = flags.seed ?? anySeed();
  return { seed, runs, seconds: flags.time, faults, keep: undefined, realToo: false, plant };
}

async function fuzz(terminal: Terminal, flags: FuzzFlags): Promise<ExitStatus> {
  const wanted = wantedBy(flags);
  const { plant, runs } = wanted;
  // The plant is put in its places once here, so that one whose code has moved is told as what it is.
  if (plant !== undefined) plantedModules(plant);
  const say = (text: string): void => void terminal.stdout.write(`${text}\n`);
  if (!flags.json)
    say(`seed ${wanted.seed}${plant === undefined ? "" : `, with a planted bug: ${plant.fault}`}`);
  const crew = createCrew(Math.min(flags.workers, runs), plant?.id);
  try {
    const progress = progressOn(terminal, flags.json);
    const { tally, failures, found, seconds } = await conduct(wanted, crew, (so, far) =>
      progress.show(progressWords(so, runs, far)),
    );
    progress.clear();
    for (const failed of failures) {
      // Under a plant, what is not its finding is of interest only where nothing was found.
      if (found !== undefined && failed !== found) continue;
      const replay = replayCommand(failed.seed, chosen(wanted, failed), plant);
      say(flags.json ? failureJson(failed, replay) : failureWords(failed, replay));
    }
    const shown = found ?? failures.find(({ finding }) => finding !== undefined);
    if (shown !== undefined && !(flags.json && plant !== undefined)) {
      await tellHistory(say, flags.json, wanted, crew, shown);
    }
    if (!flags.json) {
      for (const line of summaryWords(tally, seconds, flags.situations)) say(line);
      if (plant !== undefined) say(found === undefined ? `${plant.id} was not found` : `found ${plant.id}`);
    } else {
      if (flags.situations) say(situationsJson(tally));
      const drawn = flags.seed === undefined && flags.replay === undefined ? wanted.seed : undefined;
      say(summaryJson(tally, found === undefined ? undefined : plant, drawn));
    }
    return tally.failed === 0 ? 0 : 1;
  } finally {
    await crew.end();
  }
}

/** What a replay line must name besides the seed: only what was chosen, not what the seed draws by itself. */
function chosen({ faults, keep }: Wanted, failed: Ran) {
  return { families: keep === undefined ? faults : (faults ?? failed.families), keep };
}

async function tellHistory(
  say: (text: string) => void,
  json: boolean,
  wanted: Wanted,
  crew: Crew,
  failed: Ran,
): Promise<void> {
  const { history, ran } = await minimised(wanted, crew, failed);
  const replay = replayCommand(failed.seed, history, wanted.plant);
  if (json) {
    say(historyJson(history, ran, replay));
    return;
  }
  say("\nthe same failure with as little as it needs:");
  for (const line of historyWords(history, ran)) say(line);
  say(failureWords(ran, replay));
  say("");
}

/** `--plant all`: each bug in a campaign of its own, as rows of a table. 0 when every one was found. */
async function tellPlants(terminal: Terminal, flags: FuzzFlags): Promise<ExitStatus> {
  const seed = flags.seed ?? anySeed();
  const say = (text: string): void => void terminal.stdout.write(`${text}\n`);
  if (!flags.json) say([`Seed ${seed}.`, "", ...plantTableHead].join("\n"));
  const missed: string[] = [];
  let runs = 0;
  for (const plant of plants) {
    const crew = createCrew(1, plant.id);
    const progress = progressOn(terminal, flags.json);
    try {
      const wanted: Wanted = {
        seed,
        runs: flags.runs ?? plantRunsMax,
        seconds: flags.time ?? plantSecondsMax,
        faults: undefined,
        keep: undefined,
        realToo: false,
        plant,
      };
      const { tally, found, seconds } = await conduct(wanted, crew, (so, far) =>
        progress.show(`${plant.id}: ${progressWords(so, wanted.runs, far)}`),
      );
      progress.clear();
      runs += tally.seeds;
      if (found === undefined) missed.push(plant.id);
      const seeds = found === undefined ? undefined : tally.seeds;
      if (flags.json)
        say(JSON.stringify({ plant: { id: plant.id, finder: plant.finder, seeds: seeds ?? null } }));
      else say(plantRow(plant, seeds));
      if (found === undefined) {
        terminal.stderr.write(`${plant.id}: not found in ${tally.seeds} runs, ${seconds.toFixed(0)} s\n`);
      }
    } finally {
      await crew.end();
    }
  }
  const found = plants.length - missed.length;
  const drawn = flags.seed === undefined ? { seed } : {};
  if (flags.json)
    say(JSON.stringify({ summary: { plants: plants.length, found, missed, seeds: runs, ...drawn } }));
  else say(`\n${found} of ${plants.length} planted bugs found in ${runs} runs.`);
  return missed.length === 0 ? 0 : 1;
}

/** One line that is written over, on a terminal only. */
function progressOn(terminal: Terminal, json: boolean): { show(text: string): void; clear(): void } {
  const isShown = terminal.stderr.isTTY === true && !json;
  const write = (text: string): void => {
    if (isShown) terminal.stderr.write(`\r\u001b[K${text}`);
  };
  return { show: write, clear: () => write("") };
}
