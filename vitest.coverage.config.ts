// How `npm run coverage` runs: the fast suites that work inside this process, and a threshold of every branch of the
// core. What is not asked for stands in test/coverage/exclusions.ts with its reason. What runs in
// processes of its own, as programs and the great power cuts do, counts for nothing here.
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { exclusionsPlugin, measured } from "./test/coverage/exclusions.ts";
import base from "./vitest.config.ts";

const config: ViteUserConfig = defineConfig({
  ...base,
  plugins: [...(base.plugins ?? []), exclusionsPlugin()],
  test: {
    ...base.test,
    env: { DOORSYNC_INSTRUMENTED: "coverage" },
    exclude: [
      ...(base.test?.exclude ?? []),
      "test/{architecture,canary,documents,readme,properties-replay,fuzz-program,power-cut-anywhere}.test.ts",
      "test/{authority-*,*-cli,*-commands,lock-home,mailbox-folder,socket-frames,courier-*,errand-*}.test.ts",
    ],
    coverage: {
      enabled: true,
      provider: "v8",
      include: [...measured],
      exclude: ["packages/protocol/src/crypto/provider.ts"], // types alone
      reporter: [["text", { skipFull: true }], "html", "json"],
      thresholds: {
        "packages/protocol/src/**": { branches: 100 },
        // Not whole yet: the report names what is missing.
        "packages/lock-sim/src/firmware/**": { branches: 99 },
      },
    },
  },
});

export default config;
