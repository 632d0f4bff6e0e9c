// How `npm run test:service` runs: test/service and nothing else, the property side as a process with its databases.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/service/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 120_000,
  },
});

export default config;
