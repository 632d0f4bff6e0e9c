/**
 * Trust as a value that is passed in: whose keys count, for which lock, in which epoch. No rule finds a key by
 * itself, and none keeps one.
 */

import { ascii, type Bytes, concat } from "../bytes.ts";
import { context } from "../crypto/context.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { keyBytes } from "../messages/commission.ts";
import { sivBytes } from "../messages/manifest.ts";

/** Which lock, in which commissioning generation. Both are bound into every signature and sent in none. */
export interface LockName {
  /** 16 random bytes. */
  readonly lockId: Bytes;
  readonly epoch: number;
}

/** Symmetric keys that one lock and its authority share, 32 bytes each, from the commissioning handshake. */
export interface LockKeys {
  readonly update: Bytes;
  readonly iv: Bytes;
  readonly pin: Bytes;
  readonly digest: Bytes;
  readonly state: Bytes;
  readonly daily: Bytes;
  readonly log: Bytes;
}

export const lockKeyNames = ["update", "iv", "pin", "digest", "state", "daily", "log"] as const;

/** The authority's public keys, one per purpose: a key of one purpose verifies nothing of another. */
export interface AuthorityPublic {
  readonly root: Bytes;
  readonly table: Bytes;
  readonly capability: Bytes;
  readonly time: Bytes;
  /** X25519, for sealing the event log. */
  readonly box: Bytes;
}

/** All that a lock believes. */
export interface LockTrust {
  readonly name: LockName;
  readonly authority: AuthorityPublic;
  readonly keys: LockKeys;
}

/** All that an authority needs to speak to one lock. */
export interface AuthorityLock {
  readonly name: LockName;
  readonly keys: LockKeys;
}

/** The keys that a finished commissioning handshake gives both sides. */
export function deriveLockKeys(crypto: Crypto, handshakeHash: Bytes, k1: Bytes, k2: Bytes): LockKeys {
  const prk = crypto.extract(handshakeHash, concat(k1, k2));
  const key = (name: (typeof lockKeyNames)[number]): Bytes =>
    crypto.expand(prk, ascii(`doorsync/1 key ${name}`), keyBytes);
  return {
    update: key("update"),
    iv: key("iv"),
    pin: key("pin"),
    digest: key("digest"),
    state: key("state"),
    daily: key("daily"),
    log: key("log"),
  };
}

/** Whether an X25519 public key is worth pinning: no point of small order, with which nothing can be sealed. */
export function isAgreementKey(crypto: Crypto, publicKey: Bytes): boolean {
  // Secrets are clamped to multiples of the cofactor, so any one of them tells.
  return crypto.agree(new Uint8Array(keyBytes), publicKey) !== undefined;
}

/** External AAD of what a message's signature covers: type, lock and epoch; then what the message is bound to. */
export function signedContext(type: number, name: LockName, ...bound: readonly (number | Bytes)[]): Bytes {
  return context(type, name.lockId, name.epoch, ...bound);
}

/**
 * IV of a sealed body, synthetic: HMAC-SHA-256(K_iv, ctx(type, lock, epoch, to) | body), cut to 12 bytes. Re-issuing a
 * version with other content changes it, so a restored backup cannot repeat a nonce, and no randomness is needed.
 */
export function bodyIv(crypto: Crypto, keys: LockKeys, sealContext: Bytes, body: Bytes): Bytes {
  return crypto.mac(keys.iv, concat(sealContext, body)).slice(0, 12);
}

/** Name of a stream by its content: re-signed manifests of the same items share key, chunks and progress. */
export function streamSiv(crypto: Crypto, lock: AuthorityLock, to: number, items: Bytes): Bytes {
  return crypto
    .mac(lock.keys.iv, concat(signedContext(messageCatalog.manifest.type, lock.name, to), items))
    .slice(0, sivBytes);
}

export function chunkKey(crypto: Crypto, keys: LockKeys, siv: Bytes): Bytes {
  return crypto.expand(crypto.extract(siv, keys.update), ascii("doorsync/1 chunk"), keyBytes);
}

/** The chunk's index as a nonce: one key seals one stream, so no index comes twice under it. */
export function chunkNonce(index: number): Bytes {
  const nonce = new Uint8Array(12);
  nonce[10] = index >> 8;
  nonce[11] = index & 0xff;
  return nonce;
}
