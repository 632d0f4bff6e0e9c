/**
 * The authority's half of a capability: leave for one device to ask one lock to open. What a lock makes of it is in
 * unlock.ts.
 */

import type { Bytes } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { sign1 } from "../crypto/sign1.ts";
import { capabilityHoursMax } from "../limits.ts";
import { type CapabilitySaid, encodeClaims } from "../messages/capability.ts";
import { messageCatalog } from "../messages/catalog.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type LockName, signedContext } from "./trust.ts";

/**
 * Signs. REJECTED (`issue/device-key`) for a device key that is not worth pinning: under one of small order anybody's
 * signature fits (T42). Throws RangeError when it would begin at its end or later, or live longer than 72 hours.
 *
 * `notBefore` should lie well before now: a lock's clock may be behind, and one that cannot tell asks for the time.
 */
export function issueCapability(
  crypto: Crypto,
  capabilitySeed: Bytes,
  name: LockName,
  said: CapabilitySaid,
): Verdict<Bytes> {
  if (!crypto.isStrictPublicKey(said.deviceKey)) return refuse("REJECTED", "issue/device-key");
  if (!isShortLived(said)) throw new RangeError(`a capability lives 1 second to ${capabilityHoursMax} hours`);
  const context = signedContext(messageCatalog.unlock.type, name);
  return accept(sign1(crypto, capabilitySeed, context, encodeClaims(said)));
}

/** Both sides hold a capability to this. */
export function isShortLived({ notBefore, notAfter }: CapabilitySaid): boolean {
  return notBefore < notAfter && notAfter - notBefore <= capabilityHoursMax * 3_600;
}
