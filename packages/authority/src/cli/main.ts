/**
 * The program `doorsync-authority`: lends the command line this process. Nothing heavy is loaded here, so that
 * `--version` and `--help` answer at once.
 */
import { runCli } from "./run.ts";

process.exitCode = await runCli(process.argv.slice(2), process);
