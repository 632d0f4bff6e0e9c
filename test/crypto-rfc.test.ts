/**
 * Vectors printed in RFCs 8032, 7748, 8439, 5869, 4231 and 9180, against both providers; and what sign1, encrypt0, context
 * and the handshakes refuse. Not the published suites: those are in crypto-vectors.test.ts and need their files.
 */
import nacl from "tweetnacl";
import { beforeAll, describe, expect, test } from "vitest";
import { ascii, type Bytes, concat, fromHex, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { decode, encode } from "../packages/protocol/src/cbor/codec.ts";
import { context } from "../packages/protocol/src/crypto/context.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { encrypt0Field, openEncrypt0, sealEncrypt0 } from "../packages/protocol/src/crypto/encrypt0.ts";
import { openHpke, sealHpke } from "../packages/protocol/src/crypto/hpke.ts";
import { createHandshake, type Handshake } from "../packages/protocol/src/crypto/noise.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { sign1, splitSign1, verifySign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { openssl } from "../packages/protocol/src-node/openssl.ts";

const fast = createCrypto(openssl);
const providers = [createCrypto(portable), fast];

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

const repeated = (byte: number, length: number): Bytes => new Uint8Array(length).fill(byte);
const counting = (from: number, to: number): Bytes =>
  Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

beforeAll(() => {
  nacl.setPRNG(() => {
    throw new Error("the protocol drew randomness from tweetnacl");
  });
  expect(() => nacl.randomBytes(1)).toThrow("drew randomness");
});

describe.each(providers)("$provider", (crypto) => {
  test.each([
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
      "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
  ])("RFC 8032 section 7.1: seed %s", (seed, publicKey, message, signature) => {
    expect(toHex(crypto.signPublic(hex(seed)))).toBe(publicKey);
    expect(toHex(crypto.sign(hex(seed), hex(message)))).toBe(signature);
    expect(crypto.verify(hex(publicKey), hex(message), hex(signature))).toBe(true);
    expect(crypto.verify(hex(publicKey), concat(hex(message), hex("00")), hex(signature))).toBe(false);
    expect(crypto.isStrictPublicKey(hex(publicKey))).toBe(true);
  });

  test("RFC 7748 sections 5.2 and 6.1: X25519", () => {
    const agreed = (secret: string, publicKey: string): string =>
      toHex(crypto.agree(hex(secret), hex(publicKey)) ?? noBytes);
    expect(
      agreed(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      ),
    ).toBe("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    expect(
      agreed(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      ),
    ).toBe("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");

    const alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    const bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    expect(toHex(crypto.agreePublic(hex(alice)))).toBe(alicePublic);
    expect(toHex(crypto.agreePublic(hex(bob)))).toBe(bobPublic);
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    expect(agreed(alice, bobPublic)).toBe(shared);
    expect(agreed(bob, alicePublic)).toBe(shared);
  });

  test("RFC 7748 section 5.2: 100 of the iterations, the first as printed, stay in step with the other provider", () => {
    const iterate = (agree: typeof crypto.agree, times: number): string => {
      let [k, u] = [hex(`09${"00".repeat(31)}`), hex(`09${"00".repeat(31)}`)];
      for (let i = 0; i < times; i++) [k, u] = [agree(k, u) ?? noBytes, k];
      return toHex(k);
    };
    expect(iterate(crypto.agree, 1)).toBe("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    expect(iterate(crypto.agree, 100)).toBe(iterate(fast.agree, 100));
    expect(iterate(fast.agree, 1_000)).toBe(
      "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
    );
  });

  test("RFC 8439 section 2.8.2: ChaCha20/Poly1305, and no byte of it may change", () => {
    const key = counting(0x80, 0x9f);
    const nonce = hex("070000004041424344454647");
    const aad = hex("50515253c0c1c2c3c4c5c6c7");
    const text = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = hex(`
      d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 3dbea45e8ca9671282fafb69da92728b
      1a71de0a9e060b2905d6a5b67ecd3b36 92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b 6116 1ae10b594f09e26a7e902ecbd0600691`);
    expect(toHex(crypto.seal(key, nonce, aad, text))).toBe(toHex(sealed));
    expect(crypto.open(key, nonce, aad, sealed)).toEqual(text);
    expect(crypto.open(key, nonce, aad.subarray(1), sealed)).toBeUndefined();
    expect(crypto.open(key, nonce.subarray(1), aad, sealed)).toBeUndefined();
    expect(crypto.open(key, nonce, aad, sealed.subarray(0, 15))).toBeUndefined();
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(crypto.open(key, nonce, aad, changed), `byte ${i}`).toBeUndefined();
    }
  });

  test.each([
    [
      repeated(0x0b, 22),
      counting(0x00, 0x0c),
      counting(0xf0, 0xf9),
      "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
      counting(0x00, 0x4f),
      counting(0x60, 0xaf),
      counting(0xb0, 0xff),
      "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ],
    [
      repeated(0x0b, 22),
      noBytes,
      noBytes,
      "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
  ])("RFC 5869 appendix A: HKDF-SHA-256", (input, salt, info, prk, okm) => {
    expect(toHex(crypto.extract(salt, input))).toBe(prk);
    expect(toHex(crypto.expand(hex(prk), info, okm.length / 2))).toBe(okm);
  });

  test.each([
    [
      repeated(0x0b, 20),
      ascii("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      ascii("Jefe"),
      ascii("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      repeated(0xaa, 20),
      repeated(0xdd, 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ],
    [counting(1, 25), repeated(0xcd, 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"],
    [
      repeated(0xaa, 131),
      ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
    [
      repeated(0xaa, 131),
      ascii(
        "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
      ),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ],
  ])("RFC 4231: HMAC-SHA-256", (key, data, expected) => {
    expect(toHex(crypto.mac(key, data))).toBe(expected);
  });

  test("RFC 9180 A.2: HPKE base mode, X25519, HKDF-SHA256, ChaCha20Poly1305, first message", () => {
    const info = hex("4f6465206f6e2061204772656369616e2055726e");
    const ephemeral = hex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600");
    const enc = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
    const secret = hex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    const recipient = hex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    const plaintext = hex("4265617574792069732074727574682c20747275746820626561757479");
    const aad = hex("436f756e742d30");
    const ciphertext =
      "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";
    expect(toHex(crypto.agreePublic(secret))).toBe(toHex(recipient));
    const sealed = sealHpke(crypto, recipient, ephemeral, info, aad, plaintext);
    expect(toHex(sealed)).toBe(enc + ciphertext);
    expect(openHpke(crypto, secret, info, aad, sealed)).toEqual(plaintext);

    // Its neighbours: another recipient, info or additional data, any byte, any length, a point of small order.
    expect(openHpke(crypto, ephemeral, info, aad, sealed)).toBeUndefined();
    expect(openHpke(crypto, secret, aad, aad, sealed)).toBeUndefined();
    expect(openHpke(crypto, secret, info, info, sealed)).toBeUndefined();
    for (let at = 0; at < sealed.length; at++) {
      const bent = sealed.with(at, (sealed[at] ?? 0) ^ 0x80);
      expect(openHpke(crypto, secret, info, aad, bent), `byte ${at}`).toBeUndefined();
    }
    for (const length of [0, 31, 32, 47, 48, sealed.length - 1]) {
      expect(openHpke(crypto, secret, info, aad, sealed.subarray(0, length))).toBeUndefined();
    }
    const zeros = new Uint8Array(32);
    expect(openHpke(crypto, secret, info, aad, concat(zeros, sealed.subarray(32)))).toBeUndefined();
    expect(() => sealHpke(crypto, zeros, ephemeral, info, aad, plaintext)).toThrow("small order");
    expect(toHex(sealHpke(crypto, recipient, ephemeral, info, aad, noBytes))).toHaveLength(2 * 48);
  });

  test("our own wrong lengths throw, a stranger's are refused", () => {
    const short = new Uint8Array(31);
    const key = new Uint8Array(32);
    const nonce = new Uint8Array(12);
    expect(() => crypto.sign(short, noBytes)).toThrow(RangeError);
    expect(() => crypto.signPublic(short)).toThrow(RangeError);
    expect(() => crypto.agreePublic(short)).toThrow(RangeError);
    expect(() => crypto.seal(short, nonce, noBytes, noBytes)).toThrow(RangeError);
    expect(() => crypto.seal(key, short, noBytes, noBytes)).toThrow(RangeError);
    expect(() => crypto.open(short, nonce, noBytes, key)).toThrow(RangeError);
    expect(() => crypto.expand(key, noBytes, 255 * 32 + 1)).toThrow(RangeError);
    expect(crypto.expand(key, noBytes, 255 * 32)).toHaveLength(8_160);
    expect(crypto.agree(short, key)).toBeUndefined();
    expect(crypto.agree(key, short)).toBeUndefined();
    expect(crypto.same(key, short)).toBe(false);
    expect(crypto.same(key, new Uint8Array(32))).toBe(true);
    expect(crypto.same(key, repeated(1, 32))).toBe(false);
  });
});

describe("COSE shapes", () => {
  const seed = counting(1, 32);
  const publicKey = fast.signPublic(seed);
  const aad = context(2, 7, hex("00ff"), "x");
  const payload = hex("83010203");

  test("a context is the CBOR of its parts, so moving a byte between parts changes it", () => {
    expect(toHex(aad)).toBe("856a646f6f7273796e632f3102074200ff6178");
    expect(context(2, hex("01"), hex("02"))).not.toEqual(context(2, hex("0102"), noBytes));
  });

  test.each([0, 4, 23, 24, 255, 256, 1_900])(
    "a payload of %i bytes goes round in exactly the one shape",
    (length) => {
      const body = repeated(7, length);
      const whole = sign1(fast, seed, aad, body);
      expect(toHex(whole).startsWith("8443a10127a0")).toBe(true);
      const parts = splitSign1(whole, 2_048);
      if (!parts.ok) throw new Error(parts.check);
      expect(parts.value.payload).toEqual(body);
      expect(verifySign1(fast, publicKey, aad, parts.value)).toBe(true);
      expect(verifySign1(fast, publicKey, context(3, 7, hex("00ff"), "x"), parts.value)).toBe(false);
      whole.fill(0);
      expect(verifySign1(fast, publicKey, aad, parts.value)).toBe(true); // the parts are copies
    },
  );

  test("every other shape is MALFORMED, each at its own check", () => {
    const header = hex("a10127");
    const signature = repeated(1, 64);
    const empty = new Map<number, never>();
    const shapes = {
      "sign1/headers": [
        encode([hex("a10126"), empty, payload, signature]),
        encode([hex("a103"), empty, payload, signature]),
        encode([header, new Map([[4, hex("31")]]), payload, signature]),
        encode([header, empty, payload]),
        encode([header, empty, payload, signature, 0]),
        encode("x"),
      ],
      "sign1/payload": [encode([header, empty, 5, signature]), encode([header, empty, "abc", signature])],
      "sign1/signature": [
        encode([header, empty, payload, repeated(1, 63)]),
        encode([header, empty, payload, repeated(1, 20)]),
        encode([header, empty, payload, 7]),
      ],
    };
    for (const [check, all] of Object.entries(shapes)) {
      for (const bytes of all) {
        expect(splitSign1(bytes, 2_048), toHex(bytes)).toEqual({ ok: false, refusal: "MALFORMED", check });
      }
    }
    const good = sign1(fast, seed, aad, payload);
    expect(splitSign1(good, good.length).ok).toBe(true);
    for (const bytes of [concat(hex("d2"), good), concat(good, hex("00")), good.subarray(0, -1), noBytes]) {
      expect(splitSign1(bytes, 2_048)).toMatchObject({ ok: false, refusal: "MALFORMED" });
    }
    expect(splitSign1(good, good.length - 1)).toMatchObject({ ok: false, refusal: "MALFORMED" });
    expect(splitSign1(concat(good.subarray(0, 6), hex("5804"), good.subarray(7)), 2_048)).toMatchObject({
      ok: false,
      check: expect.stringMatching(/^cbor\//),
    });
  });

  test("an Encrypt0 opens under its key and context only, and no other shape is one", () => {
    const key = repeated(9, 32);
    const iv = repeated(3, 12);
    const sealed = sealEncrypt0(fast, key, iv, aad, payload);
    const cbor = encrypt0Field.toCbor(sealed);
    expect(toHex(encode(cbor)).startsWith("8344a1011818a1054c0303")).toBe(true);
    const decoded = decode(encode(cbor), 512);
    const back = decoded.ok ? encrypt0Field.fromCbor(decoded.value) : undefined;
    if (back === undefined) throw new Error("does not come back");
    expect(openEncrypt0(fast, key, aad, back)).toEqual(payload);
    expect(openEncrypt0(fast, key, payload, back)).toBeUndefined();
    expect(openEncrypt0(fast, repeated(8, 32), aad, back)).toBeUndefined();

    const header = hex("a1011818");
    const good = [header, new Map([[5, iv]]), sealed.ciphertext];
    expect(encrypt0Field.fromCbor(good)).toEqual(sealed);
    const others = [
      5,
      [header, new Map([[5, iv]])],
      [...good, 0],
      [hex("a10118"), new Map([[5, iv]]), sealed.ciphertext],
      [header, new Map(), sealed.ciphertext],
      [header, new Map([[6, iv]]), sealed.ciphertext],
      [
        header,
        new Map([
          [5, iv],
          [6, iv],
        ]),
        sealed.ciphertext,
      ],
      [header, new Map([[5, repeated(3, 11)]]), sealed.ciphertext],
      [header, new Map([[5, iv]]), repeated(0, 15)],
      [header, new Map([[5, iv]]), "text"],
    ];
    for (const other of others) expect(encrypt0Field.fromCbor(other)).toBeUndefined();
  });
});

describe("handshakes", () => {
  const prologue = ascii("prologue");
  const psk = repeated(5, 32);
  const secret = repeated(6, 32);
  const ephemerals = [repeated(7, 32), repeated(8, 32)] as const;
  const remoteStatic = fast.agreePublic(secret);
  const pair = (change: { prologue?: Bytes; psk?: Bytes } = {}): { left: Handshake; right: Handshake } => ({
    left: createHandshake(fast, "NNpsk0", "initiator", { prologue, ephemeral: ephemerals[0], psk }),
    right: createHandshake(fast, "NNpsk0", "responder", {
      prologue,
      ephemeral: ephemerals[1],
      psk,
      ...change,
    }),
  });
  const rejected = (check: string) => ({ ok: false, refusal: "REJECTED", check });

  test("another psk, another prologue, a changed or short message are REJECTED", () => {
    const message = pair().left.write(ascii("hello"));
    expect(pair().right.read(message)).toEqual({ ok: true, value: ascii("hello") });
    expect(pair({ psk: repeated(4, 32) }).right.read(message)).toEqual(rejected("noise/tag"));
    expect(pair({ prologue: ascii("prologuf") }).right.read(message)).toEqual(rejected("noise/tag"));
    for (let length = 0; length < 48; length++) {
      expect(pair().right.read(message.subarray(0, length))).toEqual(rejected("noise/short"));
    }
    for (let i = 0; i < message.length; i++) {
      const changed = message.slice();
      changed[i] = (changed[i] ?? 0) ^ 0x80;
      expect(pair().right.read(changed), `byte ${i}`).toEqual(rejected("noise/tag"));
    }
  });

  test("an ephemeral point of small order is REJECTED when it is read, in both patterns and directions", () => {
    // A whole handshake by somebody who knows the psk, but sends the point 0: every secret would be known to all.
    const zeroPoint = { ...fast, agreePublic: () => new Uint8Array(32), agree: () => new Uint8Array(32) };
    const evilPsk = createHandshake(zeroPoint, "NNpsk0", "initiator", { prologue, ephemeral: secret, psk });
    expect(pair().right.read(evilPsk.write(noBytes))).toEqual(rejected("noise/small-order"));

    const { left } = pair();
    const evilAnswer = createHandshake(zeroPoint, "NNpsk0", "responder", {
      prologue,
      ephemeral: secret,
      psk,
    });
    expect(evilAnswer.read(left.write(noBytes)).ok).toBe(true);
    expect(left.read(evilAnswer.write(noBytes))).toEqual(rejected("noise/small-order"));

    const lock = createHandshake(fast, "NK", "responder", {
      prologue,
      ephemeral: ephemerals[1],
      staticSecret: secret,
    });
    const evilNk = createHandshake(zeroPoint, "NK", "initiator", {
      prologue,
      ephemeral: secret,
      remoteStatic,
    });
    expect(lock.read(evilNk.write(noBytes))).toEqual(rejected("noise/small-order"));
  });

  test("what only we can do wrong throws: turns, missing keys, use after a refusal or before the end", () => {
    const { left, right } = pair();
    expect(() => left.read(new Uint8Array(48))).toThrow("out of turn");
    expect(() => right.write(noBytes)).toThrow("out of turn");
    expect(() => left.split()).toThrow("before the last message");
    expect(right.read(new Uint8Array(48)).ok).toBe(false);
    expect(() => right.read(new Uint8Array(48))).toThrow("was refused");
    expect(() => right.write(noBytes)).toThrow("was refused");
    expect(() => right.split()).toThrow("was refused");

    const ephemeral = ephemerals[0];
    expect(() => createHandshake(fast, "NNpsk0", "initiator", { prologue, ephemeral })).toThrow("psk");
    expect(() => createHandshake(fast, "NK", "initiator", { prologue, ephemeral })).toThrow("remote static");
    expect(() => createHandshake(fast, "NK", "responder", { prologue, ephemeral })).toThrow("static secret");
    expect(() => createHandshake(fast, "NNpsk0", "initiator", { prologue, ephemeral: noBytes, psk })).toThrow(
      "ephemeral",
    );
    const bad = createHandshake(fast, "NK", "initiator", {
      prologue,
      ephemeral,
      remoteStatic: new Uint8Array(32),
    });
    expect(() => bad.write(noBytes)).toThrow("small order");
  });

  test("both sides end with the same hash and the same two different keys, and then it is over", () => {
    const { left, right } = pair();
    const before = left.hash;
    expect(right.read(left.write(noBytes)).ok).toBe(true);
    expect(left.read(right.write(noBytes)).ok).toBe(true);
    expect(left.hash).toEqual(right.hash);
    expect(left.hash).not.toEqual(before);
    expect(left.split()).toEqual(right.split());
    expect(left.split().toInitiator).not.toEqual(left.split().toResponder);
    expect(() => left.write(noBytes)).toThrow("over");
  });
});
