/**
 * The committed vectors, item by item: every kind of entry later work needs has its bytes, and its neighbours are
 * refused by name. The vectors of messages are tested in message-vectors.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../packages/protocol/src/bytes.ts";
import { decodeItem, encodeItem } from "../packages/protocol/src/codes/item.ts";
import { appTag, cardTag, pinTag } from "../packages/protocol/src/codes/pin.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { fast, items } from "./arbitraries.ts";
import { flipped } from "./forge.ts";
import { accepted } from "./matchers.ts";
import { type ItemVectors, itemOfJson, itemVectors } from "./vectors/items.ts";
import { asFile, itemsFile } from "./vectors/write.ts";

const text = readFileSync(itemsFile, "utf8");
const vectors = JSON.parse(text) as ItemVectors;

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error(`not hex: ${hex}`);
  return bytes;
}

test("the committed file is byte for byte what the generator writes", () => {
  expect(text).toBe(asFile(itemVectors()));
});

test("there is a vector for every kind of entry, and each has a neighbour that is refused", () => {
  const ids = vectors.items.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const kind of [
    ...["permanent", "temporary", "recurring", "cross-midnight", "single-use", "delivery"].map(
      (k) => `${k}-code`,
    ),
    ...["recurring-code-with-dates", "minutes-after-first-use-code", "keycard", "app-key", "daily-code-rule"],
    ...["suspended", "duress-code", "fail-open-rule", "holiday", "zone-dst", "settings", "recurring-rule"],
  ]) {
    expect(ids, kind).toContain(kind);
  }
  const checks = new Set(
    vectors.items.flatMap(({ verdict }) => (verdict === "accepted" ? [] : [verdict.check])),
  );
  expect([...checks].sort()).toEqual(
    [
      ...[
        "length",
        "unknown-id",
        "reserved",
        "credential-rule",
        "credential-window",
        "rule-class",
        "rule-window",
      ],
      ...["rule-also", "settings-profile", "settings-limit", "zone-count", "zone-order", "zone-offset"],
      ...["holiday-count", "holiday-order"],
    ]
      .map((check) => `item/${check}`)
      .sort(),
  );
});

describe("each vector", () => {
  for (const { id, item, hex, verdict, why } of vectors.items) {
    const expected = verdict === "accepted" ? "is accepted" : `falls to ${verdict.check}`;
    test(`${id} ${expected}: ${why}`, () => {
      const read = decodeItem(bytesOf(hex));
      if (verdict === "accepted") {
        expect(accepted(read)).toEqual(itemOfJson(item));
        expect(toHex(encodeItem(itemOfJson(item)))).toBe(hex);
      } else {
        expect(read).toRefuseWith("BODY_INVALID", verdict.check);
        expect(item).toBeUndefined();
      }
    });
  }
});

test("a suspended credential differs from its twin by one bit", () => {
  const hexOf = (id: string): string => vectors.items.find((vector) => vector.id === id)?.hex ?? "";
  const twin = bytesOf(hexOf("temporary-code"));
  expect(toHex(flipped(twin, 8 * 3))).toBe(hexOf("suspended"));
  expect(toHex(flipped(bytesOf(hexOf("fail-closed-rule")), 8 * 4 + 7))).toBe(hexOf("fail-open-rule"));
});

test("tags of codes, cards and device keys are the committed ones, over both providers", () => {
  const pinKey = bytesOf(vectors.pinKey);
  for (const crypto of [fast, createCrypto(portable)]) {
    const tagOf = { code: pinTag, keycard: cardTag, app: appTag };
    for (const { id, class: kind, presented, tag } of vectors.tags) {
      const found =
        kind === "code" ? pinTag(crypto, pinKey, presented) : tagOf[kind](crypto, pinKey, bytesOf(presented));
      expect(toHex(found), id).toBe(tag);
    }
  }
  expect(() => pinTag(fast, pinKey, "12345678")).not.toThrow();
  for (const digits of ["", "123456789", "12a4", "１２３４", "12 4", "-123"]) {
    expect(() => pinTag(fast, pinKey, digits), digits).toThrow(RangeError);
  }
});

test("every item has one spelling: what is encoded is decoded to the same", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(items, (item) => {
      kinds.add(item.kind);
      expect(accepted(decodeItem(encodeItem(item)))).toEqual(item);
    }),
    { numRuns: 500 },
  );
  expect(kinds.size).toBe(5);
});

test("and what is decoded encodes to the same, and to nothing that another item encodes to", () => {
  let accepting = 0;
  fc.assert(
    fc.property(items, fc.nat(29 * 8 - 1), (item, bit) => {
      const bent = flipped(encodeItem(item), bit);
      const read = decodeItem(bent);
      if (!read.ok) {
        expect(read.refusal).toBe("BODY_INVALID");
        return;
      }
      accepting++;
      expect(toHex(encodeItem(read.value))).toBe(toHex(bent));
      expect(read.value).not.toEqual(item);
    }),
    { numRuns: 2_000 },
  );
  expect(accepting).toBeGreaterThan(100);
});
