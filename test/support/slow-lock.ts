/**
 * The real firmware over the real stores, with storage that takes as long as the test likes: an operation is done when
 * the test says so, and anything may happen in between. The board of `world.ts` answers at once and cannot show that.
 */
import * as air from "@doorsync/protocol/courier";
import type {
  Effect,
  Happening,
  Note,
  Now,
  StorageEffect,
} from "../../packages/lock-sim/src/firmware/events.ts";
import { geometryFor } from "../../packages/lock-sim/src/firmware/geometry.ts";
import { off, type State } from "../../packages/lock-sim/src/firmware/state.ts";
import { createFirmware } from "../../packages/lock-sim/src/firmware/step.ts";
import { crypto, type LockParts, noon } from "../world.ts";

export interface SlowLock {
  readonly state: State;
  readonly now: { uptimeMs: number; rtcSeconds: number | undefined };
  readonly parts: LockParts;
  /** Everything it did besides storing, in order. */
  readonly did: Exclude<Effect, StorageEffect>[];
  readonly notes: Note[];
  readonly pending: StorageEffect | undefined;
  happen(event: Happening): void;
  /** Does the outstanding operation and tells the firmware; false when there is none. */
  work(): boolean;
  /** Works until nothing is outstanding. */
  finish(): void;
  press(keys: string): void;
  /** A courier's message in frames of 244 bytes, each its own event; `sent` counts the frames of the connection. */
  say(message: air.Message): void;
  connect(): void;
  /** Whole messages that it said since the last `connect`. */
  heard(): air.Message[];
}

export function slowLock(parts: LockParts, capacity = 70): SlowLock {
  const firmware = createFirmware({ crypto, geometry: geometryFor(capacity) });
  const now = { uptimeMs: 0, rtcSeconds: noon as number | undefined };
  const did: Exclude<Effect, StorageEffect>[] = [];
  const notes: Note[] = [];
  let state: State = off;
  let pending: StorageEffect | undefined;
  let outbox = air.emptyOutbox;
  let connectedAt = 0;

  const lock: SlowLock = {
    get state() {
      return state;
    },
    get pending() {
      return pending;
    },
    now,
    parts,
    did,
    notes,
    happen(event) {
      const stepped = firmware.step(state, { now: { ...now } satisfies Now, ...event });
      state = stepped.state;
      for (const effect of stepped.effects) {
        if (effect.kind === "program" || effect.kind === "erase" || effect.kind === "secure") {
          if (pending !== undefined) throw new Error("two storage operations at once");
          pending = effect;
        } else {
          did.push(effect);
          if (effect.kind === "note") notes.push(effect.note);
        }
      }
    },
    work() {
      const op = pending;
      if (op === undefined) return false;
      pending = undefined;
      switch (op.kind) {
        case "program":
          parts.flash.program(op.address, op.bytes);
          lock.happen({ kind: "programmed", readBack: parts.flash.read(op.address, op.bytes.length) });
          return true;
        case "erase":
          parts.flash.erase(op.sector);
          lock.happen({ kind: "erased" });
          return true;
        case "secure":
          parts.secure.write(op.record);
          lock.happen({ kind: "secured" });
          return true;
        default:
          throw new Error(String(op satisfies never));
      }
    },
    finish() {
      while (lock.work());
    },
    press(keys) {
      for (const key of keys) lock.happen({ kind: "key", key: key as "0" });
    },
    connect() {
      outbox = air.emptyOutbox;
      connectedAt = did.length;
      lock.happen({ kind: "connected", entropy: new Uint8Array(32).fill(7), frameBytesMax: 244 });
    },
    say(message) {
      const cut = air.segment(outbox, message.type, message.body, 244);
      outbox = cut.outbox;
      for (const bytes of cut.frames) lock.happen({ kind: "frame", bytes });
    },
    heard() {
      const messages: air.Message[] = [];
      let inbox = air.emptyInbox;
      for (const effect of did.slice(connectedAt)) {
        if (effect.kind !== "send") continue;
        const heard = air.hear(inbox, effect.frame, air.bodyBytesMax("toPhone"));
        if (heard.kind === "refused") throw new Error(`the lock spoke badly: ${heard.refused.check}`);
        inbox = heard.inbox;
        if (heard.kind === "message") messages.push({ type: heard.type, body: heard.body });
      }
      return messages;
    },
  };
  lock.happen({ kind: "power-on", flash: parts.flash.read(), secure: parts.secure.read() });
  return lock;
}
