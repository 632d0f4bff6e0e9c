/**
 * T38, T40, P24: the log on its way from a lock to its authority: whatever a courier repeats, holds back, cuts, mixes or makes up, the
 * authority ends with a beginning of the true log, event by event, and the lock drops only what was acknowledged to
 * it. The rules alone: where the log is kept, and who asks when, is tested elsewhere.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { sealHpke } from "../packages/protocol/src/crypto/hpke.ts";
import { messageBytesMax } from "../packages/protocol/src/limits.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { decodeEvent, encodeEvent, type LockEvent } from "../packages/protocol/src/messages/event.ts";
import {
  firstHead,
  type LogPlace,
  packSegment,
  readSegmentHead,
  segmentClear,
  segmentEventsMax,
} from "../packages/protocol/src/messages/log.ts";
import {
  acceptAck,
  acceptSegment,
  issueAck,
  issueSegment,
  nextHead,
} from "../packages/protocol/src/rules/log.ts";
import { signedContext } from "../packages/protocol/src/rules/trust.ts";
import { commissionedPair, fast, issuedAt, secret } from "./arbitraries.ts";
import { flipped } from "./forge.ts";
import { accepted } from "./matchers.ts";
import { runs } from "./replay.ts";

const pair = commissionedPair("log");
const { lock, trust, seeds } = pair;
const { keys } = lock;

function eventOf(seq: number): LockEvent {
  const nothing = { flags: 0, credential: 65_536 + seq, version: 0, count: 0 } as const;
  return { ...nothing, seq, at: issuedAt + seq, kind: "LockOperation", source: "Keypad", detail: 1 };
}

/** A log of 200 events and the head after each, number 0 being the beginning. */
const log = Array.from({ length: 200 }, (_, i) => encodeEvent(eventOf(i + 1)));
const heads: Bytes[] = [firstHead];
for (const event of log) heads.push(nextHead(fast, keys.log, heads.at(-1) ?? firstHead, event));
const place = (seq: number): LogPlace => ({ seq, head: heads[seq] ?? noBytes });
const start = place(0);

/** What the lock answers to a pull while its log has `length` events. */
function segmentAfter(after: number, length = log.length): Bytes {
  const ephemeral = secret(`ephemeral ${after} ${length}`);
  return issueSegment(fast, trust, ephemeral, place(after), log.slice(after, length));
}

const judge = (held: LogPlace, body: Bytes) => acceptSegment(fast, lock, seeds.box, held, body);

const atLock = (ackedSeq: number, lastSeq = log.length) => ({
  ackedSeq,
  lastSeq,
  headOf(seq: number): Bytes {
    if (seq < ackedSeq || seq > lastSeq) throw new Error(`asked for the head after ${seq}`);
    return heads[seq] ?? noBytes;
  },
});

test("a segment fills one message: 81 events, and not one more", () => {
  const body = segmentAfter(0);
  expect(segmentEventsMax).toBe(81);
  expect(accepted(judge(start, body)).seq).toBe(81);
  expect(body.length).toBeLessThanOrEqual(messageBytesMax);
  expect(body.length + 24).toBeGreaterThan(messageBytesMax);
});

test("a courier that can open nothing knows which events it holds, and whether more wait", () => {
  for (const [after, length, last] of [
    [0, 0, 0],
    [0, 200, 81],
    [81, 200, 162],
    [162, 200, 200],
    [200, 200, 200],
  ] as const) {
    const body = segmentAfter(after, length);
    expect(accepted(readSegmentHead(body))).toEqual({ after, last, newest: length });
    if (last === 0) continue;
    const ahead = concat(segmentClear({ after, newest: last - 1 }), body.subarray(8));
    expect(readSegmentHead(ahead)).toRefuseWith("REJECTED", "log/segment");
  }
  const body = segmentAfter(0, 5);
  for (const odd of [noBytes, body.subarray(1), concat(body, new Uint8Array(1)), body.subarray(0, 87)])
    expect(readSegmentHead(odd)).toRefuseWith("REJECTED", "log/segment");
  // Nobody on the way can say otherwise: the numbers are bound by the seal.
  for (const other of [
    { after: 1, newest: 5 },
    { after: 0, newest: 6 },
  ]) {
    expect(judge(start, concat(segmentClear(other), body.subarray(8)))).toRefuseWith("REJECTED", "L2");
  }
});

test("any courier, any order: what the authority holds is always a beginning of the log, and in the end all of it", () => {
  const pulls = fc.array(
    fc.tuple(fc.nat(log.length), fc.nat(log.length)).map((ends) => [Math.min(...ends), Math.max(...ends)]),
    { minLength: 1, maxLength: 6 },
  );
  const seen = { fresh: 0, again: 0, refused: 0 };
  fc.assert(
    fc.property(pulls, (carried) => {
      let held = start;
      const taken: Bytes[] = [];
      const take = (body: Bytes): void => {
        const verdict = judge(held, body);
        if (!verdict.ok) {
          seen.refused++;
          return;
        }
        taken.push(...verdict.value.events.map(encodeEvent));
        seen[verdict.value.events.length > 0 ? "fresh" : "again"]++;
        held = { seq: verdict.value.seq, head: verdict.value.head };
        expect(taken).toHaveLength(held.seq);
        expect(held.head).toEqual(heads[held.seq]);
      };
      for (const [after = 0, length = 0] of carried) {
        const body = segmentAfter(after, length);
        take(body);
        take(body);
      }
      for (let pulled = 0; held.seq < log.length && pulled < 5; pulled++) {
        const body = segmentAfter(held.seq);
        take(body);
        take(body);
      }
      expect(taken.map(toHex)).toEqual(log.map(toHex));
    }),
    runs(15),
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
});

describe("whoever can seal to the authority, but has no log key,", () => {
  const info = signedContext(messageCatalog.segment.type, lock.name);
  const sealed = ({ seq: after, head: before }: LogPlace, events: readonly Bytes[], head: Bytes): Bytes => {
    const clear = segmentClear({ after, newest: log.length });
    const packed = packSegment({ before, events, head });
    return concat(clear, sealHpke(fast, trust.authority.box, secret("stranger"), info, clear, packed));
  };
  const held = place(10);
  const [eleven = noBytes, twelve = noBytes, thirteen = noBytes] = log.slice(10);

  test("cannot alter a bit of any event, before or after what is held", () => {
    const events = log.slice(8, 13);
    expect(judge(held, sealed(place(8), events, place(13).head))).toMatchObject({ ok: true });
    for (const [index, event] of events.entries()) {
      for (let bit = 0; bit < 8 * event.length; bit += 29) {
        const bent = events.map((other, i) => (i === index ? flipped(event, bit) : other));
        const check = index < 2 ? "L6" : "L7";
        expect(judge(held, sealed(place(8), bent, place(13).head))).toRefuseWith("CONFLICT", check);
      }
    }
  });

  test("cannot leave out, double, swap or add one, nor hide the last ones behind a head it knows", () => {
    for (const events of [
      [eleven, thirteen],
      [eleven, eleven, twelve],
      [twelve, eleven],
      [eleven, twelve, encodeEvent(eventOf(13)), encodeEvent(eventOf(14))],
      [eleven],
      [],
    ]) {
      for (const known of [place(12).head, secret("head", 16), new Uint8Array(16)]) {
        expect(judge(held, sealed(held, events, known))).toRefuseWith("CONFLICT", "L7");
      }
    }
  });

  test("cannot begin another history under the number that is held", () => {
    expect(judge(held, sealed({ seq: 10, head: secret("head", 16) }, [eleven], place(11).head))).toRefuseWith(
      "CONFLICT",
      "L6",
    );
    expect(judge(held, sealed({ seq: 9, head: held.head }, [eleven], place(11).head))).toRefuseWith(
      "CONFLICT",
      "L6",
    );
  });
});

test("a segment opens for its own lock, its own epoch and its own authority only, and whole", () => {
  const body = segmentAfter(0, 5);
  const held = start;
  const { name } = lock;
  const other = commissionedPair("another door");
  for (const [who, secretKey] of [
    [other.lock, seeds.box],
    [{ name: { ...name, epoch: 2 }, keys }, seeds.box],
    [{ name: { ...name, lockId: secret("id", 16) }, keys }, seeds.box],
    [lock, secret("another box")],
  ] as const) {
    expect(acceptSegment(fast, who, secretKey, held, body)).toRefuseWith("REJECTED", "L2");
  }
  for (let bit = 0; bit < 8 * body.length; bit += 43) {
    // The top bit of an X25519 point is not read, but the KEM binds its every byte.
    expect(judge(held, flipped(body, bit))).toRefuseWith("REJECTED", "L2");
  }
  for (let length = 0; length < body.length; length += 5) {
    expect(judge(held, body.subarray(0, length))).toRefuseWith("REJECTED", "L2");
  }
  expect(judge(held, concat(body, new Uint8Array(messageBytesMax)))).toRefuseWith("REJECTED", "L1");
});

test("events sealed and chained well are still refused unless spelled right and numbered in turn", () => {
  const odd = new Uint8Array(log[0] ?? noBytes);
  odd[15] = 1;
  expect(decodeEvent(odd)).toRefuseWith("BODY_INVALID", "event/reserved");
  for (const events of [[odd], log.slice(1, 3), [log[0] ?? noBytes, log[0] ?? noBytes]]) {
    const body = issueSegment(fast, trust, secret("odd"), start, events);
    expect(judge(start, body)).toRefuseWith("BODY_INVALID", "L8");
  }
});

describe("an acknowledgement", () => {
  test("drops exactly what the authority holds, and only what was not dropped before", () => {
    const places = fc.tuple(fc.nat(log.length), fc.nat(log.length), fc.nat(log.length));
    fc.assert(
      fc.property(places, ([seq, ackedSeq, lastSeq]) => {
        fc.pre(ackedSeq <= lastSeq);
        const ack = issueAck(fast, seeds.table, lock.name, place(seq));
        const verdict = acceptAck(fast, trust, atLock(ackedSeq, lastSeq), ack);
        if (seq < ackedSeq) expect(verdict).toRefuseWith("STALE", "A4");
        else if (seq > lastSeq) expect(verdict).toRefuseWith("CONFLICT", "A5");
        else expect(accepted(verdict)).toEqual(place(seq));
      }),
      runs(100),
    );
  });

  test("is refused whole when any bit of it is bent, and under any other key, lock, epoch or head", () => {
    const ack = issueAck(fast, seeds.table, lock.name, place(7));
    const hear = (body: Bytes) => acceptAck(fast, trust, atLock(3), body);
    expect(accepted(hear(ack))).toEqual(place(7));
    for (let bit = 0; bit < 8 * ack.length; bit++) {
      expect(hear(flipped(ack, bit))).toRefuseWith("REJECTED", /^A[12]$/);
    }
    const { name } = lock;
    for (const [seed, who] of [
      [seeds.root, name],
      [seeds.time, name],
      [seeds.capability, name],
      [pair.atLock.signSeed, name],
      [seeds.table, { ...name, epoch: 2 }],
      [seeds.table, { ...name, lockId: secret("id", 16) }],
    ] as const) {
      expect(hear(issueAck(fast, seed, who, place(7)))).toRefuseWith("REJECTED", "A2");
    }
    const forgotten = issueAck(fast, seeds.table, name, { seq: 7, head: place(8).head });
    expect(hear(forgotten)).toRefuseWith("CONFLICT", "A6");
  });
});
