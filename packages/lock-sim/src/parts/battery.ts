/**
 * The lock's battery: a charge that operations draw from, and a voltage that gives in under load when little is left.
 * Not a chemistry: no temperature and no curve, only what a lock can meet. It switches nothing off; it says that the
 * voltage broke down, and whoever asked stops there.
 *
 * Laws. The charge only falls, except by `replace`. A draw breaks down when less is left than the load's floor, and
 * still costs what it costs. Heavier loads have higher floors.
 *
 * Fault menu (called directly, not armed):
 * - `sag`: cold or old cells: every floor is so many points higher.
 * - `drop`: a cell dies: so much is left at once.
 * - `misread`: the gauge is off by so many points; the charge is not.
 */
import { type TornPattern, tornPatterns } from "./flash.ts";

export const batteryFaults = [
  { name: "sag", means: "cold or old cells: every load breaks down at a higher charge" },
  { name: "drop", means: "a cell dies: the charge falls at once" },
  { name: "misread", means: "the gauge shows more or less than there is" },
] as const;

/** What one operation costs, and the charge below which it makes the voltage break down. `radio`: one second of it. */
export const loads = {
  program: { microcoulombs: 100, floorPercent: 1 },
  erase: { microcoulombs: 1_000, floorPercent: 2 },
  secure: { microcoulombs: 200, floorPercent: 1 },
  radio: { microcoulombs: 6_000, floorPercent: 1 },
  boot: { microcoulombs: 10_000, floorPercent: 1 },
  motor: { microcoulombs: 500_000, floorPercent: 4 },
} as const;
export type Load = keyof typeof loads;

/** 2,500 mAh. */
const capacityDefault = 9_000_000_000;
/** 25 µA. */
const idleMicrocoulombsPerSecond = 25;

export interface BatteryOptions {
  /** Charge at first, 0 to 100; 100 when left out. */
  readonly percent?: number;
  readonly capacityMicrocoulombs?: number;
  /** Draws in [0, 1): where a store's operation is torn when the voltage breaks down in it. */
  readonly chance: () => number;
}

/** How an operation is torn by a voltage that breaks down in it. */
export interface BrownOut {
  /** How much of the operation was done, in [0, 1). */
  readonly share: number;
  readonly pattern: TornPattern;
  readonly seed: number;
}

export interface Battery {
  /** What the gauge shows: whole points from 0 to 100. */
  readonly percent: number;
  /** What is left, likewise. */
  readonly truePercent: number;
  /** Takes the charge of one operation. "brown-out": the voltage broke down meanwhile. */
  draw(load: Load): "done" | "brown-out";
  /** Draws for an operation of a store; undefined: it had what it needs. */
  drawToStore(load: "program" | "erase" | "secure"): BrownOut | undefined;
  /** Time passes while the lock sleeps. */
  pass(milliseconds: number): void;
  /** New cells. */
  replace(percent?: number): void;
  /** So much is left, if more was. */
  drop(toPercent: number): void;
  /** Every floor is so many points higher; 0 ends it. */
  sag(points: number): void;
  /** The gauge shows so many points more than there are; negative: fewer; 0 ends it. */
  misread(points: number): void;
  /** Voltages that broke down so far. */
  readonly brownOuts: number;
}

export function createBattery({
  percent = 100,
  capacityMicrocoulombs = capacityDefault,
  chance,
}: BatteryOptions): Battery {
  const chargeAt = (points: number): number => Math.floor((capacityMicrocoulombs * points) / 100);
  let left = chargeAt(percent);
  let sagPoints = 0;
  let gaugePoints = 0;
  let brownOuts = 0;
  /** Microcoulombs times 1,000 that idle time took and that are not yet a whole one. */
  let idleRest = 0;

  const truePercent = (): number => Math.ceil((left * 100) / capacityMicrocoulombs);
  const take = (microcoulombs: number): void => {
    left = Math.max(0, left - microcoulombs);
  };

  const battery: Battery = {
    get percent() {
      return Math.min(100, Math.max(0, truePercent() + gaugePoints));
    },
    get truePercent() {
      return truePercent();
    },
    draw(load) {
      const { microcoulombs, floorPercent } = loads[load];
      const isEnough = left >= chargeAt(floorPercent + sagPoints);
      take(microcoulombs);
      if (isEnough) return "done";
      brownOuts++;
      return "brown-out";
    },
    drawToStore(load) {
      if (battery.draw(load) === "done") return undefined;
      const share = chance();
      const pattern = tornPatterns[Math.floor(chance() * tornPatterns.length)] ?? "untouched";
      return { share, pattern, seed: Math.floor(chance() * 2 ** 32) };
    },
    pass(milliseconds) {
      if (milliseconds < 0) throw new RangeError(`time does not go back by ${milliseconds} ms`);
      idleRest += milliseconds * idleMicrocoulombsPerSecond;
      take(Math.floor(idleRest / 1_000));
      idleRest %= 1_000;
    },
    replace(points = 100) {
      left = chargeAt(points);
    },
    drop(toPercent) {
      left = Math.min(left, chargeAt(toPercent));
    },
    sag(points) {
      sagPoints = points;
    },
    misread(points) {
      gaugePoints = points;
    },
    get brownOuts() {
      return brownOuts;
    },
  };
  return battery;
}
