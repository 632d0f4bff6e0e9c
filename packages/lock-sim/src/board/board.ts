/**
 * The only interpreter of the firmware's effects: feeds it events, obeys it, and loses everything but flash and
 * secure element when the power fails. Not a simulation of anything: the same board runs over real parts.
 */

import type { Bytes, Hello } from "@doorsync/protocol/lock";
import type { Effect, Happening, Key, Note } from "../firmware/events.ts";
import { off, type State } from "../firmware/state.ts";
import type { Firmware } from "../firmware/step.ts";
import { helloAt } from "../firmware/sync.ts";
import type { ClockPort, EntropyPort, FlashPort, LinkPort, Outcome, PanelPort, SecurePort } from "./ports.ts";

export interface BoardParts {
  readonly firmware: Firmware;
  readonly flash: FlashPort;
  readonly secure: SecurePort;
  readonly clock: ClockPort;
  readonly panel: PanelPort;
  readonly entropy: EntropyPort;
  /** Hears every note, for traces and people. */
  readonly onNote?: (note: Note) => void;
  /** The power failed inside a storage operation. */
  readonly onPowerCut?: () => void;
}

/** What the radio calls. Calls for a connection that is gone are ignored: callbacks come late. */
export interface BoardLink {
  frame(bytes: Bytes): void;
  closed(): void;
}

export interface Board {
  readonly state: State;
  powerOn(): void;
  powerOff(): void;
  tick(): void;
  press(keys: string): void;
  /** A keycard is held against the reader. */
  tap(uid: Bytes): void;
  /** The mechanical key has turned the bolt. */
  turnKey(to: "unlocked" | "locked"): void;
  door(is: "open" | "closed"): void;
  /** Charge left, 0 to 100. */
  battery(percent: number): void;
  /** The button inside was held. */
  holdReset(): void;
  /** What the lock says of itself just now, without a connection: for its advertising. Undefined while it is dark. */
  hello(): Hello | undefined;
  /** One connection at a time, as the radio has; undefined while another is open or the power is off. */
  connect(link: LinkPort): BoardLink | undefined;
}

export function createBoard(parts: BoardParts): Board {
  let state: State = off;
  let link: LinkPort | undefined;
  const events: Happening[] = [];
  let feeding = false;

  /** Events are handled one after another: an effect's answer waits until the step that asked is obeyed in full. */
  function feed(event: Happening): void {
    events.push(event);
    if (feeding) return;
    feeding = true;
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        const stepped = parts.firmware.step(state, { now: parts.clock.now(), ...next });
        state = stepped.state;
        for (const effect of stepped.effects) {
          obey(effect);
          // What a step asks after the operation in which the power failed does not happen any more.
          if (state !== stepped.state) break;
        }
      }
    } finally {
      feeding = false;
    }
  }

  /** A storage operation's answer, or darkness: what was to happen afterwards does not. */
  function answer(outcome: Outcome, event: () => Happening): void {
    if (outcome === "done") {
      events.push(event());
      return;
    }
    events.length = 0;
    state = off;
    dropLink();
    parts.onPowerCut?.();
  }

  function obey(effect: Effect): void {
    switch (effect.kind) {
      case "program":
        answer(parts.flash.program(effect.address, effect.bytes), () => ({
          kind: "programmed",
          readBack: parts.flash.read(effect.address, effect.bytes.length),
        }));
        return;
      case "erase":
        answer(parts.flash.erase(effect.sector), () => ({ kind: "erased" }));
        return;
      case "secure":
        answer(parts.secure.write(effect.record), () => ({ kind: "secured" }));
        return;
      case "send":
        link?.send(effect.frame);
        return;
      case "disconnect":
        dropLink();
        return;
      case "bolt":
        events.push({ kind: "bolt-at", at: parts.panel.bolt(effect.to) });
        return;
      case "alarm":
        parts.panel.alarm(effect.alarm);
        return;
      case "signal":
        parts.panel.signal(effect.signal);
        return;
      case "set-clock":
        parts.clock.set(effect.seconds);
        return;
      case "note":
        parts.onNote?.(effect.note);
        return;
      default:
        throw new Error(`no such effect: ${String(effect satisfies never)}`);
    }
  }

  function dropLink(): void {
    const dropped = link;
    link = undefined;
    dropped?.close();
  }

  return {
    get state() {
      return state;
    },
    powerOn() {
      if (state.power === "on") return;
      for (const part of [parts.flash, parts.secure, parts.clock]) part.powerOn();
      feed({ kind: "power-on", flash: parts.flash.read(), secure: parts.secure.read() });
    },
    powerOff() {
      feed({ kind: "power-off" });
      dropLink();
    },
    tick() {
      feed({ kind: "tick" });
    },
    press(keys) {
      for (const key of keys) feed({ kind: "key", key: key as Key });
    },
    tap(uid) {
      feed({ kind: "card", uid });
    },
    turnKey(to) {
      feed({ kind: "cylinder", to });
    },
    door(is) {
      feed({ kind: "door", is });
    },
    battery(percent) {
      feed({ kind: "battery", percent });
    },
    holdReset() {
      feed({ kind: "reset-button" });
    },
    hello() {
      return state.power === "on" ? helloAt(state, parts.clock.now()) : undefined;
    },
    connect(opened) {
      if (link !== undefined || state.power === "off") return undefined;
      link = opened;
      feed({ kind: "connected", entropy: parts.entropy.draw(), frameBytesMax: opened.frameBytesMax });
      return {
        frame: (bytes) => {
          if (link === opened) feed({ kind: "frame", bytes });
        },
        closed: () => {
          if (link !== opened) return;
          link = undefined;
          feed({ kind: "disconnected" });
        },
      };
    },
  };
}
