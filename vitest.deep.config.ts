// How `npm run test:deep` runs: test/deep, power cuts behind power cuts and every planted bug; and again, at length, fast
// suites that can try more than `npm test` has time for.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [
      "test/deep/**/*.test.ts",
      "test/{store-survives-cuts,frames-reassemble,bytes-are-canonical,refusal-leaves-no-trace}.test.ts",
      "test/{table-model,uses-outlive-power,schedules-at-the-door,guesses-are-counted}.test.ts",
    ],
    env: { DOORSYNC_DEEP: "1", DOORSYNC_RUNS: "3" },
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 25 * 60_000,
    maxConcurrency: 2,
  },
});

export default config;
