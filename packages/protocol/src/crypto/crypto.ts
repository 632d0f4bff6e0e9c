/**
 * The strict face of cryptography: every acceptance rule in one place, the same over every provider. Not a library
 * of primitives, and not a source of randomness: seeds, secrets and nonces are arguments.
 */
import { type Bytes, concat, fromHex, noBytes, readUint } from "../bytes.ts";
import type { Provider } from "./provider.ts";

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const signatureBytes = 64;
const hashBytes = 32;

/** Lengths in bytes. What comes from a stranger is refused as a value; what only we can get wrong throws. */
export interface Crypto {
  readonly provider: string;
  /** Ed25519 public key (32) of a seed (32). */
  signPublic(seed: Bytes): Bytes;
  /** Ed25519 signature (64), RFC 8032. */
  sign(seed: Bytes, message: Bytes): Bytes;
  /** Strict Ed25519: see `createCrypto`. False for anything else; never throws. */
  verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean;
  /** Whether a key is worth pinning: 32 bytes, canonical y, not of small order. Says nothing about who holds it. */
  isStrictPublicKey(publicKey: Bytes): boolean;
  /** X25519 public key (32) of a secret (32), RFC 7748. */
  agreePublic(secret: Bytes): Bytes;
  /** X25519 shared secret (32); undefined for a wrong length and for an all-zero result (point of small order). */
  agree(secret: Bytes, publicKey: Bytes): Bytes | undefined;
  /** ChaCha20/Poly1305 (RFC 8439): key 32, nonce 12; ciphertext followed by its tag (16). A nonce must never repeat. */
  seal(key: Bytes, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes;
  /** The plaintext, or undefined when anything about it is wrong. */
  open(key: Bytes, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes | undefined;
  /** SHA-256. */
  hash(message: Bytes): Bytes;
  /** HMAC-SHA-256. */
  mac(key: Bytes, message: Bytes): Bytes;
  /** HKDF-Extract with SHA-256, RFC 5869. */
  extract(salt: Bytes, input: Bytes): Bytes;
  /** HKDF-Expand with SHA-256, RFC 5869: `length` bytes, at most 8,160. */
  expand(prk: Bytes, info: Bytes, length: number): Bytes;
  /** Equality in time that depends on the lengths only. For tags, digests and anything secret. */
  same(a: Bytes, b: Bytes): boolean;
}

/** A constant of the curve as it is encoded, little-endian. A mistyped one fails the vectors. */
const constant = (digits: string): Bytes => fromHex(digits) as Bytes;

/** p = 2^255 - 19, and L = 2^252 + 27742317777372353535851937790883648493, the order of the base point. */
const fieldPrime = constant("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
const groupOrder = constant("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/** The y of every point whose order divides 8, canonically encoded: orders 4, 1, 2, and twice 8. */
const smallOrderYs: readonly Bytes[] = [
  constant("0000000000000000000000000000000000000000000000000000000000000000"),
  constant("0100000000000000000000000000000000000000000000000000000000000000"),
  constant("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  constant("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
  constant("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
];

/** Whether a 32-byte little-endian number is below a bound. Of public numbers only: returns at the first difference. */
function isBelow(number: Bytes, bound: Bytes): boolean {
  for (let i = keyBytes - 1; i >= 0; i--) {
    const digit = readUint(number, i, 1);
    const limit = readUint(bound, i, 1);
    if (digit !== limit) return digit < limit;
  }
  return false;
}

/** y of an encoded point: the encoding without its sign bit. */
function yOf(point: Bytes): Bytes {
  const y = new Uint8Array(point);
  y[keyBytes - 1] = readUint(y, keyBytes - 1, 1) & 0x7f;
  return y;
}

/** Equality without an early return. */
function same(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  // No branch inside, not even one for a byte that might be missing: both lengths are i's bound.
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Comparing with the sign bit masked is what catches `01…80` and `ec ff…ff`, the same points under another name. */
function hasSmallOrder(point: Bytes): boolean {
  const y = yOf(point);
  return smallOrderYs.some((known) => same(y, known));
}

function isStrictPublicKey(publicKey: Bytes): boolean {
  if (publicKey.length !== keyBytes) return false;
  if (!isBelow(yOf(publicKey), fieldPrime)) return false;
  if (hasSmallOrder(publicKey)) return false;
  return true;
}

/** Only our own code chooses these lengths, so a wrong one is a bug. */
function demand(what: string, bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what}: ${bytes.length} bytes instead of ${length}`);
}

/**
 * The strict face over a provider.
 *
 * `verify` accepts what RFC 8032 accepts without its options: lengths, S < L (else anybody can turn a signature into
 * another valid one), canonical y of A and of R, A not of small order (else one signature fits every message), and
 * then the cofactorless equation. An R of small order is not refused: only the holder of the key can make one that
 * verifies, and RFC 8032 and FIPS 186-5 accept it.
 */
export function createCrypto(provider: Provider): Crypto {
  function verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
    if (publicKey.length !== keyBytes) return false;
    if (signature.length !== signatureBytes) return false;
    const r = signature.subarray(0, keyBytes);
    const s = signature.subarray(keyBytes);
    if (!isBelow(s, groupOrder)) return false;
    if (!isStrictPublicKey(publicKey)) return false;
    if (!isBelow(yOf(r), fieldPrime)) return false;
    try {
      return provider.ed25519Verify(publicKey, message, signature);
    } catch {
      return false; // a provider that throws at a stranger's bytes must not take the lock down
    }
  }

  function agree(secret: Bytes, publicKey: Bytes): Bytes | undefined {
    if (secret.length !== keyBytes) return undefined;
    if (publicKey.length !== keyBytes) return undefined;
    let shared: Bytes;
    try {
      shared = provider.x25519(secret, publicKey);
    } catch {
      return undefined; // how OpenSSL reports an all-zero result
    }
    if (same(shared, new Uint8Array(keyBytes))) return undefined;
    return shared;
  }

  function expand(prk: Bytes, info: Bytes, length: number): Bytes {
    if (!Number.isInteger(length) || length < 0 || length > 255 * hashBytes) {
      throw new RangeError(`HKDF cannot expand to ${length} bytes`);
    }
    const output = new Uint8Array(length);
    let block = noBytes;
    for (let at = 0, counter = 1; at < length; at += hashBytes, counter++) {
      block = provider.hmacSha256(prk, concat(block, info, new Uint8Array([counter])));
      output.set(block.subarray(0, length - at), at);
    }
    return output;
  }

  return {
    provider: provider.name,
    signPublic(seed: Bytes): Bytes {
      demand("seed", seed, keyBytes);
      return provider.ed25519Public(seed);
    },
    sign(seed: Bytes, message: Bytes): Bytes {
      demand("seed", seed, keyBytes);
      return provider.ed25519Sign(seed, message);
    },
    verify,
    isStrictPublicKey,
    agreePublic(secret: Bytes): Bytes {
      demand("secret", secret, keyBytes);
      return provider.x25519Public(secret);
    },
    agree,
    seal(key: Bytes, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes {
      demand("key", key, keyBytes);
      demand("nonce", nonce, nonceBytes);
      return provider.aeadSeal(key, nonce, aad, plaintext);
    },
    open(key: Bytes, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes | undefined {
      demand("key", key, keyBytes);
      if (nonce.length !== nonceBytes) return undefined;
      if (sealed.length < tagBytes) return undefined;
      return provider.aeadOpen(key, nonce, aad, sealed);
    },
    hash: (message: Bytes): Bytes => provider.sha256(message),
    mac: (key: Bytes, message: Bytes): Bytes => provider.hmacSha256(key, message),
    extract: (salt: Bytes, input: Bytes): Bytes => provider.hmacSha256(salt, input),
    expand,
    same,
  };
}
