/**
 * T38, T39, P24, P21: what a lock writes into its journal, and what it lets be heard: openings before the bolt moves, alarms, moving parts,
 * refusals, and gaps where there was no room. How lines lie in flash and how they leave the lock are tested elsewhere.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { nextHead } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { ringRecords } from "../packages/lock-sim/src/firmware/journal.ts";
import { running } from "./support/cut-scenarios.ts";
import {
  authoritySeeds,
  commission,
  crypto,
  deliver,
  makeLock,
  reboot,
  type TestAuthority,
  type TestLock,
  visit,
  wait,
} from "./world.ts";

const code = "4821";

function owned(
  name: string,
  drive: (to: "locked" | "unlocked") => "locked" | "unlocked" | "jammed" = (to) => to,
): { readonly lock: TestLock; readonly property: TestAuthority } {
  const lock = makeLock(name, { drive });
  const property = commission(lock, name);
  deliver(lock, property.snapshot(property.tableOf(new Map([[0, code]]))));
  return { lock, property };
}

function eventsOf(lock: TestLock): readonly authority.LockEvent[] {
  return running(lock).journal.events.map((bytes) => {
    const event = authority.decodeEvent(bytes);
    if (!event.ok) throw new Error(event.check);
    return event.value;
  });
}

function kindsOf(lock: TestLock, skipped = 0): readonly string[] {
  return eventsOf(lock)
    .slice(skipped)
    .map(({ kind, detail, source }) => `${kind} ${detail} ${source}`);
}

const { Lock, Unlock } = authority.lockOperationTypes;
const { alarmCodes } = authority;

describe("an opening", () => {
  test("lies in flash before the bolt moves, and so does who it was", () => {
    const { lock } = owned("written");
    const before = eventsOf(lock).length;
    // Cut at every operation of the opening: whenever the bolt moved, the line is there after the next power-on.
    const opsOf = (): number => lock.flash.counters.ops;
    const first = opsOf();
    expect(lock.press(code)).toBe("accepted");
    const ops = opsOf() - first;
    wait(lock, 10);
    expect(kindsOf(lock, before)).toEqual([`LockOperation ${Unlock} Keypad`, `LockOperation ${Lock} Auto`]);
    expect(eventsOf(lock)[before]?.credential).toBe(authority.firstCredentialId);
    let opened = 0;
    for (let op = 0; op < ops; op++) {
      const at = eventsOf(lock).length;
      lock.unlocked = false;
      lock.flash.arm({ kind: "cut", atOp: opsOf() + op, afterBytes: 0, pattern: "untouched", seed: op });
      lock.press(code);
      expect(lock.board.state.power).toBe("off");
      const moved = lock.unlocked;
      lock.board.powerOn();
      const unlocks = eventsOf(lock)
        .slice(at)
        .filter((one) => one.detail === Unlock && one.kind === "LockOperation");
      expect(unlocks.length).toBeGreaterThanOrEqual(moved ? 1 : 0);
      if (moved) opened++;
      wait(lock, 70);
    }
    expect(opened).toBeGreaterThan(0);
  });

  test("by the mechanical key needs nobody's leave, and is written down", () => {
    const { lock } = owned("key");
    for (let i = 0; i < 5; i++) lock.press("0000");
    const before = eventsOf(lock).length;
    lock.board.turnKey("unlocked");
    expect(kindsOf(lock, before)).toEqual([`LockOperation ${Unlock} Manual`]);
  });
});

describe("wrong codes", () => {
  test("raise the alarm once for each pause, heard and written", () => {
    const { lock } = owned("alarm");
    const before = eventsOf(lock).length;
    for (let i = 0; i < 9; i++) lock.press("0000");
    expect(lock.alarms).toEqual(["WrongCodeEntryLimit"]);
    expect(kindsOf(lock, before)).toEqual([
      ...Array.from(
        { length: 5 },
        () => `LockOperationError ${authority.operationErrors.InvalidCredential} Keypad`,
      ),
      `DoorLockAlarm ${alarmCodes.WrongCodeEntryLimit} Unspecified`,
    ]);
    for (let i = 0; i < 5; i++) {
      wait(lock, 61);
      for (let j = 0; j < 9; j++) lock.press("0000");
      expect(lock.alarms).toHaveLength(2 + i);
    }
    // After five more the pause is twice as long, and no power cut shortens it.
    wait(lock, 61);
    expect(lock.press(code)).toBe("wait");
    reboot(lock);
    expect(lock.press(code)).toBe("wait");
  });
});

describe("moving parts", () => {
  test("a door forced while locked, one left open, and a bolt that waits for it", () => {
    const { lock } = owned("door");
    lock.board.door("open");
    expect(lock.alarms).toEqual(["DoorForcedOpen"]);
    lock.board.door("closed");
    expect(lock.press(code)).toBe("accepted");
    lock.board.door("open");
    wait(lock, 30);
    expect(lock.unlocked).toBe(true);
    wait(lock, 31);
    expect(lock.alarms).toEqual(["DoorForcedOpen", "DoorAjar"]);
    wait(lock, 600);
    expect(lock.alarms).toHaveLength(2);
    lock.board.door("closed");
    wait(lock, 1);
    expect(lock.unlocked).toBe(false);
  });

  test("a bolt that jammed is not thrown beside an open door, nor by a spent battery", () => {
    let stuck = true;
    const moves: string[] = [];
    const { lock } = owned("jammed", (to) => {
      moves.push(to);
      return stuck ? "jammed" : to;
    });
    moves.length = 0;
    expect(lock.press(code)).toBe("accepted");
    expect([moves, lock.alarms]).toEqual([["unlocked"], ["LockJammed"]]);
    lock.board.door("open");
    stuck = false;
    wait(lock, 30);
    expect(moves).toEqual(["unlocked"]);
    lock.board.battery(4);
    lock.board.door("closed");
    wait(lock, 30);
    expect(moves).toEqual(["unlocked"]);
    lock.board.battery(60);
    wait(lock, 1);
    expect(moves).toEqual(["unlocked", "locked"]);
  });

  test("codes at a spent battery are nobody's guesses", () => {
    const { lock } = owned("spent");
    lock.board.battery(4);
    for (let i = 0; i < 30; i++) expect(lock.press(i % 2 === 0 ? code : "0000")).toBe("refused");
    expect([lock.alarms, running(lock).notebook.attempts]).toEqual([[], []]);
    lock.board.battery(60);
    expect(lock.press(code)).toBe("accepted");
  });

  test("a battery too low for the motor is no code's fault, and hello says so", () => {
    const { lock } = owned("battery");
    const flags = (): number => {
      const [answer] = visit(lock, [{ type: air.messageType("hello"), body: air.encodeHelloRequest(false) }]);
      const hello = answer && air.readHello(answer.body);
      return hello?.ok ? hello.value.flags : -1;
    };
    expect(flags() & authority.conditionFlags.lowBattery).toBe(0);
    lock.board.battery(15);
    expect(flags() & authority.conditionFlags.lowBattery).not.toBe(0);
    expect(lock.press(code)).toBe("accepted");
    wait(lock, 10);
    lock.board.battery(4);
    expect(lock.press(code)).toBe("refused");
    expect(lock.notes.at(-1)).toMatchObject({ what: "denied", reason: "insufficient-battery" });
    expect(eventsOf(lock).at(-1)?.detail).toBe(authority.operationErrors.InsufficientBattery);
  });
});

describe("a refusal that a good signature earned", () => {
  test("is written once, and its repeats are only counted", () => {
    const { lock, property } = owned("conflict");
    const other = property.snapshot(property.tableOf(new Map([[0, "9090"]])), 1);
    const before = eventsOf(lock).length;
    for (let i = 0; i < 20; i++) visit(lock, other.messages.slice(0, 1));
    const written = eventsOf(lock).slice(before);
    expect(written.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["SyncRefused", authority.refusals.CONFLICT.code],
    ]);
    wait(lock, 3_601);
    visit(lock, other.messages.slice(0, 1));
    expect(eventsOf(lock).at(-1)).toMatchObject({ kind: "SyncRefused", count: 20, credential: 0 });
  });

  test("for want of room, the line says how many codes the lock holds", () => {
    const lock = makeLock("small", { capacity: 2 });
    const property = commission(lock, "small");
    deliver(lock, property.snapshot(property.tableOf(new Map([[0, code]]))));
    const three = new Map([code, "9090", "7315"].map((digits, i) => [i, digits]));
    visit(lock, property.snapshot(property.tableOf(three), 2).messages);
    expect(eventsOf(lock).at(-1)).toMatchObject({
      kind: "SyncRefused",
      detail: authority.refusals.RESOURCE_EXHAUSTED.code,
      credential: 2,
    });
  });

  test("one that nobody signed is not written at all", () => {
    const { lock } = owned("noise");
    const before = eventsOf(lock).length;
    const stores = lock.flash.counters.ops;
    visit(lock, [{ type: air.messageType("update"), body: new Uint8Array(200) }]);
    expect([eventsOf(lock).length, lock.flash.counters.ops]).toEqual([before, stores]);
  });
});

describe("P24: a flood", () => {
  test("fills its share and no more; a gap says how many are missing; what matters still finds room", () => {
    const { lock, property } = owned("flood");
    const failures = (): number =>
      eventsOf(lock).filter((one) => authority.eventClassOf(one.kind, one.detail) === "failure").length;
    const before = failures();
    let typed = 0;
    while (typed < ringRecords) {
      if (lock.press("0000") === "refused") typed++;
      else {
        lock.clock.rtcSeconds = (lock.clock.rtcSeconds ?? 0) + 3_600;
        wait(lock, 3_600);
      }
    }
    const kept = failures();
    expect(kept).toBeLessThanOrEqual(ringRecords / 4);
    expect(kept).toBeGreaterThan(ringRecords / 8);
    expect(lock.alarms.length).toBeGreaterThan(20);
    const missing = before + typed + lock.alarms.length - kept;
    const gaps = eventsOf(lock).filter((one) => one.kind === "Gap");
    expect(gaps.length).toBeGreaterThan(3);
    expect(gaps.length).toBeLessThan(16);
    expect(gaps.at(-1)?.count).toBeLessThanOrEqual(missing);
    expect(2 * (gaps.at(-1)?.count ?? 0)).toBeGreaterThan(missing);
    const others = (): number => eventsOf(lock).length - failures() - gaps.length;
    const held = others();
    // Security still finds its place.
    lock.board.door("open");
    expect(others()).toBe(held + 1);
    expect(kindsOf(lock).at(-1)).toBe(`DoorLockAlarm ${alarmCodes.DoorForcedOpen} Unspecified`);

    // The authority acknowledges everything: the gap is closed with the right count, and failures are written again.
    const events = running(lock).journal.events;
    const head = events.reduce(
      (chain, event) => nextHead(crypto, property.lock.keys.log, chain, event),
      running(lock).journal.acked.head,
    );
    const place = { seq: running(lock).journal.lastSeq, head };
    const ack = authority.issueAck(crypto, authoritySeeds.table, property.lock.name, place);
    const [answer] = visit(lock, [{ type: air.messageType("ack"), body: ack }]);
    expect(air.messageName(answer?.type ?? 0)).toBe("segment");
    const closed = eventsOf(lock).find((one) => one.kind === "Gap");
    expect(closed).toMatchObject({ count: missing, flags: 0 });
  });

  test("a gap that is growing is told to its end before an acknowledgement lets go of it, whenever the power fails", () => {
    const start = (): { readonly lock: TestLock; readonly missing: number; readonly ack: Uint8Array } => {
      const { lock, property } = owned("gap cut");
      for (let i = 0; i < 150; i++) lock.board.tap(new Uint8Array([1, 2, 3, 4]));
      const { journal, diary } = running(lock);
      const head = journal.events.reduce(
        (chain, event) => nextHead(crypto, property.lock.keys.log, chain, event),
        journal.acked.head,
      );
      const place = { seq: journal.lastSeq, head };
      const ack = authority.issueAck(crypto, authoritySeeds.table, property.lock.name, place);
      return { lock, missing: diary.missing.failure.count, ack };
    };
    const acknowledge = (lock: TestLock, body: Uint8Array): unknown =>
      visit(lock, [{ type: air.messageType("ack"), body }]);
    const uncut = start();
    expect(uncut.missing).toBeGreaterThan(16);
    const first = uncut.lock.flash.counters.ops;
    acknowledge(uncut.lock, uncut.ack);
    const ops = uncut.lock.flash.counters.ops - first;
    expect(ops).toBeGreaterThan(4);
    let struck = 0;
    for (let op = 0; op < ops; op++) {
      const { lock, missing, ack } = start();
      lock.flash.arm({
        kind: "cut",
        atOp: lock.flash.counters.ops + op,
        afterBytes: 0,
        pattern: "untouched",
        seed: op,
      });
      acknowledge(lock, ack);
      struck += lock.flash.counters.cuts;
      lock.board.powerOn();
      const { journal } = running(lock);
      const gaps = eventsOf(lock).filter((one) => one.kind === "Gap");
      // Either nothing was let go of, or what was missing is told in full.
      if (journal.acked.seq > 0) expect(gaps.some((gap) => gap.count === missing)).toBe(true);
    }
    expect(struck).toBe(ops);
  });
});
