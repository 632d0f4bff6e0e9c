// What a lock advertises is nobody's word: true, it spares a visit its question; false, it costs one more at most and
// changes nothing about how the visit ends. The errand as a pure machine against a lock that judges with the real rules.
import {
  carry,
  type Effect,
  emptySatchel,
  type Report,
  type Satchel,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import {
  conditionFlags,
  type Hint,
  helloFlags,
  type Message,
  messageName,
  type Parcel,
} from "@doorsync/protocol/courier";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createHonestLock, createHouse, crypto, filled, type HonestLock } from "./courier-cast.ts";
import { runs } from "./replay.ts";

const house = createHouse(1);
const other = createHouse(40);
const streamed = createHouse(11, 50);

interface Told {
  readonly said: readonly (string | undefined)[];
  readonly report: Report;
  readonly satchel: Satchel;
}

/** A whole visit, the lock answering each message; `answer` may stand between them. */
function visit(
  parcels: readonly Parcel[],
  answer: (message: Message) => Message,
  hint: Hint | undefined,
  satchel: Satchel = emptySatchel,
): Told {
  const lent = { crypto, waits };
  let step = startErrand(lent, carry(satchel, parcels));
  const said: (string | undefined)[] = [];
  let report: Report | undefined;
  const out: Message[] = [];
  const obey = (effects: readonly Effect[]): Message | undefined => {
    for (const effect of effects) {
      if (effect.kind === "send") out.push(effect.message);
      if (effect.kind === "done") report = effect.report;
    }
    return out.shift();
  };
  step = stepErrand(lent, step.errand, { kind: "connected", ...(hint && { hint }) });
  for (let next = obey(step.effects); next !== undefined; next = obey(step.effects)) {
    said.push(messageName(next.type));
    step = stepErrand(lent, step.errand, { kind: "message", ...answer(next) });
  }
  if (report === undefined || step.errand.phase !== "over") throw new Error("the visit did not end");
  return { said, report, satchel: step.errand.satchel };
}

/** An update that the lock holds already is answered with its receipt: proved all the same, who brought it or not. */
const proven = ({ outcome }: Report): unknown =>
  outcome.kind === "already" ? { ...outcome, kind: "synced" } : outcome;

const honest = (lock: HonestLock) => (message: Message) => lock.answer(message);
const at = (version: number, flags = 0, tag = house.tag): Hint => ({ tag, version, flags });

test("a true hint: the update goes at once, and one round trip brings the receipt", () => {
  const lock = createHonestLock(house, 1);
  const { said, report } = visit([house.delta(1, 2)], honest(lock), at(1));
  expect([said, report.outcome, lock.version()]).toEqual([["update"], { kind: "synced", version: 2 }, 2]);
  expect(report.delivered).toEqual([house.delta(1, 2)]);
});

test("without a hint nothing has changed", () => {
  const lock = createHonestLock(house, 1);
  expect(visit([house.delta(1, 2)], honest(lock), undefined).said).toEqual(["hello", "update"]);
});

test("a hint that the lock has it all already ends nothing: its signed word is asked for", () => {
  const lock = createHonestLock(house, 1);
  const { said, report } = visit([house.delta(1, 2)], honest(lock), at(2));
  expect([said, report.outcome, lock.version()]).toEqual([
    ["receipt", "update"],
    { kind: "synced", version: 2 },
    2,
  ]);
});

test("a hint of another version costs the refused update and hello; then all goes as without it", () => {
  const lock = createHonestLock(house, 1);
  const { said, report } = visit([house.delta(1, 2), house.delta(2, 3)], honest(lock), at(2));
  expect([said, report.outcome, lock.version()]).toEqual([
    ["update", "hello", "update", "update"],
    { kind: "synced", version: 3 },
    3,
  ]);
});

test("a hint with another lock's tag: that lock's update is refused, and this lock still gets its own", () => {
  for (const version of [1, 2]) {
    const lock = createHonestLock(house, 1);
    const parcels = [house.delta(1, 2), other.delta(1, 2)];
    const { said, report } = visit(parcels, honest(lock), at(version, 0, other.tag));
    expect(said.slice(1), "asked after one answer").toEqual(["hello", "update"]);
    expect([report.outcome, lock.version()]).toEqual([{ kind: "synced", version: 2 }, 2]);
  }
});

test.each([
  ["is new", helloFlags.factory],
  ["wants a snapshot", helloFlags.wantsSnapshot],
  ["is damaged", helloFlags.damaged],
])("a lock that is said to be more than late (it %s) is asked first", (_what, flags) => {
  const lock = createHonestLock(house, 1);
  expect(visit([house.delta(1, 2)], honest(lock), at(1, flags)).said).toEqual(["hello", "update"]);
});

test("a stream is not begun on a hint's word", () => {
  const lock = createHonestLock(streamed, 1);
  const { said } = visit([streamed.snapshot(5)], honest(lock), at(1, 0, streamed.tag));
  expect(said.slice(0, 2)).toEqual(["hello", "manifest"]);
  expect(lock.version()).toBe(5);
});

test("what was taken on a hint's word stands, when the lock has to be asked after all", () => {
  const lock = createHonestLock(house, 1);
  // Takes the first update, then a newer one arrives by another phone before the second.
  let heard = 0;
  const answer = (message: Message): Message => {
    heard += 1;
    if (heard === 2)
      for (const { messages } of [house.delta(2, 4)]) for (const one of messages) lock.answer(one);
    return lock.answer(message);
  };
  const { said, report } = visit([house.delta(1, 2), house.delta(2, 3), house.delta(4, 5)], answer, at(1));
  expect(said).toEqual(["update", "update", "hello", "update"]);
  expect([report.outcome, lock.version()]).toEqual([{ kind: "synced", version: 5 }, 5]);
  expect(report.delivered.map(({ to }) => to)).toEqual([2, 5]);
});

test("T6: whatever is advertised, a visit ends as without it, with one question and one answer more at most", () => {
  const versions = fc.integer({ min: 0, max: 6 });
  const flags = fc
    .subarray([...Object.values(helloFlags), conditionFlags.logWaiting])
    .map((bits) => bits.reduce((sum, bit) => sum | bit, 0));
  const tags = fc.constantFrom(house.tag, other.tag, filled(8, 99));
  const all = [house.delta(1, 2), house.delta(2, 4), house.delta(4, 5), house.snapshot(4), other.delta(1, 2)];
  const kinds = { hinted: 0, lied: 0 };
  fc.assert(
    fc.property(versions, versions, flags, tags, fc.subarray(all), (real, claimed, bits, tag, parcels) => {
      const [plainLock, hintedLock] = [createHonestLock(house, real), createHonestLock(house, real)];
      const plain = visit(parcels, honest(plainLock), undefined);
      const hinted = visit(parcels, honest(hintedLock), { tag, version: claimed, flags: bits });
      if (hinted.said[0] !== "hello") kinds.hinted += 1;
      if (hinted.said[0] !== "hello" && hinted.said.includes("hello")) kinds.lied += 1;
      expect(proven(hinted.report)).toEqual(proven(plain.report));
      expect(hintedLock.version()).toBe(plainLock.version());
      expect(hinted.said.length).toBeLessThanOrEqual(plain.said.length + 1);
      expect(hinted.satchel.proofs).toEqual(plain.satchel.proofs);
    }),
    runs(300),
  );
  expect(
    Math.min(kinds.hinted, kinds.lied),
    "visits that went by a hint, and lies among them",
  ).toBeGreaterThan(10);
});
