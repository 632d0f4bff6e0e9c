/**
 * Vectors that other people published (Wycheproof, COSE working group, cacophony), against both providers. The files
 * are not part of the project: the environment variable DOORSYNC_VECTORS names their folder, and without it these
 * suites count as skipped and say so.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, fromHex, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { decode } from "../packages/protocol/src/cbor/codec.ts";
import { type Crypto, createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { encrypt0Field, encStructure, openEncrypt0 } from "../packages/protocol/src/crypto/encrypt0.ts";
import { createHandshake, type Pattern } from "../packages/protocol/src/crypto/noise.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { sigStructure, splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { openssl } from "../packages/protocol/src-node/openssl.ts";

const folder = process.env["DOORSYNC_VECTORS"];
const missing = folder === undefined || folder === "";
if (missing) console.warn("DOORSYNC_VECTORS is not set: the suites over published vectors are SKIPPED.");

const portableCrypto = createCrypto(portable);
const opensslCrypto = createCrypto(openssl);
const providers: readonly Crypto[] = [portableCrypto, opensslCrypto];

/** The caller names the fields it reads; a file without them fails its assertions. */
function load<T>(path: string): T {
  return JSON.parse(readFileSync(join(folder ?? "", path), "utf8")) as T;
}

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

interface Suite<Group, Case> {
  readonly numberOfTests: number;
  readonly testGroups: readonly (Group & { readonly tests: readonly (Case & { readonly tcId: number })[] })[];
}

describe.skipIf(missing)("Wycheproof", () => {
  test.each(providers)("$provider: all 151 Ed25519 verdicts are the expected ones", (crypto) => {
    type Group = { readonly publicKey: { readonly pk: string } };
    type Case = { readonly msg: string; readonly sig: string; readonly result: string };
    const suite = load<Suite<Group, Case>>("wycheproof/ed25519_test.json");
    const wrong: number[] = [];
    let ran = 0;
    for (const group of suite.testGroups) {
      for (const { tcId, msg, sig, result } of group.tests) {
        const verdict = crypto.verify(hex(group.publicKey.pk), hex(msg), hex(sig)) ? "valid" : "invalid";
        if (verdict !== result) wrong.push(tcId);
        ran++;
      }
    }
    expect(wrong).toEqual([]);
    expect(ran).toBe(151);
  });

  test.each(providers)(
    "$provider: all 518 X25519 secrets are right, and 31 all-zero ones are refused",
    (crypto) => {
      type Case = { readonly public: string; readonly private: string; readonly shared: string };
      const suite = load<Suite<unknown, Case>>("wycheproof/x25519_test.json");
      const zeros = "00".repeat(32);
      const wrong: number[] = [];
      let ran = 0;
      let refused = 0;
      for (const { tests } of suite.testGroups) {
        for (const vector of tests) {
          const shared = crypto.agree(hex(vector.private), hex(vector.public));
          if (shared === undefined) refused++;
          if ((shared === undefined ? zeros : toHex(shared)) !== vector.shared) wrong.push(vector.tcId);
          ran++;
        }
      }
      expect(wrong).toEqual([]);
      expect([ran, refused]).toEqual([518, 31]);
    },
  );

  test.each(providers)("$provider: all 325 ChaCha20/Poly1305 cases seal and open as expected", (crypto) => {
    type Case = Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag" | "result", string>;
    const suite = load<Suite<unknown, Case>>("wycheproof/chacha20_poly1305_test.json");
    const wrong: number[] = [];
    let valid = 0;
    let invalid = 0;
    for (const { tests } of suite.testGroups) {
      for (const vector of tests) {
        const [key, iv, aad, msg] = [hex(vector.key), hex(vector.iv), hex(vector.aad), hex(vector.msg)];
        const opened = crypto.open(key, iv, aad, hex(vector.ct + vector.tag));
        if (vector.result === "valid") {
          valid++;
          const sealed = toHex(crypto.seal(key, iv, aad, msg));
          if (opened === undefined || toHex(opened) !== vector.msg) wrong.push(vector.tcId);
          if (sealed !== vector.ct + vector.tag) wrong.push(vector.tcId);
        } else {
          invalid++;
          if (opened !== undefined) wrong.push(vector.tcId);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect([valid, invalid]).toEqual([256, 69]);
  });
});

describe.skipIf(missing)("COSE working group examples", () => {
  interface Example {
    readonly fail?: boolean;
    readonly input: {
      readonly plaintext: string;
      readonly sign0?: { readonly key: Record<string, string>; readonly external?: string };
    };
    readonly intermediates: { readonly ToBeSign_hex?: string; readonly CEK_hex?: string };
    readonly output: { readonly cbor_diag: string; readonly cbor: string };
  }

  const protectedHeaderOf = (example: Example): Bytes =>
    hex(/\[h'([0-9A-F]*)'/.exec(example.output.cbor_diag)?.[1] ?? "?");
  const payload = new TextEncoder().encode("This is the content.");
  const names = ["eddsa-sig-01", "eddsa-sig-02", "sign-pass-01", "sign-pass-02", "sign-pass-03"];
  const failing = ["01", "02", "03", "04", "06", "07"].map((number) => `sign-fail-${number}`);

  test("the bytes to be signed are theirs in all 5 good examples", () => {
    let ran = 0;
    for (const name of names) {
      const example = load<Example>(`cose/${name}.json`);
      // An empty header map is signed as an empty byte string (RFC 9052, section 4.4); ours is never empty.
      const header = name === "sign-pass-01" ? noBytes : protectedHeaderOf(example);
      const signed = sigStructure(header, hex(example.input.sign0?.external ?? ""), payload);
      expect(toHex(signed).toUpperCase(), name).toBe(example.intermediates.ToBeSign_hex);
      ran++;
    }
    expect(ran).toBe(5);
  });

  test("a header changed after signing changes the bytes to be signed in all 4 such examples", () => {
    let differing = 0;
    for (const name of failing) {
      const example = load<Example>(`cose/${name}.json`);
      expect(example.fail, name).toBe(true);
      const signed = toHex(sigStructure(protectedHeaderOf(example), noBytes, payload)).toUpperCase();
      if (signed !== example.intermediates.ToBeSign_hex) differing++;
    }
    expect(differing).toBe(4); // 01 and 02 change the tag and the signature itself
  });

  test("tags, key ids and other algorithms are outside our one shape: all 11 messages are MALFORMED", () => {
    const checks = [...names, ...failing].map((name) => {
      const verdict = splitSign1(hex(load<Example>(`cose/${name}.json`).output.cbor), 2_048);
      return verdict.ok ? name : `${verdict.refusal} ${verdict.check.split("/")[0]}`;
    });
    expect(checks.filter((check) => check === "MALFORMED cbor")).toHaveLength(10);
    expect(checks.filter((check) => check === "MALFORMED sign1")).toHaveLength(1); // sign-pass-03 has no tag
  });

  test.each(providers)("$provider: makes and accepts the signature of eddsa-sig-01", (crypto) => {
    const example = load<Example>("cose/eddsa-sig-01.json");
    const key = example.input.sign0?.key ?? {};
    const signed = sigStructure(protectedHeaderOf(example), noBytes, payload);
    const signature = hex(example.output.cbor).subarray(-64);
    expect(toHex(crypto.sign(hex(key["d_hex"] ?? "?"), signed))).toBe(toHex(signature));
    expect(crypto.verify(hex(key["x_hex"] ?? "?"), signed, signature)).toBe(true);
    expect(crypto.verify(hex(key["x_hex"] ?? "?"), signed.subarray(1), signature)).toBe(false);
  });

  test.each(providers)("$provider: opens the COSE_Encrypt0 of chacha-poly-enc-01", (crypto) => {
    const example = load<Example>("cose/chacha-poly-enc-01.json");
    const untagged = hex(example.output.cbor).subarray(1);
    const decoded = decode(untagged, 2_048);
    const sealed = decoded.ok ? encrypt0Field.fromCbor(decoded.value) : undefined;
    if (sealed === undefined) throw new Error("the example does not have our shape");
    const key = hex(example.intermediates.CEK_hex ?? "?");
    const opened = openEncrypt0(crypto, key, noBytes, sealed);
    expect(opened === undefined ? undefined : toHex(opened)).toBe(toHex(payload));
    expect(openEncrypt0(crypto, key, payload, sealed)).toBeUndefined();
    // ["Encrypt0", h'a1011818', h''], typed by hand
    expect(toHex(encStructure(protectedHeaderOf(example), noBytes))).toBe("8368456e63727970743044a101181840");
  });
});

describe.skipIf(missing)("cacophony", () => {
  interface Vector {
    readonly protocol_name: string;
    readonly init_prologue: string;
    readonly init_ephemeral: string;
    readonly init_psks?: readonly string[];
    readonly init_remote_static?: string;
    readonly resp_prologue: string;
    readonly resp_ephemeral: string;
    readonly resp_psks?: readonly string[];
    readonly resp_static?: string;
    readonly handshake_hash: string;
    readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
  }

  const pairs = [
    [portableCrypto, opensslCrypto],
    [opensslCrypto, portableCrypto],
  ] as const;
  const cases = pairs.flatMap(([initiator, responder]) =>
    (["NK", "NNpsk0"] as const).map((pattern) => ({ pattern, initiator, responder })),
  );

  function optional<K extends string>(name: K, text: string | undefined): { readonly [P in K]?: Bytes } {
    return (text === undefined ? {} : { [name]: hex(text) }) as { readonly [P in K]?: Bytes };
  }

  test.each(cases)(
    "$pattern: $initiator.provider to $responder.provider writes and reads all 6 messages of the vector",
    ({ pattern, initiator, responder }: { pattern: Pattern; initiator: Crypto; responder: Crypto }) => {
      const { vectors } = load<{ readonly vectors: readonly Vector[] }>(
        "noise/cacophony-25519-chachapoly.json",
      );
      const vector = vectors.find(
        (each) => each.protocol_name === `Noise_${pattern}_25519_ChaChaPoly_SHA256`,
      );
      if (vector === undefined) throw new Error("the vector is missing");
      const left = createHandshake(initiator, pattern, "initiator", {
        prologue: hex(vector.init_prologue),
        ephemeral: hex(vector.init_ephemeral),
        ...optional("psk", vector.init_psks?.[0]),
        ...optional("remoteStatic", vector.init_remote_static),
      });
      const right = createHandshake(responder, pattern, "responder", {
        prologue: hex(vector.resp_prologue),
        ephemeral: hex(vector.resp_ephemeral),
        ...optional("psk", vector.resp_psks?.[0]),
        ...optional("staticSecret", vector.resp_static),
      });
      let ran = 0;
      for (const [i, { payload, ciphertext }] of vector.messages.entries()) {
        const fromLeft = i % 2 === 0;
        if (i < 2) {
          const message = (fromLeft ? left : right).write(hex(payload));
          expect(toHex(message)).toBe(ciphertext);
          const read = (fromLeft ? right : left).read(message);
          expect(read.ok && toHex(read.value)).toBe(payload);
        } else {
          const [sender, receiver] = fromLeft ? [left, right] : [right, left];
          const which = fromLeft ? "toResponder" : "toInitiator";
          const nonce = concat(new Uint8Array(4), new Uint8Array([Math.floor(i / 2) - 1]), new Uint8Array(7));
          const sealed = initiator.seal(sender.split()[which], nonce, noBytes, hex(payload));
          expect(toHex(sealed)).toBe(ciphertext);
          expect(responder.open(receiver.split()[which], nonce, noBytes, sealed)).toEqual(hex(payload));
        }
        ran++;
      }
      expect(toHex(left.hash)).toBe(vector.handshake_hash);
      expect(toHex(right.hash)).toBe(vector.handshake_hash);
      expect(ran).toBe(6);
    },
  );
});
