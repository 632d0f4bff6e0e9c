/**
 * P25: whatever happened before - changes, old parcels in any order, lost receipts, renewals - the parcels that lie in
 * the mailbox bring the lock to the wanted table, no code is ever two people's, and states say only what is proven.
 */
import { randomFillSync } from "node:crypto";
import { codeState, deltaBasesMax, type Fill, isPending, planParcels } from "@doorsync/authority/core";
import { createCrypto, type Parcel, type ReturnSlip } from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PaperOffice, paperOffice } from "./support/paper-office.ts";

const crypto = createCrypto(openssl);
const people = ["ada", "ben", "cy", "dee"] as const;

/** Few codes, so that a reused one is likely: a sound allocator must step around them, a broken one stumbles at once. */
function crowdedSource(seed: number): Fill {
  const few = Array.from({ length: 24 }, (_, i) => 1_300 + 37 * i);
  let state = seed >>> 0;
  return (bytes) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, few[(state >>> 8) % few.length] ?? 1_357);
  };
}

type Act =
  | { readonly kind: "assign" | "reset" | "revoke"; readonly person: number }
  | { readonly kind: "issue"; readonly renew: boolean; readonly handOut: boolean }
  | { readonly kind: "carry" | "receive"; readonly pick: number }
  | { readonly kind: "snapshot" };

const person = fc.nat({ max: people.length - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("assign", "reset", "revoke"), person }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("issue"), renew: fc.boolean(), handOut: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("carry", "receive"), pick: fc.nat({ max: 999 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "snapshot" }) },
);

interface Seen {
  carried: number;
  stale: number;
  deltas: number;
  snapshots: number;
  quarantined: number;
  unwantedHeld: number;
}

/** A code just given must be out of reach of every table that the lock holds or could still be handed. */
function expectFresh(office: PaperOffice, code: string): void {
  const held = office.lock.version();
  for (const { version, handedOut } of office.ledger().lock?.issued ?? []) {
    if (version < held || !(handedOut || version === held)) continue;
    expect({ version, isFree: !office.wanted.get(version)?.has(code) }).toEqual({ version, isFree: true });
  }
  expect(office.lock.opens(code)).toBe(false);
}

/** The states may claim less than is true, never more. */
function expectHonest(office: PaperOffice): void {
  const { codes, lock } = office.ledger();
  const lastLife = new Map(codes.map((code) => [office.digits.get(code.id), code.id]));
  for (const code of codes) {
    const digits = office.digits.get(code.id) ?? "";
    const state = codeState(code, lock);
    if (state === "set") expect([digits, office.lock.opens(digits)]).toEqual([digits, true]);
    // A released code may have become another life's; then that life answers for it.
    if (state === "removed" && lastLife.get(digits) === code.id) {
      expect([digits, office.lock.opens(digits)]).toEqual([digits, false]);
    }
  }
}

function perform(office: PaperOffice, one: Act, mail: Parcel[], slips: ReturnSlip[], seen: Seen): void {
  switch (one.kind) {
    case "assign":
    case "reset": {
      const given = office.give(one.kind, people[one.person] ?? "ada");
      if (!given.ok) break;
      expectFresh(office, office.digits.get(given.value.id) ?? "");
      const own = office.ledger().codes.filter((code) => code.person === given.value.person);
      expect(new Set(own.map((code) => code.mark)).size).toBe(own.length);
      break;
    }
    case "revoke":
      office.revoke(people[one.person] ?? "ada");
      break;
    case "issue":
      office.now += 60;
      office.issue(one);
      if (one.handOut) mail.push(...office.parcels());
      break;
    case "snapshot":
      office.wantSnapshot();
      break;
    case "carry": {
      const parcel = mail[one.pick % Math.max(1, mail.length)];
      if (parcel === undefined) break;
      const before = office.lock.version();
      const answer = office.lock.hear(parcel);
      seen.carried++;
      if ("body" in answer) slips.push(answer);
      else if (answer.refusal === "STALE") seen.stale++;
      expect(office.lock.version()).toBeGreaterThanOrEqual(before);
      break;
    }
    case "receive": {
      const slip = slips[one.pick % Math.max(1, slips.length)];
      if (slip === undefined) break;
      const before = office.ledger().lock?.proven ?? 0;
      expect(office.receive(slip)).not.toBe("contradicts");
      expect(office.ledger().lock?.proven).toBeGreaterThanOrEqual(before);
      break;
    }
    default:
      one satisfies never;
  }
}

/** Some parcel of the mailbox fits; after it and its receipt nothing is pending, and exactly the wanted codes open. */
function expectConverged(office: PaperOffice, seen: Seen): void {
  office.now += 60;
  const newest = office.issue();
  const offered = office.parcels();
  const held = office.lock.version();
  if (held !== newest) {
    const taken = offered.filter((parcel) => "body" in office.lock.hear(parcel));
    expect({ held, newest, taken: taken.length > 0 }).toEqual({ held, newest, taken: true });
    if (taken[0]?.kind === "update") seen.deltas++;
    else seen.snapshots++;
  }
  for (const parcel of offered) expect(parcel.to).toBe(newest);
  expect(office.lock.version()).toBe(newest);
  office.receive(office.lock.receipt());
  const { codes, lock } = office.ledger();
  for (const code of codes) {
    const state = codeState(code, lock);
    expect(isPending(state)).toBe(false);
    expect(state).toBe(code.revoked ? "removed" : "set");
    if (!code.revoked) expect(office.lock.opens(office.digits.get(code.id) ?? "")).toBe(true);
  }
  expect(office.parcels()).toEqual([]);
}

test("P25: from any earlier mess, one carried parcel and its receipt leave nothing pending", () => {
  const seen: Seen = { carried: 0, stale: 0, deltas: 0, snapshots: 0, quarantined: 0, unwantedHeld: 0 };
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 60, size: "max" }), fc.nat(), (acts, seed) => {
      const office = paperOffice(crypto, crowdedSource(seed));
      const mail: Parcel[] = [];
      const slips: ReturnSlip[] = [];
      for (const one of acts) {
        perform(office, one, mail, slips, seen);
        expectHonest(office);
        for (const code of office.ledger().codes) {
          if (code.revoked && !code.released) seen.quarantined++;
          if (code.revoked && office.lock.opens(office.digits.get(code.id) ?? "")) seen.unwantedHeld++;
        }
      }
      expectConverged(office, seen);
    }),
    { numRuns: 120 },
  );
  // The scenarios happened: old parcels came late, revoked codes were still in the lock, both kinds of parcel healed.
  for (const [what, times] of Object.entries(seen))
    expect({ what, often: times > 10 }).toEqual({ what, often: true });
});

test("a reset twice before a sync leaves no parcel that makes the code in between work", () => {
  const office = paperOffice(crypto, (bytes) => {
    randomFillSync(bytes);
  });
  const digitsOf = (given: ReturnType<PaperOffice["give"]>): string =>
    given.ok ? (office.digits.get(given.value.id) ?? "") : "";
  const first = digitsOf(office.give("assign", "ada"));
  office.issue();
  for (const parcel of office.parcels()) office.lock.hear(parcel);
  office.receive(office.lock.receipt());
  expect(office.lock.opens(first)).toBe(true);

  const between = digitsOf(office.give("reset", "ada"));
  const last = digitsOf(office.give("reset", "ada"));
  office.issue();
  const parcels = office.parcels();
  expect(parcels).toHaveLength(1);
  for (const parcel of parcels) office.lock.hear(parcel);
  expect([first, between, last].map((code) => office.lock.opens(code))).toEqual([false, false, true]);
});

test("a code that went out to a courier stays quarantined until a receipt overtakes it, even if it never arrives", () => {
  const office = paperOffice(crypto, crowdedSource(1));
  office.issue();
  for (const parcel of office.parcels()) office.lock.hear(parcel);
  office.receive(office.lock.receipt());
  const given = office.give("assign", "ada");
  if (!given.ok) throw new Error("denied");
  office.issue();
  const carried = office.parcels();
  office.revoke("ada");
  office.issue();
  const stateNow = (): string | undefined => {
    const { codes, lock } = office.ledger();
    const code = codes.find(({ id }) => id === given.value.id);
    return code === undefined ? undefined : codeState(code, lock);
  };
  // The courier of the first parcel is still on the way: the code may yet come to work.
  office.receive(office.lock.receipt());
  expect(stateNow()).toBe("removing");
  for (const parcel of carried) office.lock.hear(parcel);
  expect(office.lock.opens(office.digits.get(given.value.id) ?? "")).toBe(true);
  office.receive(office.lock.receipt());
  expect(stateNow()).toBe("removing");
  for (const parcel of office.parcels()) office.lock.hear(parcel);
  office.receive(office.lock.receipt());
  expect(stateNow()).toBe("removed");
});

test("a code in a version that never left the house comes free at once", () => {
  const office = paperOffice(crypto, crowdedSource(2));
  const given = office.give("assign", "ada");
  if (!given.ok) throw new Error("denied");
  office.issue({ handOut: false });
  office.revoke("ada");
  office.issue();
  const code = office.ledger().codes.find(({ id }) => id === given.value.id);
  expect(code).toMatchObject({ added: 1, removed: 2, released: true });
});

test("many versions on the way are served by the newest deltas and one snapshot", () => {
  const office = paperOffice(crypto, crowdedSource(3));
  office.give("assign", "ada");
  const versions = deltaBasesMax + 4;
  for (let i = 0; i < versions; i++) {
    office.now += 60;
    office.issue({ renew: true });
  }
  const { lock } = office.ledger();
  if (lock === undefined) throw new Error("no lock");
  const plan = planParcels(lock);
  expect(plan).toMatchObject({ to: versions, snapshot: true });
  expect(plan.deltasFrom).toHaveLength(deltaBasesMax);
  expect(plan.deltasFrom).not.toContain(0);
});

test("parcels written twice are the same bytes, and none is offered once the version ran out", () => {
  const office = paperOffice(crypto, crowdedSource(4));
  office.give("assign", "ada");
  office.issue();
  const first = office.parcels();
  expect(first).toHaveLength(1);
  office.now += 3_600;
  expect(office.parcels()).toEqual(first);
  office.now = first[0]?.notAfter ?? 0;
  expect(office.parcels()).toEqual([]);
  // The next issue raises the version though nothing changed: the old number must not come with another date.
  expect(office.issue()).toBe(2);
  expect(new Set(office.parcels().map(({ to }) => to))).toEqual(new Set([2]));
});
