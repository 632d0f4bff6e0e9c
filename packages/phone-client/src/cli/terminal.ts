/** What a command is given: its flags, and as much of a process as it may touch. Types only. */
import type { CommandContext } from "@stricli/core";
import type { AdapterChoice } from "../edge/adapter.ts";

/** 0 done; 1 refused by the lock or the service, or no receipt; 2 wrong use or environment. */
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
  /** Where passwords and codes come from, where nobody typed them elsewhere. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  once(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  removeListener(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export interface Context extends CommandContext {
  readonly terminal: Terminal;
  /** How the command ended. */
  leave(status: ExitStatus): void;
}

/** Every command: where this phone keeps its things, and for whom it prints. */
export interface CommonFlags {
  readonly home?: string;
  readonly json: boolean;
}

export interface SyncFlags extends CommonFlags {
  readonly lock?: { readonly host: string; readonly port: number };
  /** Over Bluetooth instead. */
  readonly ble: boolean;
  readonly adapter?: AdapterChoice;
  /** A file for everything that goes between the stack and its adapter. */
  readonly capture?: string;
  /** Left out: the account's own. */
  readonly mailbox?: string;
  readonly watch: boolean;
  readonly timeout?: number;
  readonly mtu: number;
  readonly trace: boolean;
}

export interface ParcelsFlags extends CommonFlags {
  readonly mailbox?: string;
}

export interface LoginFlags extends CommonFlags {
  readonly url: string;
  readonly email: string;
  readonly passwordFile?: string;
}

export interface DoorFlags extends CommonFlags {
  /** Its name or its id. */
  readonly door: string;
}

export interface UnlockFlags
  extends DoorFlags,
    Pick<SyncFlags, "lock" | "ble" | "adapter" | "capture" | "mtu"> {}

export interface EnrolFlags extends CommonFlags {
  readonly replace: boolean;
}

export interface ResetFlags extends DoorFlags {
  readonly length?: 4 | 6;
}

export interface GuestAddFlags extends DoorFlags {
  readonly name: string;
  readonly kind: "permanent" | "temporary" | "recurring" | "delivery";
  /** Seconds since 1970. */
  readonly from?: number;
  readonly until?: number;
  readonly days?: readonly number[];
  readonly hours?: { readonly startMinute: number; readonly endMinute: number };
}

export interface GuestRevokeFlags extends DoorFlags {
  /** Name or id of the guest. */
  readonly guest: string;
}

export interface DailyCodeFlags extends DoorFlags {
  readonly email?: string;
  readonly phone?: string;
}
