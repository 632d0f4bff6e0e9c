/**
 * A provider that costs next to nothing and keeps nothing secret: what is left of a session's time is everything but
 * cryptography. Different inputs still give different outputs, or no table would be told from another.
 */
import type { Provider } from "@doorsync/protocol/authority";

type Bytes = Uint8Array;

/** Four lanes of multiply and rotate over whole words of both strings; a checksum, no more. */
function mixed(length: number, ...parts: readonly Bytes[]): Bytes {
  let a = 0x243f6a88;
  let b = 0x85a308d3;
  for (const part of parts) {
    let at = 0;
    for (; at + 3 < part.length; at += 4) {
      const word =
        (part[at] ?? 0) |
        ((part[at + 1] ?? 0) << 8) |
        ((part[at + 2] ?? 0) << 16) |
        ((part[at + 3] ?? 0) << 24);
      a = Math.imul(a ^ word, 0x9e3779b1);
      b = (Math.imul(b, 0x85ebca6b) ^ ((a << 13) | (a >>> 19))) | 0;
    }
    for (; at < part.length; at++) a = Math.imul(a ^ (part[at] ?? 0), 0x01000193);
    b = Math.imul(b ^ part.length ^ a, 0xc2b2ae35);
  }
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    a = Math.imul(a ^ (a >>> 15) ^ b, 0x2c1b3c6d);
    b = (b + a) | 0;
    out[at] = a;
    out[at + 1] = a >>> 8;
    out[at + 2] = a >>> 16;
    out[at + 3] = a >>> 24;
  }
  return out;
}

/** Below p and below the order of the group, whatever it is taken for. */
function small(bytes: Bytes): Bytes {
  bytes[31] = (bytes[31] ?? 0) & 0x0f;
  return bytes;
}

const tagBytes = 16;
/** Whoever knows the public key can sign: that is what makes it free. */
const signed = (publicKey: Bytes, message: Bytes): Bytes => {
  const signature = mixed(64, publicKey, message);
  signature[31] = (signature[31] ?? 0) & 0x0f;
  signature[63] = (signature[63] ?? 0) & 0x0f;
  return signature;
};
const publicOf = (secret: Bytes): Bytes => small(mixed(32, secret));

function isSame(a: Bytes, b: Bytes): boolean {
  for (let at = 0; at < b.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

export const nullCrypto: Provider = {
  name: "null",
  ed25519Public: publicOf,
  ed25519Sign: (seed, message) => signed(publicOf(seed), message),
  ed25519Verify: (publicKey, message, signature) => isSame(signature, signed(publicKey, message)),
  x25519Public: publicOf,
  x25519(secret, publicKey) {
    const ours = publicOf(secret);
    const sum = new Uint8Array(32);
    for (let at = 0; at < 32; at++) sum[at] = (ours[at] ?? 0) + (publicKey[at] ?? 0);
    return mixed(32, sum);
  },
  aeadSeal(key, nonce, aad, plaintext) {
    const sealed = new Uint8Array(plaintext.length + tagBytes);
    sealed.set(plaintext);
    sealed.set(mixed(tagBytes, key, nonce, aad, plaintext), plaintext.length);
    return sealed;
  },
  aeadOpen(key, nonce, aad, sealed) {
    const plaintext = sealed.slice(0, -tagBytes);
    return isSame(sealed.subarray(-tagBytes), mixed(tagBytes, key, nonce, aad, plaintext))
      ? plaintext
      : undefined;
  },
  sha256: (message) => mixed(32, message),
  hmacSha256: (key, message) => mixed(32, key, message),
};
