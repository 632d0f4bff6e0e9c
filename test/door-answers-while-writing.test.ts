/**
 * SPEC 15: what the lock writes for a courier keeps nobody at the door waiting, not even those who come one behind the
 * other, and what happens is in the journal before the sync goes on. Storage takes as long as the test likes; what an
 * operation costs in time is not measured.
 */
import * as air from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { geometryFor, sectorBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { entriesWaitingMax } from "../packages/lock-sim/src/firmware/keypad.ts";
import type { Running } from "../packages/lock-sim/src/firmware/state.ts";
import { runs } from "./replay.ts";
import { type SlowLock, slowLock } from "./support/slow-lock.ts";
import { answerName, bytesOf, commission, deliver, forkParts, makeLock } from "./world.ts";

const capacity = 400;
const home = makeLock("writing", { capacity });
const property = commission(home, "writing");
const codes = new Map(Array.from({ length: 100 }, (_, i) => [i, String(1_000 + i)] as const));
deliver(home, property.snapshot(property.tableOf(codes)));
const more = new Map([
  ...codes,
  ...Array.from({ length: 200 }, (_, i) => [200 + i, String(3_000 + i)] as const),
]);
/** The first is broken off; the second takes its place, and what lies in the bank is erased for it. */
const brokenOff = property.snapshot(property.tableOf(more)).messages;
const stream = property.snapshot(property.tableOf(new Map([...more, [999, "9999"]]))).messages;
home.board.powerOff();

const bankFrom = geometryFor(capacity).bankAddress[0];

function freshLock(): SlowLock {
  const lock = slowLock(forkParts(home), capacity);
  lock.finish();
  return lock;
}

function running({ state }: SlowLock): Running {
  if (state.power === "off") throw new Error("the lock stays dark");
  return state;
}

/** Whether the operation that is outstanding is the sync's, and neither the notebook's nor the journal's. */
function isForTable({ pending }: SlowLock): boolean {
  switch (pending?.kind) {
    case "program":
      return pending.address >= bankFrom;
    case "erase":
      return pending.sector * sectorBytes >= bankFrom;
    case "secure":
      return true;
    default:
      return false;
  }
}

/** What the panel showed so far. */
function shown(lock: SlowLock): string[] {
  return lock.did.flatMap((effect) => (effect.kind === "signal" ? [effect.signal] : []));
}

/** Works until the test says enough or all is done; how many operations of the sync that took. */
function workUntil(lock: SlowLock, isEnough: () => boolean, feed: () => void = () => {}): number {
  let forTable = 0;
  while (!isEnough()) {
    if (isForTable(lock)) forTable += 1;
    if (!lock.work()) break;
    feed();
  }
  return forTable;
}

/** A job of the table's that has many operations to go: a bank that was half written is erased for another stream. */
function erasing(): SlowLock {
  const lock = freshLock();
  lock.connect();
  for (const message of brokenOff.slice(0, 2)) {
    lock.say(message);
    lock.finish();
  }
  lock.say(stream[0] as air.Message);
  expect(isForTable(lock)).toBe(true);
  expect(running(lock).lanes.table?.ops.length).toBeGreaterThan(5);
  return lock;
}

/** A stream whose courier always has a chunk more for the lock than it has written. */
function streaming(): { readonly lock: SlowLock; readonly feed: () => void } {
  const lock = freshLock();
  lock.connect();
  lock.say(stream[0] as air.Message);
  lock.finish();
  let said = 1;
  const feed = (): void => {
    const asked = lock.heard().filter(({ type }) => air.messageName(type) === "next").length;
    while (said < stream.length && said - asked < 3) lock.say(stream[said++] as air.Message);
  };
  feed();
  expect(isForTable(lock)).toBe(true);
  expect(running(lock).held.length).toBeGreaterThan(0);
  return { lock, feed };
}

describe("who comes second", () => {
  test("is answered while a job of many operations goes on, not after it", () => {
    const lock = erasing();
    lock.press("1000#");
    lock.press("1001#");
    lock.press("7777#");
    expect(running(lock).entered).toHaveLength(2);
    // The one operation that was already begun.
    expect(workUntil(lock, () => shown(lock).length === 3)).toBe(1);
    expect(shown(lock)).toEqual(["accepted", "accepted", "refused"]);
    expect(running(lock).lanes.table).toBeDefined();
    lock.finish();
    expect(lock.heard().map(answerName).at(-1)).toBe("next");
  });

  test("is answered while a stream goes on, chunk behind chunk", () => {
    const { lock, feed } = streaming();
    lock.press("1000#");
    lock.press("1001#");
    lock.happen({ kind: "card", uid: bytesOf("no card of this house", 4) });
    expect(running(lock).entered).toHaveLength(2);
    expect(workUntil(lock, () => shown(lock).length === 3, feed)).toBe(1);
    expect(running(lock).lanes.table).toBeDefined();
    workUntil(lock, () => false, feed);
    expect(lock.heard().map(answerName).at(-1)).toBe("receipt");
  });

  test("is judged by the table that has become durable by then", () => {
    const { lock, feed } = streaming();
    const isAtLast = (): boolean => {
      const { table } = running(lock).lanes;
      return table?.then.next === "in-force" && table.at === table.ops.length - 1;
    };
    workUntil(lock, isAtLast, feed);
    expect(isAtLast()).toBe(true);
    lock.press("1000#");
    lock.press("9999#");
    expect(running(lock).entered).toHaveLength(1);
    lock.finish();
    expect(shown(lock)).toEqual(["accepted", "accepted"]);
    expect(lock.notes.some(({ what }) => what === "committed")).toBe(true);
  });
});

test("what happens while a stream goes on is in the journal after the operation under way", () => {
  const { lock, feed } = streaming();
  const before = running(lock).journal.lastSeq;
  lock.happen({ kind: "door", is: "open" });
  const isWritten = (): boolean => running(lock).journal.lastSeq > before;
  expect(workUntil(lock, isWritten, feed)).toBe(1);
  expect(running(lock).lanes.table).toBeDefined();
});

const act = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("work" as const), times: fc.integer({ min: 1, max: 6 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("press" as const), code: fc.constantFrom("1000", "7777") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("card" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("door" as const),
      is: fc.constantFrom("open" as const, "closed" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const) }) },
);

test("whatever happens at the door between any two operations, nobody waits while the keypad's lane is idle", () => {
  let waitedMost = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 10, maxLength: 60 }), (acts) => {
      const { lock, feed } = streaming();
      let asked = 0;
      let isThere = true;
      for (const one of acts) {
        if (one.do === "work") for (let i = 0; i < one.times; i++) lock.work();
        if (one.do === "press") lock.press(`${one.code}#`);
        if (one.do === "card") lock.happen({ kind: "card", uid: bytesOf("no card of this house", 4) });
        if (one.do === "door") lock.happen({ kind: "door", is: one.is });
        if (one.do === "press" || one.do === "card") asked += 1;
        if (one.do === "leave" && isThere) {
          isThere = false;
          lock.happen({ kind: "disconnected" });
        }
        if (isThere) feed();
        const { lanes, entered, diary } = running(lock);
        waitedMost = Math.max(waitedMost, entered.length);
        if (lanes.keypad === undefined) expect([entered.length, diary.waiting.length]).toEqual([0, 0]);
      }
      workUntil(lock, () => false, isThere ? feed : undefined);
      expect(shown(lock)).toHaveLength(asked);
      if (isThere) expect(running(lock).inForce.version).toBe(property.newest.version);
    }),
    runs(60),
  );
  expect(waitedMost).toBe(entriesWaitingMax);
});
