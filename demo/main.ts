/** `npm run demo`: tells the story of one doorcode's reset with the real programs. `-- --json` for programs. */

import { parseArgs } from "node:util";
import { type Told, tellStory } from "./story.ts";
import { createTeller } from "./tell.ts";

const usage = `npm run demo            the story of one doorcode's reset, to read
npm run -s demo -- --json   one object a line: {"step","expected","observed","ok"}
npm run demo -- --ble       the same over Bluetooth: noble and bleno, through a radio of software
npm run demo -- --ble --capture FILE   and what the phone's adapter saw, for Wireshark or lock-sim inspect FILE
Exit status: 0 when every step is as expected, 1 when not, 2 for wrong use or a broken environment.`;

async function main(): Promise<number> {
  let json = false;
  let told: Told;
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean" },
        ble: { type: "boolean" },
        capture: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) {
      process.stdout.write(`${usage}\n`);
      return 0;
    }
    json = values.json === true;
    told = { isOnAir: values.ble === true, capture: values.capture };
    if (told.capture !== undefined && !told.isOnAir) throw new Error("--capture goes with --ble");
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return 2;
  }
  const colour = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
  const teller = createTeller({ json, colour, write: (line) => process.stdout.write(`${line}\n`) });
  try {
    await tellStory(teller, told);
  } catch (error) {
    process.stderr.write(
      `the demo could not go on: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 2;
  }
  const wrong = teller.steps.filter((step) => !step.ok).length;
  if (!json) {
    process.stdout.write(`\n${teller.steps.length - wrong} of ${teller.steps.length} steps as expected\n`);
    if (told.capture !== undefined)
      process.stdout.write(
        `what the phones' adapters saw lies in ${told.capture}: open it in Wireshark, or lock-sim inspect it\n`,
      );
  }
  return wrong === 0 ? 0 : 1;
}

process.exitCode = await main();
