/**
 * Whatever the lock is writing, losing power leaves exactly the old table or exactly the new one. Power is cut in every
 * operation, at every word, in every way the part knows, and again in the repairs and in the second try; each time the
 * lock boots, is judged, gets its update again or another one instead, and boots some more, since a torn word may read
 * differently each time.
 */
import { type Bytes, equal, packItems, tableItemsBesideCodesMax, toHex } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { geometryFor, lineBytes, sectorBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { planDelta, planFloor, stoppedAt } from "../packages/lock-sim/src/firmware/store.ts";
import { type FlashFault, tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import {
  boot,
  codeItem,
  deliverDelta,
  deliverFloor,
  deliverSnapshot,
  deltaFrom,
  doChores,
  execute,
  fork,
  type Issued,
  look,
  newParts,
  type Order,
  type Parts,
  PowerLost,
  type Running,
  rightOrder,
  smallGeometry,
  snapshotOf,
  someItems,
} from "./support/storage-rig.ts";

/** Something that happens to a running lock, and may be asked for again until it has happened. */
interface Step {
  readonly name: string;
  run(lock: Running): Running;
}

const tally = { states: 0, cuts: 0, second: 0, boots: 0 };

/** Behind one first cut in so many come second ones; behind each of them in `npm run test:deep`. */
const secondCutsEvery = process.env["DOORSYNC_DEEP"] === "1" ? 1 : 5;

function isOf(lock: Running, expected: Issued): boolean {
  const { version, table } = lock.held;
  return version === expected.version && equal(packItems(table), packItems(expected.table));
}

function judge(lock: Running, expected: readonly Issued[], damagedToo: boolean, what: string): void {
  if (damagedToo && lock.store.damaged) return;
  if (lock.store.damaged) throw new Error(`${what}: damaged`);
  if (!expected.some((one) => isOf(lock, one))) {
    throw new Error(
      `${what}: version ${lock.held.version}, not exactly one of ${expected.map((one) => one.version)}`,
    );
  }
}

/** Boots until it comes through; the first boot may be cut by what is armed. */
function bootThrough(parts: Parts): Running {
  for (let guard = 0; guard < 3; guard++) {
    try {
      tally.boots++;
      return boot(parts).lock;
    } catch (lost) {
      if (!(lost instanceof PowerLost)) throw lost;
    }
  }
  throw new Error("power fails for ever");
}

/** Every cut of the operations between two counts of the parts: where, and how to arm it. */
function* cutsBetween(
  parts: Parts,
  run: (parts: Parts) => void,
  fatesMax = 1,
): Iterable<{ arm(parts: Parts): void; what: string }> {
  const dry = fork(parts);
  const lengths: { bytes: number; isErase: boolean }[] = [];
  const { flash } = dry;
  const secureFrom = dry.secure.writes;
  const first = flash.counters.ops;
  const spied: Parts = {
    ...dry,
    flash: {
      ...flash,
      get counters() {
        return flash.counters;
      },
      program(address, bytes) {
        lengths.push({ bytes: bytes.length, isErase: false });
        return flash.program(address, bytes);
      },
      erase(sector) {
        lengths.push({ bytes: flash.shape.sectorBytes, isErase: true });
        return flash.erase(sector);
      },
    },
  };
  run(spied);
  for (const [index, { bytes, isErase }] of lengths.entries()) {
    const atOp = first + index;
    for (let afterBytes = 0; afterBytes <= bytes; afterBytes += isErase ? 1_024 : 8) {
      for (const pattern of afterBytes === bytes ? (["untouched"] as const) : tornPatterns) {
        // A lone commit word decides most: it gets more than one fate.
        const fates = pattern === "marginal" && bytes === 8 ? fatesMax : 1;
        for (let fate = 0; fate < fates; fate++) {
          const seed = atOp * 977 + afterBytes + fate * 31;
          const fault: FlashFault = { kind: "cut", atOp, afterBytes, pattern, seed };
          yield {
            arm: (of) => of.flash.arm(fault),
            what: `${isErase ? "erase" : "program"} ${index} byte ${afterBytes} ${pattern} ${seed}`,
          };
        }
      }
    }
  }
  const secureWrites = dry.secure.writes - secureFrom;
  for (let write = 0; write < secureWrites; write++) {
    for (const leaves of ["old", "new"] as const) {
      const atWrite = secureFrom + write;
      yield {
        arm: (of) => of.secure.arm({ atWrite, leaves }),
        what: `secure write ${write} leaves ${leaves}`,
      };
    }
  }
}

/** Runs until the armed cut strikes. Throws if it does not. */
function untilCut(run: () => unknown, what: string): void {
  try {
    run();
  } catch (lost) {
    if (lost instanceof PowerLost) {
      tally.cuts++;
      return;
    }
    throw lost;
  }
  throw new Error(`${what}: the cut did not strike`);
}

/** A change that nobody planned: code 60 is put, replaced for ever after. */
function another(lock: Running, draw: number) {
  const code = codeItem(60, 1_000 + lock.held.version * 16 + draw);
  return deltaFrom(lock.held, [], lock.held.table.get(1) === undefined ? [...someItems(0, 1), code] : [code]);
}

/**
 * After a cut: the lock comes up old or new; then it gets the same again, or something else; then it boots three times
 * more with nothing changing, and its clock floor never falls.
 */
function recover(
  parts: Parts,
  step: Step,
  old: Issued,
  next: Issued,
  damagedToo: boolean,
  what: string,
): void {
  let floor = 0;
  const up = (expected: readonly Issued[], when: string, mayBeDamaged = false): Running => {
    const lock = bootThrough(parts);
    judge(lock, expected, mayBeDamaged, `${what}, ${when}`);
    if (lock.store.floorSeconds < floor) throw new Error(`${what}, ${when}: the time floor fell`);
    floor = lock.store.floorSeconds;
    return lock;
  };
  const lock = up([old, next], "boot", damagedToo);
  const ways: ["again" | "other", Parts][] = [["again", fork(parts)]];
  // Something else instead: what was torn must never come back.
  if (!lock.store.damaged && lock.store.force !== undefined) ways.push(["other", fork(parts)]);
  for (const [way, branch] of ways) {
    const began = floor;
    parts = branch;
    tally.states++;
    let now: Running = { ...lock, parts };
    if (way === "again") {
      now = step.run(now);
      judge(now, [next], false, `${what}, redelivered`);
    }
    floor = Math.max(floor, now.store.floorSeconds);
    if (now.store.force !== undefined) now = deliverDelta(now, another(now, 1));
    const settled = now.held;
    now = up([settled], `${way}, boot after one more delta`);
    if (way === "other") now = doChores(now);
    if (now.store.force !== undefined) now = deliverDelta(now, another(now, 2));
    up([now.held], `${way}, second boot`);
    up([now.held], `${way}, third boot`);
    floor = began;
  }
}

/**
 * Every cut of one step, and behind one first cut in `everyth`, or in `secondCutsEvery` if that is more, every cut of
 * the repairs and a drawn cut of the second try.
 */
function explore(step: Step, lock: Running, everyth = 1): Running {
  const old = lock.held;
  const damagedToo = lock.store.damaged;
  const done = step.run({ ...lock, parts: fork(lock.parts) });
  const next = done.held;
  const run = (parts: Parts): Running => step.run({ ...lock, parts });
  let number = 0;
  for (const first of cutsBetween(lock.parts, run, 8)) {
    number++;
    const parts = fork(lock.parts);
    const what = `${step.name}: ${first.what}`;
    first.arm(parts);
    untilCut(() => run(parts), what);
    const torn = fork(parts);
    recover(parts, step, old, next, damagedToo, what);
    if (number % Math.max(everyth, secondCutsEvery) !== 0) continue;

    const repairing = (of: Parts): void => {
      boot(of);
    };
    for (const second of cutsBetween(torn, repairing)) {
      const again = fork(torn);
      second.arm(again);
      untilCut(() => boot(again), `${what}, repairs ${second.what}`);
      tally.second++;
      recover(again, step, old, next, damagedToo, `${what}; repairs ${second.what}`);
    }
    const up = fork(torn);
    const lockUp = bootThrough(up);
    const seconds = [...cutsBetween(up, (of) => void step.run({ ...lockUp, parts: of }))];
    const drawn = seconds[(number * 7_919) % Math.max(1, seconds.length)];
    if (drawn === undefined) continue;
    const again = fork(up);
    drawn.arm(again);
    untilCut(() => step.run({ ...lockUp, parts: again }), `${what}, again ${drawn.what}`);
    tally.second++;
    recover(again, step, lockUp.held, next, damagedToo, `${what}; again ${drawn.what}`);
  }
  expect(number, `${step.name} wrote something`).toBeGreaterThan(0);
  return step.run(lock);
}

function delta(name: string, from: Running, removes: readonly number[], puts: readonly Bytes[]): Step {
  const to = deltaFrom(from.held, removes, puts);
  return { name, run: (lock) => deliverDelta(lock, to) };
}

const firstItems = someItems(4, 1);
const firstSnapshot = snapshotOf(1, firstItems);

function fresh(sectors = 2): Running {
  return boot(newParts(smallGeometry(sectors))).lock;
}

function withTable(sectors = 2): Running {
  return deliverSnapshot(fresh(sectors), firstSnapshot);
}

/** Big deltas until the next one would not leave the reserve. */
function fillLog(start: Running): Running {
  let lock = start;
  for (let guard = 0; guard < 40; guard++) {
    const puts = Array.from({ length: 20 }, (_, id) => codeItem(100 + id, lock.held.version + 1));
    const plan = planDelta(lock.store, deltaFrom(lock.held, [], puts).delta);
    if (plan === "full") return lock;
    lock = deliverDelta(lock, deltaFrom(lock.held, [], puts));
  }
  throw new Error("the log never fills");
}

describe("a power cut anywhere leaves exactly the old table or exactly the new one", () => {
  test("while the first snapshot arrives", () => {
    explore({ name: "first snapshot", run: (lock) => deliverSnapshot(lock, firstSnapshot) }, fresh(), 17);
  });

  test("while deltas put, remove and replace", () => {
    let lock = withTable();
    lock = explore(delta("put", lock, [], [codeItem(9, 1)]), lock);
    lock = explore(delta("remove", lock, [0x10001], []), lock);
    lock = explore(delta("replace", lock, [], [codeItem(2, 5)]), lock);
    expect(lock.held.version).toBe(4);
  });

  test.each(["the same", "another"])("while %s delta follows one that was staged and given up", (which) => {
    const lock = withTable();
    const given = deltaFrom(lock.held, [0x10000], []);
    const { parts } = lock;
    parts.secure.arm({ atWrite: parts.secure.writes, leaves: "old" });
    untilCut(() => deliverDelta(lock, given), "staging");
    const after = bootThrough(parts);
    expect(isOf(after, firstSnapshot.after), "it was given up").toBe(true);
    const removes = which === "the same" ? [0x10000] : [0x10003];
    explore(delta(`${which} delta`, after, removes, []), after);
  });

  test("while a delta steps over a version", () => {
    const lock = withTable();
    const to = deltaFrom(lock.held, [0x10000, 0x10002], [codeItem(30, 1)], 5);
    explore({ name: "leap", run: (running) => deliverDelta(running, to) }, lock);
  });

  test("while the time floor rises, and the floor never falls again", () => {
    let lock = withTable();
    for (const seconds of [1_000, 2_000]) {
      lock = explore({ name: `floor ${seconds}`, run: (running) => deliverFloor(running, seconds) }, lock, 3);
      expect(lock.store.floorSeconds).toBe(seconds);
    }
  });

  test("while the spare bank is erased", () => {
    const lock = withTable();
    const after = explore({ name: "erase", run: (running) => doChores(running) }, lock);
    expect(after.store.spare.kind).toBe("clean");
  });

  test("while a full log is compacted and the update that found no room follows", () => {
    const lock = fillLog(withTable());
    const to = deltaFrom(lock.held, [0x10000], [codeItem(50, 1), codeItem(51, 1)]);
    const bigger = deltaFrom(
      lock.held,
      [],
      Array.from({ length: 20 }, (_, id) => codeItem(100 + id, 99)),
    );
    expect(planDelta(lock.store, bigger.delta)).toBe("full");
    const step: Step = { name: "compaction", run: (running) => deliverDelta(doChores(running), to) };
    const after = explore(step, lock, 17);
    expect(after.store.force?.bank).not.toBe(lock.store.force?.bank);
  });

  test("while a snapshot replaces half of another", () => {
    const half = snapshotOf(8, someItems(70, 2));
    const whole = snapshotOf(9, someItems(3, 3));
    let lock = deliverSnapshot(doChores(withTable()), half, 1);
    expect(look(lock.parts).staged).toMatchObject({ to: 8, nextIndex: 1 });
    lock = explore({ name: "newer snapshot", run: (running) => deliverSnapshot(running, whole) }, lock, 17);
    expect(lock.held.version).toBe(9);
  });

  test("while a half received snapshot goes on, in a bank that was clean", () => {
    const snapshot = snapshotOf(8, someItems(66, 2));
    const lock = deliverSnapshot(deliverFloor(doChores(withTable()), 500), snapshot, 1);
    const step: Step = {
      name: "rest of the snapshot",
      run: (running) =>
        running.held.version >= 8 ? running : deliverSnapshot(deliverFloor(running, 700), snapshot),
    };
    const after = explore(step, lock, 17);
    expect(after.store.floorSeconds).toBe(700);
    expect(look(after.parts).floorSeconds, "the floor moved with the table").toBe(700);
  });

  test("while a delta outlives a half received snapshot", () => {
    const lock = deliverSnapshot(doChores(withTable()), snapshotOf(2, someItems(66, 2)), 1);
    const after = explore(delta("outliving delta", lock, [0x10000], []), lock);
    expect(after.store.spare.kind).toBe("dirty");
    expect(look(after.parts).staged).toBeUndefined();
  });

  test("while an empty snapshot empties the table", () => {
    const lock = doChores(withTable());
    explore({ name: "empty snapshot", run: (running) => deliverSnapshot(running, snapshotOf(2, [])) }, lock);
  });

  test("while a snapshot of the same version repairs a damaged lock", () => {
    let lock = withTable();
    lock = deliverDelta(lock, deltaFrom(lock.held, [0x10000], []));
    const bank = lock.parts.geometry.bankAddress[lock.store.force?.bank ?? 0];
    lock.parts.flash.rot(bank + 300, 3);
    const damaged = bootThrough(lock.parts);
    expect(damaged.store.damaged).toBe(true);
    expect(damaged.held.table.count, "nothing opens").toBe(0);
    expect(doChores(damaged).store, "nothing is erased meanwhile").toBe(damaged.store);
    const same = snapshotOf(
      2,
      firstItems.filter((_, index) => index !== 1),
    );
    const step: Step = { name: "repair", run: (running) => deliverSnapshot(running, same) };
    const old = { ...lock.held };
    expect(same.after.state).toEqual(old.state);
    const after = explore(step, damaged, 17);
    expect(after.store.damaged).toBe(false);
  });

  test("and the cuts did strike", () => {
    console.log(
      `power cuts: ${tally.cuts} struck, ${tally.second} of them second ones; ${tally.states} futures, ${tally.boots} boots`,
    );
    expect(tally.states).toBeGreaterThan(5_000);
    expect(tally.second).toBeGreaterThan(secondCutsEvery === 1 ? 3_000 : 500);
  });
});

describe("what is written", () => {
  const programmed = (lock: Running, removes: readonly number[], puts: readonly Bytes[]): number => {
    const before = lock.parts.flash.counters;
    deliverDelta(lock, deltaFrom(lock.held, removes, puts));
    const after = lock.parts.flash.counters;
    expect(after.erases).toBe(before.erases);
    return after.programBytes - before.programBytes;
  };

  test("one change costs the same in a small and in a large table", () => {
    for (const codes of [2, 60, 400]) {
      const lock = deliverSnapshot(fresh(8), snapshotOf(1, someItems(codes, 1)));
      expect(programmed({ ...lock, parts: fork(lock.parts) }, [0x10001], [])).toBe(64);
      expect(programmed({ ...lock, parts: fork(lock.parts) }, [], [codeItem(900, 1)])).toBe(88);
    }
  });

  test("the fullest table leaves the promised log, and survives a power-on", () => {
    const geometry = geometryFor(70);
    const full = snapshotOf(1, someItems(geometry.capacity + tableItemsBesideCodesMax - 1, 1));
    const lock = deliverSnapshot(boot(newParts(geometry)).lock, full);
    const { bank, appendAt } = lock.store.force ?? { bank: 0, appendAt: Number.POSITIVE_INFINITY };
    expect(geometry.bankAddress[bank] + geometry.bankBytes - appendAt).toBeGreaterThanOrEqual(16_384);
    expect(isOf(boot(lock.parts).lock, full.after)).toBe(true);
  });

  test("boots without news write one word, and the same one each time", () => {
    const lock = withTable();
    const before = lock.parts.flash.read();
    for (let i = 0; i < 5; i++) {
      const { programBytes } = lock.parts.flash.counters;
      boot(lock.parts);
      expect(lock.parts.flash.counters.programBytes - programBytes).toBe(8);
    }
    expect(lock.parts.flash.read()).toEqual(before);
  });

  test("whatever start says where the next record goes is made firm, be it in the extent of another", () => {
    const bare = boot(newParts(smallGeometry(4))).lock;
    const lock = deliverSnapshot(bare, snapshotOf(1, someItems(4, 0)));
    const puts = [codeItem(1, 9), codeItem(2, 9), codeItem(3, 9)];
    const plan = planDelta(lock.store, deltaFrom(lock.held, [], puts).delta);
    const floor = planFloor(lock.store, 9_000);
    if (plan === "full" || floor === "full") throw new Error("no room");
    const [head] = plan.stage;
    if (head?.kind !== "program") throw new Error("a record begins with its head");
    const from = head.address;
    const extent = (plan.after.force?.appendAt ?? 0) - from;
    expect([lock.store.force?.appendAt, head.bytes.length, extent > 2 * lineBytes]).toEqual([from, 16, true]);
    const madeFirm = (parts: Parts) => {
      const { store, repairs } = look(parts);
      const again = repairs.flatMap((op) =>
        op.kind === "program" && op.address >= from ? [op.address] : [],
      );
      return { appendAt: store.force?.appendAt, again };
    };
    // Begun when the header of the first read blank, and torn itself.
    const nested = fork(lock.parts);
    for (const at of [from, from + lineBytes]) nested.flash.program(at, head.bytes);
    expect(madeFirm(nested)).toEqual({
      appendAt: from + lineBytes + extent,
      again: [from, from + lineBytes],
    });
    // Whole, and shorter than what it lies in.
    const short = fork(lock.parts);
    short.flash.program(from, head.bytes);
    for (const op of [...floor.stage, ...floor.commit])
      if (op.kind === "program") short.flash.program(op.address + lineBytes, op.bytes);
    expect((floor.after.force?.appendAt ?? 0) - from).toBeLessThan(extent);
    const { appendAt, again } = madeFirm(short);
    expect(appendAt).toBe(from + extent);
    expect(again).toContain(from);
    // What lies whole behind them tells enough.
    const behind = fork(lock.parts);
    behind.flash.program(from, head.bytes);
    for (const op of plan.stage)
      if (op.kind === "program") behind.flash.program(op.address + lineBytes, op.bytes);
    expect(madeFirm(behind)).toEqual({ appendAt: from + lineBytes + extent, again: [] });
  });

  test("a resumed snapshot continues where it stopped", () => {
    const snapshot = snapshotOf(3, someItems(150, 1));
    const lock = deliverSnapshot(fresh(4), snapshot, 2);
    const { staged } = boot(lock.parts).restored;
    expect(staged).toMatchObject({ to: 3, items: 151, nextIndex: 2 });
    expect(toHex(staged?.itemsSoFar ?? new Uint8Array(0))).toBe(
      toHex(packItems(snapshot.after.table).slice(0, 128 * 29)),
    );
    const programs = lock.parts.flash.counters.programs;
    const done = deliverSnapshot(boot(lock.parts).lock, snapshot);
    expect(isOf(done, snapshot.after)).toBe(true);
    expect(lock.parts.flash.counters.programs - programs, "two repairs, one block").toBeLessThanOrEqual(5);
  });

  test("a word that does not take makes the table move, and the lock is whole again", () => {
    const lock = doChores(withTable());
    const { parts } = lock;
    const to = deltaFrom(lock.held, [0x10000], []);
    parts.flash.arm({ kind: "dud", atOp: parts.flash.counters.ops, afterBytes: 8 });
    expect(() => deliverDelta(lock, to)).toThrow(/did not take/);
    const plan = planDelta(lock.store, to.delta);
    if (plan === "full") throw new Error("full");
    const done = deliverDelta({ ...lock, store: stoppedAt(plan, 0, new Uint8Array(16)) }, to);
    expect(isOf(boot(done.parts).lock, to.after)).toBe(true);
  });

  test("other bytes of flash than an older epoch's or another lock's are never in force", () => {
    const lock = withTable();
    const wiped = { ...lock, parts: fork(lock.parts) };
    const { bankAddress, bankBytes } = wiped.parts.geometry;
    for (const start of bankAddress) {
      for (let at = start; at < start + bankBytes; at += sectorBytes)
        execute(wiped.parts, { kind: "erase", sector: at / sectorBytes });
    }
    expect(boot(wiped.parts).lock.store.damaged, "the secure element still names a table").toBe(true);
    expect(planFloor(fresh().store, 5), "no place for a floor yet").toBe("full");
  });
});

/** Runs the delta scenario with a planted order of operations; true if a judge or the part objected. */
function isCaught(order: Order): string | undefined {
  const lock = withTable();
  const to = deltaFrom(lock.held, [0x10000], []);
  try {
    explore({ name: "planted", run: (running) => deliverDelta(running, to, order) }, lock);
  } catch (error) {
    if (error instanceof PowerLost) throw error;
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

describe("the enumeration bites", () => {
  test("on the right order it is silent", () => {
    expect(isCaught(rightOrder)).toBeUndefined();
  });
  test("the secure element before the staged record", () => {
    expect(isCaught(({ stage, commit }) => ["secure", ...stage, ...commit])).toMatch(/damaged/);
  });
  test("the commit word before the secure element", () => {
    expect(isCaught(({ stage, commit }) => [...stage, ...commit, "secure"])).toMatch(/damaged|not exactly/);
  });
  test("the commit word first of all", () => {
    expect(isCaught(({ stage, commit }) => [...commit, ...stage, "secure"])).toBeDefined();
  });
});
