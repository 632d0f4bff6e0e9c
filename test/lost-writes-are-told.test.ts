/**
 * Flash that says "done" and did nothing, in any one operation of a conversation: the lock reads back what it wrote, so
 * it answers that it could not, or its answer holds over a reboot, and the same conversation again comes to its end.
 * Power cuts are tested elsewhere; here the power stays on and the chip lies.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { nextHead } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { running } from "./support/cut-scenarios.ts";
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
  reboot,
  type TestAuthority,
  type TestLock,
  tellTime,
  visit,
  wait,
} from "./world.ts";

const capacity = 200;
const door = makeLock("liar", { capacity });
const property = commission(door, "liar");
const codes = (count: number): Map<number, string> =>
  new Map(Array.from({ length: count }, (_, id) => [id, String(4_821 + 7 * id)]));
deliver(door, property.snapshot(property.tableOf(codes(20))));
for (const guess of ["0000", "1111", "2222"]) door.press(guess);
wait(door, 600);

const delta = property.delta(property.tableOf(codes(21)), 1);
const streamed = property.delta(property.tableOf(codes(80)), 1);
const snapshot = property.snapshot(property.tableOf(codes(100)), 4);

/** The signed word that all events up to now have arrived. */
function acknowledged(lock: TestLock, { lock: { name, keys } }: TestAuthority): air.Message {
  const { journal } = running(lock);
  const head = journal.events.reduce(
    (chain, event) => nextHead(crypto, keys.log, chain, event),
    journal.acked.head,
  );
  const body = authority.issueAck(crypto, authoritySeeds.table, name, { seq: journal.lastSeq, head });
  return { type: air.messageType("ack"), body };
}

interface Conversation {
  /** Has it; what the lock answered, or did. */
  readonly have: (lock: TestLock) => string | undefined;
  /** The answer of a lock that did it. */
  readonly done: string;
  /** Other answers of a lock whose flash lied, all of which promise nothing. */
  readonly told: readonly string[];
  /** The version that the answer vouches for. */
  readonly version?: number;
}

const conversations: Readonly<Record<string, Conversation>> = {
  "a delta": {
    have: (lock) => answerName(deliver(lock, delta)),
    done: "receipt",
    told: ["STORAGE", "BUSY"],
    version: 2,
  },
  "a delta in a stream": {
    have: (lock) => answerName(deliver(lock, streamed)),
    done: "receipt",
    told: ["STORAGE", "BUSY"],
    version: 3,
  },
  "a snapshot in chunks": {
    have: (lock) => answerName(deliver(lock, snapshot)),
    done: "receipt",
    told: ["STORAGE", "BUSY"],
    version: 4,
  },
  "a time token": {
    have: (lock) => answerName(tellTime(lock, property, noon + 900)),
    done: "hello",
    told: ["STORAGE", "BUSY"],
  },
  "an acknowledgement": {
    have: (lock) => answerName(visit(lock, [acknowledged(lock, property)])[0]),
    done: "segment",
    told: ["STORAGE", "BUSY"],
  },
  "a wrong code": { have: (lock) => lock.press("9999"), done: "refused", told: ["wait"] },
  "a right code": { have: (lock) => lock.press("4821"), done: "accepted", told: ["refused", "wait"] },
};

/** Those that write to the banks, where one record lies behind another. */
const ofTheTable = ["a delta", "a delta in a stream", "a snapshot in chunks", "a time token"];

function again(): TestLock {
  return makeLock("liar", { capacity, parts: forkParts(door) });
}

describe("a write that is lost", () => {
  test.each(Object.entries(conversations))("in %s is told, and the next try succeeds", (_, conversation) => {
    const { have, done, told, version } = conversation;
    const whole = again();
    const from = whole.flash.counters;
    expect(have(whole)).toBe(done);
    const ops = whole.flash.counters.ops - from.ops;
    const answers = new Set<string>();
    let lost = 0;
    for (let op = 0; op < ops; op++) {
      const lock = again();
      lock.flash.arm({ kind: "lost", atOp: lock.flash.counters.ops + op });
      const answer = have(lock) ?? "silence";
      lost += lock.flash.counters.lost;
      expect([done, ...told], `operation ${op}`).toContain(answer);
      answers.add(answer);
      if (answer === done && version !== undefined) {
        const copy = makeLock("liar", { capacity, parts: forkParts(lock) });
        expect(inForce(copy)?.version, `operation ${op}, after a reboot`).toBe(version);
      }
      let second = answer;
      for (let tries = 0; second !== done && tries < 4; tries++) {
        wait(lock, 300);
        second = have(lock) ?? "silence";
      }
      expect(second, `operation ${op}, tried again`).toBe(done);
      wait(lock, 300);
      expect(lock.press("4821"), `operation ${op}, at the door`).toBe("accepted");
      reboot(lock);
      expect(lock.press("4821"), `operation ${op}, after a reboot`).toBe("accepted");
    }
    // Every program was lost once; an erase cannot be.
    expect(lost).toBe(whole.flash.counters.programs - from.programs);
    expect(lost).toBeGreaterThan(0);
    expect(
      [...answers].some((answer) => told.includes(answer)),
      [...answers].join(", "),
    ).toBe(true);
  });
});

describe("a write that fails, and a power cut in the next try", () => {
  /** The cut strikes in one of the next operations, in the first word of a program. */
  const cutsIn = [0, 1, 2, 3];

  test.each(ofTheTable)("%s: the lock keeps to the rules of its flash, and a later try succeeds", (name) => {
    const { have, done } = conversations[name] as Conversation;
    const whole = again();
    const from = whole.flash.counters.ops;
    expect(have(whole)).toBe(done);
    const ops = whole.flash.counters.ops - from;
    let struck = 0;
    for (let op = 0; op < ops; op++) {
      for (const kind of ["lost", "dud"] as const) {
        for (const later of cutsIn) {
          const lock = again();
          const atOp = lock.flash.counters.ops + op;
          lock.flash.arm(kind === "lost" ? { kind, atOp } : { kind, atOp, afterBytes: 0 });
          if (have(lock) === done) break;
          const cutAt = lock.flash.counters.ops + later;
          lock.flash.arm({ kind: "cut", atOp: cutAt, afterBytes: 0, pattern: "untouched", seed: op });
          have(lock);
          if (lock.flash.counters.cuts === 0) continue;
          struck++;
          const where = `operation ${op} ${kind}, cut ${later} later`;
          let last: string | undefined;
          const goesOn = (): void => {
            lock.board.powerOn();
            for (let tries = 0; last !== done && tries < 5; tries++) {
              last = have(lock);
              wait(lock, 300);
            }
          };
          expect(goesOn, where).not.toThrow();
          expect(last, where).toBe(done);
        }
      }
    }
    expect(struck).toBeGreaterThan(0);
  });
});
