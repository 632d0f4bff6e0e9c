/**
 * Strict scanner: says whether bytes are exactly one item of our CBOR profile, before anything is built from them.
 * Not a decoder: it returns no values, allocates next to nothing, does not recurse and is linear in the bytes.
 */
import { type Bytes, readUint } from "../bytes.ts";
import { cborDepthMax } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";

/** Major types of RFC 8949, section 3.1. */
const negative = 1;
const byteString = 2;
const textString = 3;
const array = 4;
const map = 5;
const tag = 6;
const simpleOrFloat = 7;

/** Highest upper word of a 64-bit argument that a double still holds exactly: 2^53 - 1 is 001fffff ffffffff. */
const upperWordMax = 0x1f_ffff;

/** An array or map whose items are still to come. */
interface Level {
  readonly outer: Level | undefined;
  /** Items left; a map entry counts two. */
  left: number;
  readonly isMap: boolean;
  /** Major type and argument of the last key; for shortest-form integers this pair sorts as the encoded bytes do. */
  keyMajor: number;
  keyArgument: number;
}

/**
 * Checks that `bytes` are one item of the profile: RFC 8949 section 4.2.1 (definite lengths, shortest forms, keys
 * strictly ascending bytewise), narrowed to integers within +-(2^53 - 1), byte and text strings, arrays and maps
 * with integer keys. No tags, no floats, no simple values at all; nesting up to `cborDepthMax`; valid UTF-8 that
 * does not open with a byte order mark, because decoders drop that silently.
 *
 * @returns MALFORMED with a check that names the trap, e.g. "cbor/unsorted-key"; never throws.
 */
export function scan(bytes: Bytes, bytesMax: number): Verdict<undefined> {
  const trap = findTrap(bytes, bytesMax);
  return trap === undefined ? accept(undefined) : refuse("MALFORMED", trap);
}

function findTrap(bytes: Bytes, bytesMax: number): string | undefined {
  if (bytes.length > bytesMax) return "cbor/too-long";
  let level: Level | undefined;
  let depth = 0;
  let at = 0;
  do {
    const initial = bytes[at++];
    if (initial === undefined) return "cbor/truncated";
    const major = initial >> 5;
    const info = initial & 31;

    const forbidden = forbiddenHead(major, info);
    if (forbidden !== undefined) return forbidden;

    let argument = info;
    if (info >= 24) {
      const width = 1 << (info - 24);
      if (at + width > bytes.length) return "cbor/truncated";
      // Of eight bytes the two halves, because a double does not hold them whole.
      const upper = width === 8 ? readUint(bytes, at, 4) : 0;
      argument = width === 8 ? readUint(bytes, at + 4, 4) : readUint(bytes, at, width as 1 | 2 | 4);
      at += width;
      // Shortest form: 24 is the first value that needs one byte; a wider one must not fit half its width.
      const shortest =
        width === 8 ? upper > 0 : width === 1 ? argument >= 24 : argument >= 256 ** (width / 2);
      if (!shortest) return major <= negative ? "cbor/padded-integer" : "cbor/padded-length";
      if (upper > upperWordMax) return major <= negative ? "cbor/integer-range" : "cbor/truncated";
      argument += upper * 2 ** 32;
      if (major === negative && argument === Number.MAX_SAFE_INTEGER) return "cbor/integer-range";
    }

    if (level?.isMap === true && level.left % 2 === 0) {
      if (major > negative) return "cbor/key-type";
      if (major === level.keyMajor && argument === level.keyArgument) return "cbor/duplicate-key";
      if (major < level.keyMajor || (major === level.keyMajor && argument < level.keyArgument)) {
        return "cbor/unsorted-key";
      }
      level.keyMajor = major;
      level.keyArgument = argument;
    }
    if (level !== undefined) level.left--;

    if (major === byteString || major === textString) {
      // A length bomb ends here: nothing is allocated, and no loop runs longer than the bytes that exist.
      if (argument > bytes.length - at) return "cbor/truncated";
      const end = at + argument;
      if (major === textString) {
        if (argument >= 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
          return "cbor/byte-order-mark";
        }
        if (!isUtf8(bytes, at, end)) return "cbor/bad-utf8";
      }
      at = end;
    } else if (major === array || major === map) {
      if (depth === cborDepthMax) return "cbor/too-deep";
      const left = major === map ? argument * 2 : argument;
      if (left > bytes.length - at) return "cbor/truncated";
      if (left > 0) {
        level = { outer: level, left, isMap: major === map, keyMajor: -1, keyArgument: -1 };
        depth++;
      }
    }

    while (level?.left === 0) {
      level = level.outer;
      depth--;
    }
  } while (level !== undefined);
  return at === bytes.length ? undefined : "cbor/trailing-bytes";
}

/** The trap in an initial byte alone, if any. */
function forbiddenHead(major: number, info: number): string | undefined {
  if (info >= 28 && info <= 30) return "cbor/reserved";
  if (major === tag) return info === 31 ? "cbor/reserved" : "cbor/tag";
  if (major === simpleOrFloat) {
    if (info === 31) return "cbor/stray-break";
    return info >= 25 ? "cbor/float" : "cbor/simple";
  }
  if (info === 31) return major >= byteString ? "cbor/indefinite" : "cbor/reserved";
  return undefined;
}

/** Well-formed UTF-8 of Unicode table 3-7: no overlongs, no surrogates, nothing above U+10FFFF, no cut sequence. */
function isUtf8(bytes: Bytes, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = readUint(bytes, at++, 1);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (at + more > end) return false;
    // Only the second byte has narrower ranges: they are what rules out overlongs, surrogates and > U+10FFFF.
    const second = readUint(bytes, at, 1);
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let i = 1; i < more; i++) if (readUint(bytes, at + i, 1) >> 6 !== 2) return false;
    at += more;
  }
  return true;
}
