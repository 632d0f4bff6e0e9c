/**
 * What a board must lend the firmware: the ports behind its effects. Simulated parts (`parts/`) and the outside
 * world (`edge/`) implement them; nothing here does anything.
 */

import type { Bytes } from "@doorsync/protocol/lock";
import type { BoltReached, LoudAlarm, Now } from "../firmware/events.ts";

/** "cut": the supply failed in the middle; the part is dead until `powerOn`, and so is the board. */
export type Outcome = "done" | "cut";

export interface FlashPort {
  /** The whole image as it reads now, or a part of it; always a copy. */
  read(address?: number, length?: number): Bytes;
  program(address: number, bytes: Bytes): Outcome;
  erase(sector: number): Outcome;
  powerOn(): void;
}

export interface SecurePort {
  read(): Bytes;
  /** Replaces the record: old or new, never between. */
  write(record: Bytes): Outcome;
  powerOn(): void;
}

export interface ClockPort {
  now(): Now;
  /** Sets the battery-backed clock. */
  set(seconds: number): void;
  /** Uptime starts again. */
  powerOn(): void;
}

export interface PanelPort {
  /** Drives the bolt, and says where it came to rest. */
  bolt(to: "unlocked" | "locked"): BoltReached;
  signal(signal: "accepted" | "refused" | "wait"): void;
  alarm(alarm: LoudAlarm): void;
}

/** The lock's end of one connection. */
export interface LinkPort {
  readonly frameBytesMax: number;
  send(frame: Bytes): void;
  close(): void;
}

export interface EntropyPort {
  /** 32 fresh bytes. */
  draw(): Bytes;
}
