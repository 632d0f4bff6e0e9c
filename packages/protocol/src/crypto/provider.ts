/**
 * What a crypto library has to lend: raw, synchronous primitives. Not the face that others call, and not to be
 * trusted with judging input: lengths, canonical encodings and small orders are judged in `crypto.ts`, once, so that
 * every provider accepts exactly the same bytes.
 */
import type { Bytes } from "../bytes.ts";

/**
 * Lengths are checked before a call: keys, seeds and secrets 32 bytes, nonces 12, signatures 64. Results have their
 * own buffer and alias neither the input nor a pool. No operation may draw randomness.
 */
export interface Provider {
  readonly name: string;
  /** RFC 8032 public key of a 32-byte seed. */
  ed25519Public(seed: Bytes): Bytes;
  /** RFC 8032 signature, 64 bytes. */
  ed25519Sign(seed: Bytes, message: Bytes): Bytes;
  /** Cofactorless (the equation SB = R + hA, compared encoded); need not be strict about anything else. */
  ed25519Verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean;
  /** RFC 7748: the secret times the base point. */
  x25519Public(secret: Bytes): Bytes;
  /** RFC 7748; for points of small order it may return zeros or throw. */
  x25519(secret: Bytes, publicKey: Bytes): Bytes;
  /** ChaCha20/Poly1305, RFC 8439: ciphertext followed by the 16-byte tag. */
  aeadSeal(key: Bytes, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes;
  /** The plaintext, or undefined when the tag does not match; `sealed` has at least 16 bytes. */
  aeadOpen(key: Bytes, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes | undefined;
  sha256(message: Bytes): Bytes;
  /** HMAC-SHA-256, RFC 2104; a key of any length, also none. */
  hmacSha256(key: Bytes, message: Bytes): Bytes;
}
