// How `npm run test:deep` runs: test/deep, where a second power cut strikes behind every first one, and nothing else.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/deep/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 25 * 60_000,
  },
});

export default config;
