// How `npm run page` runs: test/page, the page in a real Chromium against the real service, and test/browser.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/page/**/*.test.ts", "test/browser/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Each file has a browser and a database of its own.
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 120_000,
  },
});

export default config;
