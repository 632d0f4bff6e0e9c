/**
 * P17 and P18 over the whole lock: whatever a courier does (comes and says nothing, trickles, floods, brings bad
 * signatures, replays what it once recorded, announces more than any message may have) the one connection is free
 * again soon, the keypad answers meanwhile, and the next courier is served.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StorageEffect } from "../packages/lock-sim/src/firmware/events.ts";
import { geometryFor, sectorBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { runs } from "./replay.ts";
import { running } from "./support/cut-scenarios.ts";
import { slowLock } from "./support/slow-lock.ts";
import {
  answerName,
  authoritySeeds,
  bytesOf,
  commission,
  crypto,
  deliver,
  forkParts,
  inForce,
  makeLock,
  offerTo,
  openLink,
  type TestLock,
  visit,
} from "./world.ts";

const home = makeLock("bounded");
const property = commission(home, "bounded");
const held = property.snapshot(property.tableOf(new Map([[0, "4821"]])));
deliver(home, held);
const next = property.delta(property.tableOf(new Map([[0, "1357"]])));
const codes = (first: number, count: number): Map<number, string> =>
  new Map(Array.from({ length: count }, (_, i) => [i, String(first + i)]));
const large = property.snapshot(property.tableOf(codes(1_000, 66)));
home.board.powerOff();

/** The longest that a connection may last in which nothing new is brought, with a tick a second. */
const longestSeconds = 61;

const lockOf = (): TestLock => makeLock("bounded", { parts: forkParts(home) });
const message = (name: air.MessageName, body: Uint8Array = new Uint8Array(0)): air.Message => ({
  type: air.messageType(name),
  body,
});

interface Raw {
  readonly closed: () => boolean;
  readonly frames: () => number;
  frame(bytes: Uint8Array): void;
}

/** A connection below messages: any bytes as frames. */
function raw(lock: TestLock): Raw {
  let closed = false;
  let frames = 0;
  const link = lock.board.connect({
    frameBytesMax: 244,
    send: () => frames++,
    close: () => {
      closed = true;
    },
  });
  if (link === undefined) throw new Error("the lock is occupied");
  return { closed: () => closed, frames: () => frames, frame: (bytes) => link.frame(bytes) };
}

/** Seconds until the connection was closed, while `each` second the courier does what it likes. */
function secondsUntilFree(lock: TestLock, closed: () => boolean, each: (second: number) => void): number {
  for (let second = 0; second < 1_000; second++) {
    each(second);
    if (closed()) return second;
    lock.clock.uptimeMs += 1_000;
    lock.board.tick();
    if (closed()) return second + 1;
  }
  return Number.POSITIVE_INFINITY;
}

/** The next courier comes through, and so does the person at the door. */
function servesTheNext(lock: TestLock): void {
  lock.clock.uptimeMs += 60_000;
  expect(lock.press("4821")).toBe("accepted");
  expect(property.receipt(deliver(lock, next))?.version).toBe(next.to);
  expect(lock.press("1357")).toBe("accepted");
}

describe("T15: the connection is freed", () => {
  test("of a courier that says nothing, after three seconds", () => {
    const lock = lockOf();
    const link = raw(lock);
    expect(secondsUntilFree(lock, link.closed, () => {})).toBeLessThanOrEqual(4);
    servesTheNext(lock);
  });

  test("of one that falls silent, after five", () => {
    const lock = lockOf();
    const link = openLink(lock, 244, () => {});
    link?.say(message("hello"));
    expect(
      secondsUntilFree(
        lock,
        () => link?.closed ?? true,
        () => {},
      ),
    ).toBeLessThanOrEqual(6);
    servesTheNext(lock);
  });

  test.each([1, 2, 4])("of one that trickles a frame every %i seconds, within a minute", (every) => {
    const lock = lockOf();
    const link = raw(lock);
    const { frames } = air.segment(air.emptyOutbox, air.messageType("chunk"), new Uint8Array(2_000), 20);
    let at = 0;
    const seconds = secondsUntilFree(lock, link.closed, (second) => {
      const frame = frames[at];
      if (second % every !== 0 || frame === undefined) return;
      link.frame(frame);
      at++;
      expect(lock.press("4821"), "meanwhile the keypad answers").toBe("accepted");
    });
    expect(seconds).toBeLessThanOrEqual(longestSeconds);
    expect(at).toBeGreaterThan(10);
    servesTheNext(lock);
  });

  test.each([
    ["hellos", () => message("hello")],
    ["hellos that want a nonce", () => message("hello", new Uint8Array([1]))],
    ["receipt requests", () => message("receipt")],
    ["the version that is in force, recorded once", () => held.messages[0] ?? message("hello")],
    ["the manifest of a stream that it never brings", () => large.messages[0] ?? message("hello")],
    ["commissions by a stranger", () => message("commission", bytesOf("stranger", 252))],
  ])("of one that repeats %s for ever", (_, say) => {
    const lock = lockOf();
    const link = openLink(lock, 244, () => {});
    const seconds = secondsUntilFree(
      lock,
      () => link?.closed ?? true,
      () => link?.say(say()),
    );
    expect(seconds).toBeLessThanOrEqual(longestSeconds);
    servesTheNext(lock);
  });

  test("of any courier that brings nothing new, whatever it says and when", () => {
    const known = [
      ...held.messages,
      message("hello"),
      message("hello", new Uint8Array([1])),
      message("receipt"),
      message("commission", bytesOf("stranger", 252)),
      message("update", bytesOf("stranger", 150)),
      message("time", bytesOf("stranger", 79)),
    ];
    const said = fc.array(fc.tuple(fc.nat(known.length - 1), fc.integer({ min: 0, max: 4 })), {
      minLength: 70,
      maxLength: 90,
      size: "max",
    });
    fc.assert(
      fc.property(said, (steps) => {
        const lock = lockOf();
        const link = openLink(lock, 244, () => {});
        let quiet = 0;
        let step = 0;
        const seconds = secondsUntilFree(
          lock,
          () => link?.closed ?? true,
          () => {
            if (quiet-- > 0) return;
            const [index = 0, pause = 0] = steps[step++ % steps.length] ?? [];
            quiet = pause;
            link?.say(known[index] ?? message("hello"));
          },
        );
        expect(seconds).toBeLessThanOrEqual(longestSeconds);
        expect(lock.board.connect({ frameBytesMax: 244, send() {}, close() {} })).toBeDefined();
      }),
      runs(40),
    );
  });
});

/** A courier that brings a genuine message of that name, again and again, with a bit of its signature changed. */
function forging(
  lock: TestLock,
  name: air.MessageName,
  times: number,
): { answers: string[]; closed: boolean } {
  const answers: string[] = [];
  let nonce: Uint8Array = new Uint8Array(16);
  const link = openLink(lock, 244, (answer) => {
    const hello = air.readHello(answer.body);
    if (hello.ok && hello.value.nonce !== undefined) nonce = hello.value.nonce;
    else answers.push(answerName(answer));
  });
  const genuine = (): Uint8Array => {
    const { name: of } = property.lock;
    const { root, table } = authoritySeeds;
    switch (name) {
      case "time":
        link?.say(message("hello", new Uint8Array([1])));
        return authority.issueTime(crypto, property.timeSeed, of, nonce, 1_790_000_500);
      case "ack":
        return authority.issueAck(crypto, table, of, { seq: 1, head: bytesOf("head", 16) });
      case "rotation":
        return authority.issueRotation(crypto, root, of.lockId, {
          ...offerTo(home.setup, "bounded").offer,
          epoch: of.epoch + 1,
        });
      case "manifest":
        return large.messages[0]?.body ?? new Uint8Array(0);
      default:
        return next.messages[0]?.body ?? new Uint8Array(0);
    }
  };
  for (let time = 0; time < times && link?.closed === false; time++) {
    const forged = genuine().slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    link.say(message(name, forged));
  }
  link?.close();
  return { answers, closed: link?.closed ?? true };
}

describe("T13, T16: what one connection may cost", () => {
  test("64 KiB with nothing to show for it, and no more", () => {
    const lock = lockOf();
    const link = openLink(lock, 514, () => {});
    const junk = message("chunk", bytesOf("junk", 2_048));
    let said = 0;
    while (link !== undefined && !link.closed && said < 100) {
      link.say(junk);
      said++;
    }
    expect(link?.bytes.toLock).toBeGreaterThan(60_000);
    expect(link?.bytes.toLock).toBeLessThanOrEqual(65_536 + 2_100);
    servesTheNext(lock);
  });

  test.each(["update", "manifest", "time", "ack", "rotation"] as const)(
    "three bad signatures; ten in a minute over all connections, and then BUSY before any is verified: %s",
    (name) => {
      const lock = lockOf();
      let verified = 0;
      let busy = 0;
      for (let courier = 0; courier < 6; courier++) {
        const { answers, closed } = forging(lock, name, 5);
        const bad = answers.filter((answer) => answer === "REJECTED").length;
        expect(bad).toBeLessThanOrEqual(3);
        if (bad === 3) expect(closed).toBe(true);
        verified += bad;
        busy += answers.filter((answer) => answer === "BUSY").length;
      }
      expect(verified).toBe(10);
      expect(busy).toBeGreaterThan(0);
      expect(lock.press("4821")).toBe("accepted");
      servesTheNext(lock);
    },
  );

  test("a length over its type's bound is refused with its first frame", () => {
    for (const name of ["hello", "update", "manifest", "receipt", "time", "chunk", "commission"] as const) {
      const lock = lockOf();
      const bound = air.messageCatalog[name].toLock;
      const [first] = air.segment(
        air.emptyOutbox,
        air.messageType(name),
        new Uint8Array(bound + 300),
        244,
      ).frames;
      const link = raw(lock);
      link.frame(first ?? new Uint8Array(0));
      expect(link.closed(), name).toBe(true);
      expect(lock.notes.find((note) => note.what === "refused")).toMatchObject({ refusal: "TOO_LARGE" });
    }
  });

  test("P17: a frame lost, doubled or moved ends the session, and nothing of it reaches the next one", () => {
    const [update] = next.messages;
    const { frames } = air.segment(air.emptyOutbox, update?.type ?? 0, update?.body ?? new Uint8Array(0), 20);
    expect(frames.length).toBeGreaterThan(5);
    const spoil = fc.record({
      at: fc.integer({ min: 0, max: frames.length - 2 }),
      how: fc.constantFrom("lost", "doubled", "moved", "again"),
    });
    fc.assert(
      fc.property(spoil, ({ at, how }) => {
        const lock = lockOf();
        const link = raw(lock);
        const sent = [...frames];
        const [one] = sent.splice(at, 1);
        if (one === undefined) return;
        if (how === "doubled") sent.splice(at, 0, one, one);
        if (how === "moved") sent.splice(at + 1, 0, one);
        if (how === "again") sent.splice(at, 0, one, ...frames.slice(0, at + 1));
        for (const frame of sent) link.frame(frame);
        expect(link.closed()).toBe(true);
        expect(inForce(lock)?.version).toBe(held.to);
        expect(running(lock).session).toBeUndefined();
        expect(property.receipt(deliver(lock, next, 20))?.version).toBe(next.to);
      }),
      runs(60),
    );
  });

  test("a broken off message leaves nothing for the next courier", () => {
    const lock = lockOf();
    const [update] = next.messages;
    const { frames } = air.segment(air.emptyOutbox, update?.type ?? 0, update?.body ?? new Uint8Array(0), 20);
    for (let sent = 1; sent < frames.length; sent++) {
      const link = lock.board.connect({ frameBytesMax: 20, send() {}, close() {} });
      for (const frame of frames.slice(0, sent)) link?.frame(frame);
      link?.closed();
    }
    expect(inForce(lock)?.version).toBe(held.to);
    expect(property.receipt(deliver(lock, next))?.version).toBe(next.to);
  });
});

test("a nonce is never the same twice, however often one is asked for", () => {
  const lock = lockOf();
  const nonces = new Set<string>();
  let asked = 0;
  for (let courier = 0; courier < 3; courier++) {
    const link = openLink(lock, 244, ({ body }) => {
      const hello = air.readHello(body);
      if (hello.ok && hello.value.nonce !== undefined) nonces.add(authority.toHex(hello.value.nonce));
    });
    for (let i = 0; i < 600 && link?.closed === false; i++) {
      link.say(message("hello", new Uint8Array([1])));
      asked++;
    }
    link?.close();
  }
  expect(asked).toBe(1_800);
  expect(nonces.size).toBe(asked);
});

test("a time token works once, for the nonce that is out, and for half a minute", () => {
  const token = (lock: TestLock, delaySeconds: number, again: boolean): string[] => {
    const names: string[] = [];
    let kept: air.Message | undefined;
    const link = openLink(lock, 244, (answer) => {
      const hello = air.readHello(answer.body);
      names.push(answerName(answer));
      if (!hello.ok || hello.value.nonce === undefined || kept !== undefined) return;
      const body = authority.issueTime(
        crypto,
        property.timeSeed,
        property.lock.name,
        hello.value.nonce,
        1_790_000_500,
      );
      kept = message("time", body);
    });
    link?.say(message("hello", new Uint8Array([1])));
    lock.clock.uptimeMs += 1_000 * delaySeconds;
    if (kept !== undefined) link?.say(kept);
    if (kept !== undefined && again) link?.say(kept);
    link?.close();
    return names;
  };
  expect(token(lockOf(), 30, true)).toEqual(["hello", "hello", "REJECTED"]);
  expect(token(lockOf(), 31, false)).toEqual(["hello", "REJECTED"]);
});

/** Whether an operation is of the table, and not of the keypad's notebook or the journal. */
function isOfTheTable(op: StorageEffect | undefined): boolean {
  const [firstBank] = geometryFor(70).bankAddress;
  switch (op?.kind) {
    case undefined:
      return false;
    case "secure":
      return true;
    case "program":
      return op.address >= firstBank;
    case "erase":
      return op.sector * sectorBytes >= firstBank;
    default:
      throw new Error(`no such operation: ${String(op satisfies never)}`);
  }
}

describe("a lock that is slow to write", () => {
  test("is waited for: its courier is not silent, and has its full time again once it was answered", () => {
    const lock = slowLock(forkParts(home));
    lock.finish();
    lock.connect();
    const [manifest, ...chunks] = large.messages;
    if (manifest === undefined) throw new Error("no manifest");
    lock.say(manifest);
    let operations = 0;
    const writeSlowly = (): void => {
      while (lock.pending !== undefined) {
        lock.now.uptimeMs += 1_000;
        lock.happen({ kind: "tick" });
        lock.work();
        operations++;
      }
    };
    writeSlowly();
    for (const chunk of chunks) {
      for (let second = 0; second < 4; second++) {
        lock.now.uptimeMs += 1_000;
        lock.happen({ kind: "tick" });
      }
      lock.say(chunk);
      writeSlowly();
    }
    expect(operations).toBeGreaterThan(6);
    expect(lock.heard().map(answerName)).toEqual(["next", "next", "receipt"]);
  });

  test("answers the keypad between any two operations, and a second message with BUSY", () => {
    const lock = slowLock(forkParts(home));
    lock.finish();
    lock.connect();
    for (const one of next.messages) lock.say(one);
    let opened = 0;
    while (lock.state.power === "on" && lock.state.lanes.table !== undefined) {
      lock.say(message("hello"));
      const noted = lock.notes.length;
      lock.press("4821#");
      const isOpen = (): boolean => lock.notes.slice(noted).some(({ what }) => what === "opened");
      // The operation under way, then the door's own (the attempt, the event): it does not wait for the sync.
      lock.work();
      for (let own = 0; own < 5 && !isOpen(); own++) {
        expect(isOfTheTable(lock.pending), "an operation of the sync goes before the door's").toBe(false);
        lock.work();
      }
      expect(isOpen()).toBe(true);
      opened++;
      while (lock.pending !== undefined && !isOfTheTable(lock.pending)) lock.work();
      lock.work();
    }
    lock.finish();
    const heard = lock.heard().map(answerName);
    expect(opened).toBeGreaterThan(1);
    expect(heard.filter((name) => name === "BUSY").length).toBeGreaterThan(1);
    expect(heard).toContain("receipt");
  });

  describe("with what no courier of this connection asked for", () => {
    /** A lock that erases the bank that a table left, as one does by itself behind each snapshot. */
    const doingChores = () => {
      const lock = slowLock(forkParts(home));
      const isChore = (): boolean =>
        lock.state.power === "on" && lock.state.lanes.table?.then.next === "chore";
      lock.finish();
      lock.connect();
      for (const one of large.messages) {
        lock.say(one);
        lock.finish();
      }
      expect(lock.heard().map(answerName).at(-1)).toBe("receipt");
      lock.happen({ kind: "disconnected" });
      while (!isChore()) expect(lock.work(), "it has a chore to do").toBe(true);
      return { lock, isChore };
    };

    test("hears a hello all the same, and answers it when that is done: nobody is sent away for a chore", () => {
      const { lock, isChore } = doingChores();
      lock.connect();
      lock.say(message("hello"));
      expect([isChore(), lock.heard()]).toEqual([true, []]);
      while (isChore()) lock.work();
      expect(lock.heard().map(answerName)).toEqual(["hello"]);
      // Nothing else is begun as long as somebody is there.
      lock.say(message("receipt"));
      expect(lock.heard().map(answerName)).toEqual(["hello", "receipt"]);
    });

    test("lets one hello wait; a second one, and everything else, is BUSY", () => {
      const { lock, isChore } = doingChores();
      lock.connect();
      for (const name of ["receipt", "hello", "hello"] as const) lock.say(message(name));
      expect([isChore(), lock.heard().map(answerName)]).toEqual([true, ["BUSY", "BUSY"]]);
      lock.finish();
      expect(lock.heard().map(answerName)).toEqual(["BUSY", "BUSY", "hello"]);
    });

    test("answers nobody whose connection ended meanwhile", () => {
      const { lock, isChore } = doingChores();
      lock.connect();
      lock.say(message("hello"));
      lock.happen({ kind: "disconnected" });
      lock.connect();
      expect(isChore()).toBe(true);
      lock.finish();
      expect(lock.heard()).toEqual([]);
      lock.say(message("hello"));
      expect(lock.heard().map(answerName)).toEqual(["hello"]);
    });
  });

  test("answers nobody but the courier that asked, when that one has left and another has come", () => {
    const lock = slowLock(forkParts(home));
    lock.finish();
    lock.connect();
    for (const one of next.messages) lock.say(one);
    lock.happen({ kind: "disconnected" });
    lock.connect();
    lock.finish();
    expect(lock.heard()).toEqual([]);
    lock.say(message("receipt"));
    expect(property.receipt(lock.heard().at(-1))?.version).toBe(next.to);
  });
});

test("a visit in good order takes what it brings, of any size, past any number of earlier bad ones", () => {
  const lock = lockOf();
  for (let i = 0; i < 5; i++) visit(lock, [message("update", bytesOf(`bad ${i}`, 200))]);
  lock.clock.uptimeMs += 60_000;
  expect(property.receipt(deliver(lock, large, 20))?.version).toBe(large.to);
});
