/**
 * A link over an open GATT connection, whatever library made it: frames out one after the other, each under a deadline;
 * frames in, kept until somebody listens; one end. It neither scans nor connects.
 */
import type { Bytes, Hint } from "@doorsync/protocol/courier";
import type { Link, Stop, Timers } from "../ports.ts";
import { all, operation } from "./operation.ts";

/** Frames that wait for a listener; a lock answers, it does not flood. */
const waitingFramesMax = 256;

/** What a library has to offer, with the outbox subscribed to. */
export interface GattConnection {
  /** Longest value that one write carries, in bytes: the MTU less 3. */
  readonly frameBytesMax: number;
  readonly hint?: Hint | undefined;
  /** One value to the inbox. Called again only when it has settled; it may also never settle. Aborts with the link. */
  write(frame: Bytes, signal: AbortSignal): Promise<void>;
  /** Values of the outbox, in order. */
  onValue(listener: (value: Uint8Array) => void): Stop;
  /** The connection is gone, with one sentence of why. */
  onClosed(listener: (why: string) => void): Stop;
  /** What was connected to is the lock: it said what nobody else can. */
  proven?(): void;
  /** Disconnects. Called exactly once, also when the connection is gone. */
  close(): void;
}

export interface GattLink extends Link {
  /** Ends it from below, with why. */
  spoil(why: string): void;
}

export function gattLink(
  connection: GattConnection,
  lent: { readonly timers: Timers; readonly writeMilliseconds: number },
): GattLink {
  const { frameBytesMax, hint } = connection;
  const frameListeners = new Set<(frame: Bytes) => void>();
  const closedListeners = new Set<(why: string) => void>();
  const ending = new AbortController();
  const waiting: Bytes[] = [];
  let sending: Promise<void> = Promise.resolve();

  const end = (why: string | undefined): void => {
    if (ending.signal.aborted) return;
    stops();
    ending.abort();
    waiting.length = 0;
    frameListeners.clear();
    connection.close();
    if (why !== undefined) for (const listener of [...closedListeners]) listener(why);
    closedListeners.clear();
  };
  const heard = (value: Uint8Array): void => {
    const frame = new Uint8Array(value);
    if (frameListeners.size > 0) for (const listener of [...frameListeners]) listener(frame);
    else if (waiting.length < waitingFramesMax) waiting.push(frame);
    else end("the lock said more than anybody asked for");
  };
  const stops = all(connection.onValue(heard), connection.onClosed(end));

  const write = (frame: Bytes): Promise<void> =>
    operation<void>({
      late: "the radio did not take a frame",
      milliseconds: lent.writeMilliseconds,
      timers: lent.timers,
      signal: ending.signal,
      begin({ done, failed }) {
        connection.write(frame, ending.signal).then(done, (error: unknown) => failed(errorOf(error)));
        return () => {};
      },
    });
  const sendNext = async (frame: Bytes): Promise<void> => {
    if (ending.signal.aborted) throw new Error("the connection is closed");
    try {
      await write(frame);
    } catch (error) {
      const isOver = ending.signal.aborted;
      end(errorOf(error).message);
      throw isOver ? new Error("the connection is closed") : error;
    }
  };

  return {
    frameBytesMax,
    ...(hint === undefined ? {} : { hint }),
    send(frame) {
      if (frame.length === 0 || frame.length > frameBytesMax) {
        const says = `a frame of ${frame.length} bytes on a link of ${frameBytesMax}`;
        return Promise.reject(new RangeError(says));
      }
      const sent = sending.then(() => sendNext(frame));
      sending = sent.catch(() => {});
      return sent;
    },
    onFrame(listener) {
      if (ending.signal.aborted) return () => {};
      frameListeners.add(listener);
      for (const frame of waiting.splice(0)) listener(frame);
      return () => {
        frameListeners.delete(listener);
      };
    },
    onClosed(listener) {
      closedListeners.add(listener);
      return () => {
        closedListeners.delete(listener);
      };
    },
    proven: () => connection.proven?.(),
    close: () => end(undefined),
    spoil: end,
  };
}

/** What libraries throw need not be an error. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
