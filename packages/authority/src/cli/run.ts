/**
 * Runs one command line in a process that is lent: tests run it without spawning. Exit status 0: done; 1: refused;
 * 2: wrong use or environment.
 */
import { run, type StricliProcess } from "@stricli/core";
import type { Database } from "../store/open.ts";
import { app } from "./app.ts";
import type { Cli } from "./context.ts";

export async function runCli(
  inputs: readonly string[],
  lent: Omit<StricliProcess, "exitCode">,
  database?: Database,
): Promise<number> {
  const own: StricliProcess = {
    stdout: lent.stdout,
    stderr: lent.stderr,
    // No look-up of newer versions over the network, ever.
    env: { ...lent.env, STRICLI_SKIP_VERSION_CHECK: "1" },
  };
  const context: Cli = { process: own, database };
  await run(app, inputs.length === 0 ? ["--help"] : inputs, context);
  const status = Number(own.exitCode ?? 0);
  // Stricli's own codes are negative: a command or flag that does not exist.
  return status < 0 || status > 2 ? 2 : status;
}
