/**
 * A lock on a workbench: the whole simulated lock on its moving parts and its battery, with somebody's hands on all of
 * them. The words of `lock-sim` act on this one, over files as well as in a story. It reads no words and says none.
 */
import {
  type AlarmName,
  type Bytes,
  type Crypto,
  decodeEvent,
  fromHex,
  type LockEvent,
  readUint,
} from "@doorsync/protocol/lock";
import type { BoardLink } from "../board/board.ts";
import type { EntropyPort, LinkPort } from "../board/ports.ts";
import type { Note } from "../firmware/events.ts";
import type { Geometry } from "../firmware/geometry.ts";
import { composeLock, type Pressed, type SimulatedLock } from "../lock.ts";
import { type Battery, createBattery } from "../parts/battery.ts";
import type { SimulatedClock } from "../parts/clock.ts";
import type { Flash } from "../parts/flash.ts";
import { type BoltEnd, createMechanics, type Mechanics, resetHoldMs } from "../parts/mechanics.ts";
import type { BoltPosition } from "../parts/panel.ts";
import type { Storage, Struck, SupplyCut } from "../parts/supply.ts";
import type { RadioMood } from "./status.ts";

/** How long the lamp shows what became of a code. */
const lampMs = 10_000;
/** Events that are kept to be looked at, also after the authority has them. */
const eventsKeptMax = 256;

/** The power cut to come, as it was asked for. Whoever hears that it struck takes it out. */
export interface Fuse {
  armed: { readonly cut: SupplyCut; readonly opsBefore: number } | undefined;
}

export interface BenchParts {
  readonly crypto: Crypto;
  readonly geometry: Geometry;
  readonly storage: Storage & { readonly flash: Pick<Flash, "rot"> };
  readonly clock: SimulatedClock;
  readonly entropy: EntropyPort;
  /** Draws in [0, 1), for what a weak battery spoils. */
  readonly chance: () => number;
  readonly onNote: (note: Note) => void;
  readonly onBolt: (to: BoltPosition) => void;
  readonly onStruck: (struck: Struck, sinceArmed: number | undefined) => void;
  /** The battery gave in: under the motor, while booting, or by the radio. */
  readonly onBrownOut: (load: "motor" | "boot" | "radio") => void;
}

export interface Bench {
  readonly lock: SimulatedLock;
  readonly mechanics: Mechanics;
  readonly battery: Battery;
  readonly flash: Pick<Flash, "rot">;
  readonly fuse: Fuse;
  readonly radio: RadioMood;
  /** What the panel shows. */
  readonly lamp: "accepted" | "refused" | "wait" | undefined;
  /** Moves of the bolt that will still jam. */
  readonly jams: number;
  /** What typing or a card came to last. */
  readonly pressed: Pressed | undefined;
  /** Raised, and not yet expected by a script, which takes them out. */
  readonly alarms: AlarmName[];
  /** The journal's newest events, oldest first, also those that the authority has by now. */
  readonly events: readonly LockEvent[];
  press(keys: string): Pressed;
  tap(uid: string): Pressed;
  turnKey(to: BoltEnd): void;
  /** False: the bolt is in the way. */
  moveDoor(does: "open" | "close" | "force"): boolean;
  holdButton(): void;
  charge(percent: number): void;
  jam(moves: number): void;
  tune(mood: RadioMood): void;
  powerOn(): void;
  powerOff(): void;
  /** Undefined: dark, busy, or deaf. */
  connect(link: LinkPort): BoardLink | undefined;
  /** So much time has passed by the lock's clock: a tick, and what time does to its parts. */
  passed(milliseconds: number): void;
}

export function createBench(parts: BenchParts): Bench {
  const fuse: Fuse = { armed: undefined };
  const alarms: AlarmName[] = [];
  let radio: RadioMood = "on";
  let lamp: { readonly signal: NonNullable<Bench["lamp"]>; readonly atMs: number } | undefined;
  let jamsUntil = 0;
  let pressed: Pressed | undefined;
  let tapped: Pressed = { result: "typed" };
  let events: readonly LockEvent[] = [];
  let toldPercent: number | undefined;
  let motorFailed = false;
  let nowMs = 0;
  let radioRestMs = 0;
  let open: { readonly link: LinkPort; readonly end: () => void } | undefined;
  /** Who connected while the radio was silent: no session of the firmware ends these. */
  const unheard = new Set<LinkPort>();

  const battery = createBattery({ chance: parts.chance });
  const mechanics = createMechanics({
    battery,
    onBrownOut: () => {
      motorFailed = true;
    },
    onDoor: (is) => lock.board.door(is),
    onCylinder: (to) => lock.turnKey(to),
    onCard: (uid) => {
      tapped = lock.tap(uid);
    },
    onReset: () => lock.board.holdReset(),
  });
  const lock: SimulatedLock = composeLock({
    crypto: parts.crypto,
    geometry: parts.geometry,
    storage: parts.storage,
    clock: parts.clock,
    entropy: parts.entropy,
    drive: mechanics.bolt,
    battery,
    onBolt: parts.onBolt,
    onStep(_event, effects) {
      for (const effect of effects) {
        if (effect.kind === "signal") lamp = { signal: effect.signal, atMs: nowMs };
      }
    },
    onNote(note) {
      if (note.what === "alarm") alarms.push(note.alarm);
      parts.onNote(note);
    },
    onStruck(struck) {
      const { armed } = fuse;
      fuse.armed = undefined;
      parts.onStruck(struck, armed === undefined ? undefined : struck.op - armed.opsBefore + 1);
    },
  });
  const isOn = (): boolean => lock.board.state.power === "on";

  function goDark(load: "motor" | "boot" | "radio"): void {
    lock.board.powerOff();
    parts.onBrownOut(load);
  }

  /** After anything that was done to the lock: what a step could not do by itself. */
  function settled<T>(result: T): T {
    if (motorFailed) {
      motorFailed = false;
      if (isOn()) goDark("motor");
    }
    if (isOn() && battery.percent !== toldPercent) {
      toldPercent = battery.percent;
      lock.board.battery(battery.percent);
    }
    if (radio !== "silent" || !isOn()) hangUpUnheard();
    readEvents();
    return result;
  }

  function readEvents(): void {
    const { state } = lock.board;
    if (state.power === "off") return;
    // A lock that forgot its owner counts from 1 again.
    if (state.journal.lastSeq < (events.at(-1)?.seq ?? 0)) events = [];
    const known = events.at(-1)?.seq ?? 0;
    if (state.journal.lastSeq === known) return;
    const fresh: LockEvent[] = [];
    for (const bytes of state.journal.events.toReversed()) {
      if (readUint(bytes, 0, 4) <= known) break;
      const event = decodeEvent(bytes);
      if (event.ok) fresh.unshift(event.value);
    }
    events = [...events, ...fresh].slice(-eventsKeptMax);
  }

  function jamsLeft(): number {
    return Math.max(0, jamsUntil - mechanics.counters.moves);
  }

  function hangUpUnheard(): void {
    const links = [...unheard];
    unheard.clear();
    for (const link of links) link.close();
  }

  function dropLink(): void {
    const dropped = open;
    open = undefined;
    dropped?.end();
  }

  return {
    lock,
    mechanics,
    battery,
    flash: parts.storage.flash,
    fuse,
    alarms,
    get radio() {
      return radio;
    },
    get lamp() {
      return lamp !== undefined && isOn() && nowMs - lamp.atMs < lampMs ? lamp.signal : undefined;
    },
    get jams() {
      return jamsLeft();
    },
    get pressed() {
      return pressed;
    },
    get events() {
      return events;
    },
    press(keys) {
      pressed = lock.press(keys);
      return settled(pressed);
    },
    tap(uid) {
      tapped = { result: isOn() ? "typed" : "dark" };
      mechanics.tap(fromHex(uid) ?? new Uint8Array(0));
      pressed = tapped;
      return settled(tapped);
    },
    turnKey: (to) => settled(mechanics.turn(to)),
    moveDoor(does) {
      if (does === "force") mechanics.force();
      return settled(does === "force" || (does === "open" ? mechanics.open() : mechanics.shut()));
    },
    holdButton: () => settled(mechanics.holdButton(resetHoldMs)),
    charge(percent) {
      battery.replace(percent);
      settled(undefined);
    },
    jam(moves) {
      const { moves: made } = mechanics.counters;
      jamsUntil = made + moves;
      mechanics.arm(moves === 0 ? [] : [{ kind: "jam", atMove: made, moves }]);
    },
    tune(mood) {
      radio = mood;
      if (mood !== "on") dropLink();
      settled(undefined);
    },
    powerOn() {
      if (isOn()) return;
      if (battery.draw("boot") === "brown-out") {
        parts.onBrownOut("boot");
        return;
      }
      toldPercent = undefined;
      lock.board.powerOn();
      settled(undefined);
    },
    powerOff() {
      lock.board.powerOff();
      settled(undefined);
    },
    connect(link) {
      if (radio === "deaf") return undefined;
      if (radio === "silent") {
        unheard.add(link);
        return { frame: () => {}, closed: () => void unheard.delete(link) };
      }
      const board = lock.board.connect(link);
      if (board === undefined) return undefined;
      const end = (): void => {
        settled(board.closed());
        link.close();
      };
      open = { link, end };
      settled(undefined);
      return {
        frame(bytes: Bytes) {
          if (radio === "on") settled(board.frame(bytes));
        },
        closed() {
          if (open?.link === link) open = undefined;
          settled(board.closed());
        },
      };
    },
    passed(milliseconds) {
      nowMs += milliseconds;
      mechanics.passTo(Math.floor(nowMs));
      battery.pass(milliseconds);
      const { state } = lock.board;
      if (state.power === "on" && state.session !== undefined) {
        radioRestMs += milliseconds;
        for (; radioRestMs >= 1_000; radioRestMs -= 1_000) {
          if (battery.draw("radio") === "brown-out") goDark("radio");
        }
      }
      lock.board.tick();
      settled(undefined);
    },
  };
}
