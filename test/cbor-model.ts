/**
 * Random values of the CBOR profile, and a writer that can be told to break its rules. Not our codec: the writer
 * is written from RFC 8949 alone, so that a mistake of the codec does not repeat here.
 */
import fc from "fast-check";
import { type Bytes, concat } from "../packages/protocol/src/bytes.ts";
import type { CborValue } from "../packages/protocol/src/cbor/codec.ts";
import { cborDepthMax } from "../packages/protocol/src/limits.ts";

/** Initial byte and argument; `width` 0, 1, 2, 4 or 8 bytes, the shortest unless told. */
export function head(major: number, argument: number | bigint, width = shortest(argument)): Bytes {
  const bytes = new Uint8Array(1 + width);
  if (width === 0) {
    bytes[0] = (major << 5) | Number(argument);
    return bytes;
  }
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  let rest = BigInt(argument);
  for (let i = width; i > 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

export function shortest(argument: number | bigint): number {
  if (argument < 24) return 0;
  return argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
}

/** Every width that is too wide for this argument. */
export function widerThanNeeded(argument: number): readonly number[] {
  return [1, 2, 4, 8].filter((width) => width > shortest(argument));
}

export function writeInteger(value: number, width?: number): Bytes {
  return value >= 0 ? head(0, value, width) : head(1, -1 - value, width);
}

export function utf8(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "utf8"));
}

/** Integers on both sides of every change of width, and anywhere between. */
export const integers: fc.Arbitrary<number> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
      fc.constantFrom(0, 1),
    )
    .map(([edge, sign]) => (sign === 0 ? edge : Math.max(-1 - edge, Number.MIN_SAFE_INTEGER))),
  fc.integer({ min: -300, max: 70_000 }),
  fc.maxSafeInteger(),
);

export const byteStrings: fc.Arbitrary<Bytes> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 250, maxLength: 300 }),
);

/** Any code points, short and long (cbor-x takes another path above 64 bytes). */
export const texts: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: "binary", minLength: 60, maxLength: 100 }),
    fc.string({ minLength: 20, maxLength: 70 }),
  )
  .filter((text) => !text.startsWith("\ufeff"));

const leaves: fc.Arbitrary<CborValue> = fc.oneof(integers, byteStrings, texts);

/** Values nested at most `depth` deep; maps carry their keys in random order. */
export function values(depth: number = cborDepthMax): fc.Arbitrary<CborValue> {
  if (depth === 0) return leaves;
  const inner = values(depth - 1);
  const maps = fc
    .uniqueArray(fc.tuple(integers, inner), { maxLength: 5, selector: ([key]) => key })
    .map((entries): CborValue => new Map(entries));
  return fc.oneof(leaves, fc.array(inner, { maxLength: 5 }), maps);
}

/** Wraps an item, sound or not, into sound surroundings: arrays with neighbours, and maps. */
export type Surroundings = (item: Bytes) => Bytes;

/** Surroundings up to `depth` deep whose neighbours are written by `encode`. */
export function surroundings(depth: number, encode: (value: CborValue) => Bytes): fc.Arbitrary<Surroundings> {
  const neighbours = fc.array(leaves, { maxLength: 3 }).map((list) => list.map(encode));
  const inArray = fc.tuple(neighbours, neighbours).map(
    ([before, after]): Surroundings =>
      (item) => {
        return concat(head(4, before.length + 1 + after.length), ...before, item, ...after);
      },
  );
  const inMap = fc.tuple(fc.nat(50), leaves).map(
    ([key, after]): Surroundings =>
      (item) => {
        return concat(head(5, 2), writeInteger(key), item, writeInteger(-1), encode(after));
      },
  );
  return fc.array(fc.oneof(inArray, inMap), { maxLength: depth }).map(
    (layers): Surroundings =>
      (item) =>
        layers.reduce((inner, layer) => layer(inner), item),
  );
}
