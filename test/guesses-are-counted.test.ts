/**
 * P20, T23 and T24 over the whole lock: nobody gets more guesses at the keypad than the day's budget, not by pulling
 * the battery at any moment, not by typing fast, not by leaving out ENTER; and a locked-out keypad locks out nothing
 * else. Guesses are counted here by the MACs that the firmware computes under its PIN key, not by what it says.
 */

import { equal } from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planAttempt } from "../packages/lock-sim/src/firmware/notebook.ts";
import { slotsPerGroup } from "../packages/lock-sim/src/firmware/slot.ts";
import { tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import { runs } from "./replay.ts";
import { running } from "./support/cut-scenarios.ts";
import { slowLock } from "./support/slow-lock.ts";
import {
  answerName,
  commission,
  deliver,
  forkParts,
  makeLock,
  reboot,
  type TestLock,
  visit,
  wait,
  watched,
} from "./world.ts";

const perDay = 24;
const home = makeLock("guess");
const property = commission(home, "guess");
const codes = new Map([
  [0, "4821"],
  [1, "700135"],
]);
deliver(home, property.snapshot(property.tableOf(codes)));
home.board.powerOff();

interface Counted extends TestLock {
  /** Codes compared so far, in all lives. */
  readonly guesses: () => number;
}

function counted(parts = forkParts(home)): Counted {
  let guesses = 0;
  const onMac = (key: Uint8Array): void => {
    if (equal(key, property.lock.keys.pin)) guesses++;
  };
  const lock = makeLock("guess", { parts, firmware: watched({ onMac }) });
  return Object.assign(lock, { guesses: () => guesses });
}

test("in any 24 hours of powered time no more wrong codes are compared than the budget, whatever is rebooted when", () => {
  let most = 0;
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("guess" as const), times: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        seconds: fc.integer({ min: 1, max: 30_000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("reboot" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("right" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("clock" as const), days: fc.integer({ min: -900, max: 900 }) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const lock = counted();
      let powered = 0;
      const pass = (seconds: number): void => {
        powered += seconds;
        wait(lock, seconds);
      };
      const wrongAt: number[] = [];
      for (const one of steps) {
        if (one.do === "wait") pass(one.seconds);
        else if (one.do === "reboot") reboot(lock);
        else if (one.do === "right") lock.press("4821");
        else if (one.do === "clock") lock.clock.rtcSeconds = (lock.clock.rtcSeconds ?? 0) + one.days * 86_400;
        else {
          for (let i = 0; i < one.times; i++) {
            const before = lock.guesses();
            const shown = lock.press("9090");
            expect(shown, "the panel and the count agree").toBe(lock.guesses() > before ? "refused" : "wait");
            if (lock.guesses() > before) wrongAt.push(powered);
            else pass(61);
          }
        }
      }
      wrongAt.forEach((at, index) => {
        const window = wrongAt.slice(0, index + 1).filter((earlier) => at - earlier < 86_400).length;
        most = Math.max(most, window);
        expect(window).toBeLessThanOrEqual(perDay);
      });
    }),
    runs(40),
  );
  expect(most, "somebody did use up the budget").toBe(perDay);
});

describe("T24: a guess is counted before it is compared", () => {
  /** The operations of one life: repairs, the note of the boot, the attempt. */
  function opsOfOneLife(): number {
    const lock = counted();
    lock.board.powerOff();
    const { ops } = lock.flash.counters;
    lock.board.powerOn();
    lock.press("9090");
    return lock.flash.counters.ops - ops;
  }

  test("power cut at any word of any operation, again and again, buys no guess", () => {
    const cuts = Array.from({ length: opsOfOneLife() }, (_, op) => op).flatMap((op) =>
      [0, 8].flatMap((afterBytes) => tornPatterns.map((pattern) => ({ op, afterBytes, pattern }))),
    );
    let struck = 0;
    for (const { op, afterBytes, pattern } of cuts.filter((_, index) => index % 3 === 0)) {
      const lock = counted();
      lock.board.powerOff();
      for (let life = 0; life < perDay + 4; life++) {
        const { ops, cuts: before } = lock.flash.counters;
        lock.flash.arm({ kind: "cut", atOp: ops + op, afterBytes, pattern, seed: life * 31 + op });
        lock.board.powerOn();
        lock.press("9090");
        lock.flash.arm(undefined);
        struck += lock.flash.counters.cuts - before;
        lock.board.powerOff();
      }
      expect(lock.guesses(), `cut in operation ${op}, after ${afterBytes}, ${pattern}`).toBeLessThanOrEqual(
        perDay,
      );
    }
    expect(struck).toBeGreaterThan(500);
  });

  test("whenever the code is compared, the attempt is already in flash", () => {
    const parts = forkParts(home);
    let onRecord: number | undefined;
    const lock = makeLock("guess", {
      parts,
      firmware: watched({
        onMac(key) {
          if (!equal(key, property.lock.keys.pin)) return;
          const now = makeLock("guess", { parts: forkParts(parts) });
          onRecord = running(now).notebook.attempts.filter((attempt) => !attempt.right).length;
        },
      }),
    });
    for (let attempt = 1; attempt <= 4; attempt++) {
      onRecord = undefined;
      expect(lock.press("9090")).toBe("refused");
      expect(onRecord).toBe(attempt);
    }
  });

  test("an attempt that could not be counted is not compared", () => {
    for (const op of [0, 1]) {
      const lock = counted();
      lock.flash.arm({ kind: "dud", atOp: lock.flash.counters.ops + op, afterBytes: 0 });
      expect(lock.press("4821")).toBe("wait");
      expect(lock.flash.counters.duds).toBe(1);
      expect(lock.guesses()).toBe(0);
      expect(lock.press("4821")).toBe("accepted");
    }
  });

  test("nor are those counted in a fresh group whose header did not take", () => {
    const lock = counted();
    const { group, geometry } = running(lock).notebook;
    const full = slotsPerGroup(geometry);
    for (let i = 0; i < 400 && running(lock).notebook.slot < full; i++) lock.press("4821");
    expect(running(lock).notebook).toMatchObject({ group, slot: full });
    const before = lock.guesses();
    // The move: erases, what is carried, two headers, then the attempt's two words.
    const { ops } = planAttempt(running(lock).notebook, 0, () => true);
    lock.flash.arm({ kind: "dud", atOp: lock.flash.counters.ops + ops.length - 3, afterBytes: 0 });
    for (let i = 0; i < 4; i++) lock.press("9090");
    expect(lock.flash.counters.duds).toBe(1);
    const compared = lock.guesses() - before;
    reboot(lock);
    const onRecord = running(lock).notebook.attempts.filter((attempt) => !attempt.right).length;
    expect(compared).toBeGreaterThan(0);
    expect(onRecord).toBeGreaterThanOrEqual(compared);
  });
});

test("after five wrong codes the keypad pauses for a minute of powered time, for right codes too, and through reboots", () => {
  const lock = counted();
  for (let i = 0; i < 5; i++) expect(lock.press("9090")).toBe("refused");
  expect(lock.press("4821")).toBe("wait");
  wait(lock, 59);
  expect(lock.press("4821")).toBe("wait");
  reboot(lock);
  wait(lock, 59);
  expect(lock.press("4821")).toBe("wait");
  expect(lock.guesses()).toBe(5);
  wait(lock, 1);
  expect(lock.press("4821")).toBe("accepted");
  // A success ends the row, not the day's count: the next row's pause is twice as long.
  for (let i = 0; i < 5; i++) expect(lock.press("9090")).toBe("refused");
  wait(lock, 119);
  reboot(lock);
  expect(lock.press("4821")).toBe("wait");
  wait(lock, 120);
  expect(lock.press("4821")).toBe("accepted");
});

test("who goes on after a pause is paused after every wrong code, and a right one ends that", () => {
  const lock = counted();
  for (let i = 0; i < 5; i++) expect(lock.press("9090")).toBe("refused");
  for (let i = 6; i <= 9; i++) {
    wait(lock, 60);
    expect([lock.press("9090"), lock.press("4821")], `wrong code ${i}`).toEqual(["refused", "wait"]);
  }
  wait(lock, 60);
  expect([lock.press("4821"), lock.press("9090"), lock.press("4821")]).toEqual([
    "accepted",
    "refused",
    "accepted",
  ]);
});

test("at whatever steady pace codes are tried, days on end, the keypad pauses, and says so", () => {
  // 23, 22 and 7 codes in any day of powered time: never a multiple of five.
  for (const seconds of [3_757, 4_000, 14_000]) {
    const lock = counted();
    for (let i = 1; i <= 60; i++) {
      expect(lock.press("9090")).toBe("refused");
      if (i >= 5) expect(lock.press("4821"), `after code ${i}, every ${seconds} s`).toBe("wait");
      expect(lock.alarms.length).toBe(Math.max(0, i - 4));
      wait(lock, seconds);
    }
    expect(lock.guesses()).toBe(60);
  }
});

/** Guesses, waiting out each pause, until the day's budget is used up. */
function useUpTheDay(lock: Counted): void {
  for (let minutes = 0; minutes < 90; minutes++) {
    while (lock.press("9090") !== "wait") expect(lock.guesses()).toBeLessThanOrEqual(perDay);
    wait(lock, 60);
  }
  expect(lock.guesses()).toBe(perDay);
}

test("the day's budget comes back with powered time alone, and lets nobody in meanwhile", () => {
  const lock = counted();
  useUpTheDay(lock);
  for (const rtcSeconds of [0, undefined, 4_000_000_000]) {
    lock.clock.rtcSeconds = rtcSeconds;
    wait(lock, 600);
    expect(lock.press("4821")).toBe("wait");
  }
  for (let hour = 0; hour < 24; hour++) {
    wait(lock, 3_600);
    if (hour % 5 === 0) reboot(lock);
  }
  expect(lock.press("9090")).toBe("refused");
});

describe("T23: an attempt is what lies between two ENTERs", () => {
  /** Every four digits in a row, somewhere (Fredricksen, Kessler, Maiorana). */
  function deBruijn(symbols: number, length: number): string {
    const word = new Array<number>(length + 1).fill(0);
    const digits: number[] = [];
    const extend = (t: number, p: number): void => {
      if (t > length) {
        if (length % p === 0) digits.push(...word.slice(1, p + 1));
        return;
      }
      word[t] = word[t - p] ?? 0;
      extend(t + 1, p);
      for (let symbol = (word[t - p] ?? 0) + 1; symbol < symbols; symbol++) {
        word[t] = symbol;
        extend(t + 1, t);
      }
    };
    extend(1, 1);
    return digits.join("");
  }
  const stream = deBruijn(10, 4);

  test("all four-digit codes in one breath open nothing and are not even compared", () => {
    expect(stream).toHaveLength(10_000);
    expect(stream + stream.slice(0, 3)).toContain("4821");
    const lock = counted();
    lock.board.press(stream);
    expect(lock.press("")).toBe("refused");
    expect(lock.press("4821")).toBe("accepted");
    expect(lock.guesses()).toBe(1);
  });

  test("with ENTER after every four digits, each is an attempt, and the budget ends it", () => {
    const lock = counted();
    let opened = 0;
    for (let at = 0; at + 4 <= stream.length; at += 4) {
      const shown = lock.press(stream.slice(at, at + 4));
      if (shown === "accepted") opened++;
      if (shown === "wait") wait(lock, 1);
    }
    expect(lock.guesses() - opened).toBeLessThanOrEqual(perDay);
  });

  test("a longer entry is no code, even if it begins or ends with one; CLEAR forgets; ENTER alone is nothing", () => {
    const lock = counted();
    for (const entry of ["48211", "14821", "482", "4821700135", "04821"]) {
      expect(lock.press(entry), entry).not.toBe("accepted");
    }
    wait(lock, 60);
    expect(lock.press("99*4821")).toBe("accepted");
    expect(lock.press("4821*")).toBeUndefined();
    expect(lock.press("")).toBeUndefined();
  });
});

test("typed faster than flash can write: one after the other, and a success is noted where it belongs", () => {
  const parts = forkParts(home);
  const lock = slowLock(parts);
  lock.finish();
  lock.press("4821#9090#9091#700135#9092#");
  expect(
    lock.did.filter((effect) => effect.kind === "signal"),
    "nothing is judged before it is counted",
  ).toEqual([]);
  lock.finish();
  const signals = lock.did.flatMap((effect) => (effect.kind === "signal" ? [effect.signal] : []));
  expect(signals).toEqual(["accepted", "refused", "refused", "accepted", "refused"]);
  const attempts = running(makeLock("guess", { parts: forkParts(parts) })).notebook.attempts;
  expect(attempts.map((attempt) => attempt.right)).toEqual([true, false, false, true, false]);
});

test("the queue of a hasty person is short, and what does not fit is not compared", () => {
  const lock = slowLock(forkParts(home));
  lock.finish();
  lock.press("9090#".repeat(30));
  expect(lock.did.filter((effect) => effect.kind === "signal").length).toBe(25);
  lock.finish();
  expect(lock.notes.filter((note) => note.what === "denied" && note.reason === "unknown-code")).toHaveLength(
    5,
  );
});

test("T25: a keypad that is locked out locks out nothing else", () => {
  const lock = counted();
  useUpTheDay(lock);
  expect(lock.press("4821")).toBe("wait");
  const later = property.delta(property.tableOf(new Map([[0, "1357"]])), 1);
  expect(property.receipt(deliver(lock, later))?.version).toBe(2);
  const asks = ["hello", "receipt"] as const;
  const answers = visit(
    lock,
    asks.map((name) => ({ type: air.messageType(name), body: new Uint8Array(0) })),
  );
  expect(answers.map(answerName)).toEqual(["hello", "receipt"]);
});

test("the owner's settings change the limits from the sync on, and a reboot does not forget them", () => {
  const lock = counted();
  const strict = property.tableOf(codes, {
    wrongCodeEntryLimit: 2,
    userCodeTemporaryDisableSeconds: 10,
    wrongCodesPerDayMax: 5,
  });
  const issued = property.delta(strict, 1);
  expect(property.receipt(deliver(lock, issued))?.version).toBe(issued.to);
  reboot(lock);
  expect([lock.press("9090"), lock.press("9090"), lock.press("9090")]).toEqual([
    "refused",
    "refused",
    "wait",
  ]);
  wait(lock, 10);
  expect([lock.press("9090"), lock.press("9090")]).toEqual(["refused", "wait"]);
  wait(lock, 10);
  expect([lock.press("9090"), lock.press("9090")]).toEqual(["refused", "wait"]);
  wait(lock, 19);
  expect(lock.press("9090"), "after two more, the pause is twice as long").toBe("wait");
  wait(lock, 1);
  expect([lock.press("9090"), lock.press("9090")]).toEqual(["refused", "wait"]);
  wait(lock, 3_600);
  expect(lock.press("4821")).toBe("wait");
  expect(lock.guesses()).toBe(5);
});
