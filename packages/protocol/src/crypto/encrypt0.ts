/**
 * COSE_Encrypt0 (RFC 9052, section 5.2) with ChaCha20/Poly1305 (algorithm 24, RFC 9053), as an item inside another
 * record. Not a message of its own: what it is bound to comes as external AAD, and who sent it from a signature.
 */
import { type Bytes, equal } from "../bytes.ts";
import { type CborValue, encode } from "../cbor/codec.ts";
import { type Field, fixedBytes, someBytes } from "../cbor/schema.ts";
import { messageBytesMax } from "../limits.ts";
import type { Crypto } from "./crypto.ts";

export interface Encrypt0 {
  /** 12 bytes, never twice under one key. */
  readonly iv: Bytes;
  /** At least its tag of 16 bytes. */
  readonly ciphertext: Bytes;
}

const ivField: Field<Bytes> = fixedBytes(12);
const ciphertextField: Field<Bytes> = someBytes(16, messageBytesMax);

/** {1: 24}, alg ChaCha20/Poly1305. */
const protectedHeader: Bytes = new Uint8Array([0xa1, 0x01, 0x18, 0x18]);

/** The header parameter "IV". */
const ivLabel = 5;

/** Enc_structure of RFC 9052, section 5.3: the AAD of the cipher. */
export function encStructure(bodyProtected: Bytes, externalAad: Bytes): Bytes {
  return encode(["Encrypt0", bodyProtected, externalAad]);
}

/** `[h'a1011818', {5: iv}, ciphertext]`, exactly. */
export const encrypt0Field: Field<Encrypt0> = {
  name: "COSE_Encrypt0",
  toCbor: (value: Encrypt0): CborValue => [
    protectedHeader,
    new Map([[ivLabel, ivField.toCbor(value.iv)]]),
    ciphertextField.toCbor(value.ciphertext),
  ],
  fromCbor(value: CborValue): Encrypt0 | undefined {
    if (!Array.isArray(value) || value.length !== 3) return undefined;
    const [header, unprotected, third] = value as [CborValue, CborValue, CborValue];
    if (!(header instanceof Uint8Array) || !equal(header, protectedHeader)) return undefined;
    if (!(unprotected instanceof Map) || unprotected.size !== 1) return undefined;
    const iv = ivField.fromCbor(unprotected.get(ivLabel));
    const ciphertext = ciphertextField.fromCbor(third);
    if (iv === undefined || ciphertext === undefined) return undefined;
    return { iv, ciphertext };
  },
};

/** Seals under `key` (32) and `iv` (12, never twice under one key). */
export function sealEncrypt0(
  crypto: Crypto,
  key: Bytes,
  iv: Bytes,
  externalAad: Bytes,
  plaintext: Bytes,
): Encrypt0 {
  return { iv, ciphertext: crypto.seal(key, iv, encStructure(protectedHeader, externalAad), plaintext) };
}

/** The plaintext, or undefined when key, context or ciphertext are not the ones that were sealed. */
export function openEncrypt0(
  crypto: Crypto,
  key: Bytes,
  externalAad: Bytes,
  sealed: Encrypt0,
): Bytes | undefined {
  return crypto.open(key, sealed.iv, encStructure(protectedHeader, externalAad), sealed.ciphertext);
}
