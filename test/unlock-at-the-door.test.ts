/**
 * P18, P19 and P21 (T15, T16, T17, T31) for unlock by app: the table says who may, as for any credential; every answer is
 * as long as any other; what a phone may cost the lock is bounded, and meanwhile the keypad answers. That power may fail
 * anywhere is in power-cut-anywhere. Whether a request is believed at all is in unlock-is-fresh.
 */

import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { describe, expect, test } from "vitest";
import type { Denial } from "../packages/lock-sim/src/firmware/events.ts";
import { decodeEvent, type LockEvent } from "../packages/protocol/src/messages/event.ts";
import { accepted } from "./accepted.ts";
import { running } from "./support/cut-scenarios.ts";
import { slowLock } from "./support/slow-lock.ts";
import {
  appCredential,
  attempt,
  capability,
  code,
  device,
  doorKey,
  type Home,
  home,
  honest,
  hour,
  type Met,
  meet,
  put,
  request,
  resident,
  sealed,
  signedFor,
  type Terms,
  tableWith,
  tableWithout,
  unlock,
} from "./support/unlock-cast.ts";
import {
  answerName,
  crypto,
  forkParts,
  makeLock,
  noon,
  openLink,
  type TestLock,
  wait,
  watched,
} from "./world.ts";

const forked = (at: Home, name: string): Home => {
  const lock = makeLock(name, { parts: forkParts(at.lock) });
  return { lock, property: at.property };
};

/** What the lock wrote down, oldest first. */
function eventsOf(lock: TestLock): readonly LockEvent[] {
  return running(lock).journal.events.map((bytes) => {
    const event = decodeEvent(bytes);
    if (!event.ok) throw new Error(event.check);
    return event.value;
  });
}

/** How it ended at the door, and why where it did not open. */
function outcome(
  { lock, property }: Home,
  leave?: Uint8Array,
): { result: string; reason: Denial | undefined } {
  const before = lock.notes.length;
  const { result, opened } = unlock(lock, property, leave === undefined ? {} : { capability: leave });
  expect(opened).toBe(result === "opened");
  const denied = lock.notes.slice(before).find((note) => note.what === "denied");
  return { result, reason: denied?.what === "denied" ? denied.reason : undefined };
}

describe("the table is the one truth of who may", () => {
  const shut: readonly (readonly [string, Terms, Denial])[] = [
    ["suspended", { suspended: true }, "suspended"],
    ["whose credential has ended", { notAfter: noon - 1 }, "ended"],
    ["of another class", { class: "keycard" }, "unknown-code"],
    ["out of its hours", { scheduled: true }, "out-of-schedule"],
  ];
  test.each(shut)("a device %s is DENIED, with a capability that is good", (_, terms, reason) => {
    expect(outcome(home("door", terms))).toEqual({ result: "DENIED", reason });
  });

  test("one that was removed is DENIED at once: the longest capability outlives nothing", () => {
    const at = home("door");
    const leave = capability(at.property, { notAfter: noon + 71 * hour });
    expect(outcome(at, leave).result).toBe("opened");
    put(at, tableWithout(at.property));
    expect(outcome(at, leave)).toEqual({ result: "DENIED", reason: "unknown-code" });
  });

  test("T31: a stolen phone ends with the next sync, or with its lease, or with its capability, whatever is first", () => {
    const at = home("door", { leaseHours: 24 });
    const leave = capability(at.property, { notAfter: noon + 71 * hour });
    const later = (hours: number): ReturnType<typeof outcome> => {
      const then = forked(at, "door");
      then.lock.clock.rtcSeconds = noon + hours * hour;
      return outcome(then, leave);
    };
    expect(later(23).result).toBe("opened");
    expect(later(25)).toEqual({ result: "DENIED", reason: "lease-ended" });
    expect(later(72)).toEqual({ result: "DENIED", reason: "no-capability" });
  });

  test("another person's device is not in it, though the authority gave it a capability", () => {
    const at = home("door");
    const other = device("neighbour");
    const leave = capability(at.property, { deviceKey: other.key });
    const visit = unlock(at.lock, at.property, { capability: leave, seed: other.seed });
    expect([visit.result, visit.opened]).toEqual(["DENIED", false]);
  });

  test("a single use is used once, and a restart gives none back", () => {
    const at = home("door", { useLimit: 1 });
    expect(outcome(at).result).toBe("opened");
    expect(outcome(at)).toEqual({ result: "DENIED", reason: "used-up" });
    at.lock.board.powerOff();
    at.lock.board.powerOn();
    expect(outcome(at)).toEqual({ result: "DENIED", reason: "used-up" });
  });

  test("minutes after the first use end it", () => {
    const at = home("door", { expiringMinutes: 30 });
    expect(outcome(at).result).toBe("opened");
    at.lock.clock.rtcSeconds = noon + 29 * 60;
    expect(outcome(at).result).toBe("opened");
    at.lock.clock.rtcSeconds = noon + 31 * 60;
    expect(outcome(at)).toEqual({ result: "DENIED", reason: "minutes-over" });
  });

  test("a forced user comes in like anybody, and the property learns it", () => {
    const at = home("door", { duress: true });
    expect(outcome(at).result).toBe("opened");
    expect(eventsOf(at.lock).at(-1)).toMatchObject({
      detail: authority.lockOperationTypes.ForcedUserEvent,
      source: "Remote",
    });
    expect(at.lock.alarms).toEqual([]);
  });

  test("the bolt stays open as long as for anybody", () => {
    const at = home("door");
    expect(outcome(at).result).toBe("opened");
    wait(at.lock, 4);
    expect(at.lock.unlocked).toBe(true);
    wait(at.lock, 2);
    expect(at.lock.unlocked).toBe(false);
  });
});

test("who came in, and who did not, is written down as Remote, with the credential where it is known", () => {
  const at = home("door");
  expect(outcome(at).result).toBe("opened");
  expect(eventsOf(at.lock).at(-1)).toMatchObject({
    kind: "LockOperation",
    detail: authority.lockOperationTypes.Unlock,
    source: "Remote",
    credential: appCredential,
  });
  put(at, tableWith(at.property, { suspended: true }));
  outcome(at);
  expect(eventsOf(at.lock).at(-1)).toMatchObject({
    kind: "LockOperationError",
    detail: authority.operationErrors.DisabledUserDenied,
    source: "Remote",
    credential: appCredential,
  });
  outcome(at, capability(at.property, { minTableVersion: 40 }));
  expect(eventsOf(at.lock).at(-1)).toMatchObject({
    kind: "SyncRefused",
    detail: authority.refusals.SYNC_FIRST.code,
    version: 2,
  });
});

describe("P19, T17: answers tell no more than their number", () => {
  const at = home("quiet");
  at.lock.board.powerOff();
  const copy = (): Home => forked(at, "quiet");
  const behind = capability(at.property, { minTableVersion: 9 });

  test("each is of one length, whatever became of the door", () => {
    const lost = copy();
    lost.lock.clock.rtcSeconds = undefined;
    const tries = [
      attempt(copy(), (met) => honest(at.property, met)),
      attempt(copy(), (met) => honest(at.property, met, behind)),
      attempt(lost, (met) => honest(at.property, met)),
      attempt(copy(), (met) => [
        capability(at.property),
        1,
        crypto.sign(device("x").seed, signedFor(met.hash)),
      ]),
      attempt(copy(), () => new Uint8Array(40)),
      attempt(copy(), (met) => honest(at.property, met, new Uint8Array(140))),
    ];
    expect(tries.map(({ result }) => result)).toEqual([
      "opened",
      "SYNC_FIRST",
      "TIME_NEEDED",
      "DENIED",
      "REJECTED",
      "REJECTED",
    ]);
    for (const { answers } of tries) expect(answers.map(({ body }) => body.length)).toEqual([48, 21]);
    expect(
      new Set(tries.map(({ answers }) => authority.toHex(answers[1]?.body ?? new Uint8Array(0)))).size,
    ).toBe(6);
  });

  test("DENIED is the same for every reason: the panel, the answer's length, and the credentials looked at", () => {
    const looks = (terms: Terms | undefined, leave?: (of: Home) => Uint8Array): readonly unknown[] => {
      let compared = 0;
      const base = home("looks");
      put(base, terms === undefined ? tableWithout(base.property) : tableWith(base.property, terms));
      base.lock.board.powerOff();
      const lock = makeLock("looks", {
        parts: forkParts(base.lock),
        firmware: watched({ onCompare: () => compared++ }),
      });
      const now: Home = { lock, property: base.property };
      compared = 0;
      const { result, answers } = attempt(now, (met) => honest(base.property, met, leave?.(base)));
      return [result, answers.map(({ body }) => body.length), compared - inTable(lock)];
    };
    const over = (of: Home): Uint8Array =>
      capability(of.property, { notBefore: noon - 9, notAfter: noon - 1 });
    // Two comparisons for every credential, and none besides.
    const denied = ["DENIED", [48, 21], 0];
    expect(looks({ suspended: true })).toEqual(denied);
    expect(looks({ notAfter: noon - 1 })).toEqual(denied);
    expect(looks(undefined)).toEqual(denied);
    expect(looks({}, over), "a capability that is over costs the same look at the table").toEqual(denied);
  });

  test("before a capability was verified nothing is said but REJECTED and BUSY", () => {
    const strangers: ((met: Met) => Uint8Array | readonly [Uint8Array, number, Uint8Array])[] = [
      () => new Uint8Array(0),
      () => new Uint8Array(200),
      () => new Uint8Array([0x83, 0x40, 0x01, 0x40]),
      (met) => [new Uint8Array(100), 1, crypto.sign(resident.seed, signedFor(met.hash))],
      (met) => [capability(home("elsewhere").property), 1, crypto.sign(resident.seed, signedFor(met.hash))],
      (met) => [capability(at.property), 2, crypto.sign(resident.seed, signedFor(met.hash, 2))],
    ];
    for (const stranger of strangers) {
      const { result, opened } = attempt(copy(), (met) => stranger(met) as never);
      expect([result, opened]).toEqual(["REJECTED", false]);
    }
  });

  test("the panel shows a person at the door nothing of a phone that was refused", () => {
    const one = copy();
    let signals = 0;
    const slow = slowLock(forkParts(one.lock));
    slow.finish();
    slow.connect();
    const { met } = slowly(slow, one);
    slow.say(
      sealed(
        met,
        honest(at.property, met, capability(at.property, { notBefore: noon - 9, notAfter: noon - 1 })),
      ),
    );
    slow.finish();
    for (const effect of slow.did) if (effect.kind === "signal") signals++;
    expect(answerName(slow.heard().at(-1))).toBe("unlocked");
    expect(signals).toBe(0);
  });
});

describe("T16: what it may cost", () => {
  const at = home("costs");
  at.lock.board.powerOff();
  const copy = (): Home => forked(at, "costs");
  const badCapability = (met: Met) => honest(at.property, met, capability(home("costs other").property));
  const badDevice = (met: Met) =>
    [capability(at.property), 1, crypto.sign(device("thief").seed, signedFor(met.hash))] as const;

  test.each([
    ["capabilities", badCapability, "REJECTED"],
    ["devices", badDevice, "DENIED"],
  ] as const)(
    "three bad signatures of %s end a connection; ten in a minute, and then BUSY before any more",
    (_, ask, no) => {
      const one = copy();
      const results: string[] = [];
      for (let phone = 0; phone < 5; phone++) {
        const heard: air.Message[] = [];
        const link = openLink(one.lock, 244, (message) => heard.push(message));
        if (link === undefined) throw new Error("occupied");
        for (let time = 0; time < 4 && !link.closed; time++) {
          const before = heard.length;
          try {
            const met = meet(at.property, link, heard);
            results.push(request(link, heard, met, ask(met)));
          } catch {
            results.push(answerName(heard[before]));
          }
        }
        if (phone < 3) expect(link.closed).toBe(true);
        link.close();
      }
      expect(results.filter((result) => result === no)).toHaveLength(10);
      expect(results.filter((result) => result === "BUSY").length).toBeGreaterThan(0);
      expect(new Set(results)).toEqual(new Set([no, "BUSY"]));
      one.lock.clock.uptimeMs += 60_000;
      expect(outcome(one).result).toBe("opened");
    },
  );

  test("eight efforts in a connection with nothing to show: four unlocks, and the courier is sent away", () => {
    const one = copy();
    const heard: air.Message[] = [];
    const link = openLink(one.lock, 244, (message) => heard.push(message));
    if (link === undefined) throw new Error("occupied");
    for (let time = 0; time < 4; time++) {
      const met = meet(at.property, link, heard);
      expect(request(link, heard, met, honest(at.property, met))).toBe("opened");
    }
    expect(() => meet(at.property, link, heard)).toThrow(/BUSY/);
    expect(link.closed).toBe(true);
    expect(outcome(one).result, "the next one is served at once").toBe("opened");
  });

  test("what budgets and dialogue refuse after a handshake is said under its seal, as long as any answer", () => {
    const empty = new Uint8Array(0);
    const one = home("costs streaming");
    const leave = capability(one.property);
    const [stream] = one.property.snapshot(tableWith(one.property)).messages;
    if (stream === undefined) throw new Error("a snapshot begins with a manifest");
    const receipt = { type: air.messageType("receipt"), body: empty };
    const cases = [
      { before: Array.from({ length: 7 }, () => receipt), between: [], result: "BUSY", closes: true },
      { before: [], between: [stream], result: "REJECTED", closes: false },
    ] as const;
    for (const { before, between, result, closes } of cases) {
      const heard: air.Message[] = [];
      const link = openLink(one.lock, 244, (message) => heard.push(message));
      if (link === undefined) throw new Error("occupied");
      for (const message of before) link.say(message);
      const met = meet(one.property, link, heard);
      for (const message of between) link.say(message);
      expect(request(link, heard, met, honest(one.property, met, leave))).toBe(result);
      expect(heard.at(-1)?.body.length).toBe(21);
      expect([one.lock.unlocked, link.closed]).toEqual([false, closes]);
      link.close();
    }
  });

  test("P18: who repeats handshakes, or requests, for ever, is sent away within a minute", () => {
    for (const name of ["unlock-start", "unlock"] as const) {
      const one = copy();
      const link = openLink(one.lock, 244, () => {});
      const start = accepted(air.startUnlock(crypto, doorKey(at.property), new Uint8Array(32).fill(7)));
      let seconds = 0;
      for (; link?.closed === false && seconds < 100; seconds++) {
        link.say({ type: air.messageType(name), body: name === "unlock" ? new Uint8Array(222) : start });
        expect(one.lock.press(code)).toBe("accepted");
        wait(one.lock, 1);
      }
      expect(seconds).toBeLessThanOrEqual(61);
      expect(outcome(one).result).toBe("opened");
    }
  });
});

describe("P21: ways in do not stand in each other's way", () => {
  test("T25: a keypad that somebody locked by guessing keeps no app out", () => {
    const at = home("door");
    for (let tries = 0; tries < 10; tries++) at.lock.press("1111");
    expect(at.lock.press(code)).toBe("wait");
    expect(outcome(at).result).toBe("opened");
  });

  test("refused phones cost the keypad no tries", () => {
    const at = home("door", { suspended: true });
    for (let tries = 0; tries < 30; tries++) {
      expect(outcome(at).result).toBe("DENIED");
      wait(at.lock, 1);
    }
    expect(at.lock.press(code)).toBe("accepted");
  });

  test("a battery too low for the motor: nobody is let half in, by any way", () => {
    const at = home("door");
    at.lock.board.battery(3);
    expect(outcome(at)).toEqual({ result: "DENIED", reason: "insufficient-battery" });
    at.lock.board.battery(80);
    expect(outcome(at).result).toBe("opened");
  });

  test("at a lock that is slow to write, the person at the keypad and the phone are both answered, in turn", () => {
    const at = home("slow", { useLimit: 200 });
    const slow = slowLock(forkParts(at.lock));
    slow.finish();
    slow.connect();
    const { met } = slowly(slow, at);
    slow.press(`${code}#`);
    expect(slow.pending).toBeDefined();
    slow.say(sealed(met, honest(at.property, met)));
    expect(slow.heard().map(answerName), "nothing is promised before the deed").toEqual(["unlock-start"]);
    expect(slow.notes.filter(({ what }) => what === "opened")).toHaveLength(0);
    slow.finish();
    const opened = slow.notes
      .filter((note) => note.what === "opened")
      .map((note) => note.what === "opened" && note.by);
    expect(opened).toEqual(["keypad", "app"]);
    expect(slow.heard().map(answerName)).toEqual(["unlock-start", "unlocked"]);
  });

  test("an answer goes to the phone that asked, or to nobody", () => {
    const at = home("slow", { useLimit: 200 });
    const slow = slowLock(forkParts(at.lock));
    slow.finish();
    slow.connect();
    const { met } = slowly(slow, at);
    slow.say(sealed(met, honest(at.property, met)));
    expect(slow.pending).toBeDefined();
    slow.happen({ kind: "disconnected" });
    slow.connect();
    slow.finish();
    expect(slow.heard()).toEqual([]);
  });

  test("more than four who wait at once are told BUSY", () => {
    const at = home("slow", { useLimit: 200 });
    const slow = slowLock(forkParts(at.lock));
    slow.finish();
    slow.connect();
    const { met } = slowly(slow, at);
    for (let card = 0; card < 6; card++) slow.press(`${code}#`);
    slow.say(sealed(met, honest(at.property, met)));
    const answer = slow.heard().at(-1);
    const read = air.readUnlocked(crypto, met.toInitiator, answer?.body ?? new Uint8Array(0));
    expect(read).toMatchObject({ ok: true, value: { kind: "refused", refusal: "BUSY", detail: 2 } });
  });
});

/** Comparisons that one look at the whole table takes. */
function inTable(lock: TestLock): number {
  return 2 * running(lock).inForce.table.credentials;
}

// ---- A lock whose storage takes its time ----

type Slow = ReturnType<typeof slowLock>;

function slowly(slow: Slow, { property }: Home): { readonly met: Met } {
  const link = {
    say: (message: air.Message) => slow.say(message),
    close: () => {},
    closed: false,
    bytes: { toLock: 0, toPhone: 0 },
  };
  const heard = new Proxy([] as air.Message[], {
    get: (_, key) => Reflect.get(slow.heard(), key),
  });
  return { met: meet(property, link, heard) };
}
