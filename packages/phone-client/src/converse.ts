/**
 * The driver of one conversation with one lock: it feeds a pure machine from a link, timers and an abort signal, obeys its
 * effects, and leaves nothing behind. It decides nothing; what the conversation is about is the machine's.
 */
import {
  type Bytes,
  bodyBytesMax,
  emptyInbox,
  emptyOutbox,
  hear,
  type Message,
  type MessageName,
  messageName,
  type Parcel,
  type ReturnSlip,
  segment,
} from "@doorsync/protocol/courier";
import type { Effect, Event, Step } from "./errand/errand.ts";
import type { Link, Stop, Timers, Transport } from "./ports.ts";

/** One whole message as it crossed the link: out, when its first frame is handed over; in, when its last has come. */
export interface Heard {
  readonly direction: "out" | "in";
  readonly name: MessageName;
  readonly type: number;
  readonly body: Bytes;
  /** Length of its frames together, in bytes; what the link adds below is not counted. */
  readonly bytes: number;
  readonly frames: number;
}

/** A chunk on its way: `chunk` (from 1) of `chunks`, of version `to`. */
export interface Progress {
  readonly to: number;
  readonly chunk: number;
  readonly chunks: number;
}

/** A lock's wish to know the time. */
export interface TimeAsked {
  readonly lockId: Bytes;
  readonly epoch: number;
  /** 16 bytes, good for 30 seconds. */
  readonly nonce: Bytes;
  /** Aborts when the visit no longer waits. */
  readonly signal: AbortSignal;
}

/** What a conversation is lent. */
export interface ConverseOptions {
  readonly transport: Transport;
  readonly timers: Timers;
  /** Ends the visit as `aborted`. What the lock has taken by then is kept. */
  readonly signal?: AbortSignal;
  /**
   * Asks the authority what time it is, for one lock's nonce; the token in CBOR, or undefined. Locks that lost the time
   * are then brought it before anything else, and one that calls a parcel EXPIRED before the parcel is offered once
   * more. Asked once in a visit at most. When it fails, rejects or is late the visit goes on without.
   */
  readonly time?: (asked: TimeAsked) => Promise<Bytes | undefined>;
  readonly onProgress?: (progress: Progress) => void;
  readonly onMessage?: (message: Heard) => void;
  /** A parcel for the lock was left behind because it does not check. */
  readonly onIgnored?: (parcel: Parcel, check: string) => void;
}

/** A machine that has come to its end, and what it reports. */
export interface Ended<E, R> {
  readonly errand: E;
  readonly report: R;
  /** What threw on this side, one sentence each: an outcome that stood already does not tell of it. */
  readonly troubles: readonly string[];
}

/** Whose bug it is when obeying an effect throws. */
const blamed: Readonly<Record<Effect["kind"], string>> = {
  send: "app/link",
  deadline: "app/timers",
  "ask-time": "app/time",
  owe: "app/mailbox",
  progress: "app/onProgress",
  ignored: "app/onIgnored",
  done: "app/link",
};

/**
 * From the first attempt to connect to the closed link. Whatever throws on this side ends it, by a name, as a link that
 * is lost would. Rejects only when the machine cannot even be brought to its end. `owe` takes what is for the mailbox;
 * `isProven`: whether the report has something that only the lock can say.
 */
export function converse<E extends { readonly phase: string }, R>(
  options: ConverseOptions,
  start: Step<E, R>,
  stepped: (errand: E, event: Event) => Step<E, R>,
  owe: (slip: ReturnSlip) => void,
  isProven: (report: R) => boolean,
): Promise<Ended<E, R>> {
  const { transport, timers, signal } = options;
  const opening = new AbortController();
  const stops: Stop[] = [];
  let stopTimer: Stop = () => {};
  let say: (message: Message) => void = () => {};
  let close = (_isProven: boolean): void => {};

  return new Promise((resolve, reject) => {
    let { errand } = start;
    const troubles: string[] = [];
    const events: Event[] = [];
    let isFeeding = false;

    // One event at a time: what an effect causes at once (a callback that aborts) waits until all effects are obeyed.
    const feed = (event: Event): void => {
      events.push(event);
      if (isFeeding) return;
      isFeeding = true;
      try {
        for (let next = events.shift(); next !== undefined; next = events.shift()) take(next);
      } catch (bug) {
        leave(false);
        reject(bug);
      } finally {
        isFeeding = false;
      }
    };
    const take = (event: Event): void => {
      const step = stepOrEnd(event);
      errand = step.errand;
      for (const effect of step.effects) attempt(blamed[effect.kind], () => obey(effect));
    };
    const stepOrEnd = (event: Event): Step<E, R> => {
      try {
        return stepped(errand, event);
      } catch (bug) {
        return stepped(errand, failed("visit/step", bug));
      }
    };
    const failed = (check: string, error: unknown): Event => {
      const why = sentence(error);
      troubles.push(`${check}: ${why}`);
      return { kind: "failed", check, why };
    };
    const attempt = (check: string, run: () => void): void => {
      try {
        run();
      } catch (error) {
        feed(failed(check, error));
      }
    };
    const leave = (proven: boolean): void => {
      attempt("app/timers", stopTimer);
      for (const stop of stops) attempt("app/link", stop);
      opening.abort();
      attempt("app/link", () => close(proven));
    };
    const obey = (effect: Effect<R>): void => {
      switch (effect.kind) {
        case "send":
          say(effect.message);
          break;
        case "deadline":
          stopTimer();
          stopTimer = timers.after(effect.milliseconds, () => feed({ kind: "deadline" }));
          break;
        case "ask-time": {
          const { lockId, epoch, nonce } = effect;
          const told = (token: Bytes | undefined): void => feed({ kind: "time", token });
          const { time } = options;
          if (time === undefined) told(undefined);
          else
            promised(() => time({ lockId, epoch, nonce, signal: opening.signal })).then(told, () =>
              told(undefined),
            );
          break;
        }
        case "owe":
          owe(effect.slip);
          break;
        case "progress":
          options.onProgress?.({ to: effect.to, chunk: effect.chunk, chunks: effect.chunks });
          break;
        case "ignored":
          options.onIgnored?.(effect.parcel, effect.check);
          break;
        case "done":
          leave(isProven(effect.report));
          resolve({ errand, report: effect.report, troubles });
          break;
        default:
          effect satisfies never;
      }
    };

    const onAbort = (): void => feed({ kind: "aborted" });
    signal?.addEventListener("abort", onAbort);
    stops.push(() => signal?.removeEventListener("abort", onAbort));
    for (const effect of start.effects) attempt(blamed[effect.kind], () => obey(effect));
    if (signal?.aborted === true) onAbort();
    if (errand.phase === "over") return;

    const onMessage = (message: Heard): void => attempt("app/onMessage", () => options.onMessage?.(message));
    const begin = (link: Link): void => {
      close = (isProven) => {
        if (isProven) link.proven?.();
        link.close();
      };
      say = speaker(link, onMessage, (why) => feed({ kind: "closed", why }));
      stops.push(link.onFrame(listener(feed, onMessage)));
      stops.push(link.onClosed((why) => feed({ kind: "closed", why })));
      feed({ kind: "connected", ...(link.hint === undefined ? {} : { hint: link.hint }) });
    };
    promised(() => transport.open(opening.signal)).then(
      (link) => {
        // Given up meanwhile, and the transport did not notice.
        if (errand.phase === "over") link.close();
        else attempt("app/link", () => begin(link));
      },
      (error: unknown) => {
        // By its name: an app may have bundled transport and courier apart.
        const isMisaddressed = error instanceof Error && error.name === "AddressError";
        feed({ kind: "closed", why: sentence(error), ...(isMisaddressed ? { isMisaddressed } : {}) });
      },
    );
  });
}

/** Says messages in frames, one after the other; a link that fails is reported once. */
function speaker(
  link: Link,
  onMessage: (message: Heard) => void,
  failed: (why: string) => void,
): (message: Message) => void {
  let outbox = emptyOutbox;
  let sending: Promise<void> = Promise.resolve();
  return ({ type, body }) => {
    const segmented = segment(outbox, type, body, link.frameBytesMax);
    outbox = segmented.outbox;
    const bytes = segmented.frames.reduce((sum, frame) => sum + frame.length, 0);
    sending = sending.then(async () => {
      report(onMessage, { direction: "out", type, body, bytes, frames: segmented.frames.length });
      for (const frame of segmented.frames) await link.send(frame);
    });
    sending.catch((error: unknown) => failed(sentence(error)));
  };
}

/** Turns frames into events. After the first anomaly the inbox is gone, and so is the visit. */
function listener(feed: (event: Event) => void, onMessage: (message: Heard) => void): (frame: Bytes) => void {
  const bounds = bodyBytesMax("toPhone");
  let inbox = emptyInbox;
  let frames = 0;
  let bytes = 0;
  return (frame) => {
    frames += 1;
    bytes += frame.length;
    const heard = hear(inbox, frame, bounds);
    switch (heard.kind) {
      case "more":
        inbox = heard.inbox;
        break;
      case "message":
        inbox = heard.inbox;
        report(onMessage, { direction: "in", type: heard.type, body: heard.body, bytes, frames });
        frames = 0;
        bytes = 0;
        feed({ kind: "message", type: heard.type, body: heard.body });
        break;
      case "refused":
        feed({ kind: "garbled", check: heard.refused.check });
        break;
      default:
        heard satisfies never;
    }
  };
}

function report(onMessage: (message: Heard) => void, message: Omit<Heard, "name">): void {
  const name = messageName(message.type);
  if (name !== undefined) onMessage({ name, ...message });
}

/** A promise, also of what throws at once. */
export async function promised<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

/**
 * What `promise` comes to, or undefined when `signal` aborts first; rejects with `late` after that many
 * milliseconds. Leaves no timer and no listener.
 */
export function within<T>(
  promise: Promise<T>,
  milliseconds: number,
  late: string,
  timers: Timers,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      stop();
      signal?.removeEventListener("abort", aborted);
      then();
    };
    const aborted = (): void => settle(() => resolve(undefined));
    const stop = timers.after(milliseconds, () => settle(() => reject(new Error(late))));
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted === true) aborted();
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
