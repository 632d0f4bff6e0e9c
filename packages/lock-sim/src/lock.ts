/**
 * One whole lock from its parts: firmware, board, stores behind a power supply, clock and panel. In memory unless its
 * maker lends stores of another kind. Not a program and not a world; it does nothing until told to.
 */
import {
  ascii,
  type Bytes,
  type Crypto,
  capacityDefault,
  concat,
  createCrypto,
  formatSetup,
  portable,
  setupTag,
  writeUint,
} from "@doorsync/protocol/lock";
import { type Board, createBoard } from "./board/board.ts";
import type { EntropyPort, PanelPort } from "./board/ports.ts";
import type { Denial, Effect, Event, LoudAlarm, Note } from "./firmware/events.ts";
import { type Geometry, geometryFor, sectorBytes, wordBytes } from "./firmware/geometry.ts";
import { encodeSecure, factorySecure } from "./firmware/secure.ts";
import { createFirmware, type Firmware } from "./firmware/step.ts";
import type { Battery } from "./parts/battery.ts";
import { createClock, type SimulatedClock } from "./parts/clock.ts";
import { createFlash, type FlashShape } from "./parts/flash.ts";
import { type BoltPosition, createPanel, type Panel } from "./parts/panel.ts";
import { createSecureElement } from "./parts/secure-element.ts";
import { createSupply, type Storage, type Struck, type Supply } from "./parts/supply.ts";

/** What became of typed keys. The credential and the reason are for whoever looks into the lock; its panel shows neither. */
export type Pressed =
  | { readonly result: "opened"; readonly credential: number | undefined }
  | { readonly result: "refused"; readonly reason: Denial | undefined }
  /** Too many wrong codes; not judged. */
  | { readonly result: "wait" }
  /** Digits without ENTER. */
  | { readonly result: "typed" }
  /** No power, or it failed meanwhile. */
  | { readonly result: "dark" };

/** What one may hear of a lock, as it happens. */
export interface LockListeners {
  /** Every step of the firmware: what happened, and what it asks of its board, before that is obeyed. */
  readonly onStep?: (event: Event, effects: readonly Effect[]) => void;
  readonly onNote?: (note: Note) => void;
  readonly onBolt?: (to: BoltPosition) => void;
  readonly onAlarm?: (alarm: LoudAlarm) => void;
  /** The power failed inside a storage operation. */
  readonly onStruck?: (struck: Struck) => void;
}

export interface LockParts extends LockListeners {
  readonly crypto: Crypto;
  readonly geometry: Geometry;
  readonly storage: Storage;
  readonly clock: SimulatedClock;
  readonly entropy: EntropyPort;
  /** The bolt's motor; a faultless one when left out. */
  readonly drive?: PanelPort["bolt"];
  /** What storage operations draw from; there is always enough when left out. */
  readonly battery?: Pick<Battery, "drawToStore">;
}

export interface SimulatedLock {
  readonly board: Board;
  /** The stores as the board sees them, and the power cut to come. */
  readonly supply: Supply;
  readonly clock: SimulatedClock;
  readonly panel: Panel;
  /** Types `0-9`, `#` (ENTER) and `*` (CLEAR), and says what the last ENTER came to. */
  press(keys: string): Pressed;
  /** Holds a keycard against the reader: the bytes it answers with. */
  tap(uid: Bytes): Pressed;
  /** Turns the mechanical key; that works without power, too. */
  turnKey(to: BoltPosition): void;
  /** Lets lock time pass, with a tick at least every second. */
  pass(seconds: number): void;
}

/** A lock over any stores and clocks. It is dark: `board.powerOn()`. */
export function composeLock(parts: LockParts): SimulatedLock {
  const supply = createSupply(parts.storage, parts.battery);
  const panel = createPanel(parts);
  let lastDenial: Denial | undefined;
  let lastOpener: number | undefined;
  const board = createBoard({
    firmware: overheard(createFirmware({ crypto: parts.crypto, geometry: parts.geometry }), parts.onStep),
    flash: supply.flash,
    secure: supply.secure,
    clock: parts.clock,
    panel,
    entropy: parts.entropy,
    onNote(note) {
      if (note.what === "denied") lastDenial = note.reason;
      if (note.what === "opened") lastOpener = note.credential;
      parts.onNote?.(note);
    },
    onPowerCut() {
      const struck = supply.struck();
      if (struck !== undefined) parts.onStruck?.(struck);
    },
  });

  function pressed(act: () => void): Pressed {
    panel.taken();
    lastDenial = undefined;
    lastOpener = undefined;
    act();
    const signal = panel.taken().at(-1);
    if (board.state.power === "off") return { result: "dark" };
    switch (signal) {
      case "accepted":
        return { result: "opened", credential: lastOpener };
      case "refused":
        return { result: "refused", reason: lastDenial };
      case "wait":
        return { result: "wait" };
      case undefined:
        return { result: "typed" };
      default:
        return signal satisfies never;
    }
  }

  return {
    board,
    supply,
    clock: parts.clock,
    panel,
    press: (keys) => pressed(() => board.press(keys)),
    tap: (uid) => pressed(() => board.tap(uid)),
    turnKey(to) {
      panel.turned(to);
      board.turnKey(to);
    },
    pass(seconds) {
      for (let left = seconds * 1_000; left > 0; left -= 1_000) {
        parts.clock.advance(Math.min(left, 1_000));
        board.tick();
      }
    },
  };
}

function overheard(firmware: Firmware, onStep: LockListeners["onStep"]): Firmware {
  if (onStep === undefined) return firmware;
  return {
    step(state, event) {
      const stepped = firmware.step(state, event);
      onStep(event, stepped.effects);
      return stepped;
    },
  };
}

/** The chip that a lock of this geometry has. */
export function flashShapeOf(geometry: Geometry): FlashShape {
  return { bytes: geometry.imageBytes, sectorBytes, wordBytes };
}

/** The secure element's record as it leaves the factory. */
export function factoryRecord(crypto: Crypto, setupSecret: Bytes): Bytes {
  return encodeSecure(factorySecure(setupSecret, setupTag(crypto, { secret: setupSecret })));
}

/** Entropy that is the same in every run: for simulations only. A real lock draws from its hardware. */
export function repeatableEntropy(crypto: Crypto, seed: Bytes): EntropyPort {
  let drawn = 0;
  return {
    draw() {
      const count = new Uint8Array(4);
      writeUint(count, 0, 4, drawn++);
      return crypto.mac(seed, concat(ascii("simulated entropy"), count));
    },
  };
}

export interface SimulatedLockOptions extends LockListeners {
  /** 16 bytes: the secret printed with the lock. */
  readonly setupSecret: Bytes;
  /** Codes the lock can hold, 1 to 10,000. */
  readonly capacity?: number;
  readonly crypto?: Crypto;
  /** A virtual clock that shows 1970 and stands still until told otherwise, when left out. */
  readonly clock?: SimulatedClock;
  /** Repeats itself from the setup secret when left out. */
  readonly entropy?: EntropyPort;
}

/** A factory-fresh lock in memory, powered on, with the setup text printed on its box. */
export function createSimulatedLock(
  options: SimulatedLockOptions,
): SimulatedLock & { readonly setup: string } {
  const { setupSecret, crypto = createCrypto(portable), capacity = capacityDefault } = options;
  const geometry = geometryFor(capacity);
  const lock = composeLock({
    ...options,
    crypto,
    geometry,
    storage: {
      flash: createFlash(flashShapeOf(geometry)),
      secure: createSecureElement(factoryRecord(crypto, setupSecret)),
    },
    clock: options.clock ?? createClock({ rtcSeconds: 0 }),
    entropy: options.entropy ?? repeatableEntropy(crypto, setupSecret),
  });
  lock.board.powerOn();
  return { ...lock, setup: formatSetup(crypto, { secret: setupSecret }) };
}
