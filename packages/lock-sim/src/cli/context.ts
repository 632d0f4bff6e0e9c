/** What a command is given: its flags, and as much of a process as it may touch. Types only. */
import type { CommandContext } from "@stricli/core";
import type { AdapterChoice } from "../edge/adapter.ts";
import type { Address } from "../edge/socket.ts";

/** 0 done; 1 the thing itself was refused; 2 wrong use or environment. */
export type ExitStatus = 0 | 1 | 2;

/** A stream of the process, as far as output needs it. */
export type OutStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** What a command may touch of the process it runs in. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  once(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  removeListener(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export interface Context extends CommandContext {
  readonly terminal: Terminal;
  /** How the command ended. */
  leave(status: ExitStatus): void;
}

export interface NewFlags {
  readonly home: string;
  readonly capacity: number;
  readonly setupSecret?: Uint8Array;
  readonly json: boolean;
}

export interface RunFlags {
  /** None: the script brings its own locks. */
  readonly home?: string;
  readonly listen: Address;
  readonly mtu: number;
  /** Over Bluetooth as well. */
  readonly ble: boolean;
  readonly adapter?: AdapterChoice;
  /** A file for everything that goes between the stack and its adapter. */
  readonly capture?: string;
  /** The broker of a connected lock. */
  readonly mqtt?: string;
  readonly script?: string;
  readonly trace: boolean;
  readonly json: boolean;
}

export interface PlayFlags {
  /** Also the single messages of a visit. */
  readonly trace: boolean;
  readonly json: boolean;
}

export interface TraceFlags {
  readonly seed?: number;
  /** A line that a failing run of `fuzz` printed. */
  readonly replay?: string;
  readonly script?: string;
  readonly mermaid: boolean;
  readonly json: boolean;
  /** The last so many lines of the history. */
  readonly last?: number;
}

export interface ExposureFlags {
  /** Where the chart goes. */
  readonly svg?: string;
  readonly json: boolean;
}

export interface FuzzFlags {
  /** 32 bits. */
  readonly seed?: number;
  readonly runs?: number;
  /** Seconds. */
  readonly time?: number;
  /** A line that a failure printed. */
  readonly replay?: string;
  /** Families with commas between, `none` or `all`. */
  readonly faults?: string;
  /** Id of a planted bug, `list` or `all`. */
  readonly plant?: string;
  /** All of them, not the rarest alone. */
  readonly situations: boolean;
  readonly workers: number;
  readonly json: boolean;
}

export interface InspectFlags {
  /** Where to write what opens this lock's updates. */
  readonly keys?: string;
  readonly json: boolean;
}
