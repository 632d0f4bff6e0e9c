/**
 * The history of a run: one line for each thing that happened, and a digest of them all. No line holds a byte that
 * depends on a key or a signature, so that ideal and real cryptography give the same history.
 */
import { type Crypto, toHex } from "@doorsync/protocol/lock";

export interface TraceLine {
  /** Milliseconds since the world began. */
  readonly atMs: number;
  /** Who did it: "lock 1", "phone 2", "authority", "resident 3". */
  readonly actor: string;
  readonly what: string;
  /** Whom it reached, where it was said or done to somebody. */
  readonly to?: string;
}

export interface Trace {
  readonly lines: readonly TraceLine[];
  say(line: TraceLine): void;
}

export function createTrace(): Trace {
  const lines: TraceLine[] = [];
  return {
    lines,
    say(line) {
      lines.push(line);
    },
  };
}

/** Days, hours, minutes, seconds, milliseconds since the world began. */
export function describeMs(ms: number): string {
  const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");
  const seconds = Math.floor(ms / 1_000);
  const clock = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = clock.map((part) => pad(part, 2)).join(":");
  return `day ${Math.floor(seconds / 86_400) + 1} ${hours}.${pad(ms % 1_000, 3)}`;
}

/** A line as text, without its line break. */
export function traceText({ atMs, actor, what, to }: TraceLine): string {
  return `${describeMs(atMs)} ${actor}${to === undefined ? "" : ` -> ${to}`}: ${what}`;
}

/** SHA-256 over all lines as text, each with a line break behind it, in hexadecimal. */
export function traceDigest(crypto: Crypto, lines: readonly TraceLine[]): string {
  const text = lines.map((line) => `${traceText(line)}\n`).join("");
  return toHex(crypto.hash(new TextEncoder().encode(text)));
}
