/**
 * Every way to break the CBOR profile that has a name, as generators of one broken item each. Nothing here is
 * accepted by anybody; sound values come from cbor-model.ts.
 */
import fc from "fast-check";
import { type Bytes, concat, fromHex } from "../packages/protocol/src/bytes.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import { cborDepthMax } from "../packages/protocol/src/limits.ts";
import {
  byteStrings,
  head,
  integers,
  shortest,
  texts,
  utf8,
  values,
  widerThanNeeded,
  writeInteger,
} from "./cbor-model.ts";

/** Bytes of a hex text typed into a test; throws if it is not hex. */
export function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

/** Each trap by the check that names it, and how to lay it. */
export const traps: Readonly<Record<string, fc.Arbitrary<Bytes>>> = {
  "cbor/duplicate-key": fc
    .tuple(integers, integers, integers)
    .map(([key, a, b]) =>
      concat(head(5, 2), writeInteger(key), writeInteger(a), writeInteger(key), writeInteger(b)),
    ),
  "cbor/unsorted-key": fc
    .uniqueArray(integers, { minLength: 2, maxLength: 2 })
    .map((pair) => pair.map((key) => writeInteger(key)).sort((a, b) => Buffer.compare(b, a)))
    .map(([larger = head(0, 1), smaller = head(0, 0)]) =>
      concat(head(5, 2), larger, writeInteger(7), smaller, writeInteger(7)),
    ),
  "cbor/key-type": fc
    .oneof(texts, byteStrings, fc.array(integers, { maxLength: 3 }), fc.constant(new Map()))
    .map((key) => concat(head(5, 1), encode(key), writeInteger(0))),
  "cbor/padded-integer": integers.chain((value) =>
    shortest(value >= 0 ? value : -1 - value) === 8
      ? fc.constant(hex("1800"))
      : fc
          .constantFrom(...widerThanNeeded(value >= 0 ? value : -1 - value))
          .map((width) => writeInteger(value, width)),
  ),
  "cbor/padded-length": fc
    .tuple(fc.constantFrom(2, 3, 4, 5), fc.nat(300), fc.nat())
    .map(([major, length, pick]) => {
      const widths = widerThanNeeded(length);
      return concat(
        head(major, length, widths[pick % widths.length] ?? 8),
        new Uint8Array(length * (major === 5 ? 2 : 1)),
      );
    }),
  "cbor/indefinite": fc
    .constantFrom("5fff", "5f4101ff", "7fff", "7f6161ff", "9fff", "9f00ff", "bfff", "bf0000ff")
    .map(hex),
  "cbor/tag": fc
    .tuple(fc.oneof(fc.constantFrom(0, 1, 2, 3, 18, 27, 64, 258, 259, 0xd9f7, 0xdfff), fc.nat()), values(1))
    .map(([number, value]) => concat(head(6, number), encode(value))),
  "cbor/float": fc
    .constantFrom(2, 4, 8)
    .chain((width) =>
      fc
        .uint8Array({ minLength: width, maxLength: width })
        .map((bits) => concat(Uint8Array.of(0xf8 + Math.log2(width)), bits)),
    ),
  "cbor/simple": fc.oneof(
    fc.integer({ min: 0xe0, max: 0xf7 }).map((byte) => Uint8Array.of(byte)),
    fc.nat(255).map((value) => Uint8Array.of(0xf8, value)),
  ),
  "cbor/stray-break": fc.constant(Uint8Array.of(0xff)),
  "cbor/reserved": fc.oneof(
    fc
      .tuple(fc.nat(7), fc.integer({ min: 28, max: 30 }))
      .map(([major, info]) => Uint8Array.of((major << 5) | info)),
    fc.constantFrom(0x1f, 0x3f, 0xdf).map((byte) => Uint8Array.of(byte)),
  ),
  "cbor/bad-utf8": fc
    .tuple(
      texts,
      fc.constantFrom(
        ...[
          "80",
          "bf",
          "c0 80",
          "c1 bf",
          "c2",
          "c2 41",
          "e0 9f bf",
          "e2 82",
          "e2 41 41",
          "ed a0 80",
          "ed bf bf",
        ],
        ...[
          "f0 8f bf bf",
          "f0 9f 98",
          "f0 9f 41 80",
          "f4 90 80 80",
          "f5 80 80 80",
          "f8 88 80 80 80",
          "fe",
          "ff",
        ],
      ),
      texts,
    )
    .map(([before, broken, after]) => concat(utf8(before), hex(broken), utf8(after)))
    .map((text) => concat(head(3, text.length), text)),
  "cbor/byte-order-mark": texts
    .map((text) => utf8(`\ufeff${text}`))
    .map((text) => concat(head(3, text.length), text)),
  "cbor/integer-range": fc
    .tuple(fc.constantFrom(0, 1), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }))
    .map(([major, argument]) => head(major, argument - BigInt(major))),
  "cbor/too-deep": fc
    .tuple(fc.integer({ min: cborDepthMax, max: 40 }), fc.boolean())
    .map(([depth, maps]) =>
      concat(...Array.from({ length: depth }, () => (maps ? hex("a100") : hex("81"))), hex("80")),
    ),
};
