/**
 * The event journal against power cuts that follow one another in the worst order, each word reading whole or torn as
 * it suits worst at each boot: a sector that is being made ready, the very first anchor, and records that nothing leads
 * to. Every cut of everything the journal does is in `journal-survives-cuts.test.ts`; these need a full sector, or nine
 * cuts, and would not be met there.
 */
import { describe, expect, test } from "vitest";
import { sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import {
  type JournalRecord,
  nothingAcked,
  planReclaim,
  slotAddress,
  slotsPerSector,
} from "../packages/lock-sim/src/firmware/journal.ts";
import { restoreJournal } from "../packages/lock-sim/src/firmware/journal-boot.ts";
import { encodeRecord } from "../packages/lock-sim/src/firmware/record.ts";
import { recordOps, type StorageOp } from "../packages/lock-sim/src/firmware/store.ts";
import {
  createFlash,
  type Flash,
  type TornPattern,
  tornPatterns,
} from "../packages/lock-sim/src/parts/flash.ts";
import {
  append,
  type Bench,
  executeAll,
  fill,
  geometry,
  judge,
  newBench,
  nothingPromised,
  type Promised,
  untilCut,
} from "./support/journal-rig.ts";

/** Power returns, and weak words read as `seed` has it. */
function bootAs(seed: number, flash: Flash, promised: Promised, what: string): Bench {
  // Draws from neighbouring seeds begin alike.
  flash.powerOn(Math.imul(seed, 0x9e37_79b9));
  const { journal, repairs } = restoreJournal(geometry, flash.read());
  judge(journal, promised, what);
  executeAll(flash, repairs);
  return { flash, journal, promised };
}

/** However weak words read: every sector that seems to be ready is filled, and nothing of that is lost. */
function fillsUp(torn: Flash, promised: Promised, what: string): void {
  for (let fate = 1; fate <= 6; fate++) {
    const flash = torn.fork();
    const full = fill(bootAs(fate, flash, promised, `${what}, fate ${fate}`), "security");
    for (let later = 7; later <= 10; later++)
      bootAs(later, flash, full.promised, `${what}, filled after fate ${fate}, fate ${later}`);
  }
}

function cutIn(
  flash: Flash,
  ops: readonly StorageOp[],
  index: number,
  afterBytes: number,
  pattern: TornPattern,
): void {
  flash.arm({ kind: "cut", atOp: flash.counters.ops + index, afterBytes, pattern, seed: 1 });
  untilCut(() => executeAll(flash, ops), `operation ${index}`);
}

/** Boots until the weak words read as wanted: a boot that must come once. */
function untilItReads(flash: Flash, wanted: (whole: readonly boolean[]) => boolean): number {
  const weak = [...flash.weak()].sort((a, b) => a - b);
  for (let seed = 1; seed < 20_000; seed++) {
    flash.powerOn(Math.imul(seed, 0x9e37_79b9));
    if (wanted(weak.map((at) => flash.read(at, wordBytes).some((byte) => byte !== 0xff)))) return seed;
  }
  throw new Error("no seed reads as wanted");
}

/** One sector counts, and a few of its slots are left. */
function nearlyFull(): Bench {
  const bench = append(newBench());
  return fill(bench, "security", slotsPerSector - bench.journal.slot - 8);
}

function reclaimOps(bench: Bench): readonly StorageOp[] {
  const made = planReclaim(bench.journal);
  if (made === undefined) throw new Error("nothing to make ready");
  return made.ops;
}

describe("a sector that was being made ready when power failed", () => {
  test("does not count by its header alone, whole or torn", () => {
    const bench = nearlyFull();
    const ops = reclaimOps(bench);
    let cuts = 0;
    for (const [index, op] of ops.slice(0, 2).entries()) {
      const bytes = op.kind === "erase" ? sectorBytes : op.bytes.length;
      for (let after = 0; after <= bytes; after += op.kind === "erase" ? 2_048 : wordBytes) {
        for (const pattern of tornPatterns) {
          const flash = bench.flash.fork();
          cutIn(flash, ops, index, after, pattern);
          fillsUp(flash, bench.promised, `${op.kind}, after ${after}, ${pattern}`);
          cuts++;
        }
      }
    }
    expect(cuts).toBeGreaterThan(20);
  });

  test("is not erased again while a torn anchor may still come to name it", () => {
    const bench = nearlyFull();
    const ops = reclaimOps(bench);
    const body = ops.length - 2;
    const bodyOp = ops[body];
    if (bodyOp?.kind !== "program") throw new Error("an anchor's body is programmed");
    let cuts = 0;
    for (let after = 0; after < bodyOp.bytes.length; after += wordBytes) {
      const torn = bench.flash.fork();
      cutIn(torn, ops, body, after, "marginal");
      const seed = untilItReads(torn, ([whole]) => whole === false);
      const up = bootAs(seed, torn, bench.promised, "the anchor reads torn");
      expect(up.journal.sectors).toHaveLength(1);
      const again = reclaimOps(up);
      const erase = again.findIndex(({ kind }) => kind === "erase");
      for (const pattern of tornPatterns) {
        const flash = torn.fork();
        cutIn(flash, again, erase, 0, pattern);
        fillsUp(flash, bench.promised, `anchor after ${after}, then erase, ${pattern}`);
        cuts += 2;
      }
    }
    expect(cuts).toBeGreaterThan(20);
  });
});

test("a new ring does not come back to a sector in which a first anchor was torn, nine cuts in a row", () => {
  const shape = { bytes: geometry.imageBytes, sectorBytes, wordBytes };
  const flash = createFlash(shape);
  for (let round = 0; round < 9; round++) {
    // However many anchors were torn so far, none of them reads.
    untilItReads(flash, (whole) => !whole.includes(true));
    const { journal, repairs } = restoreJournal(geometry, flash.read());
    expect(journal.believed, `round ${round}`).toBeUndefined();
    const erases = repairs.findIndex(({ kind }) => kind === "erase");
    if (round === 8 && erases >= 0) cutIn(flash, repairs, erases, 0, "untouched");
    else {
      const body = repairs[repairs.length - 2];
      if (body?.kind !== "program") throw new Error("an anchor's body is programmed");
      cutIn(flash, repairs, repairs.length - 2, body.bytes.length - wordBytes, "marginal");
    }
  }
  expect(flash.weak().length).toBeGreaterThan(7);
  // Now the first of them does.
  const seed = untilItReads(flash, ([first, ...others]) => first === true && !others.includes(true));
  const up = append(bootAs(seed, flash.fork(), nothingPromised, "the first anchor reads"), 3);
  bootAs(1, up.flash, up.promised, "afterwards");
  fillsUp(flash, nothingPromised, "after nine cuts");
});

describe("a record without its commit word, the very last one", () => {
  const written = (bench: Bench, record: JournalRecord): Flash => {
    const flash = bench.flash.fork();
    const { sector = 0 } = bench.journal.sectors[bench.journal.filling] ?? {};
    const at = slotAddress(geometry, sector, bench.journal.slot);
    executeAll(flash, recordOps(at, encodeRecord(record)).slice(0, -1));
    return flash;
  };
  const eventAfter = (bench: Bench, by: number): JournalRecord => {
    const last = append(bench, by).journal.events.at(-1);
    return { kind: "event", body: { event: last ?? new Uint8Array(24) } };
  };
  const anchorAt = (seq: number): JournalRecord => ({
    kind: "anchor",
    body: { voids: 0, ...nothingAcked(), seq, sectors: 1 },
  });

  test("counts if it follows from those before", () => {
    const bench = append(newBench(), 3);
    const next = written(bench, eventAfter({ ...bench, flash: bench.flash.fork() }, 1));
    expect(restoreJournal(geometry, next.read()).journal.lastSeq).toBe(4);
    expect(restoreJournal(geometry, written(bench, anchorAt(3)).read()).journal.acked.seq).toBe(3);
  });

  test("is nothing if it leaves one out, or is of one that never happened", () => {
    const bench = append(newBench(), 3);
    const beyond = written(bench, eventAfter({ ...bench, flash: bench.flash.fork() }, 2));
    expect(restoreJournal(geometry, beyond.read()).journal).toMatchObject({ lastSeq: 3, slot: 5 });
    const never = restoreJournal(geometry, written(bench, anchorAt(4)).read()).journal;
    expect(never).toMatchObject({ lastSeq: 3, acked: nothingAcked() });
  });
});
