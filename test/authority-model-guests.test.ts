/**
 * The four kinds of guest codes, from the wish to the bolt: the terms by the model, carried to the shipped firmware,
 * and at the keypad the second before, the first, the last and the one after.
 */
import { assignCode, fitTerms, plainHouse, plainTerms, type Terms } from "@doorsync/authority/core";
import { secondsNever } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type GuestKind,
  type GuestWish,
  guestKinds,
  guestTerms,
} from "../packages/authority/src/model/guest.ts";
import { type Policy, plainPolicy } from "../packages/authority/src/model/policy.ts";
import { windows as anyWindow } from "./arbitraries.ts";
import { runs } from "./replay.ts";
import { codeFor, type DoorOffice, doorOffice, travel } from "./support/door-office.ts";
import { noon, wait } from "./world.ts";

const anywhere: Policy = { ...plainPolicy, deliveryDoorKinds: ["residence", "buildingEntrance"] };
const hour = 3_600;

function termsOf(wish: GuestWish, now = noon): Terms {
  const said = guestTerms(anywhere, "residence", wish, now);
  if (!said.ok) throw new Error(`${said.denial} ${said.detail}`);
  return said.value;
}

const said = (wish: GuestWish, policy = anywhere) => guestTerms(policy, "residence", wish, noon);
const always = [{ days: 0x7f, startMinute: 0, endMinute: 0 }];

describe("a wish", () => {
  test.each(guestKinds)("of kind %s with digits is refused: guest codes are random", (kind) => {
    const windows = kind === "recurring" ? always : undefined;
    const times = kind === "temporary" ? { from: noon, until: noon + hour } : {};
    const wish = { kind, windows, ...times };
    expect(said(wish).ok).toBe(true);
    for (const digits of ["4711", ""])
      expect(said({ ...wish, digits })).toEqual({ ok: false, denial: "GUEST_RANDOM_ONLY" });
  });

  const unfit: readonly GuestWish[] = [
    { kind: "permanent", from: noon },
    { kind: "permanent", until: noon + hour },
    { kind: "permanent", windows: always },
    { kind: "temporary" },
    { kind: "temporary", from: noon },
    { kind: "temporary", until: noon + hour },
    { kind: "temporary", from: noon + hour, until: noon + hour },
    { kind: "temporary", from: noon + hour, until: noon + hour - 1 },
    { kind: "temporary", from: noon - hour, until: noon },
    { kind: "temporary", from: noon, until: noon + hour, windows: always },
    { kind: "recurring" },
    { kind: "recurring", windows: [] },
    { kind: "recurring", windows: always, from: noon + hour, until: noon + hour },
    { kind: "recurring", windows: always, until: noon },
    { kind: "delivery", until: noon + hour },
    { kind: "delivery", from: noon - 2 * hour },
    { kind: "delivery", windows: always },
  ];
  test.each(unfit)("%j has times that its kind does not take", (wish) => {
    expect(said(wish)).toMatchObject({
      denial: "GUEST_UNFIT",
      detail: expect.stringMatching(`^${wish.kind}: `),
    });
  });

  test("what no lock keeps is refused as such", () => {
    const minutes = [{ days: 1, startMinute: 1_440, endMinute: 5 }];
    expect(said({ kind: "recurring", windows: minutes })).toMatchObject({ denial: "TERMS_UNFIT" });
    expect(said({ kind: "temporary", from: noon + 0.5, until: noon + hour })).toMatchObject({
      denial: "TERMS_UNFIT",
    });
    expect(said({ kind: "temporary", from: noon, until: Number.NaN })).toMatchObject({ ok: false });
  });

  test("deliveries are for the doors that the policy names", () => {
    const wish: GuestWish = { kind: "delivery" };
    expect(guestTerms(plainPolicy, "communal", wish, noon).ok).toBe(true);
    expect(guestTerms(plainPolicy, "residence", wish, noon)).toMatchObject({
      denial: "GUEST_UNFIT",
      detail: "delivery: not at a door of kind residence",
    });
    expect(guestTerms({ ...plainPolicy, deliveryDoorKinds: [] }, "communal", wish, noon).ok).toBe(false);
  });
});

test("a permanent guest stands as a resident does; the others end by the clock that may be later", () => {
  expect(termsOf({ kind: "permanent" })).toEqual(plainTerms);
  expect(termsOf({ kind: "temporary", from: noon, until: noon + 9 })).toEqual({
    ...plainTerms,
    failOpen: false,
    notBefore: noon,
    notAfter: noon + 9,
  });
  expect(termsOf({ kind: "recurring", windows: always })).toEqual({
    ...plainTerms,
    failOpen: false,
    windows: always,
  });
  expect(termsOf({ kind: "delivery", from: noon + 60 })).toMatchObject({
    useLimit: 1,
    notBefore: noon + 60,
    notAfter: noon + 60 + 2 * hour,
    failOpen: false,
  });
});

test("whatever is granted, a lock can keep, is not over, and never has more rights than its kind", () => {
  const seconds = fc.oneof(
    fc.integer({ min: noon - 9 * hour, max: noon + 9 * hour }),
    fc.constant(secondsNever),
  );
  const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
  const windows = fc.array(anyWindow, { maxLength: 4 });
  const oneOf = (kind: GuestKind, more: Partial<Record<keyof GuestWish, fc.Arbitrary<unknown>>>) =>
    fc.record({ kind: fc.constant(kind), ...more }) as fc.Arbitrary<GuestWish>;
  // What a kind takes more often than what it does not, or next to nothing would be granted.
  const wishes = fc.oneof(
    oneOf("permanent", {}),
    oneOf("temporary", { from: seconds, until: seconds }),
    oneOf("recurring", { windows, from: maybe(seconds), until: maybe(seconds) }),
    oneOf("delivery", { from: maybe(seconds) }),
    oneOf("temporary", { from: maybe(seconds), until: maybe(seconds), windows: maybe(windows) }),
  );
  let granted = 0;
  fc.assert(
    fc.property(wishes, (wish) => {
      const terms = said(wish);
      if (!terms.ok) return;
      granted++;
      const { value } = terms;
      expect(fitTerms(value).ok).toBe(true);
      expect(value.notAfter).toBeGreaterThan(noon);
      expect([value.class, value.suspended, value.duress]).toEqual(["code", false, false]);
      expect(value.windows === undefined).toBe(wish.kind !== "recurring");
      expect(value.useLimit).toBe(wish.kind === "delivery" ? 1 : 0);
    }),
    runs(200),
  );
  expect(granted).toBeGreaterThan(20);
});

describe("at the keypad", () => {
  function guestAt(name: string, wish: GuestWish): DoorOffice {
    const office = doorOffice(name);
    office.ledger = { ...office.ledger, house: { ...plainHouse, zone: [{ at: 0, offsetMinutes: 0 }] } };
    const given = assignCode(office.ledger, { ...codeFor("guest", "4711"), terms: termsOf(wish) });
    if (!given.ok) throw new Error(given.denial);
    office.ledger = given.value;
    office.issue();
    office.takeAll(travel(office.lock, office.parcels()));
    return office;
  }
  /** Powered time passes, and the lock's clock with it. */
  const pass = ({ lock }: DoorOffice, seconds: number): void => {
    lock.clock.rtcSeconds = (lock.clock.rtcSeconds ?? noon) + seconds;
    wait(lock, seconds);
  };
  /** Whether it opens at these seconds after noon, in order. */
  const opensAt = (office: DoorOffice, times: readonly number[]): readonly boolean[] => {
    let now = 0;
    return times.map((at) => {
      pass(office, at - now);
      now = at;
      return office.lock.press("4711") === "accepted";
    });
  };
  const margin = 120;

  test("a temporary code opens from its beginning until before its end", () => {
    const office = guestAt("guest temporary", {
      kind: "temporary",
      from: noon + hour,
      until: noon + 3 * hour,
    });
    const times = [hour - margin, hour + margin, 3 * hour - margin, 3 * hour];
    expect(opensAt(office, times)).toEqual([false, true, true, false]);
  });

  test("a recurring code opens in its hours on its days", () => {
    const at = new Date(noon * 1_000);
    const today = 1 << at.getUTCDay();
    const startMinute = at.getUTCHours() * 60 + at.getUTCMinutes() + 60;
    const windows = [{ days: today, startMinute, endMinute: startMinute + 60 }];
    const office = guestAt("guest recurring", { kind: "recurring", windows });
    const day = 24 * hour;
    const times = [0, 90 * 60, 2 * hour + margin, day + 90 * 60, 7 * day + 90 * 60];
    expect(opensAt(office, times)).toEqual([false, true, false, false, true]);
  });

  test("a delivery opens once, and not after its hours", () => {
    expect(opensAt(guestAt("guest delivery", { kind: "delivery" }), [margin, 2 * margin])).toEqual([
      true,
      false,
    ]);
    expect(opensAt(guestAt("guest late", { kind: "delivery" }), [2 * hour])).toEqual([false]);
  });

  test("a permanent code opens after a year", () => {
    expect(opensAt(guestAt("guest permanent", { kind: "permanent" }), [margin, 365 * 24 * hour])).toEqual([
      true,
      true,
    ]);
  });
});
