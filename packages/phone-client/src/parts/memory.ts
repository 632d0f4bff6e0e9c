/**
 * Two ends of a link in memory, and the faults such a link can have. Not a radio: no rate and no latency, frames
 * arrive one microtask later.
 */
import type { Bytes } from "@doorsync/protocol/courier";
import type { Link, Stop, Transport } from "../ports.ts";

export type Direction = "to-lock" | "to-phone";

/** One fault, struck when the frame with that index (from 0, counted per direction) is sent. */
export type Fault = { readonly direction: Direction; readonly frame: number } & (
  | { readonly kind: "lose" }
  | { readonly kind: "duplicate" }
  /** Held back until the next frame of its direction has passed. */
  | { readonly kind: "reorder" }
  /** One byte (index modulo the frame's length) xor `mask`. */
  | { readonly kind: "corrupt"; readonly byte: number; readonly mask: number }
  /** Both ends close; the frame is gone. */
  | { readonly kind: "cut" }
);

export interface MemoryPair {
  readonly phone: Link;
  readonly lock: Link;
  /** Faults that were taken, in order. A test that planned one asserts that it is here. */
  readonly struck: readonly Fault[];
}

/** Frames that may wait for a listener: more than that is a peer that talks to nobody, and the link breaks. */
const heldFramesMax = 256;

interface End {
  readonly link: Link;
  arrive(frame: Bytes): void;
  shut(why: string | undefined): void;
}

/** A connected pair. `faults` are the whole plan; an empty one is a perfect link. */
export function memoryPair(frameBytesMax: number, faults: readonly Fault[] = []): MemoryPair {
  const struck: Fault[] = [];
  const ends: { readonly phone: End; readonly lock: End } = {
    phone: createEnd(frameBytesMax, carrier("to-lock"), () => ends.lock.shut("the phone closed the link")),
    lock: createEnd(frameBytesMax, carrier("to-phone"), () => ends.phone.shut("the lock closed the link")),
  };

  function carrier(direction: Direction): (frame: Bytes) => void {
    let sent = 0;
    let heldBack: Bytes | undefined;
    return (frame) => {
      const peer = direction === "to-lock" ? ends.lock : ends.phone;
      const index = sent++;
      const fault = faults.find((one) => one.direction === direction && one.frame === index);
      if (fault !== undefined) struck.push(fault);
      const after = heldBack;
      heldBack = undefined;
      switch (fault?.kind) {
        case undefined:
          peer.arrive(frame);
          break;
        case "lose":
          break;
        case "duplicate":
          peer.arrive(frame);
          peer.arrive(new Uint8Array(frame));
          break;
        case "reorder":
          heldBack = frame;
          break;
        case "corrupt": {
          const at = fault.byte % frame.length;
          frame[at] = (frame[at] ?? 0) ^ fault.mask;
          peer.arrive(frame);
          break;
        }
        case "cut":
          ends.phone.shut("the link was cut");
          ends.lock.shut("the link was cut");
          break;
        default:
          fault satisfies never;
      }
      if (after !== undefined) peer.arrive(after);
    };
  }

  return { phone: ends.phone.link, lock: ends.lock.link, struck };
}

/** A transport that opens whatever link `connect` hands out; one that is given none cannot be reached. */
export function memoryTransport(connect: () => Link | undefined): Transport {
  return {
    async open(signal) {
      if (signal.aborted) throw new Error("given up before the connection was open");
      const link = connect();
      if (link === undefined) throw new Error("no lock in range");
      return link;
    },
  };
}

function createEnd(frameBytesMax: number, carry: (frame: Bytes) => void, closeOther: () => void): End {
  const frameListeners = new Set<(frame: Bytes) => void>();
  const closedListeners = new Set<(why: string) => void>();
  let waiting: Bytes[] = [];
  let isDraining = false;
  let isOpen = true;

  /** Hands out what waits, one microtask later: a listener never runs inside a `send`. */
  const drain = (): void => {
    if (isDraining) return;
    isDraining = true;
    void Promise.resolve().then(() => {
      isDraining = false;
      while (isOpen && frameListeners.size > 0) {
        const frame = waiting.shift();
        if (frame === undefined) return;
        for (const listener of [...frameListeners]) listener(frame);
      }
    });
  };

  const shut = (why: string | undefined): void => {
    if (!isOpen) return;
    isOpen = false;
    waiting = [];
    const listeners = [...closedListeners];
    frameListeners.clear();
    closedListeners.clear();
    if (why === undefined) return;
    void Promise.resolve().then(() => {
      for (const listener of listeners) listener(why);
    });
  };

  const link: Link = {
    frameBytesMax,
    async send(frame) {
      if (!isOpen) throw new Error("the link is closed");
      if (frame.length === 0 || frame.length > frameBytesMax) {
        throw new RangeError(`a frame of ${frame.length} bytes on a link of ${frameBytesMax}`);
      }
      carry(new Uint8Array(frame));
    },
    onFrame: (listener) => listen(frameListeners, listener, drain),
    onClosed: (listener) => listen(closedListeners, listener),
    close() {
      if (!isOpen) return;
      shut(undefined);
      closeOther();
    },
  };

  return {
    link,
    shut,
    arrive(frame) {
      if (!isOpen) return;
      if (waiting.length >= heldFramesMax) {
        shut("too many frames that nobody listens to");
        closeOther();
        return;
      }
      waiting.push(frame);
      drain();
    },
  };
}

function listen<T>(listeners: Set<T>, listener: T, then?: () => void): Stop {
  listeners.add(listener);
  then?.();
  return () => {
    listeners.delete(listener);
  };
}
