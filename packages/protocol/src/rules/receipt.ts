/**
 * Both halves of a receipt. The lock issues one only from durable state; the authority ends "pending" on nothing
 * else; a courier checks it before it shows a person that the door is done.
 */

import type { Bytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { sign1, splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { type ReceiptSaid, receiptPayload } from "../messages/receipt.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type LockName, signedContext } from "./trust.ts";

const { type, toPhone: receiptBytesMax } = messageCatalog.receipt;

/** The lock's signed word. The caller vouches that `said` is what flash and secure element hold now. */
export function issueReceipt(crypto: Crypto, signSeed: Bytes, name: LockName, said: ReceiptSaid): Bytes {
  return sign1(crypto, signSeed, signedContext(type, name), receiptPayload.encode(said));
}

/**
 * R1 COSE_Sign1, R2 signature by this lock in this epoch, R3 shape. Any failure is REJECTED: a receipt from before a
 * reset, of another lock, or from a courier's imagination are one thing. Receipts are cumulative; a replayed one
 * proves again what it always proved.
 */
export function acceptReceipt(
  crypto: Crypto,
  name: LockName,
  lockKey: Bytes,
  message: Bytes,
): Verdict<ReceiptSaid> {
  const parts = splitSign1(message, receiptBytesMax);
  if (!parts.ok) return refuse("REJECTED", "R1");
  if (!verifySign1(crypto, lockKey, signedContext(type, name), parts.value)) return refuse("REJECTED", "R2");
  const said = receiptPayload.decode(parts.value.payload, receiptBytesMax);
  return said.ok ? accept(said.value) : refuse("REJECTED", "R3");
}
