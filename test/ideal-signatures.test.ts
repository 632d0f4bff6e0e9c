// The simulated world's signatures and agreement: they must behave as the real ones do towards everybody who lacks the
// secret, pass every strict check, and be the same in every run. Not a test of cryptography.
import { ascii, type Crypto, concat, createCrypto, portable } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { idealSignatures } from "../packages/lock-sim/src/sim/signatures.ts";

const seedOf = (name: string): Uint8Array => createCrypto(openssl).hash(ascii(name));
const message = ascii("open the door");

let crypto: Crypto;
beforeEach(() => {
  crypto = createCrypto(idealSignatures(openssl));
});

describe("signatures of a simulated world", () => {
  test("hold for the message that was signed, under the key that signed it, and for nothing near it", () => {
    const [seed, other] = [seedOf("a"), seedOf("b")];
    const signature = crypto.sign(seed, message);
    expect(crypto.verify(crypto.signPublic(seed), message, signature)).toBe(true);
    expect(crypto.verify(crypto.signPublic(other), message, signature)).toBe(false);
    expect(crypto.verify(crypto.signPublic(seed), ascii("open the gate"), signature)).toBe(false);
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Uint8Array.from(signature, (byte, at) =>
        at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      );
      expect(crypto.verify(crypto.signPublic(seed), message, flipped), `bit ${bit}`).toBe(false);
    }
  });

  test("of a key that nobody asked for hold for nothing", () => {
    const stranger = createCrypto(idealSignatures(openssl));
    const signature = stranger.sign(seedOf("a"), message);
    expect(crypto.verify(stranger.signPublic(seedOf("a")), message, signature)).toBe(false);
  });

  test("have keys that the strict checks take, and are the same in every run and over every provider", () => {
    const elsewhere = createCrypto(idealSignatures(portable));
    for (let i = 0; i < 200; i++) {
      const seed = seedOf(`key ${i}`);
      expect(crypto.isStrictPublicKey(crypto.signPublic(seed))).toBe(true);
      expect(crypto.verify(crypto.signPublic(seed), message, crypto.sign(seed, message))).toBe(true);
      expect(elsewhere.sign(seed, message)).toEqual(crypto.sign(seed, message));
      expect(elsewhere.agreePublic(seed)).toEqual(crypto.agreePublic(seed));
    }
  });
});

describe("agreement in a simulated world", () => {
  test("comes to the same secret from both sides, and to another with any other pair", () => {
    const [a, b, c] = [seedOf("a"), seedOf("b"), seedOf("c")];
    const shared = crypto.agree(a, crypto.agreePublic(b));
    expect(shared).toHaveLength(32);
    expect(crypto.agree(b, crypto.agreePublic(a))).toEqual(shared);
    expect(crypto.agree(a, crypto.agreePublic(c))).not.toEqual(shared);
    expect(crypto.agree(c, crypto.agreePublic(b))).not.toEqual(shared);
  });

  test("comes to nothing at a point where the real one comes to nothing", () => {
    const real = createCrypto(openssl);
    const points = ["", "01", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"].map((hex) =>
      concat(Uint8Array.from(Buffer.from(hex, "hex")), new Uint8Array(32 - hex.length / 2)),
    );
    const primes = [0xec, 0xed, 0xee].map((low) =>
      Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? low : at === 31 ? 0x7f : 0xff)),
    );
    for (const point of [...points, ...primes]) {
      expect(real.agree(seedOf("a"), point)).toBeUndefined();
      expect(crypto.agree(seedOf("a"), point)).toBeUndefined();
    }
  });
});
