/**
 * Corners of the core that no story leads to: what only a peer with the right keys, or a bug of ours, could cause.
 * Each is a refusal or an exception, never silence. The roads themselves are tested by the suites named for them.
 */
import { describe, expect, test } from "vitest";
import {
  ascii,
  type Bytes,
  equal,
  fromHex,
  noBytes,
  readUint,
  toHex,
  writeUint,
} from "../packages/protocol/src/bytes.ts";
import { encStructure } from "../packages/protocol/src/crypto/encrypt0.ts";
import { createHandshake } from "../packages/protocol/src/crypto/noise.ts";
import { sigStructure } from "../packages/protocol/src/crypto/sign1.ts";
import { hear, segment } from "../packages/protocol/src/link/frame.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { encodeChunk } from "../packages/protocol/src/messages/chunk.ts";
import { commissionPrologue, setupPsk } from "../packages/protocol/src/messages/commission.ts";
import type { Parcel } from "../packages/protocol/src/messages/parcel.ts";
import { describeRefusal, refusalByCode, refusals } from "../packages/protocol/src/refusal.ts";
import { checkParcel } from "../packages/protocol/src/rules/check-parcel.ts";
import {
  acceptCommission,
  finishCommission,
  issueCommission,
} from "../packages/protocol/src/rules/commission.ts";
import { commissionedPair, fast, secret } from "./arbitraries.ts";
import { forgeManifest } from "./forge.ts";
import { accepted } from "./matchers.ts";

describe("a first meeting whose words are sealed by the right secret, and are no words", () => {
  const { commission, offer } = commissionedPair("corners");
  const shake = (role: "initiator" | "responder", ephemeral: string) =>
    createHandshake(fast, "NNpsk0", role, {
      prologue: commissionPrologue,
      ephemeral: secret(ephemeral),
      psk: setupPsk(fast, commission.setup),
    });

  test("an offer of any other shape is refused", () => {
    const entropy = secret("corner entropy");
    const lock = { setup: commission.setup, lastEpoch: 0, entropy };
    for (const words of [noBytes, Uint8Array.of(0x80), ascii("a parcel")]) {
      const message = shake("initiator", "offer").write(words);
      expect(acceptCommission(fast, lock, message)).toRefuseWith("REJECTED", "M2");
    }
  });

  test("an offer whose key for the log is of small order is refused", () => {
    const lock = { setup: commission.setup, lastEpoch: 0, entropy: secret("corner entropy") };
    const message = issueCommission(fast, {
      ...commission,
      offer: { ...commission.offer, box: new Uint8Array(32) },
    });
    accepted(acceptCommission(fast, lock, offer));
    expect(acceptCommission(fast, lock, message)).toRefuseWith("REJECTED", "M4");
  });

  test("a reply of any other shape is refused", () => {
    for (const words of [noBytes, Uint8Array.of(0x80), ascii("welcome")]) {
      const responder = shake("responder", "reply");
      accepted(responder.read(offer));
      expect(finishCommission(fast, commission, responder.write(words))).toRefuseWith("REJECTED", "M2/shape");
    }
  });
});

describe("a stream that announces more chunks than it has", () => {
  const { seeds, lock, lockPublic } = commissionedPair("corners");

  function parcelEndingWith(next: Bytes): Parcel {
    const chunk = encodeChunk({ index: 0, next, sealed: new Uint8Array(16 + 29) });
    const stream = { items: 1, siv: secret("siv", 16), root: fast.hash(chunk) };
    const manifest = forgeManifest(fast, seeds.table, lock, 7, noBytes, stream);
    return {
      kind: "snapshot",
      ...lock.name,
      tag: secret("tag", 8),
      from: 0,
      to: 7,
      notAfter: 0,
      lockKey: lockPublic.sign,
      tableKey: fast.signPublic(seeds.table),
      messages: [
        { type: messageCatalog.manifest.type, body: manifest },
        { type: messageCatalog.chunk.type, body: chunk },
      ],
    };
  }

  test("is refused by the courier, though every chunk is the one that was announced", () => {
    accepted(checkParcel(fast, parcelEndingWith(new Uint8Array(32))));
    expect(checkParcel(fast, parcelEndingWith(secret("one more")))).toRefuseWith("REJECTED", "P4");
  });
});

describe("our own mistakes are thrown, not written or read", () => {
  test("integers that do not fit their width, and places that do not exist", () => {
    const four = new Uint8Array(4);
    for (const value of [-1, 256, 0.5, Number.NaN]) {
      expect(() => writeUint(four, 0, 1, value)).toThrow(RangeError);
    }
    for (const at of [-1, 3, 4]) expect(() => writeUint(four, at, 2, 1)).toThrow(RangeError);
    expect(four).toEqual(new Uint8Array(4));
    writeUint(four, 2, 2, 0xffff);
    expect(readUint(four, 0, 4)).toBe(0xffff);
    expect(() => readUint(four, 3, 2)).toThrow(RangeError);
  });

  test("keys of a length that is none", () => {
    for (const length of [0.5, -1, 8_161, Number.NaN]) {
      expect(() => fast.expand(secret("prk"), noBytes, length), `${length}`).toThrow(RangeError);
    }
  });

  test("labels outside ASCII, and hex that is none", () => {
    expect(ascii("\x7f")).toEqual(Uint8Array.of(0x7f));
    expect(() => ascii("\x80")).toThrow(RangeError);
    for (const text of ["0", "0g", "00 0"]) expect(fromHex(text)).toBeUndefined();
    expect(fromHex("0A ff\n10")).toEqual(Uint8Array.of(0x0a, 0xff, 0x10));
  });

  test("a body of 65,536 bytes is not cut into frames, one of 65,535 is, and comes out whole", () => {
    const longest = new Uint8Array(65_535).fill(7);
    const { frames } = segment({ nextSeq: 0 }, 1, longest, 514);
    let inbox: Parameters<typeof hear>[0] = { nextSeq: 0 };
    let body: Bytes | undefined;
    for (const frame of frames) {
      const heard = hear(inbox, frame, () => 65_535);
      if (heard.kind === "refused") throw new Error(heard.refused.check);
      if (heard.kind === "message") body = heard.body;
      inbox = heard.inbox;
    }
    expect(body !== undefined && equal(body, longest)).toBe(true);
    expect(() => segment({ nextSeq: 0 }, 1, new Uint8Array(65_536), 514)).toThrow("a body of 65536 bytes");
  });
});

test("a refusal is said with its number, and with its detail only if it has one", () => {
  expect(describeRefusal("STALE")).toMatch(/^refused 17 STALE: \S/);
  expect(describeRefusal("STALE", 0)).toMatch(/^refused 17 STALE \[0\]: \S/);
  for (const [name, { code }] of Object.entries(refusals)) {
    expect(refusalByCode(code), name).toBe(code === 0 ? undefined : name);
  }
  expect(refusalByCode(255)).toBeUndefined();
});

test("what COSE signs and authenticates is as RFC 9052 lays it out", () => {
  const parts = [Uint8Array.of(0xa1, 0x01, 0x27), Uint8Array.of(1), Uint8Array.of(2)] as const;
  expect(toHex(sigStructure(...parts))).toBe(`846a${toHex(ascii("Signature1"))}43a1012741014102`);
  expect(toHex(encStructure(parts[0], parts[1]))).toBe(`8368${toHex(ascii("Encrypt0"))}43a101274101`);
});
