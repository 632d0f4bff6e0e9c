/**
 * T36, T37, P8: a rotation of the authority's keys: only the root key makes one, a lock never goes back, and afterwards the keys that
 * were stolen say nothing to it any more. The rule alone; the whole lock is tested elsewhere.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../packages/protocol/src/bytes.ts";
import { versionLeapMax, versionMax } from "../packages/protocol/src/limits.ts";
import type { RotationSaid } from "../packages/protocol/src/messages/rotation.ts";
import { acceptUpdate } from "../packages/protocol/src/rules/accept-update.ts";
import { issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import { acceptRotation, issueRotation } from "../packages/protocol/src/rules/rotation.ts";
import { acceptTime, issueTime } from "../packages/protocol/src/rules/time.ts";
import type { LockTrust } from "../packages/protocol/src/rules/trust.ts";
import {
  codeItem,
  commissionedPair,
  fast,
  holding,
  issuedAt,
  modelOfCodes,
  secret,
  tableOf,
} from "./arbitraries.ts";
import { flipped } from "./forge.ts";
import { accepted } from "./matchers.ts";
import { runs } from "./replay.ts";

const pair = commissionedPair("rotation");
const { trust, seeds, lock } = pair;
const { lockId } = trust.name;

const seedOf = (purpose: string, epoch: number): Bytes => secret(`${purpose} ${epoch}`);

function saidFor(epoch: number, spoilt: Partial<RotationSaid> = {}): RotationSaid {
  return {
    epoch,
    issuedAt: issuedAt + Math.min(epoch, 86_400),
    table: fast.signPublic(seedOf("table", epoch)),
    capability: fast.signPublic(seedOf("capability", epoch)),
    time: fast.signPublic(seedOf("time", epoch)),
    box: fast.agreePublic(seedOf("box", epoch)),
    ...spoilt,
  };
}

const rotate = (epoch: number, spoilt: Partial<RotationSaid> = {}, seed = seeds.root): Bytes =>
  issueRotation(fast, seed, lockId, saidFor(epoch, spoilt));

/** What the lock believes after it took a rotation. */
function after(before: LockTrust, message: Bytes): LockTrust {
  const { epoch, authority } = accepted(acceptRotation(fast, before, message));
  return { ...before, name: { lockId, epoch }, authority };
}

test("whatever rotations come in whatever order, the epoch never falls, and one missed does no harm", () => {
  const epochs = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 6, maxLength: 10 });
  const seen = { taken: 0, stale: 0 };
  fc.assert(
    fc.property(epochs, (delivered) => {
      let held = trust;
      for (const epoch of delivered) {
        const message = rotate(epoch);
        if (epoch > held.name.epoch) {
          held = after(held, message);
          const { epoch: _, issuedAt: __, ...keys } = saidFor(epoch);
          expect(held.authority).toEqual({ ...keys, root: trust.authority.root });
          seen.taken++;
        } else {
          expect(acceptRotation(fast, held, message)).toRefuseWith("STALE", "N5");
          seen.stale++;
        }
      }
      expect(held.name.epoch).toBe(Math.max(1, ...delivered));
    }),
    runs(30),
  );
  expect(seen.taken).toBeGreaterThan(20);
  expect(seen.stale).toBeGreaterThan(20);
});

test("no other key makes one: not those it replaces, not those it brings, not the lock's own", () => {
  const { root: _, ...online } = seeds;
  const wrong = [
    ...Object.values(online),
    pair.atLock.signSeed,
    pair.atLock.dhSecret,
    ...["table", "capability", "time", "box"].map((purpose) => seedOf(purpose, 2)),
    ...Object.values(lock.keys),
  ];
  for (const seed of wrong) {
    expect(acceptRotation(fast, trust, rotate(2, {}, seed))).toRefuseWith("REJECTED", "N4");
  }
  expect(wrong.length).toBeGreaterThan(12);
});

test("any bit of it flipped is refused, and says nothing about why", () => {
  const message = rotate(2);
  expect(acceptRotation(fast, trust, message)).toMatchObject({ ok: true });
  for (let bit = 0; bit < 8 * message.length; bit += 3) {
    expect(acceptRotation(fast, trust, flipped(message, bit))).toRefuseWith("REJECTED", /^N[1-4]$/);
  }
});

test("a leap past 65,536 epochs is refused before the signature, exactly there", () => {
  expect(acceptRotation(fast, trust, rotate(1 + versionLeapMax))).toMatchObject({ ok: true });
  for (const epoch of [2 + versionLeapMax, versionMax, 0]) {
    expect(acceptRotation(fast, trust, rotate(epoch))).toRefuseWith("REJECTED", "N3");
    expect(acceptRotation(fast, trust, rotate(epoch, {}, secret("stranger")))).toRefuseWith("REJECTED", "N3");
  }
});

test("keys under which anything verifies, or nothing can be sealed, are not pinned whoever signed", () => {
  const identity = new Uint8Array(32);
  identity[0] = 1;
  const beyondPrime = new Uint8Array(32).fill(0xff);
  for (const key of ["table", "capability", "time"] as const) {
    for (const bad of [new Uint8Array(32), identity, beyondPrime]) {
      expect(acceptRotation(fast, trust, rotate(2, { [key]: bad }))).toRefuseWith("BODY_INVALID", "N6");
    }
  }
  for (const bad of [new Uint8Array(32), identity]) {
    expect(acceptRotation(fast, trust, rotate(2, { box: bad }))).toRefuseWith("BODY_INVALID", "N6");
  }
});

test("afterwards the old keys say nothing, in the old epoch or in the new one; the new ones do", () => {
  const renewed = after(trust, rotate(2));
  const table = tableOf(lock.keys, modelOfCodes(lock.keys, 3));
  const held = holding(lock.keys, 5, table);
  const change = { removes: [], puts: [codeItem(lock.keys, 70_000, 1, "4821")] };
  const at = { from: 5, to: 6, table, issuedAt, lifeHours: 168 };
  const nonce = secret("nonce", 16);
  const asked = { nonce, elapsedSeconds: 1, floorSeconds: 0, tableIssuedAt: issuedAt };
  const updateBy = (seed: Bytes, epoch: number): Bytes => {
    const issued = accepted(
      issueUpdate(fast, seed, { name: { lockId, epoch }, keys: lock.keys }, at, change),
    );
    return issued.messages[0]?.body ?? new Uint8Array(0);
  };
  const [newTable, newTime] = [seedOf("table", 2), seedOf("time", 2)];
  expect(acceptUpdate(fast, trust, held, updateBy(seeds.table, 1))).toMatchObject({ ok: true });
  expect(acceptUpdate(fast, renewed, held, updateBy(newTable, 2))).toMatchObject({ ok: true });
  for (const [seed, epoch] of [
    [seeds.table, 1],
    [seeds.table, 2],
    [newTable, 1],
  ] as const) {
    expect(acceptUpdate(fast, renewed, held, updateBy(seed, epoch))).toRefuseWith("REJECTED", "U9");
  }
  const timeBy = (seed: Bytes, epoch: number) =>
    acceptTime(fast, renewed, asked, issueTime(fast, seed, { lockId, epoch }, nonce, issuedAt));
  expect(timeBy(newTime, 2)).toMatchObject({ ok: true });
  expect(timeBy(seeds.time, 2)).toRefuseWith("REJECTED", "K3");
  expect(timeBy(seeds.time, 1)).toRefuseWith("REJECTED", "K3");
});
