/**
 * The lock's two short answers during a delivery: which chunk it wants next, and a refusal with its number.
 *
 *   next     [to, index]
 *   refusal  [code] | [code, detail]
 */

import type { Bytes } from "../bytes.ts";
import { optional, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { integerMax, versionMax } from "../limits.ts";
import { type Refused, refusals, type Verdict } from "../refusal.ts";
import { messageCatalog } from "./catalog.ts";

const nextShape = shape("next", {
  to: uint(versionMax),
  /** Chunks before this one are committed; acknowledgement is cumulative. */
  index: uint(0xffff),
});

export type Next = ShapeValue<typeof nextShape>;

export function encodeNext(next: Next): Bytes {
  return nextShape.encode(next);
}

export function readNext(body: Bytes): Verdict<Next> {
  return nextShape.decode(body, messageCatalog.next.toPhone);
}

const refusalShape = shape("refusal", {
  code: uint(0xff),
  detail: optional(uint(integerMax)),
});

export type RefusalSaid = ShapeValue<typeof refusalShape>;

/** Only number and detail leave the lock; the failed check's name stays inside. */
export function encodeRefusal(refused: Refused): Bytes {
  // What is only a local name says the least on the air.
  const code = refusals[refused.refusal].code === 0 ? refusals.REJECTED.code : refusals[refused.refusal].code;
  return refusalShape.encode(refused.detail === undefined ? { code } : { code, detail: refused.detail });
}

export function readRefusal(body: Bytes): Verdict<RefusalSaid> {
  return refusalShape.decode(body, messageCatalog.refusal.toPhone);
}
