// One visit as a pure machine, against scripted locks that speak real messages: honest, lying, broken and silent.

import { assignCode } from "@doorsync/authority/core";
import {
  carry,
  describeCondition,
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
import { issueTime } from "@doorsync/protocol/authority";
import {
  type Bytes,
  conditionFlags,
  decodeReturnSlip,
  encodeNext,
  encodeReturnSlip,
  equal,
  helloFlags,
  type Message,
  messageName,
  type Parcel,
  type RefusalName,
  readHello,
  receiptFlags,
  refusals,
} from "@doorsync/protocol/courier";
import { encodeHello } from "@doorsync/protocol/lock";
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
import { codeFor, doorOffice, travel } from "./support/door-office.ts";
import { noon, tellTime, wait } from "./world.ts";

const house = createHouse(1);
const streamed = createHouse(11, 50);

/** A visit on the table: everything it said, owed and showed, in order. */
class Visit {
  errand: Errand;
  readonly effects: Effect[] = [];
  lent: ErrandLent = { crypto, waits };

  constructor(...parcels: Parcel[]) {
    const start = startErrand(this.lent, carry(emptySatchel, parcels));
    this.errand = start.errand;
    this.effects.push(...start.effects);
  }

  /** A person asked for this visit. */
  wantingWord(): this {
    this.lent = { ...this.lent, wantsWord: true };
    return this;
  }

  /** Whoever obeys can get time tokens. */
  withTime(): this {
    this.lent = { ...this.lent, hasTime: true };
    return this;
  }

  feed(event: Event): this {
    const step = stepErrand(this.lent, this.errand, event);
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

  /** Nonces for which a token was asked. */
  get asked(): Bytes[] {
    return this.effects.flatMap((effect) => (effect.kind === "ask-time" ? [effect.nonce] : []));
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
/** As a lock answers who wants a nonce. */
const helloWithNonce = (version: number, flags = 0): Message => {
  const said = must(readHello(house.hello(version, flags)));
  return say("hello", encodeHello({ ...said, nonce: filled(16, 3) }));
};
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

describe("a person asks for a sync, and the lock needs nothing", () => {
  const asked = (...parcels: Parcel[]): Visit => new Visit(...parcels).wantingWord();

  test("it signs for what it holds: already, and the receipt is owed", () => {
    const visit = asked(house.ack(3)).answer(hello(2), receipt(2));
    expect(visit.said).toEqual(["hello", "receipt"]);
    expect([visit.outcome, visit.owed]).toEqual([{ kind: "already", version: 2 }, ["receipt 2"]]);
    expect(visit.report).toMatchObject({ receipt: { version: 2 }, isConditionSigned: true, delivered: [] });
  });

  test("nobody asked: it is left in peace", () => {
    const visit = new Visit(house.ack(3)).answer(hello(2));
    expect([visit.said, visit.outcome.kind, visit.owed]).toEqual([["hello"], "nothing", []]);
  });

  test("what an earlier visit proved is asked for once more, and once only", () => {
    const first = asked(house.delta(1, 2)).answer(hello(1), receipt(2));
    if (first.errand.phase !== "over") throw new Error("not over");
    for (const [isAsked, said] of [
      [true, ["hello", "receipt"]],
      [false, ["hello"]],
    ] as const) {
      const visit = new Visit();
      if (isAsked) visit.wantingWord();
      const { satchel } = first.errand;
      visit.errand = startErrand(visit.lent, satchel).errand;
      visit.answer(hello(2), ...(isAsked ? [receipt(2)] : []));
      expect([visit.said, visit.outcome]).toEqual([said, { kind: "already", version: 2 }]);
    }
  });

  test.each([
    ["by another key", say("receipt", house.receipt(2, 0, filled(32, 99))), "unproven", []],
    ["of another lock", say("receipt", createHouse(40).receipt(2)), "unproven", []],
    ["of a damaged table", receipt(2, receiptFlags.damaged), "unfit", ["receipt 2"]],
    ["that it refuses", refusal("REJECTED"), "refused", []],
  ])("a receipt %s is no success", (_what, answer, kind, owed) => {
    const visit = asked(house.ack(3)).answer(hello(2), answer);
    expect([visit.outcome.kind, visit.owed]).toEqual([kind, owed]);
  });

  test("a lock without a table has nothing to sign for, and an ack that does not check names no key", () => {
    expect(asked(house.ack(3)).answer(hello(0)).said).toEqual(["hello"]);
    const bent = { ...house.ack(3), to: 4 };
    expect(asked(bent).answer(hello(2)).outcome.kind).toBe("nothing");
  });

  test("its log goes along behind the receipt", () => {
    const visit = asked(house.ack(3)).answer(
      hello(2, conditionFlags.logWaiting),
      receipt(2),
      refusal("BUSY"),
    );
    expect(visit.said).toEqual(["hello", "receipt", "ack", "pull"]);
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

describe("the log goes along", () => {
  const { logWaiting } = conditionFlags;
  /** What a segment looks like to whoever cannot open it. */
  const segment = (after: number, events: number, newest: number): Message => {
    const body: Bytes = filled(88 + 24 * events, 7);
    new DataView(body.buffer).setUint32(0, after);
    new DataView(body.buffer).setUint32(4, newest);
    return say("segment", body);
  };

  test("after the parcels, piece by piece, each owed as it comes; and when no parcel is wanted, too", () => {
    const script = [segment(0, 81, 120), segment(81, 39, 120)];
    const visit = new Visit(house.delta(1, 2)).answer(hello(1, logWaiting), receipt(2), ...script);
    expect(visit.said).toEqual(["hello", "update", "pull", "pull"]);
    expect(visit.owed).toEqual(["receipt 2", "log 0", "log 81"]);
    expect(visit.report).toMatchObject({
      outcome: { kind: "synced", version: 2 },
      log: { events: 120, left: 0 },
    });
    const again = new Visit(house.delta(1, 2)).answer(hello(2, logWaiting), receipt(2), ...script);
    expect(again.report).toMatchObject({ outcome: { kind: "already" }, log: { events: 120 } });
  });

  test("a lock without news is asked for none", () => {
    expect(new Visit(house.delta(1, 2)).answer(hello(1), receipt(2)).said).toEqual(["hello", "update"]);
  });

  test("RESOURCE_EXHAUSTED ends it by its name, and takes along the log, which says how much the lock holds", () => {
    const visit = new Visit(house.delta(1, 2)).answer(
      hello(1),
      refusal("RESOURCE_EXHAUSTED", 7),
      segment(4, 2, 6),
    );
    expect(visit.said.at(-1)).toBe("pull");
    expect(visit.outcome).toEqual({ kind: "refused", refusal: "RESOURCE_EXHAUSTED", detail: 7 });
    expect(visit.owed.toSorted()).toEqual(["log 4", "refusal 2"]);
  });

  test("a log that never ends is left after 16 segments, one that stands still after one, and both are called what they are", () => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1, logWaiting), receipt(2));
    for (let at = 0; !visit.isOver; at++) visit.hear(segment(at, 1, 5_000));
    expect(visit.said.filter((name) => name === "pull")).toHaveLength(16);
    expect(visit.report).toMatchObject({ outcome: { kind: "synced" }, log: { events: 16, left: 4_984 } });
    const still = new Visit(house.delta(1, 2)).answer(hello(1, logWaiting), receipt(2), segment(3, 0, 9));
    expect(still.report).toMatchObject({ outcome: { kind: "synced" }, log: { events: 0, left: 6 } });
  });

  test.each<[string, Event]>([
    ["a refusal", { kind: "message", ...refusal("BUSY", 2) }],
    ["nonsense", { kind: "message", ...say("segment", filled(5, 1)) }],
    ["another message", { kind: "message", ...hello(1) }],
    ["garbled frames", { kind: "garbled", check: "F1" }],
    ["a drop", { kind: "closed", why: "gone" }],
    ["silence", { kind: "deadline" }],
    ["an abort", { kind: "aborted" }],
  ])("%s there spoils nothing: the sync ended as it did", (_, event) => {
    const visit = new Visit(house.delta(1, 2)).answer(hello(1, logWaiting), receipt(2));
    expect(visit.isOver).toBe(false);
    visit.feed(event);
    expect(visit.report).toMatchObject({ outcome: { kind: "synced", version: 2 }, log: { events: 0 } });
  });
});

describe("the time", () => {
  const token = filled(79, 9);
  const asking = (flags: number): Visit =>
    new Visit(house.delta(1, 2)).withTime().answer(helloWithNonce(1, flags));

  test("a lock that knows it is not bothered; one that lost it is brought a token before anything else", () => {
    expect(asking(0).said).toEqual(["hello", "update"]);
    const visit = asking(helloFlags.wantsTime);
    expect(visit.asked).toEqual([filled(16, 3)]);
    expect(visit.said).toEqual(["hello"]);
    visit.feed({ kind: "time", token }).hear(hello(1));
    expect(visit.said).toEqual(["hello", "time", "update"]);
    expect(visit.hear(receipt(2)).outcome).toEqual({ kind: "synced", version: 2 });
  });

  test.each<[string, Event]>([
    ["there is none", { kind: "time", token: undefined }],
    ["it is late", { kind: "deadline" }],
  ])(
    "without a token because %s the visit goes on as it would have; a token after that is nothing",
    (_, event) => {
      const visit = asking(helloFlags.wantsTime).feed(event);
      expect(visit.said).toEqual(["hello", "update"]);
      visit.feed({ kind: "time", token });
      expect(visit.hear(receipt(2)).outcome).toEqual({ kind: "synced", version: 2 });
    },
  );

  test("a token that the lock refuses keeps no parcel from it", () => {
    const visit = asking(helloFlags.wantsTime).feed({ kind: "time", token });
    visit.hear(refusal("STALE"));
    expect(visit.hear(receipt(2)).outcome).toEqual({ kind: "synced", version: 2 });
  });

  describe("of a lock that calls a parcel EXPIRED and believes its clock", () => {
    const expired = refusal("EXPIRED");
    const refused = { kind: "refused", refusal: "EXPIRED" };

    test("is set once, and the parcel offered once more: synced, and nobody hears of the refusal", () => {
      const visit = asking(0).hear(expired);
      expect([visit.said, visit.asked]).toEqual([["hello", "update"], [filled(16, 3)]]);
      visit.feed({ kind: "time", token }).hear(hello(1)).hear(receipt(2));
      expect(visit.said).toEqual(["hello", "update", "time", "update"]);
      expect(visit.sent[3]).toEqual(visit.sent[1]);
      expect([visit.outcome, visit.owed]).toEqual([{ kind: "synced", version: 2 }, ["receipt 2"]]);
    });

    test("is set for a table in chunks as well, which then streams", () => {
      const visit = new Visit(streamed.snapshot(5)).withTime();
      const said = { ...must(readHello(streamed.hello(1))), nonce: filled(16, 3) };
      visit.answer(say("hello", encodeHello(said)), expired).feed({ kind: "time", token });
      for (const message of [say("hello", streamed.hello(1)), next(5, 0)]) visit.hear(message);
      expect(visit.said.slice(0, 4)).toEqual(["hello", "manifest", "time", "manifest"]);
      expect(visit.said.slice(4)).toEqual(["chunk", "chunk", "chunk"]);
    });

    test("is not set twice: refused again, the authority hears of it", () => {
      const visit = asking(0).hear(expired).feed({ kind: "time", token }).hear(hello(1)).hear(expired);
      expect([visit.outcome, visit.owed, visit.asked.length]).toEqual([refused, ["refusal 2"], 1]);
      const brought = asking(helloFlags.wantsTime).feed({ kind: "time", token }).hear(hello(1)).hear(expired);
      expect([brought.outcome, brought.owed, brought.asked.length]).toEqual([refused, ["refusal 2"], 1]);
    });

    test("is let be without a source of time, or without a nonce", () => {
      const without = new Visit(house.delta(1, 2)).answer(helloWithNonce(1), expired);
      expect([without.outcome, without.asked]).toEqual([refused, []]);
      const nonceless = new Visit(house.delta(1, 2)).withTime().answer(hello(1), expired);
      expect([nonceless.outcome, nonceless.asked]).toEqual([refused, []]);
    });

    test.each<[string, boolean, Event]>([
      ["there is no token", false, { kind: "time", token: undefined }],
      ["the token is late", false, { kind: "deadline" }],
      ["the link breaks while it is fetched", false, { kind: "closed", why: "gone" }],
      ["the lock talks out of turn", false, { kind: "message", ...receipt(2) }],
      ["the lock refuses it", true, { kind: "message", ...refusal("REJECTED") }],
      ["the lock answers nonsense", true, { kind: "message", ...say("hello", filled(5, 1)) }],
      ["the lock answers something else", true, { kind: "message", ...receipt(2) }],
      ["the lock falls silent", true, { kind: "deadline" }],
      ["the link breaks", true, { kind: "closed", why: "gone" }],
      ["frames are garbled", true, { kind: "garbled", check: "F1" }],
    ])("stays what it is when %s: the visit ends as without a token", (_, isBrought, event) => {
      const visit = asking(0).hear(expired);
      if (isBrought) visit.feed({ kind: "time", token });
      expect(visit.errand.phase).toBe(isBrought ? "setting" : "clocking");
      visit.feed(event);
      expect([visit.outcome, visit.owed]).toEqual([refused, ["refusal 2"]]);
    });

    test("keeps no other parcel from it when no token comes, and a person may give up meanwhile", () => {
      const visit = new Visit(house.delta(1, 2), house.snapshot(3)).withTime().answer(helloWithNonce(1));
      const [first] = visit.said.slice(1);
      visit.hear(expired).feed({ kind: "time", token: undefined });
      expect(new Set(["update", "manifest"])).toEqual(new Set([first, visit.said[2]]));
      expect(asking(0).hear(expired).feed({ kind: "aborted" }).outcome).toEqual({ kind: "aborted" });
    });

    test.each([
      ["believed", 5, ["update", "time", "update"]],
      // So long after its last token a lock asks for the time by itself.
      ["doubted", 365, ["time", "update"]],
    ])("opens its door after all: a real lock with a %s clock, %i days ahead", (_, daysAhead, order) => {
      const office = doorOffice(`ahead by ${daysAhead} days`);
      const { lock, keys } = office;
      const timeSeed = office.seeds().time;
      office.issue();
      office.takeAll(travel(lock, office.parcels()));
      const assigned = assignCode(office.ledger, codeFor("Ada", "4821"));
      if (!assigned.ok) throw new Error(assigned.denial);
      office.ledger = assigned.value;
      office.issue();
      const now = noon + 3 * 86_400;
      tellTime(lock, { lock: { name: office.name(), keys }, timeSeed }, now);
      lock.clock.rtcSeconds = now + 86_400 * daysAhead;
      // It writes the wrong time down as its own.
      wait(lock, 7_200);
      const parcels = office.parcels();
      const blind = travel(lock, parcels);
      expect([blind.report.outcome, blind.said.includes(">time")]).toEqual([refused, false]);
      expect(lock.press("4821")).toBe("refused");

      const time = ({ nonce }: { readonly nonce: Bytes }): Bytes =>
        issueTime(crypto, timeSeed, office.name(), nonce, now);
      const trip = travel(lock, parcels, { time });
      const said = trip.said.filter((name) => name.startsWith(">")).map((name) => name.slice(1));
      expect(said.slice(0, 1 + order.length)).toEqual(["hello", ...order]);
      expect([trip.report.outcome, lock.clock.rtcSeconds]).toEqual([{ kind: "synced", version: 2 }, now]);
      expect(lock.press("4821")).toBe("accepted");
    });
  });
});

test("how the lock is doing is told as a hint from its hello, and as its word from its receipt", () => {
  const { lowBattery, jammed, doorAjar, rebooting } = conditionFlags;
  const hint = new Visit(house.delta(1, 2)).answer(hello(1, lowBattery | doorAjar), refusal("BUSY", 2));
  expect(hint.report).toMatchObject({ conditions: ["lowBattery", "doorAjar"], isConditionSigned: false });
  const signed = new Visit(house.delta(1, 2)).answer(hello(1, lowBattery), receipt(2, jammed | rebooting));
  expect(signed.report).toMatchObject({ conditions: ["jammed", "rebooting"], isConditionSigned: true });
  const well = new Visit(house.delta(1, 2)).answer(hello(1), receipt(2));
  expect(well.report).toMatchObject({ conditions: [], isConditionSigned: true });
  for (const name of ["lowBattery", "jammed", "doorAjar", "rebooting"] as const) {
    expect(describeCondition(name)).toMatch(/: \w+/);
  }
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
      flags: fc.constantFrom(
        ...[0, 0, 0, helloFlags.wantsSnapshot, helloFlags.damaged, helloFlags.factory, helloFlags.wantsTime],
      ),
    })
    .map((one) => helloWithNonce(one.version, one.flags));
  const receiptSaid = fc.oneof(
    { weight: 4, arbitrary: fc.record({ version, flags }).map((one) => receipt(one.version, one.flags)) },
    { weight: 2, arbitrary: fc.constantFrom(...forgedReceipts) },
  );
  const nextSaid = fc
    .record({ to: fc.constantFrom(3, 3, 3, 2), index: fc.nat(1) })
    .map(({ to, index }) => next(to, index));
  const refusalSaid = fc
    .record({
      name: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(refusals) as RefusalName[])) },
        { weight: 1, arbitrary: fc.constant("EXPIRED" as const) },
      ),
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
  let offeredTwice = 0;
  fc.assert(
    fc.property(
      fc.shuffledSubarray(pool, { minLength: 1 }),
      fc.array(answer, { maxLength: 40 }),
      fc.constantFrom<Event>({ kind: "deadline" }, { kind: "closed", why: "gone" }, { kind: "aborted" }),
      fc.constantFrom(false, true),
      fc.option(fc.constant(filled(79, 9)), { nil: undefined }),
      (parcels, script, lastEvent, hasTime, token) => {
        const visit = new Visit(...parcels);
        if (hasTime) visit.withTime();
        visit.feed({ kind: "connected" });
        const heard: Message[] = [];
        for (const { toHello, toRest, anything, isFitting } of script) {
          if (visit.isOver) break;
          expect(visit.effects.at(-1)?.kind, "whoever waits has a deadline").toBe("deadline");
          if (visit.errand.phase === "clocking") visit.feed({ kind: "time", token });
          const isGreeting = visit.errand.phase === "greeting" || visit.errand.phase === "setting";
          const message = !isFitting ? anything : isGreeting ? toHello : toRest;
          heard.push(message);
          visit.hear(message);
        }
        // A token that does not come in time is no end yet.
        for (let tries = 0; tries < 2 && !visit.isOver; tries++) visit.feed(lastEvent);
        const { outcome, delivered } = visit.report;
        ends.set(outcome.kind, (ends.get(outcome.kind) ?? 0) + 1);
        // One hello, each parcel once, two requests, each chunk three times at most; with a token, one parcel more.
        const chunks = 3 * (whole.messages.length - 1);
        expect(visit.sent.length).toBeLessThanOrEqual(
          1 + parcels.length + 2 + chunks + (hasTime ? 2 + chunks : 0),
        );
        expect(visit.asked.length).toBeLessThanOrEqual(hasTime ? 1 : 0);
        const heads = visit.sent.filter(({ type }) => /update|manifest/.test(messageName(type) ?? ""));
        const again = heads.length - new Set(heads).size;
        expect(again).toBeLessThanOrEqual(visit.asked.length);
        offeredTwice += again;

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
  expect(offeredTwice, "a parcel was offered once more after a token").toBeGreaterThan(0);
});

test("the cast is honest: its parcels are taken by a lock that judges by the rules", () => {
  expect(issuedAt).toBeGreaterThan(0);
  const lock = createHonestLock(streamed, 1);
  const whole = streamed.snapshot(4);
  let last: Message | undefined;
  for (const message of whole.messages) last = lock.answer(message);
  expect([messageName(last?.type ?? 0), lock.version()]).toEqual(["receipt", 4]);
});
