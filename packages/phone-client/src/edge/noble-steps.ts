/**
 * The steps of a way to a lock on noble: adapter on, lock found, connected, service found, subscribed, let go of. Each
 * listens for its own event under its own deadline, and leaves nothing behind. Which lock, and when, is `noble.ts`.
 */
import { gatt, type Hint, readHint } from "@doorsync/protocol/courier";
import type { Stop, Timers } from "../ports.ts";
import type { GattConnection } from "./gatt-link.ts";
import {
  forgetStrangers,
  listen,
  type NobleCharacteristic,
  type NoblePeripheral,
  type NobleService,
  type NobleStack,
  resetStack,
  undashed,
} from "./noble-stack.ts";
import { all, type Ends, operation } from "./operation.ts";

/** Longest waits for one step, in milliseconds. Each ends in a disconnection. */
export const radioWaits = {
  /** Until the adapter is on. */
  power: 5_000,
  /** From the first advertisement of a lock that is not wanted in particular, in case a better one is near. */
  choice: 1_500,
  /** Until one is seen; the visit's own patience is shorter as a rule. */
  scan: 30_000,
  connect: 5_000,
  services: 5_000,
  characteristics: 5_000,
  subscribe: 5_000,
  /** Until the stack took one frame. */
  write: 5_000,
  /** Until a link that was given up is gone; after that the adapter is reset. */
  gone: 2_000,
} as const;

export type RadioWait = keyof typeof radioWaits;

/** Attempts to connect to the lock that was chosen: on the air an attempt fails now and then. */
const connectAttemptsMax = 3;
export interface Seen {
  /** The same for the same lock as long as it keeps its address. */
  readonly place: string;
  /** Unsigned, perhaps a lie. */
  readonly hint: Hint | undefined;
  readonly rssiDbm: number;
}

/** What every step of one radio has at hand. */
export interface Lent {
  readonly stack: NobleStack;
  readonly timers: Timers;
  readonly waits: Readonly<Record<RadioWait, number>>;
}

export function seenAt(peripheral: NoblePeripheral): Seen {
  return { place: peripheral.id, hint: hintOf(peripheral), rssiDbm: peripheral.rssi };
}

export function hintOf({ advertisement }: NoblePeripheral): Hint | undefined {
  const own = advertisement.serviceData?.find(({ uuid }) => uuid === undashed(gatt.service));
  const read = own === undefined ? undefined : readHint(new Uint8Array(own.data));
  return read?.ok === true ? read.value : undefined;
}

function scanning(stack: NobleStack, saw: (peripheral: NoblePeripheral) => void): Stop {
  const stop = listen(stack, "discover", saw);
  forgetStrangers(stack);
  stack.startScanning([undashed(gatt.service)], true);
  return () => {
    stop();
    if (stack.state === "poweredOn") stack.stopScanning();
  };
}

/** Tells what is seen, for so long or until the signal aborts. */
export function lookAround(
  { stack, timers }: Lent,
  milliseconds: number,
  signal: AbortSignal,
  saw: (peripheral: NoblePeripheral) => void,
): Promise<void> {
  const stop = scanning(stack, saw);
  return new Promise((resolve) => {
    const over = (): void => {
      stop();
      stopTimer();
      signal.removeEventListener("abort", over);
      resolve();
    };
    const stopTimer = timers.after(milliseconds, over);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
  });
}

/** Until the link before this one is gone: it, too, has its deadline. */
export function free({ timers, waits }: Lent, before: Promise<void>, signal: AbortSignal): Promise<void> {
  return operation<void>({
    late: "another connection of this adapter did not end",
    milliseconds: waits.scan,
    timers,
    signal,
    begin({ done }) {
      void before.then(done);
      return () => {};
    },
  });
}

export function powered({ stack, timers, waits }: Lent, signal: AbortSignal): Promise<void> {
  return operation<void>({
    late: `the Bluetooth adapter is not on (${stack.state})`,
    milliseconds: waits.power,
    timers,
    signal,
    begin({ done }) {
      const stop = listen(stack, "stateChange", (state: string) => {
        if (state === "poweredOn") done();
      });
      if (stack.state === "poweredOn") done();
      return stop;
    },
  });
}

export interface Choice {
  readonly isBest: (seen: Seen) => boolean;
  readonly only: string | undefined;
  readonly rank: (seen: Seen) => number;
}

/** The lock to go to: one that is wanted, at once; otherwise the best of those that were seen for a while. */
export function found(
  { stack, timers, waits }: Lent,
  signal: AbortSignal,
  choice: Choice,
): Promise<NoblePeripheral> {
  const seen = new Map<string, NoblePeripheral>();
  return operation<NoblePeripheral>({
    late: "no lock was seen",
    milliseconds: waits.scan,
    timers,
    signal,
    begin({ done }) {
      let stopChoice: Stop | undefined;
      const choose = (): void => {
        const [best] = [...seen.values()].sort((a, b) => choice.rank(seenAt(a)) - choice.rank(seenAt(b)));
        if (best !== undefined) done(best);
      };
      const stop = scanning(stack, (peripheral) => {
        if (choice.only !== undefined && peripheral.id !== choice.only) return;
        if (choice.only !== undefined || choice.isBest(seenAt(peripheral))) return done(peripheral);
        seen.set(peripheral.id, peripheral);
        stopChoice ??= timers.after(waits.choice, choose);
      });
      return () => {
        stopChoice?.();
        stop();
      };
    },
  });
}

export interface Connected {
  readonly inbox: NobleCharacteristic;
  readonly outbox: NobleCharacteristic;
}

/** Connects and finds its way about; a link that ends meanwhile is made again. */
export async function connected(
  lent: Lent,
  peripheral: NoblePeripheral,
  signal: AbortSignal,
): Promise<Connected> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection(lent, peripheral, signal);
      return await prepared(lent, peripheral, signal);
    } catch (error) {
      const isGone = peripheral.state === "error" || peripheral.state === "disconnected";
      if (attempt === connectAttemptsMax || signal.aborted || !isGone) throw error;
    }
  }
}

async function prepared(lent: Lent, peripheral: NoblePeripheral, signal: AbortSignal): Promise<Connected> {
  const [service] = await step<readonly NobleService[]>(lent, peripheral, signal, "services", {
    late: "the lock did not name its services",
    begin({ done }) {
      const stop = listen(peripheral, "servicesDiscover", done);
      peripheral.discoverServices([undashed(gatt.service)]);
      return stop;
    },
  });
  if (service === undefined) throw new Error("what was connected to has no service of a lock");
  const uuids = [gatt.inbox.uuid, gatt.outbox.uuid].map(undashed);
  const own = await step<readonly NobleCharacteristic[]>(lent, peripheral, signal, "characteristics", {
    late: "the lock did not name its attributes",
    begin({ done }) {
      const stop = listen(service, "characteristicsDiscover", done);
      service.discoverCharacteristics(uuids);
      return stop;
    },
  });
  const [inbox, outbox] = uuids.map((uuid) => own.find((one) => one.uuid === uuid));
  if (inbox === undefined || outbox === undefined) throw new Error("the lock's service lacks an attribute");
  await step<void>(lent, peripheral, signal, "subscribe", {
    late: "the lock did not take the subscription",
    begin({ done }) {
      const stop = listen(outbox, "notify", () => done());
      outbox.notify(true);
      return stop;
    },
  });
  return { inbox, outbox };
}

function connection(
  { timers, waits }: Lent,
  peripheral: NoblePeripheral,
  signal: AbortSignal,
): Promise<void> {
  return operation<void>({
    late: "the lock did not connect",
    milliseconds: waits.connect,
    timers,
    signal,
    begin({ done, failed }) {
      const stop = listen(peripheral, "connect", (error?: Error | null) =>
        error ? failed(new Error(`the lock did not connect (${error.message})`)) : done(),
      );
      peripheral.connect();
      return stop;
    },
  });
}

/** A step on an open link, which may end under it. */
function step<T>(
  { stack, timers, waits }: Lent,
  peripheral: NoblePeripheral,
  signal: AbortSignal,
  wait: RadioWait,
  what: { readonly late: string; readonly begin: (ends: Ends<T>) => Stop },
): Promise<T> {
  return operation<T>({
    late: what.late,
    milliseconds: waits[wait],
    timers,
    signal,
    begin(ends) {
      const lost = (): void => ends.failed(new Error("the connection ended before the lock was ready"));
      const stops = all(listen(peripheral, "disconnect", lost), listen(stack, "stateChange", lost));
      if (peripheral.state !== "connected") {
        lost();
        return stops;
      }
      return all(stops, what.begin(ends));
    },
  });
}

/** Lets go of a lock, whatever state that is in, and settles when it is gone. Never rejects. */
export async function gone({ stack, timers, waits }: Lent, peripheral: NoblePeripheral): Promise<void> {
  const until = (events: readonly string[], act: () => void): Promise<boolean> =>
    operation<boolean>({
      late: "it did not go",
      milliseconds: waits.gone,
      timers,
      begin({ done }) {
        act();
        return all(...events.map((event) => listen(peripheral, event, () => done(true))));
      },
    }).catch(() => false);
  // One that is cancelled may have been made in the same moment, and would hold the lock for nobody.
  if (peripheral.state === "connecting") {
    await until(["connect", "disconnect"], () => peripheral.cancelConnect());
  }
  if (peripheral.state === "connected" || peripheral.state === "disconnecting") {
    const isGone = await until(["disconnect"], () => peripheral.disconnect());
    if (!isGone && stack.state === "poweredOn") resetStack(stack);
  }
}

/**
 * Writes one frame and waits for the stack's word; with a response, for that of the lock's stack, and then nothing else
 * is outstanding. A write that is refused is never answered, and ends by its deadline.
 */
export function writer(
  { timers, waits }: Lent,
  inbox: NobleCharacteristic,
  withResponse: boolean,
): GattConnection["write"] {
  const isCommand = !withResponse && inbox.properties.includes("writeWithoutResponse");
  return (frame, signal) =>
    operation<void>({
      late: "the stack did not take a frame",
      milliseconds: waits.write,
      timers,
      signal,
      begin({ done }) {
        const stop = listen(inbox, "write", () => done());
        inbox.write(Buffer.from(frame), isCommand);
        return stop;
      },
    });
}

/** What HCI says of an end. */
export function whyOf(reason: number | undefined): string {
  switch (reason) {
    case 0x08:
      return "the lock went out of range";
    case 0x13:
    case 0x15:
      return "the lock closed the connection";
    case undefined:
      return "the connection ended";
    default:
      return `the connection ended (0x${reason.toString(16).padStart(2, "0")})`;
  }
}
