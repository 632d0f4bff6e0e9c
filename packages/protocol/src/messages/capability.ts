/**
 * capability: the authority's leave for one device to ask one lock to open, for a short while. A CWT (RFC 8392) bound to
 * the device's key by `cnf` (RFC 8747). Not a credential: who may open, and when, is the lock's table's to say.
 *
 *   COSE_Sign1(claims), kCapability, external AAD ctx(17, lockId, epoch)        138 bytes at minTableVersion 1,042
 *   claims  {4: exp, 5: nbf, 8: {1: {1: 1, -1: 6, -2: device key 32}}, -65537: minTableVersion}
 *
 * Issuer and audience travel in no claim: the pinned key and the external AAD say them. Nor does an id: a lock keeps
 * nothing of a capability, and what ends one early is the table.
 */
import { type Bytes, equal } from "../bytes.ts";
import { type CborValue, decode, encode } from "../cbor/codec.ts";
import { fixedBytes, uint } from "../cbor/schema.ts";
import { splitSign1 } from "../crypto/sign1.ts";
import { secondsMax, versionMax } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { keyBytes } from "./commission.ts";

/** The longest capability, in bytes; inside message 17, and as an app keeps it. */
export const capabilityBytesMax = 160;

/** Registered claims of CWT, and one for private use. */
const claims = { exp: 4, nbf: 5, cnf: 8, minTableVersion: -65_537 } as const;
/** The confirmation method COSE_Key, and of such a key: type OKP, curve Ed25519, x. */
const coseKeyMethod = 1;
const coseKey = { kty: [1, 1], crv: [-1, 6], x: -2 } as const;

/** `notBefore` is inclusive, `notAfter` exclusive; seconds since 1970 UTC. */
export interface CapabilitySaid {
  readonly notBefore: number;
  readonly notAfter: number;
  /** Ed25519 public key (32 bytes) whose holder the leave is given to. */
  readonly deviceKey: Bytes;
  /** The lock must hold this version, or a later one, before it opens. */
  readonly minTableVersion: number;
}

const seconds = uint(secondsMax);
const version = uint(versionMax);
const key = fixedBytes(keyBytes);

/** The claims as they are signed. Throws RangeError on values outside their fields: the authority's own mistake. */
export function encodeClaims(said: CapabilitySaid): Bytes {
  const { kty, crv, x } = coseKey;
  const confirmed = new Map<number, CborValue>([kty, crv, [x, key.toCbor(said.deviceKey)]]);
  return encode(
    new Map<number, CborValue>([
      [claims.exp, seconds.toCbor(said.notAfter)],
      [claims.nbf, seconds.toCbor(said.notBefore)],
      [claims.cnf, new Map([[coseKeyMethod, confirmed]])],
      [claims.minTableVersion, version.toCbor(said.minTableVersion)],
    ]),
  );
}

/** What the claims say, or MALFORMED: another claim, a missing one, a key of another kind. Believes nothing. */
export function decodeClaims(bytes: Bytes): Verdict<CapabilitySaid> {
  const decoded = decode(bytes, capabilityBytesMax);
  if (!decoded.ok) return decoded;
  const read = (field: { fromCbor(value: CborValue): unknown }, value: CborValue | undefined) =>
    value === undefined ? undefined : field.fromCbor(value);
  const map = mapOf(decoded.value);
  const confirmed = mapOf(mapOf(map?.get(claims.cnf))?.get(coseKeyMethod));
  const said = {
    notBefore: read(seconds, map?.get(claims.nbf)),
    notAfter: read(seconds, map?.get(claims.exp)),
    deviceKey: read(key, confirmed?.get(coseKey.x)),
    minTableVersion: read(version, map?.get(claims.minTableVersion)),
  };
  if (Object.values(said).includes(undefined)) return refuse("MALFORMED", "capability/claims");
  // One spelling: whatever else is in there (a claim, a member of the key, another curve) makes other bytes.
  const whole = said as CapabilitySaid;
  return equal(encodeClaims(whole), bytes) ? accept(whole) : refuse("MALFORMED", "capability/claims");
}

/** What a capability claims, for the app that keeps it: how long it is good for. Nothing of it is verified. */
export function readCapability(capability: Bytes): Verdict<CapabilitySaid> {
  const parts = splitSign1(capability, capabilityBytesMax);
  return parts.ok ? decodeClaims(parts.value.payload) : parts;
}

function mapOf(value: CborValue | undefined): ReadonlyMap<number, CborValue> | undefined {
  return value instanceof Map ? value : undefined;
}
