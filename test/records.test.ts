/**
 * A record is encoded and decoded by one declaration, and takes nothing that the declaration does not say. The
 * records of the protocol themselves are tested with their messages.
 */
import fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { type Bytes, toHex } from "../packages/protocol/src/bytes.ts";
import { type CborValue, encode } from "../packages/protocol/src/cbor/codec.ts";
import {
  constant,
  fixedBytes,
  listOf,
  nested,
  optional,
  type ShapeValue,
  shape,
  shortText,
  someBytes,
  uint,
} from "../packages/protocol/src/cbor/schema.ts";
import { values } from "./cbor-model.ts";
import { accepted } from "./matchers.ts";

const point = shape("point", { x: uint(9), y: uint(1_000) });
const sample = shape("sample", {
  version: constant("v1"),
  tag: fixedBytes(2),
  rest: someBytes(1, 3),
  note: shortText(4),
  points: listOf(nested(point), 2),
  nonce: optional(fixedBytes(1)),
  hint: optional(uint(5)),
});
type Sample = ShapeValue<typeof sample>;

const small = {
  version: "v1",
  tag: Uint8Array.of(1, 2),
  rest: Uint8Array.of(3),
  note: "",
  points: [],
} as const;

test("the type of a record follows from its declaration", () => {
  expectTypeOf<Sample>().toEqualTypeOf<{
    readonly version: "v1";
    readonly tag: Bytes;
    readonly rest: Bytes;
    readonly note: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
    readonly nonce?: Bytes;
    readonly hint?: number;
  }>();
});

test("fields are written in the order of their declaration, and optional ones only if present", () => {
  expect(toHex(sample.encode({ ...small, points: [{ y: 1_000, x: 9 }] }))).toBe(
    "85627631420102410360" + "8182091903e8",
  );
  expect(toHex(sample.encode({ ...small, nonce: Uint8Array.of(7) }))).toBe("86627631420102410360804107");
});

test("every record comes back as it was", () => {
  const plain = { noNullPrototype: true } as const;
  const base = {
    version: fc.constant("v1" as const),
    tag: fc.uint8Array({ minLength: 2, maxLength: 2 }),
    rest: fc.uint8Array({ minLength: 1, maxLength: 3 }),
    note: fc.string({ maxLength: 4 }),
    points: fc.array(fc.record({ x: fc.nat(9), y: fc.nat(1_000) }, plain), { maxLength: 2 }),
  };
  const nonce = fc.uint8Array({ minLength: 1, maxLength: 1 });
  const samples: fc.Arbitrary<Sample> = fc.oneof(
    fc.record(base, plain),
    fc.record({ ...base, nonce }, plain),
    fc.record({ ...base, nonce, hint: fc.nat(5) }, plain),
  );
  fc.assert(
    fc.property(samples, (value) => {
      expect(accepted(sample.decode(sample.encode(value), 100))).toStrictEqual(value);
    }),
  );
});

/** The CBOR of a sound sample, with one place replaced. */
function sound(place?: number, value?: CborValue): CborValue[] {
  const row: CborValue[] = ["v1", Uint8Array.of(1, 2), Uint8Array.of(3), "", [], Uint8Array.of(9), 5];
  if (place !== undefined && value !== undefined) row[place] = value;
  return row;
}

test("whatever violates one field is refused by the name of its record", () => {
  expect(sample.decode(encode(sound()), 100).ok).toBe(true);
  const wrong: readonly CborValue[] = [
    ...[sound(0, "v2"), sound(0, 1), sound(1, Uint8Array.of(1)), sound(1, "ab"), sound(2, new Uint8Array(0))],
    ...[
      sound(2, new Uint8Array(4)),
      sound(3, "12345"),
      sound(3, 0),
      sound(4, [
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ],
    ...[sound(4, [[10, 0]]), sound(4, [[0]]), sound(4, [[0, 0, 0]]), sound(4, 0), sound(4, new Map())],
    ...[sound(5, 1), sound(6, 6), sound(6, -1), sound().slice(0, 4), [...sound(), 0], [], new Map(), 0],
  ];
  for (const value of wrong)
    expect(sample.decode(encode(value), 200)).toRefuseWith("MALFORMED", "record/sample");
  fc.assert(
    fc.property(values(3), (value) => {
      expect(sample.decode(encode(value), 1 << 16)).toRefuseWith("MALFORMED", "record/sample");
    }),
  );
});

test("bytes outside the profile keep the scanner's name, and the bound is the caller's", () => {
  expect(point.decode(Uint8Array.of(0x82, 1, 0x18, 1), 9)).toRefuseWith("MALFORMED", "cbor/padded-integer");
  expect(point.decode(Uint8Array.of(0x82, 1, 1), 2)).toRefuseWith("MALFORMED", "cbor/too-long");
});

test("a value of ours that violates its field throws, and the message names the field but not the value", () => {
  const wrong: readonly Partial<Record<keyof Sample, unknown>>[] = [
    { version: "v2" },
    { tag: Uint8Array.of(1) },
    { rest: new Uint8Array(4) },
    { note: "12345" },
    { points: [{ x: 0, y: 1_001 }] },
    { points: [1, 2, 3].map(() => ({ x: 0, y: 0 })) },
    { nonce: Uint8Array.of(1, 2) },
    { hint: 1 },
  ];
  for (const change of wrong) {
    const key = Object.keys(change)[0] ?? "";
    expect(() => sample.encode({ ...small, ...change } as Sample)).toThrow(
      new RegExp(`^record sample.*${key}`),
    );
  }
  for (const x of [-1, 0.5, 10, Number.NaN]) expect(() => point.encode({ x, y: 0 })).toThrow(RangeError);
});

test("a declaration without one order is refused at once", () => {
  expect(() => shape("bad", { a: optional(uint(1)), b: uint(1) })).toThrow(RangeError);
  expect(() => shape("bad", { b: uint(1), 1: uint(1) })).toThrow(RangeError);
});

test("a text is no byte string, a required field is not left out, and its place is by declaration alone", () => {
  const note = shape("note", { text: shortText(4), last: uint(9) });
  expect(note.fromCbor(["abcd", 1])).toEqual({ text: "abcd", last: 1 });
  expect(note.fromCbor([Uint8Array.of(1), 1])).toBeUndefined();
  expect(() => note.encode({ text: "a" } as { text: string; last: number })).toThrow(RangeError);
  expect(() => shape("late", { a: optional(uint(1)), b: uint(1), c: uint(1) })).toThrow(RangeError);
  expect(shape("named", { x1: uint(9) }).toCbor({ x1: 3 })).toEqual([3]);
});
