/**
 * What flash and secure element hold is read like a stranger's word: bytes under a sound checksum that no lock wrote
 * are torn or refused, never half of something. And what our own code must not write throws.
 */
import { ascii, type Bytes, concat, writeUint } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { crc32 } from "../packages/lock-sim/src/firmware/crc.ts";
import { encodeRecord, type LogRecord, readRecord } from "../packages/lock-sim/src/firmware/record.ts";
import { decodeSecure, encodeSecure, factorySecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { encodeSlot, readSlot, type Slot } from "../packages/lock-sim/src/firmware/slot.ts";
import { bytesOf } from "./world.ts";
import "./matchers.ts";
import {
  boot,
  deliverDelta,
  deliverFloor,
  deliverSnapshot,
  deltaFrom,
  fork,
  look,
  newParts,
  smallGeometry,
  snapshotOf,
  someItems,
} from "./support/storage-rig.ts";

const headBytes = 16;

const records: readonly LogRecord[] = [
  {
    kind: "begin",
    body: {
      ...{ generation: 1, epoch: 2, to: 3, issuedAt: 4, floorSeconds: 5, items: 6, purpose: 1 },
      ...{ state: bytesOf("state", 8), root: bytesOf("root", 32), siv: bytesOf("siv", 16) },
    },
  },
  {
    kind: "block",
    body: {
      index: 0,
      next: bytesOf("n", 32),
      digest: bytesOf("d", 32),
      items: bytesOf("i", 29).slice(0, 29),
    },
  },
  {
    kind: "delta",
    body: {
      ...{ from: 1, to: 2, issuedAt: 3, state: bytesOf("state", 8) },
      ...{ removes: new Uint8Array(6), puts: new Uint8Array(29) },
    },
  },
  { kind: "floor", body: { seconds: 1 } },
  { kind: "event", body: { event: bytesOf("event", 24) } },
  { kind: "anchor", body: { voids: 0, seq: 1, head: bytesOf("head", 16), sectors: 1 } },
];

/** A record of this code and body as a lock would lay it, whatever the body is. */
function laid(code: number, body: Bytes): Bytes {
  const crcAt = headBytes + Math.ceil(body.length / 8) * 8;
  const bytes = new Uint8Array(Math.ceil((crcAt + 16) / 64) * 64).fill(0xff);
  bytes.set(ascii("doorsync"));
  for (const [at, width, value, all] of [
    [8, 2, body.length, 0xffff],
    [12, 1, code, 0xff],
    [14, 1, 1, 0xff],
  ] as const) {
    writeUint(bytes, at, width, value);
    writeUint(bytes, at + width, width, all - value);
  }
  bytes.set(body, headBytes);
  const crc = crc32(bytes, 8, crcAt);
  writeUint(bytes, crcAt, 4, crc);
  writeUint(bytes, crcAt + 4, 4, ~crc >>> 0);
  return bytes;
}

const whatIs = (bytes: Bytes): string => readRecord(bytes, 0, bytes.length).what;

describe("a record of a table or the journal", () => {
  test.each(records)("$kind: a body of any other length is torn, though its checksum holds", (record) => {
    const { head, rest } = encodeRecord(record);
    const [code, length] = [head[12] ?? 0, ((head[8] ?? 0) << 8) | (head[9] ?? 0)];
    const body = rest.slice(0, length);
    expect(readRecord(laid(code, body), 0, 1 << 16)).toMatchObject({ what: "record", found: { record } });
    for (let shorter = 0; shorter < length; shorter++) {
      expect(whatIs(laid(code, body.slice(0, shorter))), `${shorter} of ${length} bytes`).toBe("torn");
    }
    expect(whatIs(laid(code, concat(body, Uint8Array.of(0))))).toBe("torn");
    expect(whatIs(laid(7, body))).toBe("torn");
  });

  test("more pieces than a record may have are torn, though they are there", () => {
    const fixed = new Uint8Array(2 + 32 + 32);
    expect(whatIs(laid(2, concat(fixed, Uint8Array.of(64), new Uint8Array(64 * 29))))).toBe("record");
    expect(whatIs(laid(2, concat(fixed, Uint8Array.of(65), new Uint8Array(65 * 29))))).toBe("torn");
  });

  test("what does not fit its field is not written", () => {
    const [, block] = records;
    if (block?.kind !== "block") throw new Error("the second is meant to be a block");
    for (const spoilt of [
      { next: new Uint8Array(31) },
      { items: new Uint8Array(28) },
      { items: new Uint8Array(65 * 29) },
      { index: 0x1_0000 },
    ]) {
      expect(() => encodeRecord({ kind: "block", body: { ...block.body, ...spoilt } })).toThrow(RangeError);
    }
  });
});

test("one bit that flips in the bank in force damages the table, or leaves it and a floor no lower than its time", () => {
  const parts = newParts(smallGeometry(1));
  const fresh = boot(parts).lock;
  const filled = deliverSnapshot(fresh, snapshotOf(3, someItems(2, 1)));
  const raised = deliverFloor(filled, 90);
  const { held, store } = deliverDelta(raised, deltaFrom(raised.held, [0x10000], []));
  const { force, floorSeconds } = store;
  if (force === undefined) throw new Error("nothing is in force");
  const seen = { damaged: 0, whole: 0, fell: 0 };
  for (let at = parts.geometry.bankAddress[force.bank]; at < force.appendAt; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const rotten = fork(parts);
      rotten.flash.rot(at, bit);
      const found = look(rotten);
      if (found.damaged) {
        seen.damaged++;
        continue;
      }
      expect([found.version, found.table.count], `bit ${bit} at ${at}`).toEqual([4, held.table.count]);
      expect([held.version, floorSeconds], `bit ${bit} at ${at}`).toContain(found.floorSeconds);
      seen[found.floorSeconds === floorSeconds ? "whole" : "fell"]++;
    }
  }
  expect(floorSeconds).toBe(90);
  expect(
    Object.values(seen).every((times) => times > 100),
    JSON.stringify(seen),
  ).toBe(true);
});

describe("a slot of the notebook", () => {
  const openWord = ascii("notebook");
  const slots: readonly Slot[] = [
    { kind: "attempt", uptimeSeconds: 7, right: false },
    { kind: "attempt", uptimeSeconds: 7, right: true },
    { kind: "mark", uptimeSeconds: 8, rtcSeconds: 9 },
    { kind: "clock", setSeconds: 10, rtcSeconds: 11 },
    { kind: "use", credential: 12, mark: 13, count: 14, firstSeconds: 15 },
    { kind: "day", day: 20_000, owner: 17 },
    { kind: "boot", uptimeSeconds: 16 },
    { kind: "void", generation: 18 },
    { kind: "kept", generation: 19 },
  ];
  const blank = (data: Bytes): Bytes => concat(data, new Uint8Array(16 - data.length).fill(0xff));

  /** A slot of this code and these words, under a checksum that holds. */
  function slotOf(code: number, value: number, more: Bytes): Bytes {
    const word = new Uint8Array(8);
    writeUint(word, 0, 4, value);
    writeUint(word, 4, 1, code);
    writeUint(word, 5, 1, 0xff - code);
    writeUint(word, 6, 2, crc32(concat(word.subarray(0, 6), more)) & 0xffff);
    return concat(openWord, blank(concat(word, more)));
  }

  test("is read as it was written", () => {
    for (const slot of slots) expect(readSlot(concat(openWord, blank(encodeSlot(slot))), 0)).toEqual(slot);
    expect(readSlot(new Uint8Array(24).fill(0xff), 0)).toBe("blank");
    expect(readSlot(blank(openWord), 0)).toBe("torn");
  });

  test("is torn when its second copy of a number is another, or its kind is none, though its checksum holds", () => {
    const eight = new Uint8Array(8);
    const day = 20_000;
    for (const [code, value, more] of [
      [2, 8, eight],
      [6, 8, eight],
      [4, day * 0x1_0000, concat(eight.subarray(0, 4), new Uint8Array(4).fill(0xff))],
      [4, day * 0x1_0000 + (0xffff - day), eight],
      [7, 8, eight],
      [8, 8, eight],
      [9, 8, eight],
    ] as const) {
      expect(readSlot(slotOf(code, value, more), 0), `code ${code}`).toBe("torn");
    }
  });
});

describe("the secure element's record", () => {
  const record = factorySecure(bytesOf("setup", 16), bytesOf("tag", 8));

  test("is read as it was written, and in either bank", () => {
    for (const bank of [0, 1] as const) {
      const read = decodeSecure(encodeSecure({ ...record, bank }));
      expect(read).toEqual({ ok: true, value: { ...record, bank } });
    }
  });

  test("is refused when it is no record, or of a phase that no lock knows", () => {
    expect(decodeSecure(ascii("a secure element"))).toRefuseWith("MALFORMED");
    const later = encodeSecure({ ...record, phase: "retired" as "owned" });
    expect(decodeSecure(later)).toRefuseWith("MALFORMED", "secure/phase");
  });
});

test("the checksum is CRC-32 as everybody computes it", () => {
  expect(crc32(ascii("123456789"))).toBe(0xcbf4_3926);
  expect(crc32(ascii("0123456789x"), 1, 10)).toBe(0xcbf4_3926);
});
