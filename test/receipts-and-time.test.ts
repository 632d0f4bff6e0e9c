/**
 * The lock's signed word and the authority's word for the time, each believed only from its own key, for its own lock
 * and question; and what an honest courier finds out about a parcel before it carries it.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, noBytes } from "../packages/protocol/src/bytes.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import { firstCredentialId } from "../packages/protocol/src/codes/item.ts";
import { splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { secondsMax, tokenAgeSecondsMax, versionMax } from "../packages/protocol/src/limits.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import {
  decodeParcel,
  decodeReturnSlip,
  encodeParcel,
  encodeReturnSlip,
  type Parcel,
  type ReturnSlip,
} from "../packages/protocol/src/messages/parcel.ts";
import { type ReceiptSaid, receiptPayload } from "../packages/protocol/src/messages/receipt.ts";
import { timePayload } from "../packages/protocol/src/messages/time-token.ts";
import { checkParcel, checkReceipt } from "../packages/protocol/src/rules/check-parcel.ts";
import { issueSnapshot, issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import { issueAck } from "../packages/protocol/src/rules/log.ts";
import { acceptReceipt, issueReceipt } from "../packages/protocol/src/rules/receipt.ts";
import { issueRotation } from "../packages/protocol/src/rules/rotation.ts";
import { acceptTime, issueTime } from "../packages/protocol/src/rules/time.ts";
import { codeItem, commissionedPair, fast, issuedAt, modelOfCodes, secret, tableOf } from "./arbitraries.ts";
import { flipped, forgeManifest, forgeSigned, sign1Of, withGroupOrderAdded } from "./forge.ts";
import { accepted } from "./matchers.ts";

const pair = commissionedPair("receipts");
const { lock, trust, seeds, lockPublic } = pair;
const { signSeed } = pair.atLock;
const said: ReceiptSaid = {
  version: 1_042,
  issuedAt,
  state: secret("state", 8),
  lowerSeconds: issuedAt + 60,
  flags: 0,
};
const receipt = issueReceipt(fast, signSeed, trust.name, said);

describe("a receipt", () => {
  const judge = (message: Bytes, name = lock.name, key = lockPublic.sign) =>
    acceptReceipt(fast, name, key, message);

  test("says to the authority what the lock said, whatever that was", () => {
    const u32 = fc.integer({ min: 0, max: versionMax });
    const sayings = fc.record({
      version: u32,
      issuedAt: u32,
      state: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      lowerSeconds: u32,
      flags: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(sayings, (any) => {
        const message = issueReceipt(fast, signSeed, trust.name, any);
        expect(message.length).toBeLessThanOrEqual(messageCatalog.receipt.toPhone);
        expect(accepted(judge(message))).toEqual(any);
      }),
    );
  });

  test("counts only under this lock's key, for this lock, in this epoch (R2)", () => {
    expect(judge(receipt, { ...lock.name, epoch: 2 })).toRefuseWith("REJECTED", "R2");
    expect(judge(receipt, { ...lock.name, lockId: secret("other", 16) })).toRefuseWith("REJECTED", "R2");
    expect(judge(receipt, lock.name, trust.authority.table)).toRefuseWith("REJECTED", "R2");
    const other = commissionedPair("the door beside");
    const theirs = issueReceipt(fast, other.atLock.signSeed, lock.name, said);
    expect(judge(theirs)).toRefuseWith("REJECTED", "R2");
  });

  test("is refused with any bit flipped, with S + L, and when anything but a receipt was signed", () => {
    for (let bit = 0; bit < 8 * receipt.length; bit++) {
      expect(judge(flipped(receipt, bit)), `bit ${bit}`).toRefuseWith("REJECTED", /^R[12]$/);
    }
    const { payload, signature } = accepted(splitSign1(receipt, 128));
    expect(judge(sign1Of(payload, withGroupOrderAdded(signature)))).toRefuseWith("REJECTED", "R2");
    expect(judge(noBytes)).toRefuseWith("REJECTED", "R1");
    expect(judge(new Uint8Array(129))).toRefuseWith("REJECTED", "R1");
    const { type } = messageCatalog.receipt;
    for (const row of [
      [1_042, issuedAt, said.state, issuedAt],
      [1_042, issuedAt, said.state, issuedAt, 0, 0],
      [],
    ]) {
      expect(judge(forgeSigned(fast, signSeed, lock, type, encode(row)))).toRefuseWith("REJECTED", "R3");
    }
    expect(accepted(judge(forgeSigned(fast, signSeed, lock, type, receiptPayload.encode(said))))).toEqual(
      said,
    );
  });
});

describe("a time token", () => {
  const nonce = secret("nonce", 16);
  const seconds = issuedAt + 7_200;
  const token = issueTime(fast, seeds.time, lock.name, nonce, seconds);
  const asked = { nonce, elapsedSeconds: 0, floorSeconds: issuedAt, tableIssuedAt: issuedAt };
  const judge = (message: Bytes, at: Partial<typeof asked> = {}) =>
    acceptTime(fast, trust, { ...asked, ...at }, message);

  test("is believed for thirty seconds after its nonce, to the second (K1)", () => {
    expect(accepted(judge(token, { elapsedSeconds: tokenAgeSecondsMax }))).toBe(seconds);
    expect(judge(token, { elapsedSeconds: tokenAgeSecondsMax + 1 })).toRefuseWith("REJECTED", "K1");
  });

  test("answers one nonce of one lock in one epoch, under the time key alone (K3)", () => {
    expect(judge(token, { nonce: secret("another nonce", 16) })).toRefuseWith("REJECTED", "K3");
    for (const [seed, name] of [
      [seeds.table, lock.name],
      [seeds.root, lock.name],
      [signSeed, lock.name],
      [seeds.time, { ...lock.name, epoch: 2 }],
      [seeds.time, { ...lock.name, lockId: secret("other", 16) }],
    ] as const) {
      expect(judge(issueTime(fast, seed, name, nonce, seconds))).toRefuseWith("REJECTED", "K3");
    }
  });

  test("is refused with any bit flipped, cut, or when anything but a time was signed (K2 to K4)", () => {
    for (let bit = 0; bit < 8 * token.length; bit++) {
      expect(judge(flipped(token, bit)), `bit ${bit}`).toRefuseWith("REJECTED", /^K[23]$/);
    }
    expect(judge(token.subarray(1))).toRefuseWith("REJECTED", "K2");
    expect(judge(new Uint8Array(129))).toRefuseWith("REJECTED", "K2");
    const { payload, signature } = accepted(splitSign1(token, 128));
    expect(judge(sign1Of(payload, withGroupOrderAdded(signature)))).toRefuseWith("REJECTED", "K3");
    expect(timePayload.encode({ seconds })).toEqual(payload);
    // No field is left to get wrong behind the signature but the shape itself.
    const nonceless = forgeSigned(fast, seeds.time, lock, messageCatalog.time.type, payload);
    expect(judge(nonceless)).toRefuseWith("REJECTED", "K3");
  });

  test("K4: signed for this nonce, and no time at all", () => {
    for (const row of [[], [seconds, 0], [secondsMax + 1], ["now"]]) {
      expect(judge(signedFor(row))).toRefuseWith("REJECTED", "K4");
    }
    expect(accepted(judge(signedFor([seconds])))).toBe(seconds);
  });

  test("never goes below the signed floor (K5), nor over 400 days past the newest table (K6)", () => {
    const day = 86_400;
    expect(accepted(judge(token, { floorSeconds: seconds }))).toBe(seconds);
    expect(judge(token, { floorSeconds: seconds + 1 })).toRefuseWith("STALE", "K5");
    const far = issueTime(fast, seeds.time, lock.name, nonce, issuedAt + 400 * day);
    expect(accepted(judge(far))).toBe(issuedAt + 400 * day);
    const farther = issueTime(fast, seeds.time, lock.name, nonce, issuedAt + 400 * day + 1);
    expect(judge(farther)).toRefuseWith("EXPIRED", "K6");
  });

  function signedFor(row: readonly (number | string)[]): Bytes {
    const context = encode([
      "doorsync/1",
      messageCatalog.time.type,
      lock.name.lockId,
      lock.name.epoch,
      nonce,
    ]);
    const payload = encode(row);
    const signed = encode(["Signature1", new Uint8Array([0xa1, 0x01, 0x27]), context, payload]);
    return sign1Of(payload, fast.sign(seeds.time, signed));
  }
});

describe("a parcel", () => {
  const table = tableOf(lock.keys, modelOfCodes(lock.keys, 150));
  const at = { from: 1_041, to: 1_042, table, issuedAt, lifeHours: 168 };
  const puts = (count: number): readonly Bytes[] =>
    Array.from({ length: count }, (_, i) =>
      codeItem(lock.keys, firstCredentialId + 500 + i, 1, String(800_000 + i)),
    );
  const update = accepted(issueUpdate(fast, seeds.table, lock, at, { removes: [], puts: puts(1) }));
  const large = accepted(issueUpdate(fast, seeds.table, lock, at, { removes: [], puts: puts(40) }));
  const snapshot = issueSnapshot(fast, seeds.table, lock, at);

  function parcelOf(kind: Parcel["kind"], messages: Parcel["messages"], notAfter = update.notAfter): Parcel {
    return {
      kind,
      lockId: lock.name.lockId,
      tag: pair.commission.offer.tag,
      epoch: lock.name.epoch,
      from: kind === "update" ? at.from : 0,
      to: at.to,
      notAfter,
      lockKey: lockPublic.sign,
      tableKey: trust.authority.table,
      messages,
    };
  }

  const good = {
    update: parcelOf("update", update.messages),
    large: parcelOf("update", large.messages),
    snapshot: parcelOf("snapshot", snapshot.messages),
    commission: parcelOf("commission", [{ type: messageCatalog.commission.type, body: pair.offer }]),
  };
  const { root, box, ...others } = trust.authority;
  const renewed = { ...others, box, epoch: 2, issuedAt };
  const rotation = issueRotation(fast, seeds.root, lock.name.lockId, renewed);
  const ack = issueAck(fast, seeds.table, lock.name, { seq: 70, head: secret("head", 16) });
  const lone = {
    rotation: {
      ...parcelOf("rotation", [{ type: messageCatalog.rotation.type, body: rotation }]),
      to: 2,
      tableKey: root,
    },
    ack: { ...parcelOf("ack", [{ type: messageCatalog.ack.type, body: ack }]), to: 70 },
  };
  const [manifest, first, second, third] = snapshot.messages;
  if (manifest === undefined || first === undefined || second === undefined || third === undefined)
    throw new Error("the snapshot is meant to have three chunks");

  test("is the same after a trip through a file, and a bent or cut file never becomes another kind of thing", () => {
    for (const parcel of [...Object.values(good), ...Object.values(lone)]) {
      expect(accepted(decodeParcel(encodeParcel(parcel)))).toEqual(parcel);
      expect(checkParcel(fast, parcel)).toMatchObject({ ok: true });
    }
    const bytes = encodeParcel(good.update);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeParcel(bytes.subarray(0, length))).toRefuseWith("MALFORMED");
    }
    const slip: ReturnSlip = {
      kind: "receipt",
      lockId: lock.name.lockId,
      tag: good.update.tag,
      epoch: 1,
      to: 1_042,
      body: receipt,
    };
    const log: ReturnSlip = { ...slip, kind: "log", to: 12, body: new Uint8Array(2_048) };
    expect(accepted(decodeReturnSlip(encodeReturnSlip(log)))).toEqual(log);
    expect(() => encodeReturnSlip({ ...log, body: new Uint8Array(2_049) })).toThrow(RangeError);
    expect(accepted(decodeReturnSlip(encodeReturnSlip(slip)))).toEqual(slip);
    expect(decodeReturnSlip(bytes)).toRefuseWith("MALFORMED");
    expect(decodeParcel(encodeReturnSlip(slip))).toRefuseWith("MALFORMED");
  });

  test("P1: messages that do not fit its kind", () => {
    const { update: one, snapshot: whole, commission } = good;
    for (const parcel of [
      { ...one, messages: [] },
      { ...one, messages: [...one.messages, first] },
      { ...one, kind: "snapshot" as const },
      { ...one, kind: "commission" as const },
      { ...whole, messages: [first] },
      { ...whole, messages: [{ type: messageCatalog.receipt.type, body: receipt }] },
      { ...commission, kind: "update" as const },
      { ...commission, messages: [...commission.messages, first] },
      { ...commission, messages: [] },
      { ...lone.rotation, messages: lone.ack.messages },
      { ...lone.ack, messages: lone.rotation.messages },
      { ...lone.rotation, messages: [...lone.rotation.messages, ...lone.rotation.messages] },
      { ...lone.ack, messages: [] },
      { ...lone.ack, kind: "update" as const },
    ]) {
      expect(checkParcel(fast, parcel)).toRefuseWith("REJECTED", "P1");
    }
  });

  test("P2: another lock, epoch or key on the wrapper, or any bit of the signed message flipped", () => {
    for (const spoilt of [
      { lockId: secret("other", 16) },
      { epoch: 2 },
      { tableKey: trust.authority.time },
      { tableKey: new Uint8Array(32) },
    ]) {
      for (const parcel of [good.update, good.large, good.snapshot]) {
        expect(checkParcel(fast, { ...parcel, ...spoilt })).toRefuseWith("REJECTED", "P2");
      }
    }
    for (const spoilt of [{ lockId: secret("other", 16) }, { tableKey: trust.authority.time }]) {
      for (const parcel of Object.values(lone)) {
        expect(checkParcel(fast, { ...parcel, ...spoilt })).toRefuseWith("REJECTED", "P2");
      }
    }
    expect(checkParcel(fast, { ...lone.ack, epoch: 2 })).toRefuseWith("REJECTED", "P2");
    for (const parcel of Object.values(lone)) {
      const { type = 0, body = noBytes } = parcel.messages[0] ?? {};
      for (let bit = 0; bit < 8 * body.length; bit += 13) {
        const messages = [{ type, body: flipped(body, bit) }];
        expect(checkParcel(fast, { ...parcel, messages })).toRefuseWith("REJECTED", "P2");
      }
    }
    for (const parcel of [good.update, good.snapshot]) {
      const [head, ...rest] = parcel.messages;
      const body = head?.body ?? noBytes;
      for (let bit = 0; bit < 8 * body.length; bit++) {
        const messages = [{ type: head?.type ?? 0, body: flipped(body, bit) }, ...rest];
        expect(checkParcel(fast, { ...parcel, messages })).toRefuseWith("REJECTED", "P2");
      }
    }
    const asManifest = {
      ...good.update,
      messages: [{ type: messageCatalog.manifest.type, body: update.messages[0]?.body ?? noBytes }],
    };
    expect(checkParcel(fast, asManifest)).toRefuseWith("REJECTED", "P2");
  });

  test("P3: another version on the wrapper than in the signed message", () => {
    for (const parcel of [good.update, good.large, good.snapshot]) {
      expect(checkParcel(fast, { ...parcel, to: 1_043 })).toRefuseWith("REJECTED", "P3");
    }
    for (const parcel of Object.values(lone)) {
      expect(checkParcel(fast, { ...parcel, to: 3 })).toRefuseWith("REJECTED", "P3");
    }
  });

  test("P4: chunks missing, doubled, in another order, of another type, bent or too many", () => {
    const last = third.body;
    for (const chunks of [
      [],
      [first, second],
      [second, first, third],
      [first, first, third],
      [first, second, second],
      [first, second, third, third],
      [first, { ...second, type: messageCatalog.update.type }, third],
      [first, second, { ...third, body: flipped(last, 8 * last.length - 1) }],
      [first, second, { ...third, body: concat(last, new Uint8Array(1)) }],
    ]) {
      const parcel = { ...good.snapshot, messages: [manifest, ...chunks] };
      expect(checkParcel(fast, parcel)).toRefuseWith("REJECTED", "P4");
    }
    // A whole chain, and yet not as many items as were signed.
    const root = fast.hash(first.body);
    const stream = { items: 400, siv: secret("siv", 16), root };
    const promising = forgeManifest(fast, seeds.table, lock, at.to, noBytes, stream);
    const short = [{ ...manifest, body: promising }, first, second, third];
    expect(checkParcel(fast, { ...good.snapshot, messages: short })).toRefuseWith("REJECTED", "P4");
    expect(checkParcel(fast, { ...good.large, messages: large.messages.slice(0, 1) })).toRefuseWith(
      "REJECTED",
      "P4",
    );
  });

  test("leaves to the lock what only the lock can see: base, life and tag of the wrapper are hints", () => {
    const hints = { from: 7, notAfter: 0, tag: secret("another tag", 8), lockKey: new Uint8Array(32) };
    expect(checkParcel(fast, { ...good.update, ...hints })).toMatchObject({ ok: true });
  });

  test("is done for the courier only by a receipt under the key on its wrapper", () => {
    expect(accepted(checkReceipt(fast, good.update, receipt))).toEqual(said);
    expect(checkReceipt(fast, { ...good.update, lockKey: trust.authority.table }, receipt)).toRefuseWith(
      "REJECTED",
      "R2",
    );
    expect(checkReceipt(fast, { ...good.update, epoch: 2 }, receipt)).toRefuseWith("REJECTED", "R2");
    expect(checkReceipt(fast, good.update, flipped(receipt, 100))).toRefuseWith("REJECTED", /^R[12]$/);
  });
});
