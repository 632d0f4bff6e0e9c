/** Conducts a campaign: hands seeds to a crew until there are enough, and counts what came of them. It prints nothing. */
import { openssl } from "@doorsync/protocol/node-crypto";
import { elapsedMs } from "../edge/wall.ts";
import {
  createTally,
  cryptoFinding,
  isCheckedWithRealCrypto,
  type Ran,
  seedAt,
  type Tally,
  type Task,
} from "../sim/campaign.ts";
import type { Plant } from "../sim/plants.ts";
import { type History, shrink } from "../sim/shrink.ts";
import type { Crew } from "./crew.ts";

export interface Wanted {
  /** The campaign's seed. */
  readonly seed: number;
  readonly runs: number;
  /** No further run is begun after so long. */
  readonly seconds: number | undefined;
  readonly faults: Task["faults"];
  readonly keep: Task["keep"];
  /** Every run is done again with real signatures, not one in a hundred: a replay must find whatever was found. */
  readonly realToo: boolean;
  /** The bug in the crew's code: the first run that its finder fails in ends the campaign. */
  readonly plant: Plant | undefined;
}

export interface Conducted {
  readonly tally: Tally;
  /** In the order of the campaign. */
  readonly failures: readonly Ran[];
  /** The run in which the planted bug was found by the property named for it. */
  readonly found: Ran | undefined;
  readonly seconds: number;
}

/** The run as it is told to the crew; `index` in its campaign. */
export function taskOf(wanted: Wanted, seed: number): Task {
  return {
    seed,
    ...(wanted.faults === undefined ? {} : { faults: wanted.faults }),
    ...(wanted.keep === undefined ? {} : { keep: wanted.keep }),
  };
}

/** `onProgress` is told after each run. */
export async function conduct(
  wanted: Wanted,
  crew: Crew,
  onProgress: (tally: Tally, seconds: number) => void,
): Promise<Conducted> {
  const startedMs = elapsedMs();
  const secondsSoFar = (): number => (elapsedMs() - startedMs) / 1_000;
  const tally = createTally(openssl.sha256);
  const failures: Ran[] = [];
  let found: Ran | undefined;
  let next = 0;

  const isOver = (): boolean =>
    found !== undefined ||
    next >= wanted.runs ||
    (wanted.seconds !== undefined && next > 0 && secondsSoFar() >= wanted.seconds);

  async function pull(): Promise<void> {
    while (!isOver()) {
      const index = next++;
      const realToo = wanted.plant === undefined && (wanted.realToo || isCheckedWithRealCrypto(index));
      const ran = await crew.run({ ...taskOf(wanted, seedAt(wanted.seed, index)), realToo });
      // Once the bug is found, nothing behind it counts, whoever had begun it.
      if (found !== undefined) return;
      tally.take(index, ran, (counted) => {
        if (counted.finding === undefined && counted.crash === undefined) return true;
        failures.push(counted);
        if (wanted.plant === undefined || counted.finding?.property !== wanted.plant.finder) return true;
        found = counted;
        return false;
      });
      onProgress(tally, secondsSoFar());
    }
  }

  await Promise.all(Array.from({ length: crew.size }, pull));
  return { tally, failures, found, seconds: secondsSoFar() };
}

/** Runs tried to make a failing history small. */
const shrinkTriesMax = 150;

/** The failing run with as little in it as still fails by the same property, in words. */
export async function minimised(
  wanted: Wanted,
  crew: Crew,
  failed: Ran,
): Promise<{ history: History; ran: Ran }> {
  const rerun = (history: Partial<History>, inWords: boolean): Promise<Ran> =>
    crew.run({
      ...taskOf(wanted, failed.seed),
      ...(history.families === undefined ? {} : { faults: history.families }),
      ...(history.keep === undefined ? {} : { keep: history.keep }),
      realToo: failed.finding?.property === cryptoFinding,
      inWords,
    });
  const whole = await rerun({}, true);
  const from = { families: failed.families, keep: whole.words?.intents.map(([index]) => index) ?? [] };
  const property = failed.finding?.property;
  if (property === undefined || whole.finding?.property !== property) return { history: from, ran: whole };
  const stillFails = async (history: History): Promise<boolean> =>
    (await rerun(history, false)).finding?.property === property;
  const { history } = await shrink(from, stillFails, shrinkTriesMax);
  return { history, ran: await rerun(history, true) };
}
