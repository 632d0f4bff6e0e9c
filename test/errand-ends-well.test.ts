// One visit as a pure machine, against scripted locks that speak real messages: honest, lying, broken and silent.
import {
  carry,
  describeOutcome,
  type Effect,
  type Errand,
  type ErrandLent,
  type Event,
  emptySatchel,
  type Report,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import {
  decodeReturnSlip,
  encodeNext,
  encodeReturnSlip,
  equal,
  helloFlags,
  type Message,
  messageName,
  type Parcel,
  type RefusalName,
  receiptFlags,
  refusals,
} from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createHonestLock,
  createHouse,
  crypto,
  filled,
  issuedAt,
  must,
  refusal,
  say,
} from "./courier-cast.ts";

const house = createHouse(1);
const streamed = createHouse(11, 50);
const lent: ErrandLent = { crypto, waits };

/** A visit on the table: everything it said, owed and showed, in order. */
class Visit {
  errand: Errand;
  readonly effects: Effect[] = [];

  constructor(...parcels: Parcel[]) {
    const start = startErrand(lent, carry(emptySatchel, parcels));
    this.errand = start.errand;
    this.effects.push(...start.effects);
  }

  feed(event: Event): this {
    const step = stepErrand(lent, this.errand, event);
    this.errand = step.errand;
    this.effects.push(...step.effects);
    return this;
  }

  hear(message: Message): this {
    return this.feed({ kind: "message", ...message });
  }

  /** Connects and answers in turn; the script must be used up. */
  answer(...script: Message[]): this {
    this.feed({ kind: "connected" });
    for (const message of script) {
      expect(this.isOver, `over before ${messageName(message.type)}`).toBe(false);
      this.hear(message);
    }
    return this;
  }

  get isOver(): boolean {
    return this.errand.phase === "over";
  }

  get sent(): Message[] {
    return this.effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
  }

  get said(): (string | undefined)[] {
    return this.sent.map(({ type }) => messageName(type));
  }

  get owed(): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "owe" ? [`${effect.slip.kind} ${effect.slip.to}`] : [],
    );
  }

  get report(): Report {
    const done = this.effects.filter((effect) => effect.kind === "done");
    expect(done, "exactly one end, and the last effect").toEqual([this.effects.at(-1)]);
    const [end] = done;
    if (end === undefined) throw new Error("not over");
    return end.report;
  }

  get outcome(): Report["outcome"] {
    return this.report.outcome;
  }
}

/** Receipts of the house for versions 0 to 9, signed once. */
const receipts = Array.from({ length: 10 }, (_, version) => house.receipt(version));
const forgedReceipts = [0, 1, 2, 3, 4].flatMap((version) => [
  say("receipt", house.receipt(version, 0, filled(32, 99))),
  say("receipt", createHouse(40).receipt(version)),
]);

const hello = (version: number, flags = 0): Message => say("hello", house.hello(version, flags));
const receipt = (version: number, flags = 0): Message =>
  say("receipt", (flags === 0 ? receipts[version] : undefined) ?? house.receipt(version, flags));
const next = (to: number, index: number): Message => say("next", encodeNext({ to, index }));

describe("the plain visits", () => {
  test("hello, update, receipt: synced, and the receipt is owed before the end", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), receipt(2));
    expect(visit.said).toEqual(["hello", "update"]);
    expect(visit.report).toMatchObject({ outcome: { kind: "synced", version: 2 }, receipt: { version: 2 } });
    expect(visit.report.delivered).toEqual([house.delta(1, 2)]);
    expect(visit.owed).toEqual(["receipt 2"]);
    const slip = visit.effects.find((effect) => effect.kind === "owe");
    if (slip?.kind !== "owe") throw new Error("no slip");
    expect(must(decodeReturnSlip(encodeReturnSlip(slip.slip))).body).toEqual(house.receipt(2));
  });

  test("a chain of deltas is delivered one after the other, each after the receipt before it", () => {
    const lock = createHonestLock(house, 1);
    const visit = new Visit(house.delta(2, 4), house.delta(1, 2), house.delta(4, 5));
    visit.feed({ kind: "connected" });
    for (let last = visit.sent.at(-1); !visit.isOver && last !== undefined; last = visit.sent.at(-1)) {
      visit.hear(lock.answer(last));
    }
    expect(visit.said).toEqual(["hello", "update", "update", "update"]);
    expect([visit.outcome, lock.version()]).toEqual([{ kind: "synced", version: 5 }, 5]);
    expect(visit.owed).toEqual(["receipt 2", "receipt 4", "receipt 5"]);
  });

  test("a snapshot streams in the order in which the lock asks, resumes where it asks, and shows progress", () => {
    const whole = streamed.snapshot(5);
    expect(whole.messages.length, "the table needs several chunks").toBe(5);
    const visit = new Visit(whole).answer(
      say("hello", streamed.hello(1, 0, [5, 2])),
      next(5, 2),
      next(5, 3),
      say("receipt", streamed.receipt(5)),
    );
    expect(visit.sent.slice(1)).toEqual([whole.messages[0], whole.messages[3], whole.messages[4]]);
    expect(visit.effects.filter((effect) => effect.kind === "progress")).toEqual([
      { kind: "progress", to: 5, chunk: 3, chunks: 4 },
      { kind: "progress", to: 5, chunk: 4, chunks: 4 },
    ]);
    expect(visit.outcome).toEqual({ kind: "synced", version: 5 });
  });

  test("a lock without an owner takes its commission; the sealed answer is owed as it came", () => {
    const commission: Parcel = {
      ...house.delta(0, 1),
      kind: "commission",
      from: 0,
      to: 0,
      lockKey: filled(32, 0),
      messages: [say("commission", filled(252, 5))],
    };
    const reply = say("commission", filled(183, 6));
    const visit = new Visit(commission).answer(hello(0, helloFlags.factory), reply);
    expect(visit.said).toEqual(["hello", "commission"]);
    expect([visit.outcome, visit.owed]).toEqual([{ kind: "commissioned" }, ["commission 0"]]);
    expect(visit.effects).toContainEqual(
      expect.objectContaining({ kind: "owe", slip: expect.objectContaining({ body: reply.body }) }),
    );
  });

  test("nothing carried for this lock: it is left in peace", () => {
    const visit = new Visit(createHouse(40).delta(1, 2)).answer(hello(1));
    expect([visit.said, visit.outcome.kind]).toEqual([["hello"], "nothing"]);
  });

  test("what is carried for this lock and is not whole, or of another epoch, is never called nothing", () => {
    const [head] = house.delta(1, 2).messages;
    if (head === undefined) throw new Error("no message");
    const bent: Parcel = {
      ...house.delta(1, 2),
      messages: [{ type: head.type, body: head.body.with(40, 0) }],
    };
    for (const parcel of [bent, { ...house.delta(1, 2), epoch: 9 }]) {
      const visit = new Visit(parcel).answer(hello(1));
      expect([visit.said, visit.outcome.kind]).toEqual([["hello"], "unfit"]);
    }
  });

  test("a parcel that is not what its wrapper says is left behind, and a whole one beside it is delivered", () => {
    const whole = house.delta(1, 2);
    const [head] = whole.messages;
    if (head === undefined) throw new Error("no message");
    const body = head.body.slice();
    body[40] = (body[40] ?? 0) ^ 1;
    const bent: Parcel = { ...whole, messages: [{ type: head.type, body }] };
    const visit = new Visit(bent, whole).answer(hello(1), receipt(2));
    expect(visit.effects).toContainEqual({ kind: "ignored", parcel: bent, check: "P2" });
    expect([visit.sent[1], visit.outcome.kind]).toEqual([head, "synced"]);
  });
});

describe("a lying hello", () => {
  test("too high: the signed word is asked for; with it, nothing is sent in vain", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(9), receipt(2));
    expect([visit.said, visit.outcome]).toEqual([["hello", "receipt"], { kind: "already", version: 2 }]);
    expect(visit.owed).toEqual(["receipt 2"]);
  });

  test("too high, and the signed word says so: the update is delivered after all", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(9), receipt(1), receipt(2));
    expect([visit.said, visit.outcome]).toEqual([
      ["hello", "receipt", "update"],
      { kind: "synced", version: 2 },
    ]);
  });

  test("too low: the lock's refusal says where it is, and the fitting delta follows", () => {
    const visit = new Visit(house.delta(1, 3), house.delta(2, 3));
    visit.answer(hello(1), refusal("NEED_SNAPSHOT", 2), receipt(3));
    expect(visit.sent[2]).toEqual(house.delta(2, 3).messages[0]);
    expect(visit.outcome).toEqual({ kind: "synced", version: 3 });
    expect(visit.owed, "a refusal that no longer stands is not reported").toEqual(["receipt 3"]);
  });

  test("a lock that moves with every refusal is asked for its word twice, not for ever", () => {
    const visit = new Visit(house.delta(1, 4), house.delta(1, 3), house.delta(1, 2));
    const moved = refusal("NEED_SNAPSHOT", 9);
    visit.answer(hello(1), moved, receipt(1), moved, receipt(1), moved);
    expect(visit.said).toEqual(["hello", "update", "receipt", "update", "receipt", "update"]);
    expect(visit.outcome).toMatchObject({ kind: "refused", refusal: "NEED_SNAPSHOT" });
  });

  test("a lock that will not sign is still brought a snapshot, whatever version it claims", () => {
    const visit = new Visit(house.snapshot(3)).answer(hello(9), refusal("REJECTED"), receipt(3));
    expect([visit.said, visit.outcome.kind]).toEqual([["hello", "receipt", "manifest"], "synced"]);
  });
});

describe("receipts that prove nothing", () => {
  test.each([
    ["by another key", say("receipt", house.receipt(2, 0, filled(32, 99))), "unproven"],
    ["of another lock", say("receipt", createHouse(40).receipt(2)), "unproven"],
    ["for an older version", receipt(1), "unproven"],
    ["of garbage", say("receipt", filled(98, 3)), "unproven"],
    ["of a damaged table", receipt(2, receiptFlags.damaged), "unproven"],
  ])("a receipt %s never makes it synced", (_what, answer, kind) => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), answer);
    expect(visit.outcome.kind).toBe(kind);
    expect(visit.report.delivered).toEqual([]);
  });

  test("a damaged table is brought the snapshot of its own version", () => {
    const visit = new Visit(house.snapshot(2), house.delta(1, 2));
    visit.answer(hello(2, helloFlags.damaged | helloFlags.wantsSnapshot), receipt(2));
    expect([visit.said, visit.outcome.kind]).toEqual([["hello", "manifest"], "synced"]);
  });
});

describe("refusals", () => {
  const reported: RefusalName[] = [
    "REJECTED",
    "TOO_LARGE",
    "UNSUPPORTED",
    "EXPIRED",
    "CONFLICT",
    "BODY_INVALID",
    "DUPLICATE",
    "RESOURCE_EXHAUSTED",
    "STORAGE",
  ];

  test.each(reported)("%s ends the visit by its name, and the authority hears of it", (name) => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), refusal(name, 7));
    expect(visit.outcome).toEqual({ kind: "refused", refusal: name, detail: 7 });
    expect(visit.owed).toEqual(["refusal 2"]);
  });

  test("BUSY passes by itself and is reported to nobody", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), refusal("BUSY", 2));
    expect([visit.outcome, visit.owed]).toEqual([{ kind: "refused", refusal: "BUSY", detail: 2 }, []]);
  });

  test("NEED_SNAPSHOT is answered with a snapshot where one is carried, else reported with the lock's word", () => {
    const both = new Visit(house.delta(1, 2), house.snapshot(2)).answer(
      hello(1),
      refusal("NEED_SNAPSHOT", 1),
      receipt(2),
    );
    expect([both.said, both.outcome.kind]).toEqual([["hello", "update", "manifest"], "synced"]);
    const delta = new Visit(house.delta(1, 2)).answer(hello(1), refusal("NEED_SNAPSHOT", 1), receipt(1));
    expect(delta.outcome).toEqual({ kind: "refused", refusal: "NEED_SNAPSHOT", detail: 1 });
    expect(delta.owed).toEqual(["receipt 1", "refusal 2"]);
  });

  test("STALE makes the lock sign for the newer version it holds", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), refusal("STALE", 5), receipt(5));
    expect([visit.outcome, visit.owed]).toEqual([{ kind: "already", version: 5 }, ["receipt 5"]]);
  });

  test("one bad parcel does not keep a good one from the lock", () => {
    const forged: Parcel = { ...house.delta(1, 3), lockId: filled(16, 7) };
    // Its wrapper is in itself consistent: signed under another lock's name by another table key.
    const other = createHouse(50);
    const foreign: Parcel = { ...other.delta(1, 3), tag: house.tag };
    const visit = new Visit(forged, foreign, house.delta(1, 2)).answer(
      hello(1),
      refusal("REJECTED"),
      receipt(2),
    );
    expect(visit.sent[1]).toEqual(foreign.messages[0]);
    expect(visit.sent[2]).toEqual(house.delta(1, 2).messages[0]);
    expect(visit.report.delivered).toEqual([house.delta(1, 2)]);
    expect(visit.outcome.kind, "the bad one is named").toBe("refused");
  });

  test("a number that no table knows ends the visit as broken", () => {
    expect(
      new Visit(house.delta(1, 2)).answer(hello(1), say("refusal", Uint8Array.of(0x81, 30))).outcome.kind,
    ).toBe("broken");
  });
});

describe("silence, drops and nonsense", () => {
  const stages: [string, Parcel, Message[]][] = [
    ["greeting", house.delta(1, 2), []],
    ["offering", house.delta(1, 2), [hello(1)]],
    ["asking", house.delta(1, 2), [hello(2)]],
    ["streaming", streamed.snapshot(2), [say("hello", streamed.hello(1)), next(2, 0)]],
  ];

  test.each(stages)(
    "in %s every wait has its own deadline, and it ends the visit",
    (wait, parcel, script) => {
      const visit = new Visit(parcel).answer(...script);
      expect(visit.errand.phase).toBe(wait);
      expect(visit.effects.at(-1)).toEqual({
        kind: "deadline",
        milliseconds: waits[wait as keyof typeof waits],
      });
      expect(visit.feed({ kind: "deadline" }).outcome).toMatchObject({ kind: "silent", wait });
    },
  );

  test.each(stages)(
    "in %s a drop, an abort or garbled frames end the visit at once",
    (wait, parcel, script) => {
      expect(new Visit(parcel).answer(...script).feed({ kind: "closed", why: "gone" }).outcome).toEqual({
        kind: "dropped",
        wait,
        why: "gone",
      });
      expect(new Visit(parcel).answer(...script).feed({ kind: "aborted" }).outcome).toEqual({
        kind: "aborted",
      });
      const garbled = new Visit(parcel).answer(...script).feed({ kind: "garbled", check: "frame/sequence" });
      expect(garbled.outcome).toEqual({
        kind: "broken",
        check: "frame/sequence",
        ...(wait === "greeting" ? { wait } : {}),
      });
      expect(describeOutcome(garbled.outcome).includes("is this a lock? nothing was taken")).toBe(
        wait === "greeting",
      );
    },
  );

  test("before the link is open a failure means unreachable, and an abort still aborts", () => {
    expect(new Visit(house.delta(1, 2)).feed({ kind: "closed", why: "no route" }).outcome.kind).toBe(
      "unreachable",
    );
    expect(new Visit(house.delta(1, 2)).feed({ kind: "deadline" }).outcome.kind).toBe("unreachable");
    expect(new Visit(house.delta(1, 2)).feed({ kind: "aborted" }).outcome.kind).toBe("aborted");
  });

  test("a refusal says more than the silence after it", () => {
    const visit = new Visit(house.delta(1, 2))
      .answer(hello(1), refusal("NEED_SNAPSHOT", 1))
      .feed({ kind: "deadline" });
    expect(visit.outcome).toMatchObject({ kind: "refused", refusal: "NEED_SNAPSHOT" });
  });

  test.each([
    ["a chunk of another stream", [next(3, 0)]],
    ["a chunk past the end", [next(2, 9)]],
    ["a chunk backwards", [next(2, 1), next(2, 0)]],
    ["the same chunk again and again", [next(2, 0), next(2, 0), next(2, 0), next(2, 0)]],
    ["an answer that nobody asked for", [say("hello", streamed.hello(1))]],
  ])("%s ends the visit as broken", (_what, script) => {
    const visit = new Visit(streamed.snapshot(2)).answer(say("hello", streamed.hello(1)), ...script);
    expect(visit.outcome.kind).toBe("broken");
  });

  test("after the end nothing is said any more, whatever comes", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1), receipt(2));
    const { length } = visit.effects;
    visit.hear(hello(1)).feed({ kind: "deadline" }).feed({ kind: "aborted" }).feed({ kind: "connected" });
    expect(visit.effects).toHaveLength(length);
  });
});

test("whatever a lock answers, the visit ends in bounded steps, and never claims more than a verified receipt", () => {
  const pool = [
    house.delta(1, 2),
    house.delta(2, 3),
    house.delta(1, 3),
    house.snapshot(3),
    { ...createHouse(50).delta(1, 3), tag: house.tag },
  ];
  const whole = house.snapshot(3);
  const version = fc.nat(4);
  const flags = fc.constantFrom(0, 0, 0, receiptFlags.damaged);
  const helloSaid = fc
    .record({
      version,
      flags: fc.constantFrom(0, 0, 0, helloFlags.wantsSnapshot, helloFlags.damaged, helloFlags.factory),
    })
    .map((one) => hello(one.version, one.flags));
  const receiptSaid = fc.oneof(
    { weight: 4, arbitrary: fc.record({ version, flags }).map((one) => receipt(one.version, one.flags)) },
    { weight: 2, arbitrary: fc.constantFrom(...forgedReceipts) },
  );
  const nextSaid = fc
    .record({ to: fc.constantFrom(3, 3, 3, 2), index: fc.nat(1) })
    .map(({ to, index }) => next(to, index));
  const refusalSaid = fc
    .record({
      name: fc.constantFrom(...(Object.keys(refusals) as RefusalName[])),
      detail: fc.option(version, { nil: undefined }),
    })
    .map(({ name, detail }) => refusal(name, detail));
  const garbage: fc.Arbitrary<Message> = fc.record({
    type: fc.constantFrom(1, 4, 7, 8, 10, 99),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  const answer = fc.record({
    toHello: fc.oneof({ weight: 12, arbitrary: helloSaid }, { weight: 1, arbitrary: garbage }),
    toRest: fc.oneof(
      { weight: 6, arbitrary: receiptSaid },
      { weight: 3, arbitrary: refusalSaid },
      { weight: 2, arbitrary: nextSaid },
    ),
    anything: fc.oneof(helloSaid, receiptSaid, nextSaid, refusalSaid, garbage),
    /** Mostly what the dialogue allows; the rest is anything. */
    isFitting: fc.nat(9).map((n) => n > 0),
  });
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.shuffledSubarray(pool, { minLength: 1 }),
      fc.array(answer, { maxLength: 40 }),
      fc.constantFrom<Event>({ kind: "deadline" }, { kind: "closed", why: "gone" }, { kind: "aborted" }),
      (parcels, script, lastEvent) => {
        const visit = new Visit(...parcels).feed({ kind: "connected" });
        const heard: Message[] = [];
        for (const { toHello, toRest, anything, isFitting } of script) {
          if (visit.isOver) break;
          expect(visit.effects.at(-1)?.kind, "whoever waits has a deadline").toBe("deadline");
          const message = !isFitting ? anything : visit.errand.phase === "greeting" ? toHello : toRest;
          heard.push(message);
          visit.hear(message);
        }
        if (!visit.isOver) visit.feed(lastEvent);
        const { outcome, delivered } = visit.report;
        ends.set(outcome.kind, (ends.get(outcome.kind) ?? 0) + 1);
        // One hello, each parcel once, two requests, each chunk three times at most.
        expect(visit.sent.length).toBeLessThanOrEqual(
          1 + parcels.length + 2 + 3 * (whole.messages.length - 1),
        );

        const genuine = [0, 1, 2, 3, 4].filter((v) =>
          heard.some(({ body }) => equal(body, receipts[v] ?? filled(0, 0))),
        );
        const provenVersion = Math.max(-1, ...genuine);
        const isForeign = (parcel: Parcel): boolean => !equal(parcel.lockKey, house.lockKey);
        for (const parcel of delivered) {
          expect(isForeign(parcel)).toBe(false);
          expect(provenVersion).toBeGreaterThanOrEqual(parcel.to);
        }
        if (outcome.kind === "synced" || outcome.kind === "already") {
          for (const parcel of parcels)
            expect(isForeign(parcel) || provenVersion < parcel.to, "proven").toBe(false);
          expect(outcome.kind === "synced").toBe(delivered.length > 0);
        }
      },
    ),
    { numRuns: 600 },
  );
  for (const kind of ["synced", "already", "refused", "unproven", "unfit", "broken"]) {
    expect(ends.get(kind) ?? 0, `${kind} was reached: ${JSON.stringify([...ends])}`).toBeGreaterThan(0);
  }
});

test("the cast is honest: its parcels are taken by a lock that judges by the rules", () => {
  expect(issuedAt).toBeGreaterThan(0);
  const lock = createHonestLock(streamed, 1);
  const whole = streamed.snapshot(4);
  let last: Message | undefined;
  for (const message of whole.messages) last = lock.answer(message);
  expect([messageName(last?.type ?? 0), lock.version()]).toEqual(["receipt", 4]);
});
