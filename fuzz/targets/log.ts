/**
 * A lock's log on its way out, before real keys (T38 to T40): any 24 bytes as an event, segments and acknowledgements
 * changed by whoever carries them, and segments that the lock itself got wrong. Believed are the events that the lock
 * chained, in turn and without a gap; dropped is only what the authority acknowledged.
 *
 *   u8 which (mod 4): an event | a segment, changed | an acknowledgement, changed | a segment that errs
 */
import * as authority from "@doorsync/protocol/authority";
import { sealHpke } from "../../packages/protocol/src/crypto/hpke.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { describeEvent } from "../../packages/protocol/src/messages/describe.ts";
import { decodeEvent, encodeEvent, eventBytes } from "../../packages/protocol/src/messages/event.ts";
import {
  firstHead,
  type LogPlace,
  packSegment,
  segmentClear,
} from "../../packages/protocol/src/messages/log.ts";
import {
  acceptAck,
  acceptSegment,
  issueAck,
  issueSegment,
  nextHead,
} from "../../packages/protocol/src/rules/log.ts";
import { signedContext } from "../../packages/protocol/src/rules/trust.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import { bytesOf, keys, lockOfAuthority, name, noon, seeds, trust } from "../cast/house.ts";
import { reached } from "../cast/reached.ts";

type Bytes = Uint8Array;

const eventsMade = 12;
const ephemeral = bytesOf("segment", 32);
const same = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0;

/** A log of twelve events, and its head after each; the first head is before them all. */
const events = Array.from({ length: eventsMade }, (_, i) =>
  encodeEvent({
    seq: i + 1,
    at: noon + i,
    kind: "LockOperation",
    flags: 0,
    source: "Keypad",
    detail: 1,
    credential: 0x1_0000 + i,
    version: 0,
    count: 0,
  }),
);
const heads: Bytes[] = [firstHead];
for (const event of events) heads.push(nextHead(crypto, keys.log, heads.at(-1) ?? firstHead, event));
const place = (seq: number): LogPlace => ({ seq, head: heads[seq] ?? firstHead });

/** Segments that the lock made: from the beginning, from the middle, of nothing. */
const segments: readonly Bytes[] = [
  [0, 12],
  [0, 5],
  [4, 9],
  [12, 12],
].map(([from = 0, to = 0]) => issueSegment(crypto, trust, ephemeral, place(from), events.slice(from, to)));
const acks: readonly Bytes[] = [3, 7, 12].map((seq) => issueAck(crypto, seeds.table, name, place(seq)));

const forms = [anEvent, changedSegment, changedAck, erringSegment] as const;

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  draws.pick(forms)(draws);
}

function anEvent(draws: Draws): void {
  const bytes = draws.rest();
  const event = decodeEvent(bytes);
  if (!event.ok) {
    hold(event.check.startsWith("event/"), "P16: every refusal has a name");
    return;
  }
  reached(`log: ${event.value.kind}`);
  hold(
    bytes.length === eventBytes && same(encodeEvent(event.value), bytes),
    "P15: an event has one spelling",
  );
  hold(describeEvent(event.value).length > 0, "P16: any event can be shown");
}

function changedSegment(draws: Draws): void {
  const genuine = draws.pick(segments);
  const held = place(draws.u8() % (eventsMade + 1));
  const message = changed(draws, genuine);
  const verdict = acceptSegment(crypto, lockOfAuthority, seeds.box, held, message);
  if (!same(message, genuine)) {
    hold(!verdict.ok && verdict.refusal === "REJECTED", "T38: a segment that was altered does not open");
    return;
  }
  if (!verdict.ok) return;
  reached("log: a segment");
  const { seq, head, events: fresh } = verdict.value;
  hold(
    seq >= held.seq && same(head, place(seq).head),
    "T38: the place after a segment lies on the lock's chain",
  );
  hold(fresh.length === seq - held.seq, "T38: no event is missing, and none is new twice");
  for (const [i, event] of fresh.entries()) {
    hold(
      same(encodeEvent(event), events[held.seq + i] ?? firstHead),
      "T38: the events are those of the lock",
    );
  }
}

function changedAck(draws: Draws): void {
  const genuine = draws.pick(acks);
  const ackedSeq = draws.u8() % (eventsMade + 1);
  const lastSeq = ackedSeq + (draws.u8() % (eventsMade + 1 - ackedSeq));
  const message = changed(draws, genuine);
  const at = {
    ackedSeq,
    lastSeq,
    headOf(seq: number): Bytes {
      hold(seq >= ackedSeq && seq <= lastSeq, "a lock is asked for no head that it has not");
      return place(seq).head;
    },
  };
  const verdict = acceptAck(crypto, trust, at, message);
  if (!acks.some((ack) => same(ack, message))) {
    hold(!verdict.ok && verdict.refusal === "REJECTED", "T39: only the authority acknowledges");
    return;
  }
  if (!verdict.ok) return;
  reached("log: an acknowledgement");
  const { seq } = verdict.value;
  hold(
    seq >= ackedSeq && seq <= lastSeq,
    "T39: an acknowledgement drops what lies in the lock, and never goes back",
  );
}

/** What only the lock could seal, and never would: any events under any heads. */
function erringSegment(draws: Draws): void {
  const held = place(draws.u8() % (eventsMade + 1));
  const from = draws.u8() % (eventsMade + 1);
  const said = {
    before: draws.u8() % 4 === 3 ? { seq: draws.u32(), head: place(from).head } : place(from),
    events: Array.from({ length: draws.u8() % 20 }, (_, i) =>
      draws.u8() % 4 === 3
        ? padded(draws.bytes(eventBytes))
        : (events[from + i] ?? padded(draws.bytes(eventBytes))),
    ),
  };
  let head = said.before.head;
  for (const event of said.events) head = nextHead(crypto, keys.log, head, event);
  const isLying = draws.u8() % 4 === 3;
  const { before, events: some } = said;
  const packed = packSegment({
    before: before.head,
    events: some,
    head: isLying ? bytesOf("a lie", 16) : head,
  });
  const info = signedContext(messageCatalog.segment.type, name);
  const newest = Math.min(before.seq + some.length + (draws.u8() % 3), 0xffff_ffff);
  const clear = segmentClear({ after: before.seq, newest });
  const sealed = sealHpke(crypto, crypto.agreePublic(seeds.box), ephemeral, info, clear, packed);
  const body = authority.concat(clear, sealed);
  const verdict = acceptSegment(crypto, lockOfAuthority, seeds.box, held, body);
  if (!verdict.ok) return;
  reached("log: a segment that the lock made up");
  hold(!isLying, "T38: the head must be the one that the events come to");
  const { seq, events: fresh } = verdict.value;
  hold(said.before.seq <= held.seq, "T38: a segment that leaves events out is not taken");
  hold(
    seq === said.before.seq + said.events.length && fresh.length === seq - held.seq,
    "T38: events are counted",
  );
  hold(
    fresh.every((event, i) => event.seq === held.seq + i + 1),
    "T38: events are numbered in turn",
  );
}

function padded(bytes: Bytes): Bytes {
  const whole = new Uint8Array(eventBytes);
  whole.set(bytes);
  return whole;
}
