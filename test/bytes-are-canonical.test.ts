/**
 * P15: one value, one encoding. The scanner accepts exactly what our encoder writes, and names every trap. Not a test
 * of records; their fields are tested in records.test.ts.
 */
import * as cborg from "cborg";
import fc from "fast-check";
import nacl from "tweetnacl";
import { expect, test } from "vitest";
import { type Bytes, concat, copy, equal, toHex } from "../packages/protocol/src/bytes.ts";
import { type CborValue, decode, encode } from "../packages/protocol/src/cbor/codec.ts";
import { diagnose } from "../packages/protocol/src/cbor/diagnose.ts";
import { scan } from "../packages/protocol/src/cbor/scan.ts";
import { cborDepthMax } from "../packages/protocol/src/limits.ts";
import { head, surroundings, values, writeInteger } from "./cbor-model.ts";
import { hex, traps } from "./cbor-traps.ts";
import { accepted } from "./matchers.ts";
import { runs } from "./replay.ts";

const roomy = 1 << 20;

/** The value that an independent, lenient decoder reads, or undefined if it reads none. */
function readLeniently(bytes: Bytes): CborValue | undefined {
  try {
    return cborg.decode(bytes, { useMaps: true }) as CborValue;
  } catch {
    return undefined;
  }
}

/** `encode(value)`, or undefined where our profile has no word for it. */
function encodeIfPossible(value: CborValue | undefined): Bytes | undefined {
  try {
    return value === undefined ? undefined : encode(value);
  } catch {
    return undefined;
  }
}

test("the edges of the profile lie where the limits say", () => {
  const edges: readonly (readonly [string, string | undefined])[] = [
    ["1b001fffffffffffff", undefined],
    ["1b0020000000000000", "cbor/integer-range"],
    ["3b001ffffffffffffe", undefined],
    ["3b001fffffffffffff", "cbor/integer-range"],
    [`${"81".repeat(cborDepthMax)}00`, undefined],
    [`${"81".repeat(cborDepthMax)}80`, "cbor/too-deep"],
    ["a3170018180020 00", undefined],
    ["a3200017001818 00", "cbor/unsorted-key"],
    ["", "cbor/truncated"],
    // A length that no double holds is no integer out of range; a count beyond the bytes is seen before what follows.
    ["5b0020000000000000", "cbor/truncated"],
    ["9b0020000000000000", "cbor/truncated"],
    ["82f4", "cbor/truncated"],
    // A byte order mark is three bytes of one text, and no two of them.
    ["8260efbbbf", "cbor/simple"],
    ["63ef80bf", undefined],
    ["63efbb80", undefined],
    ["63efbbbf", "cbor/byte-order-mark"],
  ];
  for (const [text, check] of edges) {
    if (check === undefined) expect(scan(hex(text), roomy), text).toEqual({ ok: true, value: undefined });
    else expect(scan(hex(text), roomy), text).toRefuseWith("MALFORMED", check);
  }
});

/** RFC 8949, appendix A, by outcome. */
const appendixA: Readonly<Record<string, string>> = {
  "": `00 01 0a 17 1818 1819 1864 1903e8 1a000f4240 1b000000e8d4a51000 20 29 3863 3903e7 40 4401020304 60 6161
    6449455446 62225c 62c3bc 63e6b0b4 64f0908591 80 83010203 8301820203820405
    98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304`,
  "cbor/integer-range": "1bffffffffffffffff 3bffffffffffffffff",
  "cbor/tag": `c249010000000000000000 c349010000000000000000 c074323031332d30332d32315432303a30343a30305a
    c11a514b67b0 c1fb41d452d9e5200000 d74401020304 d818456449455446
    d82076687474703a2f2f7777772e6578616d706c652e636f6d`,
  "cbor/float": `f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff fa47c35000 fa7f7fffff fb7e37e43c8800759c
    f90001 f90400 f9c400 fbc010666666666666 f97c00 f97e00 f9fc00 fa7f800000 fa7fc00000 faff800000
    fb7ff0000000000000 fb7ff8000000000000 fbfff0000000000000`,
  "cbor/simple": "f4 f5 f6 f7 f0 f8ff",
  "cbor/key-type": `a26161016162820203 826161a161626163 a56161614161626142616361436164614461656145`,
  "cbor/indefinite": `5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff
    9f01820203820405ff 83018202039f0405ff 83019f0203ff820405
    9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff 826161bf61626163ff
    bf6346756ef563416d7421ff`,
};

test("of the examples of RFC 8949, those of the profile are accepted and all others refused by name", () => {
  for (const [check, rows] of Object.entries(appendixA)) {
    for (const row of rows.split(/\s+/)) {
      const verdict = decode(hex(row), roomy);
      if (check !== "") expect(verdict, row).toRefuseWith("MALFORMED", check);
      else expect(toHex(encode(accepted(verdict))), row).toBe(row);
    }
  }
});

test("every value of the profile is accepted, comes back equal, and is written again byte for byte", () => {
  fc.assert(
    fc.property(values(), (value) => {
      const bytes = encode(value);
      expect(scan(bytes, bytes.length)).toEqual({ ok: true, value: undefined });
      const back = accepted(decode(bytes, bytes.length));
      expect(back).toEqual(value);
      expect(equal(encode(back), bytes)).toBe(true);
    }),
    runs(400),
  );
});

test("the bytes are those of another deterministic encoder", () => {
  fc.assert(
    fc.property(values(), (value) => {
      expect(toHex(encode(value))).toBe(toHex(cborg.encode(value, cborg.rfc8949EncodeOptions)));
    }),
    runs(400),
  );
});

test("bytes are accepted exactly when they are the encoding of the value they carry", () => {
  const seen = { accepted: 0, refused: 0 };
  const tampered = fc
    .tuple(values(3), fc.nat(), fc.nat(255), fc.constantFrom("set", "insert", "delete", "none"))
    .map(([value, place, byte, how]) => {
      const bytes = encode(value);
      const at = place % bytes.length;
      if (how === "none") return bytes;
      const keepFrom = how === "insert" ? at : at + 1;
      return concat(
        bytes.subarray(0, at),
        how === "delete" ? bytes.subarray(0, 0) : Uint8Array.of(byte),
        bytes.subarray(keepFrom),
      );
    });
  fc.assert(
    fc.property(fc.oneof(tampered, fc.uint8Array({ maxLength: 6 })), (bytes) => {
      const again = encodeIfPossible(readLeniently(bytes));
      const canonical = again !== undefined && equal(again, bytes);
      seen[canonical ? "accepted" : "refused"]++;
      expect(scan(bytes, roomy).ok).toBe(canonical);
    }),
    runs(3_000),
  );
  expect(seen.accepted).toBeGreaterThan(500);
  expect(seen.refused).toBeGreaterThan(500);
});

test.each(Object.keys(traps))("%s is found wherever it is laid", (check) => {
  const laid = traps[check] ?? fc.constant(hex("00"));
  fc.assert(
    fc.property(laid, surroundings(cborDepthMax - 2, encode), (trap, surround) => {
      // The surroundings are sound: with a sound item in place of the trap they are accepted.
      expect(scan(surround(hex("a10000")), roomy).ok).toBe(true);
      const bytes = surround(trap);
      expect(scan(bytes, roomy)).toRefuseWith("MALFORMED", check);
      expect(decode(bytes, roomy)).toRefuseWith("MALFORMED", check);
    }),
    runs(100),
  );
});

test("no proper beginning of an encoding is accepted, nor an encoding with anything behind it", () => {
  fc.assert(
    fc.property(values(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), (value, place, more) => {
      const bytes = encode(value);
      expect(scan(bytes.subarray(0, place % bytes.length), roomy)).toRefuseWith(
        "MALFORMED",
        "cbor/truncated",
      );
      expect(scan(concat(bytes, more), roomy)).toRefuseWith("MALFORMED", "cbor/trailing-bytes");
      expect(scan(bytes, bytes.length - 1)).toRefuseWith("MALFORMED", "cbor/too-long");
    }),
  );
});

test("arbitrary bytes never throw, and are shown to people whatever they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(scan(bytes, roomy).ok).toBe(decode(bytes, roomy).ok);
      expect(diagnose(bytes).length).toBeGreaterThan(0);
    }),
    runs(1_500),
  );
});

test("diagnostic notation shows each kind of value", () => {
  const value: CborValue = [
    1,
    -2,
    'a"b',
    Uint8Array.of(1, 0xff),
    new Map<number, CborValue>([
      [-1, []],
      [5, "x"],
    ]),
  ];
  expect(diagnose(encode(value))).toBe(`[1, -2, "a\\"b", h'01ff', {5: "x", -1: []}]`);
  expect(diagnose(hex("c101"))).toBe("h'c101' # cbor/tag");
});

test("a record defined by one message is not there for the next", () => {
  expect(decode(hex("d9dfff 83 19e000 81 6161 01"), roomy)).toRefuseWith("MALFORMED", "cbor/tag");
  expect(decode(hex("d9e000 81 0b"), roomy)).toRefuseWith("MALFORMED", "cbor/tag");
});

/** Every byte string inside a value. */
function byteStringsIn(value: CborValue): readonly Bytes[] {
  if (value instanceof Uint8Array) return [value];
  if (value instanceof Map) return [...value.values()].flatMap(byteStringsIn);
  return Array.isArray(value) ? value.flatMap(byteStringsIn) : [];
}

test("decoded values share no byte with the input or each other, nor encodings with the next encoding", () => {
  let strings = 0;
  fc.assert(
    fc.property(values(), values(), (value, other) => {
      const bytes = encode(value);
      const kept = copy(bytes);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
      encode(other);
      expect(equal(bytes, kept)).toBe(true);

      const back = accepted(decode(bytes, roomy));
      expect(Object.keys(bytes).length).toBe(bytes.length); // nothing was hung on the input
      bytes.fill(0xee);
      expect(back).toEqual(value);
      for (const part of byteStringsIn(back)) {
        strings++;
        expect(part.buffer.byteLength).toBe(part.length);
        part.fill(0xee);
      }
    }),
    runs(250),
  );
  expect(strings).toBeGreaterThan(100);
});

test("a Node Buffer decodes to plain byte arrays", () => {
  const back = accepted(decode(Buffer.from("824101424242", "hex"), roomy));
  expect(byteStringsIn(back).map((part) => part.constructor)).toEqual([Uint8Array, Uint8Array]);
});

test("the encoder throws on what the profile cannot say", () => {
  const deep = Array.from({ length: cborDepthMax + 1 }).reduce<CborValue>((inner) => [inner], 0);
  const deepMaps = Array.from({ length: cborDepthMax + 1 }).reduce<CborValue>(
    (inner) => new Map([[0, inner]]),
    0,
  );
  const wrong: readonly unknown[] = [
    ...[
      0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      -(2 ** 53),
      1n,
      true,
      null,
      undefined,
      {},
      () => 0,
    ],
    ...[
      "\ud800",
      "a\udc00b",
      "\ufefftext",
      new Array(2),
      [undefined],
      new Map([["a", 1]]),
      new Date(0),
      deep,
      deepMaps,
    ],
  ];
  for (const value of wrong) expect(() => encode(value as CborValue)).toThrow(RangeError);
});

/** Milliseconds of the fastest of several runs: the one least disturbed by the machine. */
function fastest(runs: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

// Counters of coverage and switches of mutants make times mean nothing.
const timed = test.skipIf("DOORSYNC_INSTRUMENTED" in process.env);
timed("64 KiB of anything is judged faster than one portable signature is verified", () => {
  const size = 65_536;
  const filled = (start: string, unit: string): Bytes => {
    const [opening, body] = [hex(start), hex(unit)];
    const bytes = new Uint8Array(
      opening.length + Math.floor((size - opening.length) / body.length) * body.length,
    );
    bytes.set(opening);
    for (let at = opening.length; at < bytes.length; at += body.length) bytes.set(body, at);
    return bytes;
  };
  const keys = Array.from({ length: 13_000 }, (_, key) => concat(writeInteger(0x1_0000 + key), head(0, 0)));
  const bombs: Readonly<Record<string, readonly [Bytes, string | undefined]>> = {
    bignum: [filled("c259fffc", "ff"), "cbor/tag"],
    "depth of arrays": [filled("", "81"), "cbor/too-deep"],
    "depth of maps": [filled("", "a100"), "cbor/too-deep"],
    "depth of tags": [filled("", "c1"), "cbor/tag"],
    "length of bytes": [filled("5bffffffffffffffff", "00"), "cbor/truncated"],
    "length of an array": [filled("9bffffffffffffffff", "00"), "cbor/truncated"],
    "length of a map": [filled("ba7fffffff", "00"), "cbor/truncated"],
    "nested lengths": [filled("", "99f000"), "cbor/too-deep"],
    "many integers": [filled("99fffd", "00"), undefined],
    "many empty arrays": [filled("99fffd", "80"), undefined],
    "many arrays of one": [filled("997ffe", "8100"), undefined],
    "one long text": [filled("79fffc", "f09f9880"), undefined],
    "many keys": [concat(head(5, keys.length), ...keys), undefined],
  };
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32));
  const message = new Uint8Array(300);
  const signature = nacl.sign.detached(message, pair.secretKey);
  const verify = fastest(20, () => nacl.sign.detached.verify(message, signature, pair.publicKey));
  for (const [name, [bytes, check]] of Object.entries(bombs)) {
    if (check === undefined) expect(scan(bytes, roomy), name).toEqual({ ok: true, value: undefined });
    else expect(scan(bytes, roomy), name).toRefuseWith("MALFORMED", check);
    expect(
      fastest(20, () => scan(bytes, roomy)),
      name,
    ).toBeLessThan(verify);
  }
});
