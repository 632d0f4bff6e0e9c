/**
 * A thread of `lock-sim fuzz`: plants the bug that it was told, then loads the world, then runs one seed for each
 * message. Nothing of the world may be imported before the bug is planted.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Ran, Task } from "../sim/campaign.ts";
import { plantHere } from "../sim/planting.ts";
import { plants } from "../sim/plants.ts";

const { plant: wanted } = workerData as { readonly plant: string | undefined };
if (wanted !== undefined) {
  const plant = plants.find(({ id }) => id === wanted);
  if (plant === undefined) throw new Error(`no plant is called ${wanted}`);
  plantHere(plant);
}

const { openssl } = await import("@doorsync/protocol/node-crypto");
const { cryptoFinding } = await import("../sim/campaign.ts");
const { describeFaults, faultNames } = await import("../sim/faults.ts");
const { describeIntent } = await import("../sim/intents.ts");
const { runSeed } = await import("../sim/run.ts");
const { traceText } = await import("../sim/trace.ts");

function ran(task: Task): Ran {
  const { seed, faults, keep } = task;
  const options = {
    seed,
    ...(faults === undefined ? {} : { faults }),
    ...(keep === undefined ? {} : { keep }),
  };
  const first = runSeed({ ...options, crypto: "memo" }, openssl);
  const real = task.realToo === true ? runSeed({ ...options, crypto: "real" }, openssl) : first;
  const differs = real.traceDigest !== first.traceDigest;
  const difference = {
    property: cryptoFinding,
    claim: "ideal and real signatures give one history",
    atSeconds: 0,
    detail: `digest ${first.traceDigest}, with real signatures ${real.traceDigest}`,
  };
  return {
    seed,
    families: faultNames.filter((name) => first.plan[name] > 0),
    digest: first.traceDigest,
    finding: first.finding ?? (differs ? difference : undefined),
    crash: undefined,
    coverage: [...first.coverage],
    counters: { ...first.counters },
    words:
      task.inWords === true
        ? {
            faults: describeFaults(first.plan),
            intents: first.intents.map((intent) => [intent.number, describeIntent(intent)] as const),
            trace: first.trace.map(traceText),
          }
        : undefined,
  };
}

parentPort?.on("message", (task: Task) => {
  let done: Ran;
  try {
    done = ran(task);
  } catch (error) {
    const crash = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const { seed, faults = [] } = task;
    const nothing = { finding: undefined, coverage: [], counters: {}, words: undefined };
    done = { seed, families: faults, digest: "", crash, ...nothing };
  }
  parentPort?.postMessage(done);
});
