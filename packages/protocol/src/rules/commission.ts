/**
 * Both halves of a commissioning: how a lock and its authority come to trust each other, once. The courier carries
 * two messages it can neither read nor alter. The phase (factory, provisional, owned) is the firmware's to keep.
 */

import { ascii, type Bytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { createHandshake, type Handshake } from "../crypto/noise.ts";
import { updateBytesMax } from "../limits.ts";
import {
  type CommissionOffer,
  commissionOffer,
  commissionPrologue,
  commissionReply,
  commissionSigned,
  keyBytes,
  type Setup,
  setupPsk,
} from "../messages/commission.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type AuthorityPublic, deriveLockKeys, isAgreementKey, type LockKeys } from "./trust.ts";

/** The lock's two public keys: receipts are signed by `sign`, unlock sessions are met by `dh`. */
export interface LockPublic {
  readonly sign: Bytes;
  readonly dh: Bytes;
}

/** What the authority offers a lock, and the ephemeral secret (32 random bytes) it keeps until the reply. */
export interface Commission {
  readonly setup: Setup;
  readonly ephemeral: Bytes;
  readonly offer: CommissionOffer;
}

/** Message 1, 252 bytes at epoch 1. The same commission gives the same bytes, so it may be sent again. */
export function issueCommission(crypto: Crypto, commission: Commission): Bytes {
  return startOffer(crypto, commission).message;
}

/** The authority's end. REJECTED unless the lock that holds this setup secret answered this very offer. */
export function finishCommission(
  crypto: Crypto,
  commission: Commission,
  reply: Bytes,
): Verdict<{ readonly lockPublic: LockPublic; readonly keys: LockKeys }> {
  const { handshake } = startOffer(crypto, commission);
  const { lockId, epoch } = commission.offer;
  const signed = commissionSigned(lockId, epoch, handshake.hash);
  const payload = handshake.read(reply);
  if (!payload.ok) return payload;
  const said = commissionReply.decode(payload.value, updateBytesMax);
  if (!said.ok) return refuse("REJECTED", "M2/shape");
  const { sign, dh, signature } = said.value;
  if (!crypto.verify(sign, signed, signature)) return refuse("REJECTED", "M2/signature");
  // Phones will pin it, and know the lock by nothing else: with such a key anybody could answer in the lock's place.
  if (!isAgreementKey(crypto, dh)) return refuse("REJECTED", "M2/dh");
  return accept({ lockPublic: { sign, dh }, keys: finalKeys(crypto, handshake) });
}

/** A lock that may be commissioned, as it stands. */
export interface Commissionable {
  readonly setup: Setup;
  /** Greatest epoch this lock was ever commissioned in; 0 for a new one. */
  readonly lastEpoch: number;
  /** 32 fresh random bytes: ephemeral key and the lock's new identity come from them. */
  readonly entropy: Bytes;
}

/** What a lock is after commissioning, and its reply. The reply may leave only after all this is durable. */
export interface AcceptedCommission {
  readonly offer: CommissionOffer;
  readonly authority: AuthorityPublic;
  readonly keys: LockKeys;
  readonly signSeed: Bytes;
  readonly dhSecret: Bytes;
  readonly reply: Bytes;
}

/**
 * The lock's end. M1: the psk opens the offer (before any Diffie-Hellman); M2: its shape; M3: a new epoch; M4: the
 * authority's keys are keys. All REJECTED.
 */
export function acceptCommission(
  crypto: Crypto,
  lock: Commissionable,
  message: Bytes,
): Verdict<AcceptedCommission> {
  const prk = crypto.extract(ascii("doorsync/1 identity"), lock.entropy);
  const secret = (label: string): Bytes => crypto.expand(prk, ascii(label), keyBytes);
  const handshake = createHandshake(crypto, "NNpsk0", "responder", {
    prologue: commissionPrologue,
    ephemeral: secret("ephemeral"),
    psk: setupPsk(crypto, lock.setup),
  });
  const payload = handshake.read(message);
  if (!payload.ok) return payload;
  const said = commissionOffer.decode(payload.value, updateBytesMax);
  if (!said.ok) return refuse("REJECTED", "M2");
  const { format: _, ...offer } = said.value;
  if (offer.epoch <= lock.lastEpoch) return refuse("REJECTED", "M3");
  const { root, table, capability, time, box } = offer;
  if (![root, table, capability, time].every((key) => crypto.isStrictPublicKey(key)))
    return refuse("REJECTED", "M4");
  if (!isAgreementKey(crypto, box)) return refuse("REJECTED", "M4");

  const signSeed = secret("sign");
  const dhSecret = secret("dh");
  const signature = crypto.sign(signSeed, commissionSigned(offer.lockId, offer.epoch, handshake.hash));
  const sign = crypto.signPublic(signSeed);
  const reply = handshake.write(
    commissionReply.encode({ sign, dh: crypto.agreePublic(dhSecret), signature }),
  );
  const authority: AuthorityPublic = { root, table, capability, time, box };
  return accept({ offer, authority, keys: finalKeys(crypto, handshake), signSeed, dhSecret, reply });
}

function startOffer(
  crypto: Crypto,
  commission: Commission,
): { readonly handshake: Handshake; readonly message: Bytes } {
  const handshake = createHandshake(crypto, "NNpsk0", "initiator", {
    prologue: commissionPrologue,
    ephemeral: commission.ephemeral,
    psk: setupPsk(crypto, commission.setup),
  });
  return { handshake, message: handshake.write(commissionOffer.encode({ ...commission.offer, format: 1 })) };
}

function finalKeys(crypto: Crypto, handshake: Handshake): LockKeys {
  const { toResponder, toInitiator } = handshake.split();
  return deriveLockKeys(crypto, handshake.hash, toResponder, toInitiator);
}
