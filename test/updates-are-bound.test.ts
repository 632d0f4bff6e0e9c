/**
 * An update speaks to one lock, in one epoch, as one type of one suite, under one key; presented as anything else it
 * is refused. The other checks are tested in updates-are-judged.
 */
import { expect, test } from "vitest";
import type { Bytes } from "../packages/protocol/src/bytes.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import { context } from "../packages/protocol/src/crypto/context.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { sign1, splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { updateBytesMax } from "../packages/protocol/src/limits.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { acceptManifest, acceptUpdate } from "../packages/protocol/src/rules/accept-update.ts";
import { acceptReceipt, issueReceipt } from "../packages/protocol/src/rules/receipt.ts";
import { acceptTime, issueTime } from "../packages/protocol/src/rules/time.ts";
import { signedContext } from "../packages/protocol/src/rules/trust.ts";
import { commissionedPair, fast, holding, issuedAt, modelOfCodes, secret, tableOf } from "./arbitraries.ts";
import { forgeSigned, sign1Of, withGroupOrderAdded } from "./forge.ts";
import {
  from,
  held,
  issued,
  judgeUpdate,
  keys,
  lock,
  manifest,
  pair,
  seeds,
  to,
  trust,
  update,
} from "./judged-case.ts";
import { accepted } from "./matchers.ts";

test("P5: another lock refuses it, even with equal keys, versions and tables", () => {
  const twin = { ...trust, name: { ...trust.name, lockId: secret("twin", 16) } };
  expect(acceptUpdate(fast, twin, held, update)).toRefuseWith("REJECTED", "U9");
  expect(acceptManifest(fast, twin, held, manifest)).toRefuseWith("REJECTED", "U9");
  const other = commissionedPair("the door beside");
  const sameTable = tableOf(other.lock.keys, modelOfCodes(keys, 10));
  expect(acceptUpdate(fast, other.trust, holding(other.lock.keys, from, sameTable), update)).toRefuseWith(
    "REJECTED",
    "U9",
  );
});

test("the next epoch refuses it, even with equal keys", () => {
  const later = { ...trust, name: { ...trust.name, epoch: 2 } };
  expect(acceptUpdate(fast, later, held, update)).toRefuseWith("REJECTED", "U9");
  expect(acceptManifest(fast, later, held, manifest)).toRefuseWith("REJECTED", "U9");
});

test("P6: no signed message passes for another type, even if one key signed them all", () => {
  const seed = seeds.table;
  const key = trust.authority.table;
  const oneKey = { ...trust, authority: { ...trust.authority, time: key } };
  const nonce = secret("nonce", 16);
  const asked = { nonce, elapsedSeconds: 0, floorSeconds: 0, tableIssuedAt: issuedAt };
  const said = { version: to, issuedAt, state: issued.state, lowerSeconds: issuedAt, flags: 0 };
  const types = {
    update: {
      bytes: update,
      judge: (bytes: Bytes) => acceptUpdate(fast, oneKey, held, bytes),
      check: "U9",
    },
    manifest: {
      bytes: manifest,
      judge: (bytes: Bytes) => acceptManifest(fast, oneKey, held, bytes),
      check: "U9",
    },
    receipt: {
      bytes: issueReceipt(fast, seed, trust.name, said),
      judge: (bytes: Bytes) => acceptReceipt(fast, trust.name, key, bytes),
      check: "R2",
    },
    time: {
      bytes: issueTime(fast, seed, trust.name, nonce, issuedAt),
      judge: (bytes: Bytes) => acceptTime(fast, oneKey, asked, bytes),
      check: "K3",
    },
  };
  let pairs = 0;
  for (const [xName, x] of Object.entries(types)) {
    expect(x.judge(x.bytes), xName).toMatchObject({ ok: true });
    for (const [yName, y] of Object.entries(types)) {
      if (xName === yName) continue;
      // As it is; and, for the type binding alone, y's own payload signed under x's type.
      expect(y.judge(x.bytes), `${xName} as ${yName}`).toRefuseWith("REJECTED");
      const { payload } = accepted(splitSign1(y.bytes, updateBytesMax));
      const type = messageCatalog[xName as keyof typeof types].type;
      const bound = signedContext(type, trust.name, ...(xName === "time" || yName === "time" ? [nonce] : []));
      expect(y.judge(sign1(fast, seed, bound, payload)), `${yName} signed as ${xName}`).toRefuseWith(
        "REJECTED",
        y.check,
      );
      pairs++;
    }
  }
  expect(pairs).toBe(12);
});

test("P6: another protocol or suite number in the context is refused", () => {
  const { payload } = accepted(splitSign1(update, updateBytesMax));
  const { lockId, epoch } = trust.name;
  const resigned = (suite: string): Bytes =>
    sign1(fast, seeds.table, encode([suite, messageCatalog.update.type, lockId, epoch]), payload);
  expect(resigned("doorsync/1")).toEqual(update);
  expect(judgeUpdate(resigned("doorsync/2"))).toRefuseWith("REJECTED", "U9");
  expect(judgeUpdate(resigned("doorsync/1 "))).toRefuseWith("REJECTED", "U9");
  expect(context(messageCatalog.update.type, lockId, epoch)).toEqual(signedContext(2, trust.name));
});

test("a key for another purpose, or another authority's, is refused", () => {
  const { payload } = accepted(splitSign1(update, updateBytesMax));
  for (const seed of [seeds.root, seeds.capability, seeds.time, pair.atLock.signSeed, secret("stranger")]) {
    expect(judgeUpdate(forgeSigned(fast, seed, lock, 2, payload))).toRefuseWith("REJECTED", "U9");
  }
});

test("S + L is another spelling of a good signature and is refused, over either provider", () => {
  const { payload, signature } = accepted(splitSign1(update, updateBytesMax));
  const malleated = sign1Of(payload, withGroupOrderAdded(signature));
  expect(sign1Of(payload, signature)).toEqual(update);
  expect(malleated).not.toEqual(update);
  for (const crypto of [fast, createCrypto(portable)]) {
    expect(acceptUpdate(crypto, trust, held, malleated), crypto.provider).toRefuseWith("REJECTED", "U9");
  }
});
