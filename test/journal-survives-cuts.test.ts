/**
 * The event journal keeps what was ever read back, through power cuts in every operation and word, in its repairs, and
 * through changes of sectors: no event is lost, changed or told in another order before it is acknowledged, no seq
 * stands for two events, the anchor never goes back. The chip throws on any word that is programmed with another value.
 */
import { describe, expect, test } from "vitest";
import { sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import {
  mayAnchor,
  mayAppend,
  planAnchor,
  planAppend,
  planMend,
  planReclaim,
  ringRecords,
  roomOf,
  seqOf,
  slotsPerSector,
  worn,
} from "../packages/lock-sim/src/firmware/journal.ts";
import { restoreJournal } from "../packages/lock-sim/src/firmware/journal-boot.ts";
import { createFlash } from "../packages/lock-sim/src/parts/flash.ts";
import {
  acknowledge,
  append,
  type Bench,
  boot,
  cutsOf,
  execute,
  executeAll,
  explore,
  fill,
  fork,
  geometry,
  headOf,
  liveOn,
  newBench,
  nothingPromised,
  perform,
  reclaimAll,
  someEvent,
  type Tried,
  untilCut,
  walk,
  wipe,
} from "./support/journal-rig.ts";

const tried: Tried = { cuts: 0, second: 0, boots: 0 };
const plan = { secondOf: 130, fates: 2, tried };

/** All sectors ready, three events, one acknowledged. */
function used(): Bench {
  return acknowledge(append(reclaimAll(newBench()), 3), 1);
}

/** The slot before the last one of a sector is the next. */
function atTheEdge(): Bench {
  const bench = used();
  const filled = fill(bench, "security", slotsPerSector - bench.journal.slot - 1);
  expect(filled.journal.slot).toBe(slotsPerSector - 1);
  return filled;
}

describe("a power cut anywhere loses no event that was read back, and changes none", () => {
  test("while an event is appended, then several", () => {
    const bench = explore(used(), (up) => append(up), plan);
    explore(bench, (up) => append(up, 3), plan);
  });

  test("while events are appended over the edge of a sector", () => {
    const bench = atTheEdge();
    const after = explore(bench, (up) => append(up, 3), plan);
    expect(after.journal.filling).toBe(bench.journal.filling + 1);
  });

  test("while an acknowledgement is written, and the events that it covers never come back", () => {
    const after = explore(used(), (up) => (up.journal.acked.seq >= 3 ? append(up) : acknowledge(up, 3)), {
      ...plan,
    });
    expect(after.journal.acked).toEqual({ seq: 3, head: headOf(3) });
    expect(boot(after.flash, after.promised).journal.events).toEqual([]);
  });

  test("while a sector is made ready for the first time", () => {
    const bench = append(newBench(), 2);
    const after = explore(bench, (up) => reclaimOnce(up), plan);
    expect(after.journal.sectors).toHaveLength(2);
  });

  test("while a whole sector that is acknowledged is erased and made ready", () => {
    const edge = append(atTheEdge(), 3);
    const bench = acknowledge(edge, edge.journal.lastSeq - 1);
    expect(bench.journal.sectors[0]?.lastSeq).toBeLessThanOrEqual(bench.journal.acked.seq);
    const after = explore(bench, (up) => reclaimOnce(up), plan);
    expect(after.journal.sectors).toHaveLength(8);
    expect(after.journal.sectors.at(-1)?.sector).toBe(bench.journal.sectors[0]?.sector);
    expect(planReclaim(after.journal)).toBeUndefined();
  });

  test("while a chip is used for the first time", () => {
    const shape = { bytes: geometry.imageBytes, sectorBytes, wordBytes };
    const flash = createFlash(shape);
    const { journal } = restoreJournal(geometry, flash.read());
    const after = explore(
      { flash, journal, promised: nothingPromised },
      (up) => append(boot(up.flash, up.promised)),
      plan,
    );
    expect(after.journal.lastSeq).toBe(1);
  });

  test("while the journal is wiped for a new owner, and then nothing of the last one is left", () => {
    const edge = append(atTheEdge(), 3);
    const after = explore(edge, wipe, { ...plan, forgets: true });
    expect(after.journal).toMatchObject({ lastSeq: 0, events: [], acked: { seq: 0, head: headOf(0) } });
    expect(boot(after.flash, nothingPromised).journal.events).toEqual([]);
  });

  test.each([
    ["a first sector", 0],
    ["a further sector", 1],
    ["an old sector", 2],
  ])(
    "while %s is made ready, torn in a word that reads otherwise at each boot, and again",
    (_name, which) => {
      const edge = append(atTheEdge(), 3);
      const starts = [
        { ...newBench(), flash: createFlash({ bytes: geometry.imageBytes, sectorBytes, wordBytes }) },
        append(newBench(), 2),
        acknowledge(edge, edge.journal.lastSeq - 1),
      ];
      const start = starts[which] ?? edge;
      const idle = (up: Bench): Bench => reclaimAll(boot(up.flash, up.promised));
      let struck = 0;
      for (const first of cutsOf(start, idle, 5)) {
        if (!first.what.includes("marginal") || first.number > 9) continue;
        const torn = fork(start);
        first.arm(torn.flash);
        untilCut(() => idle(torn), first.what);
        // The next erase is cut before it did anything, if there is one at all.
        for (const second of cutsOf({ ...torn, flash: torn.flash.fork() }, idle, 1)) {
          if (!second.what.startsWith("erase") || !second.what.includes("byte 0, untouched")) continue;
          if (second.number > 9) continue;
          const twice = fork(torn);
          second.arm(twice.flash);
          untilCut(() => idle(twice), second.what);
          liveOn(twice.flash, twice.promised, `${first.what}; ${second.what}`, tried);
          struck++;
        }
      }
      expect(struck).toBeGreaterThan(20);
    },
  );

  test("in long lives with cut after cut", () => {
    const lives: Tried = { cuts: 0, second: 0, boots: 0 };
    for (let seed = 0; seed < 6; seed++) walk(seed, 300, lives);
    expect(lives.cuts).toBeGreaterThan(200);
  });

  test("and the cuts did strike", () => {
    console.log(`journal: ${tried.cuts} cuts, ${tried.second} second ones, ${tried.boots} boots`);
    expect(tried.cuts).toBeGreaterThan(900);
    expect(tried.second).toBeGreaterThan(250);
  });
});

function reclaimOnce(bench: Bench): Bench {
  const reclaim = planReclaim(bench.journal);
  return reclaim === undefined ? append(bench) : perform(bench, reclaim);
}

describe("through the ring, many times", () => {
  test("boot finds what memory held, at every step, and the sectors wear alike", () => {
    let bench = newBench();
    for (let i = 0; i < 1_400; i++) {
      bench = append(bench);
      if (i % 41 === 40) bench = acknowledge(bench, bench.journal.lastSeq - (i % 7));
      if (i % 10 === 9) bench = reclaimAll(bench);
      if (i % 16 !== 0) continue;
      const again = boot(bench.flash, bench.promised);
      const { believed: _, settled: __, ...held } = again.journal;
      expect(bench.journal, `event ${i}`).toMatchObject(held);
      bench = again;
    }
    const wear = bench.flash.wear();
    expect(Math.min(...wear)).toBeGreaterThan(2);
    expect(Math.max(...wear) - Math.min(...wear)).toBeLessThanOrEqual(1);
  });
});

describe("room", () => {
  test("failures fill a quarter, accesses leave an eighth, and the last 32 records are for gaps and anchors", () => {
    const failed = fill(reclaimAll(newBench()), "failure");
    expect(failed.journal.lastSeq).toBe(ringRecords / 4);
    expect(boot(failed.flash, failed.promised).journal.failures).toBe(ringRecords / 4);
    const entered = fill(failed, "access");
    expect(entered.journal.lastSeq).toBeGreaterThan(ringRecords / 2);
    expect(roomOf(entered.journal)).toBe(ringRecords / 8 + 32);
    const guarded = fill(entered, "security");
    expect(roomOf(guarded.journal)).toBe(32);
    const gaps = fill(guarded, "gap");
    expect(roomOf(gaps.journal)).toBe(16);
    expect(() => planAppend(gaps.journal, [someEvent(gaps.journal.lastSeq + 2)])).toThrow(RangeError);
    const events = Array.from({ length: 17 }, (_, i) => someEvent(gaps.journal.lastSeq + 1 + i));
    expect(() => planAppend(gaps.journal, events)).toThrow(RangeError);
  });

  test("a full ring takes the authority's acknowledgements, one event at a time, until all is free again", () => {
    let bench = fill(fill(reclaimAll(newBench()), "security"), "gap");
    expect(mayAppend(bench.journal, "security")).toBe(false);
    let refused = 0;
    const last = bench.journal.lastSeq;
    for (let seq = 1; seq <= last; seq++) {
      if (!mayAnchor(bench.journal, seq)) refused++;
      else bench = reclaimAll(acknowledge(bench, seq));
    }
    expect(refused, "those that would free nothing wait for one that does").toBeGreaterThan(20);
    expect(bench.journal.acked.seq).toBe(last);
    expect(mayAppend(bench.journal, "failure")).toBe(true);
    expect(mayAnchor(bench.journal, last), "no news").toBe(false);
    expect(() => planAnchor(bench.journal, { seq: 1, head: headOf(1) })).toThrow(RangeError);
    boot(bench.flash, bench.promised);
  });

  test("an access finds room before the first idle moment", () => {
    expect(mayAppend(newBench().journal, "access")).toBe(true);
  });
});

describe("a word that does not take", () => {
  /** Executes a plan whose operation `index` fails at `afterBytes`; what holds then. */
  function spoil(
    bench: Bench,
    made: ReturnType<typeof planAppend>,
    index: number,
    afterBytes: number,
  ): Bench {
    const { flash } = bench;
    flash.arm({ kind: "dud", atOp: flash.counters.ops + index, afterBytes });
    for (const [at, op] of made.ops.entries()) {
      if (at === index) {
        expect(() => execute(flash, op)).toThrow("did not take");
        return { ...bench, journal: worn(made, at) };
      }
      execute(flash, op);
    }
    throw new Error("no such operation");
  }

  test("costs one slot; what was written before it stays, and what comes after it is found", () => {
    let happened = 0;
    for (let index = 0; index < 9; index++) {
      const bench = used();
      const { lastSeq } = bench.journal;
      const made = planAppend(
        bench.journal,
        [1, 2, 3].map((i) => someEvent(lastSeq + i)),
      );
      const up = spoil(bench, made, index, 0);
      expect(up.journal.lastSeq).toBe(lastSeq + Math.floor(index / 3));
      const after = append(up, 2);
      const events = boot(after.flash, after.promised).journal.events;
      expect(events).toEqual(after.journal.events);
      expect(seqOf(events.at(-1) ?? new Uint8Array(4))).toBe(up.journal.lastSeq + 2);
      happened++;
    }
    expect(happened).toBe(9);
  });

  test("in a sector that is made ready: another is taken, and a cut in that takes nothing away", () => {
    const edge = append(atTheEdge(), 3);
    const bench = acknowledge(edge, edge.journal.lastSeq - 1);
    const made = planReclaim(bench.journal);
    if (made === undefined) throw new Error("nothing to reclaim");
    for (let index = 0; index < made.ops.length; index++) {
      if (made.ops[index]?.kind === "erase") continue;
      const up = spoil(fork(bench), made, index, 0);
      const further = fork(up);
      liveOn(further.flash, further.promised, `dud in ${index}`, tried);
      const now = append(reclaimAll(up));
      boot(now.flash, now.promised);
    }
  });

  test("in the repairs of boot: the last record is written again elsewhere", () => {
    const bench = used();
    bench.flash.powerOn();
    const { journal, repairs } = restoreJournal(geometry, bench.flash.read());
    expect(repairs).toHaveLength(1);
    bench.flash.arm({ kind: "dud", atOp: bench.flash.counters.ops, afterBytes: 0 });
    expect(() => executeAll(bench.flash, repairs)).toThrow("did not take");
    const mend = planMend(journal);
    if (mend === undefined) throw new Error("nothing to mend");
    executeAll(bench.flash, mend.ops);
    const up = append({ ...bench, journal: mend.after }, 2);
    expect(boot(up.flash, up.promised).journal.events).toEqual(up.journal.events);
  });

  test("in the first header: another sector is the first", () => {
    const shape = { bytes: geometry.imageBytes, sectorBytes, wordBytes };
    const flash = createFlash(shape);
    const { journal, repairs } = restoreJournal(geometry, flash.read());
    flash.arm({ kind: "dud", atOp: 1, afterBytes: 8 });
    expect(() => executeAll(flash, repairs)).toThrow("did not take");
    const mend = planMend(journal);
    if (mend === undefined) throw new Error("nothing to mend");
    executeAll(flash, mend.ops);
    expect(mend.after.sectors.map(({ sector }) => sector)).toEqual([1]);
    const up = append({ flash, journal: mend.after, promised: nothingPromised }, 2);
    expect(boot(up.flash, up.promised).journal.events).toEqual(up.journal.events);
  });
});

test("the newest anchor with a flipped bit costs no event", () => {
  const bench = append(atTheEdge(), 5);
  const acked = acknowledge(bench, 2);
  const anchor = acked.journal.slot - 1;
  const { sector = 0 } = acked.journal.sectors[acked.journal.filling] ?? {};
  acked.flash.rot(sector * sectorBytes + 32 + anchor * 64 + 20, 3);
  const up = restoreJournal(geometry, acked.flash.read()).journal;
  expect(up.acked.seq).toBe(1);
  expect(up.lastSeq).toBe(acked.journal.lastSeq);
  untilCut(() => {
    acked.flash.arm({ kind: "cut", atOp: acked.flash.counters.ops, afterBytes: 0, pattern: "half", seed: 1 });
    append(acked);
  }, "a cut behind it");
});
