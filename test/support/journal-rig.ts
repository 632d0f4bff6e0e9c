/**
 * A journal on a bench: the real chip, the real plans and the real boot, with a small caller in the place of the
 * firmware that remembers all that was ever read back. Not a test itself.
 */
import { type Bytes, encodeEvent, equal, toHex } from "@doorsync/protocol/lock";
import {
  type Geometry,
  geometryFor,
  journalSectors,
  sectorBytes,
  wordBytes,
} from "../../packages/lock-sim/src/firmware/geometry.ts";
import {
  type Journal,
  type JournalPlan,
  mayAnchor,
  mayAppend,
  planAnchor,
  planAppend,
  planReclaim,
  planWipe,
  roomOf,
  seqOf,
} from "../../packages/lock-sim/src/firmware/journal.ts";
import { restoreJournal } from "../../packages/lock-sim/src/firmware/journal-boot.ts";
import type { StorageOp } from "../../packages/lock-sim/src/firmware/store.ts";
import { createFlash, type Flash, tornPatterns } from "../../packages/lock-sim/src/parts/flash.ts";
import { PowerLost } from "./storage-rig.ts";

/** A chip with nothing but the ring. */
export const geometry: Geometry = {
  ...geometryFor(1),
  journalAddress: 0,
  imageBytes: journalSectors * sectorBytes,
};

/** What nobody may ever take back. */
export interface Promised {
  /** By seq, what was read back, in hex. */
  readonly events: ReadonlyMap<number, string>;
  readonly ackedSeq: number;
}

/** A journal that is on. A value, apart from the chip. */
export interface Bench {
  readonly flash: Flash;
  readonly journal: Journal;
  readonly promised: Promised;
}

export const nothingPromised: Promised = { events: new Map(), ackedSeq: 0 };

let draws = 0;

export type Kind = "failure" | "access" | "security";

/** An event that never was before, of the class. */
export function someEvent(seq: number, kind: Kind = "security"): Bytes {
  const empty = { seq, at: ++draws, flags: 0, detail: 0, credential: 0, version: 0, count: 0 } as const;
  switch (kind) {
    case "failure":
      return encodeEvent({ ...empty, kind: "LockOperationError", source: "Keypad", detail: 1 });
    case "access":
      return encodeEvent({ ...empty, kind: "LockOperation", source: "Keypad", detail: 1 });
    case "security":
      return encodeEvent({ ...empty, kind: "TimeSet", source: "Unspecified" });
    default:
      throw new TypeError(String(kind satisfies never));
  }
}

/** What stands in for the chain's value behind an event. */
export function headOf(seq: number): Bytes {
  return new Uint8Array(16).fill(seq === 0 ? 0 : (seq % 255) + 1);
}

export function execute(flash: Flash, op: StorageOp): void {
  const outcome = op.kind === "erase" ? flash.erase(op.sector) : flash.program(op.address, op.bytes);
  if (outcome === "cut") throw new PowerLost();
  if (op.kind === "program" && !equal(flash.read(op.address, op.bytes.length), op.bytes))
    throw new Error(`at ${op.address} the flash did not take what was programmed`);
}

export function executeAll(flash: Flash, ops: readonly StorageOp[]): void {
  for (const op of ops) execute(flash, op);
}

function promise({ events, ackedSeq }: Promised, journal: Journal): Promised {
  const more = new Map(events);
  for (const event of journal.events) more.set(seqOf(event), toHex(event));
  return { events: more, ackedSeq: Math.max(ackedSeq, journal.acked.seq) };
}

export function perform({ flash, promised }: Bench, plan: JournalPlan): Bench {
  executeAll(flash, plan.ops);
  return { flash, journal: plan.after, promised: promise(promised, plan.after) };
}

/** Throws unless the journal keeps what was promised. */
export function judge(journal: Journal, { events, ackedSeq }: Promised, what: string): void {
  const wrong = (why: string): never => {
    throw new Error(`${what}: ${why}`);
  };
  const { acked, lastSeq } = journal;
  if (acked.seq < ackedSeq) wrong(`the anchor went back from ${ackedSeq} to ${acked.seq}`);
  if (!equal(acked.head, headOf(acked.seq))) wrong("the anchor's head is another");
  journal.events.forEach((event, index) => {
    if (seqOf(event) !== acked.seq + 1 + index) wrong(`event ${seqOf(event)} at place ${index}`);
    const known = events.get(seqOf(event));
    if (known !== undefined && known !== toHex(event)) wrong(`event ${seqOf(event)} changed`);
  });
  if (lastSeq !== acked.seq + journal.events.length) wrong(`last is ${lastSeq}`);
  const greatest = Math.max(ackedSeq, ...events.keys());
  if (lastSeq < greatest) wrong(`event ${lastSeq + 1} of ${greatest} is lost`);
}

/** Power returns: boot, judged before and after its repairs, from which on all that it believed is promised. */
export function boot(flash: Flash, promised: Promised, what = "boot"): Bench {
  flash.powerOn();
  const { journal, repairs } = restoreJournal(geometry, flash.read());
  judge(journal, promised, what);
  executeAll(flash, repairs);
  return { flash, journal, promised: promise(promised, journal) };
}

export function newBench(): Bench {
  const shape = { bytes: geometry.imageBytes, sectorBytes, wordBytes };
  return boot(createFlash(shape), nothingPromised);
}

export function fork({ flash, journal, promised }: Bench): Bench {
  return { flash: flash.fork(), journal, promised };
}

export function append(bench: Bench, count = 1, kind: Kind = "security"): Bench {
  const { lastSeq } = bench.journal;
  const events = Array.from({ length: count }, (_, index) => someEvent(lastSeq + 1 + index, kind));
  return perform(bench, planAppend(bench.journal, events));
}

/** Writes one event after the other, as long as their class has room, and at most `max`. */
export function fill(start: Bench, kind: Kind | "gap", max = 9_999): Bench {
  let bench = start;
  for (let i = 0; i < max && mayAppend(bench.journal, kind); i++)
    bench = append(bench, 1, kind === "gap" ? "security" : kind);
  return bench;
}

export function acknowledge(bench: Bench, seq: number): Bench {
  return perform(bench, planAnchor(bench.journal, { seq, head: headOf(seq) }));
}

/** All idle work, until there is none. */
export function reclaimAll(start: Bench): Bench {
  let bench = start;
  for (let guard = 0; guard < 99; guard++) {
    const plan = planReclaim(bench.journal);
    if (plan === undefined) return bench;
    bench = perform(bench, plan);
  }
  throw new Error("there is always more to reclaim");
}

/** Nothing is promised any more; what follows begins at 1. */
export function wipe({ flash, journal }: Bench): Bench {
  return perform({ flash, journal, promised: nothingPromised }, planWipe(journal));
}

/** Something that happens to a journal, and may be asked for again. */
export type Step = (bench: Bench) => Bench;

export interface Tried {
  cuts: number;
  second: number;
  boots: number;
}

/** The operations between, by their length and kind. */
export function operationsOf(
  bench: Bench,
  run: (bench: Bench) => unknown,
): { bytes: number; erase: boolean }[] {
  const { flash } = fork(bench);
  const ops: { bytes: number; erase: boolean }[] = [];
  const spied: Flash = {
    ...flash,
    get counters() {
      return flash.counters;
    },
    program(address, bytes) {
      ops.push({ bytes: bytes.length, erase: false });
      return flash.program(address, bytes);
    },
    erase(sector) {
      ops.push({ bytes: sectorBytes, erase: true });
      return flash.erase(sector);
    },
  };
  run({ ...bench, flash: spied });
  return ops;
}

interface Cut {
  readonly what: string;
  /** Of the operation in which it strikes. */
  readonly number: number;
  arm(flash: Flash): void;
}

/** Every cut of what `run` does: each operation, each word, each way to tear, several fates where a draw decides. */
export function* cutsOf(bench: Bench, run: (bench: Bench) => unknown, fates: number): Iterable<Cut> {
  const first = bench.flash.counters.ops;
  for (const [index, { bytes, erase }] of operationsOf(bench, run).entries()) {
    for (let afterBytes = 0; afterBytes <= bytes; afterBytes += erase ? 1_024 : wordBytes) {
      for (const pattern of afterBytes === bytes ? (["untouched"] as const) : tornPatterns) {
        const drawn = pattern === "marginal" || pattern === "scattered";
        for (let fate = 0; fate < (drawn ? fates : 1); fate++) {
          const atOp = first + index;
          const seed = atOp * 977 + afterBytes + fate * 31;
          const what = `${erase ? "erase" : "program"} ${index}, byte ${afterBytes}, ${pattern} ${seed}`;
          yield {
            what,
            number: index,
            arm: (flash) => flash.arm({ kind: "cut", atOp, afterBytes, pattern, seed }),
          };
        }
      }
    }
  }
}

export function untilCut(run: () => unknown, what: string): void {
  try {
    run();
  } catch (lost) {
    if (lost instanceof PowerLost) return;
    throw new Error(`${what}: ${String(lost)}`, { cause: lost });
  }
  throw new Error(`${what}: the cut did not strike`);
}

/** A life after a cut: something is written, idle work is done, an acknowledgement comes; and reboots in between. */
export function liveOn(flash: Flash, promised: Promised, what: string, tried: Tried): void {
  try {
    let bench = boot(flash, promised, `${what}, boot`);
    for (let restart = 0; restart < 3; restart++) {
      if (mayAppend(bench.journal, "security")) bench = append(bench, restart + 1);
      bench = boot(flash, bench.promised, `${what}, boot ${restart} after appending`);
      if (restart === 1) bench = reclaimAll(bench);
      else if (restart === 0 && mayAnchor(bench.journal, bench.journal.acked.seq + 1))
        bench = acknowledge(bench, bench.journal.acked.seq + 1);
      bench = boot(flash, bench.promised, `${what}, boot ${restart} after idle work`);
      tried.boots += 2;
    }
    if (roomOf(bench.journal) === 0) throw new Error("no room is left");
  } catch (wrong) {
    throw new Error(`${what}: ${String(wrong)}`, { cause: wrong });
  }
}

/**
 * Every cut of a step, each followed by life; and behind them about `secondOf` second ones, spread over all cuts of the
 * repairs and of the second try behind every first one; all of them with "all". `forgets`: nothing is promised any more
 * once the step began.
 */
export function explore(
  bench: Bench,
  step: Step,
  options: {
    readonly secondOf: number | "all";
    readonly fates: number;
    readonly tried: Tried;
    readonly forgets?: boolean;
  },
): Bench {
  const { secondOf, fates, tried, forgets = false } = options;
  const promised = forgets ? nothingPromised : bench.promised;
  const firsts = [...cutsOf(bench, step, fates)];
  for (const [number, first] of firsts.entries()) {
    const torn = fork(bench);
    first.arm(torn.flash);
    untilCut(() => step(torn), first.what);
    tried.cuts++;
    liveOn(torn.flash.fork(), promised, first.what, tried);
    const again = ({ flash }: Bench): Bench => step(boot(flash, promised));
    const seconds = [...cutsOf(torn, again, 1)];
    const take = secondOf === "all" ? seconds.length : secondOf / firsts.length;
    const drawn = (at: number): boolean =>
      Math.floor(((at + number * 7) % seconds.length) * (take / seconds.length)) !==
      Math.floor((((at + number * 7) % seconds.length) + 1) * (take / seconds.length));
    for (const [at, second] of seconds.entries()) {
      if (secondOf !== "all" && !drawn(at)) continue;
      const what = `${first.what}; then ${second.what}`;
      const flash = torn.flash.fork();
      second.arm(flash);
      let kept = promised;
      untilCut(() => {
        const woken = boot(flash, promised);
        if (!forgets) kept = woken.promised;
        step(woken);
      }, what);
      tried.second++;
      liveOn(flash, kept, what, tried);
    }
  }
  if (firsts.length === 0) throw new Error("the step wrote nothing");
  return step(bench);
}

/** Numbers in [0, 1) from a seed. */
function drawsFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A long life in which power fails again and again, wherever it is; judged at every boot. Counts the cuts. */
export function walk(seed: number, steps: number, tried: Tried): void {
  const draw = drawsFrom(seed);
  const below = (n: number): number => Math.floor(draw() * n);
  const { flash } = newBench();
  let promised: Promised = nothingPromised;
  let bench: Bench | undefined;
  const act = (up: Bench): Bench => {
    const { journal } = up;
    switch (below(5)) {
      case 0: {
        const seq = journal.acked.seq + 1 + below(journal.lastSeq - journal.acked.seq + 1);
        return mayAnchor(journal, seq) ? acknowledge(up, seq) : up;
      }
      case 1: {
        const plan = planReclaim(journal);
        return plan === undefined ? up : perform(up, plan);
      }
      case 2:
        return fill(up, "security", 20);
      default:
        return mayAppend(journal, "security") ? append(up, 1 + below(2)) : up;
    }
  };
  for (let step = 0; step < steps; step++) {
    if (below(3) === 0) {
      const pattern = tornPatterns[below(tornPatterns.length)] ?? "half";
      const afterBytes = below(2) === 0 ? 8 * below(6) : 0;
      const atOp = flash.counters.ops + below(7);
      flash.arm({ kind: "cut", atOp, afterBytes, pattern, seed: below(2 ** 30) });
    }
    try {
      bench = bench === undefined ? boot(flash, promised, `walk ${seed}, step ${step}`) : act(bench);
      promised = bench.promised;
      if (below(9) === 0) bench = undefined;
    } catch (lost) {
      if (!(lost instanceof PowerLost))
        throw new Error(`walk ${seed}, step ${step}: ${String(lost)}`, { cause: lost });
      // What an interrupted plan wrote before the cut is promised only once a boot has found it.
      bench = undefined;
      tried.cuts++;
    }
  }
}
