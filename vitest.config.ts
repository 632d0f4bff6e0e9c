// How `npm test` runs: from source, with no build step. The suites of test/deep, test/service, test/radio, test/journeys,
// test/page and test/browser have files of their own.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { plantPlugin } from "./test/canary/plant.ts";

/** The export condition under which our packages answer with their TypeScript source. */
const conditions = ["doorsync-source"];

const config: ViteUserConfig = defineConfig({
  plugins: [plantPlugin(process.env)],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["./test/setup.ts"],
    exclude: [
      "test/deep/**",
      "test/service/**",
      "test/journeys/**",
      "test/page/**",
      "test/radio/**",
      "test/browser/**",
      "**/node_modules/**",
      "**/dist/**",
    ],
    testTimeout: 30_000,
    maxConcurrency: 2,
    // The suites are processor-bound and share nothing: all cores, where vitest by itself would leave one idle.
    maxWorkers: "100%",
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts", "packages/*/src-node/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});

export default config;
