/**
 * The provider over node:crypto (OpenSSL), about forty times as fast at signatures as the portable one. Not strict
 * either: it accepts keys of small order; `createCrypto` judges.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { Bytes } from "../src/bytes.ts";
import type { Provider } from "../src/crypto/provider.ts";

/** RFC 8410 wrappings of a raw 32-byte key: PKCS #8 for secrets, SubjectPublicKeyInfo for public keys. */
const ed25519Pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex");
const ed25519Spki = Buffer.from("302a300506032b6570032100", "hex");
const x25519Pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const x25519Spki = Buffer.from("302a300506032b656e032100", "hex");

const aead = "chacha20-poly1305";
const tagBytes = 16;

/** Importing a key costs about as much as a verification, and the same few keys come again and again. */
const cachedKeysMax = 256;

function secretKey(prefix: Buffer, raw: Bytes): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "pkcs8" });
}

function publicKey(prefix: Buffer, raw: Bytes): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
}

/** Remembers imported keys by their bytes, and forgets the oldest: a stranger's keys must not fill the memory. */
function remembering(load: (raw: Bytes) => KeyObject): (raw: Bytes) => KeyObject {
  const known = new Map<string, KeyObject>();
  return (raw) => {
    const name = Buffer.from(raw).toString("latin1");
    const before = known.get(name);
    if (before !== undefined) return before;
    const loaded = load(raw);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= cachedKeysMax) known.delete(oldest);
    known.set(name, loaded);
    return loaded;
  };
}

const signingKey = remembering((seed) => secretKey(ed25519Pkcs8, seed));
const verifyingKey = remembering((raw) => publicKey(ed25519Spki, raw));

/** Plain bytes with their own buffer: a Buffer may be a window onto Node's pool, and its `slice` aliases. */
function plain(...parts: readonly Buffer[]): Bytes {
  return new Uint8Array(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
}

function rawPublic(secret: KeyObject): Bytes {
  const spki = createPublicKey(secret).export({ format: "der", type: "spki" });
  return plain(spki.subarray(spki.length - 32));
}

interface Agreeing {
  /** The bytes it was made of: whoever wrote others into the array has another secret. */
  readonly raw: Buffer;
  readonly key: KeyObject;
  /** Once it was asked for. */
  publicKey: Bytes | undefined;
}

/**
 * Importing an X25519 secret costs five verifications, and a lock has one for all its years. It is remembered by the array
 * that holds it and goes with that: an ephemeral secret lives no longer for it, as it would among the others.
 */
const agreeing = new WeakMap<Bytes, Agreeing>();

function agreementKey(secret: Bytes): Agreeing {
  const before = agreeing.get(secret);
  if (before?.raw.equals(secret) === true) return before;
  const made = {
    raw: Buffer.from(secret),
    key: secretKey(x25519Pkcs8, secret),
    publicKey: undefined,
  };
  agreeing.set(secret, made);
  return made;
}

export const openssl: Provider = {
  name: "openssl",
  ed25519Public: (seed: Bytes): Bytes => rawPublic(signingKey(seed)),
  ed25519Sign: (seed: Bytes, message: Bytes): Bytes => plain(sign(null, message, signingKey(seed))),
  ed25519Verify: (key: Bytes, message: Bytes, signature: Bytes): boolean =>
    verify(null, message, verifyingKey(key), signature),
  x25519Public(secret: Bytes): Bytes {
    const known = agreementKey(secret);
    known.publicKey ??= rawPublic(known.key);
    return new Uint8Array(known.publicKey);
  },
  x25519: (secret: Bytes, key: Bytes): Bytes =>
    plain(diffieHellman({ privateKey: agreementKey(secret).key, publicKey: publicKey(x25519Spki, key) })),
  aeadSeal(key: Bytes, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes {
    const cipher = createCipheriv(aead, key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(aad, { plaintextLength: plaintext.length });
    return plain(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  },
  aeadOpen(key: Bytes, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes | undefined {
    const split = sealed.length - tagBytes;
    const decipher = createDecipheriv(aead, key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(aad, { plaintextLength: split });
    decipher.setAuthTag(sealed.subarray(split));
    const opened = decipher.update(sealed.subarray(0, split));
    try {
      return plain(opened, decipher.final());
    } catch {
      return undefined; // Node's only word for a wrong tag
    }
  },
  sha256: (message: Bytes): Bytes => plain(createHash("sha256").update(message).digest()),
  hmacSha256: (key: Bytes, message: Bytes): Bytes =>
    plain(createHmac("sha256", key).update(message).digest()),
};
