/**
 * What management is told of a lock and of the phones that carry for it: words and steps for every trouble, worst
 * first; and who was at the door without delivering, never said of somebody who had nothing to deliver.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Applied,
  courierStandings,
  deliverySecondsMax,
  type Handed,
  type Visit,
} from "../packages/authority/src/model/courier.ts";
import { type LockKnowledge, lockHealth } from "../packages/authority/src/model/health.ts";
import { noon } from "./world.ts";

const hour = 3_600;

describe("a lock's health", () => {
  const well: LockKnowledge = {
    lock: "owned",
    link: "offline",
    lastContactAt: noon - hour,
    lastTry: { outcome: "synced", at: noon - hour },
    battery: "ok",
    jammed: false,
    doorAjar: false,
    rebooting: false,
    contradicted: false,
    damaged: false,
    leaseOver: false,
    hearsay: undefined,
    heldUp: undefined,
  };
  const stateOf = (change: Partial<LockKnowledge>, now = noon) =>
    lockHealth({ ...well, ...change }, now).state;

  test("without a trouble it is ok, and nothing is to be done", () => {
    expect(lockHealth(well, noon)).toEqual({
      state: "ok",
      words: "Nothing is known to be wrong.",
      nextSteps: [],
      troubles: [],
      lastContactAt: noon - hour,
    });
    expect(stateOf({ battery: undefined, lastTry: undefined })).toBe("ok");
  });

  const each: readonly (readonly [string, Partial<LockKnowledge>])[] = [
    ["noLock", { lock: "absent", lastContactAt: undefined, lastTry: undefined }],
    ["alarm", { contradicted: true }],
    ["tableDamaged", { damaged: true }],
    ["leaseOver", { leaseOver: true }],
    ["jammed", { jammed: true }],
    ["batteryCritical", { battery: "critical" }],
    ["rebootLoop", { rebooting: true }],
    ["tableFull", { heldUp: "RULES_EXHAUSTED" }],
    ["lockFull", { heldUp: "LOCK_FULL" }],
    ["numbersUsedUp", { heldUp: "IDS_EXHAUSTED" }],
    ["noAnswer", { lastTry: { outcome: "noAnswer", at: noon } }],
    ["neverHeard", { lastContactAt: undefined, lastTry: undefined }],
    ["silent", { lastContactAt: noon - 168 * hour }],
    ["notInRange", { lastTry: { outcome: "notInRange", at: noon } }],
    ["batteryLow", { battery: "low" }],
    ["doorAjar", { doorAjar: true }],
  ];
  test.each(each)("%s has words and a next step of its own", (state, change) => {
    const said = lockHealth({ ...well, ...change }, noon);
    expect(said).toMatchObject({ state, troubles: [state] });
    expect(said.words).toMatch(/^[A-Z].*\.$/);
    expect(said.nextSteps.length).toBeGreaterThan(0);
    for (const step of said.nextSteps) expect(step).toMatch(/^[A-Z].*\.$/);
    const others = each.filter(([other]) => other !== state);
    for (const [, other] of others)
      expect(lockHealth({ ...well, ...other }, noon).words).not.toBe(said.words);
  });

  test("not in range is not no answer, and a word from the lock after a failed try ends both", () => {
    for (const outcome of ["noAnswer", "notInRange"] as const) {
      expect(stateOf({ lastTry: { outcome, at: noon - hour } })).toBe(outcome);
      expect(stateOf({ lastTry: { outcome, at: noon - hour - 1 } })).toBe("ok");
    }
  });

  test("a connected lock is silent after an hour, an offline one after a week", () => {
    expect(stateOf({ link: "connected", lastContactAt: noon - hour })).toBe("silent");
    expect(stateOf({ link: "connected", lastContactAt: noon - hour + 1 })).toBe("ok");
    expect(stateOf({ lastContactAt: noon - 168 * hour + 1 })).toBe("ok");
  });

  test("of several troubles the worst names the state, and the steps for all are given once each", () => {
    const flags = fc.record({
      battery: fc.constantFrom("ok", "low", "critical", undefined),
      jammed: fc.boolean(),
      doorAjar: fc.boolean(),
      rebooting: fc.boolean(),
      contradicted: fc.boolean(),
      damaged: fc.boolean(),
    }) satisfies fc.Arbitrary<Partial<LockKnowledge>>;
    const order = each.map(([state]) => state);
    fc.assert(
      fc.property(flags, (change) => {
        const said = lockHealth({ ...well, ...change }, noon);
        const places = said.troubles.map((trouble) => order.indexOf(trouble));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(said.state).toBe(said.troubles[0] ?? "ok");
        expect(new Set(said.nextSteps).size).toBe(said.nextSteps.length);
        for (const trouble of said.troubles) {
          const alone = each.find(([state]) => state === trouble)?.[1] ?? {};
          for (const step of lockHealth({ ...well, ...alone }, noon).nextSteps)
            expect(said.nextSteps).toContain(step);
        }
      }),
    );
  });
});

describe("couriers", () => {
  const given = (phone: string, version: number, handedAt: number, door = "12A"): Handed => ({
    phone,
    door,
    version,
    handedAt,
  });
  const seen = (phone: string, at: number, broughtVersion?: number, door = "12A"): Visit => ({
    phone,
    door,
    at,
    broughtVersion,
  });
  const later = deliverySecondsMax + 1;
  const one = (handed: readonly Handed[], visits: readonly Visit[], applied: readonly Applied[] = []) =>
    courierStandings(handed, visits, applied).map(({ phone, delivered, withheld }) => [
      phone,
      delivered,
      withheld,
    ]);

  test("handed and delivered; handed and not yet there; handed, at the door, and nothing delivered", () => {
    const handed = [given("honest", 42, noon), given("away", 42, noon), given("thief", 42, noon)];
    const visits = [seen("thief", noon + 60), seen("honest", noon + 60 + later, 42)];
    expect(courierStandings(handed, visits, [])).toEqual([
      { phone: "honest", door: "12A", version: 42, handedAt: noon, delivered: true, withheld: undefined },
      { phone: "away", door: "12A", version: 42, handedAt: noon, delivered: false, withheld: undefined },
      {
        phone: "thief",
        door: "12A",
        version: 42,
        handedAt: noon,
        delivered: false,
        withheld: { version: 42, seenAt: noon + 60 },
      },
    ]);
  });

  test("a receipt for an older version is no delivery, for a later one it is", () => {
    const handed = [given("phone", 42, noon)];
    expect(one(handed, [seen("phone", noon + 60, 41)])).toEqual([
      ["phone", false, { version: 42, seenAt: noon + 60 }],
    ]);
    expect(one(handed, [seen("phone", noon + 60, 43)])).toEqual([["phone", true, undefined]]);
  });

  test("nobody withholds what the lock had already, had within the session, or what was handed out later", () => {
    const handed = [given("phone", 42, noon)];
    const opened = [seen("phone", noon + 60)];
    const applied = (version: number, at: number, door = "12A"): Applied[] => [{ door, version, at }];
    expect(one(handed, opened, applied(42, noon + 30))).toEqual([["phone", false, undefined]]);
    expect(one(handed, opened, applied(43, noon + 60 + deliverySecondsMax))).toEqual([
      ["phone", false, undefined],
    ]);
    expect(one(handed, [...opened, seen("other", noon + 30, 42)])).toEqual([["phone", false, undefined]]);
    expect(one(handed, [seen("phone", noon - 1)])).toEqual([["phone", false, undefined]]);
    const withheld = [["phone", false, { version: 42, seenAt: noon + 60 }]];
    expect(one(handed, opened, applied(42, noon + 60 + later))).toEqual(withheld);
    expect(one(handed, opened, applied(41, noon + 30))).toEqual(withheld);
    expect(one(handed, opened, applied(42, noon + 30, "12B"))).toEqual(withheld);
  });

  test("another door and another phone are not held against it; a name with any sign in it is one name", () => {
    expect(one([given("phone", 42, noon)], [seen("phone", noon + 60, undefined, "12B")])).toEqual([
      ["phone", false, undefined],
    ]);
    const handed = [given('a","b', 42, noon, "c"), given("a", 42, noon, 'b","c')];
    expect(courierStandings(handed, [], [])).toHaveLength(2);
  });

  test("the newest version is shown with its first time, and withheld older ones are not forgotten", () => {
    const handed = [given("phone", 42, noon), given("phone", 43, noon + 900), given("phone", 43, noon + 800)];
    const visits = [seen("phone", noon + 60), seen("phone", noon + 90_000, 43)];
    expect(courierStandings(handed, visits, [])).toEqual([
      {
        phone: "phone",
        door: "12A",
        version: 43,
        handedAt: noon + 800,
        delivered: true,
        withheld: { version: 42, seenAt: noon + 60 },
      },
    ]);
  });

  test("a courier that always delivers when at the door is never said to withhold, whatever the others do", () => {
    const act = fc.record({
      who: fc.constantFrom("honest", "thief", "lazy"),
      does: fc.constantFrom("fetch", "visit"),
      waits: fc.integer({ min: 1, max: 2_000 }),
    });
    let caught = 0;
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        let now = noon;
        let version = 1;
        let atTheLock = 0;
        const carried = new Map<string, number>();
        const handed: Handed[] = [];
        const visits: Visit[] = [];
        const applied: Applied[] = [];
        let wasWithheld = false;
        for (const { who, does, waits } of acts) {
          now += waits;
          if (does === "fetch") {
            handed.push(given(who, ++version, now));
            carried.set(who, version);
            continue;
          }
          const brings = carried.get(who) ?? 0;
          if (who === "honest" && brings > atTheLock) {
            atTheLock = brings;
            applied.push({ door: "12A", version: atTheLock, at: now });
          }
          if (who === "thief" && brings > atTheLock) wasWithheld = true;
          visits.push(seen(who, now, who === "honest" ? atTheLock : undefined));
        }
        const standings = courierStandings(handed, visits, applied);
        const of = (phone: string) => standings.find((row) => row.phone === phone);
        expect(of("honest")?.withheld).toBeUndefined();
        // Said only of those that really had something to deliver.
        if (of("thief")?.withheld !== undefined) {
          caught++;
          expect(wasWithheld).toBe(true);
        }
      }),
    );
    expect(caught).toBeGreaterThan(0);
  });
});
