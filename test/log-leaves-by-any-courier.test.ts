/**
 * The log's whole way: a real lock writes down what happens at the door, the shipped errand carries it sealed, the
 * authority's core takes it in, and the lock drops what was acknowledged and nothing else. Couriers lose, double, mix,
 * withhold and forge; what the authority holds is a beginning of what happened, in order.
 */
import { ackParcel, assignCode, gapIn, withoutSuperseded } from "@doorsync/authority/core";
import * as authority from "@doorsync/protocol/authority";
import { encodePull, type Message, messageType, readSegmentHead } from "@doorsync/protocol/courier";
import { expect, test } from "vitest";
import { codeFor, type DoorOffice, doorOffice, type Trip, travel } from "./support/door-office.ts";
import { answerName, bytesOf, crypto, makeLock, visit, wait } from "./world.ts";

const code = "4711";

/** A door where Ada has a code, its table proven. */
function house(name: string): DoorOffice {
  const office = doorOffice(name);
  const given = assignCode(office.ledger, codeFor("ada", code));
  if (!given.ok) throw new Error(given.denial);
  office.ledger = given.value;
  office.issue();
  const trip = travel(office.lock, office.parcels());
  expect(trip.report.outcome).toMatchObject({ kind: "synced", version: 1 });
  expect(office.takeAll(trip)).toContain("receipt proven");
  return office;
}

/** Somebody comes home, so many times. */
function comeHome(office: DoorOffice, times: number): void {
  for (let i = 0; i < times; i++) {
    expect(office.lock.press(code)).toBe("accepted");
    wait(office.lock, 20);
  }
}

const openings = (office: DoorOffice): number =>
  office.events.filter((event) => event.kind === "LockOperation" && event.detail === 1).length;
const isInTurn = (office: DoorOffice): void =>
  expect(office.events.map(({ seq }) => seq)).toEqual(office.events.map((_, i) => i + 1));
const logOf = (trip: Trip): readonly authority.ReturnSlip[] =>
  trip.slips.filter(({ kind }) => kind === "log");

test("events come out with the visit that brings a table, and the next visit lets the lock drop them", () => {
  const office = house("log whole way");
  isInTurn(office);
  const first = office.journal.held.seq;
  expect(first).toBeGreaterThan(0);
  expect(office.events.at(-1)).toMatchObject({ kind: "LockUserChange", version: 1 });
  comeHome(office, 3);
  const trip = travel(office.lock, office.parcels());
  // No table was to be brought; the acknowledgement alone is a reason to ask.
  expect(trip.report.outcome.kind).toBe("nothing");
  expect(trip.said).toEqual([">hello", "<hello", ">ack", "<segment"]);
  expect(trip.report.log.events).toBeGreaterThan(2);
  expect(office.lock.notes).toContainEqual({ what: "acknowledged", seq: first });
  expect(office.takeAll(trip)).toEqual(["log logged"]);
  expect(openings(office)).toBe(3);
  isInTurn(office);
  // Everything is out: with the next acknowledgement the lock has nothing left to say, and then it is not even asked.
  expect(travel(office.lock, office.parcels()).report.log).toEqual({ events: 0, left: 0 });
  expect(travel(office.lock, office.parcels()).said).toEqual([">hello", "<hello"]);
});

test("more than a segment holds is fetched in turn, and owed piece by piece", () => {
  const office = house("log many");
  comeHome(office, 100);
  const trip = travel(office.lock, office.parcels());
  const slips = logOf(trip);
  expect(slips.length).toBeGreaterThan(1);
  expect(trip.report.log.left).toBe(0);
  for (const slip of slips.toReversed()) office.take(slip);
  // Backwards only the first one follows on what is held.
  expect(office.journal.held.seq).toBeLessThan(office.journal.newest);
  for (const slip of slips) office.take(slip);
  expect(office.journal.held.seq).toBe(office.journal.newest);
  expect(openings(office)).toBe(100);
  isInTurn(office);
});

test("dropped, doubled and mixed between two couriers: a beginning of the log at all times, and in the end all of it", () => {
  const office = house("log two couriers");
  const carried: authority.ReturnSlip[][] = [[], []];
  const outcomes = new Set<string>();
  let came = 0;
  for (let round = 0; round < 6; round++) {
    comeHome(office, 2);
    came += 2;
    const trip = travel(office.lock, office.parcels());
    carried[round % 2]?.push(...logOf(trip), ...logOf(trip));
    // The first courier delivers late and backwards, the second loses every other slip.
    if (round % 3 !== 2) continue;
    for (const slip of carried[0]?.toReversed() ?? []) outcomes.add(office.take(slip));
    for (const slip of carried[1]?.filter((_, i) => i % 4 === 0) ?? []) outcomes.add(office.take(slip));
    isInTurn(office);
    expect(openings(office)).toBeLessThanOrEqual(came);
  }
  expect([...outcomes].sort()).toEqual(["log-again", "logged"]);
  office.takeAll(travel(office.lock, office.parcels()));
  expect(openings(office)).toBe(came);
  isInTurn(office);
});

test("a courier that dies on the way costs nothing: unacknowledged events are there for the next one", () => {
  const office = house("log courier dies");
  comeHome(office, 4);
  for (const lost of ["segment", "ack"] as const) {
    const type = authority.messageType(lost);
    const trip = travel(office.lock, office.parcels(), { passes: (_, message) => message.type !== type });
    expect(trip.report.outcome, "what is lost of the log spoils no sync").toMatchObject({ kind: "nothing" });
    expect(logOf(trip)).toEqual([]);
  }
  expect(office.takeAll(travel(office.lock, office.parcels()))).toEqual(["log logged"]);
  expect(openings(office)).toBe(4);
  isInTurn(office);
});

test("old, forged and foreign acknowledgements drop nothing, and the events come all the same", () => {
  const office = house("log forged");
  const old = office.parcels().filter(({ kind }) => kind === "ack");
  expect(old).toHaveLength(1);
  comeHome(office, 2);
  expect(office.takeAll(travel(office.lock, office.parcels()))).toEqual(["log logged"]);
  comeHome(office, 1);
  expect(office.takeAll(travel(office.lock, office.parcels()))).toEqual(["log logged"]);
  const acked = office.lock.notes.filter(({ what }) => what === "acknowledged").length;
  comeHome(office, 1);
  // The acknowledgement before the last one: refused as stale, and pulled from the beginning instead.
  const late = travel(office.lock, old);
  expect(late.said).toEqual([">hello", "<hello", ">ack", "<refusal", ">pull", "<segment"]);
  const [ticket] = old;
  if (ticket === undefined) throw new Error("no acknowledgement");
  const signer = {
    ...ticket,
    tableSeed: bytesOf("a thief", 32),
    tableKey: crypto.signPublic(bytesOf("a thief", 32)),
  };
  const ahead = { seq: office.journal.newest + 1, head: bytesOf("head", 16) };
  const forged = ackParcel(crypto, signer, { name: office.name(), keys: office.keys }, ahead);
  expect(travel(office.lock, [forged]).said).toContain("<refusal");
  expect(office.lock.notes.filter(({ what }) => what === "acknowledged")).toHaveLength(acked);
  expect(office.takeAll(late)).toEqual(["log logged"]);
  expect(openings(office)).toBe(4);
});

test("what a courier makes up or keeps back is not believed, and what follows it waits", () => {
  const office = house("log made up");
  comeHome(office, 90);
  const [first, second] = logOf(travel(office.lock, office.parcels()));
  if (first === undefined || second === undefined) throw new Error("one segment held it all");
  const before = office.journal.held.seq;
  expect(office.take(second)).toBe("log-ahead");
  const bent = new Uint8Array(first.body);
  bent[bent.length - 1] = (bent[bent.length - 1] ?? 0) ^ 1;
  expect(office.take({ ...first, body: bent })).toBe("not-verified");
  expect(office.take({ ...first, body: second.body.subarray(0, 88) })).toBe("not-verified");
  const head = readSegmentHead(first.body);
  expect(head.ok && head.value.after).toBe(before);
  expect(office.journal.held.seq).toBe(before);
  expect([office.take(first), office.take(second), office.take(first)]).toEqual([
    "logged",
    "logged",
    "log-again",
  ]);
});

test("after a flood of wrong codes every event is there or counted as missing, and no gap is counted twice", () => {
  const office = house("log flood");
  const before = office.events.length;
  let happened = 0;
  for (let i = 0; i < 900; i++) {
    if (office.lock.press(String(5_000 + i)) === "refused") happened++;
    if (i % 100 === 0) {
      comeHomeLater(office);
      happened += 2;
    }
    wait(office.lock, 3_700);
  }
  happened += office.lock.alarms.length;
  for (let visits = 0; visits < 8; visits++) office.takeAll(travel(office.lock, office.parcels()));
  expect(office.journal.held.seq).toBe(office.journal.newest);
  isInTurn(office);
  const since = withoutSuperseded(office.events.slice(before));
  const gaps = since.flatMap((event) => gapIn(event) ?? []);
  expect(gaps.length).toBeGreaterThan(0);
  expect(gaps.length).toBeLessThan(office.events.filter(({ kind }) => kind === "Gap").length);
  expect(gaps.filter(({ isOpen }) => isOpen)).toEqual([]);
  const missing = gaps.reduce((sum, { count }) => sum + count, 0);
  expect(since.length - gaps.length + missing).toBe(happened);
});

function comeHomeLater(office: DoorOffice): void {
  wait(office.lock, 90_000);
  expect(office.lock.press(code)).toBe("accepted");
  wait(office.lock, 20);
}

test("a lock that asks for the time is brought it before the log; without a source nothing is different", () => {
  const office = doorOffice("log time", { rtcSeconds: undefined });
  office.issue();
  expect(office.takeAll(travel(office.lock, office.parcels()))).toContain("receipt proven");
  const plain = travel(office.lock, office.parcels());
  expect(plain.said[0]).toBe(">hello");
  expect(plain.said).not.toContain(">time");
  office.now += 600;
  const told = travel(office.lock, office.parcels(), {
    time: ({ epoch, nonce }) =>
      epoch === office.name().epoch
        ? authority.issueTime(crypto, office.seeds().time, office.name(), nonce, office.now)
        : undefined,
  });
  expect(told.said.slice(0, 4)).toEqual([">hello", "<hello", ">time", "<hello"]);
  expect(office.lock.clock.rtcSeconds).toBe(office.now);
  office.takeAll(told);
  expect(office.takeAll(travel(office.lock, office.parcels()))).toEqual(["log logged"]);
  expect(office.events.at(-1)?.kind).toBe("TimeSet");
});

test("a revocation without news in the log costs what it always did", () => {
  const office = house("log cost");
  office.takeAll(travel(office.lock, office.parcels()));
  travel(office.lock, office.parcels());
  const hello = visit(office.lock, [{ type: authority.messageType("hello"), body: authority.noBytes }]);
  expect(hello).toHaveLength(1);
  expect(travel(office.lock, office.parcels()).bytes).toBeLessThan(30);
});

const pull = (after: number): Message => ({ type: messageType("pull"), body: encodePull(after) });

test("a lock without an owner has no log to give, however often it is asked", () => {
  const lock = makeLock("nobody's log");
  const answers = visit(
    lock,
    Array.from({ length: 12 }, () => pull(0)),
  );
  expect(answers.map(answerName)).toEqual(Array.from({ length: 12 }, () => "REJECTED"));
  const refused = lock.notes.flatMap((note) => (note.what === "refused" ? [[note.message, note.check]] : []));
  expect(refused).toEqual(Array.from({ length: 12 }, () => ["pull", "no-owner"]));
});

test("asked for what follows an event that it does not have yet, a lock answers from its newest, with none", () => {
  const office = house("log ahead");
  comeHome(office, 1);
  const heads = visit(office.lock, [0, 1_000_000, 0xffff_ffff].map(pull)).map((answer) => {
    expect(answerName(answer)).toBe("segment");
    const head = readSegmentHead(answer.body);
    if (!head.ok) throw new Error(head.check);
    return head.value;
  });
  const newest = heads[0]?.newest ?? 0;
  expect(newest).toBeGreaterThan(1);
  expect(heads.map(({ after, last }) => [after, last])).toEqual([
    [0, newest],
    [newest, newest],
    [newest, newest],
  ]);
  expect(heads.every((head) => head.newest === newest)).toBe(true);
});
