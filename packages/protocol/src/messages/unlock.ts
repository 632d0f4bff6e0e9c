/**
 * unlock-start, unlock and unlocked: a phone asks a lock to open, over a handshake of its own.
 *
 *   prologue       ctx(16, lockId, epoch)
 *   unlock-start   Noise_NK_25519_ChaChaPoly_SHA256, both messages with empty payloads         48 bytes each
 *   unlock         AEAD(toResponder, nonce 0, no AAD, [capability, action, signature])        224 bytes with its tag
 *   signature      the device's key over ctx(18, h, action); h: the hash of the finished handshake
 *   unlocked       AEAD(toInitiator, nonce 0, no AAD, code u8 | detail u32)                    21 bytes with its tag
 *
 * One unlock to a handshake. Every answer has the same length: the air does not tell whether a door opened.
 */

import { type Bytes, readUint, writeUint } from "../bytes.ts";
import { constant, fixedBytes, type ShapeValue, shape, someBytes } from "../cbor/schema.ts";
import { context } from "../crypto/context.ts";
import {
  accept,
  type RefusalName,
  type Refused,
  refusalByCode,
  refusals,
  refuse,
  type Verdict,
} from "../refusal.ts";
import { capabilityBytesMax } from "./capability.ts";
import { messageCatalog } from "./catalog.ts";
import { signatureBytes } from "./commission.ts";

/** What a device may ask for; the number is signed. */
export const unlockAction = 1;

export const unlockRequest = shape("unlock", {
  capability: someBytes(1, capabilityBytesMax),
  action: constant(unlockAction),
  signature: fixedBytes(signatureBytes),
});

export type UnlockRequest = ShapeValue<typeof unlockRequest>;

/** What the device signs: this handshake, and so this lock, this epoch and this moment; and what it wants. */
export function unlockSigned(handshakeHash: Bytes, action: number): Bytes {
  return context(messageCatalog.unlocked.type, handshakeHash, action);
}

/** What became of it. */
export type Unlocked =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly refusal: RefusalName; readonly detail: number };

export const unlockedBytes = 5;
const openedCode = 0;

export function packUnlocked(answer: "opened" | Pick<Refused, "refusal" | "detail">): Bytes {
  const bytes = new Uint8Array(unlockedBytes);
  if (answer === "opened") return bytes;
  const { code } = refusals[answer.refusal];
  // What is only a local name says the least on the air.
  writeUint(bytes, 0, 1, code === openedCode ? refusals.REJECTED.code : code);
  writeUint(bytes, 1, 4, answer.detail ?? 0);
  return bytes;
}

/** REJECTED (`unlocked/shape`) for another length, an unknown number, or an opening with a detail. */
export function unpackUnlocked(bytes: Bytes): Verdict<Unlocked> {
  if (bytes.length !== unlockedBytes) return refuse("REJECTED", "unlocked/shape");
  const code = readUint(bytes, 0, 1);
  const detail = readUint(bytes, 1, 4);
  if (code === openedCode && detail === 0) return accept({ kind: "opened" });
  const refusal = refusalByCode(code);
  if (refusal === undefined) return refuse("REJECTED", "unlocked/shape");
  return accept({ kind: "refused", refusal, detail });
}
