/**
 * P4, P16 and P19 over the whole lock: one wrong bit anywhere and nothing is taken; before a signature was verified
 * not a bit of flash or secure element changes, and a stranger hears the same from every lock; no bytes, messages or
 * events in any order make the firmware throw, hang or stop answering its keypad. The protocol's judgement alone, check
 * by check, is `updates-are-judged.test.ts`.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { nextHead } from "@doorsync/protocol/lock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keys } from "../packages/lock-sim/src/firmware/events.ts";
import { runs } from "./replay.ts";
import { running } from "./support/cut-scenarios.ts";
import { slowLock } from "./support/slow-lock.ts";
import {
  answerName,
  authoritySeeds,
  bytesOf,
  commission,
  commissionMessage,
  crypto,
  deliver,
  forkParts,
  inForce,
  type LockParts,
  makeLock,
  noon,
  offerTo,
  openLink,
  storesOf,
  type TestLock,
  visit,
} from "./world.ts";

const empty = new Uint8Array(0);
const message = (name: air.MessageName, body: Uint8Array = empty): air.Message => ({
  type: air.messageType(name),
  body,
});
const codes = (...list: string[]): Map<number, string> => new Map(list.map((code, i) => [i, code]));

const factory = makeLock("trace");
factory.board.powerOff();
const home = makeLock("trace", { parts: forkParts(factory) });
const property = commission(home, "trace");
deliver(home, property.snapshot(property.tableOf(codes("4821", "7001"))));
home.board.powerOff();
const table = property.tableOf(codes("0042", "7001"));
const update = property.delta(table, 1).messages[0] ?? message("hello");
const [manifest = update, chunk = update] = property.snapshot(
  property.tableOf(codes("1212", "7001")),
).messages;
const offer = commissionMessage(offerTo(factory.setup, "trace"));

/** Other keys for the lock, and that the authority has its first event. */
const rotation = message(
  "rotation",
  authority.issueRotation(crypto, authoritySeeds.root, property.lock.name.lockId, {
    ...offerTo(factory.setup, "trace").offer,
    epoch: 2,
  }),
);
const ack = ((): air.Message => {
  const [first = empty] = running(makeLock("trace", { parts: forkParts(home) })).journal.events;
  const head = nextHead(crypto, property.lock.keys.log, new Uint8Array(16), first);
  return message("ack", authority.issueAck(crypto, property.tableSeed, property.lock.name, { seq: 1, head }));
})();

const lockOf = (parts: LockParts = home): TestLock => makeLock("trace", { parts: forkParts(parts) });

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const other = bytes.slice();
  other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
  return other;
}

const refusals = ["REJECTED", "TOO_LARGE", "UNSUPPORTED", "BUSY"];

interface Case {
  readonly what: string;
  readonly parts: LockParts;
  /** Said in earnest before the spoiled one. */
  readonly first: readonly air.Message[];
  readonly spoiled: air.Message;
}

const cases: Case[] = [
  { what: "update", parts: home, first: [], spoiled: update },
  { what: "manifest", parts: home, first: [], spoiled: manifest },
  { what: "chunk", parts: home, first: [manifest], spoiled: chunk },
  { what: "commission", parts: factory, first: [], spoiled: offer },
  { what: "rotation", parts: home, first: [], spoiled: rotation },
  { what: "ack", parts: home, first: [], spoiled: ack },
  { what: "hello", parts: home, first: [], spoiled: message("hello", new Uint8Array([1])) },
];

describe("P4: one flipped bit", () => {
  test.each(cases)(
    "in any byte of a $what is refused, and nothing is written",
    ({ parts, first, spoiled }) => {
      const bits = spoiled.body.length * 8;
      expect(bits).toBeGreaterThan(0);
      const lock = lockOf(parts);
      visit(lock, first);
      let before = storesOf(lock);
      for (let bit = 0; bit < bits; bit++) {
        lock.clock.uptimeMs += 60_000;
        const answers = visit(lock, [...first, { ...spoiled, body: flipped(spoiled.body, bit) }]);
        expect(refusals, `bit ${bit}`).toContain(answerName(answers.at(-1)));
        // One look at all of flash for each byte is enough: nothing that was written comes off again.
        if (bit % 8 !== 7) continue;
        expect(storesOf(lock), `byte ${bit >> 3}`).toBe(before);
        before = storesOf(lock);
      }
      visit(lock, [...first, spoiled]);
      if (spoiled.body.length > 1) expect(storesOf(lock), "unspoiled, it is taken").not.toBe(before);
    },
  );

  test.each([...cases, { what: "receipt request", parts: home, first: [], spoiled: message("receipt") }])(
    "in any byte of the frames of a $what is refused or ends the session, and nothing is written",
    ({ parts, first, spoiled }) => {
      // The spoiled message follows the others on the same connection, so the sequence has moved on.
      let outbox = air.emptyOutbox;
      for (const one of first) outbox = air.segment(outbox, one.type, one.body, 100).outbox;
      const { frames } = air.segment(outbox, spoiled.type, spoiled.body, 100);
      let tried = 0;
      const fresh = lockOf(parts);
      visit(fresh, first, 100);
      const before = storesOf(fresh);
      for (const [index, frame] of frames.entries()) {
        for (let bit = 0; bit < frame.length * 8; bit++) {
          fresh.clock.uptimeMs += 60_000;
          const answers: string[] = [];
          let inbox = air.emptyInbox;
          const link = fresh.board.connect({
            frameBytesMax: 100,
            send(sent) {
              const heard = air.hear(inbox, sent, air.bodyBytesMax("toPhone"));
              if (heard.kind === "refused") throw new Error(heard.refused.check);
              inbox = heard.inbox;
              if (heard.kind === "message") answers.push(answerName({ type: heard.type, body: heard.body }));
            },
            close() {},
          });
          let out = air.emptyOutbox;
          for (const one of first) {
            const said = air.segment(out, one.type, one.body, 100);
            out = said.outbox;
            for (const sent of said.frames) link?.frame(sent);
          }
          const heardBefore = answers.length;
          for (const [at, sent] of frames.entries()) link?.frame(at === index ? flipped(sent, bit) : sent);
          link?.closed();
          for (const name of answers.slice(heardBefore))
            expect(refusals, `frame ${index} bit ${bit}`).toContain(name);
          tried++;
        }
        expect(storesOf(fresh), `frame ${index}`).toBe(before);
      }
      expect(tried).toBeGreaterThan(8);
    },
  );
});

describe("P19: a stranger hears the same from every lock", () => {
  /** Locks that have nothing in common but their kind: other keys, tables, versions, epochs, sizes. */
  const strangers = ((): LockParts[] => {
    const parts: LockParts[] = [];
    for (const [index, count] of [1, 2, 40].entries()) {
      const lock = makeLock(`stranger ${index}`);
      const owner = commission(lock, `stranger ${index}`, index + 1);
      const list = Array.from({ length: count }, (_, i) => String(5_000 + 7 * i));
      for (let version = 0; version <= index; version++)
        deliver(lock, owner.snapshot(owner.tableOf(codes(...list))));
      lock.press(index === 1 ? "9090" : "5000");
      lock.board.powerOff();
      parts.push(lock);
    }
    return parts;
  })();

  /** What a lock answers on the air to everything that is said, as bytes, and whether it hangs up. */
  function answersOf(parts: LockParts, said: readonly air.Message[]): string {
    const lock = makeLock("any", { parts: forkParts(parts) });
    const heard: string[] = [];
    const link = openLink(lock, 244, (answer) =>
      heard.push(`${answer.type}:${authority.toHex(answer.body)}`),
    );
    for (const one of said) link?.say(one);
    return `${heard.join(" ")} ${link?.closed}`;
  }

  test("to garbage, forgeries and other locks' messages, in every order", () => {
    const wellFormed = [
      update,
      manifest,
      chunk,
      rotation,
      ack,
      message("update", flipped(update.body, update.body.length * 8 - 9)),
    ];
    const forged = fc.oneof(
      fc.constantFrom(...wellFormed),
      fc.record({
        type: fc
          .constantFrom(
            ...["update", "manifest", "chunk", "time", "commission", "next", "refusal"],
            ...["rotation", "ack", "segment"],
          )
          .map((name) => air.messageType(name as air.MessageName)),
        body: fc.uint8Array({ maxLength: 300 }),
      }),
      // Whoever asks for the log hears it, sealed to the authority; so that one type is no garbage.
      fc.record({ type: fc.integer({ min: 15, max: 255 }), body: fc.uint8Array({ maxLength: 40 }) }),
      fc.tuple(fc.constantFrom(...wellFormed), fc.nat()).map(([one, draw]) => ({
        type: one.type,
        body: flipped(one.body, draw % (one.body.length * 8)),
      })),
      fc.record({
        type: fc.constant(1),
        body: fc.uint8Array({ minLength: 1, maxLength: 8 }).filter((b) => b.length > 1 || b[0] !== 1),
      }),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.array(forged, { minLength: 1, maxLength: 6 }), (said) => {
        const answers = strangers.map((parts) => answersOf(parts, said));
        expect(new Set(answers).size).toBe(1);
        refused += answers[0]?.split("8:").length ?? 0;
      }),
      runs(120),
    );
    expect(refused).toBeGreaterThan(150);
  });

  test("whichever check failed, before a signature was verified there is one refusal", () => {
    const name = { lockId: bytesOf("nobody", 16), epoch: 1 };
    const other = { name, keys: property.lock.keys };
    const at = { table, to: 2, issuedAt: noon, lifeHours: 168 };
    const said = [
      message("update", bytesOf("garbage", 150)),
      message("update", update.body.slice(0, -1)),
      message("manifest", update.body),
      ...authority.issueSnapshot(crypto, bytesOf("no key", 32), other, at).messages.slice(0, 1),
      ...authority
        .issueSnapshot(crypto, bytesOf("no key", 32), other, { ...at, to: 70_000_000 })
        .messages.slice(0, 1),
      message("chunk", bytesOf("garbage", 500)),
      message("time", bytesOf("garbage", 79)),
      message("commission", bytesOf("garbage", 252)),
      offer,
      message("rotation", bytesOf("garbage", 200)),
      message("rotation", flipped(rotation.body, rotation.body.length * 8 - 9)),
      message("ack", bytesOf("garbage", 100)),
      message("ack", flipped(ack.body, ack.body.length * 8 - 9)),
    ];
    const answers = new Set(said.map((one) => answersOf(home, [one])));
    expect([...answers]).toEqual(["8:8101 false"]);
  });
});

describe("P16: nothing that is said or done makes the firmware throw or hang", () => {
  const pull = message("pull", air.encodePull(0));
  const known = [update, manifest, chunk, offer, message("hello"), message("receipt"), pull, ack];

  test("any frames, with the keypad answering between any two", () => {
    const { frames } = air.segment(air.emptyOutbox, manifest.type, manifest.body, 60);
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(...frames),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => {
        // More often than chance: a first frame of a known type, in sequence.
        bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x40);
        if (bytes.length > 1) bytes[1] = [1, 2, 3, 4, 5, 6, 10, 11, 12, 14][(bytes[1] ?? 0) % 10] ?? 1;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(frame, { maxLength: 12 }), { maxLength: 4 }), (connections) => {
        const lock = lockOf();
        const before = inForce(lock);
        for (const sent of connections) {
          const link = lock.board.connect({ frameBytesMax: 60, send() {}, close() {} });
          for (const bytes of sent) {
            link?.frame(bytes);
            expect(lock.press("4821")).toBe("accepted");
          }
          link?.closed();
        }
        expect(inForce(lock)).toEqual(before);
      }),
      runs(80),
    );
  });

  test("any messages, of any type and length, in any order", () => {
    const any = fc.oneof(
      fc.record({ type: fc.nat(255), body: fc.uint8Array({ maxLength: 600, size: "max" }) }),
      fc.constantFrom(...known),
      fc
        .tuple(fc.constantFrom(...known), fc.nat(600))
        .map(([one, length]) => ({ type: one.type, body: one.body.slice(0, length) })),
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(fc.array(any, { maxLength: 6 }), { maxLength: 4 }), (visits) => {
        const lock = lockOf();
        for (const said of visits) visit(lock, said);
        const held = inForce(lock);
        const version = held?.version ?? -1;
        // Whatever was taken was whole and the authority's.
        const signed = property.signed.get(version);
        expect(signed).toBeDefined();
        if (signed !== undefined) expect(held?.items).toEqual(authority.packItems(signed));
        if (version > 1) taken++;
        expect(lock.press("7001")).toBe("accepted");
      }),
      runs(120),
    );
    expect(taken, "some of it was in earnest").toBeGreaterThan(0);
  });

  test("any events, with storage as slow as it likes: one operation at a time, and every state makes sense", () => {
    const said = [...known, rotation];
    const happening = fc.oneof(
      fc.record({ kind: fc.constant("card" as const), uid: fc.uint8Array({ maxLength: 10 }) }),
      fc.record({ kind: fc.constant("cylinder" as const), to: fc.constantFrom("locked", "unlocked") }),
      fc.record({
        kind: fc.constant("bolt-at" as const),
        at: fc.constantFrom("locked", "unlocked", "jammed"),
      }),
      fc.record({ kind: fc.constant("door" as const), is: fc.constantFrom("open", "closed") }),
      fc.record({ kind: fc.constant("battery" as const), percent: fc.nat(100) }),
      fc.constant({ kind: "reset-button" } as const),
    );
    const event = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant("part" as const), happening }) },
      // As often more than one at a time: what happens at the door goes before a table, which would never be whole.
      {
        weight: 16,
        arbitrary: fc.record({ do: fc.constant("work" as const), times: fc.integer({ min: 1, max: 4 }) }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("key" as const), key: fc.constantFrom(...keys) }) },
      { weight: 2, arbitrary: fc.constant({ do: "code" } as const) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant("say" as const), index: fc.nat(said.length - 1) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant("frame" as const), bytes: fc.uint8Array({ maxLength: 30 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant("connect" as const),
          first: fc.option(fc.nat(said.length - 1), { nil: undefined }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: "disconnect" } as const) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("time" as const),
          ms: fc.integer({ min: 0, max: 4_000_000 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant("clock" as const),
          seconds: fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ do: "power" } as const) },
    );
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(home, factory),
        fc.array(event, { maxLength: 150, size: "max" }),
        (parts, events) => {
          let lock = slowLock(forkParts(parts));
          for (const one of events) {
            switch (one.do) {
              case "work":
                for (let op = 0; op < one.times; op++) lock.work();
                break;
              case "part":
                lock.happen(one.happening);
                break;
              case "key":
                lock.press(one.key);
                break;
              case "code":
                lock.press("7001#");
                break;
              case "say":
                lock.say(said[one.index] ?? message("hello"));
                break;
              case "frame":
                lock.happen({ kind: "frame", bytes: one.bytes });
                break;
              case "connect":
                lock.connect();
                if (one.first !== undefined) lock.say(said[one.first] ?? message("hello"));
                break;
              case "disconnect":
                lock.happen({ kind: "disconnected" });
                break;
              case "time":
                lock.now.uptimeMs += one.ms;
                lock.happen({ kind: "tick" });
                break;
              case "clock":
                lock.now.rtcSeconds = one.seconds;
                break;
              case "power":
                // Between two operations; inside them is `power-cut-anywhere.test.ts`.
                lock.happen({ kind: "power-off" });
                for (const note of lock.notes) seen.add(note.what);
                lock = slowLock(lock.parts);
                break;
              default:
                throw new Error(String(one satisfies never));
            }
            if (lock.state.power === "off") throw new Error("the lock went dark");
            const { inForce: held, secure, lanes, entry, entered } = lock.state;
            expect(entry.length).toBeLessThanOrEqual(9);
            expect(entered.length).toBeLessThanOrEqual(4);
            expect(lanes.outstanding === undefined).toBe(lock.pending === undefined);
            expect(held.version).toBeLessThanOrEqual(Math.max(secure.version, 0));
          }
          lock.happen({ kind: "disconnected" });
          lock.finish();
          // What was asked for last is done by now, too.
          for (const note of lock.notes) seen.add(note.what);
          const reborn = makeLock("trace", { parts: forkParts(lock.parts) });
          expect(running(reborn).store.damaged).toBe(false);
          expect(inForce(reborn)?.version).toBe(lock.state.power === "on" ? lock.state.inForce.version : -1);
        },
      ),
      runs(120),
    );
    expect([...seen]).toEqual(
      expect.arrayContaining([
        ...["opened", "denied", "committed", "refused", "commissioned"],
        ...["alarm", "factory-reset"],
      ]),
    );
  });

  test("the longest garbage of every type costs less than the slowest honest message may", () => {
    const lock = lockOf();
    const started = process.hrtime.bigint();
    let bytes = 0;
    for (const type of [1, 2, 3, 5, 6, 10, 11, 12, 14]) {
      for (const fill of [0x00, 0x81, 0x9f, 0xbf, 0xff, 0xd8]) {
        const body = new Uint8Array(Math.min(2_048, air.bodyBytesMax("toLock")(type) ?? 0)).fill(fill);
        lock.clock.uptimeMs += 60_000;
        visit(lock, [{ type, body }], 20);
        bytes += body.length;
      }
    }
    const ms = Number(process.hrtime.bigint() - started) / 1e6;
    // 50 ms a KiB is the bound that a person would notice; a hang is far beyond it on any machine.
    expect(ms / (bytes / 1_024)).toBeLessThan(50);
  });
});
