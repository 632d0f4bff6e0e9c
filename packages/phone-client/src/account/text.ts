/** Bytes as text, where hosts differ: base64url, and JSON as it lies in a storage. Not CBOR; that is the protocol's. */
import type { Bytes } from "@doorsync/protocol/courier";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** RFC 4648 section 5, without padding. */
export function toBase64Url(bytes: Bytes): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const word = (a << 16) | (b << 8) | c;
    const quad = [word >> 18, word >> 12, word >> 6, word].map((part) => digits[part & 63]).join("");
    parts.push(quad.slice(0, Math.min(bytes.length - at, 3) + 1));
  }
  return parts.join("");
}

/** Undefined for what is none. */
export function fromBase64Url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (const digit of text) {
    word = ((word << 6) | digits.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = word >> bits;
  }
  return bytes;
}

export function toJsonBytes(value: unknown): Bytes {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Undefined for what is no JSON: an older app's, or damaged. */
export function fromJsonBytes(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
