/**
 * A way to a lock over Bluetooth LE, on noble: scan, connect, find the service, subscribe; then frames. It is lent a
 * loaded stack (`adapter.ts` loads one). Not secure and not meant to be: what travels is sealed and signed already.
 *
 * noble's promises may never settle, or settle for another call, so none of them is used: every step listens for its
 * own event under its own deadline, and ends in disconnecting. What the stack took is not what the lock has; the lock's
 * frames say that. Whoever was sent away comes again, and goes on where the lock stands.
 */
import { frameBytesDefault, frameBytesFor, mtuMin } from "@doorsync/protocol/courier";
import type { Link, Timers, Transport } from "../ports.ts";
import { type GattConnection, gattLink } from "./gatt-link.ts";
import { listen, type NoblePeripheral, type NobleStack, sharedOn } from "./noble-stack.ts";
import {
  connected,
  found,
  free,
  gone,
  hintOf,
  type Lent,
  lookAround,
  powered,
  type RadioWait,
  radioWaits,
  type Seen,
  seenAt,
  whyOf,
  writer,
} from "./noble-steps.ts";
import { all } from "./operation.ts";
import { systemTimers } from "./timers.ts";

export { type RadioWait, radioWaits, type Seen } from "./noble-steps.ts";

/** Places whose failures are remembered. */
const placesMax = 64;

export interface NobleOptions {
  readonly stack: NobleStack;
  readonly timers?: Timers;
  /** Longest frame, in bytes; 244 when left out, and never more than the connection's MTU carries. */
  readonly frameBytesMax?: number;
  /** Whether to go there at once. Locks for which it says no are gone to as well, when none is seen that is wanted. */
  readonly wants?: (seen: Seen) => boolean;
  /** Each write waits for the stack's acknowledgement of the one before. */
  readonly withResponse?: boolean;
  readonly waits?: Partial<Readonly<Record<RadioWait, number>>>;
}

export interface NobleRadio extends Transport {
  /** What is in the air, each place once, until the signal aborts or the time is over. */
  look(milliseconds: number, signal: AbortSignal): Promise<readonly Seen[]>;
  /** The way to one place only. */
  to(place: string): Transport;
  /** Settles when the link given up last is gone, and the adapter is free of all radios on this stack. */
  idle(): Promise<void>;
}

export function nobleRadio(options: NobleOptions): NobleRadio {
  const { stack, timers = systemTimers, wants = () => true } = options;
  const lent: Lent = { stack, timers, waits: { ...radioWaits, ...options.waits } };
  const failures = new Map<string, number>();
  const shared = sharedOn(stack);

  const take = (): { readonly before: Promise<void>; readonly isFree: () => void } => {
    const before = shared.turn;
    let isFree = (): void => {};
    shared.turn = new Promise((resolve) => {
      isFree = resolve;
    });
    return { before, isFree };
  };
  const failed = (place: string): void => {
    failures.set(place, (failures.get(place) ?? 0) + 1);
    const [oldest] = failures.keys();
    if (failures.size > placesMax && oldest !== undefined) failures.delete(oldest);
  };
  /** Lower first. A place that failed goes behind all others: whoever only pretends to be a lock keeps none waiting. */
  const rank = (seen: Seen): number =>
    1_000 * (failures.get(seen.place) ?? 0) + (wants(seen) ? 0 : 500) - seen.rssiDbm;

  const open = async (signal: AbortSignal, only: string | undefined): Promise<Link> => {
    const { before, isFree } = take();
    let peripheral: NoblePeripheral | undefined;
    try {
      await free(lent, before, signal);
      await powered(lent, signal);
      peripheral = await found(lent, signal, {
        isBest: (seen) => wants(seen) && !failures.has(seen.place),
        only,
        rank,
      });
      const hint = hintOf(peripheral);
      const { inbox, outbox } = await connected(lent, peripheral, signal);
      const chosen = peripheral;
      let isProven = false;
      const connection: GattConnection = {
        frameBytesMax: frameBytesFor(chosen.mtu ?? mtuMin, options.frameBytesMax ?? frameBytesDefault),
        hint,
        write: writer(lent, inbox, options.withResponse === true),
        onValue: (listener) => listen(outbox, "data", listener),
        onClosed: (listener) =>
          all(
            listen(chosen, "disconnect", (reason?: number) => listener(whyOf(reason))),
            listen(stack, "stateChange", () => listener("the Bluetooth adapter was switched off")),
          ),
        proven() {
          isProven = true;
        },
        close() {
          shared.spoilt = () => {};
          // Anybody can talk: a place that did not prove itself goes behind, as one that was silent.
          if (isProven) failures.delete(chosen.id);
          else failed(chosen.id);
          void gone(lent, chosen).then(isFree);
        },
      };
      const link = gattLink(connection, { timers, writeMilliseconds: lent.waits.write });
      shared.spoilt = (error) =>
        link.spoil(`the other side spoke no Bluetooth that can be read (${error.message})`);
      return link;
    } catch (error) {
      if (peripheral === undefined) void before.then(isFree);
      else {
        // An abort is nobody's fault.
        if (!signal.aborted) failed(peripheral.id);
        void gone(lent, peripheral).then(isFree);
      }
      throw error;
    }
  };

  return {
    open: (signal) => open(signal, undefined),
    to: (place) => ({ open: (signal) => open(signal, place) }),
    idle: () => shared.turn,
    async look(milliseconds, signal) {
      const { before, isFree } = take();
      const seen = new Map<string, Seen>();
      try {
        await free(lent, before, signal);
        await powered(lent, signal);
        await lookAround(lent, milliseconds, signal, (peripheral) =>
          seen.set(peripheral.id, seenAt(peripheral)),
        );
      } finally {
        void before.then(isFree);
      }
      return [...seen.values()].sort((a, b) => rank(a) - rank(b));
    },
  };
}
