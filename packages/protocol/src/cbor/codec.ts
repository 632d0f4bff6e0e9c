/**
 * Values of our CBOR profile to bytes and back; the only file that names cbor-x, in one fixed configuration.
 * Not the judge of foreign bytes: `scan` is, and always runs first.
 *
 * The build without code generation is imported on purpose: it also runs under a strict content security policy,
 * loads no native addon, and shares no tag registry with another user of cbor-x in the same process.
 */
import { Encoder } from "cbor-x/index-no-eval";
import { type Bytes, copy } from "../bytes.ts";
import { cborDepthMax } from "../limits.ts";
import { accept, type Verdict } from "../refusal.ts";
import { scan } from "./scan.ts";

/** Everything the profile can say. Integers lie within +-(2^53 - 1). */
export type CborValue = number | string | Bytes | readonly CborValue[] | ReadonlyMap<number, CborValue>;

/** What goes into cbor-x and comes out of it: the same, with 64-bit integers as bigint. */
type LibraryValue = number | bigint | string | Bytes | LibraryValue[] | Map<number | bigint, LibraryValue>;

/** cbor-x's own typings need Node's `Buffer` and answer `any`; this is all of it that we use. */
interface Library {
  encode(value: LibraryValue): Uint8Array;
  decode(bytes: Uint8Array): LibraryValue;
}

/** The defaults emit records, tag 64, 16-bit map headers and floats; `copyBuffers` detaches decoded strings. */
const library: Library = new Encoder({
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
  copyBuffers: true,
});

/**
 * Deterministic encoding (RFC 8949 section 4.2.1) in a fresh buffer of its own; map keys may come in any order.
 * Throws RangeError on what the profile does not know (a fraction, a lone surrogate, too deep): a bug of ours.
 */
export function encode(value: CborValue): Bytes {
  // cbor-x answers with a view on its pool, which its next call would write behind.
  return copy(library.encode(toLibrary(value, 0)));
}

/**
 * The value of `bytes`, or the scanner's refusal (MALFORMED, "cbor/..."). Nothing in the result aliases the input
 * or another part of the result.
 */
export function decode(bytes: Bytes, bytesMax: number): Verdict<CborValue> {
  const scanned = scan(bytes, bytesMax);
  if (!scanned.ok) return scanned;
  // A copy, because cbor-x hangs a property on the array it reads, and hands out the array's own subclass.
  return accept(fromLibrary(library.decode(copy(bytes))));
}

function toLibrary(value: CborValue, depth: number): LibraryValue {
  if (typeof value === "number") return toLibraryInteger(value);
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new RangeError("a text with a lone surrogate has no UTF-8");
    if (value.startsWith("\ufeff")) throw new RangeError("a text must not open with a byte order mark");
    return value;
  }
  if (value instanceof Uint8Array) return value;
  if (depth === cborDepthMax) throw new RangeError(`nested deeper than ${cborDepthMax}`);
  if (isMap(value)) {
    const sorted = new Map<number | bigint, LibraryValue>();
    for (const [key, inner] of [...value].sort(byEncodedKey)) {
      sorted.set(toLibraryInteger(key), toLibrary(inner, depth + 1));
    }
    return sorted;
  }
  // Array.from instead of map: a hole must not slip through as CBOR's undefined.
  if (Array.isArray(value))
    return Array.from(value as readonly CborValue[], (inner) => toLibrary(inner, depth + 1));
  throw new RangeError("not a value of the CBOR profile");
}

/** cbor-x writes larger numbers as floats, and smaller bigints in eight bytes. */
function toLibraryInteger(value: number): number | bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError("not an integer within +-(2^53 - 1)");
  return value > 0xffff_ffff || value < -0x1_0000_0000 ? BigInt(value) : value;
}

/** Order of shortest-form integer keys as bytes: 0, 1, 2 ... then -1, -2 ... */
function byEncodedKey([a]: readonly [number, CborValue], [b]: readonly [number, CborValue]): number {
  if (a < 0 !== b < 0) return a < 0 ? 1 : -1;
  return a < 0 ? b - a : a - b;
}

function fromLibrary(value: LibraryValue): CborValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(fromLibrary);
  const map = new Map<number, CborValue>();
  for (const [key, inner] of value) map.set(Number(key), fromLibrary(inner));
  return map;
}

function isMap(value: CborValue): value is ReadonlyMap<number, CborValue> {
  return value instanceof Map;
}
