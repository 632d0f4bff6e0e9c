/**
 * T10, T41, T42 and the judgement of a capability at a lock, claim by claim: whose it is, for whom, how long, by which table.
 * The handshake that it comes over, and recordings of it, are in unlock-is-fresh; who may open at all is the table's
 * (unlock-at-the-door).
 */
import * as authority from "@doorsync/protocol/authority";
import { describe, expect, test } from "vitest";
import {
  capabilityBytesMax,
  encodeClaims,
  readCapability,
} from "../packages/protocol/src/messages/capability.ts";
import {
  attempt,
  capability,
  claimsFor,
  device,
  doorKey,
  forged,
  home,
  honest,
  hour,
  put,
  resident,
  signedFor,
  tableWith,
  unlock,
} from "./support/unlock-cast.ts";
import { authoritySeeds, commission, crypto, forkParts, makeLock, noon, type TestLock } from "./world.ts";

type Bytes = Uint8Array;

const a = home("judged", { leaseHours: 0 });
const b = home("judged other");
const { name } = a.property.lock;
const copyOf = (): TestLock => makeLock("judged", { parts: forkParts(a.lock) });
const copy = () => ({ lock: copyOf(), property: a.property });
a.lock.board.powerOff();
b.lock.board.powerOff();

/** The point of order 1, and a signature under it that fits every message: R the same point, S zero. */
const identity = new Uint8Array([1, ...new Uint8Array(31)]);
const fitsAll = new Uint8Array([...identity, ...new Uint8Array(32)]);

const other = device("somebody else");

describe("T10, T41: a capability is of this lock, this epoch and this purpose", () => {
  const leaves: readonly (readonly [string, () => Bytes])[] = [
    ["another lock's", () => capability(b.property)],
    ["the next epoch's", () => forged(claimsFor(), { name: { ...name, epoch: name.epoch + 1 } })],
    ["signed by the table key", () => forged(claimsFor(), { name, seed: authoritySeeds.table })],
    ["signed by the time key", () => forged(claimsFor(), { name, seed: authoritySeeds.time })],
    ["signed by the root key", () => forged(claimsFor(), { name, seed: authoritySeeds.root })],
    ["signed by the device itself", () => forged(claimsFor(), { name, seed: resident.seed })],
    ["signed as message 16", () => forged(claimsFor(), { name, type: 16 })],
    ["signed as message 2", () => forged(claimsFor(), { name, type: 2 })],
  ];
  test.each(leaves)("%s is not believed, and nothing more is said", (_, leave) => {
    const tried = attempt(copy(), (met) => honest(a.property, met, leave()));
    expect(tried).toMatchObject({ result: "REJECTED", opened: false, check: "Q5" });
  });

  test("no bit of a capability may differ", () => {
    const good = capability(a.property);
    for (let bit = 0; bit < 8 * good.length; bit += 13) {
      const spoilt = good.slice();
      spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      const tried = attempt(copy(), (met) => honest(a.property, met, spoilt));
      expect([tried.result, tried.opened], `bit ${bit}`).toEqual(["REJECTED", false]);
      expect(["Q4", "Q5"]).toContain(tried.check);
    }
  });

  test("a phone that knows another lock, or another epoch, does not get through the handshake", () => {
    const doors = [
      doorKey(b.property),
      { ...doorKey(a.property), name: b.property.lock.name },
      { ...doorKey(a.property), dh: b.property.lockPublic.dh },
      { ...doorKey(a.property), name: { ...name, epoch: name.epoch + 1 } },
    ];
    for (const door of doors) {
      const visit = unlock(copyOf(), a.property, { door });
      expect([visit.result, visit.opened, visit.toLock.length]).toEqual(["REJECTED", false, 1]);
    }
  });
});

describe("T42: what a capability may say", () => {
  const changed = (change: (claims: ReturnType<typeof claimsFor>) => void): Bytes => {
    const claims = claimsFor();
    change(claims);
    return forged(claims, { name });
  };
  const leaves: readonly (readonly [string, () => Bytes])[] = [
    ["a life of more than 72 hours", () => changed((claims) => claims.set(5, noon - 48 * hour - 1))],
    ["an end before its beginning", () => changed((claims) => claims.set(5, noon + 24 * hour))],
    ["no end", () => changed((claims) => claims.delete(4))],
    ["no beginning", () => changed((claims) => claims.delete(5))],
    ["no device", () => changed((claims) => claims.delete(8))],
    ["no version", () => changed((claims) => claims.delete(-65_537))],
    ["a claim more", () => changed((claims) => claims.set(2, "resident"))],
    ["another way of confirming", () => changed((claims) => claims.set(8, new Map([[3, resident.key]])))],
    ["a key of another curve", () => changed((claims) => claims.set(8, new Map([[1, coseKeyOf([-1, 4])]])))],
    ["a key with a member more", () => changed((claims) => claims.set(8, new Map([[1, coseKeyOf([2, 1])]])))],
    ["a key of 31 bytes", () => forged(claimsFor(resident.key.slice(1)), { name })],
  ];
  const coseKeyOf = (odd: readonly [number, number]): Map<number, number | Bytes> =>
    new Map<number, number | Bytes>([[1, 1], [-1, 6], [-2, resident.key], odd]);

  test.each(leaves)("%s: DENIED, though the authority signed it", (_, leave) => {
    const bytes = leave();
    expect(bytes.length).toBeLessThanOrEqual(capabilityBytesMax);
    const tried = attempt(copy(), (met) => honest(a.property, met, bytes));
    expect(tried).toMatchObject({ result: "DENIED", opened: false, check: "Q6" });
  });

  const p = "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
  test.each([
    ["order 1", authority.toHex(identity)],
    ["order 1, with its sign bit set", `01${"00".repeat(30)}80`],
    ["order 2", `ec${"ff".repeat(30)}7f`],
    ["order 2, with its sign bit set", `ec${"ff".repeat(30)}ff`],
    ["order 4", "00".repeat(32)],
    ["order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
    ["order 8, the other", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
    ["a y that is not canonical", p],
  ])("a device key of %s is refused, whatever signature comes with it", (_, digits) => {
    const key = authority.fromHex(digits) ?? new Uint8Array(0);
    // It is in the table besides: nothing else stands between it and the bolt.
    const weak = home("weak");
    put(weak, tableWith(weak.property, {}, key));
    const leave = forged(claimsFor(key), { name: weak.property.lock.name });
    for (const signature of [fitsAll, new Uint8Array(64)]) {
      const tried = attempt(weak, () => [leave, 1, signature]);
      expect(tried).toMatchObject({ result: "DENIED", opened: false, check: "Q7" });
    }
    const said = { notBefore: noon, notAfter: noon + hour, deviceKey: key, minTableVersion: 1 };
    const issued = authority.issueCapability(crypto, authoritySeeds.capability, name, said);
    expect(issued, "nor does the authority sign one").toMatchObject({ ok: false, check: "issue/device-key" });
  });

  test("an authority that asks for more than 72 hours, or for none, has a bug", () => {
    for (const notAfter of [noon + 72 * hour + 1, noon, noon - 1]) {
      const said = { notBefore: noon, notAfter, deviceKey: resident.key, minTableVersion: 1 };
      expect(() => authority.issueCapability(crypto, authoritySeeds.capability, name, said)).toThrow(
        RangeError,
      );
    }
    expect(capability(a.property, { notBefore: noon, notAfter: noon + 72 * hour }).length).toBeGreaterThan(0);
  });

  test("an app reads back what it was given, and the longest one fits", () => {
    const said = {
      notBefore: 1,
      notAfter: 0xffff_ffff,
      deviceKey: resident.key,
      minTableVersion: 0xffff_ffff,
    };
    const longest = forged(
      new Map([...claimsFor(resident.key, 0xffff_ffff), [5, 0x1_0000], [4, 0xffff_ffff]]),
      { name },
    );
    expect(longest.length).toBeLessThanOrEqual(capabilityBytesMax);
    expect(readCapability(longest)).toMatchObject({ ok: true, value: { ...said, notBefore: 0x1_0000 } });
    expect(encodeClaims(said).length).toBeGreaterThan(60);
  });
});

describe("time: judged on the interval that the lock is sure of", () => {
  const within = (notBefore: number, notAfter: number) => {
    const leave = capability(a.property, { notBefore, notAfter });
    return (rtcSeconds: number | undefined) => {
      const at = copy();
      at.lock.clock.rtcSeconds = rtcSeconds;
      const { result, opened, check } = attempt(at, (met) => honest(a.property, met, leave));
      expect(opened).toBe(result === "opened");
      return [result, check];
    };
  };

  test("a sharp clock: not yet, now, over", () => {
    const at = within(noon + 10, noon + 20);
    expect(at(noon + 9)).toEqual(["DENIED", "Q9"]);
    expect(at(noon + 10)).toEqual(["opened", undefined]);
    expect(at(noon + 19)).toEqual(["opened", undefined]);
    expect(at(noon + 20)).toEqual(["DENIED", "Q9"]);
  });

  test("a clock that has drifted since it was set asks for the time at either end, and is sure between", () => {
    // Set when it was commissioned, a hundred days ago: 864 s either way.
    const late = noon + 100 * 86_400;
    const at = within(late, late + 2 * hour);
    expect(at(late - 865)).toEqual(["DENIED", "Q9"]);
    expect(at(late - 800)).toEqual(["TIME_NEEDED", "Q11"]);
    expect(at(late + 800)).toEqual(["TIME_NEEDED", "Q11"]);
    expect(at(late + 900)).toEqual(["opened", undefined]);
    expect(at(late + 2 * hour - 900)).toEqual(["opened", undefined]);
    expect(at(late + 2 * hour - 800)).toEqual(["TIME_NEEDED", "Q11"]);
    expect(at(late + 2 * hour + 800)).toEqual(["TIME_NEEDED", "Q11"]);
    expect(at(late + 2 * hour + 900)).toEqual(["DENIED", "Q9"]);
  });

  test("a lost clock: over is over, anything else needs the time", () => {
    expect(within(noon - 20, noon - 10)(undefined)).toEqual(["DENIED", "Q9"]);
    expect(within(noon - 20, noon + 10)(undefined)).toEqual(["TIME_NEEDED", "Q11"]);
    expect(within(noon + 10, noon + 20)(undefined)).toEqual(["TIME_NEEDED", "Q11"]);
  });
});

describe("minTableVersion", () => {
  test("a table older than that is synced first, before the time is asked for; the answer says the held version", () => {
    const ahead = capability(a.property, { minTableVersion: 7 });
    expect(unlock(copyOf(), a.property, { capability: ahead })).toMatchObject({
      result: "SYNC_FIRST",
      detail: 1,
      opened: false,
    });
    const lost = copy();
    lost.lock.clock.rtcSeconds = undefined;
    expect(attempt(lost, (met) => honest(a.property, met, ahead))).toMatchObject({ result: "SYNC_FIRST" });
  });

  test("a lock without a table, or with a damaged one, wants it first", () => {
    const bare = makeLock("bare");
    const property = commission(bare, "bare");
    const leave = capability(property, { minTableVersion: 0 });
    expect(unlock(bare, property, { capability: leave })).toMatchObject({ result: "SYNC_FIRST", detail: 0 });
  });
});

test("the order of the checks: whoever is not the device hears of neither table nor time", () => {
  const behind = capability(a.property, { minTableVersion: 9 });
  const tried = attempt(copy(), ({ hash }) => [behind, 1, crypto.sign(other.seed, signedFor(hash))]);
  expect(tried.result).toBe("DENIED");
});
