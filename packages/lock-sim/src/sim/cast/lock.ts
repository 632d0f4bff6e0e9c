/**
 * A lock on its door: the shipped firmware on its board, over simulated parts that read the world's time and fail as
 * they are told. It is ticked every second while somebody is at it, and every quarter of an hour otherwise.
 */
import { type Bytes, type Crypto, formatSetup, fromHex, type Setup } from "@doorsync/protocol/lock";
import type { BoardLink } from "../../board/board.ts";
import type { LinkPort } from "../../board/ports.ts";
import type { Note } from "../../firmware/events.ts";
import { type Geometry, geometryFor } from "../../firmware/geometry.ts";
import type { State } from "../../firmware/state.ts";
import { composeLock, factoryRecord, flashShapeOf, type Pressed, type SimulatedLock } from "../../lock.ts";
import { type Battery, createBattery } from "../../parts/battery.ts";
import { createClock } from "../../parts/clock.ts";
import { createFlash, type Flash, type FlashFault, tornPatterns } from "../../parts/flash.ts";
import { createMechanics, type Mechanics, resetHoldMs } from "../../parts/mechanics.ts";
import { createSecureElement } from "../../parts/secure-element.ts";
import type { Agenda } from "../agenda.ts";
import type { Chance } from "../chance.ts";
import type { FaultName, FaultPlan } from "../faults.ts";

/** Credentials that a lock of a world holds: few, so that its flash is small and its table is soon full. */
const capacity = 24;

/** A lock takes no more steps than this in one moment, unless it would never stop. */
const stepsMax = 20_000;

/** A lock that keeps itself busy without end and answers nobody, or does to its flash what no chip allows. */
export class Broken extends Error {
  readonly property: string;
  readonly claim: string;
  constructor(property: string, claim: string, detail: string) {
    super(detail);
    this.name = "Broken";
    this.property = property;
    this.claim = claim;
  }
}

/** The chip throws at what a real one would not forgive; here that is something found out about the firmware. */
function watched(flash: Flash, door: number): Flash {
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Broken("P2", "a lock keeps to the rules of its flash", `lock ${door}: ${why}`);
    }
  };
  return {
    ...flash,
    get counters() {
      return flash.counters;
    },
    program: (address, bytes) => guarded(() => flash.program(address, bytes)),
    erase: (sector) => guarded(() => flash.erase(sector)),
  };
}

/** At this charge a lock no longer tries to move its bolt. */
const criticalPercent = 5;

const busyTickMs = 1_000;
/** While the bolt is on its way back, or waits for the door. */
const boltTickMs = 6_000;
const idleTickMs = 900_000;

/** What a lock's clock has been through since it was last set. */
export type ClockStory = "right" | "jumped" | "lost";

export interface CastLock {
  readonly name: string;
  /** The door it hangs on, from 1. */
  readonly door: number;
  readonly setup: Setup;
  readonly setupText: string;
  readonly sim: SimulatedLock;
  readonly flash: Flash;
  readonly geometry: Geometry;
  readonly state: State;
  readonly isOn: boolean;
  readonly clockStory: ClockStory;
  readonly mechanics: Mechanics;
  readonly battery: Battery;
  /** Whether bolt and battery are as they should be. */
  readonly mayOpen: boolean;
  /** Types a whole entry (CLEAR, digits, ENTER), or holds up the card of these bytes in hexadecimal. */
  show(by: "keypad" | "card", digits: string): Shown;
  /** Turns the mechanical key and lets the bolt be. */
  turnKey(): void;
  /** Opens the door as far as the bolt lets it, or by force, and shuts it after so long. */
  passDoor(how: "opens" | "forces", milliseconds: number): boolean;
  /** Holds the button inside until the lock forgets its owner. */
  holdButton(): void;
  /** So much of the battery is left; a new one is put in with 100. */
  charge(percent: number): void;
  connect(link: LinkPort): BoardLink | undefined;
  /** The battery is out for so long. */
  pull(milliseconds: number): void;
  /** Puts the power back on now, if it was off. */
  restore(): void;
  /** The battery comes out in the midst of what is typed next. */
  pullDuring(chance: Chance): void;
  jumpClock(seconds: number): void;
  loseClock(): void;
  /** It starts again at 1970. */
  clearClock(): void;
  driftClock(ppm: number): void;
  rot(address: number, bit: number): void;
  /** What may go wrong while somebody is at the lock is drawn anew; nothing is, with `undefined`. */
  dare(chance: Chance | undefined): void;
}

export interface Shown {
  readonly pressed: Pressed;
  /** The bolt went back meanwhile. */
  readonly moved: boolean;
}

export interface CastLockParts {
  readonly crypto: Crypto;
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly door: number;
  /** The time when the world began, in seconds since 1970. */
  readonly startSeconds: number;
  readonly faults: () => FaultPlan;
  readonly onNote: (note: Note) => void;
  readonly onAlarm: (alarm: string) => void;
  readonly onPower: (is: "on" | "off") => void;
  readonly onFault: (fault: FaultName) => void;
  /** The bolt did not get where the lock sent it, and the lock had time to say so. */
  readonly onJam: () => void;
}

export function createCastLock(parts: CastLockParts): CastLock {
  const { crypto, agenda, chance, door } = parts;
  const geometry = geometryFor(capacity);
  const setup: Setup = { secret: chance.fork("setup secret").bytes(16) };
  const flash = createFlash(flashShapeOf(geometry));
  const secure = createSecureElement(factoryRecord(crypto, setup.secret));
  const clock = createClock({ elapsedMs: () => agenda.nowMs, rtcSeconds: parts.startSeconds });
  let clockStory: ClockStory = "right";
  /** Chance for what goes wrong at the next power cut and after it. */
  let fate: Chance | undefined;
  let stuck = false;
  let moves = 0;
  let jams = 0;
  let steps = 0;
  let steppedMs = 0;
  let offTick: () => void = () => {};
  let tickMs = Number.POSITIVE_INFINITY;

  const chancePart = chance.fork("battery");
  const battery = createBattery({ chance: () => chancePart.below(2 ** 30) / 2 ** 30 });
  let shownOnCard: Pressed = { result: "typed" };
  const mechanics = createMechanics({
    onDoor: (is) => sim.board.door(is),
    onCylinder: (to) => sim.turnKey(to),
    onCard: (uid) => {
      shownOnCard = sim.tap(uid);
    },
    onReset: () => sim.board.holdReset(),
  });
  const sim: SimulatedLock = composeLock({
    crypto,
    geometry,
    drive: mechanics.bolt,
    onStep() {
      if (agenda.nowMs !== steppedMs) steps = 0;
      steppedMs = agenda.nowMs;
      if (++steps > stepsMax) {
        throw new Broken("P16", "a lock always comes to rest", `lock ${door} does not come to rest`);
      }
    },
    onBolt(to) {
      if (to === "unlocked") moves++;
    },
    onAlarm: parts.onAlarm,
    storage: { flash: watched(flash, door), secure },
    clock: {
      ...clock,
      set(seconds) {
        clock.set(seconds);
        clockStory = "right";
      },
    },
    entropy: freshEntropy(crypto, chance.fork("entropy").bytes(32), agenda),
    onNote: parts.onNote,
    onStruck: () => {
      parts.onFault("power-cut");
      parts.onPower("off");
      const back = fate?.between(1, 600) ?? 60;
      agenda.at(agenda.nowMs + 1_000 * back, restore);
    },
  });

  const isPowered = (): boolean => sim.board.state.power === "on";

  function restore(): void {
    if (isPowered()) return;
    sim.supply.failAt(undefined);
    if (fate?.strikes(parts.faults()["power-again"]) === true) {
      armCut(fate, 3);
      parts.onFault("power-again");
    }
    sim.board.powerOn();
    sim.board.battery(battery.percent);
    if (isPowered()) parts.onPower("on");
    // What jammed while it started was told then, or power failed again.
    jams = mechanics.counters.struck.jam;
    touched();
  }

  /** Power fails in one of the next storage operations. */
  function armCut(drawn: Chance, opsMax: number): void {
    const isTorn = drawn.strikes(parts.faults()["flash-torn"]);
    const whole = drawn.strikes(500) ? 0 : 4_096;
    sim.supply.failAt({
      op: drawn.below(opsMax),
      byte: isTorn ? drawn.pick([0, 0, 8, 16, 40, 100, 400, 1_500]) : whole,
      pattern: isTorn ? drawn.pick(tornPatterns) : "untouched",
      seed: drawn.below(2 ** 31),
    });
    if (isTorn) parts.onFault("flash-torn");
  }

  /** The next tick is soon while something goes on, and late otherwise. */
  function touched(): void {
    const { state } = sim.board;
    if (state.power === "off") return;
    const { bolt } = state.mechanics;
    const isBusy = state.session !== undefined || bolt.at === "moving";
    const restless =
      bolt.at === "locked" || (bolt.at === "jammed" && bolt.to === "unlocked") ? idleTickMs : boltTickMs;
    const dueMs = agenda.nowMs + (isBusy ? busyTickMs : restless);
    if (dueMs >= tickMs && tickMs > agenda.nowMs) return;
    offTick();
    tickMs = dueMs;
    offTick = agenda.at(dueMs, () => {
      tickMs = Number.POSITIVE_INFINITY;
      mechanics.passTo(agenda.nowMs);
      sim.board.tick();
      after(undefined);
    });
  }

  /** Faults that were armed and have struck since the last look. */
  const counted: Record<string, number> = {};
  function lookForFaults(): void {
    const { duds, lost, stuck: stuckBits } = flash.counters;
    const { jam, slow } = mechanics.counters.struck;
    const now = {
      "flash-dud": duds,
      "flash-lost": lost,
      "flash-stuck": stuckBits,
      "bolt-jam": jam + slow,
    } as const;
    for (const name of Object.keys(now) as (keyof typeof now)[]) {
      if (now[name] > (counted[name] ?? 0)) parts.onFault(name);
      counted[name] = now[name];
    }
    if (jam > jams && isPowered()) parts.onJam();
    jams = jam;
  }

  function after<T>(result: T): T {
    lookForFaults();
    touched();
    return result;
  }

  return {
    name: `lock ${door}`,
    door,
    setup,
    setupText: formatSetup(crypto, setup),
    sim,
    flash,
    geometry,
    get state() {
      return sim.board.state;
    },
    get isOn() {
      return isPowered();
    },
    get clockStory() {
      return clockStory;
    },
    mechanics,
    battery,
    get mayOpen() {
      return battery.percent > criticalPercent;
    },
    show(by, digits) {
      const before = moves;
      if (by === "keypad") {
        const pressed = sim.press(`*${digits}#`);
        return after({ pressed, moved: moves > before });
      }
      shownOnCard = { result: "typed" };
      mechanics.tap(fromHex(digits) ?? new Uint8Array(0));
      return after({ pressed: shownOnCard, moved: moves > before });
    },
    turnKey: () => after(mechanics.turn("unlocked")),
    passDoor(how, milliseconds) {
      if (how === "forces") mechanics.force();
      else if (!mechanics.open()) return after(false);
      const shut = (): void => {
        if (!after(mechanics.shut())) agenda.at(agenda.nowMs + 5_000, turnAndShut);
      };
      // A bolt that is out keeps the door from shutting: somebody turns it back.
      const turnAndShut = (): void => {
        mechanics.turn("unlocked");
        after(mechanics.shut());
      };
      agenda.at(agenda.nowMs + milliseconds, shut);
      return after(true);
    },
    holdButton: () => after(mechanics.holdButton(resetHoldMs)),
    charge(percent) {
      if (percent === 100) battery.replace();
      else battery.drop(percent);
      if (isPowered()) after(sim.board.battery(battery.percent));
    },
    connect(link) {
      const opened = sim.board.connect(link);
      if (opened === undefined) return undefined;
      touched();
      return {
        frame: (bytes: Bytes) => after(opened.frame(bytes)),
        closed: () => after(opened.closed()),
      };
    },
    pull(milliseconds) {
      if (sim.board.state.power === "off") return;
      sim.board.powerOff();
      parts.onPower("off");
      agenda.at(agenda.nowMs + milliseconds, restore);
    },
    restore,
    pullDuring(drawn) {
      fate = undefined;
      sim.supply.failAt({
        op: drawn.below(4),
        byte: drawn.pick([0, 8, 16, 24, 4_096]),
        pattern: drawn.pick(tornPatterns),
        seed: drawn.below(2 ** 31),
      });
    },
    clearClock() {
      clock.set(0);
      clockStory = "lost";
      parts.onFault("clock-reset");
    },
    driftClock(ppm) {
      clock.drift(ppm);
      parts.onFault("clock-drift");
    },
    jumpClock(seconds) {
      clock.jump(seconds);
      if (clockStory === "right") clockStory = "jumped";
      parts.onFault("clock-jump");
    },
    loseClock() {
      clock.lose();
      clockStory = "lost";
      parts.onFault("clock-lost");
    },
    rot(address, bit) {
      flash.rot(address, bit);
      parts.onFault("flash-rot");
    },
    dare(drawn) {
      fate = drawn;
      sim.supply.failAt(undefined);
      if (drawn === undefined) return;
      const odds = parts.faults();
      const atOp = flash.counters.ops + drawn.below(6);
      const afterBytes = 8 * drawn.below(12);
      if (drawn.strikes(odds["power-cut"])) armCut(drawn, drawn.pick([3, 12, 30]));
      else if (drawn.strikes(odds["flash-dud"])) flash.arm({ kind: "dud", atOp, afterBytes });
      else if (drawn.strikes(odds["flash-lost"])) flash.arm({ kind: "lost", atOp });
      else if (!stuck && drawn.strikes(odds["flash-stuck"])) {
        // A chip with more than one such bit is thrown away.
        stuck = true;
        flash.arm({ kind: "stuck", atOp, afterBytes, bit: drawn.below(8) } satisfies FlashFault);
      }
      if (drawn.strikes(odds["bolt-jam"])) {
        mechanics.arm([
          { kind: "jam", atMove: mechanics.counters.moves + drawn.below(2), moves: drawn.between(1, 3) },
        ]);
      }
    },
  };
}

/** No two connections of a lock draw the same: the moment goes in, and a count within it. */
function freshEntropy(crypto: Crypto, key: Bytes, agenda: Agenda): { draw(): Bytes } {
  let drawnMs = -1;
  let draws = 0;
  return {
    draw() {
      draws = agenda.nowMs === drawnMs ? draws + 1 : 0;
      drawnMs = agenda.nowMs;
      const moment = `${drawnMs}/${draws}`;
      return crypto.mac(
        key,
        Uint8Array.from(moment, (letter) => letter.charCodeAt(0)),
      );
    },
  };
}
