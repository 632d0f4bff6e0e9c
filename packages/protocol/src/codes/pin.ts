/**
 * Codes as people type them, and the keyed tags that stand for them in a table. Codes are digit strings, never
 * numbers: 0042 is not 42. Who may choose a code, and which lengths a property allows, is the authority's policy.
 */

import { ascii, type Bytes, concat } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { codeDigitsMax } from "../limits.ts";
import { tagBytes } from "./item.ts";

/** Lengths a doorcode may have; the daily doorcode has a length of its own, so the two never meet. */
export const codeLengths = [4, 6] as const;
export type CodeLength = (typeof codeLengths)[number];
export const dailyCodeLength = 7;

export type WeakCode = "not-digits" | "wrong-length" | "all-same" | "consecutive";

/**
 * Why a code may not be used, by the literal reading of the house rules: 4 or 6 ASCII digits, not one digit
 * repeated throughout, not a run up or down throughout (24 of 10,000 and 20 of 1,000,000 are refused).
 */
export function weakCode(digits: string): WeakCode | undefined {
  if (!/^[0-9]*$/.test(digits)) return "not-digits";
  if (!codeLengths.some((length) => length === digits.length)) return "wrong-length";
  const steps = new Set<number>();
  for (let i = 1; i < digits.length; i++) steps.add(digits.charCodeAt(i) - digits.charCodeAt(i - 1));
  const [step] = steps;
  if (steps.size === 1 && step === 0) return "all-same";
  if (steps.size === 1 && (step === 1 || step === -1)) return "consecutive";
  return undefined;
}

/**
 * The 16-byte tag of a code on one lock: HMAC-SHA-256(pinKey, "pin1" | length | digits), cut to 16 bytes. The same
 * code gives the same tag on this lock (so a table shows duplicates) and another one on every other lock.
 */
export function pinTag(crypto: Crypto, pinKey: Bytes, digits: string): Bytes {
  if (!/^[0-9]+$/.test(digits) || digits.length > codeDigitsMax)
    throw new RangeError("a code is 1 to 8 ASCII digits");
  return keyedTag(crypto, pinKey, "pin1", ascii(digits));
}

/** The tag of a keycard by the bytes it answers with. */
export function cardTag(crypto: Crypto, pinKey: Bytes, card: Bytes): Bytes {
  return keyedTag(crypto, pinKey, "card", card);
}

/** The tag of an app's device key (Ed25519 public key, 32 bytes). */
export function appTag(crypto: Crypto, pinKey: Bytes, deviceKey: Bytes): Bytes {
  return keyedTag(crypto, pinKey, "app1", deviceKey);
}

function keyedTag(crypto: Crypto, key: Bytes, label: string, value: Bytes): Bytes {
  return crypto.mac(key, concat(ascii(label), new Uint8Array([value.length]), value)).slice(0, tagBytes);
}
