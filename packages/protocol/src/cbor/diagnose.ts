/**
 * Diagnostic notation (RFC 8949, section 8) of bytes of our profile, for people: traces, inspectors, test output.
 * Not an encoding: nothing reads it back, and secrets must not be put through it.
 */
import { type Bytes, toHex } from "../bytes.ts";
import { type CborValue, decode } from "./codec.ts";

/** One line of notation. Bytes that the scanner refuses are shown as hex with the trap as a comment; never throws. */
export function diagnose(bytes: Bytes): string {
  const decoded = decode(bytes, bytes.length);
  return decoded.ok ? notation(decoded.value) : `h'${toHex(bytes)}' # ${decoded.check}`;
}

function notation(value: CborValue): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number, CborValue>)];
    return `{${entries.map(([key, inner]) => `${key}: ${notation(inner)}`).join(", ")}}`;
  }
  return `[${(value as readonly CborValue[]).map(notation).join(", ")}]`;
}
