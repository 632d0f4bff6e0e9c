/** OpenSSL with a memory, for targets that judge the same few signatures a million times. Not for secrets. */
import { type Crypto, createCrypto } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";

const rememberedMax = 20_000;

/** What was computed of the same bytes before; forgets everything when there is too much of it. */
function remembering<R>(compute: (...parts: Uint8Array[]) => R): (...parts: Uint8Array[]) => R {
  const known = new Map<string, R>();
  const own = (result: R): R => (result instanceof Uint8Array ? (result.slice() as R) : result);
  return (...parts) => {
    const name = parts.map((part) => Buffer.from(part).toString("latin1")).join("|");
    const before = known.get(name);
    if (before !== undefined) return own(before);
    if (known.size >= rememberedMax) known.clear();
    const result = compute(...parts);
    known.set(name, result);
    return own(result);
  };
}

export const crypto: Crypto = createCrypto({
  ...openssl,
  ed25519Public: remembering(openssl.ed25519Public),
  ed25519Sign: remembering(openssl.ed25519Sign),
  ed25519Verify: remembering(openssl.ed25519Verify),
  x25519Public: remembering(openssl.x25519Public),
  x25519: remembering(openssl.x25519),
  hmacSha256: remembering(openssl.hmacSha256),
});
