/**
 * P1 and P1b over the whole lock: whatever is delivered in whatever order, the version in force never falls, what is
 * in force is always what the authority signed for that version, and the same version with other content never gets in.
 * How each is refused is `updates-are-judged.test.ts`.
 */
import type { Issued } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { runs } from "./replay.ts";
import {
  answerName,
  authoritySeeds,
  commission,
  crypto,
  deliver,
  forkParts,
  inForce,
  makeLock,
  noon,
  type TestAuthority,
  type TestLock,
} from "./world.ts";

const versions = 6;

interface Parcel {
  readonly what: string;
  readonly issued: Issued;
  /** Signed in earnest; the others are what a restored backup of the authority signs for a version once more. */
  readonly genuine: boolean;
}

/** Every way in which versions 1 to 6 may travel: snapshots, and deltas from every earlier version. */
const parcels: Parcel[] = [];
let property: TestAuthority;
let fresh: TestLock;

beforeAll(() => {
  fresh = makeLock("old");
  property = commission(fresh, "old");
  fresh.board.powerOff();
  const { keys } = property.lock;
  const forged = (version: number): authority.Table =>
    property.tableOf(
      new Map([
        [0, `66${version}6`],
        [1, "7001"],
      ]),
    );
  for (let version = 1; version <= versions; version++) {
    const table = property.tableOf(
      new Map([
        [0, `12${version}5`],
        [1, "7001"],
      ]),
    );
    const at = { to: version, issuedAt: noon - versions + version, lifeHours: 168 };
    const put = (what: string, genuine: boolean, issued: Issued): void => {
      parcels.push({ what, genuine, issued });
    };
    for (const genuine of [true, false]) {
      const content = genuine ? table : forged(version);
      const what = genuine ? "" : "other ";
      put(
        `${what}snapshot ${version}`,
        genuine,
        authority.issueSnapshot(crypto, authoritySeeds.table, property.lock, { ...at, table: content }),
      );
      for (let from = 1; from < version; from++) {
        const base = property.signed.get(from);
        if (base === undefined) continue;
        const step = { ...at, from, table: base };
        const change = authority.changeBetween(base, content);
        const issued = authority.issueUpdate(crypto, authoritySeeds.table, property.lock, step, change);
        if (!issued.ok) throw new Error(issued.check);
        put(`${what}delta ${from} to ${version}`, genuine, issued.value);
      }
    }
    property.signed.set(version, table);
  }
  expect(keys.update).toHaveLength(32);
});

test("P1: the version in force never falls, and is always what was signed for it", () => {
  const reached = new Set<number>();
  const genuine = fc.nat().map((n) => {
    const honest = parcels.filter((parcel) => parcel.genuine);
    return honest[n % honest.length];
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(genuine, fc.boolean()), { minLength: 1, maxLength: 14 }), (deliveries) => {
      const lock = makeLock("old", { parts: forkParts(fresh) });
      let before = 0;
      for (const [parcel, reboots] of deliveries) {
        if (parcel === undefined) continue;
        const answer = deliver(lock, parcel.issued);
        if (reboots) {
          lock.board.powerOff();
          lock.board.powerOn();
        }
        const held = inForce(lock);
        const version = held?.version ?? -1;
        expect(version, parcel.what).toBeGreaterThanOrEqual(before);
        const signed = property.signed.get(version) ?? authority.emptyTable;
        expect(held?.items, parcel.what).toEqual(authority.packItems(signed));
        if (parcel.issued.to < before) expect(answerName(answer)).toBe("STALE");
        if (parcel.issued.to === before) expect(property.receipt(answer)?.version).toBe(before);
        if (parcel.issued.from === undefined && parcel.issued.to > before)
          expect(version).toBe(parcel.issued.to);
        before = version;
        reached.add(version);
      }
    }),
    runs(60),
  );
  expect([...reached]).toEqual(expect.arrayContaining([1, versions]));
});

test("P1b: a version that is in force with other content is CONFLICT, and nothing moves", () => {
  let conflicts = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: versions }), fc.nat(), fc.boolean(), (version, draw, reboots) => {
      const lock = makeLock("old", { parts: forkParts(fresh) });
      const first = parcels.find((parcel) => parcel.what === `snapshot ${version}`);
      const others = parcels.filter((parcel) => !parcel.genuine && parcel.issued.to === version);
      const other = others[draw % others.length];
      if (first === undefined || other === undefined) throw new Error("no such parcel");
      deliver(lock, first.issued);
      const held = inForce(lock);
      expect(answerName(deliver(lock, other.issued)), other.what).toBe("CONFLICT");
      if (reboots) {
        lock.board.powerOff();
        lock.board.powerOn();
      }
      expect(inForce(lock)).toEqual(held);
      expect(lock.press(`66${version}6`)).toBe("refused");
      expect(lock.press(`12${version}5`)).toBe("accepted");
      conflicts++;
    }),
    runs(25),
  );
  expect(conflicts).toBeGreaterThan(10);
});

test("P1b: half a snapshot is never finished with the chunks of another of the same version", () => {
  const lock = makeLock("old", { parts: forkParts(fresh) });
  const codes = (first: number): Map<number, string> =>
    new Map(Array.from({ length: 70 }, (_, i) => [i, String(first + i)]));
  const at = { to: 3, issuedAt: noon, lifeHours: 168 };
  const issue = (table: authority.Table): Issued =>
    authority.issueSnapshot(crypto, authoritySeeds.table, property.lock, { ...at, table });
  const one = issue(property.tableOf(codes(1_000)));
  const other = issue(property.tableOf(codes(2_000)));
  expect(answerName(deliver(lock, { messages: one.messages.slice(0, 2) }))).toBe("next");
  expect(answerName(deliver(lock, other))).toBe("CONFLICT");
  expect(inForce(lock)?.version).toBe(0);
  expect(property.receipt(deliver(lock, one))).toMatchObject({ version: 3, state: one.state });
});
