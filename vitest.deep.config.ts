// How `npm run test:deep` runs: the full matrices, deep power cuts and large seed counts of test/deep, and nothing else.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/deep/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    passWithNoTests: true,
    testTimeout: 25 * 60_000,
  },
});

export default config;
