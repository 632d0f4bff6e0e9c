/** Time and chance as the machine has them: what the simulated clock and entropy source are lent in a program. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Bytes } from "@doorsync/protocol/lock";

/** Milliseconds that never go backwards. */
export function elapsedMs(): number {
  return performance.now();
}

/** Seconds since 1970. */
export function wallSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

export function drawBytes(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

/** Calls again and again until the function it gives is called. Keeps the process alive. */
export function every(milliseconds: number, call: () => void): () => void {
  const timer = setInterval(call, milliseconds);
  return () => clearInterval(timer);
}

/** Calls once, unless the function it gives is called before. Keeps the process alive until then. */
export function after(milliseconds: number, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds);
  return () => clearTimeout(timer);
}
