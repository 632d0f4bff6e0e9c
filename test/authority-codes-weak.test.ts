/**
 * Weak codes are counted, not sampled: exactly what the house rules name is refused, and nothing beside it. Drawing
 * is tested for form, weakness and evenness; who may have which code is tested elsewhere.
 */
import { randomFillSync } from "node:crypto";
import { allowedLength, drawCode, type Fill } from "@doorsync/authority/core";
import { weakCode } from "@doorsync/protocol/authority";
import { expect, test } from "vitest";

const chance: Fill = (bytes) => {
  randomFillSync(bytes);
};

function refusedOf(length: number): string[] {
  const refused: string[] = [];
  for (let value = 0; value < 10 ** length; value++) {
    const digits = String(value).padStart(length, "0");
    if (weakCode(digits) !== undefined) refused.push(digits);
  }
  return refused;
}

test("exactly 24 of 10,000 four-digit codes are weak: ten repeats, seven runs up, seven down", () => {
  const refused = refusedOf(4);
  expect(refused).toHaveLength(24);
  expect(refused).toEqual(expect.arrayContaining(["0000", "9999", "0123", "6789", "9876", "3210", "5432"]));
});

test("exactly 20 of 1,000,000 six-digit codes are weak", () => {
  const refused = refusedOf(6);
  expect(refused).toHaveLength(20);
  expect(refused).toEqual(expect.arrayContaining(["000000", "012345", "456789", "987654", "543210"]));
});

test("near neighbours of weak codes are accepted by the literal reading", () => {
  const accepted = [
    "1112",
    "1121",
    "1212",
    "1357",
    "2468",
    "1235",
    "9875",
    "1243",
    "0246",
    "7890",
    "112233",
    "123457",
  ];
  for (const code of accepted) expect([code, weakCode(code)]).toEqual([code, undefined]);
});

test("what is not four or six ASCII digits is refused by its form", () => {
  for (const text of ["", "12345", "123", "12 4", "+123", "１２３４", "٠١٢٣", "12\u00004", "1e10"]) {
    expect([text, weakCode(text)]).not.toEqual([text, undefined]);
  }
});

test("lengths other than 4 and 6 are denied, and 6 only where the property allows it", () => {
  for (const length of [0, 1, 2, 3, 5, 7, 8, 4.5, Number.NaN]) {
    expect(allowedLength(length, true)).toMatchObject({ denial: "CODE_LENGTH" });
  }
  expect(allowedLength(6, false)).toMatchObject({ denial: "SIX_DIGITS_OFF" });
  expect(allowedLength(6, true)).toEqual({ ok: true, value: 6 });
  expect(allowedLength(4, false)).toEqual({ ok: true, value: 4 });
});

test("a weak or taken draw is drawn again, never repaired", () => {
  // Values as a source would give them: 1111 (weak), 4711 (taken), 4712.
  const given = [1111, 4711, 4712];
  let draws = 0;
  const source: Fill = (bytes) => new DataView(bytes.buffer).setUint32(0, given[draws++] ?? 0);
  expect(drawCode(source, 4, (digits) => digits === "4711")).toEqual({ ok: true, value: "4712" });
  expect(draws).toBe(3);
});

test("a draw from the unfair last stretch of 2^32 is thrown away", () => {
  const unfair = 2 ** 32 - (2 ** 32 % 10_000);
  const given = [unfair, 2 ** 32 - 1, unfair - 1];
  let draws = 0;
  const source: Fill = (bytes) => new DataView(bytes.buffer).setUint32(0, given[draws++] ?? 0);
  // The largest fair value ends in …9999, which is weak; the next draw (0) is 0000, weak as well; so count on to 42.
  given.push(42);
  expect(drawCode(source, 4, () => false)).toEqual({ ok: true, value: "0042" });
  expect(draws).toBe(4);
});

test("the last free code is found, and after it codes are exhausted", () => {
  expect(drawCode(chance, 4, (digits) => digits !== "8305")).toEqual({ ok: true, value: "8305" });
  expect(drawCode(chance, 4, () => true)).toMatchObject({ denial: "CODES_EXHAUSTED" });
});

test("draws are even: each leading digit within five standard deviations", () => {
  const count = new Array<number>(10).fill(0);
  const draws = 20_000;
  for (let i = 0; i < draws; i++) {
    const drawn = drawCode(chance, 4, () => false);
    if (!drawn.ok) throw new Error("a code was denied");
    expect(drawn.value).toMatch(/^[0-9]{4}$/);
    count[Number(drawn.value[0])] = (count[Number(drawn.value[0])] ?? 0) + 1;
  }
  const spread = 5 * Math.sqrt(draws * 0.1 * 0.9);
  for (const times of count) expect(Math.abs(times - draws / 10)).toBeLessThan(spread);
});
