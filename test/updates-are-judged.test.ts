/**
 * The lock's judgement of an update and a manifest, check by check: what is refused, by which numbered check, and how
 * little a stranger hears of it. Judgement alone: what a lock writes is tested with the firmware.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, noBytes, toHex } from "../packages/protocol/src/bytes.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import { firstCredentialId, itemBytes } from "../packages/protocol/src/codes/item.ts";
import { packItems } from "../packages/protocol/src/codes/table.ts";
import { type Crypto, createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { lifeHoursDefault, updateBytesMax, versionLeapMax } from "../packages/protocol/src/limits.ts";
import { encodeRefusal } from "../packages/protocol/src/messages/answers.ts";
import { type UpdateBody, updatePayload } from "../packages/protocol/src/messages/update.ts";
import { acceptManifest, acceptUpdate } from "../packages/protocol/src/rules/accept-update.ts";
import { issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import {
  codeItem,
  commissionedPair,
  fast,
  holding,
  issuedAt,
  modelOfCodes,
  models,
  secret,
  tableOf,
} from "./arbitraries.ts";
import { emptyStream, flipped, forgeSigned, forgeUpdate, sign1Of, withUint } from "./forge.ts";
import {
  at,
  base,
  change,
  forged,
  forgedManifest,
  from,
  good,
  held,
  issued,
  judgeManifest,
  judgeUpdate,
  keys,
  lock,
  manifest,
  put,
  seeds,
  snapshotBody,
  snapshotTable,
  stream,
  to,
  trust,
  update,
} from "./judged-case.ts";
import { accepted } from "./matchers.ts";

test("what the authority issues, the lock accepts, and both see the same table", () => {
  const delta = accepted(judgeUpdate(update));
  expect(delta).toMatchObject({
    kind: "delta",
    from,
    to,
    issuedAt,
    removes: change.removes,
    puts: change.puts,
  });
  if (delta.kind === "delta") expect(packItems(delta.table)).toEqual(packItems(issued.table));
  expect(forged(good)).toEqual(update);
  expect(forgedManifest(snapshotBody)).toEqual(manifest);
});

test("both providers judge alike: the same update is accepted, and the same bit refused", () => {
  const slow = createCrypto(portable);
  expect(accepted(acceptUpdate(slow, trust, held, update))).toMatchObject({ kind: "delta", to });
  expect(acceptUpdate(slow, trust, held, flipped(update, 8 * 100))).toRefuseWith("REJECTED", "U9");
  expect(accepted(issueUpdate(slow, seeds.table, lock, at, change)).messages).toEqual(issued.messages);
});

describe("P4: no bit may flip", () => {
  /** Checks by which flips were refused, by the part of a COSE_Sign1 in which the bit lies. */
  function flips(message: Bytes, judge: (bytes: Bytes) => { ok: boolean }) {
    const payload = accepted(splitSign1(message, 512)).payload.length;
    const start = message.length - 66 - payload;
    const found = { head: new Set<string>(), payload: new Set<string>(), signature: new Set<string>() };
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const verdict = judge(flipped(message, bit));
      expect(verdict, `bit ${bit}`).toRefuseWith("REJECTED");
      const byte = bit >> 3;
      const check = "check" in verdict ? String(verdict.check) : "";
      if (byte >= message.length - 64) found.signature.add(check);
      else if (byte >= start && byte < start + payload) found.payload.add(check);
      else found.head.add(check);
    }
    return found;
  }

  test("of an update: headers fall to U3 or U4, the payload to U5 or U9, the signature to U9", () => {
    const found = flips(update, judgeUpdate);
    expect(found.head).toEqual(new Set(["U3", "U4"]));
    expect(found.payload).toEqual(new Set(["U5", "U9"]));
    expect(found.signature).toEqual(new Set(["U9"]));
  });

  test("of a manifest", () => {
    const found = flips(manifest, judgeManifest);
    expect(found.head).toEqual(new Set(["U3", "U4"]));
    expect(found.payload).toEqual(new Set(["U5", "U9"]));
    expect(found.signature).toEqual(new Set(["U9"]));
  });
});

describe("form, before any signature", () => {
  test("U2 length alone, U3 strict CBOR, U4 exact COSE_Sign1, U5 exact payload", () => {
    expect(judgeUpdate(new Uint8Array(updateBytesMax + 1))).toRefuseWith("TOO_LARGE", "U2");
    expect(judgeManifest(new Uint8Array(updateBytesMax + 1))).toRefuseWith("TOO_LARGE", "U2");
    expect(judgeUpdate(noBytes)).toRefuseWith("REJECTED", "U3");
    expect(judgeUpdate(concat(update, new Uint8Array(1)))).toRefuseWith("REJECTED", "U3");
    expect(judgeUpdate(update.subarray(0, -1))).toRefuseWith("REJECTED", "U3");
    const { payload, signature } = accepted(splitSign1(update, updateBytesMax));
    expect(
      judgeUpdate(encode([new Uint8Array([0xa1, 0x01, 0x26]), new Map(), payload, signature])),
    ).toRefuseWith("REJECTED", "U4");
    expect(
      judgeUpdate(encode([new Uint8Array([0xa1, 0x01, 0x27]), new Map([[4, payload]]), payload, signature])),
    ).toRefuseWith("REJECTED", "U4");
    expect(judgeUpdate(sign1Of(payload, signature.subarray(1)))).toRefuseWith("REJECTED", "U4");
    expect(judgeUpdate(concat(new Uint8Array([0xd2]), update))).toRefuseWith("REJECTED", "U3");
    expect(judgeUpdate(forgeSigned(fast, seeds.table, lock, 2, encode([to])))).toRefuseWith("REJECTED", "U5");
    expect(judgeUpdate(forgeSigned(fast, seeds.table, lock, 2, noBytes))).toRefuseWith("REJECTED", "U5");
  });

  test("U8: a leap over 65,536 versions is refused before the signature, the widest leap after it", () => {
    let verified = 0;
    const counting: Crypto = {
      ...fast,
      verify(...args) {
        verified++;
        return fast.verify(...args);
      },
    };
    const leap = (version: number): Bytes => forged({ ...good, span: 1 }, version);
    expect(acceptUpdate(counting, trust, held, leap(from + versionLeapMax + 1))).toRefuseWith(
      "REJECTED",
      "U8",
    );
    expect(verified).toBe(0);
    expect(acceptUpdate(counting, trust, held, leap(from + versionLeapMax))).toRefuseWith(
      "NEED_SNAPSHOT",
      "U15",
    );
    expect(verified).toBe(1);
  });
});

describe("versions", () => {
  test("older is STALE and names the held version", () => {
    for (const version of [to + 1, to + 500]) {
      const stale = judgeUpdate(update, holding(keys, version, base));
      expect(stale).toRefuseWith("STALE", "U10");
      expect(stale).toHaveProperty("detail", version);
    }
    expect(judgeManifest(manifest, holding(keys, to + 1, base))).toRefuseWith("STALE", "U10");
  });

  test("equal with the same content is ALREADY; equal with other content is CONFLICT and never applied (P1b)", () => {
    const now = holding(keys, to, issued.table);
    expect(accepted(judgeUpdate(update, now))).toEqual({ kind: "already" });
    expect(accepted(judgeManifest(manifest, holding(keys, to, snapshotTable)))).toEqual({ kind: "already" });
    expect(judgeUpdate(update, holding(keys, to, base))).toRefuseWith("CONFLICT", "U13");
    expect(judgeManifest(manifest, now)).toRefuseWith("CONFLICT", "U13");
    // Neither age nor base excuses an equal version: they are looked at later.
    const late = { ...now, lowerSeconds: issuedAt + 10_000_000 };
    expect(accepted(judgeUpdate(update, late))).toEqual({ kind: "already" });
  });

  test("a lock that needs a snapshot takes one of its own version, and no delta", () => {
    const damaged = { ...holding(keys, to, snapshotTable), snapshotOnly: true };
    expect(accepted(judgeManifest(manifest, damaged))).toMatchObject({ kind: "manifest", span: 0, to });
    expect(judgeUpdate(update, { ...held, snapshotOnly: true })).toRefuseWith("NEED_SNAPSHOT", "U15");
    expect(judgeManifest(manifest, { ...damaged, version: to + 1 })).toRefuseWith("STALE", "U10");
  });

  test("EXPIRED by the lock's lower bound, to the second", () => {
    const lastSecond = issuedAt + lifeHoursDefault * 3_600;
    expect(issued.notAfter).toBe(lastSecond);
    accepted(judgeUpdate(update, { lowerSeconds: lastSecond }));
    accepted(judgeManifest(manifest, { lowerSeconds: lastSecond }));
    expect(judgeUpdate(update, { lowerSeconds: lastSecond + 1 })).toRefuseWith("EXPIRED", "U14");
    expect(judgeManifest(manifest, { lowerSeconds: lastSecond + 1 })).toRefuseWith("EXPIRED", "U14");
    const endless = forged({ ...good, issuedAt: 0xffff_ffff });
    accepted(judgeUpdate(endless, { lowerSeconds: 0xffff_ffff }));
  });

  test("U15: another base version, or the right version of another table", () => {
    const other = tableOf(keys, modelOfCodes(keys, 11));
    expect(judgeUpdate(update, holding(keys, from, other))).toRefuseWith("NEED_SNAPSHOT", "U15");
    expect(judgeUpdate(update, holding(keys, from - 1, base))).toRefuseWith("NEED_SNAPSHOT", "U15");
    const refused = judgeUpdate(forged({ ...good, span: 2 }));
    expect(refused).toRefuseWith("NEED_SNAPSHOT", "U15");
    expect(refused).toHaveProperty("detail", from);
    expect(judgeUpdate(forged({ ...good, base: noBytes }))).toRefuseWith("NEED_SNAPSHOT", "U15");
  });
});

describe("behind the signature: what the authority itself got wrong", () => {
  test("U11: sealed under another key, or for another version", () => {
    const strangeKeys = { ...keys, update: secret("another key") };
    const wrongKey = forgeUpdate(fast, seeds.table, { ...lock, keys: strangeKeys }, to, good);
    expect(judgeUpdate(wrongKey)).toRefuseWith("BODY_INVALID", "U11");
    const { sealed } = accepted(updatePayload.decode(accepted(splitSign1(update, 512)).payload, 512));
    const moved = forgeSigned(fast, seeds.table, lock, 2, updatePayload.encode({ to: to + 1, sealed }));
    expect(judgeUpdate(moved)).toRefuseWith("BODY_INVALID", "U11");
  });

  test("U12: a body of another shape, of span 0, or with ragged removes or puts", () => {
    expect(judgeUpdate(forged(encode([1, 2])))).toRefuseWith("BODY_INVALID", "U12");
    expect(judgeUpdate(forged(noBytes))).toRefuseWith("BODY_INVALID", "U12");
    expect(judgeUpdate(forged({ ...good, span: 0 }))).toRefuseWith("BODY_INVALID", "U12");
    expect(judgeUpdate(forged({ ...good, removes: new Uint8Array(4) }))).toRefuseWith("BODY_INVALID", "U12");
    expect(judgeUpdate(forged({ ...good, puts: put.subarray(1) }))).toRefuseWith("BODY_INVALID", "U12");
  });

  test("U12 of a manifest: puts in it, a snapshot with base or removes, a delta without or with too many items, a root of nothing", () => {
    for (const [body, streamed] of [
      [{ ...snapshotBody, puts: put }, stream],
      [{ ...snapshotBody, removes: good.removes }, stream],
      [{ ...snapshotBody, removes: new Uint8Array(2) }, stream],
      [{ ...snapshotBody, base: good.base }, stream],
      [{ ...good, puts: noBytes }, emptyStream],
      [
        { ...good, puts: noBytes },
        { ...stream, items: 65 },
      ],
      [snapshotBody, { ...emptyStream, root: stream.root }],
    ] as const) {
      expect(judgeManifest(forgedManifest(body, streamed))).toRefuseWith("BODY_INVALID", "U12");
    }
    accepted(judgeManifest(forgedManifest(snapshotBody, emptyStream)));
    accepted(judgeManifest(forgedManifest({ ...good, puts: noBytes }, { ...stream, items: 64 })));
  });

  test("U16: removes and puts that mean nothing on this table, each by its own name", () => {
    const id = (n: number): Bytes =>
      withUint(new Uint8Array(itemBytes), 0, 3, firstCredentialId + n).subarray(0, 3);
    const other = (n: number, digits: string): Bytes => codeItem(keys, firstCredentialId + n, 1, digits);
    const cases: readonly (readonly [Partial<UpdateBody>, string])[] = [
      [{ removes: concat(id(1), id(0)) }, "table/removes-order"],
      [{ removes: id(99) }, "table/removes-absent"],
      [{ removes: id(0), puts: other(0, "4821") }, "table/removes-and-puts"],
      [{ puts: concat(other(21, "9042"), other(20, "4821")) }, "table/puts-order"],
      [{ puts: withUint(put, 3, 2, 0) }, "item/credential-rule"],
      [{ puts: withUint(put, 3, 2, 9) }, "table/rule-missing"],
      [{ removes: new Uint8Array([0, 0, 1]), puts: noBytes }, "table/rule-missing"],
    ];
    for (const [spoilt, check] of cases) {
      expect(judgeUpdate(forged({ ...good, ...spoilt }))).toRefuseWith("BODY_INVALID", check);
    }
    const twins = concat(other(20, "4821"), other(21, "4821"));
    const duplicate = judgeUpdate(forged({ ...good, puts: twins }));
    expect(duplicate).toRefuseWith("DUPLICATE", "table/duplicate-tag");
    expect(duplicate).toHaveProperty("detail", firstCredentialId + 21);
  });

  test("U16: more credentials than the profile, or more other items than any, are RESOURCE_EXHAUSTED", () => {
    expect(judgeUpdate(update, { capacity: 10 })).toMatchObject({ ok: true });
    expect(judgeUpdate(update, { capacity: 9 })).toRefuseWith("RESOURCE_EXHAUSTED", "U16");
    accepted(judgeManifest(forgedManifest(snapshotBody, { ...stream, items: 10 + 512 }), { capacity: 10 }));
    const over = forgedManifest(snapshotBody, { ...stream, items: 10 + 512 + 1 });
    expect(judgeManifest(over, { capacity: 10 })).toRefuseWith("RESOURCE_EXHAUSTED", "U16");
  });

  test("U17: the table that results is not the one that was signed", () => {
    const wrong = flipped(good.state, 3);
    const refused = judgeUpdate(forged({ ...good, state: wrong }));
    expect(refused).toRefuseWith("NEED_SNAPSHOT", "U17");
    expect(refused).toHaveProperty("detail", from);
    // One tag bit of one put: the signature is good, the sum is not.
    const bent = { ...good, puts: flipped(good.puts, 8 * 6) };
    expect(judgeUpdate(forged(bent))).toRefuseWith("NEED_SNAPSHOT", "U17");
  });
});

test("P19: a stranger hears the same number whatever the lock holds and whichever check failed", () => {
  const stranger = secret("stranger");
  const arbitraryMessage = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc.uint8Array({ minLength: updateBytesMax + 1, maxLength: updateBytesMax + 9 }),
    fc.nat(8 * update.length - 1).map((bit) => flipped(update, bit)),
    fc.nat(8 * manifest.length - 1).map((bit) => flipped(manifest, bit)),
    fc.uint8Array({ maxLength: 120 }).map((payload) => forgeSigned(fast, stranger, lock, 2, payload)),
    fc
      .integer({ min: 0, max: 0xffff_ffff })
      .map((version) => forgeUpdate(fast, stranger, lock, version, good)),
  );
  const doors = ["near", "far"].map((door) => commissionedPair(door, 1, door));
  const heardCodes = new Set<string>();
  fc.assert(
    fc.property(arbitraryMessage, models, fc.integer({ min: 0, max: 100_000 }), (message, model, version) => {
      const answers = new Set<string>();
      for (const door of doors) {
        for (const at of [holding(door.lock.keys, version, tableOf(door.lock.keys, model)), held]) {
          for (const judge of [acceptUpdate, acceptManifest]) {
            const verdict = judge(fast, door.trust, { ...at, snapshotOnly: version % 2 === 0 }, message);
            if (verdict.ok) throw new Error("accepted from a stranger");
            answers.add(toHex(encodeRefusal(verdict)));
          }
        }
      }
      expect(answers).toEqual(new Set([message.length > updateBytesMax ? "8103" : "8101"]));
      for (const answer of answers) heardCodes.add(answer);
    }),
    { numRuns: 150 },
  );
  expect(heardCodes).toEqual(new Set(["8101", "8103"]));
});
