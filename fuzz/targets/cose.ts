/**
 * Any bytes as COSE_Sign1 and as COSE_Encrypt0: there is one spelling of each, the parts are copies, and nothing that
 * was not signed verifies.
 */
import { concat, equal } from "../../packages/protocol/src/bytes.ts";
import { decode, encode } from "../../packages/protocol/src/cbor/codec.ts";
import { encrypt0Field, openEncrypt0 } from "../../packages/protocol/src/crypto/encrypt0.ts";
import { splitSign1, verifySign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { messageBytesMax } from "../../packages/protocol/src/limits.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { reached } from "../cast/reached.ts";

/** Of a seed that signs nothing: whatever verifies under it was not signed. */
const publicKey = crypto.signPublic(new Uint8Array(32).fill(7));
const sealKey = new Uint8Array(32).fill(8);
const aad = Uint8Array.of(1);
const alg = Uint8Array.of(0xa1, 0x01, 0x27);

export function fuzz(data: Buffer): void {
  const bytes = new Uint8Array(data);
  const parts = splitSign1(bytes, messageBytesMax);
  if (parts.ok) {
    reached("cose: a COSE_Sign1");
    const { payload, signature } = parts.value;
    hold(signature.length === 64, "a signature is 64 bytes");
    hold(equal(encode([alg, new Map(), payload, signature]), bytes), "P15: COSE_Sign1 has one spelling");
    hold(payload.buffer !== bytes.buffer && signature.buffer !== bytes.buffer, "parts are copies");
    hold(!verifySign1(crypto, publicKey, aad, parts.value), "P3: nothing verifies that was not signed");
  } else {
    hold(/^(cbor|sign1)\//.test(parts.check), "P16: every refusal has a name");
  }

  const value = decode(bytes, messageBytesMax);
  const sealed = value.ok ? encrypt0Field.fromCbor(value.value) : undefined;
  if (sealed === undefined) return;
  reached("cose: a COSE_Encrypt0");
  hold(equal(encode(encrypt0Field.toCbor(sealed)), bytes), "P15: COSE_Encrypt0 has one spelling");
  hold(openEncrypt0(crypto, sealKey, aad, sealed) === undefined, "P3: nothing opens that was not sealed");
  hold(equal(concat(sealed.iv, sealed.ciphertext).subarray(0, 12), sealed.iv), "an iv is 12 bytes");
}
