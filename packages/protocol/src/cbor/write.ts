/**
 * Values of our CBOR profile to bytes: deterministic encoding (RFC 8949, section 4.2.1), one spelling a value. Not a
 * library's encoder, of which the profile uses next to nothing, and not the way back: that is `codec.ts`.
 */
import { type Bytes, writeUint } from "../bytes.ts";
import { cborDepthMax } from "../limits.ts";

/** Everything the profile can say. Integers lie within +-(2^53 - 1). */
export type CborValue = number | string | Bytes | readonly CborValue[] | ReadonlyMap<number, CborValue>;

/** Major types of RFC 8949, section 3.1. */
const unsigned = 0;
const negative = 1;
const byteString = 2;
const textString = 3;
const array = 4;
const map = 5;

/**
 * The encoding in a fresh buffer of its own; map keys may come in any order. Throws RangeError on what the profile does
 * not know (a fraction, a lone surrogate, too deep): a bug of ours.
 */
export function encode(value: CborValue): Bytes {
  const out = new Uint8Array(bytesOf(value, 0));
  put(out, 0, value);
  return out;
}

/** How many bytes a value takes; what the profile does not know is found here, before anything is written. */
function bytesOf(value: CborValue, depth: number): number {
  if (typeof value === "number") return integerBytes(value);
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new RangeError("a text with a lone surrogate has no UTF-8");
    if (value.startsWith("\ufeff")) throw new RangeError("a text must not open with a byte order mark");
    const bytes = utf8Bytes(value);
    return headBytes(bytes) + bytes;
  }
  if (value instanceof Uint8Array) return headBytes(value.length) + value.length;
  if (depth === cborDepthMax) throw new RangeError(`nested deeper than ${cborDepthMax}`);
  if (isMap(value)) {
    let bytes = headBytes(value.size);
    for (const [key, inner] of value) bytes += integerBytes(key) + bytesOf(inner, depth + 1);
    return bytes;
  }
  if (!Array.isArray(value)) throw new RangeError("not a value of the CBOR profile");
  const values: readonly CborValue[] = value;
  let bytes = headBytes(values.length);
  // By the array's own iterator: a hole must not slip through.
  for (const inner of values) bytes += bytesOf(inner, depth + 1);
  return bytes;
}

function integerBytes(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError("not an integer within +-(2^53 - 1)");
  return headBytes(value < 0 ? -1 - value : value);
}

/** Writes a value that was counted, and says where it ends. */
function put(out: Bytes, at: number, value: CborValue): number {
  if (typeof value === "number")
    return value < 0 ? putHead(out, at, negative, -1 - value) : putHead(out, at, unsigned, value);
  if (typeof value === "string") return putText(out, putHead(out, at, textString, utf8Bytes(value)), value);
  if (value instanceof Uint8Array) {
    const start = putHead(out, at, byteString, value.length);
    out.set(value, start);
    return start + value.length;
  }
  if (isMap(value)) {
    let end = putHead(out, at, map, value.size);
    for (const [key, inner] of [...value].sort(byEncodedKey)) end = put(out, put(out, end, key), inner);
    return end;
  }
  let end = putHead(out, at, array, value.length);
  for (const inner of value) end = put(out, end, inner);
  return end;
}

/** Of a major type with its argument, in the shortest form. */
function headBytes(argument: number): number {
  if (argument < 24) return 1;
  if (argument <= 0xff) return 2;
  if (argument <= 0xffff) return 3;
  return argument <= 0xffff_ffff ? 5 : 9;
}

function putHead(out: Bytes, at: number, major: number, argument: number): number {
  const bytes = headBytes(argument);
  const width = bytes - 1;
  // One byte says how wide the argument is: 24 to 27 for 1, 2, 4 and 8 bytes.
  const info = width === 0 ? argument : width === 8 ? 27 : width === 4 ? 26 : 23 + width;
  out[at] = (major << 5) | info;
  if (width === 1 || width === 2 || width === 4) writeUint(out, at + 1, width, argument);
  if (width === 8) {
    // The two halves, because integer operations of the language end at 32 bits.
    writeUint(out, at + 1, 4, Math.floor(argument / 2 ** 32));
    writeUint(out, at + 5, 4, argument % 2 ** 32);
  }
  return at + bytes;
}

/** Of a text without lone surrogates: 1 to 3 bytes a unit, 4 a pair. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a pair counts two.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || isSurrogate(unit) ? 2 : 3;
  }
  return bytes;
}

function putText(out: Bytes, start: number, text: string): number {
  let at = start;
  for (const letter of text) {
    const point = letter.codePointAt(0) ?? 0;
    if (point < 0x80) {
      out[at++] = point;
      continue;
    }
    const more = point < 0x800 ? 1 : point < 0x1_0000 ? 2 : 3;
    out[at++] = ((0xff00 >> (more + 1)) & 0xff) | (point >> (6 * more));
    for (let i = more - 1; i >= 0; i--) out[at++] = 0x80 | ((point >> (6 * i)) & 0x3f);
  }
  return at;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Order of shortest-form integer keys as bytes: 0, 1, 2 ... then -1, -2 ... */
function byEncodedKey([a]: readonly [number, CborValue], [b]: readonly [number, CborValue]): number {
  if (a < 0 !== b < 0) return a < 0 ? 1 : -1;
  return a < 0 ? b - a : a - b;
}

function isMap(value: CborValue): value is ReadonlyMap<number, CborValue> {
  return value instanceof Map;
}
