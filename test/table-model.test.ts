/**
 * The whole lock against a plain Map: whatever is assigned, replaced, removed, delivered in whatever order, cut off,
 * rebooted or left to age, the door does what the Map says. The Map knows nothing of versions inside a lock, of flash
 * or of cryptography; it knows which tables were signed and which of them is the newest that came through.
 */
import type { Issued } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import { clockDriftPpmMax, timeLeapDaysMax } from "../packages/protocol/src/limits.ts";
import { replayedCommands, runs } from "./replay.ts";
import {
  answerName,
  commission,
  deliver,
  forkParts,
  inForce,
  makeLock,
  noon,
  reboot,
  rule,
  type TestAuthority,
  type TestLock,
  tellTime,
  wait,
} from "./world.ts";

const hour = 3_600;
const leaseSeconds = rule.leaseHours * hour;
const lifeSeconds = 168 * hour;
/** Few people and few codes, so that they meet each other. */
const people = 5;
const pool = ["4821", "7001", "0042", "1357", "86420", "246813", "9090"] as const;

/** What the world believes of the door; a table is a Map from person to code. */
interface Model {
  /** What the property wants, not yet signed. */
  wanted: Map<number, string>;
  /** Every version that was signed, and when. */
  readonly signed: {
    readonly version: number;
    readonly issuedAt: number;
    readonly codes: ReadonlyMap<number, string>;
  }[];
  /** Index in `signed` of what the door holds; -1: nothing yet. */
  held: number;
  now: number;
  /** When the clock was set: at first by whoever fitted the lock. */
  setAt: number;
  /** The greatest time that the authority signed and the door took. */
  floor: number;
}

interface Real {
  readonly lock: TestLock;
  readonly property: TestAuthority;
  readonly parcels: Issued[];
  readonly tally: Map<string, number>;
}

type Step = fc.Command<Model, Real>;

function did(real: Real, what: string): void {
  real.tally.set(what, (real.tally.get(what) ?? 0) + 1);
}

/** The version that the door holds, by the model. */
function heldOf(model: Model): Model["signed"][number] | undefined {
  return model.signed[model.held];
}

/** By how much a clock may be off so long after it was set. */
function off(seconds: number): number {
  return Math.floor((seconds * clockDriftPpmMax) / 1_000_000);
}

/** The earliest and the latest that it may be, by the model. */
function timeAt({ now, setAt, floor }: Model): { readonly lower: number; readonly upper: number } {
  return { lower: Math.max(floor, now - off(now - setAt)), upper: now + off(now - setAt) };
}

/** What the door must do with a code, by the model. */
function opens(model: Model, code: string): boolean {
  const held = heldOf(model);
  if (held === undefined || ![...held.codes.values()].includes(code)) return false;
  return timeAt(model).upper < held.issuedAt + leaseSeconds;
}

/** Every code is tried at the door, and the table is looked at. The keypad's own budget is not the matter here. */
function compare(model: Model, { lock, property }: Real): void {
  const held = heldOf(model);
  const now = inForce(lock);
  expect(now?.version).toBe(held?.version ?? 0);
  const table = property.signed.get(held?.version ?? 0) ?? authority.emptyTable;
  expect(now?.items).toEqual(authority.packItems(table));
  for (const code of pool) {
    wait(lock, 61);
    model.now += 61;
    lock.clock.rtcSeconds = model.now;
    const expected = opens(model, code) ? "accepted" : "refused";
    expect(lock.press(code), `code ${code}`).toBe(expected);
  }
  // A day passes for the keypad's budget, and for the lease.
  model.now += 86_400;
  lock.clock.rtcSeconds = model.now;
  wait(lock, 86_400);
}

/** Says what delivering this parcel must come to, and moves the model when it gets in. */
function delivered(model: Model, issued: Issued, index: number): string {
  const held = heldOf(model)?.version ?? 0;
  if (issued.to < held) return "STALE";
  if (issued.to === held) return "receipt";
  // A first table is judged by the commission, which was at noon: a clock that runs ahead keeps none out.
  const lower = model.held < 0 ? Math.min(noon, timeAt(model).lower) : timeAt(model).lower;
  if (lower > issued.notAfter) return "EXPIRED";
  if (issued.from !== undefined && (issued.from !== held || held === 0)) return "NEED_SNAPSHOT";
  model.held = index;
  model.floor = Math.max(model.floor, model.signed[index]?.issuedAt ?? 0);
  return "receipt";
}

function assign(person: number, code: string): Step {
  return {
    check: (model) => ![...model.wanted].some(([other, held]) => other !== person && held === code),
    run(model, real) {
      did(real, model.wanted.has(person) ? "replace" : "assign");
      model.wanted.set(person, code);
    },
    toString: () => `assign ${code} to ${person}`,
  };
}

function remove(person: number): Step {
  return {
    check: (model) => model.wanted.has(person),
    run(model, real) {
      did(real, "remove");
      model.wanted.delete(person);
    },
    toString: () => `remove ${person}`,
  };
}

function sign(kind: "delta" | "snapshot"): Step {
  return {
    check: (model) => kind === "snapshot" || model.signed.length > 0,
    run(model, { property, parcels }) {
      const codes = new Map(model.wanted);
      const table = property.tableOf(codes);
      const version = property.newest.version + 1;
      const issued =
        kind === "delta"
          ? property.delta(table, version - 1, model.now)
          : property.snapshot(table, version, model.now);
      parcels.push(issued);
      model.signed.push({ version, issuedAt: model.now, codes });
    },
    toString: () => `sign ${kind}`,
  };
}

function carry(draw: number): Step {
  return {
    check: (model) => model.signed.length > 0,
    run(model, real) {
      const index = draw % real.parcels.length;
      const issued = real.parcels[index];
      if (issued === undefined) throw new Error("no such parcel");
      const before = model.held;
      const answer = deliver(real.lock, issued);
      const expected = delivered(model, issued, index);
      expect(answerName(answer), `parcel ${issued.from} to ${issued.to}`).toBe(expected);
      if (expected === "receipt") expect(real.property.receipt(answer)?.version).toBe(heldOf(model)?.version);
      did(real, model.held === before ? "refused or known" : "came through");
      compare(model, real);
    },
    toString: () => `deliver parcel ${draw}`,
  };
}

/** The newest parcel, and the power fails in some operation of it; the door is old or new, and then is told again. */
function cutDuring(
  op: number,
  afterBytes: number,
  pattern: (typeof tornPatterns)[number],
  secure: boolean,
): Step {
  return {
    check: (model) => model.signed.length > 0,
    run(model, real) {
      const { lock, parcels } = real;
      const index = parcels.length - 1;
      const issued = parcels[index];
      if (issued === undefined) throw new Error("no such parcel");
      const before = lock.flash.counters.cuts + lock.secure.cuts;
      if (secure) lock.secure.arm({ atWrite: lock.secure.writes, leaves: op % 2 === 0 ? "old" : "new" });
      else lock.flash.arm({ kind: "cut", atOp: lock.flash.counters.ops + op, afterBytes, pattern, seed: op });
      const heard = lock.said.length;
      deliver(lock, issued);
      lock.flash.arm(undefined);
      lock.secure.arm(undefined);
      const struck = lock.flash.counters.cuts + lock.secure.cuts > before;
      if (struck) did(real, "cut");
      if (struck) lock.board.powerOn();
      const old = heldOf(model)?.version ?? 0;
      const version = inForce(lock)?.version;
      const wouldTake = delivered(model, issued, index) === "receipt" ? issued.to : old;
      expect([old, wouldTake], "old or new").toContain(version);
      // What the lock said before the light went out still holds (P11).
      for (const message of lock.said.slice(heard)) {
        const said = real.property.receipt(message);
        if (said !== undefined) expect(version).toBeGreaterThanOrEqual(said.version);
      }
      if (version === old && wouldTake !== old) {
        did(real, "lost by the cut");
        const answer = deliver(lock, issued);
        expect(real.property.receipt(answer)?.version).toBe(issued.to);
      }
      compare(model, real);
    },
    toString: () => `cut ${secure ? "secure element" : `operation ${op} byte ${afterBytes} ${pattern}`}`,
  };
}

const restart: Step = {
  check: () => true,
  run(model, real) {
    reboot(real.lock);
    compare(model, real);
  },
  toString: () => "reboot",
};

function pass(seconds: number): Step {
  return {
    check: () => true,
    run(model, real) {
      model.now += seconds;
      real.lock.clock.rtcSeconds = model.now;
      compare(model, real);
      const held = heldOf(model);
      if (held !== undefined && timeAt(model).upper >= held.issuedAt + leaseSeconds) did(real, "lease over");
    },
    toString: () => `clock +${Math.floor(seconds / 86_400)}d`,
  };
}

/** To just before the table's lease may be over: it ends while the codes are tried. */
const leaseEnds: Step = {
  check: (model) => endOf(model) > model.now,
  run(model, real) {
    model.now = endOf(model);
    real.lock.clock.rtcSeconds = model.now;
    did(real, "lease ends");
    compare(model, real);
  },
  toString: () => "clock to the end of the lease",
};

function endOf(model: Model): number {
  const end = (heldOf(model)?.issuedAt ?? 0) + leaseSeconds;
  return end - 200 - off(Math.max(0, end - model.setAt));
}

/** A courier that is online: from here on the clock is right to the second. */
const token: Step = {
  check: (model) => model.now <= (heldOf(model)?.issuedAt ?? 0) + timeLeapDaysMax * 86_400,
  run(model, real) {
    expect(answerName(tellTime(real.lock, real.property, model.now))).toBe("hello");
    if (off(model.now - model.setAt) > 60) did(real, "set a clock that was off");
    model.setAt = model.now;
    model.floor = model.now;
    compare(model, real);
  },
  toString: () => "time token",
};

const steps: fc.Arbitrary<Step>[] = [
  fc.tuple(fc.nat(people - 1), fc.constantFrom(...pool)).map(([person, code]) => assign(person, code)),
  fc.tuple(fc.nat(people - 1), fc.constantFrom(...pool)).map(([person, code]) => assign(person, code)),
  fc.nat(people - 1).map(remove),
  fc.constantFrom("delta" as const, "delta" as const, "snapshot" as const).map(sign),
  fc.constantFrom("delta" as const, "snapshot" as const).map(sign),
  fc.nat(30).map(carry),
  fc.nat(30).map(carry),
  fc
    .tuple(
      fc.nat(25),
      fc.nat(6).map((words) => words * 8),
      fc.constantFrom(...tornPatterns),
      fc.nat(3),
    )
    .map(([op, afterBytes, pattern, draw]) => cutDuring(op, afterBytes, pattern, draw === 0)),
  fc.constant(restart),
  fc.constant(leaseEnds),
  fc.constant(token),
  // Late, but not too late: leases count from the signature.
  fc.integer({ min: 86_400, max: lifeSeconds }).map(pass),
  fc.oneof(fc.integer({ min: 1, max: lifeSeconds }), fc.integer({ min: 1, max: 40 * 86_400 })).map(pass),
];

test("whatever happens to the lock, the door does what a plain Map says", () => {
  const factory = makeLock("model");
  const tally = new Map<string, number>();
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 60, size: "max", ...replayedCommands() }), (commands) => {
      fc.modelRun(() => {
        const lock = makeLock("model", { parts: forkParts(factory) });
        const property = commission(lock, "model");
        const model: Model = { wanted: new Map(), signed: [], held: -1, now: noon, setAt: noon, floor: 0 };
        return { model, real: { lock, property, parcels: [], tally } };
      }, commands);
    }),
    runs(100),
  );
  const happened = [
    "assign",
    "replace",
    "remove",
    "came through",
    "refused or known",
    "cut",
    "lost by the cut",
    "lease over",
    "lease ends",
    "set a clock that was off",
  ];
  expect([...tally.keys()]).toEqual(expect.arrayContaining(happened));
});

test("P10: a table that comes late lives no longer for it, as a delta or as a snapshot", () => {
  for (const kind of ["snapshot", "delta"] as const) {
    const lock = makeLock("late");
    const property = commission(lock, "late");
    const at = (seconds: number, code: string): ReturnType<TestLock["press"]> => {
      lock.clock.rtcSeconds = noon + seconds;
      wait(lock, 61);
      return lock.press(code);
    };
    deliver(lock, property.snapshot(property.tableOf(new Map([[0, "4821"]]))));
    const table = property.tableOf(new Map([[0, "7001"]]));
    const issued = kind === "delta" ? property.delta(table) : property.snapshot(table);
    expect(at(lifeSeconds - hour, "4821")).toBe("accepted");
    expect(property.receipt(deliver(lock, issued))).toMatchObject({ version: 2, issuedAt: noon });
    // The clock was set when the lock was fitted; the lease is over as soon as it may be.
    let last = leaseSeconds - 1;
    while (last + off(last) >= leaseSeconds) last--;
    expect(leaseSeconds - last).toBeGreaterThan(100);
    expect(at(last, "7001")).toBe("accepted");
    expect(at(last + 1, "7001")).toBe("refused");
    reboot(lock);
    expect(at(last + 1, "7001")).toBe("refused");
  }
});
