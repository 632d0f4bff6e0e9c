/**
 * What the property may say about a code: "set" and "removed" only on the lock's signed word, both ends of a pending
 * change at once, and an alarm when the lock signs for a table that was never issued.
 */

import { randomFillSync } from "node:crypto";
import { atTheDoor, type CodeLife, codeState, isPending } from "@doorsync/authority/core";
import { createCrypto } from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { expect, test } from "vitest";
import { doubted, isDoubted, type Ledger, trusted } from "../packages/authority/src/model/ledger.ts";
import { takeReceipt } from "../packages/authority/src/model/proof.ts";
import { type PaperOffice, paperOffice } from "./support/paper-office.ts";

const crypto = createCrypto(openssl);
const damaged = 1;

function office(): PaperOffice {
  return paperOffice(crypto, (bytes) => {
    randomFillSync(bytes);
  });
}

function give(from: PaperOffice, act: "assign" | "reset"): string {
  const given = from.give(act, "ada");
  if (!given.ok) throw new Error(given.denial);
  return given.value.id;
}

function life(from: PaperOffice, id: string): CodeLife {
  const code = from.ledger().codes.find((one) => one.id === id);
  if (code === undefined) throw new Error("no such code");
  return code;
}

const stateOf = (from: PaperOffice, id: string): string => codeState(life(from, id), from.ledger().lock);
const doorOf = (from: PaperOffice, id: string) => atTheDoor(from.ledger().lock, from)(life(from, id));

/** Carries whatever fits and gives the receipt back to the property only when told to. */
function visit(from: PaperOffice): void {
  for (const parcel of from.parcels()) from.lock.hear(parcel);
}

test("a code goes unset, setting, set, removing, removed, and only receipts make it set and removed", () => {
  const one = office();
  const id = give(one, "assign");
  expect([stateOf(one, id), isPending("unset")]).toEqual(["unset", true]);
  one.issue({ handOut: false });
  expect(stateOf(one, id)).toBe("unset");
  one.issue();
  expect(stateOf(one, id)).toBe("setting");
  visit(one);
  expect(one.lock.opens(one.digits.get(id) ?? "")).toBe(true);
  expect(stateOf(one, id)).toBe("setting");
  one.receive(one.lock.receipt());
  expect([stateOf(one, id), isPending("set")]).toEqual(["set", false]);
  one.revoke("ada");
  expect([stateOf(one, id), isPending("removing")]).toEqual(["removing", true]);
  one.issue();
  visit(one);
  expect(stateOf(one, id)).toBe("removing");
  one.receive(one.lock.receipt());
  expect([stateOf(one, id), isPending("removed")]).toEqual(["removed", false]);
});

test("while a reset is pending both codes are shown for what they are: the old works now, the new after a sync", () => {
  const one = office();
  const old = give(one, "assign");
  one.issue();
  visit(one);
  one.receive(one.lock.receipt());
  const fresh = give(one, "reset");
  expect(doorOf(one, old)).toEqual({
    worksNow: true,
    worksAfterSync: false,
    certain: true,
    worksUntil: null,
  });
  expect(doorOf(one, fresh)).toEqual({
    worksNow: false,
    worksAfterSync: true,
    certain: true,
    worksUntil: null,
  });
  one.issue();
  // From here on a courier may have been there.
  expect(doorOf(one, old)).toEqual({
    worksNow: true,
    worksAfterSync: false,
    certain: false,
    worksUntil: null,
  });
  expect(doorOf(one, fresh)).toEqual({
    worksNow: false,
    worksAfterSync: true,
    certain: false,
    worksUntil: null,
  });
  visit(one);
  one.receive(one.lock.receipt());
  expect(doorOf(one, old)).toEqual({
    worksNow: false,
    worksAfterSync: false,
    certain: true,
    worksUntil: null,
  });
  expect(doorOf(one, fresh)).toEqual({
    worksNow: true,
    worksAfterSync: true,
    certain: true,
    worksUntil: null,
  });
  expect([life(one, old).wireId, life(one, old).removed]).toEqual([
    life(one, fresh).wireId,
    life(one, fresh).added,
  ]);
});

test("receipts are cumulative and idempotent: the last one alone proves all, repeats and older ones change nothing", () => {
  const one = office();
  const id = give(one, "assign");
  one.issue();
  visit(one);
  const first = one.lock.receipt();
  one.revoke("ada");
  one.issue();
  visit(one);
  const last = one.lock.receipt();
  expect(one.receive(last)).toBe("proven");
  expect(stateOf(one, id)).toBe("removed");
  const settled = one.ledger();
  // Later by our clock: a replay must not make the last sync look newer than the lock's own word.
  one.now += 3_600;
  expect(one.receive(last)).toBe("again");
  expect(one.receive(first)).toBe("older");
  expect(one.ledger()).toEqual(settled);
});

test("a receipt for a table that was never issued is an alarm, and only a newer proven version ends it", () => {
  const one = office();
  const id = give(one, "assign");
  one.issue();
  visit(one);
  one.receive(one.lock.receipt());
  expect(one.receive(one.lock.receipt({ version: 40 }))).toBe("contradicts");
  expect([stateOf(one, id), doorOf(one, id).certain]).toEqual(["unknown", false]);
  // An honest receipt for what was already known does not explain the other one.
  one.receive(one.lock.receipt());
  expect(stateOf(one, id)).toBe("unknown");
  // The next version lies above what the lock has signed for, and a snapshot comes with it.
  expect(one.issue({ renew: true })).toBe(41);
  expect(one.parcels().map(({ kind }) => kind)).toContain("snapshot");
  visit(one);
  expect(one.receive(one.lock.receipt())).toBe("proven");
  expect(stateOf(one, id)).toBe("set");
});

test("management's word is for what was known then: a lock that signs for still more puts the books in doubt anew", () => {
  const one = office();
  give(one, "assign");
  one.issue();
  visit(one);
  one.receive(one.lock.receipt());
  const says = (ledger: Ledger, version: number, at: number): Ledger =>
    takeReceipt(ledger, { version, state: new Uint8Array(8), lowerSeconds: 0, damaged: false }, at).ledger;
  const isDoubtedNow = ({ lock }: Ledger): boolean => lock !== undefined && isDoubted(lock);
  const first = says(one.ledger(), 40, 100);
  expect(isDoubtedNow(first)).toBe(true);
  const word = trusted(first, 200);
  expect(isDoubtedNow(word)).toBe(false);
  // What the word was given for does not take it back; nor does what is found out only after `restored` was looked through.
  expect(isDoubtedNow(says(word, 40, 300))).toBe(false);
  const announced = trusted(doubted(one.ledger(), 100), 200);
  expect(isDoubtedNow(says(announced, 40, 300))).toBe(false);
  const further = says(word, 41, 300);
  expect(further.lock?.doubt).toEqual({ since: 300, settledAt: undefined });
});

test("a damaged lock's receipt proves nothing and brings a snapshot into the mailbox, even of a proven version", () => {
  const one = office();
  const id = give(one, "assign");
  one.issue();
  visit(one);
  expect(one.receive(one.lock.receipt({ flags: damaged }))).toBe("damaged");
  expect(stateOf(one, id)).toBe("setting");
  one.receive(one.lock.receipt());
  expect([stateOf(one, id), one.parcels().length]).toEqual(["set", 0]);
  expect(one.receive(one.lock.receipt({ flags: damaged }))).toBe("damaged");
  expect(one.parcels().map(({ kind }) => kind)).toEqual(["snapshot"]);
  one.receive(one.lock.receipt());
  expect(one.parcels()).toEqual([]);
});
