/**
 * HPKE (RFC 9180), base mode, single shot, one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
 * It says for whom, never from whom: who sealed must be shown by what is inside. The ephemeral secret is lent.
 */
import { ascii, type Bytes, concat, noBytes } from "../bytes.ts";
import type { Crypto } from "./crypto.ts";

const keyBytes = 32;
const nonceBytes = 12;
const aeadTagBytes = 16;

/** Bytes that sealing adds: the encapsulated key and the AEAD's tag. */
export const hpkeOverheadBytes: number = keyBytes + aeadTagBytes;

const version = ascii("HPKE-v1");
const modeBase = new Uint8Array([0]);
/** kem_id 0x0020; then kdf_id 0x0001 and aead_id 0x0003. */
const kemSuite = concat(ascii("KEM"), new Uint8Array([0x00, 0x20]));
const hpkeSuite = concat(ascii("HPKE"), new Uint8Array([0x00, 0x20, 0x00, 0x01, 0x00, 0x03]));

/** `enc 32 | ciphertext | tag 16`. `ephemeral`: 32 fresh random bytes. Throws when the public key has small order. */
export function sealHpke(
  crypto: Crypto,
  recipient: Bytes,
  ephemeral: Bytes,
  info: Bytes,
  aad: Bytes,
  plaintext: Bytes,
): Bytes {
  const enc = crypto.agreePublic(ephemeral);
  const shared = crypto.agree(ephemeral, recipient);
  if (shared === undefined) throw new RangeError("hpke: the pinned key has small order");
  const { key, nonce } = schedule(crypto, shared, concat(enc, recipient), info);
  return concat(enc, crypto.seal(key, nonce, aad, plaintext));
}

/** The plaintext, or undefined when anything about it is wrong. `secret`: the recipient's 32 bytes. */
export function openHpke(
  crypto: Crypto,
  secret: Bytes,
  info: Bytes,
  aad: Bytes,
  sealed: Bytes,
): Bytes | undefined {
  if (sealed.length < hpkeOverheadBytes) return undefined;
  const enc = sealed.slice(0, keyBytes);
  const shared = crypto.agree(secret, enc);
  if (shared === undefined) return undefined;
  const { key, nonce } = schedule(crypto, shared, concat(enc, crypto.agreePublic(secret)), info);
  return crypto.open(key, nonce, aad, sealed.slice(keyBytes));
}

/** ExtractAndExpand of the KEM (section 4.1), then KeySchedule without a psk (section 5.1). */
function schedule(
  crypto: Crypto,
  dh: Bytes,
  kemContext: Bytes,
  info: Bytes,
): { readonly key: Bytes; readonly nonce: Bytes } {
  const extract = (suite: Bytes, salt: Bytes, label: string, input: Bytes): Bytes =>
    crypto.extract(salt, concat(version, suite, ascii(label), input));
  const expand = (suite: Bytes, prk: Bytes, label: string, context: Bytes, length: number): Bytes =>
    crypto.expand(prk, concat(new Uint8Array([0, length]), version, suite, ascii(label), context), length);

  const prk = extract(kemSuite, noBytes, "eae_prk", dh);
  const shared = expand(kemSuite, prk, "shared_secret", kemContext, keyBytes);
  const context = concat(
    modeBase,
    extract(hpkeSuite, noBytes, "psk_id_hash", noBytes),
    extract(hpkeSuite, noBytes, "info_hash", info),
  );
  const secret = extract(hpkeSuite, shared, "secret", noBytes);
  return {
    key: expand(hpkeSuite, secret, "key", context, keyBytes),
    nonce: expand(hpkeSuite, secret, "base_nonce", context, nonceBytes),
  };
}
