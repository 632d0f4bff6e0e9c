/**
 * What a command sees of the world: the process that is lent to it. Not the office: a command opens that itself.
 */
import type { CommandContext, StricliProcess } from "@stricli/core";
import type { Database } from "../store/open.ts";

export interface Cli extends CommandContext {
  readonly process: StricliProcess;
  /** An open database in place of the data folder's own; it stays open. For a program that runs many commands. */
  readonly database: Database | undefined;
}
