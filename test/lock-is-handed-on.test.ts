/**
 * P8, P16: a lock whose owner changes starts anew. What the last owner's clock said keeps no table of the next owner
 * out, and neither does a power cut between the two. That keys, codes and events are gone is judged, after every cut, by
 * `power-cut-anywhere.test.ts`.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { expect, test } from "vitest";
import { running } from "./support/cut-scenarios.ts";
import {
  authoritySeeds,
  bytesOf,
  commission,
  commissionMessage,
  crypto,
  deliver,
  finishMeeting,
  makeLock,
  noon,
  offerTo,
  reboot,
  rule,
  type TestAuthority,
  type TestLock,
  tellTime,
  visit,
  wait,
} from "./world.ts";

const year = 365 * 86_400;
const codes = new Map([[0, "4821"]]);

function firstTable(lock: TestLock, property: TestAuthority): number | undefined {
  return property.receipt(deliver(lock, property.snapshot(property.tableOf(codes), 1)))?.version;
}

/** A lock without an owner, whose clock is right again after it wrote down a time a year ahead. */
function aheadAndForgotten(): TestLock {
  const lock = makeLock("handed on");
  expect(firstTable(lock, commission(lock, "handed on"))).toBe(1);
  lock.clock.rtcSeconds = noon + year;
  wait(lock, 3_700);
  expect(running(lock).notebook.rtcMarkSeconds).toBeGreaterThan(noon + year / 2);
  lock.board.holdReset();
  expect(running(lock).secure.phase).toBe("factory");
  lock.clock.rtcSeconds = noon;
  return lock;
}

test("the next owner's first table gets in, whatever time the last one's clock wrote down", () => {
  const lock = aheadAndForgotten();
  expect(firstTable(lock, commission(lock, "handed on", 2))).toBe(1);
  expect(lock.press("4821")).toBe("accepted");
});

test("also when the power fails right behind the new owner's keys", () => {
  const lock = aheadAndForgotten();
  const offered = offerTo(lock.setup, "handed on", 2);
  lock.secure.arm({ atWrite: lock.secure.writes, leaves: "new" });
  expect(visit(lock, [commissionMessage(offered)])).toEqual([]);
  expect(lock.board.state.power).toBe("off");
  lock.board.powerOn();
  const [reply] = visit(lock, [commissionMessage(offered)]);
  if (reply === undefined) throw new Error("the lock did not answer its commissioning");
  expect(firstTable(lock, finishMeeting(offered, reply))).toBe(1);
  expect(lock.press("4821")).toBe("accepted");
});

test("under one owner a clock that ran ahead is put right by a time token, and stays put right", () => {
  const lock = makeLock("ran ahead");
  const property = commission(lock, "ran ahead");
  expect(firstTable(lock, property)).toBe(1);
  lock.clock.rtcSeconds = noon + year;
  wait(lock, 3_700);
  expect(lock.press("4821"), "the lease is over by that clock").toBe("refused");
  lock.clock.rtcSeconds = noon;
  expect(lock.press("4821"), "and time does not go back by itself").toBe("refused");
  tellTime(lock, property, noon + 60);
  expect(lock.press("4821")).toBe("accepted");
  lock.board.powerOff();
  lock.board.powerOn();
  expect(lock.press("4821")).toBe("accepted");
});

test("a clock that runs years ahead keeps no first table out; a token then sets it right", () => {
  const lock = makeLock("ahead");
  lock.clock.rtcSeconds = noon + 4 * year;
  const property = commission(lock, "ahead");
  expect(firstTable(lock, property)).toBe(1);
  expect(lock.press("4821")).toBe("refused");
  tellTime(lock, property, noon + 60);
  expect(lock.clock.rtcSeconds).toBe(noon + 60);
  expect(lock.press("4821")).toBe("accepted");
});

test("P9, P14: setting the clock back again and again keeps no lease alive: powered uptime goes on counting", () => {
  const lock = makeLock("set back");
  const property = commission(lock, "set back");
  expect(firstTable(lock, property)).toBe(1);
  const start = lock.clock.rtcSeconds ?? 0;
  let opened = 0;
  for (let days = 0; days < 40; days++) {
    for (let hours = 0; hours < 23; hours++) {
      lock.clock.rtcSeconds = (lock.clock.rtcSeconds ?? 0) + 3_600;
      wait(lock, 3_600);
    }
    lock.clock.rtcSeconds = start + 60;
    if (lock.press("4821") === "accepted") opened = days;
    wait(lock, 10);
  }
  expect(rule.leaseHours).toBe(720);
  expect(opened).toBeLessThanOrEqual(1);
});

test("P8: keys changed before the first table stay changed, whatever is written afterwards", () => {
  const lock = makeLock("early rotation");
  const old = commission(lock, "early rotation", 2);
  const seeds = { table: bytesOf("next table", 32), capability: bytesOf("next capability", 32) };
  const rotation = authority.issueRotation(crypto, authoritySeeds.root, old.lock.name.lockId, {
    epoch: 3,
    issuedAt: noon,
    table: crypto.signPublic(seeds.table),
    capability: crypto.signPublic(seeds.capability),
    time: crypto.signPublic(authoritySeeds.time),
    box: crypto.agreePublic(authoritySeeds.box),
  });
  const [answer] = visit(lock, [{ type: air.messageType("rotation"), body: rotation }]);
  expect(air.messageName(answer?.type ?? 0)).toBe("hello");
  const next: authority.AuthorityLock = { ...old.lock, name: { ...old.lock.name, epoch: 3 } };
  const at = { table: old.tableOf(codes), to: 1, issuedAt: noon, lifeHours: 168 };
  const [manifest] = authority.issueSnapshot(crypto, seeds.table, next, at).messages;
  if (manifest === undefined) throw new Error("a snapshot begins with a manifest");
  // Its first record is written into the secure element and the spare bank: both must go on from the new keys.
  visit(lock, [manifest]);
  reboot(lock);
  expect(running(lock).secure.epoch).toBe(3);
  expect(running(lock).secure.authority.table).toEqual(crypto.signPublic(seeds.table));
  expect(deliver(lock, old.snapshot(old.tableOf(codes), 1))?.type).toBe(air.messageType("refusal"));
  expect(deliver(lock, authority.issueSnapshot(crypto, seeds.table, next, at))?.type).toBe(
    air.messageType("receipt"),
  );
  expect(lock.press("4821")).toBe("accepted");
});
