/**
 * Bolt, door, cylinder, card reader and interior button: what moves, and what the lock's sensors say of it. Not the
 * lock's idea of them; that is the firmware's. It is told the time, in whole milliseconds.
 *
 * Laws. A door that is shut opens only when the bolt does not hold it. A bolt that stopped half-way still holds if it
 * came out of "locked", and does not yet if it came out of "unlocked". A door does not shut over a bolt that is out; a
 * bolt may come out while the door is open. A mechanical key or the thumbturn always moves the bolt.
 *
 * Fault menu (the only things that go wrong, and only when armed; each counts its own kind of deed from 0):
 * - `jam`: the bolt stops half-way, in so many moves of the motor from that one on.
 * - `slow`: one move takes so long. Past `motorMsMax` the motor gives up ("jammed"), but the bolt arrives later.
 * - `card-unread`: the reader misses a card.
 * - `card-twice`: the reader reads a card twice.
 * - `door-stuck`: the door's sensor misses so many moves of the door.
 * - `door-bounce`: the sensor says of one move: moved, back, moved.
 * And a battery that is too weak for the motor stops the bolt half-way and takes the lock's power with it.
 */
import type { Bytes } from "@doorsync/protocol/lock";
import type { Battery } from "./battery.ts";

export const mechanicsFaults = [
  { name: "jam", means: "the bolt stops half-way, in a number of moves" },
  { name: "slow", means: "the motor takes long; past its limit it gives up and the bolt arrives later" },
  { name: "card-unread", means: "the reader misses a card" },
  { name: "card-twice", means: "the reader reads a card twice" },
  { name: "door-stuck", means: "the door's sensor misses a number of moves" },
  { name: "door-bounce", means: "the door's sensor reports one move three times" },
] as const;

/** Time that the motor has for one move. */
export const motorMsMax = 2_000;
/** The interior button, held so long, resets the lock. */
export const resetHoldMs = 10_000;

export type BoltEnd = "locked" | "unlocked";
export type BoltReached = BoltEnd | "jammed";
export type DoorPosition = "open" | "closed";

export type MechanicsFault =
  | { readonly kind: "jam"; readonly atMove: number; readonly moves: number }
  | { readonly kind: "slow"; readonly atMove: number; readonly ms: number }
  | { readonly kind: "card-unread"; readonly atTap: number }
  | { readonly kind: "card-twice"; readonly atTap: number }
  | { readonly kind: "door-stuck"; readonly atDoorMove: number; readonly doorMoves: number }
  | { readonly kind: "door-bounce"; readonly atDoorMove: number };

/** Who hears the sensors: the board, as a rule. */
export interface MechanicsOptions {
  /** None: the motor always has what it needs. */
  readonly battery?: Pick<Battery, "draw">;
  /** The motor took the lock's power down, in the middle of `bolt`. */
  readonly onBrownOut?: () => void;
  readonly onDoor?: (is: DoorPosition) => void;
  /** The cylinder was turned; the bolt is there already. */
  readonly onCylinder?: (to: BoltEnd) => void;
  readonly onCard?: (uid: Bytes) => void;
  /** The interior button was held for `resetHoldMs`. */
  readonly onReset?: () => void;
}

/** What happened to the part so far. */
export interface MechanicsCounters {
  /** Moves of the motor, begun. */
  readonly moves: number;
  readonly taps: number;
  readonly doorMoves: number;
  /** Deeds that a fault spoilt. */
  readonly struck: Readonly<Record<MechanicsFault["kind"], number>>;
}

export interface Mechanics {
  /** The motor's work, and the position that it reached as far as the lock can tell. */
  bolt(to: BoltEnd): BoltReached;
  readonly boltAt: BoltReached;
  /** Whether the bolt keeps a shut door shut. */
  readonly holds: boolean;
  readonly doorIs: DoorPosition;
  /** Somebody opens the door; false: the bolt holds it. */
  open(): boolean;
  /** Somebody shuts the door; false: it bounces off the bolt. */
  shut(): boolean;
  /** Somebody breaks the door open. */
  force(): void;
  /** Mechanical key outside, thumbturn inside. */
  turn(to: BoltEnd): void;
  tap(uid: Bytes): void;
  holdButton(milliseconds: number): void;
  /** Replaces what was armed before. */
  arm(faults: readonly MechanicsFault[]): void;
  /** It is this late now: a slow bolt may have arrived. */
  passTo(nowMs: number): void;
  /** When a slow bolt arrives; undefined: nothing moves. */
  readonly nextMs: number | undefined;
  readonly counters: MechanicsCounters;
}

export function createMechanics(options: MechanicsOptions = {}): Mechanics {
  let nowMs = 0;
  let boltAt: BoltReached = "locked";
  /** What the bolt was before it moved last: decides what a bolt that stopped half-way does. */
  let cameFrom: BoltEnd = "locked";
  let arrives: { readonly atMs: number; readonly to: BoltEnd } | undefined;
  let doorIs: DoorPosition = "closed";
  let armed: readonly MechanicsFault[] = [];
  let moves = 0;
  let taps = 0;
  let doorMoves = 0;
  const struck: Record<MechanicsFault["kind"], number> = {
    jam: 0,
    slow: 0,
    "card-unread": 0,
    "card-twice": 0,
    "door-stuck": 0,
    "door-bounce": 0,
  };

  const holds = (): boolean => (boltAt === "jammed" ? cameFrom : boltAt) === "locked";

  const strikes = (fault: MechanicsFault | undefined): boolean => {
    if (fault === undefined) return false;
    struck[fault.kind]++;
    return true;
  };

  const rest = (at: BoltReached): void => {
    arrives = undefined;
    if (boltAt !== "jammed") cameFrom = boltAt;
    boltAt = at;
  };

  const moveDoor = (to: DoorPosition): void => {
    if (to === doorIs) return;
    const from = doorIs;
    const move = doorMoves++;
    doorIs = to;
    const isMissed = armed.find(
      (one) => one.kind === "door-stuck" && one.atDoorMove <= move && move < one.atDoorMove + one.doorMoves,
    );
    if (strikes(isMissed)) return;
    const says = strikes(armed.find((one) => one.kind === "door-bounce" && one.atDoorMove === move))
      ? [to, from, to]
      : [to];
    for (const is of says) options.onDoor?.(is);
  };

  return {
    bolt(to) {
      if (to === boltAt) return to;
      const move = moves++;
      if (options.battery?.draw("motor") === "brown-out") {
        rest("jammed");
        options.onBrownOut?.();
        return "jammed";
      }
      const isJammed = armed.find(
        (one) => one.kind === "jam" && one.atMove <= move && move < one.atMove + one.moves,
      );
      if (strikes(isJammed)) {
        rest("jammed");
        return "jammed";
      }
      const slow = armed.find((one) => one.kind === "slow" && one.atMove === move);
      if (slow?.kind === "slow" && strikes(slow) && slow.ms > motorMsMax) {
        rest("jammed");
        arrives = { atMs: nowMs + slow.ms, to };
        return "jammed";
      }
      rest(to);
      return to;
    },

    get boltAt() {
      return boltAt;
    },
    get holds() {
      return holds();
    },
    get doorIs() {
      return doorIs;
    },

    open() {
      if (doorIs === "closed" && holds()) return false;
      moveDoor("open");
      return true;
    },
    shut() {
      if (doorIs === "open" && boltAt !== "unlocked") return false;
      moveDoor("closed");
      return true;
    },
    force() {
      moveDoor("open");
    },

    turn(to) {
      rest(to);
      options.onCylinder?.(to);
    },

    tap(uid) {
      const tap = taps++;
      if (strikes(armed.find((one) => one.kind === "card-unread" && one.atTap === tap))) return;
      options.onCard?.(uid);
      if (strikes(armed.find((one) => one.kind === "card-twice" && one.atTap === tap))) options.onCard?.(uid);
    },

    holdButton(milliseconds) {
      if (milliseconds >= resetHoldMs) options.onReset?.();
    },

    arm(faults) {
      armed = faults;
    },

    passTo(untilMs) {
      if (untilMs < nowMs) throw new RangeError(`time does not go back to ${untilMs} ms`);
      nowMs = untilMs;
      if (arrives !== undefined && arrives.atMs <= nowMs) rest(arrives.to);
    },

    get nextMs() {
      return arrives?.atMs;
    },

    get counters() {
      return { moves, taps, doorMoves, struck: { ...struck } };
    },
  };
}
