/**
 * F8, F22, F23, T25, T27, T30, P13, P14, P21: credentials with a limit, keycards, duress and the daily doorcode, at the door of a real lock: what opens, how often
 * and until when, through power cuts at every operation. What is asserted is the bolt; how uses lie in flash has tests
 * of its own.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { describe, expect, test } from "vitest";
import type { Denial } from "../packages/lock-sim/src/firmware/events.ts";
import { tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import { running } from "./support/cut-scenarios.ts";
import {
  commission,
  crypto,
  deliver,
  forkParts,
  makeLock,
  noon,
  reboot,
  type TestAuthority,
  type TestLock,
  visit,
  wait,
} from "./world.ts";

type Rule = authority.Rule;

const code = "4821";
const card = new Uint8Array([4, 0x9a, 0x21, 0xff, 0x10, 0x33, 0x7c]);
const day = 86_400;
const utcZone: authority.Zone = {
  kind: "zone",
  id: authority.firstZoneId,
  changes: [{ at: 0, offsetMinutes: 0 }],
};

const plain = (more: Partial<Rule>, id = 1): Rule => ({
  ...authority.plainRule(id, "code", 0, false),
  ...more,
});

interface Door {
  readonly lock: TestLock;
  readonly property: TestAuthority;
  readonly put: (items: readonly authority.Item[]) => void;
}

function door(name: string, items: (property: TestAuthority) => readonly authority.Item[]): Door {
  const lock = makeLock(name);
  const property = commission(lock, name);
  const put = (wanted: readonly authority.Item[]): void => {
    const packed = wanted.map(authority.encodeItem).sort((a, b) => authority.itemId(a) - authority.itemId(b));
    const table = authority.tableFromItems(crypto, property.lock.keys.digest, authority.concat(...packed));
    if (!table.ok) throw new Error(table.check);
    const receipt = property.receipt(deliver(lock, property.snapshot(table.value)));
    expect(receipt?.version).toBe(property.newest.version);
  };
  put(items(property));
  return { lock, property, put };
}

function credential(property: TestAuthority, rule: number, digits = code, number = 0): authority.Credential {
  const tag = authority.pinTag(crypto, property.lock.keys.pin, digits);
  return authority.alwaysCredential(authority.firstCredentialId + number, rule, tag);
}

/** What the door did, and why where it did not open. */
function outcome(lock: TestLock, act: () => unknown): "opens" | Denial | "dark" {
  lock.unlocked = false;
  const before = lock.notes.length;
  act();
  if (lock.board.state.power === "off") return "dark";
  const notes = lock.notes.slice(before);
  const denied = notes.find((note) => note.what === "denied");
  expect(lock.unlocked).toBe(denied === undefined);
  return denied?.what === "denied" ? denied.reason : "opens";
}
const typed = (lock: TestLock, digits = code): ReturnType<typeof outcome> =>
  outcome(lock, () => lock.press(digits));
const tapped = (lock: TestLock, uid = card): ReturnType<typeof outcome> =>
  outcome(lock, () => lock.board.tap(uid));

describe("F8: a code for a single use", () => {
  const single = (name: string): Door =>
    door(name, (property) => [plain({ useLimit: 1 }), credential(property, 1)]);

  test("opens once, and not after a reboot, a new table or a compaction either", () => {
    const { lock, property, put } = single("single");
    expect(typed(lock)).toBe("opens");
    expect(typed(lock)).toBe("used-up");
    reboot(lock);
    expect(typed(lock)).toBe("used-up");
    put([plain({ useLimit: 1 }), credential(property, 1), credential(property, 1, "9090", 1)]);
    expect(typed(lock)).toBe("used-up");
    expect(typed(lock, "9090")).toBe("opens");
  });

  test("another code under the same id has its own use", () => {
    const { lock, property, put } = single("single again");
    expect(typed(lock)).toBe("opens");
    put([plain({ useLimit: 1 }), credential(property, 1, "9090")]);
    expect(typed(lock, "9090")).toBe("opens");
    expect(typed(lock, "9090")).toBe("used-up");
  });

  test("wherever the power fails, it never opens twice", () => {
    const start = single("single cut").lock;
    start.board.powerOff();
    const count = makeLock("single cut", { parts: forkParts(start) });
    const first = count.flash.counters.ops;
    expect(typed(count)).toBe("opens");
    const ops = count.flash.counters.ops - first;
    expect(ops).toBeGreaterThan(4);
    let struck = 0;
    let opened = 0;
    for (let op = 0; op < ops; op++) {
      for (const pattern of tornPatterns) {
        for (const afterBytes of [0, 8, 64]) {
          const lock = makeLock("single cut", { parts: forkParts(start) });
          lock.flash.arm({ kind: "cut", atOp: lock.flash.counters.ops + op, afterBytes, pattern, seed: op });
          let opens = 0;
          outcome(lock, () => lock.press(code));
          struck += lock.flash.counters.cuts;
          if (lock.unlocked) opens++;
          lock.board.powerOn();
          wait(lock, 10);
          for (let again = 0; again < 3; again++) {
            if (typed(lock) === "opens") opens++;
            reboot(lock);
          }
          expect(opens).toBeLessThanOrEqual(1);
          opened += opens;
        }
      }
    }
    expect(struck).toBe(ops * tornPatterns.length * 3);
    expect(opened).toBeGreaterThan(0);
  });

  test("a use that does not take in flash opens nothing", () => {
    const { lock } = single("single dud");
    // The attempt is two operations; the use is the next two.
    lock.flash.arm({ kind: "dud", atOp: lock.flash.counters.ops + 3, afterBytes: 0 });
    expect(typed(lock)).toBe("use-not-noted");
    expect(lock.flash.counters.duds).toBe(1);
  });
});

describe("F8: minutes after the first use", () => {
  test("count from the first use, over power cuts, and a lost clock ends them", () => {
    const { lock } = door("minutes", (property) => [plain({ expiringMinutes: 15 }), credential(property, 1)]);
    expect(typed(lock)).toBe("opens");
    lock.clock.rtcSeconds = noon + 14 * 60;
    reboot(lock);
    expect(typed(lock)).toBe("opens");
    lock.clock.rtcSeconds = undefined;
    reboot(lock);
    expect(typed(lock)).toBe("minutes-over");
    lock.clock.rtcSeconds = noon + 15 * 60;
    expect(typed(lock)).toBe("minutes-over");
  });
});

test("minutes that have not begun are not over, however vague the clock has become", () => {
  const { lock } = door("vague minutes", (property) => [
    plain({ expiringMinutes: 5 }),
    credential(property, 1),
  ]);
  // After 40 days without a token the interval is longer than the five minutes.
  lock.clock.rtcSeconds = noon + 40 * day;
  expect(typed(lock)).toBe("opens");
  lock.clock.rtcSeconds = undefined;
  const lost = door("lost minutes", (property) => [plain({ expiringMinutes: 5 }), credential(property, 1)]);
  lost.lock.clock.rtcSeconds = undefined;
  expect(typed(lost.lock)).toBe("minutes-over");
});

describe("F22: a keycard", () => {
  const withCard = (name: string, more: Partial<Rule> = {}): Door =>
    door(name, (property) => [
      plain({}),
      plain({ class: "keycard", ...more }, 2),
      credential(property, 1),
      {
        ...credential(property, 2, code, 1),
        tag: authority.cardTag(crypto, property.lock.keys.pin, card),
      },
    ]);

  test("opens, and costs no guesses, and no locked keypad keeps it out", () => {
    const { lock } = withCard("card");
    for (let i = 0; i < 6; i++) lock.press("0000");
    expect(lock.press(code)).toBe("wait");
    expect(tapped(lock)).toBe("opens");
    expect(tapped(lock, new Uint8Array([1, 2, 3, 4]))).toBe("unknown-code");
    expect(running(lock).notebook.attempts.filter((one) => !one.right)).toHaveLength(5);
  });

  test("keeps to a limit as a code does", () => {
    const { lock } = withCard("card once", { useLimit: 1 });
    expect(tapped(lock)).toBe("opens");
    reboot(lock);
    expect(tapped(lock)).toBe("used-up");
  });
});

describe("a code given under duress", () => {
  test("opens like any other, and only the journal knows", () => {
    const { lock } = door("duress", (property) => [plain({ duress: true }), credential(property, 1)]);
    expect(typed(lock)).toBe("opens");
    expect(lock.alarms).toEqual([]);
    const last = running(lock).journal.events.map((event) => authority.decodeEvent(event));
    const forced = authority.lockOperationTypes.ForcedUserEvent;
    expect(
      last.filter((one) => one.ok && one.value.kind === "LockOperation" && one.value.detail === forced),
    ).toHaveLength(1);
  });
});

describe("F23: the daily doorcode", () => {
  const slot = authority.firstCredentialId + 40;
  const daily = (name: string, zone: authority.Zone = utcZone): Door =>
    door(name, () => [
      plain({ class: "dailyCode" }),
      zone,
      { ...authority.alwaysCredential(slot, 1, new Uint8Array(16)) },
    ]);
  const codeOf = ({ property }: Door, of: number, generation = 0): string =>
    authority.dailyCode(crypto, property.lock.keys.daily, { generation, slot, day: of });
  const today = Math.floor(noon / day);

  test("opens on its day with no sync, and the next day not", () => {
    const at = daily("daily");
    expect(codeOf(at, today)).toMatch(/^[0-9]{7}$/);
    expect(typed(at.lock, codeOf(at, today))).toBe("opens");
    expect(typed(at.lock, codeOf(at, today + 1))).toBe("unknown-code");
    at.lock.clock.rtcSeconds = (today + 1) * day + authority.dailyGraceSeconds - 60;
    expect(typed(at.lock, codeOf(at, today))).toBe("opens");
    at.lock.clock.rtcSeconds = (today + 1) * day + authority.dailyGraceSeconds + 60;
    expect(typed(at.lock, codeOf(at, today))).toBe("unknown-code");
    expect(typed(at.lock, codeOf(at, today + 1))).toBe("opens");
  });

  test("P13: never goes back a day, whatever the clock says afterwards", () => {
    const at = daily("daily back");
    at.lock.clock.rtcSeconds = (today + 1) * day + 3_600;
    expect(typed(at.lock, codeOf(at, today + 1))).toBe("opens");
    reboot(at.lock);
    at.lock.clock.rtcSeconds = noon;
    expect(typed(at.lock, codeOf(at, today))).toBe("unknown-code");
  });

  test("a lost clock and a lost zone close it; another door has another code", () => {
    const at = daily("daily lost");
    at.lock.clock.rtcSeconds = undefined;
    expect(typed(at.lock, codeOf(at, today))).toBe("unknown-code");
    const other = daily("daily other");
    expect(codeOf(other, today)).not.toBe(codeOf(at, today));
    const nowhere = door("daily nowhere", () => [
      plain({ class: "dailyCode" }),
      authority.alwaysCredential(slot, 1, new Uint8Array(16)),
    ]);
    expect(typed(nowhere.lock, codeOf(nowhere, today))).toBe("unknown-code");
  });

  test("is counted as a guess when it is wrong", () => {
    const at = daily("daily guess");
    for (let i = 0; i < 5; i++) expect(typed(at.lock, codeOf(at, today - 5 - i))).toBe("unknown-code");
    expect(at.lock.press(codeOf(at, today))).toBe("wait");
    expect(at.lock.alarms).toEqual(["WrongCodeEntryLimit"]);
  });
});

describe("T30: the button inside", () => {
  test("makes the lock forget its owner: no code opens, nothing from before counts, and the next owner sees the reset", () => {
    const { lock, property } = door("reset", (made) => [plain({}), credential(made, 1)]);
    const old = property.snapshot(property.tableOf(new Map([[0, code]])));
    expect(typed(lock)).toBe("opens");
    lock.board.holdReset();
    expect(typed(lock)).toBe("unknown-code");
    expect(visit(lock, old.messages.slice(0, 1)).map((answer) => air.messageName(answer.type))).toEqual([
      "refusal",
    ]);
    reboot(lock);
    expect(typed(lock)).toBe("unknown-code");
    const next = commission(lock, "reset", 2);
    expect(property.lock.name.epoch).toBe(1);
    deliver(lock, next.snapshot(next.tableOf(new Map([[0, "7002"]]))));
    expect(typed(lock, "7002")).toBe("opens");
    expect(typed(lock)).toBe("unknown-code");
    const first = running(lock).journal.events.map((event) => authority.decodeEvent(event))[0];
    expect(first?.ok && [first.value.kind, first.value.detail, first.value.seq]).toEqual([
      "DoorLockAlarm",
      authority.alarmCodes.LockFactoryReset,
      1,
    ]);
  });
});
