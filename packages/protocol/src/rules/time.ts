/**
 * Both halves of a time token. It may raise the lock's signed floor, so it is bound to one nonce, one lock and a
 * short while; a stolen time key cannot push a lock out of service for ever.
 */

import type { Bytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { sign1, splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { timeLeapDaysMax, tokenAgeSecondsMax } from "../limits.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { timePayload } from "../messages/time-token.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type LockName, type LockTrust, signedContext } from "./trust.ts";

const { type, toLock: tokenBytesMax } = messageCatalog.time;

/** The authority's answer to a lock's nonce (16 bytes, from hello). `seconds` since 1970. */
export function issueTime(
  crypto: Crypto,
  timeSeed: Bytes,
  name: LockName,
  nonce: Bytes,
  seconds: number,
): Bytes {
  return sign1(crypto, timeSeed, signedContext(type, name, nonce), timePayload.encode({ seconds }));
}

export interface TimeAsked {
  /** The one live nonce; the caller forgets it after this call, whatever comes of it. */
  readonly nonce: Bytes;
  /** Since the nonce was sent. */
  readonly elapsedSeconds: number;
  /** Greatest time the authority ever signed to this lock. */
  readonly floorSeconds: number;
  /** issuedAt of the table in force. */
  readonly tableIssuedAt: number;
}

/**
 * K1 age of the nonce, K2 COSE_Sign1, K3 signature by the time key over this nonce, K4 shape, K5 not below the signed
 * floor (STALE), K6 not more than 400 days past the newest table (EXPIRED). The lower bound is then `seconds`, the
 * upper `seconds` + elapsed.
 */
export function acceptTime(
  crypto: Crypto,
  trust: LockTrust,
  asked: TimeAsked,
  message: Bytes,
): Verdict<number> {
  if (asked.elapsedSeconds > tokenAgeSecondsMax) return refuse("REJECTED", "K1");
  const parts = splitSign1(message, tokenBytesMax);
  if (!parts.ok) return refuse("REJECTED", "K2");
  if (!verifySign1(crypto, trust.authority.time, signedContext(type, trust.name, asked.nonce), parts.value)) {
    return refuse("REJECTED", "K3");
  }
  const said = timePayload.decode(parts.value.payload, tokenBytesMax);
  if (!said.ok) return refuse("REJECTED", "K4");
  const { seconds } = said.value;
  if (seconds < asked.floorSeconds) return refuse("STALE", "K5");
  if (seconds > asked.tableIssuedAt + timeLeapDaysMax * 86_400) return refuse("EXPIRED", "K6");
  return accept(seconds);
}
