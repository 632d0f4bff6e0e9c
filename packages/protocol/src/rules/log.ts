/**
 * Both halves of the log's way out of the lock: segments, which only the authority reads, and acknowledgements, which
 * only it can give. Events are chained under a key that lock and authority share, so that none can be left out,
 * altered or made up on the way; a courier can only keep all of the newest to itself.
 */

import { type Bytes, concat } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { openHpke, sealHpke } from "../crypto/hpke.ts";
import { sign1, splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { messageBytesMax } from "../limits.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { decodeEvent, type LockEvent } from "../messages/event.ts";
import {
  type AckSaid,
  ackPayload,
  headBytes,
  type LogPlace,
  packSegment,
  readSegmentHead,
  segmentClear,
  segmentEventsMax,
  splitSegment,
  unpackSegment,
} from "../messages/log.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type AuthorityLock, type LockName, type LockTrust, signedContext } from "./trust.ts";

const { segment: segmentRow, ack: ackRow } = messageCatalog;

/** HMAC-SHA-256(K_log, head | event), cut to 16 bytes. Before the first event the head is zeros. */
export function nextHead(crypto: Crypto, logKey: Bytes, head: Bytes, event: Bytes): Bytes {
  return crypto.mac(logKey, concat(head, event)).slice(0, headBytes);
}

/**
 * The lock's half: as many of `events` (24 bytes each, the first being number `before.seq` + 1, the last the newest
 * there is) as one message holds. None is an answer too. `ephemeral`: 32 fresh random bytes.
 */
export function issueSegment(
  crypto: Crypto,
  trust: LockTrust,
  ephemeral: Bytes,
  before: LogPlace,
  events: readonly Bytes[],
): Bytes {
  const some = events.slice(0, segmentEventsMax);
  const head = some.reduce((head, event) => nextHead(crypto, trust.keys.log, head, event), before.head);
  const packed = packSegment({ before: before.head, events: some, head });
  const info = signedContext(segmentRow.type, trust.name);
  const clear = segmentClear({ after: before.seq, newest: before.seq + events.length });
  return concat(clear, sealHpke(crypto, trust.authority.box, ephemeral, info, clear, packed));
}

export interface AcceptedSegment {
  /** Only those after the held place, in order. */
  readonly events: readonly LockEvent[];
  /** The place after them: what may be held, and acknowledged, once the events are durable. */
  readonly seq: number;
  readonly head: Bytes;
  /** The newest event that the lock had then, as it said outside the chain: how much is still to come. */
  readonly newest: number;
}

/**
 * The authority's half. L1 length, L2 it opens for this lock and epoch, L3 its length and numbers are a segment's (all
 * REJECTED),
 * L4 it does not begin after what is held (REJECTED: events between are missing), L5 it reaches what is held (STALE),
 * L6 the chain passes through the held head, L7 and ends in the head it says (both CONFLICT), L8 every event is
 * spelled right and numbered in turn (BODY_INVALID).
 */
export function acceptSegment(
  crypto: Crypto,
  lock: AuthorityLock,
  boxSecret: Bytes,
  held: LogPlace,
  body: Bytes,
): Verdict<AcceptedSegment> {
  if (body.length > messageBytesMax) return refuse("REJECTED", "L1");
  const { clear, sealed } = splitSegment(body);
  const packed = openHpke(crypto, boxSecret, signedContext(segmentRow.type, lock.name), clear, sealed);
  if (packed === undefined) return refuse("REJECTED", "L2");
  const place = readSegmentHead(body);
  const said = unpackSegment(packed);
  if (!place.ok || said === undefined) return refuse("REJECTED", "L3");
  const { after, last, newest } = place.value;
  const { before, events } = said;
  if (after > held.seq) return refuse("REJECTED", "L4");
  const known = held.seq - after;
  if (known > events.length) return refuse("STALE", "L5");

  let head = before;
  for (const [index, event] of [...events, undefined].entries()) {
    if (index === known && !crypto.same(head, held.head)) return refuse("CONFLICT", "L6");
    if (event !== undefined) head = nextHead(crypto, lock.keys.log, head, event);
  }
  if (!crypto.same(head, said.head)) return refuse("CONFLICT", "L7");

  const fresh: LockEvent[] = [];
  for (const [index, bytes] of events.entries()) {
    const event = decodeEvent(bytes);
    if (!event.ok || event.value.seq !== after + index + 1) return refuse("BODY_INVALID", "L8");
    if (index >= known) fresh.push(event.value);
  }
  return accept({ events: fresh, seq: last, head, newest });
}

/** The authority's word that it holds everything up to `place`. The caller vouches that this is durable. */
export function issueAck(crypto: Crypto, tableSeed: Bytes, name: LockName, place: LogPlace): Bytes {
  return sign1(crypto, tableSeed, signedContext(ackRow.type, name), ackPayload.encode(place));
}

/** The log as it lies in the lock. */
export interface LogHeld {
  /** Everything up to here was acknowledged before. */
  readonly ackedSeq: number;
  readonly lastSeq: number;
  /** The head after an event from `ackedSeq` to `lastSeq`; asked for no other. */
  headOf(seq: number): Bytes;
}

/**
 * The lock's half. A1 length, strict CBOR and COSE_Sign1, A2 signature by the table key for this lock and epoch, A3
 * shape (all REJECTED), A4 not older than the last one (STALE), A5 not ahead of the log and A6 of the same head (both
 * CONFLICT: it is of another history). What comes back may be dropped up to `seq`; the last one again changes nothing.
 */
export function acceptAck(crypto: Crypto, trust: LockTrust, at: LogHeld, body: Bytes): Verdict<AckSaid> {
  const parts = splitSign1(body, ackRow.toLock);
  if (!parts.ok) return refuse("REJECTED", "A1");
  if (!verifySign1(crypto, trust.authority.table, signedContext(ackRow.type, trust.name), parts.value)) {
    return refuse("REJECTED", "A2");
  }
  const said = ackPayload.decode(parts.value.payload, ackRow.toLock);
  if (!said.ok) return refuse("REJECTED", "A3");
  const { seq, head } = said.value;
  if (seq < at.ackedSeq) return refuse("STALE", "A4");
  if (seq > at.lastSeq) return refuse("CONFLICT", "A5");
  if (!crypto.same(at.headOf(seq), head)) return refuse("CONFLICT", "A6");
  return accept(said.value);
}
