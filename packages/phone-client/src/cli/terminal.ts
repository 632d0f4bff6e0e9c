/** What a command is given: its flags, and as much of a process as it may touch. Types only. */
import type { CommandContext } from "@stricli/core";

/** 0 done; 1 refused by the lock, or no receipt; 2 wrong use or environment. */
export type ExitStatus = 0 | 1 | 2;

/** A stream of the process, as far as output needs it. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** What a command may touch of the process it runs in. */
export interface Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  once(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  removeListener(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export interface Context extends CommandContext {
  readonly terminal: Terminal;
  /** How the command ended. */
  leave(status: ExitStatus): void;
}

export interface SyncFlags {
  readonly lock: { readonly host: string; readonly port: number };
  readonly mailbox: string;
  readonly timeout?: number;
  readonly mtu: number;
  readonly trace: boolean;
  readonly json: boolean;
}

export interface ParcelsFlags {
  readonly mailbox: string;
  readonly json: boolean;
}
