/**
 * One scenario's power cuts as a program, for `scripts/cuts.mjs`: `list` prints the names of the scenarios, `run NAME
 * DEPTH [EVERY]` what came of one, as one line of JSON. Not the cuts themselves; they are in `power-cuts.ts`.
 */
import { planFor } from "./cut-plans.ts";
import { scenarios } from "./cut-scenarios.ts";
import { cutEverywhere, distinctStates, statesTried, triedNothing } from "./power-cuts.ts";

const print = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const [command, name = "", depth = "1", every] = process.argv.slice(2);
if (command === "list") for (const known of Object.keys(scenarios)) print(known);
if (command === "run") {
  const tried = triedNothing();
  const began = process.cpuUsage();
  let wrong: string | undefined;
  try {
    const scenario = scenarios[name]?.();
    if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
    for (const plan of planFor(name, Number(depth), every === undefined ? undefined : Number(every)))
      cutEverywhere(scenario, plan, tried);
  } catch (thrown) {
    wrong = String(thrown);
  }
  // Of a processor, so that it says the same on a busy machine.
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  const { layers, lives } = tried;
  const states = statesTried(tried);
  print({ scenario: name, states, distinct: distinctStates(tried), lives, layers, seconds, wrong });
}
