/**
 * Every way in which power can fail while a lock does something, and what must hold when it comes back: the walk through
 * the cuts of both stores, one behind the other. Not the scenarios, and nothing here knows how a lock stores what it
 * keeps.
 *
 * A cut of an operation is made on a copy of the stores as they were before it: whatever the firmware held in RAM is
 * gone, so nothing has to be replayed. A word is the smallest thing that the chip tears: all byte positions within one
 * leave the same chip, which `flash-is-strict.test.ts` holds, so the first byte of each word stands for all of it.
 * States that are alike - both stores with all their weak cells, and what was promised - have one future, but for the
 * chance of nonces; they are gone through once, as deep as the deepest of them.
 */
import { createHash } from "node:crypto";
import type { Effect, Note } from "../../packages/lock-sim/src/firmware/events.ts";
import { sectorBytes, wordBytes } from "../../packages/lock-sim/src/firmware/geometry.ts";
import { off, type State } from "../../packages/lock-sim/src/firmware/state.ts";
import { createFirmware } from "../../packages/lock-sim/src/firmware/step.ts";
import { type TornPattern, tornPatterns } from "../../packages/lock-sim/src/parts/flash.ts";
import { forkParts, type LockParts, makeLock, type TestLock } from "../world.ts";
import { type Kept, keptNothing, mustKeep, nowKept } from "./kept-promises.ts";

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

/** How thorough one layer of cuts is, all first ones, all second ones, or all third ones. */
export interface Layer {
  /** Of the words inside a program of more than eight (not its first two, nor its last two) every so many. */
  readonly innerEvery: number;
  /** Of the words of a sector that is erased, every so many. */
  readonly erasedEvery: number;
  /** Of all cuts in these words, every so many. */
  readonly cutEvery: number;
  /** Of the states that the layer before left, every so many get this layer. */
  readonly stateEvery: number;
}

export interface CutPlan {
  /** One for each cut in a row. */
  readonly layers: readonly Layer[];
  /** Every so many states also go through further reboots. */
  readonly rebootsEvery: number;
}

export const everyWord: Layer = { innerEvery: 1, erasedEvery: 1, cutEvery: 1, stateEvery: 1 };

/** Of one layer. */
export interface LayerTried {
  /** Cuts that struck. */
  struck: number;
  /** States left behind that no cut had left before. */
  distinct: number;
  /** States to which no cut of this layer was made, by the plan. */
  passedOver: number;
}

export interface Tried {
  readonly layers: LayerTried[];
  /** Lives of a lock, each from one power-on to the next. */
  lives: number;
}

export function triedNothing(): Tried {
  return { layers: [], lives: 0 };
}

export function statesTried({ layers }: Tried): number {
  return layers.reduce((sum, { struck }) => sum + struck, 0);
}

export function distinctStates({ layers }: Tried): number {
  return layers.reduce((sum, { distinct }) => sum + distinct, 0);
}

type Op =
  | { readonly store: "secure"; readonly record: Uint8Array }
  | { readonly store: "flash"; readonly kind: "program"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly store: "flash"; readonly kind: "erase"; readonly sector: number };

/** What a cut leaves behind. */
interface Left {
  readonly parts: LockParts;
  readonly past: Past;
  readonly kept: Kept;
  /** Where the cuts were, for people. */
  readonly what: string;
}

/** Right before a storage operation. */
interface Moment extends Left {
  readonly op: Op;
}

/** Tries every cut of the plan. Throws at the first that leaves something wrong, or that does not strike. */
export function cutEverywhere(scenario: Scenario, plan: CutPlan, tried: Tried): void {
  const start: Left = {
    parts: scenario.parts,
    past: { said: [], notes: [] },
    kept: keptNothing,
    what: scenario.name,
  };
  const walk: Walk = { scenario, plan, tried, seen: new Map(), settled: 0 };
  const before = statesTried(tried);
  follow(walk, start, 0);
  if (statesTried(tried) === before) throw new Error(`${scenario.name}: nothing was written`);
}

interface Walk {
  readonly scenario: Scenario;
  readonly plan: CutPlan;
  readonly tried: Tried;
  /** By likeness, how many layers were already laid behind a state. */
  readonly seen: Map<string, number>;
  settled: number;
}

/** All that may come of a state: lives in which the next cut strikes, and what that leaves. */
function follow(walk: Walk, from: Left, depth: number): void {
  const { plan, tried, seen } = walk;
  const layer = plan.layers[depth];
  if (layer === undefined) return;
  tried.layers[depth] ??= { struck: 0, distinct: 0, passedOver: 0 };
  const counts = tried.layers[depth];
  const left = plan.layers.length - depth - 1;
  let number = 0;
  let offered = 0;
  for (const fate of fatesOf(from.parts)) {
    const moments = within(from.what, () => live(walk, from, fate));
    for (const [index, moment] of moments.entries()) {
      const sectors: Sectors = new Map();
      for (const cut of cutsIn(moment.op, index, layer)) {
        if (offered++ % layer.cutEvery !== 0) continue;
        counts.struck++;
        const next = strike(moment, cut);
        const name = likeness(next, moment.op, sectors);
        const known = seen.get(name);
        if (known !== undefined && known >= left) continue;
        seen.set(name, left);
        if (known === undefined) {
          counts.distinct++;
          settle(walk, next);
        }
        if (left === 0) continue;
        if (number++ % (plan.layers[depth + 1]?.stateEvery ?? 1) === 0) follow(walk, next, depth + 1);
        else counts.passedOver++;
      }
    }
  }
}

/** Where it happened, should it throw. */
function within<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (wrong) {
    throw new Error(`${what}: ${String(wrong)}`, { cause: wrong });
  }
}

/** Seeds of the next power-on: each weak word reads as either of its values, all combinations of two, else two draws. */
function fatesOf({ flash }: LockParts): readonly number[] {
  const weak = flash.weak();
  if (weak.length === 0) return [1];
  const wanted = weak.length === 1 ? 2 : weak.length === 2 ? 4 : 2;
  const fates = new Map<string, number>();
  for (let number = 1; number < 40 && fates.size < wanted; number++) {
    // Draws from neighbouring seeds begin alike.
    const seed = Math.imul(number, 0x9e37_79b9) >>> 0;
    const drawn = flash.fork();
    drawn.powerOn(seed);
    const reads = weak.map((at) => Buffer.from(drawn.read(at, flash.shape.wordBytes)).toString("hex")).join();
    if (!fates.has(reads)) fates.set(reads, seed);
  }
  return [...fates.values()];
}

/** The stores as a lock finds them whose first power-on has this fate. */
function fated(parts: LockParts, fate: number): LockParts {
  const { flash, secure } = forkParts(parts);
  let isFirst = true;
  return {
    flash: {
      ...flash,
      get counters() {
        return flash.counters;
      },
      powerOn(seed) {
        flash.powerOn(isFirst ? fate : seed);
        isFirst = false;
      },
    },
    secure,
  };
}

/** Firmware that is overheard: where it stands, and what it noted up to the storage operation that it asks for now. */
function overhear(): { readonly firmware: typeof createFirmware; heard(): Overheard } {
  let state: State = off;
  let notes: Note[] = [];
  let later: Note[] = [];
  return {
    firmware: (lent) => {
      const { step } = createFirmware(lent);
      return {
        step(from, event) {
          const stepped = step(from, event);
          const { effects } = stepped;
          const asks = effects.findIndex(
            ({ kind }) => kind === "program" || kind === "erase" || kind === "secure",
          );
          const noted = (some: readonly Effect[]): Note[] =>
            some.flatMap((effect) => (effect.kind === "note" ? [effect.note] : []));
          notes = [...notes, ...later, ...noted(asks < 0 ? effects : effects.slice(0, asks))];
          later = noted(asks < 0 ? [] : effects.slice(asks));
          ({ state } = stepped);
          return stepped;
        },
      };
    },
    heard: () => ({ state, notes }),
  };
}

interface Overheard {
  readonly state: State;
  readonly notes: readonly Note[];
}

function wake(scenario: Scenario, parts: LockParts, firmware = createFirmware): TestLock {
  const { capacity, lock } = scenario;
  return makeLock(lock, capacity === undefined ? { parts, firmware } : { parts, capacity, firmware });
}

/** A life without a cut: the moments in which one may strike. */
function live({ scenario, tried }: Walk, from: Left, fate: number): Moment[] {
  const { flash, secure } = fated(from.parts, fate);
  const { firmware, heard } = overhear();
  const moments: Moment[] = [];
  let said: TestLock["said"] = [];
  let kept = from.kept;
  const before = (op: Op): void => {
    const { state, notes } = heard();
    kept = nowKept(kept, state);
    const past = { said: [...from.past.said, ...said], notes: [...from.past.notes, ...notes] };
    moments.push({ op, parts: { flash: flash.fork(), secure: secure.fork() }, past, kept, what: from.what });
  };
  const spied: LockParts = {
    flash: {
      ...flash,
      get counters() {
        return flash.counters;
      },
      program(at, bytes) {
        before({ store: "flash", kind: "program", at, bytes });
        return flash.program(at, bytes);
      },
      erase(sector) {
        before({ store: "flash", kind: "erase", sector });
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
      write(record) {
        before({ store: "secure", record });
        return secure.write(record);
      },
    },
  };
  tried.lives++;
  const lock = wake(scenario, spied, firmware);
  // While it is switched on nobody is connected, and nothing is said.
  ({ said } = lock);
  scenario.run(lock);
  return moments;
}

interface Cut {
  readonly what: string;
  /** Strikes in the operation, which is the next one of these stores. */
  strike(parts: LockParts): "done" | "cut";
}

function strike(moment: Moment, cut: Cut): Left {
  const parts = forkParts(moment.parts);
  if (cut.strike(parts) !== "cut") throw new Error(`${moment.what}; ${cut.what}: the cut did not strike`);
  const { past, kept, what } = moment;
  return { parts, past, kept, what: `${what}; ${cut.what}` };
}

/** Words of a program, words of a sector; in each the four ways to tear; and all done but the answer. */
function* cutsIn(op: Op, index: number, { innerEvery, erasedEvery }: Layer): Iterable<Cut> {
  if (op.store === "secure") {
    for (const leaves of ["old", "new"] as const) {
      yield {
        what: `operation ${index}: secure element, ${leaves}`,
        strike({ secure }) {
          secure.arm({ atWrite: secure.writes, leaves });
          return secure.write(op.record);
        },
      };
    }
    return;
  }
  const cut = (words: number, afterBytes: number, pattern: TornPattern): Cut => ({
    what: `operation ${index}: ${op.kind} of ${8 * words} bytes, after ${afterBytes}, ${pattern}`,
    strike({ flash }) {
      const atOp = flash.counters.ops;
      flash.arm({ kind: "cut", atOp, afterBytes, pattern, seed: index * 977 + afterBytes });
      return op.kind === "erase" ? flash.erase(op.sector) : flash.program(op.at, op.bytes);
    },
  });
  const words = (op.kind === "erase" ? sectorBytes : op.bytes.length) / wordBytes;
  for (let word = 0; word < words; word++) {
    const isInner = op.kind === "erase" ? word > 0 : words > 8 && word > 1 && word < words - 2;
    const every = op.kind === "erase" ? erasedEvery : innerEvery;
    if (isInner && word % every !== 0) continue;
    for (const pattern of tornPatterns) yield cut(words, word * wordBytes, pattern);
  }
  yield cut(words, words * wordBytes, "untouched");
}

/** What each sector is like, by number, as far as it was asked for. */
type Sectors = Map<number, string>;

function likenessOf({ flash }: LockParts, sector: number, known?: Sectors): string {
  const before = known?.get(sector);
  if (before !== undefined) return before;
  const name = createHash("sha256").update(flash.likeness(sector)).digest("base64");
  known?.set(sector, name);
  return name;
}

/** A name that two states share only if they are alike. `others`: the sectors before the operation. */
function likeness({ parts, past, kept }: Left, op: Op, others: Sectors): string {
  const { bytes } = parts.flash.shape;
  const hash = createHash("sha256").update(parts.secure.read());
  const first =
    op.store === "secure" ? -1 : op.kind === "erase" ? op.sector : Math.floor(op.at / sectorBytes);
  const last =
    op.store === "flash" && op.kind === "program"
      ? Math.floor((op.at + op.bytes.length - 1) / sectorBytes)
      : first;
  for (let sector = 0; sector < bytes / sectorBytes; sector++)
    hash.update(likenessOf(parts, sector, sector >= first && sector <= last ? undefined : others));
  hash.update(JSON.stringify([kept, past.notes]));
  const words = new Set(past.said.map(({ type, body }) => `${type}:${Buffer.from(body).toString("latin1")}`));
  for (const word of words) hash.update(word);
  return hash.digest("base64");
}

/** Power comes back, for some states once more; then what was interrupted happens again, and stays. */
function settle(walk: Walk, left: Left): void {
  const { scenario, tried, plan } = walk;
  const reboots = walk.settled++ % plan.rebootsEvery === 0;
  for (const fate of fatesOf(left.parts)) {
    let when = "waking up";
    within(`${left.what}, fate ${fate}`, () => {
      try {
        const lock = wake(scenario, fated(left.parts, fate));
        tried.lives++;
        let kept = left.kept;
        const judge = (after: "cut" | "done"): void => {
          const past: Past = {
            said: [...left.past.said, ...lock.said],
            notes: [...left.past.notes, ...lock.notes],
          };
          kept = mustKeep(kept, lock.board.state);
          scenario.judge(lock, after, past);
          kept = nowKept(kept, lock.board.state);
        };
        const reboot = (after: "cut" | "done"): void => {
          if (!reboots) return;
          lock.board.powerOff();
          lock.board.powerOn();
          tried.lives++;
          judge(after);
        };
        when = "at once";
        judge("cut");
        when = "after another reboot";
        reboot("cut");
        when = "trying again";
        scenario.run(lock);
        when = "tried again";
        judge("done");
        when = "tried again and rebooted";
        reboot("done");
      } catch (wrong) {
        throw new Error(`${when}: ${String(wrong)}`, { cause: wrong });
      }
    });
  }
}
