// What a courier takes out of its satchel for a lock. The satchel is a value; no visit happens here.
import {
  addressed,
  type Basis,
  carry,
  emptySatchel,
  isWanted,
  offer,
  owe,
  prove,
  provenVersion,
  returned,
  type Satchel,
} from "@doorsync/phone-client/core";
import { helloFlags, type Parcel, readHello, receiptFlags } from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHouse, filled, issuedAt, must } from "./courier-cast.ts";

const house = createHouse(1);
const [to2, to3, from2to3, from1to3] = [
  house.delta(1, 2),
  house.delta(0, 3),
  house.delta(2, 3),
  house.delta(1, 3),
];
const whole3 = house.snapshot(3);
const claimed = (version: number, isSnapshotWanted = false): Basis => ({
  version,
  isProven: false,
  isSnapshotWanted,
});
const proven = (version: number): Basis => ({ ...claimed(version), isProven: true });
const none: ReadonlySet<Parcel> = new Set();

const hello = (version: number, flags = 0) => must(readHello(house.hello(version, flags)));
const proof = (version: number, flags = 0, lockKey = house.lockKey) => ({
  ...house.name,
  lockKey,
  said: { version, issuedAt, state: filled(8, 0), lowerSeconds: issuedAt, flags },
});
const carrying = (...parcels: Parcel[]): Satchel => carry(emptySatchel, parcels);
const offered = (parcels: Parcel[], basis: Basis, tried = none, satchel = carrying(...parcels)) =>
  offer(satchel, parcels, basis, tried);

describe("what is offered", () => {
  test("the delta from exactly the claimed version, and of those the one that leads furthest", () => {
    expect(offered([to2, to3, from2to3, from1to3, whole3], claimed(1))).toEqual({
      kind: "deliver",
      parcel: from1to3,
    });
    expect(offered([to2, from2to3, whole3], claimed(2))).toEqual({ kind: "deliver", parcel: from2to3 });
  });

  test("a snapshot where no delta fits, and a delta never where a snapshot is wanted", () => {
    expect(offered([from2to3, whole3], claimed(1))).toEqual({ kind: "deliver", parcel: whole3 });
    expect(offered([from1to3, whole3], claimed(1, true))).toEqual({ kind: "deliver", parcel: whole3 });
    expect(offered([from1to3], claimed(1, true))).toEqual({ kind: "ask" });
  });

  test("a damaged table is offered a snapshot of its own version, a sound one is not", () => {
    expect(offered([whole3], claimed(3, true))).toEqual({ kind: "deliver", parcel: whole3 });
    expect(offered([whole3], claimed(3))).toEqual({ kind: "ask" });
  });

  test("a claimed version settles nothing, however high: the lock's signed word is asked for", () => {
    for (const version of [3, 4, 0xffff_ffff])
      expect(offered([from1to3], claimed(version))).toEqual({ kind: "ask" });
  });

  test("a verified receipt settles what it covers, and only that", () => {
    const satchel = prove(carrying(to2, from2to3), proof(2));
    expect(offered([to2], claimed(0), none, satchel)).toEqual({ kind: "settled" });
    expect(offered([to2, from2to3], proven(2), none, satchel)).toEqual({ kind: "deliver", parcel: from2to3 });
    expect(offered([from2to3], proven(1), none, satchel)).toEqual({ kind: "unfit" });
  });

  test("what was tried in this visit is not offered again", () => {
    const tried = new Set([from1to3]);
    expect(offered([from1to3, to2], claimed(1), tried)).toEqual({ kind: "deliver", parcel: to2 });
    expect(offered([from1to3], proven(1), tried)).toEqual({ kind: "unfit" });
  });

  test("of two parcels to the same version the one that lives longer goes first", () => {
    const later = house.delta(1, 3, issuedAt + 3_600);
    for (const parcels of [
      [from1to3, later],
      [later, from1to3],
    ]) {
      expect(offered(parcels, claimed(1))).toEqual({ kind: "deliver", parcel: later });
    }
  });

  test("any set of parcels in any order: only a proof settles, a delta always fits its base, nothing is lost", () => {
    const pool = [to2, to3, from2to3, from1to3, whole3, house.snapshot(2), house.delta(3, 4)];
    let settled = 0;
    fc.assert(
      fc.property(
        fc.shuffledSubarray(pool, { minLength: 1 }),
        fc.record({ version: fc.nat(6), isProven: fc.boolean(), isSnapshotWanted: fc.boolean() }),
        fc.subarray(pool),
        fc.option(fc.nat(5), { nil: undefined }),
        (parcels, basis, triedList, receipt) => {
          const held = carrying(...parcels);
          const satchel = receipt === undefined ? held : prove(held, proof(receipt));
          const tried = new Set(triedList);
          const choice = offer(satchel, parcels, basis, tried);
          const isCovered = parcels.every((parcel) => receipt !== undefined && receipt >= parcel.to);
          expect(choice.kind === "settled").toBe(isCovered);
          if (isCovered) settled += 1;
          if (choice.kind !== "deliver") return;
          const { parcel } = choice;
          expect(parcels.includes(parcel) && !tried.has(parcel) && isWanted(satchel, parcel)).toBe(true);
          if (parcel.kind === "update")
            expect([basis.version, false]).toEqual([parcel.from, basis.isSnapshotWanted]);
        },
      ),
    );
    expect(settled, "a proof covered everything at least once").toBeGreaterThan(0);
  });
});

describe("whom a parcel is for", () => {
  test("tag and epoch must fit", () => {
    const other = { ...from1to3, tag: filled(8, 9) };
    const formerOwner = { ...from1to3, epoch: 0 };
    expect(addressed(carrying(other, formerOwner, from1to3), hello(1))).toEqual([from1to3]);
  });

  test("a lock without an owner is met with its commission, an owned one never", () => {
    const commission: Parcel = {
      ...from1to3,
      kind: "commission",
      epoch: 2,
      from: 0,
      to: 0,
      lockKey: filled(32, 0),
      messages: [{ type: 10, body: filled(252, 1) }],
    };
    const satchel = carrying(commission, from1to3);
    expect(addressed(satchel, hello(0, helloFlags.factory))).toEqual([commission]);
    expect(addressed(satchel, hello(1))).toEqual([from1to3]);

    // The reply was lost: the lock shows a tag that only the authority will know, once it has the reply.
    const unknown = { ...hello(0, helloFlags.wantsSnapshot), tag: filled(8, 77) };
    expect(addressed(satchel, unknown)).toEqual([commission]);
    expect(addressed(satchel, { ...unknown, version: 1 })).toEqual([]);
  });
});

describe("what is remembered", () => {
  test("the same parcel twice is carried once, two different ones to the same version both", () => {
    const copy = {
      ...from1to3,
      messages: from1to3.messages.map(({ type, body }) => ({ type, body: body.slice() })),
    };
    expect(carry(carrying(from1to3), [copy, from1to3]).parcels).toEqual([from1to3]);
    expect(carrying(from1to3, house.delta(1, 3, issuedAt + 1)).parcels).toHaveLength(2);
  });

  test("an older receipt does not undo a newer one, and a damaged table proves nothing", () => {
    const satchel = prove(prove(carrying(from1to3), proof(3)), proof(2));
    expect(provenVersion(satchel, from1to3)).toBe(3);
    expect(provenVersion(prove(satchel, proof(3, receiptFlags.damaged)), from1to3)).toBeUndefined();
  });

  test("a receipt under another key proves nothing for this parcel", () => {
    expect(provenVersion(prove(carrying(from1to3), proof(3, 0, filled(32, 8))), from1to3)).toBeUndefined();
  });

  test("a slip is owed once, and no longer when it is safe; satchels before stay as they were", () => {
    const slip = { kind: "receipt" as const, ...house.name, tag: house.tag, to: 3, body: house.receipt(3) };
    const owing = owe(owe(emptySatchel, slip), { ...slip, body: slip.body.slice() });
    expect(owing.owed).toEqual([slip]);
    expect(returned(owing, slip).owed).toEqual([]);
    expect([emptySatchel.owed, owing.owed.length]).toEqual([[], 1]);
  });
});
