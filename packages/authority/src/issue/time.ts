/**
 * What time it is, for one lock that asked. A function of its arguments: the clock is the caller's, and who may ask is
 * decided where requests come in.
 */
import { type Bytes, type Crypto, issueTime, type LockName, nonceBytes } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";

/** A lock's nonce as a courier brings it. */
export interface TimeAsked {
  readonly epoch: number;
  /** 16 bytes, from the lock's hello. */
  readonly nonce: Bytes;
}

/** The token (message 5) for `now`, seconds since 1970. NOT_COMMISSIONED when the lock is of another epoch. */
export function timeToken(
  crypto: Crypto,
  timeSeed: Bytes,
  name: LockName,
  asked: TimeAsked,
  now: number,
): Decision<Bytes> {
  if (asked.epoch !== name.epoch) return deny("NOT_COMMISSIONED", `epoch ${asked.epoch}`);
  if (asked.nonce.length !== nonceBytes) throw new RangeError(`a nonce of ${asked.nonce.length} bytes`);
  return grant(issueTime(crypto, timeSeed, name, asked.nonce, now));
}
