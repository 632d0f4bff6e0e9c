// How `npm run test:deep` runs: test/deep and nothing else: power cuts behind power cuts, and every planted bug.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/deep/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 25 * 60_000,
    maxConcurrency: 2,
  },
});

export default config;
