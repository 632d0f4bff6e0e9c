/**
 * The law of providers: over tweetnacl and over OpenSSL the strict face answers with the same verdict and the same
 * bytes, for honest input and for every trick known to tell implementations of Ed25519 and X25519 apart. Not a test
 * of speed, and not of published vectors.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, copy, fromHex, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { type Crypto, createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { openHpke, sealHpke } from "../packages/protocol/src/crypto/hpke.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { isAgreementKey } from "../packages/protocol/src/rules/trust.ts";
import { openssl } from "../packages/protocol/src-node/openssl.ts";

const slow = createCrypto(portable);
const fast = createCrypto(openssl);

/** What both answer; fails when they differ. */
function both<T>(ask: (crypto: Crypto) => T): T {
  const answer = ask(slow);
  expect(ask(fast)).toEqual(answer);
  return answer;
}

// The curve, just far enough to forge: a point of known secret is taken from a provider, torsion is added here.
const p = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a: bigint, m: bigint = p): bigint => ((a % m) + m) % m;
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
const inverse = (a: bigint): bigint => power(a, p - 2n);
const d = mod(-121665n * inverse(121666n));

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

function add(a: Point, b: Point): Point {
  const k = mod(d * mod(a.x * b.x) * mod(a.y * b.y));
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + k)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - k)),
  };
}

function toBytes(value: bigint): Bytes {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}
const toNumber = (bytes: Bytes): bigint => BigInt(`0x${toHex(copy(bytes).reverse())}`);

const compress = ({ x, y }: Point): Bytes => toBytes(y | ((x & 1n) << 255n));

function decompress(bytes: Bytes): Point {
  const value = toNumber(bytes);
  const y = value & (2n ** 255n - 1n);
  const square = mod((y * y - 1n) * inverse(d * y * y + 1n));
  let x = power(square, (p + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * power(2n, (p - 1n) / 4n));
  if (mod(x * x - square) !== 0n) throw new Error("not on the curve");
  return { x: (x & 1n) === value >> 255n ? x : mod(-x), y };
}

/** A point of order 8, and its multiples: [0] is the identity. */
const orderEight = decompress(
  fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a") ?? noBytes,
);
const torsion: Point[] = [{ x: 0n, y: 1n }];
for (let i = 1; i < 8; i++) torsion.push(add(torsion[i - 1] ?? orderEight, orderEight));
const identity = compress({ x: 0n, y: 1n });

const sha512 = (...parts: Bytes[]): Bytes =>
  new Uint8Array(
    createHash("sha512")
      .update(concat(...parts))
      .digest(),
  );

/** RFC 8032 section 5.1.5: the secret scalar behind a seed's public key. */
function scalarOf(seed: Bytes): bigint {
  const digest = sha512(seed).subarray(0, 32);
  digest[0] = (digest[0] ?? 0) & 248;
  digest[31] = ((digest[31] ?? 0) & 63) | 64;
  return toNumber(digest);
}
const challenge = (r: Bytes, a: Bytes, message: Bytes): bigint => mod(toNumber(sha512(r, a, message)), order);

const seed = new Uint8Array(32).fill(41);
const otherSeed = new Uint8Array(32).fill(42);
const publicKey = fast.signPublic(seed);
const message = new Uint8Array([1, 2, 3]);
const signature = fast.sign(seed, message);
const bytes = (min: number, max: number = min): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => new Uint8Array(array));

/** The y of every point of small order in every encoding below 2^255, to which a sign bit may be added. */
const smallYs = [0n, 1n, p - 1n, p, p + 1n, torsion[1]?.y ?? 0n, torsion[3]?.y ?? 0n];
const smallOrderKeys = smallYs.flatMap((y) => [toBytes(y), toBytes(y | (1n << 255n))]);

describe("Ed25519 verdicts", () => {
  test("the forger's tools are right: torsion has order 8, and a signature made with them verifies", () => {
    expect(new Set(torsion.map((point) => toHex(compress(point)))).size).toBe(8);
    expect(compress(add(torsion[7] ?? orderEight, orderEight))).toEqual(identity);
    expect(compress(decompress(publicKey))).toEqual(publicKey);
    const r = fast.signPublic(otherSeed);
    const s = mod(scalarOf(otherSeed) + challenge(r, publicKey, message) * scalarOf(seed), order);
    expect(both((crypto) => crypto.verify(publicKey, message, concat(r, toBytes(s))))).toBe(true);
  });

  test("S + kL is refused for every k that fits, though tweetnacl itself accepts it", () => {
    let refused = 0;
    for (let s = toNumber(signature.subarray(32)) + order; s < 2n ** 256n; s += order) {
      const malleated = concat(signature.subarray(0, 32), toBytes(s));
      expect(both((crypto) => crypto.verify(publicKey, message, malleated))).toBe(false);
      refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(14);
    const once = concat(signature.subarray(0, 32), toBytes(toNumber(signature.subarray(32)) + order));
    expect(portable.ed25519Verify(publicKey, message, once)).toBe(true);
  });

  test("a key of small order is refused in all 14 encodings, though both libraries accept it", () => {
    expect(new Set(smallOrderKeys.map(toHex)).size).toBe(14);
    const forgeable = new Set<string>();
    for (const key of smallOrderKeys) {
      expect(
        both((crypto) => crypto.isStrictPublicKey(key)),
        toHex(key),
      ).toBe(false);
      for (const [number, point] of [...torsion, ...torsion, ...torsion, ...torsion].entries()) {
        const text = new Uint8Array([number]);
        const forged = concat(compress(point), new Uint8Array(32));
        expect(both((crypto) => crypto.verify(key, text, forged))).toBe(false);
        if (openssl.ed25519Verify(key, text, forged)) forgeable.add(toHex(key));
      }
    }
    expect(forgeable.size).toBe(14); // without the check each of them would have let somebody in
    const forged = concat(identity, new Uint8Array(32));
    expect(portable.ed25519Verify(identity, message, forged)).toBe(true);
  });

  test("with torsion in A and R the equation without cofactor decides, in all 64 combinations", () => {
    const [a, r] = [decompress(publicKey), decompress(fast.signPublic(otherSeed))];
    let accepted = 0;
    for (const [i, inKey] of torsion.entries()) {
      const key = compress(add(a, inKey));
      expect(both((crypto) => crypto.isStrictPublicKey(key))).toBe(true);
      for (const [j, inR] of torsion.entries()) {
        const encodedR = compress(add(r, inR));
        const h = challenge(encodedR, key, message);
        const s = mod(scalarOf(otherSeed) + h * scalarOf(seed), order);
        const expected = (h * BigInt(i) + BigInt(j)) % 8n === 0n;
        if (expected) accepted++;
        expect(both((crypto) => crypto.verify(key, message, concat(encodedR, toBytes(s))))).toBe(expected);
      }
    }
    expect(accepted).toBeGreaterThan(1);
    expect(accepted).toBeLessThan(32);
  });

  test("of the R of small order only the identity can verify, and only for the key's holder", () => {
    let accepted = 0;
    for (const r of [...torsion.map(compress), ...smallOrderKeys]) {
      const s = mod(challenge(r, publicKey, message) * scalarOf(seed), order);
      const verdict = both((crypto) => crypto.verify(publicKey, message, concat(r, toBytes(s))));
      expect(verdict, toHex(r)).toBe(toHex(r) === toHex(identity));
      if (verdict) accepted++;
    }
    expect(accepted).toBe(2); // the identity is in both lists
  });

  test("each check stands by itself: a provider that says yes to everything is told no", () => {
    const credulous = createCrypto({ ...portable, ed25519Verify: () => true });
    const half = signature.subarray(0, 32);
    const s = signature.subarray(32);
    const verify = (key: Bytes, r: Bytes, scalar: Bytes): boolean =>
      credulous.verify(key, message, concat(r, scalar));
    expect(verify(publicKey, half, s)).toBe(true);
    expect(verify(publicKey.subarray(1), half, s)).toBe(false);
    expect(verify(publicKey, half.subarray(1), s)).toBe(false);
    expect(verify(publicKey, half, toBytes(order - 1n))).toBe(true);
    expect(verify(publicKey, half, toBytes(order))).toBe(false);
    expect(verify(publicKey, half, new Uint8Array(32).fill(255))).toBe(false);
    for (let above = 0n; above < 19n; above++) {
      for (const sign of [0n, 1n << 255n]) {
        expect(verify(toBytes((p + above) | sign), half, s)).toBe(false);
        expect(verify(publicKey, toBytes((p + above) | sign), s)).toBe(false);
      }
    }
    expect(verify(toBytes(p - 2n), half, s)).toBe(true);
    expect(verify(publicKey, toBytes(p - 1n), s)).toBe(true);
    for (const key of smallOrderKeys) expect(verify(key, half, s)).toBe(false);
  });

  test("a provider that throws is heard as no", () => {
    const fail = (): never => {
      throw new Error("no");
    };
    const throwing = createCrypto({ ...portable, ed25519Verify: fail, x25519: fail });
    expect(throwing.verify(publicKey, message, signature)).toBe(false);
    expect(throwing.agree(seed, publicKey)).toBeUndefined();
  });

  test("keys and signatures of every length up to 70 but the right one are refused without a throw", () => {
    for (let length = 0; length <= 70; length++) {
      const some = new Uint8Array(length).fill(3);
      if (length !== 32) expect(both((crypto) => crypto.verify(some, message, signature))).toBe(false);
      if (length !== 32) expect(both((crypto) => crypto.isStrictPublicKey(some))).toBe(false);
      if (length !== 64) expect(both((crypto) => crypto.verify(publicKey, message, some))).toBe(false);
      if (length !== 32) expect(both((crypto) => crypto.agree(some, publicKey))).toBeUndefined();
      if (length !== 32) expect(both((crypto) => crypto.agree(seed, some))).toBeUndefined();
    }
  });

  test("signing is the same bytes, and any one changed bit of key, message or signature is refused", () => {
    let changed = 0;
    fc.assert(
      fc.property(bytes(32), bytes(0, 200), fc.nat(), (secret, text, where) => {
        const key = both((crypto) => crypto.signPublic(secret));
        const signed = both((crypto) => crypto.sign(secret, text));
        const whole = concat(key, signed, text);
        const bit = where % (whole.length * 8);
        whole[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const [badKey, badSignature, badText] = [whole.slice(0, 32), whole.slice(32, 96), whole.slice(96)];
        expect(both((crypto) => crypto.verify(key, text, signed))).toBe(true);
        expect(both((crypto) => crypto.verify(badKey, badText, badSignature))).toBe(false);
        changed++;
      }),
      { numRuns: 40 },
    );
    expect(changed).toBe(40);
  });

  test("random keys and signatures, on the curve or not, get one verdict", () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(31), (key, r, s) => {
        expect(both((crypto) => crypto.verify(key, message, concat(r, s, new Uint8Array(1))))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe("everything else", () => {
  test("X25519 is the same bytes for random points, and undefined for every point of small order", () => {
    const orderEightUs = [
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ].map((digits) => toNumber(fromHex(digits) ?? noBytes));
    const small = [0n, 1n, p - 1n, p, p + 1n, ...orderEightUs];
    for (const u of small) {
      for (const top of [0n, 1n << 255n]) {
        expect(
          both((crypto) => crypto.agree(seed, toBytes(u | top))),
          u.toString(16),
        ).toBeUndefined();
      }
    }
    for (const u of [2n, p - 2n, p + 2n, 2n ** 255n - 1n, 2n ** 256n - 1n]) {
      expect(both((crypto) => crypto.agree(seed, toBytes(u)))).toHaveLength(32);
    }
    fc.assert(
      fc.property(bytes(32), bytes(32), (secret, point) => {
        both((crypto) => crypto.agreePublic(secret));
        both((crypto) => crypto.agree(secret, point));
      }),
      { numRuns: 60 },
    );
  });

  test("X25519 is by the bytes of a secret, whatever its array held before and whatever becomes of what was given", () => {
    for (const crypto of [slow, fast]) {
      const secret = new Uint8Array(32).fill(7);
      const peer = crypto.agreePublic(new Uint8Array(32).fill(9));
      const of = (held: Uint8Array) => [
        toHex(crypto.agreePublic(held)),
        toHex(crypto.agree(held, peer) ?? held),
      ];
      const first = of(secret);
      crypto.agreePublic(secret).fill(0);
      expect(of(secret)).toEqual(first);
      secret.fill(8);
      expect(of(secret)).not.toEqual(first);
      expect(of(secret)).toEqual(of(new Uint8Array(32).fill(8)));
      secret.fill(7);
      expect(of(secret)).toEqual(first);
    }
  });

  test("ChaCha20/Poly1305 seals to the same bytes, and a change anywhere opens for neither", () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        bytes(0, 40),
        bytes(0, 300),
        fc.nat(),
        (key, nonce, aad, text, where) => {
          const sealed = both((crypto) => crypto.seal(key, nonce, aad, text));
          expect(sealed).toHaveLength(text.length + 16);
          expect(both((crypto) => crypto.open(key, nonce, aad, sealed))).toEqual(text);
          const whole = concat(nonce, aad, sealed);
          const bit = where % (whole.length * 8);
          whole[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          const from = 12 + aad.length;
          const [badNonce, badAad, bad] = [whole.slice(0, 12), whole.slice(12, from), whole.slice(from)];
          expect(both((crypto) => crypto.open(key, badNonce, badAad, bad))).toBeUndefined();
          const cut = sealed.subarray(0, where % sealed.length);
          expect(both((crypto) => crypto.open(key, nonce, aad, cut))).toBeUndefined();
          expect(
            both((crypto) => crypto.open(key, nonce.subarray(where % 12), aad, concat(sealed, nonce))),
          ).toBeUndefined();
        },
      ),
      { numRuns: 100 },
    );
  });

  test("hash, mac, extract and expand are the same bytes at every length", () => {
    fc.assert(
      fc.property(bytes(0, 150), bytes(0, 300), fc.integer({ min: 0, max: 200 }), (key, text, length) => {
        both((crypto) => crypto.hash(text));
        both((crypto) => crypto.mac(key, text));
        const prk = both((crypto) => crypto.extract(key, text));
        expect(both((crypto) => crypto.expand(prk, text, length))).toHaveLength(length);
      }),
      { numRuns: 100 },
    );
  });

  test("HPKE seals to the same bytes and opens alike, bent ciphertexts and small points included", () => {
    const three = fc.tuple(bytes(32), bytes(0, 60), bytes(0, 60));
    fc.assert(
      fc.property(three, bytes(0, 200), fc.nat(400), ([ephemeral, info, aad], text, at) => {
        const recipient = both((crypto) => crypto.agreePublic(otherSeed));
        const sealed = both((crypto) => sealHpke(crypto, recipient, ephemeral, info, aad, text));
        expect(both((crypto) => openHpke(crypto, otherSeed, info, aad, sealed))).toEqual(text);
        const bent = copy(sealed);
        bent[at % bent.length] = (bent[at % bent.length] ?? 0) ^ 0x80;
        expect(both((crypto) => openHpke(crypto, otherSeed, info, aad, bent))).toBeUndefined();
      }),
      { numRuns: 25 },
    );
    for (const point of torsion.map(({ y }) => toBytes(mod((1n + y) * inverse(1n - y))))) {
      const sealed = concat(point, new Uint8Array(40));
      expect(both((crypto) => openHpke(crypto, otherSeed, noBytes, noBytes, sealed))).toBeUndefined();
      expect(both((crypto) => isAgreementKey(crypto, point))).toBe(false);
    }
    expect(both((crypto) => isAgreementKey(crypto, crypto.agreePublic(seed)))).toBe(true);
  });

  test.each([slow, fast])(
    "$provider: every result is a plain Uint8Array over a buffer of its own",
    (crypto) => {
      const nonce = new Uint8Array(12);
      const sealed = crypto.seal(seed, nonce, noBytes, message);
      const results = {
        signPublic: crypto.signPublic(seed),
        sign: crypto.sign(seed, message),
        agreePublic: crypto.agreePublic(seed),
        agree: crypto.agree(seed, crypto.agreePublic(otherSeed)),
        seal: sealed,
        sealNothing: crypto.seal(seed, nonce, noBytes, noBytes),
        open: crypto.open(seed, nonce, noBytes, sealed),
        hash: crypto.hash(message),
        mac: crypto.mac(seed, message),
        extract: crypto.extract(seed, message),
        expand: crypto.expand(seed, message, 40),
      };
      for (const [name, result] of Object.entries(results)) {
        expect(result?.constructor, name).toBe(Uint8Array);
        expect(result?.buffer.byteLength, name).toBe(result?.length);
      }
    },
  );

  test("input is left alone, and may be a window onto a larger buffer", () => {
    const window = (source: Bytes): Bytes => concat(message, source, message).subarray(3, 3 + source.length);
    const nonce = new Uint8Array(12);
    for (const crypto of [slow, fast]) {
      const sealed = crypto.seal(window(seed), window(nonce), window(message), window(message));
      expect(sealed).toEqual(fast.seal(seed, nonce, message, message));
      const input = window(sealed);
      expect(crypto.open(window(seed), nonce, message, input)).toEqual(message);
      expect(input).toEqual(sealed);
      expect(crypto.verify(window(publicKey), window(message), window(signature))).toBe(true);
      expect(crypto.sign(window(seed), window(message))).toEqual(signature);
      expect(crypto.agree(window(seed), window(publicKey))).toEqual(fast.agree(seed, publicKey));
    }
    expect(publicKey).toEqual(fast.signPublic(new Uint8Array(32).fill(41)));
  });
});
