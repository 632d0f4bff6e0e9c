/**
 * Bytes to values of our CBOR profile; the only file that names cbor-x, in one fixed configuration. Not the judge of
 * foreign bytes: `scan` is, and always runs first. Not the way out: that is `write.ts`.
 *
 * The build without code generation is imported on purpose: it also runs under a strict content security policy,
 * loads no native addon, and shares no tag registry with another user of cbor-x in the same process.
 */
import { Decoder } from "cbor-x/decode-no-eval";
import { type Bytes, copy } from "../bytes.ts";
import { accept, type Verdict } from "../refusal.ts";
import { scan } from "./scan.ts";
import type { CborValue } from "./write.ts";

export { type CborValue, encode } from "./write.ts";

/** What comes out of cbor-x: our values, with 64-bit integers as bigint. */
type LibraryValue = number | bigint | string | Bytes | LibraryValue[] | Map<number | bigint, LibraryValue>;

/** cbor-x's own typings need Node's `Buffer` and answer `any`; this is all of it that we use. */
interface Library {
  decode(bytes: Uint8Array): LibraryValue;
}

/** The defaults take records and objects; `copyBuffers` detaches decoded strings. */
const library: Library = new Decoder({ useRecords: false, mapsAsObjects: false, copyBuffers: true });

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

function fromLibrary(value: LibraryValue): CborValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(fromLibrary);
  const map = new Map<number, CborValue>();
  for (const [key, inner] of value) map.set(Number(key), fromLibrary(inner));
  return map;
}
