/**
 * Rotation of the authority's keys from the ledger to the bolt: a real lock, the shipped errand, the authority's core.
 * The root's word goes first, what the lock holds stays in force until it proves a table of the new epoch, and what the
 * old keys signed is worth nothing to it any more.
 */
import {
  assignCode,
  atTheDoor,
  codeState,
  isInEpoch,
  revokeCode,
  takenMarks,
} from "@doorsync/authority/core";
import type { ReturnSlip } from "@doorsync/protocol/authority";
import { expect, test } from "vitest";
import { codeFor, type DoorOffice, doorOffice, travel } from "./support/door-office.ts";
import { reboot, wait } from "./world.ts";

const [ada, ben, cy] = ["4711", "8053", "2946"] as const;

function give(office: DoorOffice, person: string, digits: string): void {
  const given = assignCode(office.ledger, codeFor(person, digits));
  if (!given.ok) throw new Error(given.denial);
  office.ledger = given.value;
}

function revoke(office: DoorOffice, person: string): void {
  const gone = revokeCode(office.ledger, person, office.now);
  if (!gone.ok) throw new Error(gone.denial);
  office.ledger = gone.value;
}

/** A door where Ada and Ben have codes, its table proven. */
function house(name: string): DoorOffice {
  const office = doorOffice(name);
  give(office, "ada", ada);
  give(office, "ben", ben);
  office.issue();
  office.takeAll(travel(office.lock, office.parcels()));
  office.takeAll(travel(office.lock, office.parcels()));
  return office;
}

function opens(office: DoorOffice, digits: string): boolean {
  wait(office.lock, 120);
  const shown = office.lock.press(digits);
  expect(["accepted", "refused"]).toContain(shown);
  return shown === "accepted";
}

const states = (office: DoorOffice): Record<string, string> =>
  Object.fromEntries(office.ledger.codes.map((code) => [code.person, codeState(code, office.ledger.lock)]));

test("one visit brings keys and table; until its receipt is in, every code stands as it stood", () => {
  const office = house("rotate plain");
  expect(states(office)).toEqual({ ada: "set", ben: "set" });
  const old = office.parcels();
  office.rotate("second");
  revoke(office, "ben");
  office.issue();
  expect(states(office)).toEqual({ ada: "set", ben: "removing" });
  expect(takenMarks(office.ledger, "dee").has(ben)).toBe(true);
  const kinds = office.parcels().map(({ kind }) => kind);
  expect(kinds).toEqual(["rotation", "snapshot", "ack"]);
  expect(opens(office, ben)).toBe(true);

  const trip = travel(office.lock, office.parcels());
  expect(trip.said.slice(0, 4)).toEqual([">hello", "<hello", ">rotation", "<hello"]);
  expect(trip.report.outcome).toMatchObject({ kind: "synced" });
  expect(trip.report.delivered.map(({ kind }) => kind)).toEqual(["rotation", "snapshot"]);
  expect(states(office)).toEqual({ ada: "set", ben: "removing" });
  expect(office.takeAll(trip)).toContain("receipt proven");
  expect(states(office)).toEqual({ ada: "set", ben: "removed" });
  expect([opens(office, ada), opens(office, ben)]).toEqual([true, false]);
  // The keys are in, so that only the log's acknowledgement is left to carry; the chain went on without a break.
  expect(office.parcels().map(({ kind }) => kind)).toEqual(["ack"]);
  office.takeAll(travel(office.lock, office.parcels()));
  expect(office.journal).toMatchObject({ broken: false });
  expect(office.events.some(({ kind, version }) => kind === "KeyRotation" && version === 2)).toBe(true);
  expect(office.events.map(({ seq }) => seq)).toEqual(office.events.map((_, i) => i + 1));
  // What the thief of the old keys could still have carried.
  const late = travel(office.lock, old);
  expect(late.report.delivered).toEqual([]);
  expect(opens(office, ben)).toBe(false);
});

test("keys without a table: codes work on, the visit says what is missing, and the next one brings it", () => {
  const office = house("rotate alone");
  office.rotate("second");
  office.issue();
  const [rotation, ...others] = office.parcels();
  if (rotation === undefined) throw new Error("no rotation");
  const trip = travel(office.lock, [rotation]);
  expect(trip.report.outcome).toEqual({ kind: "rotated", epoch: 2 });
  // A hello alone proves nothing.
  expect(trip.report.delivered).toEqual([]);
  reboot(office.lock);
  expect([opens(office, ada), opens(office, ben)]).toEqual([true, true]);
  expect(office.ledger.lock !== undefined && isInEpoch(office.ledger.lock)).toBe(false);
  office.takeAll(travel(office.lock, others));
  expect(office.ledger.lock !== undefined && isInEpoch(office.ledger.lock)).toBe(true);
  expect(opens(office, ada)).toBe(true);
});

test("a receipt and a log of the old epoch that are still under way hurt nothing and prove nothing new", () => {
  const office = house("rotate late receipt");
  give(office, "cy", cy);
  office.issue();
  expect(opens(office, ada)).toBe(true);
  const late = travel(office.lock, office.parcels());
  expect(late.slips.map(({ kind }: ReturnSlip) => kind)).toEqual(["receipt", "log"]);
  office.rotate("second");
  office.issue();
  expect(office.takeAll(late)).toEqual(["receipt old-epoch", "log old-epoch"]);
  expect(states(office)).toEqual({ ada: "set", ben: "set", cy: "setting" });
  const code = office.ledger.codes.find(({ person }) => person === "cy");
  if (code === undefined) throw new Error("no code");
  expect(atTheDoor(office.ledger.lock, office)(code)).toMatchObject({
    worksAfterSync: true,
    certain: false,
  });
  office.takeAll(travel(office.lock, office.parcels()));
  office.takeAll(travel(office.lock, office.parcels()));
  expect(states(office)).toEqual({ ada: "set", ben: "set", cy: "set" });
  // The events that the old log carried were not lost: the lock said them again in the new epoch.
  expect(office.events.map(({ seq }) => seq)).toEqual(office.events.map((_, i) => i + 1));
  expect(office.events.filter(({ kind }) => kind === "LockUserChange")).toHaveLength(3);
});

test("two rotations, of which the lock missed the first: it takes the newest at once", () => {
  const office = house("rotate twice");
  office.rotate("second");
  office.issue();
  const missed = office.parcels();
  office.rotate("third");
  office.issue();
  const trip = travel(office.lock, [...missed, ...office.parcels()]);
  expect(trip.said.filter((said) => said === ">rotation")).toHaveLength(1);
  expect(office.takeAll(trip)).toContain("receipt proven");
  expect(office.ledger.lock?.epoch).toBe(3);
  expect(travel(office.lock, missed).report.delivered).toEqual([]);
  expect(opens(office, ada)).toBe(true);
});

test("whoever has the online keys alone rotates nothing, and a spoilt rotation keeps no table from the lock", () => {
  const office = house("rotate forged");
  const honest = house("rotate other");
  honest.rotate("second");
  honest.issue();
  const [foreign] = honest.parcels();
  if (foreign === undefined) throw new Error("no rotation");
  give(office, "cy", cy);
  office.issue();
  const [update] = office.parcels();
  if (update === undefined) throw new Error("no update");
  // In this lock's wrapper the courier leaves it behind: it does not verify there.
  const forged = { ...foreign, tag: update.tag, lockId: update.lockId };
  const trip = travel(office.lock, [forged, ...office.parcels()]);
  expect(trip.said).not.toContain(">rotation");
  expect(trip.report.outcome).toMatchObject({ kind: "synced" });
  // In its own wrapper with this lock's tag it goes out, and the lock refuses.
  const swapped = { ...foreign, tag: update.tag };
  const refused = travel(office.lock, [swapped, ...office.parcels()]);
  expect(refused.said.slice(2, 4)).toEqual([">rotation", "<refusal"]);
  expect(office.lock.notes.some(({ what }) => what === "rotated")).toBe(false);
  expect(opens(office, cy)).toBe(true);
});
