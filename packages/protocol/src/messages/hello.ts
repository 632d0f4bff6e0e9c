/**
 * hello: the first question of every visit and its answer. Unauthenticated: a hint that may raise a courier's
 * priority, never end its wish to sync.
 *
 *   request  empty | 01 (a nonce for a time token is wanted)
 *   answer   [protocol, tag 8, epoch, version, flags, resume, nonce 16 where asked]    17 bytes at version 1,042
 */

import { type Bytes, noBytes } from "../bytes.ts";
import { constant, fixedBytes, listOf, optional, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { versionMax } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { messageCatalog } from "./catalog.ts";
import { flagsMax } from "./condition.ts";

export const protocolVersion = 1;
export const nonceBytes = 16;
export const lockTagBytes = 8;

/** Bits of `flags`, beside those of condition.ts; unknown bits are ignored by a courier. */
export const helloFlags = {
  /** No owner yet: waits for a commission under the printed setup secret. */
  factory: 1,
  /** Wants a snapshot: commissioned but empty, or damaged. */
  wantsSnapshot: 2,
  /** The table in flash did not match the secure element; no code of it opens. */
  damaged: 4,
  /** The clock was lost, or may have drifted by minutes; a time token would help. */
  wantsTime: 8,
} as const;

const helloShape = shape("hello", {
  protocol: constant(protocolVersion),
  /** 8 bytes by which couriers find parcels for this lock. */
  tag: fixedBytes(lockTagBytes),
  epoch: uint(versionMax),
  version: uint(versionMax),
  flags: uint(flagsMax),
  /** Empty, or [to, next chunk] of a half-received stream. */
  resume: listOf(uint(versionMax), 2),
  nonce: optional(fixedBytes(nonceBytes)),
});

export type Hello = ShapeValue<typeof helloShape>;

export function encodeHello(hello: Hello): Bytes {
  return helloShape.encode(hello);
}

/** MALFORMED for other bytes, another protocol version included: the first element says it, so UNSUPPORTED there. */
export function readHello(body: Bytes): Verdict<Hello> {
  const hello = helloShape.decode(body, messageCatalog.hello.toPhone);
  // 0x86/0x87: array of six or seven; then the protocol number as one byte.
  if (!hello.ok && (body[0] === 0x86 || body[0] === 0x87) && (body[1] ?? 0) !== protocolVersion) {
    return refuse("UNSUPPORTED", "hello/protocol");
  }
  if (hello.ok && hello.value.resume.length === 1) return refuse("MALFORMED", "hello/resume");
  return hello;
}

export function encodeHelloRequest(wantsNonce: boolean): Bytes {
  return wantsNonce ? new Uint8Array([1]) : noBytes;
}

/** Whether a nonce is wanted, or REJECTED for any other body. */
export function readHelloRequest(body: Bytes): Verdict<boolean> {
  if (body.length === 0) return accept(false);
  return body.length === 1 && body[0] === 1 ? accept(true) : refuse("REJECTED", "hello/request");
}
