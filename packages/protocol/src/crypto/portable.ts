/**
 * The provider that runs anywhere JavaScript does: tweetnacl for the curves, @noble for ChaCha20/Poly1305, SHA-256 and
 * HMAC. Not strict: tweetnacl alone accepts S >= L and keys of small order, and returns all-zero secrets.
 *
 * Of tweetnacl only functions of their arguments are used. Nothing here may call `randomBytes`, `keyPair()` or
 * `box`: the protocol takes entropy as an argument. Its PRNG is left as found, because the host may use it too.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import nacl from "tweetnacl";
import type { Bytes } from "../bytes.ts";
import type { Provider } from "./provider.ts";

export const portable: Provider = {
  name: "portable",
  ed25519Public: (seed: Bytes): Bytes => nacl.sign.keyPair.fromSeed(seed).publicKey,
  ed25519Sign: (seed: Bytes, message: Bytes): Bytes =>
    nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(seed).secretKey),
  ed25519Verify: (publicKey: Bytes, message: Bytes, signature: Bytes): boolean =>
    nacl.sign.detached.verify(message, signature, publicKey),
  x25519Public: (secret: Bytes): Bytes => nacl.scalarMult.base(secret),
  x25519: (secret: Bytes, publicKey: Bytes): Bytes => nacl.scalarMult(secret, publicKey),
  aeadSeal: (key: Bytes, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes =>
    chacha20poly1305(key, nonce, aad).encrypt(plaintext),
  aeadOpen(key: Bytes, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes | undefined {
    try {
      return chacha20poly1305(key, nonce, aad).decrypt(sealed);
    } catch {
      return undefined; // the library's only word for a wrong tag; lengths were checked before
    }
  },
  sha256: (message: Bytes): Bytes => sha256(message),
  hmacSha256: (key: Bytes, message: Bytes): Bytes => hmac(sha256, key, message),
};
