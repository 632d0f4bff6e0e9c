/**
 * Chosen codes and the policy they are judged by: the counts of weak codes are counted over all codes, the flags and
 * doors are tried in every combination, and a taken code looks the same whoever has it.
 */
import { assignCode, type Ledger, plainTerms, resetCode, revokeCode } from "@doorsync/authority/core";
import { weakCode } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DoorKind } from "../packages/authority/src/model/ledger.ts";
import { isWeak, judgeMark, judgePick } from "../packages/authority/src/model/pick.ts";
import {
  compareVersions,
  fitPolicy,
  judgeApp,
  judgeAppVersion,
  type Policy,
  plainPolicy,
} from "../packages/authority/src/model/policy.ts";
import { codeFor } from "./support/door-office.ts";
import { noon } from "./world.ts";

const open: Policy = { ...plainPolicy, customCodes: true, sixDigits: true };
const hardened: Policy = { ...open, codePolicy: "hardened" };
const denialOf = (policy: Policy, digits: string, kind: DoorKind = "residence"): string => {
  const said = judgePick(policy, kind, digits);
  return said.ok ? `${said.value} digits` : said.denial;
};

function* codesOf(length: number): Generator<string> {
  for (let value = 0; value < 10 ** length; value++) yield String(value).padStart(length, "0");
}

function weakOf(policy: Policy, length: number): readonly string[] {
  return [...codesOf(length)].filter((digits) => isWeak(policy.codePolicy, digits));
}

test("flags: custom off refuses everything, six off refuses six digits, in all eight cases", () => {
  const said = (customCodes: boolean, sixDigits: boolean) =>
    ["4711", "471108"].map((digits) => denialOf({ ...plainPolicy, customCodes, sixDigits }, digits));
  expect(said(false, false)).toEqual(["CANNOT_SPECIFY_PIN_CODE", "CANNOT_SPECIFY_PIN_CODE"]);
  expect(said(false, true)).toEqual(["CANNOT_SPECIFY_PIN_CODE", "CANNOT_SPECIFY_PIN_CODE"]);
  expect(said(true, false)).toEqual(["4 digits", "SIX_DIGITS_OFF"]);
  expect(said(true, true)).toEqual(["4 digits", "6 digits"]);
});

test("a code is chosen at a residence only, whatever the flags", () => {
  for (const kind of ["buildingEntrance", "communal", "service"] as const)
    expect(judgePick(open, kind, "4711")).toMatchObject({ denial: "CODE_NOT_PRIVATE", detail: kind });
});

const odd = [
  "",
  "0",
  "123",
  "12345",
  "1234567",
  "12 4",
  " 4711",
  "4711\n",
  "+471",
  "-471",
  "4.71",
  "1e10",
  "12\u00004",
];
const foreign = ["４７１１", "٠١٢٣", "४७११", "471l", "𝟒𝟕𝟏𝟏"];
test.each([...odd, ...foreign])("%j is no code by its form", (digits) => {
  expect(denialOf(open, digits)).toBe("CODE_FORM");
  expect(denialOf(hardened, digits)).toBe("CODE_FORM");
});

/** Mostly digits, so that the right form comes up too. */
const anyText = fc
  .array(fc.constantFrom(..."0123456789", ..."01234", " ", "+", "٤", "４", "\n", "\0"), { maxLength: 8 })
  .map((characters) => characters.join(""));

test("whatever text comes, only four or six ASCII digits get past the form", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const isForm =
        /^[0-9]+$/.test(text) && !text.includes("\n") && (text.length === 4 || text.length === 6);
      expect(denialOf(open, text) === "CODE_FORM").toBe(!isForm);
    }),
  );
});

describe("weak codes, counted over all there are", () => {
  test("literal: 24 of 10,000 and 20 of 1,000,000, the protocol's own", () => {
    expect(weakOf(open, 4)).toHaveLength(24);
    expect(weakOf(open, 6)).toHaveLength(20);
    expect(weakOf(open, 4).every((digits) => weakCode(digits) !== undefined)).toBe(true);
  });

  test("hardened: 496 with a run of three, and the two wrap-around codes that have none", () => {
    const refused = weakOf(hardened, 4);
    expect(refused).toHaveLength(498);
    const runless = refused.filter((digits) => !hasRunByRegexp(digits));
    expect(runless).toEqual(["1098", "8901"]);
    expect(refused.filter(hasRunByRegexp)).toHaveLength(496);
  });

  test("hardened: 95,272 of 1,000,000 have a run of three, all wrap-around codes among them", () => {
    expect(weakOf(hardened, 6)).toHaveLength(95_272);
  });

  test("literal takes the near neighbours, and what hardened alone refuses", () => {
    const fine = ["1112", "1121", "1212", "1357", "2468", "1235", "9875", "1243", "0246", "112233", "123457"];
    for (const digits of fine)
      expect([digits, denialOf(open, digits)]).toEqual([digits, `${digits.length} digits`]);
    const around = ["7890", "8901", "9012", "2109", "1098", "0987", "567890", "098765"];
    for (const digits of [...around, "1112", "9123", "471234"]) {
      expect([digits, denialOf(open, digits)]).toEqual([digits, `${digits.length} digits`]);
      expect([digits, denialOf(hardened, digits)]).toEqual([digits, "CODE_WEAK"]);
    }
    for (const digits of ["1124", "1213", "8902", "0979", "901890"])
      expect([digits, denialOf(hardened, digits)]).toEqual([digits, `${digits.length} digits`]);
  });
});

/** Another way to say it: three equal digits, or one of the runs spelled out. */
function hasRunByRegexp(digits: string): boolean {
  const up = ["012", "123", "234", "345", "456", "567", "678", "789"];
  const runs = [...up, ...up.map((run) => [...run].reverse().join(""))];
  return /(.)\1\1/.test(digits) || runs.some((run) => digits.includes(run));
}

describe("a chosen code that is not free", () => {
  const empty: Ledger = { kind: "residence", leaseHours: 0, codes: [], lock: undefined };
  const settled = (said: ReturnType<typeof assignCode>): Ledger => {
    if (!said.ok) throw new Error(said.denial);
    return said.value;
  };
  /** As if a courier had it: only then does a code that was taken away stay in quarantine. */
  const inVersion = (ledger: Ledger): Ledger => ({
    ...ledger,
    codes: ledger.codes.map((code) => ({ ...code, added: code.added ?? 1 })),
  });

  test("another's, a quarantined one and an old one of one's own are refused in the same words", () => {
    let ledger = inVersion(settled(assignCode(empty, codeFor("ada", "4711"))));
    ledger = inVersion(settled(assignCode(ledger, codeFor("eve", "8053"))));
    ledger = inVersion(settled(assignCode(ledger, codeFor("bob", "2946"))));
    ledger = settled(revokeCode(ledger, "bob", noon));
    ledger = settled(resetCode(ledger, codeFor("eve", "3159")));
    const [another, quarantined, old] = ["4711", "2946", "8053"].map((mark) =>
      judgeMark(ledger, "eve", mark),
    );
    expect(another).toEqual({ ok: false, denial: "PICK_REFUSED" });
    expect(quarantined).toEqual(another);
    expect(old).toEqual(another);
    expect(judgeMark(ledger, "eve", "3159")).toEqual({ ok: true, value: "unchanged" });
    expect(judgeMark(ledger, "eve", "7402")).toEqual({ ok: true, value: "free" });
  });

  test("a card with the same mark is no code of one's own", () => {
    const card = { ...codeFor("ada", "4711"), terms: { ...plainTerms, class: "keycard" as const } };
    expect(judgeMark(settled(assignCode(empty, card)), "ada", "4711")).toMatchObject({
      denial: "PICK_REFUSED",
    });
  });
});

describe("a policy", () => {
  test("what a property begins with is fit, and each bound is kept on both sides", () => {
    expect(fitPolicy(plainPolicy)).toEqual({ ok: true, value: plainPolicy });
    const bounds = [
      ["deliveryHours", 1, 168],
      ["dailyCodesPerDayMax", 0, 100],
      ["dailyRecipientsNewPerDayMax", 0, 100],
      ["picksPerDayMax", 0, 100],
      ["delayHours", 1, 8_760],
      ["capabilityHours", 1, 71],
    ] as const;
    for (const [name, least, most] of bounds) {
      for (const value of [least, most]) expect(fitPolicy({ ...plainPolicy, [name]: value }).ok).toBe(true);
      for (const value of [least - 1, most + 1, least + 0.5, Number.NaN])
        expect(fitPolicy({ ...plainPolicy, [name]: value })).toMatchObject({ denial: "POLICY_UNFIT" });
    }
  });

  test("doors are named once and exist, and the app's version is one", () => {
    const unfit = (change: Partial<Policy>) =>
      expect(fitPolicy({ ...plainPolicy, ...change })).toMatchObject({ denial: "POLICY_UNFIT" });
    unfit({ deliveryDoorKinds: ["communal", "communal"] });
    unfit({ deliveryDoorKinds: ["attic" as DoorKind] });
    unfit({ deliveryDoorKinds: ["toString" as DoorKind] });
    unfit({ codePolicy: "soft" as Policy["codePolicy"] });
    for (const appVersionMin of ["", "1", "1.2", "v1.2.3", "1.2.3.4", "1.2.3 "]) unfit({ appVersionMin });
    expect(fitPolicy({ ...plainPolicy, deliveryDoorKinds: [] }).ok).toBe(true);
  });
});

describe("an app's version", () => {
  const version = fc.tuple(fc.nat(120), fc.nat(120), fc.nat(120));
  const spelled = (parts: readonly number[]): string => parts.join(".");

  test("is compared number by number, not letter by letter", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const byNumber = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        expect(Math.sign(compareVersions(spelled(a), spelled(b)) ?? Number.NaN)).toBe(Math.sign(byNumber));
      }),
    );
    expect(compareVersions("1.10.0", "1.9.9")).toBeGreaterThan(0);
    expect(compareVersions("2.0.0-beta.1", "2.0.0")).toBeLessThan(0);
    expect(compareVersions("2.0.0-beta.1", "1.9.9")).toBeGreaterThan(0);
    expect(compareVersions("2.0.0+7", "2.0.0")).toBe(0);
    for (const odd of ["", "two", "1.2", "1e3.0.0", "1.2.3-", `1.${"9".repeat(40)}.0`])
      expect(compareVersions(odd, "1.0.0")).toBeUndefined();
  });

  test("the page and the command line are never too old, whatever their own version is", () => {
    const policy = { ...plainPolicy, appVersionMin: "2.3.0" };
    const may = (clientName: string) => judgeApp(policy, { clientName, clientVersion: "0.0.0" }).ok;
    expect(["Firefox on Android (page)", "doorsync-phone"].map(may)).toEqual([true, true]);
    expect(["Maple app", "", "page", "my doorsync-phone"].map(may)).toEqual([false, false, false, false]);
  });

  test("too old or unsaid, it is told the oldest one that will do", () => {
    const policy = { ...plainPolicy, appVersionMin: "2.3.0" };
    for (const app of ["2.3.0", "2.3.1", "10.0.0"]) expect(judgeAppVersion(policy, app).ok).toBe(true);
    for (const app of ["2.2.9", "2.3.0-rc.1", "1.99.99", "", "latest", undefined])
      expect(judgeAppVersion(policy, app)).toEqual({
        ok: false,
        denial: "UPGRADE_REQUIRED",
        detail: "2.3.0",
      });
  });
});
