/**
 * Somebody who stands at a real lock: types a code, holds a card against the reader, turns the key, and sees whether the
 * door opens. Not a phone: those are in `journey-phone.ts`.
 */
import { type Fault, memoryPair, memoryTransport, type Transport } from "@doorsync/phone-client";
import type { Bytes } from "@doorsync/protocol/courier";
import { wait } from "../world.ts";
import type { Service } from "./service.ts";
import type { Hung } from "./service-door.ts";

/** Longer than a bolt stays open. */
const relockSeconds = 6;

/** Powered seconds that locks lived while a story stood still, until its time catches up. */
const ahead = new WeakMap<Hung["lock"], number>();

/** Whether these digits and ENTER open the door. It is locked again afterwards. */
export function opens({ lock }: Hung, digits: string): boolean {
  if (lock.unlocked) throw new Error("the door stood open before anything was typed");
  const shown = lock.press(digits);
  if (shown === undefined) throw new Error("the lock is dark");
  if (shown === "wait") throw new Error("the keypad pauses: the story typed too many wrong codes");
  return locked(lock, shown === "accepted");
}

/** Whether this card opens the door. It is locked again afterwards. */
export function opensByCard({ lock }: Hung, card: string): boolean {
  if (lock.unlocked) throw new Error("the door stood open before a card was shown");
  const heard = lock.notes.length;
  lock.board.tap(new Uint8Array(Buffer.from(card, "hex")));
  const isOpened = lock.notes.slice(heard).some((note) => note.what === "opened" && note.by === "card");
  return locked(lock, isOpened);
}

/**
 * Somebody turns the mechanical key: it moves the bolt whatever the lock thinks. Whether the lock noticed, and locked
 * the door again by itself.
 */
export function opensByKey({ lock }: Hung): boolean {
  if (lock.unlocked) throw new Error("the door stood open before the key was turned");
  lock.unlocked = true;
  lock.board.turnKey("unlocked");
  return locked(lock, true);
}

/** Whether the door stands open, for somebody who typed nothing; it is locked again afterwards. */
export function isOpenNow({ lock }: Hung): boolean {
  return locked(lock, lock.unlocked);
}

function locked(lock: Hung["lock"], isAccepted: boolean): boolean {
  const isOpen = lock.unlocked;
  if (isOpen !== isAccepted) throw new Error(`the panel says ${isAccepted} and the bolt ${isOpen}`);
  if (!isOpen) return false;
  wait(lock, relockSeconds);
  ahead.set(lock, (ahead.get(lock) ?? 0) + relockSeconds);
  if (lock.unlocked) throw new Error("the door did not lock again");
  return true;
}

/** What the panel shows for digits that may come in a pause. */
export function panelShows({ lock }: Hung, digits: string): "accepted" | "refused" | "wait" | undefined {
  return lock.press(digits);
}

/** It becomes that time for the property and at these doors: powered time passes, and the clocks go on. */
export function becomes(service: Service, doors: readonly Hung[], seconds: number): void {
  const passed = seconds - service.clock.now;
  if (passed < 0) throw new Error("time does not go back");
  service.clock.now = seconds;
  for (const { lock } of doors) {
    lock.clock.rtcSeconds = seconds;
    const lived = Math.min(ahead.get(lock) ?? 0, passed);
    ahead.set(lock, (ahead.get(lock) ?? 0) - lived);
    wait(lock, passed - lived);
  }
}

export function passes(service: Service, doors: readonly Hung[], seconds: number): void {
  becomes(service, doors, service.clock.now + seconds);
}

const frameBytesMax = 244;

/** The way from a phone to the lock, with the faults of this air. A dark lock or one that talks already is not found. */
export function airTo({ lock }: Hung, faults: readonly Fault[] = []): Transport {
  return memoryTransport(() => {
    const pair = memoryPair(frameBytesMax, faults);
    const end = lock.board.connect({
      frameBytesMax,
      send: (frame: Bytes) => void pair.lock.send(frame).catch(() => {}),
      close: () => pair.lock.close(),
    });
    if (end === undefined) return undefined;
    pair.lock.onFrame((frame) => end.frame(frame));
    pair.lock.onClosed(() => end.closed());
    return pair.phone;
  });
}

/** A lock that is in range and takes connections, and whose radio says nothing any more. */
export function mute(): Transport {
  return memoryTransport(() => memoryPair(frameBytesMax).phone);
}

/** Out of range: nothing is found. */
export function nowhere(): Transport {
  return memoryTransport(() => undefined);
}
