/**
 * The daily doorcode and the table's place for it: lock and authority derive the same seven digits, of one day, slot
 * and generation each; a table enables it by a credential without a tag, under a rule of that class and nowhere else.
 * When it opens is judged at the door.
 */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "../packages/protocol/src/bytes.ts";
import { dailyCode, localDay } from "../packages/protocol/src/codes/daily.ts";
import {
  alwaysCredential,
  type CredentialClass,
  dailyTag,
  encodeItem,
  firstCredentialId,
  plainRule,
} from "../packages/protocol/src/codes/item.ts";
import { applyChange, packItems, tableFromItems } from "../packages/protocol/src/codes/table.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { fast, issuedAt, secret } from "./arbitraries.ts";
import { accepted } from "./matchers.ts";
import { runs } from "./replay.ts";

const key = secret("daily key");

describe("the code", () => {
  /** The definition again, by other means: Node's HMAC, CBOR by hand, the truncation in BigInt. */
  function byHand(generation: number, slot: number, day: number): string {
    const label = Buffer.from("doorsync/1 daily");
    const uint = (value: number): Buffer => {
      if (value < 24) return Buffer.from([value]);
      if (value < 0x100) return Buffer.from([0x18, value]);
      if (value < 0x1_0000) return Buffer.from([0x19, value >> 8, value & 0xff]);
      const wide = Buffer.alloc(5, 0x1a);
      wide.writeUInt32BE(value, 1);
      return wide;
    };
    const input = Buffer.concat([
      Buffer.from([0x84, 0x60 + label.length]),
      label,
      uint(generation),
      uint(slot),
      uint(day),
    ]);
    const mac = createHmac("sha256", key).update(input).digest();
    const at = (mac[31] ?? 0) % 16;
    const number = BigInt(`0x${mac.subarray(at, at + 4).toString("hex")}`) % 2n ** 31n;
    return (number % 10_000_000n).toString().padStart(7, "0");
  }

  test("is what the specification says, over both providers", () => {
    const slow = createCrypto(portable);
    const of = fc.record({
      generation: fc.integer({ min: 0, max: 0xffff }),
      slot: fc.integer({ min: firstCredentialId, max: 0xff_ffff }),
      day: fc.integer({ min: 0, max: 49_711 }),
    });
    fc.assert(
      fc.property(of, (one) => {
        const code = dailyCode(fast, key, one);
        expect(code).toMatch(/^[0-9]{7}$/);
        expect(code).toBe(byHand(one.generation, one.slot, one.day));
        expect(dailyCode(slow, key, one)).toBe(code);
      }),
      runs(100),
    );
  });

  test("is another one with every day, slot, generation and lock, and uses all its digits", () => {
    const one = { generation: 1, slot: firstCredentialId, day: 20_454 };
    const days = Array.from({ length: 2_000 }, (_, i) => dailyCode(fast, key, { ...one, day: one.day + i }));
    // 2,000 of 10 million: one pair in five is expected to meet by chance.
    expect(new Set(days).size).toBeGreaterThan(1_995);
    expect(new Set(days.map((code) => code[0])).size).toBe(10);
    const code = days[0];
    expect(dailyCode(fast, key, { ...one, slot: one.slot + 1 })).not.toBe(code);
    expect(dailyCode(fast, key, { ...one, generation: 2 })).not.toBe(code);
    expect(dailyCode(fast, secret("another lock"), one)).not.toBe(code);
  });

  test("its day begins at local midnight, east and west, and before 1970 counts on downwards", () => {
    const midnight = issuedAt; // 2026-01-01T00:00:00Z
    expect(localDay(midnight, 0) - localDay(midnight - 1, 0)).toBe(1);
    expect(localDay(midnight, 0)).toBe(20_454);
    for (const offset of [-720, -60, 60, 345, 840]) {
      const start = midnight - offset * 60;
      expect([localDay(start - 1, offset), localDay(start, offset)]).toEqual([20_453, 20_454]);
      expect(localDay(start + 86_399, offset)).toBe(20_454);
    }
    expect(localDay(0, -60)).toBe(-1);
    expect(dailyCode(fast, key, { generation: 0, slot: firstCredentialId, day: -1 })).toMatch(/^[0-9]{7}$/);
  });
});

describe("a table", () => {
  const digestKey = secret("digest key");
  const ruleOf = (id: number, classOf: CredentialClass): Bytes =>
    encodeItem(plainRule(id, classOf, 168, false));
  const credential = (id: number, rule: number, tag: Bytes): Bytes =>
    encodeItem(alwaysCredential(firstCredentialId + id, rule, tag));
  const tag = secret("tag", 16);
  const [daily, code] = [ruleOf(1, "dailyCode"), ruleOf(2, "code")];
  const from = (...items: readonly Bytes[]) => tableFromItems(fast, digestKey, concat(...items));
  const base = accepted(from(daily, code, credential(0, 1, dailyTag), credential(1, 2, tag)));
  const put = (...puts: readonly Bytes[]) => applyChange(fast, digestKey, base, { removes: [], puts });

  test("holds several daily codes, told apart by their ids alone, as a delta and as a snapshot", () => {
    const changed = accepted(put(credential(5, 1, dailyTag), credential(6, 1, dailyTag)));
    expect([changed.count, changed.credentials]).toEqual([6, 4]);
    expect(changed.idOfTag(dailyTag)).toBeUndefined();
    expect(changed.idOfTag(tag)).toBe(firstCredentialId + 1);
    const whole = accepted(tableFromItems(fast, digestKey, packItems(changed)));
    expect([whole.count, whole.credentials]).toEqual([6, 4]);
    expect(whole.digest).toEqual(changed.digest);
    const removes = [firstCredentialId, firstCredentialId + 5];
    const fewer = accepted(applyChange(fast, digestKey, changed, { removes, puts: [] }));
    expect(fewer.credentials).toBe(2);
    expect(fewer.get(firstCredentialId + 6)).toEqual(credential(6, 1, dailyTag));
  });

  test("has no tag to find a daily code by, however many changes lie upon each other", () => {
    const many = Array.from({ length: 300 }, (_, i) => credential(10 + i, 1, dailyTag));
    const changed = accepted(put(...many));
    expect(changed.credentials).toBe(302);
    expect(changed.idOfTag(dailyTag)).toBeUndefined();
    expect(changed.idOfTag(tag)).toBe(firstCredentialId + 1);
  });

  test("refuses a daily code with a tag, and any other credential without one", () => {
    for (const wrong of [credential(5, 1, tag), credential(5, 2, dailyTag)]) {
      expect(put(wrong)).toRefuseWith("BODY_INVALID", "table/daily-tag");
      expect(from(daily, code, wrong)).toRefuseWith("BODY_INVALID", "table/daily-tag");
    }
    // A real tag is still nobody else's.
    expect(put(credential(5, 2, tag))).toRefuseWith("DUPLICATE", "table/duplicate-tag");
  });

  test("refuses a rule that turns to or from the class under credentials that stay, and takes it with them", () => {
    expect(put(ruleOf(2, "dailyCode"))).toRefuseWith("BODY_INVALID", "table/daily-tag");
    expect(put(ruleOf(1, "code"))).toRefuseWith("BODY_INVALID", "table/daily-tag");
    expect(put(ruleOf(2, "keycard"))).toMatchObject({ ok: true });
    const both = accepted(put(ruleOf(2, "dailyCode"), credential(1, 2, dailyTag)));
    expect(both.credentials).toBe(2);
    expect(accepted(tableFromItems(fast, digestKey, packItems(both))).digest).toEqual(both.digest);
    const gone = applyChange(fast, digestKey, base, {
      removes: [firstCredentialId],
      puts: [ruleOf(1, "code")],
    });
    expect(gone).toMatchObject({ ok: true });
  });
});
