/**
 * The program `doorsync-authority`: lends the command line this process. Nothing heavy is loaded here, so that
 * `--version` and `--help` answer at once.
 */
import { setFlagsFromString } from "node:v8";
import { runCli } from "./run.ts";

// A command lives for less than a second: it never earns back what optimising the database's WebAssembly would cost.
// The service lives long enough.
if (process.argv[2] !== "serve") setFlagsFromString("--liftoff-only");

process.exitCode = await runCli(process.argv.slice(2), process);
