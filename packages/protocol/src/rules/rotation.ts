/**
 * Both halves of a rotation of the authority's keys. It is the one thing the root key signs, and the only way back
 * after a theft of the keys that work online. Table, log and the keys shared since commissioning stay.
 */

import type { Bytes } from "../bytes.ts";
import { context } from "../crypto/context.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { sign1, splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { updateBytesMax, versionLeapMax } from "../limits.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { type RotationSaid, rotationPayload } from "../messages/rotation.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type AuthorityPublic, isAgreementKey, type LockTrust } from "./trust.ts";

const { type } = messageCatalog.rotation;

/** External AAD of a rotation: the lock alone, because the epoch is what it changes. */
export function rotationContext(lockId: Bytes): Bytes {
  return context(type, lockId);
}

/** Message 11 for one lock. `said` is what the lock shall pin from now on. */
export function issueRotation(crypto: Crypto, rootSeed: Bytes, lockId: Bytes, said: RotationSaid): Bytes {
  return sign1(crypto, rootSeed, rotationContext(lockId), rotationPayload.encode(said));
}

export interface AcceptedRotation {
  readonly epoch: number;
  readonly issuedAt: number;
  /** What the lock believes once this is durable: the new keys, and the root that signed for them. */
  readonly authority: AuthorityPublic;
}

/**
 * N1 length, strict CBOR and COSE_Sign1, N2 shape, N3 an epoch of 1 to the held one + 65,536, N4 signature by the
 * pinned root key, N5 an epoch past the held one (STALE), N6 keys worth pinning (BODY_INVALID). Up to N4 REJECTED.
 */
export function acceptRotation(crypto: Crypto, trust: LockTrust, message: Bytes): Verdict<AcceptedRotation> {
  const parts = splitSign1(message, updateBytesMax);
  if (!parts.ok) return refuse("REJECTED", "N1");
  const said = rotationPayload.decode(parts.value.payload, updateBytesMax);
  if (!said.ok) return refuse("REJECTED", "N2");
  const { epoch, issuedAt, ...online } = said.value;
  const { lockId, epoch: held } = trust.name;
  if (epoch === 0 || epoch > held + versionLeapMax) return refuse("REJECTED", "N3");
  const { root } = trust.authority;
  if (!verifySign1(crypto, root, rotationContext(lockId), parts.value)) return refuse("REJECTED", "N4");
  if (epoch <= held) return refuse("STALE", "N5");
  const { table, capability, time, box } = online;
  const isWorthPinning =
    [table, capability, time].every((key) => crypto.isStrictPublicKey(key)) && isAgreementKey(crypto, box);
  if (!isWorthPinning) return refuse("BODY_INVALID", "N6");
  return accept({ epoch, issuedAt, authority: { root, ...online } });
}
