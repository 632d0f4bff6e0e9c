/**
 * Every way in which power can fail while a lock does something, and what must hold when it comes back: the plan of
 * cuts over both stores, and the walk through them. Not the scenarios, and nothing here knows what a lock stores.
 */
import type { FlashFault } from "../../packages/lock-sim/src/parts/flash.ts";
import { tornPatterns } from "../../packages/lock-sim/src/parts/flash.ts";
import { forkParts, type LockParts, makeLock, type TestLock } from "../world.ts";

/** What a lock said and noted in all its lives so far: promises that outlive a power cut. */
export interface Past {
  readonly said: TestLock["said"];
  readonly notes: TestLock["notes"];
}

export interface Scenario {
  readonly name: string;
  /** Name of the lock, by which it draws its entropy and its setup secret. */
  readonly lock: string;
  readonly capacity?: number;
  /** The two stores of the lock, switched off, as everything begins. */
  readonly parts: LockParts;
  /** What happens to a lock that is on; the power may fail in it, or have failed before. May be asked for again. */
  run(lock: TestLock): void;
  /** Throws unless the lock is as it must be: after a cut old or new, and certainly new once the run came through. */
  judge(lock: TestLock, after: "cut" | "done", past: Past): void;
}

/** How thorough: which words of an operation are torn, and behind which first cuts a second one follows. */
export interface CutPlan {
  readonly first: "every word" | "drawn";
  readonly second: "every word" | "drawn" | "none";
  /** A second cut follows each so many first ones. */
  readonly secondEvery: number;
  /** Every so many states also go through further reboots. */
  readonly rebootsEvery: number;
}

export interface Tried {
  /** States in which a lock came back after a cut, each judged. */
  states: number;
  seconds: number;
}

type Op =
  | { readonly store: "secure"; readonly at: number }
  | {
      readonly store: "flash";
      readonly at: number;
      readonly kind: "program" | "erase";
      readonly bytes: number;
    };

interface Cut {
  readonly what: string;
  arm(parts: LockParts): void;
}

/** Tries every cut of the plan. Throws at the first that leaves something wrong, or that does not strike. */
export function cutEverywhere(scenario: Scenario, plan: CutPlan, tried: Tried): void {
  let number = 0;
  for (const first of cutsOf(record(scenario, scenario.parts), plan.first, 0)) {
    const once = strike(scenario, scenario.parts, first, { said: [], notes: [] });
    settle(scenario, once, first.what, number % plan.rebootsEvery === 0);
    tried.states++;
    if (plan.second === "none" || number++ % plan.secondEvery !== 0) continue;
    for (const second of cutsOf(
      within(first.what, () => record(scenario, once.parts)),
      plan.second,
      number,
    )) {
      const twice = within(first.what, () => strike(scenario, once.parts, second, once.past));
      settle(scenario, twice, `${first.what}, then ${second.what}`, tried.seconds % plan.rebootsEvery === 0);
      tried.states++;
      tried.seconds++;
    }
  }
  if (number === 0 && tried.states === 0) throw new Error(`${scenario.name}: nothing was written`);
}

interface Struck {
  readonly parts: LockParts;
  readonly past: Past;
}

function live(scenario: Scenario, parts: LockParts): TestLock {
  const { capacity } = scenario;
  return makeLock(scenario.lock, capacity === undefined ? { parts } : { parts, capacity });
}

/** Where it happened, should it throw. */
function within<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (wrong) {
    throw new Error(`${what}: ${String(wrong)}`, { cause: wrong });
  }
}

/** One life of a lock that ends with the cut. */
function strike(scenario: Scenario, from: LockParts, cut: Cut, past: Past): Struck {
  const parts = forkParts(from);
  const before = parts.flash.counters.cuts + parts.secure.cuts;
  cut.arm(parts);
  const lock = within(`${scenario.name}, ${cut.what}`, () => {
    const woken = live(scenario, parts);
    scenario.run(woken);
    return woken;
  });
  const struck = parts.flash.counters.cuts + parts.secure.cuts - before;
  if (struck !== 1 || lock.board.state.power === "on") {
    throw new Error(`${scenario.name}, ${cut.what}: the cut did not strike`);
  }
  return { parts, past: { said: [...past.said, ...lock.said], notes: [...past.notes, ...lock.notes] } };
}

/** Power comes back, and where it `reboots` once more; then what was interrupted happens again, and stays. */
function settle(scenario: Scenario, struck: Struck, what: string, reboots: boolean): void {
  const labelled = <T>(when: string, run: () => T): T =>
    within(`${scenario.name}, cut in ${what}, ${when}`, run);
  const lock = labelled("waking up", () => live(scenario, forkParts(struck.parts)));
  const all = (): Past => ({
    said: [...struck.past.said, ...lock.said],
    notes: [...struck.past.notes, ...lock.notes],
  });
  const judge = (after: "cut" | "done", when: string): void =>
    labelled(when, () => scenario.judge(lock, after, all()));
  const reboot = (after: "cut" | "done", when: string): void => {
    if (!reboots) return;
    lock.board.powerOff();
    lock.board.powerOn();
    judge(after, when);
  };
  judge("cut", "at once");
  reboot("cut", "after another reboot");
  labelled("trying again", () => scenario.run(lock));
  judge("done", "tried again");
  reboot("done", "and rebooted");
}

/** The storage operations of a life without a cut, over both stores. */
function record(scenario: Scenario, from: LockParts): Op[] {
  const { flash, secure } = forkParts(from);
  const ops: Op[] = [];
  const spied: LockParts = {
    flash: {
      ...flash,
      get counters() {
        return flash.counters;
      },
      program(address, bytes) {
        ops.push({ store: "flash", at: flash.counters.ops, kind: "program", bytes: bytes.length });
        return flash.program(address, bytes);
      },
      erase(sector) {
        ops.push({ store: "flash", at: flash.counters.ops, kind: "erase", bytes: flash.shape.sectorBytes });
        return flash.erase(sector);
      },
    },
    secure: {
      ...secure,
      get writes() {
        return secure.writes;
      },
      get cuts() {
        return secure.cuts;
      },
      write(next) {
        ops.push({ store: "secure", at: secure.writes });
        return secure.write(next);
      },
    },
  };
  scenario.run(live(scenario, spied));
  return ops;
}

function* cutsOf(ops: readonly Op[], detail: "every word" | "drawn", draw: number): Iterable<Cut> {
  for (const [index, op] of ops.entries()) {
    const all = [...cutsIn(op, index)];
    if (detail === "every word" || op.store === "secure") yield* all;
    else {
      const drawn = all[(index * 31 + draw * 17) % all.length];
      if (drawn !== undefined) yield drawn;
    }
  }
}

/** Halves of a sector, words of a program; in each the four ways to tear; and all done but the answer. */
function* cutsIn(op: Op, index: number): Iterable<Cut> {
  if (op.store === "secure") {
    for (const leaves of ["old", "new"] as const) {
      const what = `operation ${index}: secure element, ${leaves}`;
      yield { what, arm: ({ secure }) => secure.arm({ atWrite: op.at, leaves }) };
    }
    return;
  }
  const unit = op.kind === "erase" ? op.bytes / 2 : 8;
  for (let afterBytes = 0; afterBytes <= op.bytes; afterBytes += unit) {
    for (const pattern of afterBytes === op.bytes ? (["untouched"] as const) : tornPatterns) {
      const seed = op.at * 977 + afterBytes;
      const fault: FlashFault = { kind: "cut", atOp: op.at, afterBytes, pattern, seed };
      const what = `operation ${index}: ${op.kind} of ${op.bytes} bytes, after ${afterBytes}, ${pattern}`;
      yield { what, arm: ({ flash }) => flash.arm(fault) };
    }
  }
}
