/**
 * A lock and its authority meet once, under the secret printed with the lock: who lacks it, replays, bends a bit or
 * offers a key that is none gets nowhere. The phases around it are the firmware's and tested there.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { createHandshake } from "../packages/protocol/src/crypto/noise.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import {
  commissionOffer,
  commissionPrologue,
  commissionReply,
  commissionSigned,
  formatSetup,
  parseSetup,
  setupPsk,
} from "../packages/protocol/src/messages/commission.ts";
import {
  acceptCommission,
  type Commission,
  finishCommission,
  issueCommission,
} from "../packages/protocol/src/rules/commission.ts";
import { lockKeyNames, signedContext } from "../packages/protocol/src/rules/trust.ts";
import { commissionedPair, commissionFor, fast, secret } from "./arbitraries.ts";
import { flipped } from "./forge.ts";
import { accepted } from "./matchers.ts";

const pair = commissionedPair("commission");
const { commission, offer, reply } = pair;
const entropy = secret("commission entropy 1");
const fresh = { setup: commission.setup, lastEpoch: 0, entropy };

const judge = (message: Bytes, lock: Partial<typeof fresh> = {}) =>
  acceptCommission(fast, { ...fresh, ...lock }, message);
const offered = (spoilt: Partial<Commission["offer"]>): Bytes =>
  issueCommission(fast, { ...commission, offer: { ...commission.offer, ...spoilt } });

/** Canonical points whose order divides 8: under such a key one signature fits every message. */
const smallOrder = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => fromHex(hex) ?? noBytes);

/** Points of X25519 with which everybody agrees on nothing but zeros: 0, 1, the two of order 8, p - 1, p, p + 1. */
const smallOrderAgreement = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
].map((hex) => fromHex(hex) ?? noBytes);

test("both sides end with the same six keys, all different, and the lock believes the authority's public keys", () => {
  const { keys, lockPublic } = accepted(finishCommission(fast, commission, reply));
  expect(keys).toEqual(pair.atLock.keys);
  expect(Object.keys(keys).sort()).toEqual([...lockKeyNames].sort());
  expect(new Set(lockKeyNames.map((name) => toHex(keys[name]))).size).toBe(7);
  expect(lockPublic.sign).toEqual(fast.signPublic(pair.atLock.signSeed));
  expect(lockPublic.dh).toEqual(fast.agreePublic(pair.atLock.dhSecret));
  const { root, table, capability, time, box } = commission.offer;
  expect(pair.trust.authority).toEqual({ root, table, capability, time, box });
});

test("two locks with one printed secret, or one lock twice, share no key", () => {
  const again = accepted(judge(offer, { entropy: secret("other entropy") }));
  for (const name of lockKeyNames) expect(again.keys[name]).not.toEqual(pair.atLock.keys[name]);
  expect(again.signSeed).not.toEqual(pair.atLock.signSeed);
  expect(again.reply).not.toEqual(reply);
});

test("the same commission may be sent again: same bytes, same answer, over both providers", () => {
  const slow = createCrypto(portable);
  expect(issueCommission(slow, commission)).toEqual(offer);
  const met = accepted(acceptCommission(slow, fresh, offer));
  expect(met.reply).toEqual(reply);
  expect(accepted(finishCommission(slow, commission, reply)).keys).toEqual(met.keys);
});

describe("the offer", () => {
  test("does not open under any other secret", () => {
    fc.assert(
      fc.property(fc.nat(127), (bit) => {
        const setup = { secret: flipped(commission.setup.secret, bit) };
        expect(judge(offer, { setup })).toRefuseWith("REJECTED", "noise/tag");
      }),
      { numRuns: 30 },
    );
  });

  test("is refused with any bit flipped, cut at any byte or with one more", () => {
    for (let bit = 0; bit < 8 * offer.length; bit++) {
      expect(judge(flipped(offer, bit)), `bit ${bit}`).toRefuseWith("REJECTED", "noise/tag");
    }
    for (let length = 0; length < offer.length; length++) {
      expect(judge(offer.subarray(0, length))).toRefuseWith(
        "REJECTED",
        length < 48 ? "noise/short" : "noise/tag",
      );
    }
    expect(judge(concat(offer, new Uint8Array(1)))).toRefuseWith("REJECTED", "noise/tag");
  });

  test("is refused in an epoch the lock has lived through: replayed, or older (M3)", () => {
    accepted(judge(offer, { lastEpoch: 0 }));
    for (const lastEpoch of [1, 2, 0xffff_ffff])
      expect(judge(offer, { lastEpoch })).toRefuseWith("REJECTED", "M3");
    accepted(judge(offered({ epoch: 3 }), { lastEpoch: 2 }));
    expect(judge(offered({ epoch: 0 }))).toRefuseWith("REJECTED", "M3");
  });

  test("is refused with a signing key of small order or no canonical encoding, whichever it is (M4)", () => {
    const notCanonical = fromHex(`ed${"ff".repeat(30)}7f`) ?? noBytes;
    let refused = 0;
    for (const purpose of ["root", "table", "capability", "time"] as const) {
      for (const key of [...smallOrder, ...smallOrder.map((key) => flipped(key, 8 * 31)), notCanonical]) {
        expect(judge(offered({ [purpose]: key })), `${purpose} ${toHex(key)}`).toRefuseWith("REJECTED", "M4");
        refused++;
      }
    }
    expect(refused).toBe(44);
  });

  test("is refused when its ephemeral key has small order, even from somebody who knows the secret", () => {
    for (const point of smallOrder.slice(0, 2)) {
      const bent = { ...fast, agreePublic: () => point };
      expect(judge(issueCommission(bent, commission))).toRefuseWith("REJECTED", "noise/small-order");
    }
  });

  test("is refused with another shape inside, format 2 included (M2)", () => {
    const write = (payload: Bytes): Bytes =>
      createHandshake(fast, "NNpsk0", "initiator", {
        prologue: commissionPrologue,
        ephemeral: commission.ephemeral,
        psk: setupPsk(fast, commission.setup),
      }).write(payload);
    const good = commissionOffer.encode({ ...commission.offer, format: 1 });
    expect(write(good)).toEqual(offer);
    const format2 = flipped(flipped(good, 8 + 6), 8 + 7);
    for (const payload of [noBytes, good.subarray(1), concat(good, new Uint8Array(1)), format2]) {
      expect(judge(write(payload))).toRefuseWith("REJECTED", "M2");
    }
  });
});

describe("the reply", () => {
  test("is refused with a bit flipped in any byte, cut or longer, and to any other offer", () => {
    const finish = (message: Bytes, asked = commission) => finishCommission(fast, asked, message);
    // One bit in every byte (each costs a Diffie-Hellman), and every bit of the byte whose top bit X25519 ignores.
    const bits = Array.from(reply, (_, byte) => 8 * byte + (byte % 8));
    for (const bit of [...bits, ...Array.from({ length: 8 }, (_, i) => 8 * 31 + i)]) {
      expect(finish(flipped(reply, bit)), `bit ${bit}`).toRefuseWith("REJECTED", "noise/tag");
    }
    expect(finish(reply.subarray(0, 47))).toRefuseWith("REJECTED", "noise/short");
    expect(finish(reply.subarray(1))).toRefuseWith("REJECTED", "noise/tag");
    expect(finish(concat(reply, new Uint8Array(1)))).toRefuseWith("REJECTED", "noise/tag");
    expect(finish(offer)).toRefuseWith("REJECTED", "noise/tag");
    expect(finish(reply, { ...commission, offer: { ...commission.offer, epoch: 2 } })).toRefuseWith(
      "REJECTED",
      "noise/tag",
    );
    expect(finish(reply, { ...commission, ephemeral: secret("another") })).toRefuseWith(
      "REJECTED",
      "noise/tag",
    );
    expect(finish(reply, commissionFor("another door").commission)).toRefuseWith("REJECTED", "noise/tag");
  });

  const { lockId, epoch } = commission.offer;
  const seed = secret("lock identity");
  /** What somebody with the setup secret answers who keeps no other rule. */
  const answer = (
    sign: (offerHash: Bytes) => Bytes,
    key = fast.signPublic(seed),
    dh = fast.agreePublic(secret("dh")),
  ): Bytes => {
    const handshake = createHandshake(fast, "NNpsk0", "responder", {
      prologue: commissionPrologue,
      ephemeral: secret("lock ephemeral"),
      psk: setupPsk(fast, commission.setup),
    });
    accepted(handshake.read(offer));
    const signature = fast.sign(seed, sign(handshake.hash));
    return handshake.write(commissionReply.encode({ sign: key, dh, signature }));
  };

  test("is refused with a key of small order for unlocking, which would be everybody's", () => {
    const honest = (hash: Bytes): Bytes => commissionSigned(lockId, epoch, hash);
    for (const dh of smallOrderAgreement) {
      const message = answer(honest, fast.signPublic(seed), dh);
      expect(finishCommission(fast, commission, message), toHex(dh)).toRefuseWith("REJECTED", "M2/dh");
    }
    const { lockPublic } = accepted(finishCommission(fast, commission, answer(honest)));
    expect(lockPublic.dh).toEqual(fast.agreePublic(secret("dh")));
  });

  test("is refused unless the new identity signed this lock, this epoch, this type and this very offer", () => {
    accepted(
      finishCommission(
        fast,
        commission,
        answer((hash) => commissionSigned(lockId, epoch, hash)),
      ),
    );
    for (const message of [
      answer((hash) => commissionSigned(secret("other", 16), epoch, hash)),
      answer((hash) => commissionSigned(lockId, epoch + 1, hash)),
      answer((hash) => commissionSigned(lockId, epoch, flipped(hash, 0))),
      answer((hash) => concat(signedContext(4, { lockId, epoch }), hash)),
      answer((hash) => commissionSigned(lockId, epoch, hash), fast.signPublic(secret("not its key"))),
      answer((hash) => commissionSigned(lockId, epoch, hash), smallOrder[1]),
    ]) {
      expect(finishCommission(fast, commission, message)).toRefuseWith("REJECTED", "M2/signature");
    }
  });
});

describe("the text printed with a lock", () => {
  const text = formatSetup(fast, commission.setup);

  test("has the documented form, and is read in either case and with space around it", () => {
    expect(text).toMatch(/^DOORSYNC:1:[0-9a-f]{16}:[0-9a-f]{32}$/);
    for (const written of [text, text.toUpperCase(), text.toLowerCase(), `  ${text}\n`]) {
      expect(parseSetup(fast, written)).toEqual(commission.setup);
    }
    expect(text).toContain(toHex(commission.setup.secret));
  });

  test("is refused with any one digit mistyped, and with any two neighbours swapped", () => {
    const start = "DOORSYNC:1:".length;
    let mistyped = 0;
    for (let i = start; i < text.length; i++) {
      const there = text.charAt(i);
      if (there === ":") continue;
      for (const digit of "0123456789abcdef") {
        if (digit === there) continue;
        expect(
          parseSetup(fast, text.slice(0, i) + digit + text.slice(i + 1)),
          `${i} ${digit}`,
        ).toBeUndefined();
        mistyped++;
      }
      const swapped = text.slice(0, i) + text.charAt(i + 1) + there + text.slice(i + 2);
      if (swapped !== text) expect(parseSetup(fast, swapped)).toBeUndefined();
    }
    expect(mistyped).toBe(48 * 15);
  });

  test("is refused when anything is missing, added or of another version", () => {
    for (const other of [
      "",
      text.slice(1),
      text.slice(0, -1),
      `${text}0`,
      `x${text}`,
      text.replace(":1:", ":2:"),
      text.replace("DOORSYNC", "DOORSINK"),
      text.replaceAll(":", ""),
      text.replace(/.$/, "g"),
    ]) {
      expect(parseSetup(fast, other), JSON.stringify(other)).toBeUndefined();
    }
  });
});
