/**
 * Both halves of an unlock by app, from the handshake to the sealed answer. The phone proves, for this one handshake,
 * that it holds the key that the authority's capability names; the lock proves who it is by finishing the handshake at
 * all. Who may open, and when, is the table's to say: the firmware judges the device's key as it judges a keycard.
 */

import { type Bytes, copy, noBytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { createHandshake, type Handshake } from "../crypto/noise.ts";
import { splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { handshakeSecondsMax } from "../limits.ts";
import { capabilityBytesMax, decodeClaims } from "../messages/capability.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { keyBytes } from "../messages/commission.ts";
import {
  packUnlocked,
  type Unlocked,
  unlockAction,
  unlockRequest,
  unlockSigned,
  unpackUnlocked,
} from "../messages/unlock.ts";
import { accept, type Refused, refuse, type Verdict } from "../refusal.ts";
import { isShortLived } from "./capability.ts";
import { isAgreementKey, type LockName, type LockTrust, signedContext } from "./trust.ts";

const { "unlock-start": startRow, unlock: unlockRow } = messageCatalog;

/** A finished handshake: its name, and one key for one message in each direction. */
export interface Channel {
  /** h, 32 bytes. */
  readonly hash: Bytes;
  readonly toResponder: Bytes;
  readonly toInitiator: Bytes;
}

/** What a phone must know of a lock beforehand. */
export interface DoorKey {
  readonly name: LockName;
  /** The lock's X25519 public key, 32 bytes: by it alone the phone knows whom it talks to. */
  readonly dh: Bytes;
}

/** Each key seals one message in its life, so its nonce is always the first. */
const onlyNonce = new Uint8Array(12);

/** What both sides agree on before the first byte: wire version, lock and epoch. */
function prologueOf(name: LockName): Bytes {
  return signedContext(startRow.type, name);
}

// ---- The phone ----

/**
 * Message 16. `ephemeral`: 32 fresh random bytes, for this handshake alone; the same bytes give the same message.
 * MALFORMED (`unlock/dh`) where the door's key is none: somebody handed it to the phone.
 */
export function startUnlock(crypto: Crypto, door: DoorKey, ephemeral: Bytes): Verdict<Bytes> {
  const begun = started(crypto, door, ephemeral);
  return begun.ok ? accept(begun.value.message) : begun;
}

export interface UnlockAsked {
  /** Message 17. */
  readonly message: Bytes;
  /** Opens the lock's answer. */
  readonly answerKey: Bytes;
}

/**
 * Message 17, from the lock's answer to `startUnlock` with the same ephemeral secret. REJECTED (`noise/*`) when
 * whatever answered does not hold that lock's key, or is in another epoch; MALFORMED (`unlock/*`) where what the phone
 * was given is not of its form.
 */
export function askUnlock(
  crypto: Crypto,
  door: DoorKey,
  ephemeral: Bytes,
  reply: Bytes,
  device: { readonly capability: Bytes; readonly seed: Bytes },
): Verdict<UnlockAsked> {
  const { capability, seed } = device;
  const isOfLength = capability.length >= 1 && capability.length <= capabilityBytesMax;
  if (!isOfLength) return refuse("MALFORMED", "unlock/capability");
  if (seed.length !== keyBytes) return refuse("MALFORMED", "unlock/seed");
  const begun = started(crypto, door, ephemeral);
  if (!begun.ok) return begun;
  const { handshake } = begun.value;
  const payload = handshake.read(reply);
  if (!payload.ok) return payload;
  const { hash, toResponder, toInitiator } = finished(handshake);
  const request = unlockRequest.encode({
    capability,
    action: unlockAction,
    signature: crypto.sign(seed, unlockSigned(hash, unlockAction)),
  });
  const message = crypto.seal(toResponder, onlyNonce, noBytes, request);
  return accept({ message, answerKey: toInitiator });
}

/** What the lock answered, or REJECTED when this handshake's lock did not. */
export function readUnlocked(crypto: Crypto, answerKey: Bytes, body: Bytes): Verdict<Unlocked> {
  const opened = crypto.open(answerKey, onlyNonce, noBytes, body);
  return opened === undefined ? refuse("REJECTED", "unlocked/seal") : unpackUnlocked(opened);
}

function started(
  crypto: Crypto,
  door: DoorKey,
  ephemeral: Bytes,
): Verdict<{ readonly handshake: Handshake; readonly message: Bytes }> {
  if (door.dh.length !== keyBytes || !isAgreementKey(crypto, door.dh))
    return refuse("MALFORMED", "unlock/dh");
  const prologue = prologueOf(door.name);
  const handshake = createHandshake(crypto, "NK", "initiator", {
    prologue,
    ephemeral,
    remoteStatic: door.dh,
  });
  return accept({ handshake, message: handshake.write(noBytes) });
}

function finished(handshake: Handshake): Channel {
  return { hash: handshake.hash, ...handshake.split() };
}

// ---- The lock ----

/** `ephemeral`: 32 fresh random bytes. REJECTED (`noise/*`) unless the phone knows this lock, in this epoch. */
export function acceptUnlockStart(
  crypto: Crypto,
  lock: { readonly name: LockName; readonly dhSecret: Bytes },
  ephemeral: Bytes,
  message: Bytes,
): Verdict<{ readonly reply: Bytes; readonly channel: Channel }> {
  // Before any key is derived: what cannot be a handshake costs nothing.
  if (message.length < startRow.toLock) return refuse("REJECTED", "noise/short");
  const prologue = prologueOf(lock.name);
  const keys = { prologue, ephemeral, staticSecret: lock.dhSecret };
  const handshake = createHandshake(crypto, "NK", "responder", keys);
  const payload = handshake.read(message);
  if (!payload.ok) return payload;
  const reply = handshake.write(noBytes);
  return accept({ reply, channel: finished(handshake) });
}

/** The handshake that an unlock came over, and what the lock knows when it comes. */
export interface UnlockMet {
  readonly channel: Channel;
  /** Since the handshake ended. */
  readonly elapsedSeconds: number;
  /** Version of the table in force. */
  readonly version: number;
  /** Whether the lock waits for a snapshot: its table is missing, damaged, or of an epoch before. */
  readonly snapshotOnly: boolean;
  /** What time it may be; `upper` is infinite when the clock was lost. */
  readonly time: { readonly lower: number; readonly upper: number };
}

/**
 * Q1 a young handshake, Q2 the seal, Q3 the record, Q4 COSE_Sign1, Q5 signature by the capability key: REJECTED. Q6 the
 * claims, short-lived, Q7 a device key worth pinning, Q8 the device's signature over this handshake, Q9 surely begun and
 * not over, by either bound: DENIED. Q10 a table as new as it asks for (SYNC_FIRST, the held version), Q11 surely
 * within its time (TIME_NEEDED).
 *
 * The device's key that is left is nobody's yet: the table says whose it is, and whether it opens.
 */
export function acceptUnlock(
  crypto: Crypto,
  trust: LockTrust,
  met: UnlockMet,
  message: Bytes,
): Verdict<{ readonly deviceKey: Bytes }> {
  if (met.elapsedSeconds > handshakeSecondsMax) return refuse("REJECTED", "Q1");
  const opened = crypto.open(met.channel.toResponder, onlyNonce, noBytes, message);
  if (opened === undefined) return refuse("REJECTED", "Q2");
  const request = unlockRequest.decode(opened, unlockRow.toLock);
  if (!request.ok) return refuse("REJECTED", "Q3");
  const { capability, action, signature } = request.value;
  const parts = splitSign1(capability, capabilityBytesMax);
  if (!parts.ok) return refuse("REJECTED", "Q4");
  const context = signedContext(unlockRow.type, trust.name);
  if (!verifySign1(crypto, trust.authority.capability, context, parts.value)) {
    return refuse("REJECTED", "Q5");
  }
  const claims = decodeClaims(parts.value.payload);
  if (!claims.ok || !isShortLived(claims.value)) return refuse("DENIED", "Q6");
  const { deviceKey, notBefore, notAfter, minTableVersion } = claims.value;
  if (!crypto.isStrictPublicKey(deviceKey)) return refuse("DENIED", "Q7");
  const signed = unlockSigned(met.channel.hash, action);
  if (!crypto.verify(deviceKey, signed, signature)) return refuse("DENIED", "Q8");
  const { lower, upper } = met.time;
  if (upper < notBefore || lower >= notAfter) return refuse("DENIED", "Q9");
  if (met.snapshotOnly || met.version < minTableVersion) return refuse("SYNC_FIRST", "Q10", met.version);
  // Either bound: what a token would settle is no reason to be sent away for good.
  if (lower < notBefore || upper >= notAfter) return refuse("TIME_NEEDED", "Q11");
  return accept({ deviceKey: copy(deviceKey) });
}

/** Message 18: the lock's answer, of one length whatever it says. `answerKey`: the handshake's `toInitiator`. */
export function sealUnlocked(
  crypto: Crypto,
  answerKey: Bytes,
  answer: "opened" | Pick<Refused, "refusal" | "detail">,
): Bytes {
  return crypto.seal(answerKey, onlyNonce, noBytes, packUnlocked(answer));
}
