/**
 * A table that is full: what is taken away leaves with the next version whatever else is wished for, what is new waits
 * and is said to wait, and who is over makes room. By the authority's core and a real lock. Not the service's limits on
 * guests over HTTP: those are in test/service.
 */
import {
  assignCode,
  codeState,
  fitHouse,
  type LockStanding,
  nextVersion,
  plainHouse,
  plainTerms,
  revokeCode,
  suspendCode,
  type Terms,
} from "@doorsync/authority/core";
import type { Report } from "@doorsync/phone-client/core";
import { decodeItem, type Item, lastCredentialId, pinTag, secondsNever } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rulesNeeded, rulesPerTableMax } from "../packages/authority/src/issue/items.ts";
import { judgeGuests } from "../packages/authority/src/model/guest.ts";
import { endOver, isOver, type Ledger, liveCode } from "../packages/authority/src/model/ledger.ts";
import { guestsMax } from "../packages/authority/src/model/limit.ts";
import { learnCapacity } from "../packages/authority/src/model/room.ts";
import { houseItemsMax } from "../packages/authority/src/model/terms.ts";
import { runs } from "./replay.ts";
import { codeFor, type DoorOffice, doorOffice, travel } from "./support/door-office.ts";
import { crypto, noon, wait } from "./world.ts";

const digitsOf = (i: number): string => String(2_000 + i);

/** Hours of the week that nobody else has: `rules` of them, three windows each. */
function hours(i: number, rules = 1): Partial<Terms> {
  const windows = Array.from({ length: 3 * rules }, (_, k) => ({
    days: 1 + k,
    startMinute: i,
    endMinute: 1_439,
  }));
  return { windows, failOpen: false };
}

function give(ledger: Ledger, person: string, digits: string, terms?: Partial<Terms>): Ledger {
  const code = codeFor(person, digits);
  const all = terms === undefined ? code : { ...code, terms: { ...plainTerms, ...terms } };
  const given = assignCode(ledger, all);
  if (!given.ok) throw new Error(given.denial);
  return given.value;
}

function revoke(ledger: Ledger, person: string): Ledger {
  const gone = revokeCode(ledger, person, noon);
  if (!gone.ok) throw new Error(gone.denial);
  return gone.value;
}

function standing(office: DoorOffice): LockStanding {
  if (office.ledger.lock === undefined) throw new Error("no lock");
  return office.ledger.lock;
}

/** The table that was issued last. */
function items(office: DoorOffice): readonly Item[] {
  return standing(office)
    .spans.filter(({ until }) => until === undefined)
    .map(({ bytes }) => {
      const item = decodeItem(bytes);
      if (!item.ok) throw new Error(item.check);
      return item.value;
    });
}
const of = (office: DoorOffice, kind: Item["kind"]) => items(office).filter((item) => item.kind === kind);

/** Ids of the credentials in the table. */
function credentials(office: DoorOffice): readonly number[] {
  return items(office).flatMap((item) => (item.kind === "credential" ? [item.id] : []));
}

function sync(office: DoorOffice): void {
  office.issue();
  office.takeAll(travel(office.lock, office.parcels()));
  expect(standing(office).proven).toBe(standing(office).issued.at(-1)?.version);
}

function opens(office: DoorOffice, digits: string): boolean {
  wait(office.lock, 120);
  return office.lock.press(digits) === "accepted";
}

function stateOf({ ledger }: DoorOffice, person: string): string | undefined {
  const code = ledger.codes.find((one) => one.person === person);
  return code === undefined ? undefined : codeState(code, ledger.lock);
}

test("with more hours than rules, a revoked and a suspended code die at the next sync, and who waits comes in later", () => {
  const office = doorOffice("full of hours", { capacity: 400 });
  office.tagOf = (code) => pinTag(crypto, office.keys.pin, code.mark);
  office.ledger = give(give(office.ledger, "ada", "4711"), "ben", "8053");
  sync(office);
  expect([opens(office, "4711"), opens(office, "8053")]).toEqual([true, true]);

  const extra = 14;
  for (let i = 0; i < rulesPerTableMax + extra; i++)
    office.ledger = give(office.ledger, `guest ${i}`, digitsOf(i), hours(i));
  expect(rulesNeeded(office.ledger)).toBe(rulesPerTableMax + extra);
  const suspended = suspendCode(revoke(office.ledger, "ada"), "ben", true, office.now);
  if (!suspended.ok) throw new Error(suspended.denial);
  office.ledger = suspended.value;
  sync(office);
  expect([opens(office, "4711"), opens(office, "8053")]).toEqual([false, false]);
  expect(standing(office).heldUp).toBe("RULES_EXHAUSTED");
  expect(of(office, "rule")).toHaveLength(1 + rulesPerTableMax);
  expect(stateOf(office, `guest ${rulesPerTableMax - 1}`)).toBe("set");
  expect(stateOf(office, `guest ${rulesPerTableMax}`)).toBe("unset");
  // Nothing has changed, so nothing new is made.
  const { version } = standing(office).issued.at(-1) ?? {};
  expect(office.issue()).toBe(version);

  // One place less is taken, and one more is in; the rest go on waiting, in their order.
  office.ledger = revoke(office.ledger, "guest 0");
  sync(office);
  expect(stateOf(office, `guest ${rulesPerTableMax}`)).toBe("set");
  expect(stateOf(office, `guest ${rulesPerTableMax + 1}`)).toBe("unset");
  for (let i = 1; i < extra; i++) office.ledger = revoke(office.ledger, `guest ${i}`);
  sync(office);
  expect(standing(office).heldUp).toBeUndefined();
  expect(stateOf(office, `guest ${rulesPerTableMax + extra - 1}`)).toBe("set");
});

test("whatever is wished for: nobody in the table is put out, no rule is there for nobody, and none is lacking", () => {
  const act = fc.oneof(
    fc.record({
      kind: fc.constant("give" as const),
      rules: fc.integer({ min: 1, max: 8 }),
      pick: fc.nat(60),
    }),
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("revoke" as const),
        rules: fc.constant(0),
        pick: fc.nat(999),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("issue" as const),
        rules: fc.constant(0),
        pick: fc.constant(0),
      }),
    },
  );
  let fullest = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 60, maxLength: 120 }), (acts) => {
      const office = doorOffice("any wishes");
      // Full but for a few at the beginning.
      for (let i = 0; i < 31; i++)
        office.ledger = give(office.ledger, `first ${i}`, digitsOf(i), hours(i, 8));
      acts.forEach(({ kind, rules, pick }, i) => {
        const live = office.ledger.codes.filter(({ revoked }) => !revoked);
        if (kind === "give")
          office.ledger = give(office.ledger, `p${i}`, digitsOf(100 + i), hours(100 + pick, rules));
        if (kind === "revoke" && live.length > 0)
          office.ledger = revoke(office.ledger, live[pick % live.length]?.person ?? "");
        if (kind !== "issue") return;
        const held = new Set(credentials(office));
        office.issue();
        const now = office.ledger.codes.filter(({ revoked }) => !revoked);
        const inside = new Set(credentials(office));
        for (const code of now)
          if (code.wireId !== undefined && held.has(code.wireId)) expect(inside).toContain(code.wireId);
        const among = now.filter(({ wireId }) => wireId !== undefined && inside.has(wireId));
        expect(inside.size).toBe(among.length);
        const rulesHeld = of(office, "rule").length - 1;
        expect(rulesHeld).toBe(rulesNeeded({ ...office.ledger, codes: among }));
        expect(rulesHeld).toBeLessThanOrEqual(rulesPerTableMax);
        expect(standing(office).heldUp !== undefined).toBe(among.length < now.length);
        fullest = Math.max(fullest, now.length - among.length);
      });
    }),
    runs(12),
  );
  expect(fullest, "somebody waited").toBeGreaterThan(0);
});

test("more than the lock holds: it says so once, and from then on all that is taken away leaves at every sync", () => {
  const capacity = 6;
  const act = fc.record({
    kind: fc.constantFrom("give", "give", "revoke", "suspend", "again", "sync"),
    pick: fc.nat(99),
  });
  let refused = 0;
  let waited = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 30, maxLength: 50 }), (acts) => {
      const office = doorOffice("a small lock", { capacity });
      office.tagOf = (code) => pinTag(crypto, office.keys.pin, code.mark);
      const states = (): ReadonlyMap<string, string> =>
        new Map(
          office.ledger.codes
            .filter(({ revoked }) => !revoked)
            .map((code) => [code.person, codeState(code, office.ledger.lock)]),
        );
      let hadPlace: readonly string[] = [];
      acts.forEach(({ kind, pick }, i) => {
        const live = [...states().keys()];
        const one = live[pick % Math.max(1, live.length)];
        if (kind === "give") office.ledger = give(office.ledger, `p${i}`, digitsOf(i));
        else if (kind === "sync") {
          let { outcome } = travelled(office);
          if (outcome.kind === "refused") {
            expect(outcome.refusal).toBe("RESOURCE_EXHAUSTED");
            refused++;
            expect(standing(office).capacity, "in the visit in which it was refused").toBe(capacity);
            ({ outcome } = travelled(office));
          }
          expect(["synced", "nothing"]).toContain(outcome.kind);
          expect(standing(office).proven).toBe(standing(office).issued.at(-1)?.version);
          const now = states();
          const set = [...now].filter(([, state]) => state === "set").map(([person]) => person);
          expect(set.length).toBe(Math.min(capacity, now.size));
          expect(credentials(office)).toHaveLength(set.length);
          expect(office.ledger.codes.filter((code) => code.revoked && !code.released)).toEqual([]);
          // Whoever had a place has it still, and whoever got another code has one for it.
          expect(set).toEqual(expect.arrayContaining(hadPlace.filter((person) => now.has(person))));
          expect(standing(office).heldUp).toBe(now.size > capacity ? "LOCK_FULL" : undefined);
          waited = Math.max(waited, now.size - set.length);
          hadPlace = set;
        } else if (one !== undefined && kind === "revoke") {
          office.ledger = revoke(office.ledger, one);
        } else if (one !== undefined && kind === "again") {
          office.ledger = give(revoke(office.ledger, one), one, digitsOf(500 + i));
        } else if (one !== undefined) {
          const is = liveCode(office.ledger, one)?.terms?.suspended === true;
          const suspended = suspendCode(office.ledger, one, !is, office.now);
          if (!suspended.ok) throw new Error(suspended.denial);
          office.ledger = suspended.value;
        }
      });
    }),
    runs(15),
  );
  expect([refused > 0, waited > 0], "it was refused, and somebody waited").toEqual([true, true]);
});

/** A visit that brings home what the lock says of itself. */
function travelled(office: DoorOffice): Report {
  office.issue();
  const trip = travel(office.lock, office.parcels());
  office.takeAll(trip);
  office.ledger = learnCapacity(office.ledger, office.events);
  return trip.report;
}

test("when the lock's last number is given, who comes later waits, and who goes leaves", () => {
  const office = doorOffice("last number");
  office.ledger = give(office.ledger, "ada", "4711");
  sync(office);
  office.ledger = { ...office.ledger, lock: { ...standing(office), lastWireId: lastCredentialId - 1 } };
  office.ledger = give(give(revoke(office.ledger, "ada"), "ben", "8053"), "cy", "6204");
  sync(office);
  expect([opens(office, "4711"), opens(office, "8053"), opens(office, "6204")]).toEqual([false, true, false]);
  expect(standing(office)).toMatchObject({ heldUp: "IDS_EXHAUSTED", lastWireId: lastCredentialId });
});

test("a lock that is 65,536 versions behind is given no other that it would not take", () => {
  const office = doorOffice("far behind");
  const lock = standing(office);
  const [zero] = lock.issued;
  if (zero === undefined) throw new Error("no version");
  const at = { issuedAt: noon, lifeHours: 168, renew: false };
  const next = (version: number) =>
    nextVersion(
      crypto,
      office.keys,
      { ...give(office.ledger, "ada", "4711"), lock: { ...lock, issued: [zero, { ...zero, version }] } },
      at,
      (code) => office.tagOf(code),
    );
  expect(next(65_535)).toMatchObject({ ok: true, value: { version: 65_536 } });
  expect(next(65_536)).toMatchObject({ ok: false, denial: "VERSIONS_EXHAUSTED" });
});

describe("whose time is over", () => {
  test("is taken out from that very second on; without an end nobody is", () => {
    expect(isOver({ ...plainTerms, notAfter: noon }, noon - 1)).toBe(false);
    expect(isOver({ ...plainTerms, notAfter: noon }, noon)).toBe(true);
    expect(isOver({ ...plainTerms, notAfter: secondsNever }, secondsNever)).toBe(false);
    expect(isOver(undefined, noon)).toBe(false);
  });

  test("is quarantined like whoever is revoked, and the rule goes with them", () => {
    const office = doorOffice("over");
    office.ledger = give(office.ledger, "ada", "4711");
    office.ledger = give(office.ledger, "gus", "8053", { ...hours(5), notAfter: noon + 60 });
    sync(office);
    expect(of(office, "rule")).toHaveLength(2);
    expect(endOver(office.ledger, noon + 59)).toEqual(office.ledger);
    office.ledger = endOver(office.ledger, noon + 60);
    expect(stateOf(office, "gus")).toBe("removing");
    sync(office);
    expect([stateOf(office, "gus"), stateOf(office, "ada")]).toEqual(["removed", "set"]);
    expect(of(office, "rule")).toHaveLength(1);
  });
});

test("a house has no more local time and holidays than leaves the rules their room", () => {
  const holidays = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ start: 10 * i, end: 10 * i + 5 }));
  const most = (houseItemsMax - 2) * 3;
  expect(fitHouse({ ...plainHouse, holidays: holidays(most) })).toMatchObject({ ok: true });
  expect(fitHouse({ ...plainHouse, holidays: holidays(most + 1) })).toMatchObject({
    ok: false,
    denial: "HOUSE_UNFIT",
  });
});

test("guests at once: the last one that may be, and the first that may not", () => {
  const { perInviter, perDoor, rulesPerDoor } = guestsMax;
  const judge = (ofInviter: number, atDoor: number, rules: number, terms: Partial<Terms> = {}) => {
    const said = judgeGuests({ ofInviter, atDoor, rules }, { ...plainTerms, ...terms });
    return said.ok ? "granted" : said.denial;
  };
  expect(judge(perInviter, perDoor, rulesPerDoor, hours(1))).toBe("granted");
  expect(judge(perInviter + 1, 1, 1)).toBe("GUESTS_FULL");
  expect(judge(1, perDoor + 1, 1)).toBe("GUESTS_FULL");
  expect(judge(1, 1, rulesPerDoor + 1, hours(1))).toBe("RULES_EXHAUSTED");
  expect(judge(1, 1, rulesPerDoor + 1)).toBe("granted");
  expect(rulesPerDoor, "plain terms always find a rule").toBeLessThan(rulesPerTableMax);
});
