/**
 * commission: a factory-fresh lock and its authority meet once, through any phone, by
 * Noise_NNpsk0_25519_ChaChaPoly_SHA256 under the setup secret printed with the lock.
 *
 *   prologue       "doorsync/1 commission"
 *   psk            HKDF-SHA-256(secret 16, "doorsync/1 setup psk"), 32 bytes
 *   tag            HKDF-SHA-256(secret 16, "doorsync/1 setup tag"), 8 bytes: how the factory hello shows the lock
 *   message 1      e | AEAD([1, lockId 16, tag 8, epoch, issuedAt, root, table, capability, time, box])
 *   message 2      e | AEAD([sign, dh, signature by sign over ctx(10, lockId, epoch) | h1])      h1: hash after message 1
 *   keys           HKDF-Expand(HKDF-Extract(h, k1 | k2), "doorsync/1 key " + name, 32)
 *
 * The phone must not know the secret; whoever does can stand in the middle of a first meeting.
 */

import { ascii, type Bytes, concat, fromHex, noBytes, toHex } from "../bytes.ts";
import { constant, fixedBytes, type ShapeValue, shape, uint } from "../cbor/schema.ts";
import { context } from "../crypto/context.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { secondsMax, versionMax } from "../limits.ts";
import { messageCatalog } from "./catalog.ts";
import { lockTagBytes } from "./hello.ts";

export const lockIdBytes = 16;
export const keyBytes = 32;
export const signatureBytes = 64;
export const setupSecretBytes = 16;

export const commissionPrologue: Bytes = ascii("doorsync/1 commission");

export const commissionOffer = shape("commission-offer", {
  format: constant(1),
  lockId: fixedBytes(lockIdBytes),
  /** The tag under which the lock shows itself from now on; random, so that it tells nothing. */
  tag: fixedBytes(lockTagBytes),
  epoch: uint(versionMax),
  issuedAt: uint(secondsMax),
  root: fixedBytes(keyBytes),
  table: fixedBytes(keyBytes),
  capability: fixedBytes(keyBytes),
  time: fixedBytes(keyBytes),
  box: fixedBytes(keyBytes),
});

export type CommissionOffer = Omit<ShapeValue<typeof commissionOffer>, "format">;

export const commissionReply = shape("commission-reply", {
  sign: fixedBytes(keyBytes),
  dh: fixedBytes(keyBytes),
  signature: fixedBytes(signatureBytes),
});

export type CommissionReply = ShapeValue<typeof commissionReply>;

/** What the lock signs in its reply: its new name and the offer it answers (whose ephemeral key makes it fresh). */
export function commissionSigned(lockId: Bytes, epoch: number, offerHash: Bytes): Bytes {
  return concat(context(messageCatalog.commission.type, lockId, epoch), offerHash);
}

/** The label on the box: 128 secret bits, and the tag by which the lock is found before it has an owner. */
export interface Setup {
  readonly secret: Bytes;
}

export function setupPsk(crypto: Crypto, setup: Setup): Bytes {
  return crypto.expand(crypto.extract(noBytes, setup.secret), ascii("doorsync/1 setup psk"), 32);
}

export function setupTag(crypto: Crypto, setup: Setup): Bytes {
  return crypto.expand(crypto.extract(noBytes, setup.secret), ascii("doorsync/1 setup tag"), lockTagBytes);
}

/** `DOORSYNC:1:<tag, 16 hex digits>:<secret, 32 hex digits>`, for a label, a QR code or a vendor's file. */
export function formatSetup(crypto: Crypto, setup: Setup): string {
  return `DOORSYNC:1:${toHex(setupTag(crypto, setup))}:${toHex(setup.secret)}`;
}

/** The setup of such a text, or undefined when it is another text or a digit was mistyped (the tag must match). */
export function parseSetup(crypto: Crypto, text: string): Setup | undefined {
  const match = /^DOORSYNC:1:([0-9a-f]{16}):([0-9a-f]{32})$/i.exec(text.trim());
  const secret = match?.[2] === undefined ? undefined : fromHex(match[2]);
  if (match?.[1] === undefined || secret === undefined) return undefined;
  const setup: Setup = { secret };
  return toHex(setupTag(crypto, setup)) === match[1].toLowerCase() ? setup : undefined;
}
