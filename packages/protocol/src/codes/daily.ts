/**
 * The daily doorcode: seven digits that lock and authority derive for one local day. Nothing of it is stored: a table
 * enables it by a credential with an all-zero tag under a rule of class dailyCode. Who may open by it, and when yesterday's
 * still counts, is judged at the door.
 */

import type { Bytes } from "../bytes.ts";
import { encode } from "../cbor/codec.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { dailyCodeLength } from "./pin.ts";

export interface DailyCodeOf {
  /** `dailyGeneration` of the settings: raising it ends every code given out before. */
  readonly generation: number;
  /** Id of the credential that enables it. */
  readonly slot: number;
  /** Local day, as `localDay` counts them. */
  readonly day: number;
}

const secondsPerDay = 86_400;

/** Whole local days since 1970-01-01, local time being `seconds` (UTC, since 1970) + `offsetMinutes`. */
export function localDay(seconds: number, offsetMinutes: number): number {
  return Math.floor((seconds + offsetMinutes * 60) / secondsPerDay);
}

/**
 * Seven ASCII digits: HMAC-SHA-256(dailyKey, cbor(["doorsync/1 daily", generation, slot, day])), truncated as RFC 4226,
 * section 5.3, does it (RFC 6238 for the longer MAC), modulo 10^7.
 */
export function dailyCode(crypto: Crypto, dailyKey: Bytes, of: DailyCodeOf): string {
  const mac = crypto.mac(dailyKey, encode(["doorsync/1 daily", of.generation, of.slot, of.day]));
  const at = (mac.at(-1) ?? 0) & 0x0f;
  const [first = 0, ...rest] = mac.subarray(at, at + 4);
  const truncated = rest.reduce((value, byte) => value * 256 + byte, first & 0x7f);
  return String(truncated % 10 ** dailyCodeLength).padStart(dailyCodeLength, "0");
}
