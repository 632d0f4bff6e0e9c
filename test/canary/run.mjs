// Runs the tests that are named on standard input, one after the other, each with its fault in place, in one vitest:
// what is not planted is transformed once, and each test file still runs in a process of its own. A JSON object a line
// out, as each ends. It judges nothing; canary.test.ts does.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

const root = fileURLToPath(new URL("../..", import.meta.url));
let input = "";
for await (const part of process.stdin) input += part;
const { variable, runs } = JSON.parse(input);

const vitest = await createVitest("test", { root, watch: false, reporters: [{}], maxWorkers: 1 });
let before = [];
for (const { id, isPlanted, files, file, test } of runs) {
  if (isPlanted) process.env[variable] = id;
  else delete process.env[variable];
  const changed = files.map((one) => join(root, one));
  for (const one of [...before, ...changed]) vitest.invalidateFile(one);
  before = changed;
  vitest.setGlobalTestNamePattern(`${test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
  const { testModules } = await vitest.runTestSpecifications(
    await vitest.globTestSpecifications([join(root, file)]),
  );
  const outcomes = testModules
    .flatMap((module) => [...module.children.allTests()])
    .filter(({ name }) => name === test)
    .map((one) => {
      const { state, errors = [] } = one.result();
      return {
        status: state,
        failures: errors.map(({ name, message, stack }) => `${name}: ${message}\n${stack}`),
      };
    });
  process.stdout.write(`${JSON.stringify({ id, outcomes })}\n`);
}
await vitest.close();
