/**
 * How often, to whom, and with which secret: rate limits against a count by hand, the local day of daily doorcodes
 * against the calendar, and what is no password or address.
 */
import { type OffsetChange, plainHouse } from "@doorsync/authority/core";
import { localDay } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DailyIssue, dailyDay, dailyLimits, judgeDaily } from "../packages/authority/src/model/daily.ts";
import { judgeLimit, type LimitRule, limits, pickLimit } from "../packages/authority/src/model/limit.ts";
import { fitEmail, fitPassword, spelledPassword } from "../packages/authority/src/model/password.ts";
import { plainPolicy } from "../packages/authority/src/model/policy.ts";
import { noon } from "./world.ts";

const hour = 3_600;
const day = 24 * hour;
const utc = (text: string): number => Date.parse(`${text}Z`) / 1_000;

describe("rate limits", () => {
  const rule: LimitRule = { most: 3, windowSeconds: 100, per: "account" };

  test("the table says five log-ins a quarter of an hour, and picks are the policy's", () => {
    expect(limits.logIn).toEqual({ most: 5, windowSeconds: 900, per: "account and address" });
    expect(limits.logInFrom).toEqual({ most: 30, windowSeconds: 900, per: "address" });
    expect(pickLimit(plainPolicy)).toEqual({ most: 10, windowSeconds: day, per: "person and door" });
    expect(pickLimit({ ...plainPolicy, picksPerDayMax: 2 }).most).toBe(2);
  });

  test("the last one allowed, the first one refused, and the second in which it is free again", () => {
    expect(judgeLimit(rule, [noon, noon + 1], noon + 2).ok).toBe(true);
    const full = [noon, noon + 1, noon + 2];
    expect(judgeLimit(rule, full, noon + 2)).toEqual({ ok: false, denial: "TOO_MANY", detail: "98" });
    expect(judgeLimit(rule, full, noon + 99)).toEqual({ ok: false, denial: "TOO_MANY", detail: "1" });
    expect(judgeLimit(rule, full, noon + 100).ok).toBe(true);
    expect(judgeLimit(rule, [...full, noon + 50], noon + 50)).toMatchObject({ detail: "51" });
  });

  test("a limit of none refuses always, and a clock that was set back no longer than a window", () => {
    expect(judgeLimit({ ...rule, most: 0 }, [], noon)).toEqual({
      ok: false,
      denial: "TOO_MANY",
      detail: "100",
    });
    const ahead = [noon + day, noon + day, noon + day];
    expect(judgeLimit(rule, ahead, noon)).toEqual({ ok: false, denial: "TOO_MANY", detail: "100" });
  });

  test("whoever obeys the wait is let in, and whoever tries a second before is not", () => {
    const rules = fc.record({
      most: fc.integer({ min: 1, max: 6 }),
      windowSeconds: fc.integer({ min: 1, max: 60 }),
    });
    const times = fc.array(fc.integer({ min: noon - 70, max: noon }), { maxLength: 20 });
    fc.assert(
      fc.property(rules, times, (drawn, tries) => {
        const one: LimitRule = { ...drawn, per: "account" };
        const said = judgeLimit(one, tries, noon);
        const within = tries.filter((at) => at > noon - one.windowSeconds).length;
        expect(said.ok).toBe(within < one.most);
        if (said.ok) return;
        const wait = Number(said.detail);
        expect(judgeLimit(one, tries, noon + wait).ok).toBe(true);
        expect(judgeLimit(one, tries, noon + wait - 1).ok).toBe(false);
      }),
    );
  });
});

describe("the local day of a daily doorcode", () => {
  const berlin: readonly OffsetChange[] = [
    { at: utc("2025-10-26T01:00:00"), offsetMinutes: 60 },
    { at: utc("2026-03-29T01:00:00"), offsetMinutes: 120 },
    { at: utc("2026-10-25T01:00:00"), offsetMinutes: 60 },
  ];
  const endOf = (zone: readonly OffsetChange[], at: number): number => {
    const said = dailyDay(zone, at);
    if (!said.ok) throw new Error(said.denial);
    return said.value.endsAt;
  };

  test("ends at the door's midnight, also one minute before it, and on days of 23 and 25 hours", () => {
    expect(endOf(berlin, utc("2026-01-10T12:00:00"))).toBe(utc("2026-01-10T23:00:00"));
    expect(endOf(berlin, utc("2026-01-10T22:59:59"))).toBe(utc("2026-01-10T23:00:00"));
    expect(endOf(berlin, utc("2026-01-10T23:00:00"))).toBe(utc("2026-01-11T23:00:00"));
    const [short, long] = ["2026-03-28T23:00:00", "2026-10-24T22:00:00"].map(utc) as [number, number];
    expect(endOf(berlin, short) - short).toBe(23 * hour);
    expect(endOf(berlin, long) - long).toBe(25 * hour);
  });

  test("ends with the change where the clocks leap over midnight itself", () => {
    const leap = [
      { at: 0, offsetMinutes: 0 },
      { at: utc("2026-05-01T23:30:00"), offsetMinutes: 60 },
    ];
    expect(endOf(leap, utc("2026-05-01T20:00:00"))).toBe(utc("2026-05-01T23:30:00"));
  });

  test("is the last second with its number, whatever the zone", () => {
    const zones = fc
      .uniqueArray(
        fc.record({
          at: fc.integer({ min: noon, max: noon + 3 * day }),
          offsetMinutes: fc.integer({ min: -720, max: 840 }),
        }),
        {
          selector: ({ at }) => at,
          maxLength: 2,
        },
      )
      .map((changes) => [{ at: 0, offsetMinutes: 30 }, ...changes.toSorted((a, b) => a.at - b.at)]);
    fc.assert(
      fc.property(zones, fc.integer({ min: noon, max: noon + 3 * day }), (zone, at) => {
        const said = dailyDay(zone, at);
        if (!said.ok) throw new Error(said.denial);
        const dayAt = (second: number): number =>
          localDay(second, zone.findLast((change) => change.at <= second)?.offsetMinutes ?? 0);
        expect(said.value.day).toBe(dayAt(at));
        expect(said.value.endsAt).toBeGreaterThan(at);
        // The first second of a later day: none before it is one.
        expect(dayAt(said.value.endsAt)).toBeGreaterThan(said.value.day);
        for (let second = at; second < said.value.endsAt; second += 300)
          expect(dayAt(second)).toBeLessThanOrEqual(said.value.day);
        expect(dayAt(said.value.endsAt - 1)).toBeLessThanOrEqual(said.value.day);
      }),
    );
  });

  test("is not known without a zone, nor before the zone's beginning", () => {
    expect(dailyDay(plainHouse.zone, noon)).toMatchObject({ denial: "DAILY_UNAVAILABLE" });
    expect(dailyDay(berlin, utc("2025-10-26T00:59:59"))).toMatchObject({ denial: "DAILY_UNAVAILABLE" });
    expect(dailyDay(berlin, utc("2025-10-26T01:00:00")).ok).toBe(true);
  });

  describe("and how many are given on it", () => {
    const policy = { ...plainPolicy, dailyCodesPerDayMax: 3, dailyRecipientsNewPerDayMax: 1 };
    const at = utc("2026-01-10T12:00:00");
    const sent = (recipient: string, when = at, account = "ada"): DailyIssue => ({
      account,
      recipient,
      at: when,
    });
    const ask = (earlier: readonly DailyIssue[], wish: DailyIssue) =>
      judgeDaily(policy, berlin, earlier, wish);

    test("the number is by account and local day", () => {
      const three = [sent("a@b.org", at - day), sent("a@b.org"), sent("a@b.org"), sent("a@b.org")];
      expect(ask(three.slice(0, 3), sent("a@b.org"))).toEqual(dailyDay(berlin, at));
      expect(ask(three, sent("a@b.org"))).toEqual({
        ok: false,
        denial: "DAILY_LIMIT",
        detail: "3 codes a day",
      });
      expect(ask(three, sent("a@b.org", at, "bob")).ok).toBe(true);
      expect(ask(three, sent("a@b.org", utc("2026-01-10T22:59:59"))).ok).toBe(false);
      expect(ask(three, sent("a@b.org", utc("2026-01-10T23:00:00"))).ok).toBe(true);
    });

    test("a new address is one that this account never sent one to, however it is spelled", () => {
      const known = [sent("old@b.org", at - 9 * day), sent("new@b.org")];
      expect(ask(known, sent("old@b.org")).ok).toBe(true);
      expect(ask(known, sent("new@b.org")).ok).toBe(true);
      expect(ask(known, sent(" New@B.org")).ok).toBe(true);
      expect(ask(known, sent("third@b.org"))).toMatchObject({ detail: "1 new addresses a day" });
      expect(ask([...known, sent("third@b.org", at - day, "bob")], sent("third@b.org")).ok).toBe(false);
      expect(ask([sent("+49 170 1234567")], sent("+491701234567")).ok).toBe(true);
    });

    test("where the number was lowered in the middle of the day, old addresses still get theirs", () => {
      const today = [sent("old@b.org", at - day), sent("new@b.org"), sent("newer@b.org")];
      expect(ask(today, sent("old@b.org")).ok).toBe(true);
      expect(ask(today, sent("third@b.org")).ok).toBe(false);
    });

    test("without local time none is given", () => {
      expect(judgeDaily(policy, [], [], sent("a@b.org"))).toMatchObject({ denial: "DAILY_UNAVAILABLE" });
    });

    test("its limits are said: midnight, the grace after it, no taking back, one code for all", () => {
      const words = dailyLimits.join(" ");
      for (const part of ["midnight", "first 3 hours", "door sync", "same code"])
        expect(words).toContain(part);
    });
  });
});

describe("a password", () => {
  const said = (password: string, email = "ada.lovelace@example.org") => fitPassword(password, email);

  test("has 10 to 200 characters, counted as people count", () => {
    for (const fine of ["four words of mine", "a1b2c3d4e5", "ab".repeat(100), "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵"])
      expect(said(fine)).toEqual({ ok: true, value: fine });
    for (const [odd, why] of [
      ["", "too short"],
      ["a1b2c3d4e", "too short"],
      ["🦊🐻🐼🐨🐯", "too short"],
      [`${"ab".repeat(100)}c`, "too long"],
      ["ﷺ".repeat(100), "too long"],
      ["x".repeat(1_000_000), "too long"],
    ] as const)
      expect(said(odd)).toEqual({ ok: false, denial: "PASSWORD_UNFIT", detail: why });
  });

  test("is not what strangers try first", () => {
    for (const odd of [
      "1234567890",
      "password123",
      "PassWord123",
      " qwertyuiop ",
      "aaaaaaaaaaaa",
      "ａａａａａａａａａａ",
    ])
      expect(said(odd)).toMatchObject({ denial: "PASSWORD_UNFIT" });
    for (const odd of ["ada.lovelace@example.org", "Ada.Lovelace", "ADA.LOVELACE@EXAMPLE.ORG "])
      expect(said(odd)).toMatchObject({ detail: "it is the e-mail address" });
    expect(said("1234567890", "x@y.org").ok).toBe(false);
    expect(said("1234567891").ok).toBe(true);
  });

  test("has one spelling, so that it fits on every keyboard", () => {
    const composed = said("passe\u0301 compose\u0301");
    expect(composed).toEqual({ ok: true, value: "pass\u00e9 compos\u00e9" });
    expect(spelledPassword("pass\u00e9 compos\u00e9")).toBe(spelledPassword("passe\u0301 compose\u0301"));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
        const fit = said(text);
        if (fit.ok) expect(spelledPassword(fit.value)).toBe(fit.value);
      }),
    );
  });
});

describe("an e-mail address", () => {
  test.each([
    ["ada@example.org", "ada@example.org"],
    [" Ada.L+doors@Mail.Example.co.uk ", "ada.l+doors@mail.example.co.uk"],
    ["o'neil@example.org", "o'neil@example.org"],
    ["x@xn--bcher-kva.example", "x@xn--bcher-kva.example"],
  ])("%j is one, in lower case", (given, kept) => {
    expect(fitEmail(given)).toEqual({ ok: true, value: kept });
  });

  test.each([
    "",
    "ada",
    "@example.org",
    "ada@",
    "ada@localhost",
    "ada@example..org",
    "ada@-example.org",
    "ada@example.org.",
    "ada@127.0.0.1",
    "a@b@example.org",
    ".ada@example.org",
    "a..da@example.org",
    "ada @example.org",
    '"ada"@example.org',
    "ada@example.org\r\nBcc: eve@example.org",
    "ada\n@example.org",
    "ada@exam\u212aple.org",
    "Ada <ada@example.org>",
    "ada@example.org,eve@example.org",
    `${"a".repeat(65)}@example.org`,
    `ada@${"a".repeat(64)}.org`,
    `ada@${"abcdefg.".repeat(40)}org`,
  ])("%j is none", (odd) => {
    expect(fitEmail(odd)).toMatchObject({ denial: "EMAIL_UNFIT" });
  });

  test("whatever passes is one line of plain characters with one @, and passes again unchanged", () => {
    const parts = fc.constantFrom(
      "a",
      "B",
      ".",
      "@",
      "-",
      "+",
      " ",
      "\n",
      ",",
      "é",
      "example.org",
      "@example.org",
    );
    let passed = 0;
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 6 }), fc.constantFrom("", "@example.org"), (drawn, end) => {
        const fit = fitEmail(drawn.join("") + end);
        if (!fit.ok) return;
        passed++;
        expect(fit.value).toMatch(/^[\x21-\x3f\x5b-\x7e]+@[a-z0-9.-]+$/);
        expect(fitEmail(fit.value)).toEqual(fit);
      }),
      { numRuns: 2_000 },
    );
    expect(passed).toBeGreaterThan(20);
  });
});
