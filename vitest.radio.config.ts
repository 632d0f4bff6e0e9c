// How `npm run test:radio` runs: test/radio and nothing else. noble and bleno keep what they are in modules of their own
// and never let go of a process, so each file has one to itself.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/radio/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    isolate: true,
    testTimeout: 60_000,
  },
});

export default config;
