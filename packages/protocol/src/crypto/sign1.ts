/**
 * COSE_Sign1 (RFC 9052, section 4.2) in the one shape this protocol speaks: untagged, Ed25519 as algorithm -8 in the
 * protected header, empty unprotected header, payload inside. Not a COSE library: nothing here is negotiated.
 */
import { type Bytes, concat, copy, equal, readUint } from "../bytes.ts";
import { encode } from "../cbor/codec.ts";
import { scan } from "../cbor/scan.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import type { Crypto } from "./crypto.ts";

export interface Sign1Parts {
  readonly payload: Bytes;
  /** 64 bytes. */
  readonly signature: Bytes;
}

/** {1: -8}, alg EdDSA; the key is pinned, so no key id travels. */
const protectedHeader: Bytes = new Uint8Array([0xa1, 0x01, 0x27]);

/** Array of four, the protected header as a byte string, an empty map. */
const opening: Bytes = concat(new Uint8Array([0x84, 0x43]), protectedHeader, new Uint8Array([0xa0]));

/** Head of a byte string of 64, the signature. */
const signatureHead: Bytes = new Uint8Array([0x58, 0x40]);

/** Sig_structure of RFC 9052, section 4.4: the bytes that are signed. */
export function sigStructure(bodyProtected: Bytes, externalAad: Bytes, payload: Bytes): Bytes {
  return encode(["Signature1", bodyProtected, externalAad, payload]);
}

/** Signs; the result is the whole COSE_Sign1. */
export function sign1(crypto: Crypto, seed: Bytes, externalAad: Bytes, payload: Bytes): Bytes {
  const signature = crypto.sign(seed, sigStructure(protectedHeader, externalAad, payload));
  return encode([protectedHeader, new Map(), payload, signature]);
}

/** Where a byte string's content starts and ends, its head being at `at`; undefined for another type of item. */
function byteString(bytes: Bytes, at: number): { readonly start: number; readonly end: number } | undefined {
  const head = bytes[at];
  if (head === undefined || head >> 5 !== 2) return undefined;
  const width = ({ 24: 1, 25: 2, 26: 4 } as const)[head & 31];
  // The scan has passed: a length of eight bytes would be longer than any message.
  if (width === undefined) return { start: at + 1, end: at + 1 + (head & 31) };
  const start = at + 1 + width;
  return { start, end: start + readUint(bytes, at + 1, width) };
}

/**
 * Takes a stranger's COSE_Sign1 apart without believing any of it. MALFORMED for bytes outside the profile, over
 * `bytesMax`, or of any other shape. The parts are copies.
 */
export function splitSign1(bytes: Bytes, bytesMax: number): Verdict<Sign1Parts> {
  const scanned = scan(bytes, bytesMax);
  if (!scanned.ok) return scanned;
  if (!equal(bytes.subarray(0, opening.length), opening)) return refuse("MALFORMED", "sign1/headers");
  const payload = byteString(bytes, opening.length);
  if (payload === undefined) return refuse("MALFORMED", "sign1/payload");
  const signatureAt = payload.end + signatureHead.length;
  const head = bytes.subarray(payload.end, signatureAt);
  if (!equal(head, signatureHead)) return refuse("MALFORMED", "sign1/signature");
  // The scan saw one array of four and nothing after it, so what is left is the signature, all 64 bytes of it.
  return accept({
    payload: copy(bytes.subarray(payload.start, payload.end)),
    signature: copy(bytes.subarray(signatureAt)),
  });
}

/** Whether the holder of `publicKey` signed this payload under this context. */
export function verifySign1(
  crypto: Crypto,
  publicKey: Bytes,
  externalAad: Bytes,
  parts: Sign1Parts,
): boolean {
  return crypto.verify(publicKey, sigStructure(protectedHeader, externalAad, parts.payload), parts.signature);
}
