// How `npm run journeys` runs: test/journeys and nothing else, each journey against a service of its own.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/journeys/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});

export default config;
