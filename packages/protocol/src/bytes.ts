/**
 * Byte strings and big-endian integers, one small function each. Not an encoder: CBOR lives in `cbor/`,
 * frames in `link/`. Nothing here compares secrets; `Crypto.same` does that in constant time.
 */

export type Bytes = Uint8Array;

export const noBytes: Bytes = new Uint8Array(0);

/** Joins parts into a fresh buffer; the result never aliases a part. */
export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Equality of public bytes; returns at the first difference. */
export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A copy with its own buffer, so that later changes to the source cannot reach it. */
export function copy(source: Bytes): Bytes {
  return new Uint8Array(source);
}

/** Big-endian unsigned integer of `width` bytes (1 to 6) at `at`. Throws past the end: callers check lengths. */
export function readUint(bytes: Bytes, at: number, width: 1 | 2 | 3 | 4 | 5 | 6): number {
  let value = 0;
  for (let i = at; i < at + width; i++) {
    const byte = bytes[i];
    if (byte === undefined) throw new RangeError(`readUint past the end: ${at}+${width} of ${bytes.length}`);
    value = value * 256 + byte;
  }
  return value;
}

/** Writes `value` big-endian into `width` bytes at `at`. Throws if it does not fit: a bug, never a stranger's doing. */
export function writeUint(bytes: Bytes, at: number, width: 1 | 2 | 3 | 4 | 5 | 6, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** width) {
    throw new RangeError(`${value} does not fit ${width} bytes`);
  }
  if (at < 0 || at + width > bytes.length) throw new RangeError(`writeUint past the end: ${at}+${width}`);
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** Bytes of an ASCII text (labels, contexts). Throws on anything else: labels are ours. */
export function ascii(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) throw new RangeError(`not ASCII: ${JSON.stringify(text)}`);
    bytes[i] = unit;
  }
  return bytes;
}

const hexDigits = "0123456789abcdef";

export function toHex(bytes: Bytes): string {
  let text = "";
  for (const byte of bytes) text += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return text;
}

/** Bytes of a hex text (either case, white space allowed), or undefined when it is not hex. */
export function fromHex(text: string): Bytes | undefined {
  const digits = text.replace(/\s+/g, "").toLowerCase();
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/.test(digits)) return undefined;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
