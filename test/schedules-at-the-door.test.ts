/**
 * Schedules where they count: codes typed at the keypad of a real lock, second by second, in Berlin and elsewhere (F8).
 * What is asserted is that the door opens or stays shut; how items are spelled is tested with the vectors.
 */
import * as authority from "@doorsync/protocol/authority";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Denial } from "../packages/lock-sim/src/firmware/events.ts";
import { decodeSecure, encodeSecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { createSecureElement } from "../packages/lock-sim/src/parts/secure-element.ts";
import { scheduleUncertaintySecondsMax } from "../packages/protocol/src/limits.ts";
import { windows as anyWindow } from "./arbitraries.ts";
import { runs } from "./replay.ts";
import {
  commission,
  crypto,
  deliver,
  forkParts,
  inForce,
  makeLock,
  type TestAuthority,
  type TestLock,
  tellTime,
  wait,
} from "./world.ts";

type Rule = authority.Rule;
type Window = authority.Window;

/** Seconds of a time written as 2026-03-29T01:00:00, in UTC. */
function utc(text: string): number {
  const seconds = Date.parse(`${text}Z`) / 1_000;
  if (!Number.isInteger(seconds)) throw new Error(`no such time: ${text}`);
  return seconds;
}

/** The tables here are signed at this hour, so it is the floor of every clock. */
const newYear = utc("2026-01-01T00:00:00");
const summerBegins = utc("2026-03-29T01:00:00");
const summerEnds = utc("2026-10-25T01:00:00");

const zone = (id: number, ...changes: authority.Zone["changes"]): authority.Zone => ({
  kind: "zone",
  id,
  changes,
});
const berlin = zone(
  authority.firstZoneId,
  { at: utc("2025-10-26T01:00:00"), offsetMinutes: 60 },
  { at: summerBegins, offsetMinutes: 120 },
  { at: summerEnds, offsetMinutes: 60 },
);
const greenwich = zone(authority.firstZoneId, { at: 0, offsetMinutes: 0 });

const days = { Sun: 1, Mon: 2, Tue: 4, Wed: 8, Thu: 16, Fri: 32, Sat: 64 } as const;
type Day = keyof typeof days;
const dayNames = Object.keys(days) as readonly Day[];

/** A window in the words of a person: `hours("Mon Tue", "09:00", "17:00")`. */
function hours(on: string, from: string, to: string): Window {
  const minute = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const mask = on.split(" ").reduce((sum, day) => sum + days[day as Day], 0);
  return { days: mask, startMinute: minute(from), endMinute: minute(to) };
}
const everyDay = dayNames.join(" ");
const always = hours(everyDay, "00:00", "00:00");

function weekly(id: number, windows: readonly Window[], more: Partial<Rule> = {}): Rule {
  return { ...authority.plainRule(id, "code", 0, false), scheduled: true, windows, ...more };
}

interface Door {
  readonly lock: TestLock;
  readonly property: TestAuthority;
  /**
   * What becomes of the code under that rule, typed at a twin of the lock when its clock says `at`. `setAt`: when that
   * clock was set, this very second when left out.
   */
  typed(rule: number, at: number | undefined, setAt?: number): "opens" | Denial;
  /** The same lock with a clock that says `at`, and that whoever fitted it looked at when it said `setAt`. */
  twin(at: number | undefined, setAt: number | undefined): TestLock;
  /** Puts another table in force. */
  table(items: readonly authority.Item[], more?: Partial<authority.Credential>): void;
}

const codeUnder = (rule: number): string => String(7_000 + rule);

/** A door whose table has these items and, for each rule, one code under it. */
function door(
  name: string,
  items: readonly authority.Item[],
  more: Partial<authority.Credential> = {},
): Door {
  const lock = makeLock(name, { rtcSeconds: newYear });
  const property = commission(lock, name);
  const made: Door = {
    lock,
    property,
    typed: (rule, at, setAt = at) => typedAt(made.twin(at, setAt), rule, at),
    twin: (at, setAt) => twinOf(made.lock, name, at, setAt),
    table(items, more = {}) {
      lock.clock.rtcSeconds = newYear;
      const table = tableOf(property, items, more);
      const receipt = property.receipt(deliver(lock, property.snapshot(table, undefined, newYear)));
      expect(receipt?.version).toBe(property.newest.version);
    },
  };
  made.table(items, more);
  return made;
}

/** What becomes of the code under that rule at one lock, whose clock says `at` from then on. */
function typedAt(lock: TestLock, rule: number, at: number | undefined): "opens" | Denial {
  lock.clock.rtcSeconds = at;
  const noted = lock.notes.length;
  const shown = lock.press(codeUnder(rule));
  const notes = lock.notes.slice(noted).filter((note) => note.what === "opened" || note.what === "denied");
  expect(notes).toHaveLength(1);
  const [note] = notes;
  const outcome = note?.what === "denied" ? note.reason : "opens";
  expect([shown, lock.unlocked]).toEqual(outcome === "opens" ? ["accepted", true] : ["refused", false]);
  return outcome;
}

function twinOf(lock: TestLock, name: string, at: number | undefined, setAt: number | undefined): TestLock {
  const { flash, secure } = forkParts(lock);
  const record = decodeSecure(secure.read());
  if (!record.ok) throw new Error(record.check);
  const { commissionedAt } = record.value;
  const fitted = createSecureElement(
    encodeSecure({ ...record.value, commissionedAt: setAt ?? commissionedAt }),
  );
  return makeLock(name, { parts: { flash, secure: fitted }, rtcSeconds: at });
}

function tableOf(
  property: TestAuthority,
  items: readonly authority.Item[],
  more: Partial<authority.Credential> = {},
): authority.Table {
  const credentials = items
    .filter((item) => item.kind === "rule")
    .map(({ id }): authority.Credential => {
      const tag = authority.pinTag(crypto, property.lock.keys.pin, codeUnder(id));
      return { ...authority.alwaysCredential(authority.firstCredentialId + id, id, tag), ...more };
    });
  const packed = [...items, ...credentials]
    .map(authority.encodeItem)
    .sort((a, b) => authority.itemId(a) - authority.itemId(b));
  const table = authority.tableFromItems(crypto, property.lock.keys.digest, authority.concat(...packed));
  if (!table.ok) throw new Error(table.check);
  return table.value;
}

/** The whole of a window's life at one door: what is typed when, and what must become of it. */
function expectTyped(at: Door, rule: number, expected: Readonly<Record<string, "opens" | Denial>>): void {
  const typed = Object.keys(expected).map((time) => [time, at.typed(rule, utc(time))]);
  expect(Object.fromEntries(typed)).toEqual(expected);
}

describe("a weekly window", () => {
  test("opens from the second it starts until the second before it ends", () => {
    const here = door("edges", [berlin, weekly(1, [hours("Mon Tue Wed Thu Fri", "09:00", "17:00")])]);
    // A Tuesday in winter: Berlin is an hour ahead.
    expectTyped(here, 1, {
      "2026-02-03T07:59:59": "out-of-schedule",
      "2026-02-03T08:00:00": "opens",
      "2026-02-03T15:59:59": "opens",
      "2026-02-03T16:00:00": "out-of-schedule",
    });
    // And one in summer: two hours.
    expectTyped(here, 1, {
      "2026-07-07T06:59:59": "out-of-schedule",
      "2026-07-07T07:00:00": "opens",
      "2026-07-07T14:59:59": "opens",
      "2026-07-07T15:00:00": "out-of-schedule",
    });
    expectTyped(here, 1, {
      "2026-02-07T12:00:00": "out-of-schedule",
      "2026-02-08T12:00:00": "out-of-schedule",
    });
  });

  test("across midnight it belongs to the day on which it starts", () => {
    const here = door("midnight", [berlin, weekly(1, [hours("Fri", "22:00", "02:00")])]);
    expectTyped(here, 1, {
      "2026-02-06T00:30:00": "out-of-schedule", // 01:30 on Friday: Thursday has no window
      "2026-02-06T20:59:59": "out-of-schedule",
      "2026-02-06T21:00:00": "opens",
      "2026-02-06T22:59:59": "opens",
      "2026-02-06T23:00:00": "opens", // midnight
      "2026-02-07T00:59:59": "opens",
      "2026-02-07T01:00:00": "out-of-schedule",
      "2026-02-07T21:00:00": "out-of-schedule", // 22:00 on Saturday
    });
  });

  test("that starts on Saturday ends in the next week", () => {
    const here = door("week's end", [greenwich, weekly(1, [hours("Sat", "23:00", "01:00")])]);
    expectTyped(here, 1, {
      "2026-02-07T22:59:59": "out-of-schedule",
      "2026-02-07T23:59:59": "opens",
      "2026-02-08T00:59:59": "opens",
      "2026-02-08T01:00:00": "out-of-schedule",
      "2026-02-08T23:00:00": "out-of-schedule",
    });
  });

  test("that ends at the minute it starts lasts a day", () => {
    const here = door("a day", [greenwich, weekly(1, [hours("Wed", "06:00", "06:00")])]);
    expectTyped(here, 1, {
      "2026-02-04T05:59:59": "out-of-schedule",
      "2026-02-04T06:00:00": "opens",
      "2026-02-05T05:59:59": "opens",
      "2026-02-05T06:00:00": "out-of-schedule",
    });
  });

  test("of each single day opens on that day alone", () => {
    const rules = dayNames.map((day, i) => weekly(i + 1, [hours(day, "09:00", "10:00")]));
    const here = door("seven", [berlin, ...rules]);
    for (const [date, today] of dayNames.entries()) {
      // 1 March 2026 is a Sunday.
      const open = dayNames.filter(
        (_, i) => here.typed(i + 1, utc(`2026-03-0${date + 1}T08:30:00`)) === "opens",
      );
      expect(open).toEqual([today]);
    }
  });

  test("counts beside the credential's own dates: both must hold", () => {
    const dates = { notBefore: utc("2026-02-03T10:00:00"), notAfter: utc("2026-02-10T10:00:00") };
    const here = door("dates", [greenwich, weekly(1, [hours("Tue", "09:00", "17:00")])], dates);
    expectTyped(here, 1, {
      "2026-02-03T09:59:59": "not-yet",
      "2026-02-03T10:00:00": "opens",
      "2026-02-04T10:00:00": "out-of-schedule",
      "2026-02-10T09:59:59": "opens",
      "2026-02-10T10:00:00": "ended",
    });
  });

  test("scheduled without windows never opens; windows of a rule that is not scheduled do not bind it", () => {
    const here = door("none", [
      greenwich,
      weekly(1, []),
      weekly(2, [hours("Mon", "09:00", "10:00")], { scheduled: false }),
      weekly(3, [hours("Mon", "09:00", "10:00")], { scheduled: false, skipHolidays: true }),
    ]);
    for (let hour = 0; hour < 168; hour += 7) {
      expect(here.typed(1, newYear + 3_600 * hour)).toBe("out-of-schedule");
      expect(here.typed(2, newYear + 3_600 * hour)).toBe("opens");
      expect(here.typed(3, newYear + 3_600 * hour)).toBe("opens");
    }
  });
});

describe("days of 23 and 25 hours", () => {
  const sundays = [
    weekly(1, [hours("Sun", "02:00", "03:00")]),
    weekly(2, [hours("Sun", "01:30", "03:30")]),
    weekly(3, [hours("Sat", "23:00", "04:00")]),
  ];

  test("the hour that spring skips opens nothing, and what surrounds it closes by the clock on the wall", () => {
    const here = door("spring", [berlin, ...sundays]);
    expectTyped(here, 1, {
      "2026-03-22T01:30:00": "opens", // 02:30, a week earlier
      "2026-03-29T00:59:59": "out-of-schedule", // 01:59:59, and the next second is 03:00:00
      "2026-03-29T01:00:00": "out-of-schedule",
      "2026-03-29T01:30:00": "out-of-schedule",
      "2026-04-05T00:30:00": "opens", // 02:30 again
    });
    expectTyped(here, 2, {
      "2026-03-29T00:29:59": "out-of-schedule",
      "2026-03-29T00:30:00": "opens",
      "2026-03-29T01:29:59": "opens", // 03:29:59: an hour in all
      "2026-03-29T01:30:00": "out-of-schedule",
    });
    expectTyped(here, 3, {
      "2026-03-28T22:00:00": "opens",
      "2026-03-29T01:59:59": "opens", // 03:59:59
      "2026-03-29T02:00:00": "out-of-schedule",
    });
  });

  test("the hour that autumn doubles opens twice", () => {
    const here = door("autumn", [berlin, ...sundays]);
    expectTyped(here, 1, {
      "2026-10-24T23:59:59": "out-of-schedule", // 01:59:59
      "2026-10-25T00:00:00": "opens", // 02:00:00 of summer
      "2026-10-25T00:59:59": "opens",
      "2026-10-25T01:00:00": "opens", // 02:00:00 again
      "2026-10-25T01:59:59": "opens",
      "2026-10-25T02:00:00": "out-of-schedule",
    });
    expectTyped(here, 3, {
      "2026-10-24T20:59:59": "out-of-schedule",
      "2026-10-24T21:00:00": "opens", // 23:00 of summer
      "2026-10-25T02:59:59": "opens",
      "2026-10-25T03:00:00": "out-of-schedule",
    });
  });

  const berlinTime = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Berlin",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });

  /** The zone database's and a calendar's opinion, which share nothing with the lock but the windows. */
  function opensInBerlin(windows: readonly Window[], at: number): boolean {
    const parts = Object.fromEntries(
      berlinTime.formatToParts(at * 1_000).map(({ type, value }) => [type, value]),
    );
    const today = dayNames.indexOf(parts["weekday"] as Day);
    const minute = Number(parts["hour"]) * 60 + Number(parts["minute"]);
    const has = (window: Window, day: number): boolean => (window.days & days[dayNames[day] ?? "Sun"]) > 0;
    return windows.some((window) =>
      window.startMinute < window.endMinute
        ? has(window, today) && minute >= window.startMinute && minute < window.endMinute
        : (has(window, today) && minute >= window.startMinute) ||
          (has(window, (today + 6) % 7) && minute < window.endMinute),
    );
  }

  /** Seconds of 2026: any, those around the two changes, and a second before, at and after the edges of windows. */
  function moments(windows: readonly Window[]): fc.Arbitrary<number> {
    const edges = windows.flatMap(({ startMinute, endMinute }) => [startMinute, endMinute]);
    const near = (at: number): fc.Arbitrary<number> =>
      fc.integer({ min: -14_400, max: 14_400 }).map((seconds) => at + seconds);
    const edge = fc
      .tuple(
        fc.integer({ min: 1, max: 363 }),
        fc.constantFrom(0, ...edges),
        fc.constantFrom(60, 120),
        fc.constantFrom(-1, 0, 1),
      )
      .map(([day, minute, offset, second]) => newYear + 86_400 * day + 60 * (minute - offset) + second);
    const any = fc.integer({ min: newYear, max: newYear + 365 * 86_400 - 1 });
    return fc.oneof(any, near(summerBegins), near(summerEnds), { weight: 3, arbitrary: edge });
  }

  test("any windows, at any second of 2026: the door agrees with the zone database", () => {
    const here = door("oracle", [berlin]);
    const seen = { opens: 0, stays: 0, onChangingDays: 0 };
    fc.assert(
      fc.property(
        fc
          .array(anyWindow, { maxLength: 3 })
          .chain((windows) =>
            fc.tuple(fc.constant(windows), fc.array(moments(windows), { minLength: 8, maxLength: 16 })),
          ),
        ([windows, times]) => {
          here.table([berlin, weekly(1, windows)]);
          // One lock through all of them, in their order: what it wrote down of the hour stops its time from going back.
          const lock = here.twin(newYear, utc("2027-01-01T00:00:00"));
          let last = 0;
          for (const at of times.toSorted((a, b) => a - b)) {
            // Powered time passes on the clock as well.
            if (at < last + 3_700) continue;
            last = at;
            // Codes at the wrong hour are wrong codes: never more of them than a day allows.
            wait(lock, 3_700);
            const expected = opensInBerlin(windows, at);
            expect(typedAt(lock, 1, at), new Date(at * 1_000).toISOString()).toBe(
              expected ? "opens" : "out-of-schedule",
            );
            seen[expected ? "opens" : "stays"]++;
            if (Math.min(Math.abs(at - summerBegins), Math.abs(at - summerEnds)) < 7_200)
              seen.onChangingDays++;
          }
        },
      ),
      runs(150),
    );
    if (process.env["DOORSYNC_PATH"] !== undefined) return;
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(30);
  }, 60_000);
});

describe("local time is what the table says it is", () => {
  const nine = weekly(1, [hours(everyDay, "09:00", "10:00")]);

  test("without a zone item it is not known, and a schedule that takes all of the week stays shut too", () => {
    const here = door("nowhere", [nine, weekly(2, [always])]);
    for (let hour = 0; hour < 24; hour++) {
      expect(here.typed(1, newYear + 3_600 * hour)).toBe("out-of-schedule");
      expect(here.typed(2, newYear + 3_600 * hour)).toBe("out-of-schedule");
    }
  });

  test("before the first change it is not known either; a change counts from its own second", () => {
    const since = utc("2026-02-03T09:30:00");
    const here = door("since", [nine, zone(authority.firstZoneId, { at: since, offsetMinutes: 0 })]);
    expectTyped(here, 1, {
      "2026-02-03T09:15:00": "out-of-schedule",
      "2026-02-03T09:29:59": "out-of-schedule",
      "2026-02-03T09:30:00": "opens",
      "2026-02-03T10:00:00": "out-of-schedule",
      "2026-12-24T09:30:00": "opens", // the last change lasts
    });
  });

  test("changes of several items count by their time, whatever the order of ids", () => {
    const here = door("scattered", [
      nine,
      zone(authority.firstZoneId, { at: summerBegins, offsetMinutes: 120 }),
      zone(authority.lastZoneId, { at: 0, offsetMinutes: 60 }, { at: summerEnds, offsetMinutes: 60 }),
    ]);
    expectTyped(here, 1, {
      "2026-02-03T08:00:00": "opens",
      "2026-07-07T07:00:00": "opens",
      "2026-07-07T08:00:00": "out-of-schedule",
      "2026-11-03T08:00:00": "opens",
    });
  });

  test("of two changes at one second, that of the greater id counts", () => {
    const here = door("twice", [
      nine,
      zone(authority.firstZoneId, { at: 0, offsetMinutes: 60 }),
      zone(authority.firstZoneId + 1, { at: 0, offsetMinutes: 120 }),
    ]);
    expectTyped(here, 1, { "2026-02-03T07:30:00": "opens", "2026-02-03T08:30:00": "out-of-schedule" });
  });

  test("west of Greenwich, and off the full hour, the day is the local one", () => {
    const monday = weekly(1, [hours("Mon", "20:00", "21:00")]);
    const west = door("St. John's", [monday, zone(authority.firstZoneId, { at: 0, offsetMinutes: -210 })]);
    expectTyped(west, 1, {
      "2026-02-02T23:29:59": "out-of-schedule",
      "2026-02-02T23:30:00": "opens", // 20:00 on Monday
      "2026-02-03T00:29:59": "opens", // Tuesday in Greenwich
      "2026-02-03T00:30:00": "out-of-schedule",
    });
  });
});

describe("holidays", () => {
  const holiday: authority.Holiday = {
    kind: "holiday",
    id: authority.lastHolidayId,
    spans: [
      { start: utc("2026-04-02T22:00:00"), end: utc("2026-04-03T22:00:00") }, // Good Friday in Berlin
      { start: utc("2026-04-05T22:00:00"), end: utc("2026-04-06T22:00:00") }, // Easter Monday
    ],
  };
  const rules = [
    weekly(1, [always], { skipHolidays: true }),
    weekly(2, [always]),
    { ...authority.plainRule(3, "code", 0, false), skipHolidays: true },
  ];

  test("close a rule that skips them, from their first second through their last, and no other rule", () => {
    const here = door("easter", [berlin, holiday, ...rules]);
    for (const skipping of [1, 3]) {
      expectTyped(here, skipping, {
        "2026-04-02T21:59:59": "opens",
        "2026-04-02T22:00:00": "out-of-schedule",
        "2026-04-03T21:59:59": "out-of-schedule",
        "2026-04-03T22:00:00": "opens",
        "2026-04-06T09:00:00": "out-of-schedule",
        "2026-04-07T09:00:00": "opens",
      });
    }
    expectTyped(here, 2, { "2026-04-02T22:00:00": "opens", "2026-04-06T09:00:00": "opens" });
  });

  test("are UTC: a rule without windows needs no zone for them", () => {
    const here = door("no zone", [holiday, ...rules]);
    expectTyped(here, 3, { "2026-04-02T21:59:59": "opens", "2026-04-02T22:00:00": "out-of-schedule" });
    expectTyped(here, 1, { "2026-04-02T21:59:59": "out-of-schedule" });
  });

  test("of any item count, and one that ends never does not end", () => {
    const more: authority.Holiday = {
      kind: "holiday",
      id: authority.firstHolidayId,
      spans: [{ start: utc("2026-12-01T00:00:00"), end: authority.secondsNever }],
    };
    const here = door("for good", [berlin, holiday, more, ...rules]);
    expectTyped(here, 3, { "2026-04-03T12:00:00": "out-of-schedule", "2026-11-30T23:59:59": "opens" });
    expect(here.typed(3, utc("2026-12-01T00:00:00"))).toBe("out-of-schedule");
    expect(here.typed(3, authority.secondsNever - 1)).toBe("out-of-schedule");
    expect(here.typed(3, authority.secondsNever)).toBe("out-of-schedule");
    expect(here.typed(2, authority.secondsNever)).toBe("opens");
  });
});

describe("windows of another rule", () => {
  /** A rule for each hour from midnight on, each naming the next one. */
  const chain = (length: number, last: number): Rule[] =>
    Array.from({ length }, (_, i) => {
      const window = { days: 0x7f, startMinute: 60 * i, endMinute: 60 * i + 60 };
      return weekly(i + 1, [window], { also: i + 1 < length ? i + 2 : last });
    });
  /** The hours of a day at which rule 1 opens. */
  const openHours = (here: Door): number[] =>
    Array.from({ length: 24 }, (_, hour) => hour).filter(
      (hour) => here.typed(1, newYear + 86_400 + 3_600 * hour) === "opens",
    );
  const upTo = (hour: number): number[] => Array.from({ length: hour }, (_, i) => i);

  test("count too, and those of the rule it names, and not the other way round", () => {
    const here = door("chain", [greenwich, ...chain(3, 0)]);
    expect(openHours(here)).toEqual([0, 1, 2]);
    expect(here.typed(3, newYear + 86_400)).toBe("out-of-schedule");
    expect(here.typed(3, newYear + 86_400 + 7_200)).toBe("opens");
  });

  test("through as many rules as the limit says, and with one more through none", () => {
    const { rulesPerScheduleMax } = authority;
    const longest = door("longest", [greenwich, ...chain(rulesPerScheduleMax, 0)]);
    expect(openHours(longest)).toEqual(upTo(rulesPerScheduleMax));
    const longer = door("longer", [greenwich, ...chain(rulesPerScheduleMax + 1, 0)]);
    expect(openHours(longer)).toEqual([]);
    expect(longer.typed(2, newYear + 86_400 + 3_600)).toBe("opens");
  });

  test("in a circle, or of a rule that is missing, close the schedule", () => {
    expect(openHours(door("itself", [greenwich, ...chain(1, 1)]))).toEqual([]);
    expect(openHours(door("circle", [greenwich, ...chain(3, 2)]))).toEqual([]);
    expect(openHours(door("missing", [greenwich, ...chain(2, 99)]))).toEqual([]);
  });

  test("are all that is lent: whether it is scheduled, skips holidays or has windows is each rule's own", () => {
    const holiday: authority.Holiday = {
      kind: "holiday",
      id: authority.firstHolidayId,
      spans: [{ start: newYear + 86_400, end: newYear + 2 * 86_400 }],
    };
    const other = weekly(2, [hours(everyDay, "05:00", "06:00")], { scheduled: false, skipHolidays: true });
    expect(openHours(door("lent", [greenwich, holiday, weekly(1, [], { also: 2 }), other]))).toEqual([5]);
    expect(
      openHours(door("kept", [greenwich, holiday, weekly(1, [], { also: 2, skipHolidays: true }), other])),
    ).toEqual([]);
    const free = weekly(2, [], { scheduled: false });
    expect(openHours(door("empty", [greenwich, weekly(1, [], { also: 2 }), free]))).toEqual([]);
    const plain = weekly(1, [], { scheduled: false, also: 2 });
    expect(openHours(door("plain", [greenwich, plain, free]))).toEqual(upTo(24));
  });
});

describe("a time that is not known", () => {
  test("lies in no schedule, whatever the floor says and even where the code fails open", () => {
    const here = door("lost", [
      greenwich,
      weekly(1, [always]),
      weekly(2, [always], { failOpen: true }),
      { ...authority.plainRule(3, "code", 0, false), skipHolidays: true },
      authority.plainRule(4, "code", 0, false),
    ]);
    const typedAt = (at: number | undefined): string[] => [1, 2, 3, 4].map((rule) => here.typed(rule, at));
    const shut = "out-of-schedule";
    expect(typedAt(newYear)).toEqual(["opens", "opens", "opens", "opens"]);
    expect(typedAt(undefined)).toEqual([shut, shut, shut, "opens"]);
    // A clock a day behind the floor has drifted; one further behind has lost its time.
    expect(typedAt(newYear - authority.clockBehindSecondsMax)).toEqual(["opens", "opens", "opens", "opens"]);
    expect(typedAt(newYear - authority.clockBehindSecondsMax - 1)).toEqual([shut, shut, shut, "opens"]);
    expect(typedAt(newYear + 1)).toEqual(["opens", "opens", "opens", "opens"]);
  });
});

test("suspending and resuming is one bit, and finds the schedule as it was", () => {
  const items = [greenwich, weekly(1, [hours("Tue", "09:00", "17:00")])];
  const here = door("suspended", items);
  const bytes = (): Uint8Array => inForce(here.lock)?.items ?? new Uint8Array(0);
  const scheduled = { "2026-02-03T08:59:59": "out-of-schedule", "2026-02-03T09:00:00": "opens" } as const;
  expectTyped(here, 1, scheduled);
  const before = bytes();

  const change = (more: Partial<authority.Credential>): number => {
    here.lock.clock.rtcSeconds = newYear;
    const issued = here.property.delta(tableOf(here.property, items, more), undefined, newYear);
    return here.property.receipt(deliver(here.lock, issued))?.version ?? 0;
  };
  expect(change({ suspended: true })).toBe(2);
  expectTyped(here, 1, { "2026-02-03T08:59:59": "suspended", "2026-02-03T09:00:00": "suspended" });
  const bits = [...bytes()].reduce((sum, byte, i) => {
    const flipped = byte ^ (before[i] ?? 0);
    return sum + flipped.toString(2).replaceAll("0", "").length;
  }, 0);
  expect(bits).toBe(1);

  expect(change({ suspended: false })).toBe(3);
  expect(bytes()).toEqual(before);
  expectTyped(here, 1, scheduled);
});

test("a limit binds beside the schedule: only what opened counts as a use, and minutes run from the first", () => {
  const nine = hours(everyDay, "09:00", "10:00");
  const here = door("limited", [
    greenwich,
    weekly(1, [nine], { useLimit: 1 }),
    weekly(2, [nine], { expiringMinutes: 15 }),
    weekly(3, [nine], { duress: true }),
  ]);
  const day = utc("2026-02-03T00:00:00");
  const lock = here.twin(day, utc("2027-01-01T00:00:00"));
  const typed = (minute: number): string[] =>
    [1, 2, 3].map((rule) => {
      wait(lock, 300);
      return typedAt(lock, rule, day + 60 * minute);
    });
  const shut = "out-of-schedule";
  expect(typed(539)).toEqual([shut, shut, shut]);
  expect(typed(540)).toEqual(["opens", "opens", "opens"]);
  expect(lock.notes.findLast((note) => note.what === "opened")).toMatchObject({ forced: true });
  expect(typed(554)).toEqual(["used-up", "opens", "opens"]);
  expect(typed(555)).toEqual(["used-up", "minutes-over", "opens"]);
  expect(typed(600)).toEqual(["used-up", "minutes-over", shut]);
  wait(lock, 3_600);
  expect(typed(24 * 60 + 545)).toEqual(["used-up", "minutes-over", "opens"]);
});

describe("a time that is known to within so many seconds", () => {
  /** Ten million seconds at 100 in a million: a clock that was set so long ago may be off by 1,000 s, either way. */
  const longAgo = 10_000_000;
  const off = 1_000;
  const shut = "out-of-schedule";

  test("opens a window when it has surely begun, and shuts it as soon as it may be over", () => {
    const here = door("unsure", [greenwich, weekly(1, [hours(everyDay, "09:00", "17:00")])]);
    const nine = utc("2026-05-05T09:00:00");
    const five = utc("2026-05-05T17:00:00");
    const typed = (at: number): string => here.typed(1, at, at - longAgo);
    expect([nine + off - 1, nine + off].map(typed)).toEqual([shut, "opens"]);
    expect([five - off - 1, five - off].map(typed)).toEqual(["opens", shut]);
    // The same seconds by a clock that has just been set.
    expect(here.typed(1, nine)).toBe("opens");
    expect(here.typed(1, five - 1)).toBe("opens");
    // One part of drift less, one second less.
    expect(here.typed(1, nine + off - 1, nine + off - 1 - longAgo + 1)).toBe("opens");
  });

  test("keeps a holiday that it may touch, at both ends", () => {
    const [start, end] = [utc("2026-05-14T00:00:00"), utc("2026-05-15T00:00:00")];
    const holiday: authority.Holiday = {
      kind: "holiday",
      id: authority.firstHolidayId,
      spans: [{ start, end }],
    };
    const skips = { ...authority.plainRule(1, "code", 0, false), skipHolidays: true };
    const here = door("maybe a holiday", [greenwich, holiday, skips]);
    const typed = (at: number): string => here.typed(1, at, at - longAgo);
    expect([start - off - 1, start - off].map(typed)).toEqual(["opens", shut]);
    expect([end + off - 1, end + off].map(typed)).toEqual([shut, "opens"]);
  });

  test("knows no local time across a change of the offset, even where a window lasts on both sides of it", () => {
    const here = door("either side", [berlin, weekly(1, [always])]);
    const typed = (at: number): string => here.typed(1, at, at - longAgo);
    expect([summerBegins - off - 1, summerBegins - off].map(typed)).toEqual(["opens", shut]);
    expect([summerBegins + off - 1, summerBegins + off].map(typed)).toEqual([shut, "opens"]);
  });

  test("begins when surely begun and ends when perhaps ended; what fails open ends when surely ended", () => {
    const dates = { notBefore: utc("2026-05-05T09:00:00"), notAfter: utc("2026-05-06T09:00:00") };
    const plain = authority.plainRule(1, "code", 0, false);
    const here = door(
      "dates, perhaps",
      [plain, { ...authority.plainRule(2, "code", 0, false), failOpen: true }],
      dates,
    );
    const typed = (rule: number, ...times: number[]): string[] =>
      times.map((at) => here.typed(rule, at, at - longAgo));
    const { notBefore, notAfter } = dates;
    for (const rule of [1, 2]) {
      expect(typed(rule, notBefore + off - 1, notBefore + off)).toEqual(["not-yet", "opens"]);
    }
    expect(typed(1, notAfter - off - 1, notAfter - off)).toEqual(["opens", "ended"]);
    expect(typed(2, notAfter - off, notAfter + off - 1, notAfter + off)).toEqual(["opens", "opens", "ended"]);
  });

  test("is too vague for any schedule when it spans more than the limit, until a time token comes", () => {
    const here = door("vague", [greenwich, weekly(1, [always]), authority.plainRule(2, "code", 0, false)]);
    const at = utc("2026-05-05T12:00:00");
    const widest = (scheduleUncertaintySecondsMax / 2) * 10_000;
    const typed = (rule: number, since: number): string => here.typed(rule, at, at - since);
    expect(typed(1, widest)).toBe("opens");
    expect(typed(1, widest + 10_000)).toBe(shut);
    expect(typed(2, widest + 10_000)).toBe("opens");

    const lock = here.twin(at, at - widest - 10_000);
    expect(typedAt(lock, 1, at)).toBe(shut);
    tellTime(lock, here.property, at);
    expect(typedAt(lock, 1, at)).toBe("opens");
  });

  test("does not go back with the clock past what was written down, also after a reboot; a time token may", () => {
    const here = door("goes back", [greenwich, weekly(1, [hours(everyDay, "09:00", "10:00")])]);
    const day = utc("2026-05-05T00:00:00");
    const lock = here.twin(day, day);
    expect(typedAt(lock, 1, day + 9.5 * 3_600)).toBe("opens");
    lock.clock.rtcSeconds = day + 12 * 3_600;
    wait(lock, 3_700);
    expect(typedAt(lock, 1, day + 9.5 * 3_600), "the hour is over").toBe(shut);
    lock.board.powerOff();
    lock.board.powerOn();
    expect(typedAt(lock, 1, day + 9.5 * 3_600), "and still is").toBe(shut);
    tellTime(lock, here.property, day + 9.5 * 3_600);
    expect(typedAt(lock, 1, day + 9.5 * 3_600), "the authority knows better").toBe("opens");
  });
});
