/**
 * Chunks of a stream that are out before the first of them was answered: the lock writes them in their order, holds no
 * more than it must, and keeps what it has whole when the courier is gone; the errand loses nothing to a lock that is
 * slower, or that takes one at a time. Not what a chunk must be (chunks-are-judged), and not time.
 */
import { carry, emptySatchel, startErrand, stepErrand, waits } from "@doorsync/phone-client/core";
import * as air from "@doorsync/protocol/courier";
import { chunksInFlightMax, encodeHello, itemBytes, itemsPerChunkMax } from "@doorsync/protocol/lock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Running } from "../packages/lock-sim/src/firmware/state.ts";
import { refusal } from "./courier-cast.ts";
import { runs } from "./replay.ts";
import { type Met, meet, type Pace } from "./support/in-flight.ts";
import { type SlowLock, slowLock } from "./support/slow-lock.ts";
import {
  answerName,
  commission,
  crypto,
  deliver,
  forkParts,
  type LockParts,
  makeLock,
  noon,
} from "./world.ts";

const capacity = 400;
const home = makeLock("in flight", { capacity });
const property = commission(home, "in flight");
deliver(home, property.snapshot(property.tableOf(new Map([[0, "4821"]]))));
const codes = new Map(Array.from({ length: 330 }, (_, i) => [i, String(1_000 + i)] as const));
const large = property.snapshot(property.tableOf(codes));
home.board.powerOff();

const [head, ...chunks] = large.messages as [air.Message, ...air.Message[]];
const { lockId, epoch } = property.lock.name;
const parcel: air.Parcel = {
  kind: "snapshot",
  lockId,
  tag: tagOf(),
  epoch,
  from: 0,
  to: large.to,
  notAfter: noon + 168 * 3_600,
  lockKey: property.lockPublic.sign,
  tableKey: crypto.signPublic(property.tableSeed),
  messages: large.messages,
};

function tagOf(): Uint8Array {
  const { state } = makeLock("in flight", { capacity, parts: forkParts(home) }).board;
  if (state.power === "off") throw new Error("the lock stays dark");
  return state.secure.tag;
}

const freshLock = (parts: LockParts = home): SlowLock => {
  const lock = slowLock(forkParts(parts), capacity);
  lock.finish();
  return lock;
};

/** A lock that waits for the first chunk. */
function streaming(parts: LockParts = home): SlowLock {
  const lock = freshLock(parts);
  lock.connect();
  lock.say(head);
  lock.finish();
  expect(answers(lock)).toEqual(["next 0"]);
  return lock;
}

function running({ state }: SlowLock): Running {
  if (state.power === "off") throw new Error("the lock stays dark");
  return state;
}

/** What it answered in this connection, with the chunk that it wants. */
function answers(lock: SlowLock): string[] {
  return lock.heard().map((message) => {
    const next = air.messageName(message.type) === "next" ? air.readNext(message.body) : undefined;
    return next?.ok === true ? `next ${next.value.index}` : answerName(message);
  });
}

function sayChunks(lock: SlowLock, ...indices: number[]): void {
  for (const index of indices) lock.say(chunks[index] as air.Message);
}

/** The table that the same stores wake up with. */
function afterPowerCut(lock: SlowLock): { version: number; damaged: boolean; half: number | undefined } {
  const { inForce, store, half } = running(slowLock(forkParts(lock.parts), capacity));
  return { version: inForce.version, damaged: store.damaged, half: half?.expected.index };
}

test("the stream that is tried here has more chunks than may be in flight", () => {
  expect(chunks.length).toBeGreaterThan(chunksInFlightMax + 2);
});

describe("the lock", () => {
  test("takes three while the first is being written, answers each when it is durable, and writes them in order", () => {
    const lock = streaming();
    sayChunks(lock, 0, 1, 2);
    expect([lock.pending?.kind, running(lock).held.length]).toEqual(["program", 2]);
    expect(answers(lock), "nothing is durable yet").toEqual(["next 0"]);
    const durable: (number | undefined)[] = [];
    for (let told = 1; lock.work(); ) {
      if (answers(lock).length === told) continue;
      told = answers(lock).length;
      durable.push(afterPowerCut(lock).half);
    }
    expect(answers(lock)).toEqual(["next 0", "next 1", "next 2", "next 3"]);
    expect(durable, "a chunk was answered, and the lock forgot it").toEqual([1, 2, 3]);
    sayChunks(lock, 3, 4, 5);
    lock.finish();
    expect(answers(lock).slice(4)).toEqual(["next 4", "next 5", "receipt"]);
    expect(property.receipt(lock.heard().at(-1))?.version).toBe(large.to);
    expect(afterPowerCut(lock)).toMatchObject({ version: large.to, damaged: false });
    lock.press("1329#");
    lock.finish();
    expect(lock.notes.some(({ what }) => what === "opened")).toBe(true);
  });

  test("turns a fourth away as BUSY, and everything but a chunk; what it holds is written all the same", () => {
    const lock = streaming();
    sayChunks(lock, 0, 1);
    lock.say({ type: air.messageType("hello"), body: new Uint8Array(0) });
    lock.say(head);
    sayChunks(lock, 2, 3);
    expect(answers(lock).slice(1)).toEqual(["BUSY", "BUSY", "BUSY"]);
    lock.finish();
    expect(answers(lock).slice(4)).toEqual(["next 1", "next 2", "next 3"]);
  });

  test("refuses at once what does not follow, holds neither it nor what is behind it, and goes on", () => {
    const lock = streaming();
    const [, second] = chunks as [air.Message, air.Message];
    sayChunks(lock, 0, 2);
    lock.say({ ...second, body: second.body.with(50, (second.body[50] ?? 0) ^ 1) });
    sayChunks(lock, 0);
    expect(answers(lock).slice(1)).toEqual(["REJECTED", "REJECTED", "REJECTED"]);
    expect(running(lock).held).toEqual([]);
    sayChunks(lock, 1);
    expect(running(lock).held.length).toBe(1);
    lock.finish();
    expect(answers(lock).slice(4)).toEqual(["next 1", "next 2"]);
  });

  test("holds nothing of a stranger's, and nothing behind a manifest, a delta or the end of a stream", () => {
    const lock = freshLock();
    lock.connect();
    lock.say(head);
    expect(lock.pending).toBeDefined();
    sayChunks(lock, 0);
    expect(answers(lock)).toEqual(["BUSY"]);
    lock.finish();
    sayChunks(lock, 0);
    lock.happen({ kind: "disconnected" });
    lock.connect();
    sayChunks(lock, 1);
    expect([answers(lock), running(lock).held]).toEqual([["BUSY"], []]);
  });

  test("whatever is said and whoever is faster: at most two are held, each chunk has one answer, in order it is taken", () => {
    let full = 0;
    const moves = fc.array(
      fc.oneof(fc.constant("due" as const), fc.nat(chunks.length - 1), fc.constant("work" as const)),
      {
        maxLength: 60,
        size: "max",
      },
    );
    fc.assert(
      fc.property(moves, (steps) => {
        const lock = streaming();
        let said = 0;
        let taken = 0;
        for (const step of steps) {
          if (step === "work") {
            lock.work();
          } else {
            const index = step === "due" ? taken : step;
            if (taken === chunks.length) break;
            const { held } = running(lock);
            const room = held.length < chunksInFlightMax - 1;
            const isTaken = index === taken && (room || running(lock).lanes.table === undefined);
            sayChunks(lock, index);
            said += 1;
            if (isTaken) taken += 1;
            if (!room) full += 1;
          }
          const { held } = running(lock);
          expect(held.length).toBeLessThanOrEqual(chunksInFlightMax - 1);
          const bytes = held.reduce((sum, { items }) => sum + items.length, 0);
          expect(bytes).toBeLessThanOrEqual((chunksInFlightMax - 1) * itemsPerChunkMax * itemBytes);
        }
        lock.finish();
        const told = answers(lock).slice(1);
        expect(told.length, "one answer each").toBe(said);
        const good = told.filter((one) => one.startsWith("next") || one === "receipt");
        const due = Array.from({ length: taken }, (_, i) =>
          i + 1 < chunks.length ? `next ${i + 1}` : "receipt",
        );
        expect(good).toEqual(due);
        expect(running(lock).held).toEqual([]);
      }),
      runs(150),
    );
    expect(full, "the lock was full at times").toBeGreaterThan(20);
  });

  test("what flash does not take takes those behind it along: each is STORAGE, and none of them is durable", () => {
    const lock = streaming();
    sayChunks(lock, 0);
    lock.finish();
    sayChunks(lock, 1, 2, 3);
    expect(running(lock).held.length).toBe(2);
    lock.parts.flash.arm({ kind: "stuck", atOp: lock.parts.flash.counters.ops, afterBytes: 3, bit: 0 });
    lock.finish();
    expect(answers(lock).slice(2)).toEqual(["STORAGE", "STORAGE", "STORAGE"]);
    expect([running(lock).held, running(lock).half?.expected.index]).toEqual([[], 1]);
    expect(afterPowerCut(lock).half).toBe(1);
  });

  test("when its courier is gone it finishes what it held, tells nobody, and the next one brings the rest", () => {
    const lock = streaming();
    sayChunks(lock, 0, 1, 2);
    lock.happen({ kind: "disconnected" });
    lock.connect();
    lock.say({ type: air.messageType("hello"), body: new Uint8Array(0) });
    expect([running(lock).held.length, answers(lock)]).toEqual([2, []]);
    lock.finish();
    expect(answers(lock)).toEqual(["hello"]);
    const hello = air.readHello(lock.heard().at(-1)?.body ?? new Uint8Array(0));
    expect(hello).toMatchObject({ ok: true, value: { resume: [large.to, 3] } });
    lock.say(head);
    sayChunks(lock, 3, 4, 5);
    lock.finish();
    expect(answers(lock).slice(1)).toEqual(["next 3", "next 4", "next 5", "receipt"]);
  });
});

const readyAfter =
  (every: number): Pace["works"] =>
  (frame) =>
    frame % every === 0;

/** One visit that ends well, to a lock that then holds the table. */
function whole(lock: SlowLock, pace: Pace): Met {
  const met = meet(lock, parcel, pace);
  expect(met.report.outcome).toEqual({ kind: "synced", version: large.to });
  expect(afterPowerCut(lock)).toMatchObject({ version: large.to, damaged: false });
  return met;
}

describe("the errand and the lock", () => {
  test("never more than three are out; with a slow lock three are, and nothing is sent twice", () => {
    for (const [every, most] of [
      [1, 1],
      [9, 2],
      [1_000, 2],
    ] as const) {
      const met = whole(freshLock(), { works: readyAfter(every) });
      expect(met.chunks, `an operation every ${every} frames`).toEqual(chunks.map((_, index) => index));
      expect([met.unansweredMost, met.refused]).toEqual([3, []]);
      expect(met.heldMost).toBeLessThanOrEqual(most);
      if (every === 1_000) expect(met.heldMost).toBe(2);
    }
  });

  test.each([1, 4, 9, 1_000])(
    "after a drop at any fragment at most one chunk is sent again: an operation every %i frames",
    (every) => {
      const works = readyAfter(every);
      let drops = 0;
      let resent = 0;
      for (let dropAt = 0; ; dropAt++) {
        const lock = freshLock();
        const first = meet(lock, parcel, { works, dropAt });
        if (!first.isDropped) break;
        drops += 1;
        lock.finish();
        const second = meet(lock, parcel, { works });
        expect(["synced", "already"]).toContain(second.report.outcome.kind);
        const again = first.chunks.length + second.chunks.length - chunks.length;
        expect(again, `chunks sent again after a drop at fragment ${dropAt}`).toBeLessThanOrEqual(1);
        resent += again;
        expect(afterPowerCut(lock)).toMatchObject({ version: large.to, damaged: false });
      }
      expect(drops).toBeGreaterThan(8 * (chunks.length - 1));
      expect(resent, "some drops lost a chunk").toBeGreaterThan(chunks.length);
    },
  );

  test.each([1, 4, 9, 1_000])(
    "a lock that takes one at a time is served: BUSY to the second narrows the stream: an operation every %i frames",
    (every) => {
      const met = whole(freshLock(), { works: readyAfter(every), isOneAtATime: true });
      if (every > 1) expect(met.refused).toContain("BUSY");
      expect(met.chunks.length).toBeLessThanOrEqual(chunks.length + chunksInFlightMax - 1);
    },
  );

  test("with whatever pace, of either kind of lock: the stream ends well, each chunk sent three times at most", () => {
    let narrowed = 0;
    let held = 0;
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (paces, isOneAtATime) => {
          const works = (frame: number): boolean => paces[frame % paces.length] === true;
          const met = whole(freshLock(), { works, isOneAtATime });
          expect(met.unansweredMost).toBeLessThanOrEqual(chunksInFlightMax);
          for (const index of met.chunks) {
            expect(met.chunks.filter((one) => one === index).length).toBeLessThanOrEqual(3);
          }
          if (met.refused.includes("BUSY")) narrowed += 1;
          if (met.heldMost > 0) held += 1;
          if (!isOneAtATime) expect(met.refused).toEqual([]);
        },
      ),
      runs(120),
    );
    expect(narrowed).toBeGreaterThan(10);
    expect(held).toBeGreaterThan(10);
  });
});

describe("the errand, to a lock that answers as it is told", () => {
  const { satchel, lent } = { satchel: carry(emptySatchel, [parcel]), lent: { crypto, waits } };
  const hello = encodeHello({ protocol: 1, tag: parcel.tag, epoch, version: 0, flags: 0, resume: [] });
  const next = (index: number): air.Message => ({
    type: air.messageType("next"),
    body: Uint8Array.of(0x82, large.to, index),
  });

  /** Chunks said, in order, and how the visit stands, after these answers to the manifest. */
  function answered(...script: air.Message[]) {
    let step = startErrand(lent, satchel);
    const said: number[] = [];
    const all = [{ type: air.messageType("hello"), body: hello }, ...script];
    step = stepErrand(lent, step.errand, { kind: "connected" });
    for (const message of all) {
      expect(step.errand.phase, "over too early").not.toBe("over");
      step = stepErrand(lent, step.errand, { kind: "message", ...message });
      for (const effect of step.effects) {
        if (effect.kind === "send") said.push(chunks.indexOf(effect.message));
      }
    }
    const { errand } = step;
    return {
      said: said.slice(1),
      errand,
      outcome: errand.phase === "over" ? errand.report.outcome : undefined,
    };
  }

  test("an answer lets one more go, and waits for the others", () => {
    expect(answered(next(0)).said).toEqual([0, 1, 2]);
    expect(answered(next(0), next(1)).said).toEqual([0, 1, 2, 3]);
    expect(answered(next(0), next(1), next(2), next(3)).said).toEqual([0, 1, 2, 3, 4, 5]);
    expect(answered(next(4)).said, "where it asks, and no further than there is").toEqual([4, 5]);
  });

  test("a refusal of the parcel is concluded from when all that is out was answered; a break meanwhile loses it not", () => {
    const bad = answered(next(0), refusal("BODY_INVALID"), refusal("REJECTED"));
    expect([bad.said, bad.errand.phase]).toEqual([[0, 1, 2], "streaming"]);
    expect(answered(next(0), refusal("BODY_INVALID"), refusal("REJECTED"), next(1)).outcome).toEqual({
      kind: "refused",
      refusal: "BODY_INVALID",
    });
    const closed = stepErrand(lent, bad.errand, { kind: "closed", why: "gone" }).errand;
    expect(closed.phase === "over" && closed.report.outcome).toEqual({
      kind: "refused",
      refusal: "BODY_INVALID",
    });
  });

  test("STORAGE ends the visit at once: a lock that takes nothing more need not answer the rest", () => {
    expect(answered(next(0), refusal("STORAGE")).outcome).toEqual({ kind: "refused", refusal: "STORAGE" });
  });

  test("BUSY to every chunk that is out is a busy lock, one at a time or not", () => {
    const busy = refusal("BUSY", 2);
    const ended = { kind: "refused", refusal: "BUSY", detail: 2 };
    expect(answered(next(0), busy, busy).errand.phase).toBe("streaming");
    expect(answered(next(0), busy, busy, busy).outcome).toEqual(ended);
    const narrowed = answered(next(0), busy, busy, next(1), next(2));
    expect(narrowed.said).toEqual([0, 1, 2, 1, 2]);
    expect(answered(next(0), busy, busy, next(1), next(2), busy).outcome).toEqual(ended);
  });

  test("behind a BUSY, another reason than that or the order of chunks is the lock's reason", () => {
    const busy = refusal("BUSY", 2);
    const told = answered(next(0), busy, refusal("BODY_INVALID"), next(1));
    expect([told.said, told.outcome]).toEqual([[0, 1, 2], { kind: "refused", refusal: "BODY_INVALID" }]);
  });

  test("a lock that wants the same chunk again is served one at a time, three times at most in all", () => {
    const again = answered(next(0), next(0), refusal("REJECTED"), refusal("REJECTED"));
    expect(again.said).toEqual([0, 1, 2, 0]);
    const more = answered(next(0), next(0), refusal("REJECTED"), refusal("REJECTED"), next(0));
    expect(more.said).toEqual([0, 1, 2, 0, 0]);
    const busy = refusal("BUSY", 2);
    const vain = [next(0), busy, busy, next(1), next(1)];
    expect(answered(...vain).said, "what was turned away counts").toEqual([0, 1, 2, 1, 1]);
    expect(answered(...vain, next(1)).outcome?.kind).toBe("broken");
    const rejected = refusal("REJECTED");
    expect(answered(next(0), next(0), rejected, rejected, next(0), next(0)).outcome).toEqual({
      kind: "broken",
      check: "next/again-and-again",
    });
  });
});
