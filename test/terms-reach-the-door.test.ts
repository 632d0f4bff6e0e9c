/**
 * Terms that people agree on, from the ledger to the bolt: spelled in rules and credentials by the authority's core,
 * carried by the shipped errand, kept by the real lock. How a lock judges them is tested elsewhere; here, that what was
 * agreed is what arrives, and that nothing else changes on the way.
 */
import {
  assignCode,
  atTheDoor,
  changeTerms,
  codeState,
  fitHouse,
  fitTerms,
  type LockStanding,
  plainHouse,
  plainTerms,
  resetCode,
  revokeCode,
  suspendCode,
  type Terms,
} from "@doorsync/authority/core";
import { cardTag, dailyCode, decodeItem, type Item, localDay, pinTag } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { windows as anyWindow } from "./arbitraries.ts";
import { runs } from "./replay.ts";
import { codeFor, type DoorOffice, doorOffice, travel } from "./support/door-office.ts";
import { crypto, noon, wait } from "./world.ts";

const uid = new Uint8Array([4, 1, 2, 3, 4, 5, 6]);

function desk(name: string): DoorOffice {
  const office = doorOffice(name);
  office.ledger = {
    ...office.ledger,
    house: { ...plainHouse, zone: [{ at: 0, offsetMinutes: 0 }], dailyGeneration: 3 },
  };
  office.tagOf = (code) =>
    code.terms?.class === "keycard"
      ? cardTag(crypto, office.keys.pin, uid)
      : pinTag(crypto, office.keys.pin, code.mark);
  return office;
}

function give(office: DoorOffice, person: string, digits: string, terms?: Partial<Terms>): void {
  const code = codeFor(person, digits);
  const given = assignCode(
    office.ledger,
    terms === undefined ? code : { ...code, terms: { ...plainTerms, ...terms } },
  );
  if (!given.ok) throw new Error(given.denial);
  office.ledger = given.value;
}

function sync(office: DoorOffice): void {
  office.issue();
  const trip = travel(office.lock, office.parcels());
  expect(["synced", "already", "nothing"]).toContain(trip.report.outcome.kind);
  office.takeAll(trip);
}

function opens(office: DoorOffice, digits: string): boolean {
  wait(office.lock, 120);
  return office.lock.press(digits) === "accepted";
}

/** What stands in the newest table. */
function items(office: DoorOffice): readonly Item[] {
  return (office.ledger.lock?.spans ?? [])
    .filter(({ until }) => until === undefined)
    .map(({ bytes }) => {
      const item = decodeItem(bytes);
      if (!item.ok) throw new Error(item.check);
      return item.value;
    });
}
const rules = (office: DoorOffice) => items(office).filter((item) => item.kind === "rule");

test("one use, an end, a window and a suspension are kept at the door; a resident's code is as it always was", () => {
  const office = desk("terms kept");
  give(office, "ada", "4711");
  give(office, "once", "8053", { useLimit: 1 });
  give(office, "over", "2946", { notAfter: noon - 10 });
  give(office, "never", "3159", { windows: [] });
  give(office, "shut", "6284", { suspended: true });
  sync(office);
  const tried = (digits: string): boolean => opens(office, digits);
  expect(["4711", "8053", "8053", "2946", "3159", "6284", "4711"].map(tried)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(items(office).find((item) => item.kind === "settings")).toMatchObject({ dailyGeneration: 3 });
});

test("suspending is one bit: window, end and rule stay, and pending is said until the lock has proved it", () => {
  const office = desk("terms suspended");
  give(office, "cleaner", "4711", { notBefore: noon - 60, notAfter: noon + 90_000 });
  sync(office);
  const credential = () => items(office).find((item) => item.kind === "credential");
  const before = credential();
  const standing = () => {
    const [code] = office.ledger.codes;
    if (code === undefined) throw new Error("no code");
    const { worksNow, worksAfterSync } = atTheDoor(office.ledger.lock, office)(code);
    return [codeState(code, office.ledger.lock), worksNow, worksAfterSync];
  };
  expect(standing()).toEqual(["set", true, true]);
  for (const [suspended, now, then] of [
    [true, true, false],
    [false, false, true],
  ] as const) {
    const changed = suspendCode(office.ledger, "cleaner", suspended, noon);
    if (!changed.ok) throw new Error(changed.denial);
    office.ledger = changed.value;
    expect(standing()).toEqual(["setting", now, then]);
    sync(office);
    expect(standing()).toEqual(["set", then, then]);
    expect(credential()).toEqual({ ...before, suspended });
    expect(opens(office, "4711")).toBe(!suspended);
  }
});

test("a card and the daily code stand beside a person's code, each revoked by itself", () => {
  const office = desk("terms classes");
  give(office, "ada", "4711");
  give(office, "ada", "card", { class: "keycard" });
  give(office, "ada", "daily", { class: "dailyCode" });
  sync(office);
  const slot = office.ledger.codes.find(({ terms }) => terms?.class === "dailyCode")?.wireId ?? 0;
  const day = localDay(noon, 0);
  const digits = dailyCode(crypto, office.keys.daily, { generation: 3, slot, day });
  const tap = (): boolean => {
    wait(office.lock, 120);
    office.lock.unlocked = false;
    office.lock.board.tap(uid);
    return office.lock.unlocked;
  };
  expect([opens(office, "4711"), tap(), opens(office, digits)]).toEqual([true, true, true]);
  const gone = revokeCode(office.ledger, "ada", noon, "keycard");
  if (!gone.ok) throw new Error(gone.denial);
  office.ledger = gone.value;
  sync(office);
  expect([opens(office, "4711"), tap(), opens(office, digits)]).toEqual([true, false, true]);
});

test("more than three windows are chained, and every one of them opens", () => {
  const office = desk("terms windows");
  const at = new Date(noon * 1_000);
  const days = 1 << at.getUTCDay();
  const minute = at.getUTCHours() * 60 + at.getUTCMinutes();
  const windows = Array.from({ length: 8 }, (_, i) => ({
    days,
    startMinute: (minute - 5 + 60 * i) % 1_440,
    endMinute: (minute + 15 + 60 * i) % 1_440,
  }));
  give(office, "first", "4711", { windows });
  give(office, "last", "8053", { windows: windows.toReversed() });
  give(office, "late", "2946", { windows: windows.slice(1) });
  sync(office);
  expect(["4711", "8053", "2946"].map((digits) => opens(office, digits))).toEqual([true, true, false]);
  const chained = rules(office).filter((rule) => rule.scheduled);
  expect(chained.length).toBe(9);
  expect(chained.every((rule) => rule.windows.length <= 3)).toBe(true);
});

test("equal terms share a rule, and terms of a doorcode that were changed back need none of their own", () => {
  const office = desk("terms shared");
  const terms = { useLimit: 9, expiringMinutes: 30 };
  for (let i = 0; i < 5; i++) give(office, `guest ${i}`, `47${10 + i}`, terms);
  give(office, "ada", "8053", { suspended: true });
  sync(office);
  expect(rules(office).map(({ id, useLimit }) => [id, useLimit])).toEqual([
    [1, 0],
    [2, 9],
  ]);
  const ada = items(office).find((item) => item.kind === "credential" && item.suspended);
  expect(ada).toMatchObject({ rule: 1 });
});

test("a rule's id never means two things in versions that a lock may hold, whatever is given, changed and proven", () => {
  const person = fc.constantFrom("ada", "ben", "cy");
  const limits = fc.record({
    useLimit: fc.nat(3),
    windows: fc.option(fc.array(anyWindow, { maxLength: 7 })),
  });
  const acts = fc.array(
    fc.tuple(fc.constantFrom("give", "change", "revoke", "issue", "sync"), person, limits),
    {
      minLength: 6,
      maxLength: 16,
    },
  );
  fc.assert(
    fc.property(acts, (all) => {
      const office = desk("terms ids");
      for (const [index, [act, who, { useLimit, windows }]] of all.entries()) {
        const terms: Terms = { ...plainTerms, useLimit, windows: windows ?? undefined };
        const code = { ...codeFor(who, String(3_000 + index)), terms };
        if (act === "issue") office.issue();
        else if (act === "sync") sync(office);
        else {
          const after =
            act === "give"
              ? assignCode(office.ledger, code)
              : act === "change"
                ? changeTerms(office.ledger, who, terms, noon)
                : revokeCode(office.ledger, who, noon);
          if (after.ok) office.ledger = after.value;
        }
        if (office.ledger.lock === undefined) throw new Error("no lock");
        // What is proven gone, a ledger that comes out of a database does not remember.
        const lock = forgetful(office.ledger.lock);
        office.ledger = { ...office.ledger, lock };
        const meaning = new Map<number, string>();
        for (const { id, from, bytes } of lock.spans) {
          if (id < 2 || id > 0x7fff) continue;
          const hex = Buffer.from(bytes).toString("hex");
          expect(meaning.get(id) ?? hex, `rule ${id} from ${from}`).toBe(hex);
          meaning.set(id, hex);
        }
      }
    }),
    runs(12),
  );

  // And they do come back: the first rule's id, once the lock has proved a table without it, and not before.
  const office = desk("terms ids again");
  give(office, "ada", "4711", { useLimit: 1 });
  const used: (number | undefined)[] = [];
  for (const useLimit of [1, 2, 3, 4]) {
    const changed = changeTerms(office.ledger, "ada", { ...plainTerms, useLimit }, noon);
    if (!changed.ok) throw new Error(changed.denial);
    office.ledger = changed.value;
    if (useLimit === 2) office.issue();
    else sync(office);
    if (office.ledger.lock === undefined) throw new Error("no lock");
    office.ledger = { ...office.ledger, lock: forgetful(office.ledger.lock) };
    used.push(rules(office).find((rule) => rule.useLimit === useLimit)?.id);
  }
  expect(used).toEqual([2, 3, 4, 2]);
});

function forgetful(lock: LockStanding): LockStanding {
  const spans = lock.spans.filter(({ until }) => until === undefined || until > lock.proven);
  return { ...lock, spans, issued: lock.issued.filter(({ version }) => version >= lock.proven) };
}

test("another code under the same terms, and its uses begin anew", () => {
  const office = desk("terms reset");
  give(office, "once", "4711", { useLimit: 1 });
  sync(office);
  expect([opens(office, "4711"), opens(office, "4711")]).toEqual([true, false]);
  const reset = resetCode(office.ledger, codeFor("once", "8053"));
  if (!reset.ok) throw new Error(reset.denial);
  office.ledger = reset.value;
  sync(office);
  expect([opens(office, "4711"), opens(office, "8053"), opens(office, "8053")]).toEqual([false, true, false]);
});

describe("what no lock could keep is denied before it is booked", () => {
  test.each<[Partial<Terms>]>([
    [{ useLimit: 256 }],
    [{ useLimit: -1 }],
    [{ expiringMinutes: 65_536 }],
    [{ notBefore: 10, notAfter: 10 }],
    [{ windows: [{ days: 0, startMinute: 0, endMinute: 1 }] }],
    [{ windows: [{ days: 1, startMinute: 1_440, endMinute: 1 }] }],
    [{ windows: Array.from({ length: 25 }, () => ({ days: 1, startMinute: 0, endMinute: 1 })) }],
  ])("%j", (odd) => {
    expect(fitTerms({ ...plainTerms, ...odd })).toMatchObject({ ok: false, denial: "TERMS_UNFIT" });
    expect(fitTerms(plainTerms)).toMatchObject({ ok: true });
  });

  test("nor a house", () => {
    expect(fitHouse(plainHouse)).toMatchObject({ ok: true });
    for (const odd of [
      { wrongCodeEntryLimit: 0 },
      {
        zone: [
          { at: 5, offsetMinutes: 60 },
          { at: 5, offsetMinutes: 0 },
        ],
      },
      { zone: [{ at: 5, offsetMinutes: 2_000 }] },
      { holidays: [{ start: 5, end: 5 }] },
      {
        holidays: [
          { start: 5, end: 9 },
          { start: 8, end: 10 },
        ],
      },
    ]) {
      expect(fitHouse({ ...plainHouse, ...odd })).toMatchObject({ ok: false, denial: "HOUSE_UNFIT" });
    }
  });
});
