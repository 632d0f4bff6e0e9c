/**
 * Ideal signatures and key agreement for a simulated world: who holds the seed can sign, who holds one of two secrets
 * can agree, and nobody else can, because only this provider tells. Hashes, MACs and AEAD are the real ones of the
 * provider underneath. Some fifty times as fast as curves, and worthless outside one world: public keys hide nothing.
 */
import { ascii, type Bytes, concat, copy, equal, fromHex, type Provider } from "@doorsync/protocol/lock";

const keyBytes = 32;

const labels = {
  signPublic: ascii("ideal signing key"),
  sign: ascii("ideal signature"),
  agreePublic: ascii("ideal agreement key"),
  agree: ascii("ideal shared secret"),
};

/** u of every point of small order on Curve25519 and on its twist, with p and p + 1, which are 0 and 1. */
const smallOrderUs: readonly (Bytes | undefined)[] = [
  fromHex("0000000000000000000000000000000000000000000000000000000000000000"),
  fromHex("0100000000000000000000000000000000000000000000000000000000000000"),
  fromHex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
  fromHex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
  fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  fromHex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
];

/** The bytes with some bits of the last one cleared: below p, or below the order of the group. */
function below(bytes: Bytes, lastByteMask: number): Bytes {
  const masked = copy(bytes);
  masked[keyBytes - 1] = (masked[keyBytes - 1] ?? 0) & lastByteMask;
  return masked;
}

/** X25519 ignores the highest bit of u, and five bits of a secret. */
function significant(publicKey: Bytes): Bytes {
  return below(publicKey, 0x7f);
}

function clamped(secret: Bytes): Bytes {
  const bits = below(secret, 0x3f);
  bits[0] = (bits[0] ?? 0) & 0xf8;
  return bits;
}

function nameOf(bytes: Bytes): string {
  let name = "";
  for (const byte of bytes) name += String.fromCharCode(byte);
  return name;
}

function comesFirst(a: Bytes, b: Bytes): boolean {
  for (let at = 0; at < keyBytes; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/**
 * A provider for one world. A signature is what the holder of the seed would say, so `ed25519Verify` is true exactly
 * for what the seed of that key signs or would sign, as with Ed25519, which is deterministic too. A key is known once
 * its public half was asked for or it has signed; under any other key nothing verifies. Its keys and signatures pass
 * the strict checks of `createCrypto` (y below p, S below the group's order), and points of small order agree to zero.
 */
export function idealSignatures(real: Provider): Provider {
  const publicBySeed = new Map<string, Bytes>();
  const seedByPublic = new Map<string, Bytes>();
  const publicBySecret = new Map<string, Bytes>();

  function signPublic(seed: Bytes): Bytes {
    const name = nameOf(seed);
    const known = publicBySeed.get(name);
    if (known !== undefined) return known;
    const made = below(real.hmacSha256(seed, labels.signPublic), 0x3f);
    publicBySeed.set(name, made);
    seedByPublic.set(nameOf(made), copy(seed));
    return made;
  }

  function sign(seed: Bytes, message: Bytes): Bytes {
    const r = below(real.hmacSha256(seed, concat(labels.sign, message)), 0x3f);
    return concat(r, below(r, 0x0f)); // S need not be another number: the whole is compared
  }

  function agreePublic(secret: Bytes): Bytes {
    const name = nameOf(secret);
    const known = publicBySecret.get(name);
    if (known !== undefined) return known;
    const made = below(real.hmacSha256(clamped(secret), labels.agreePublic), 0x3f);
    publicBySecret.set(name, made);
    return made;
  }

  return {
    ...real,
    name: `ideal over ${real.name}`,
    ed25519Public: (seed) => copy(signPublic(seed)),
    ed25519Sign(seed, message) {
      signPublic(seed);
      return sign(seed, message);
    },
    ed25519Verify(publicKey, message, signature) {
      const seed = seedByPublic.get(nameOf(publicKey));
      return seed !== undefined && equal(sign(seed, message), signature);
    },
    x25519Public: (secret) => copy(agreePublic(secret)),
    x25519(secret, publicKey) {
      const theirs = significant(publicKey);
      if (smallOrderUs.some((u) => u !== undefined && equal(u, theirs))) return new Uint8Array(keyBytes);
      const ours = agreePublic(secret);
      const pair = comesFirst(ours, theirs) ? concat(ours, theirs) : concat(theirs, ours);
      return real.hmacSha256(labels.agree, pair);
    },
  };
}
