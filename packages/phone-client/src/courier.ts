/**
 * The driver of one visit: it feeds an errand from a link, timers and an abort signal, obeys its effects, and leaves
 * nothing behind. It decides nothing about the sync; that is the errand's.
 */
import {
  type Bytes,
  bodyBytesMax,
  type Crypto,
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
import { type Effect, type Errand, type Event, startErrand, stepErrand } from "./errand/errand.ts";
import { emptyReport, type Report, type WaitName, waits as waitsDefault } from "./errand/outcome.ts";
import type { Link, Mailbox, Stop, Timers, Transport } from "./ports.ts";
import { carry, emptySatchel, returned, type Satchel } from "./satchel.ts";

/** One whole message as it crossed the link. */
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

export interface SyncOptions {
  readonly transport: Transport;
  readonly mailbox: Mailbox;
  readonly crypto: Crypto;
  readonly timers: Timers;
  /** Ends the visit as `aborted`. What the lock has taken by then is kept. */
  readonly signal?: AbortSignal;
  /**
   * Asks the authority what time it is, for one lock's nonce; the token in CBOR, or undefined. Locks that lost the time
   * are then brought it before anything else, and one that calls a parcel EXPIRED before the parcel is offered once
   * more. Asked once in a visit at most. When it fails, rejects or is late the visit goes on without.
   */
  readonly time?: (asked: TimeAsked) => Promise<Bytes | undefined>;
  /** From an earlier visit's result: what was carried, owed and proved then. Empty when left out. */
  readonly satchel?: Satchel;
  /** Longest silences in milliseconds, where they differ from `waits`. */
  readonly waits?: Partial<Readonly<Record<WaitName, number>>>;
  readonly onProgress?: (progress: Progress) => void;
  readonly onMessage?: (message: Heard) => void;
  /** A parcel for the lock was left behind because it does not check. */
  readonly onIgnored?: (parcel: Parcel, check: string) => void;
}

export interface SyncResult extends Report {
  /** For the next visit. What is in `owed` did not reach the mailbox. */
  readonly satchel: Satchel;
  /** Why slips could not be stored, one sentence each; empty when all are safe. */
  readonly troubles: readonly string[];
}

/**
 * One visit: reads the mailbox, goes to the lock, delivers what it lacks, brings the receipt back. Resolves with an
 * outcome for whatever lock, link or signal do, within the waits; a transport or mailbox that never settles is given
 * up on. Rejects only when the mailbox cannot be read: nothing was begun then. Listeners and timers are gone when it
 * settles.
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { mailbox, timers, signal } = options;
  const waits = { ...waitsDefault, ...options.waits };
  const before = options.satchel ?? emptySatchel;
  const silence = `the mailbox said nothing for ${waits.mailbox / 1_000} s`;

  const parcels = await within(mailbox.parcels(), waits.mailbox, silence, timers, signal);
  if (parcels === undefined)
    return { ...nothingDone({ kind: "aborted" }, before).report, satchel: before, troubles: [] };
  // The mailbox says what is still to be carried: a parcel withdrawn since the last visit stays out.
  const satchel = carry({ ...before, parcels: [] }, parcels);

  const deliveries: Promise<Delivery>[] = [];
  // The signal ends the visit, not the safe-keeping of what it brought.
  const deliver = (slip: ReturnSlip): void => {
    deliveries.push(
      within(mailbox.deliver(slip), waits.mailbox, silence, timers, undefined).then(
        () => ({ slip, trouble: undefined }),
        (error: unknown) => ({ slip, trouble: sentence(error) }),
      ),
    );
  };
  satchel.owed.forEach(deliver);
  const { report, satchel: after } =
    satchel.parcels.length === 0
      ? nothingDone({ kind: "nothing", why: "the mailbox holds no parcel" }, satchel)
      : await visit({ ...options, waits }, satchel, deliver);

  const troubles: string[] = [];
  let left = after;
  for (const { slip, trouble } of await Promise.all(deliveries)) {
    if (trouble === undefined) left = returned(left, slip);
    else troubles.push(trouble);
  }
  return { ...report, satchel: left, troubles };
}

interface Delivery {
  readonly slip: ReturnSlip;
  readonly trouble: string | undefined;
}

interface Visited {
  readonly report: Report;
  readonly satchel: Satchel;
}

function nothingDone(outcome: Report["outcome"], satchel: Satchel): Visited {
  return { report: emptyReport(outcome), satchel };
}

type VisitOptions = SyncOptions & { readonly waits: Readonly<Record<WaitName, number>> };

/** From the first attempt to connect to the closed link. Never rejects. */
function visit(
  options: VisitOptions,
  satchel: Satchel,
  deliver: (slip: ReturnSlip) => void,
): Promise<Visited> {
  const { transport, timers, signal } = options;
  const opening = new AbortController();
  const stops: Stop[] = [];
  let stopTimer: Stop = () => {};
  let say: (message: Message) => void = () => {};
  let close: Stop = () => {};

  return new Promise((resolve) => {
    const lent = { ...options, hasTime: options.time !== undefined };
    const start = startErrand(lent, satchel);
    let errand: Errand = start.errand;
    const events: Event[] = [];
    let isFeeding = false;

    // One event at a time: what an effect causes at once (a callback that aborts) waits until all effects are obeyed.
    const feed = (event: Event): void => {
      events.push(event);
      if (isFeeding) return;
      isFeeding = true;
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        const step = stepErrand(lent, errand, next);
        errand = step.errand;
        step.effects.forEach(obey);
      }
      isFeeding = false;
    };
    const obey = (effect: Effect): void => {
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
          const asked = options.time?.({ lockId, epoch, nonce, signal: opening.signal });
          if (asked === undefined) told(undefined);
          else asked.then(told, () => told(undefined));
          break;
        }
        case "owe":
          deliver(effect.slip);
          break;
        case "progress":
          options.onProgress?.({ to: effect.to, chunk: effect.chunk, chunks: effect.chunks });
          break;
        case "ignored":
          options.onIgnored?.(effect.parcel, effect.check);
          break;
        case "done":
          stopTimer();
          for (const stop of stops) stop();
          opening.abort();
          close();
          if (errand.phase === "over") resolve({ report: effect.report, satchel: errand.satchel });
          break;
        default:
          effect satisfies never;
      }
    };

    const onAbort = (): void => feed({ kind: "aborted" });
    signal?.addEventListener("abort", onAbort);
    stops.push(() => signal?.removeEventListener("abort", onAbort));
    start.effects.forEach(obey);
    if (signal?.aborted === true) return onAbort();

    transport.open(opening.signal).then(
      (link) => {
        // Given up meanwhile, and the transport did not notice.
        if (errand.phase === "over") return link.close();
        close = () => link.close();
        say = speaker(link, options.onMessage, (why) => feed({ kind: "closed", why }));
        stops.push(link.onFrame(listener(feed, options.onMessage)));
        stops.push(link.onClosed((why) => feed({ kind: "closed", why })));
        feed({ kind: "connected" });
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
  onMessage: SyncOptions["onMessage"],
  failed: (why: string) => void,
): (message: Message) => void {
  let outbox = emptyOutbox;
  let sending: Promise<void> = Promise.resolve();
  return ({ type, body }) => {
    const segmented = segment(outbox, type, body, link.frameBytesMax);
    outbox = segmented.outbox;
    const bytes = segmented.frames.reduce((sum, frame) => sum + frame.length, 0);
    report(onMessage, { direction: "out", type, body, bytes, frames: segmented.frames.length });
    sending = sending.then(async () => {
      for (const frame of segmented.frames) await link.send(frame);
    });
    sending.catch((error: unknown) => failed(sentence(error)));
  };
}

/** Turns frames into events. After the first anomaly the inbox is gone, and so is the visit. */
function listener(feed: (event: Event) => void, onMessage: SyncOptions["onMessage"]): (frame: Bytes) => void {
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

function report(onMessage: SyncOptions["onMessage"], message: Omit<Heard, "name">): void {
  const name = messageName(message.type);
  if (name !== undefined) onMessage?.({ name, ...message });
}

/**
 * What `promise` comes to, or undefined when `signal` aborts first; rejects with `late` after that many
 * milliseconds. Leaves no timer and no listener.
 */
function within<T>(
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

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
