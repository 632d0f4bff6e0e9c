/**
 * A phone that walks about in front of a lock: the simulated radio with its distances between the shipped courier and
 * the lock's board. Time on the air passes as fast as it can be computed.
 */

import { createRadio, type PhoneLink, type Radio, type RadioSettings } from "@doorsync/lock-sim";
import type { Link, Radar, Sighting, Transport } from "@doorsync/phone-client";
import { type Bytes, readHello } from "@doorsync/protocol/courier";
import type { Hung } from "./service-door.ts";

export interface Walk {
  readonly radio: Radio;
  readonly transport: Transport;
  /** Goes there; an open connection feels it. */
  to(metres: number): void;
  /** Whether a phone that stands there sees the lock at all. */
  readonly seesLock: boolean;
  /** Frames that passed so far, both ways. */
  readonly frames: number;
  /** Runs once when so many frames have passed. */
  afterFrames(frames: number, run: () => void): void;
  /** Looks around until the signal aborts; tells of the lock as often as it is seen. `between` runs between two looks. */
  radar(tag: Bytes, between: (look: number) => unknown): Radar;
}

export function walkTo({ lock }: Hung, settings: Partial<RadioSettings> = {}): Walk {
  const radio = createRadio({ board: lock.board, chance: () => 0.5, settings });
  let centimetres = 100;
  let present: PhoneLink | undefined;
  let isRunning = false;
  let awaited: { readonly frames: number; readonly run: () => void } | undefined;

  const frames = (): number => radio.counters.toLock + radio.counters.toPhone;
  const run = (): void => {
    if (isRunning) return;
    isRunning = true;
    setImmediate(() => {
      isRunning = false;
      const next = radio.nextMs;
      if (next === undefined) return;
      radio.passTo(next);
      if (awaited !== undefined && frames() >= awaited.frames) {
        const { run: due } = awaited;
        awaited = undefined;
        due();
      }
      run();
    });
  };

  const open = (signal: AbortSignal): Promise<Link> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Error("given up"));
      const frameListeners = new Set<(frame: Bytes) => void>();
      const closedListeners = new Set<(why: string) => void>();
      const waiting: Bytes[] = [];
      let isOver = false;
      const over = (why: string): void => {
        if (isOver) return;
        isOver = true;
        present = undefined;
        for (const listener of closedListeners) listener(why);
      };
      const phone = radio.connect(
        {
          opened(frameBytesMax) {
            resolve({
              frameBytesMax,
              async send(frame) {
                if (isOver || !phone.send(frame)) throw new Error("the link is closed");
                run();
              },
              onFrame(listener) {
                frameListeners.add(listener);
                for (const frame of waiting.splice(0)) listener(frame);
                return () => void frameListeners.delete(listener);
              },
              onClosed(listener) {
                closedListeners.add(listener);
                return () => void closedListeners.delete(listener);
              },
              close() {
                isOver = true;
                present = undefined;
                phone.close();
                run();
              },
            });
          },
          frame(bytes) {
            if (frameListeners.size === 0) waiting.push(bytes);
            for (const listener of frameListeners) listener(bytes);
          },
          closed(why) {
            if (why === "no-answer") reject(new Error("the lock does not answer"));
            over(why === "lost" ? "the link was lost" : "the lock closed the link");
          },
        },
        centimetres,
      );
      present = phone;
      run();
    });

  const transport: Transport = {
    async open(signal) {
      if (radio.scan(centimetres) === undefined) throw new Error("no lock in range");
      return await open(signal);
    },
  };

  return {
    radio,
    transport,
    to(metres) {
      centimetres = 100 * metres;
      present?.move(centimetres);
      run();
    },
    get seesLock() {
      return radio.scan(centimetres) !== undefined;
    },
    get frames() {
      return frames();
    },
    afterFrames(count, due) {
      awaited = { frames: frames() + count, run: due };
    },
    radar: (tag, between) => ({
      async *watch(signal) {
        for (let look = 0; !signal.aborted; look++) {
          if (look > 1_000) throw new Error("the phone watches for ever");
          await between(look);
          await new Promise((resolve) => setImmediate(resolve));
          if (radio.scan(centimetres) !== undefined)
            yield { place: "the door", tag, transport } satisfies Sighting;
        }
      },
    }),
  };
}

/** How the lock shows itself. */
export function tagAt({ lock }: Hung): Bytes {
  for (const { body } of [...lock.said].reverse()) {
    const hello = readHello(body);
    if (hello.ok) return hello.value.tag;
  }
  throw new Error("this lock never said hello");
}
