/**
 * pull, segment and ack: how a lock's log leaves it by any courier. Whoever carries it reads nothing, alters nothing
 * and makes nothing disappear: only what the authority acknowledged may be erased.
 *
 *   pull     [after]: please the events that follow this sequence number
 *   segment  after u32 | newest u32 | enc 32 | sealed (HPKE to the authority's box key, info ctx(13, lockId, epoch),
 *            AAD after | newest)        sealed: head 16 before | n x 24 | head 16 after
 *   ack      COSE_Sign1([seq, head 16]), kTable, external AAD ctx(14, lockId, epoch)        at most 96 bytes
 */

import { type Bytes, concat, readUint, writeUint } from "../bytes.ts";
import { fixedBytes, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { hpkeOverheadBytes } from "../crypto/hpke.ts";
import { eventSeqMax, messageBytesMax } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { messageCatalog } from "./catalog.ts";
import { eventBytes } from "./event.ts";

/** A head of the chain: HMAC-SHA-256, cut. */
export const headBytes = 16;

/** The head before the first event. */
export const firstHead: Bytes = new Uint8Array(headBytes);

/** What a courier may read of a segment: after, and newest. */
const clearBytes = 8;
const packedFixedBytes = 2 * headBytes;
const segmentFixedBytes = clearBytes + hpkeOverheadBytes + packedFixedBytes;

/** Events that one segment holds at most. */
export const segmentEventsMax: number = Math.floor((messageBytesMax - segmentFixedBytes) / eventBytes);

/** Where in the chain somebody is: everything up to `seq`, and the head after it. */
export interface LogPlace {
  /** 0: nothing yet. */
  readonly seq: number;
  /** 16 bytes. */
  readonly head: Bytes;
}

const pullShape = shape("pull", { after: uint(eventSeqMax) });

export function encodePull(after: number): Bytes {
  return pullShape.encode({ after });
}

/** The sequence number after which events are wanted, or REJECTED. */
export function readPull(body: Bytes): Verdict<number> {
  const said = pullShape.decode(body, messageCatalog.pull.toLock);
  return said.ok ? accept(said.value.after) : refuse("REJECTED", "log/pull");
}

/** In clear before the seal, and bound by it: where a courier stands in the log that it cannot read. */
export interface SegmentClear {
  /** The events inside are those that follow this number. */
  readonly after: number;
  /** The newest event that the lock had when it answered. */
  readonly newest: number;
}

export interface SegmentHead extends SegmentClear {
  /** The last event inside; `after` where there is none. */
  readonly last: number;
}

/** The 8 bytes that a segment begins with, which are its seal's AAD too. */
export function segmentClear({ after, newest }: SegmentClear): Bytes {
  const clear = new Uint8Array(clearBytes);
  writeUint(clear, 0, 4, after);
  writeUint(clear, 4, 4, newest);
  return clear;
}

/** A segment apart: what its seal binds, and the seal. Shorter ones come apart into less. */
export function splitSegment(body: Bytes): { readonly clear: Bytes; readonly sealed: Bytes } {
  return { clear: body.subarray(0, clearBytes), sealed: body.subarray(clearBytes) };
}

/** Which events are inside, by the clear numbers and the length alone; REJECTED (`log/segment`) when it is none. */
export function readSegmentHead(body: Bytes): Verdict<SegmentHead> {
  const events = (body.length - segmentFixedBytes) / eventBytes;
  if (!Number.isInteger(events) || events < 0 || events > segmentEventsMax) {
    return refuse("REJECTED", "log/segment");
  }
  const after = readUint(body, 0, 4);
  const newest = readUint(body, 4, 4);
  const last = after + events;
  return last <= newest ? accept({ after, last, newest }) : refuse("REJECTED", "log/segment");
}

export const ackPayload = shape("ack", {
  seq: uint(eventSeqMax),
  head: fixedBytes(headBytes),
});

export type AckSaid = ShapeValue<typeof ackPayload>;

/** What is sealed in a segment. */
export interface SegmentSaid {
  /** The head before the first event. */
  readonly before: Bytes;
  readonly events: readonly Bytes[];
  /** The head after the last event. */
  readonly head: Bytes;
}

export function packSegment({ before, events, head }: SegmentSaid): Bytes {
  return concat(before, ...events, head);
}

/** Undefined when the length is none of a segment. */
export function unpackSegment(packed: Bytes): SegmentSaid | undefined {
  const events = (packed.length - packedFixedBytes) / eventBytes;
  if (!Number.isInteger(events) || events < 0 || events > segmentEventsMax) return undefined;
  return {
    before: packed.slice(0, headBytes),
    events: Array.from({ length: events }, (_, i) =>
      packed.slice(headBytes + i * eventBytes, headBytes + (i + 1) * eventBytes),
    ),
    head: packed.slice(-headBytes),
  };
}
