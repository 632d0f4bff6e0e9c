/**
 * One run: a world from a seed, a storm of intents and faults, then a calm in which every lock must catch up. The same
 * seed gives the same history, on every machine and with ideal or real signatures. Not a campaign of runs.
 */
import { createCrypto, type Provider } from "@doorsync/protocol/lock";
import { Broken } from "./cast/lock.ts";
import { chanceFrom } from "./chance.ts";
import { allCheckers } from "./checkers/all.ts";
import type { Checker } from "./checkers/checker.ts";
import { describeFaults, drawFaults, type FaultChoice, type FaultPlan } from "./faults.ts";
import { drawIntents, drawScale, type Intent, isUnder } from "./intents.ts";
import type { Seen } from "./seen.ts";
import { idealSignatures } from "./signatures.ts";
import { createTrace, type TraceLine, traceDigest } from "./trace.ts";
import { createWorld, type World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** Families of faults; drawn when left out. */
  readonly faults?: FaultChoice;
  /** Numbers of the intents to keep; all when left out. */
  readonly keep?: readonly number[];
  /** memo: ideal signatures, many times as fast. */
  readonly crypto?: "memo" | "real";
}

export interface Finding {
  /** "P1" to "P25", or a failure that was seen in the field. */
  readonly property: string;
  readonly claim: string;
  /** True time, in seconds since the world began. */
  readonly atSeconds: number;
  readonly detail: string;
}

export interface RunCounters {
  /** Acts on the agenda that were done. */
  readonly steps: number;
  readonly visits: number;
  /** Entries typed and cards held up. */
  readonly shown: number;
  readonly powerCuts: number;
  /** Days that its locks lived, all together. */
  readonly lockDays: number;
}

export interface RunResult {
  readonly seed: number;
  readonly plan: FaultPlan;
  readonly finding: Finding | undefined;
  /** SHA-256 of the history, in hexadecimal. */
  readonly traceDigest: string;
  readonly trace: readonly TraceLine[];
  readonly intents: readonly Intent[];
  /** What was met, by name, and how often. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly counters: RunCounters;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Rounds of an honest phone after which everything must have settled, and how far they lie apart. */
const roundsMax = 8;
/** A lock may learn in the first that its clock is wrong, and is told the time in the second. */
const roundsMin = 2;
const roundMs = 20 * minuteMs;
/** So long after the storm nobody at the keypad is to blame for what others typed. */
const restMs = 27 * 60 * minuteMs;

/** Runs one world. `provider` lends hashes, MACs and AEAD, and signatures too when they are to be real. */
export function runSeed(options: RunOptions, provider: Provider): RunResult {
  const crypto = createCrypto(options.crypto === "real" ? provider : idealSignatures(provider));
  const chance = chanceFrom(options.seed);
  const plan = drawFaults(chance.fork("faults"), options.faults);
  const scale = drawScale(chance.fork("scale"));
  const all = drawIntents(chance.fork("intents"), scale).filter(({ act }) => isUnder(plan, act));
  const kept = options.keep === undefined ? undefined : new Set(options.keep);
  const intents = kept === undefined ? all : all.filter(({ number }) => kept.has(number));

  const trace = createTrace();
  trace.say({ atMs: 0, actor: "world", what: `seed ${options.seed}: ${describeFaults(plan)}` });
  const coverage = new Map<string, number>();
  const checkers = allCheckers();
  let finding: Finding | undefined;
  let steps = 0;

  // Nobody can be asked before there is a world; what happens while it is made is told afterwards.
  let world: World | undefined;
  const early: Seen[] = [];
  const hear = (seen: Seen): void => {
    if (world === undefined) early.push(seen);
    else finding ??= firstComplaint(checkers, seen, world);
  };
  const made = createWorld({
    crypto,
    chance: chance.fork("world"),
    scale,
    faults: plan,
    trace,
    seen: hear,
    met: (name) => coverage.set(name, (coverage.get(name) ?? 0) + 1),
  });
  world = made;
  for (const seen of early) hear(seen);

  /** Time goes on to `ms`, or until something is found to be wrong. */
  const until = (ms: number): void => {
    while (finding === undefined && made.agenda.next(ms)) {
      steps++;
      hear({ kind: "step" });
    }
    if (finding === undefined) made.agenda.rest(ms);
  };

  const stage: Stage = { until, hear, isOver: () => finding !== undefined };

  try {
    // Installed in peace; the storm comes with the first tenants.
    install(made, stage);
    if (finding === undefined) made.storm();
    const zeroMs = made.agenda.nowMs;
    for (const intent of intents) made.agenda.at(zeroMs + intent.atMs, () => made.carryOut(intent));
    until(zeroMs + scale.lengthMs);
    settle(made, stage);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const { property, claim, message: detail } = error;
    finding ??= { property, claim, atSeconds: Math.floor(made.agenda.nowMs / 1_000), detail };
  }

  const met = (name: string): number => coverage.get(name) ?? 0;
  const ofKind = (start: string): number => {
    let sum = 0;
    for (const [name, count] of coverage) if (name.startsWith(start)) sum += count;
    return sum;
  };
  return {
    seed: options.seed,
    plan,
    finding,
    traceDigest: traceDigest(crypto, trace.lines),
    trace: trace.lines,
    intents,
    coverage,
    counters: {
      steps,
      visits: ofKind("visit "),
      shown: ofKind("keypad ") + ofKind("card "),
      powerCuts: met("fault power-cut"),
      lockDays: (scale.doors * made.agenda.nowMs) / dayMs,
    },
  };
}

function firstComplaint(checkers: readonly Checker[], seen: Seen, world: World): Finding | undefined {
  const view = { locks: world.locks, nowMs: world.agenda.nowMs, nowSeconds: world.nowSeconds };
  for (const checker of checkers) {
    const complaint = checker.hear(seen, view);
    if (complaint === undefined) continue;
    const said =
      typeof complaint === "string" ? { property: checker.property, detail: complaint } : complaint;
    return { ...said, claim: checker.claim, atSeconds: Math.floor(view.nowMs / 1_000) };
  }
  return undefined;
}

/** How a run goes on; once something is found, nothing more happens in its history. */
interface Stage {
  readonly until: (ms: number) => void;
  readonly hear: (seen: Seen) => void;
  readonly isOver: () => boolean;
}

/** Every lock gets its owner and its first table; one that does not is not in step, and that is a finding. */
function install(world: World, { until, hear, isOver }: Stage): void {
  for (const { door, setup } of world.locks) {
    if (isOver()) return;
    world.office.offer(door, setup, 1);
    for (let visits = 0; visits < 2; visits++) {
      if (isOver()) return;
      world.send(door);
      until(world.agenda.nowMs + minuteMs);
    }
    if (!isOver() && !world.office.isSettled(door)) hear({ kind: "calm" });
  }
}

/** The calm: phones go home, an honest one goes round, and everybody tries their codes. */
function settle(world: World, { until, hear, isOver }: Stage): void {
  if (isOver()) return;
  world.calm();
  until(world.agenda.nowMs + restMs);
  if (isOver()) return;
  world.mend();
  for (const { door } of world.locks) world.office.issue(door, true);
  for (let round = 0; round < roundsMax; round++) {
    const open = world.locks.filter(({ door }) => round < roundsMin || !world.office.isSettled(door));
    if (open.length === 0) break;
    for (const { door, pull } of open) {
      if (isOver()) return;
      // What a flash fault made undone is tried again at the next power-on.
      if (round >= roundsMin) pull(1_000);
      until(world.agenda.nowMs + minuteMs);
      if (isOver()) return;
      world.send(door);
      until(world.agenda.nowMs + roundMs);
    }
  }
  if (isOver()) return;
  hear({ kind: "calm" });
  for (const { door } of world.locks) {
    for (const { person, kind, digits } of world.office.entries(door)) {
      if (isOver()) return;
      const shown = kind === "daily" ? world.office.digitsOf(door, person) : digits;
      if (shown !== undefined) world.show(door, person, kind === "card" ? "card" : "keypad", shown);
      until(world.agenda.nowMs + minuteMs);
    }
  }
  // What was written down meanwhile is fetched, and acknowledged one visit later.
  for (let visits = 0; visits < 3; visits++) {
    for (const { door } of world.locks) {
      if (isOver()) return;
      world.send(door);
      until(world.agenda.nowMs + roundMs);
    }
  }
  if (!isOver()) hear({ kind: "drained" });
}
