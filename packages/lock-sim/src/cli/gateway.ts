/**
 * The courier of a connected lock: what a phone does at the door, done inside the house of the lock itself, with the
 * parcels that came over a wire. It runs the phone's own errand, so a connected lock hears the same sealed bytes in the
 * same dialogue. It keeps one set of parcels and what it owes, in memory: whatever is lost with it, the lock still has.
 */
import {
  describeOutcome,
  emptySatchel,
  type Link,
  type Outcome,
  type Satchel,
  sync,
  type Timers,
  type Transport,
} from "@doorsync/phone-client/core";
import {
  type Bytes,
  type Crypto,
  decodeParcel,
  encodeReturnSlip,
  frameBytesMax,
  type Parcel,
  parcelBytesMax,
  toHex,
} from "@doorsync/protocol/courier";
import type { LinkPort } from "../board/ports.ts";
import { openWire, type Wire, type WireState } from "../edge/mqtt.ts";
import type { Received } from "../edge/socket.ts";
import { after } from "../edge/wall.ts";

/** Parcels of one set that are looked at. An authority puts out a dozen at the most. */
const parcelsMax = 64;
/** Slips that are owed when nobody takes them; each is at most three KiB. */
const owedMax = 64;
/** From the end of a visit to the next one: whoever floods the wire keeps the lock no busier than this. */
const restMilliseconds = 250;
const firstRetryMilliseconds = 1_000;
const longestRetryMilliseconds = 60_000;
/** A visit without cause: it brings the log of a lock at which nothing changes, and the receipts that got lost. */
const roundMilliseconds = 15 * 60_000;
const lengthBytes = 4;
const closedByLock = "the lock closed the connection";

export interface GatewayLent {
  readonly crypto: Crypto;
  readonly timers: Timers;
  readonly wire: Pick<Wire, "bring">;
  /** The lock's side of a connection; undefined: dark, busy, or deaf. */
  readonly connect: (link: LinkPort) => Received | undefined;
  readonly onVisit: (visit: Visited) => void;
}

export interface Visited {
  readonly outcome: Outcome["kind"];
  readonly version: number | undefined;
  readonly says: string;
  /** Slips that reached nobody yet. */
  readonly owed: number;
}

export interface Gateway {
  /** A set of parcels came. What is no set is passed over. */
  parcels(property: string, set: Bytes): void;
  /** Somebody may listen now. */
  connected(): void;
  stop(): void;
}

export function createGateway(lent: GatewayLent): Gateway {
  const ending = new AbortController();
  let carried: readonly Parcel[] = [];
  let property: string | undefined;
  let owed: Satchel["owed"] = [];
  /** A visit, or the rest after it. */
  let isBusy = false;
  let isAsked = false;
  /** The lock is to be visited. Otherwise it has done its part, and only what it said is still to be brought. */
  let isDue = false;
  let failures = 0;
  let stopTimer = (): void => {};

  async function visit(): Promise<void> {
    const to = property;
    if (isBusy || to === undefined) return;
    isBusy = true;
    isAsked = false;
    stopTimer();
    const parcels = isDue ? carried : [];
    isDue = false;
    const { outcome, satchel, troubles } = await sync({
      crypto: lent.crypto,
      timers: lent.timers,
      signal: ending.signal,
      transport: innerTransport(lent.connect),
      mailbox: {
        parcels: async () => parcels,
        deliver: (slip) => lent.wire.bring(to, toHex(slip.tag), encodeReturnSlip(slip)),
      },
      // What was proved is not remembered: whoever puts the same parcels out again lacks the receipt.
      satchel: { ...emptySatchel, owed },
    });
    if (ending.signal.aborted) return;
    owed = satchel.owed.slice(-owedMax);
    if (parcels.length > 0) {
      const version = "version" in outcome ? outcome.version : undefined;
      const says = [describeOutcome(outcome), ...troubles].join("; ");
      lent.onVisit({ outcome: outcome.kind, version, says, owed: owed.length });
      isDue ||= isToRepeat(outcome);
    }
    failures = isDue || owed.length > 0 ? failures + 1 : 0;
    stopTimer = lent.timers.after(restMilliseconds, rested);
  }

  function rested(): void {
    isBusy = false;
    if (isAsked) {
      void visit();
      return;
    }
    const retry = Math.min(firstRetryMilliseconds * 2 ** (failures - 1), longestRetryMilliseconds);
    stopTimer = lent.timers.after(failures > 0 ? retry : roundMilliseconds, () => {
      if (failures === 0) isDue = true;
      void visit();
    });
  }

  /** Now, or after the visit that is under way and its rest. */
  function ask(): void {
    isAsked = true;
    if (!isBusy) void visit();
  }

  return {
    parcels(from, set) {
      const parcels = readSet(set);
      if (parcels === undefined) return;
      property = from;
      carried = parcels;
      failures = 0;
      if (parcels.length === 0) return;
      isDue = true;
      ask();
    },
    connected() {
      if (owed.length > 0) ask();
    },
    stop() {
      ending.abort();
      stopTimer();
    },
  };
}

export interface Wired {
  /** Looks whether the lock shows itself by another tag now, as it does when it is given an owner. */
  look(): void;
  close(): void;
}

export type WiredLent = Omit<GatewayLent, "wire" | "timers"> & {
  /** 16 hex; undefined in the dark. */
  readonly tag: () => string | undefined;
  readonly onState: (state: WireState) => void;
};

/** A gateway on a broker. */
export function wireUp(url: string, lent: WiredLent): Wired {
  const wire = openWire(url, {
    onParcels: (property, set) => gateway.parcels(property, set),
    onState(state) {
      lent.onState(state);
      if (state.kind === "connected") gateway.connected();
    },
  });
  const look = (): void => {
    const tag = lent.tag();
    if (tag !== undefined) wire.listenAs(tag);
  };
  const gateway = createGateway({
    ...lent,
    wire,
    timers: { after },
    onVisit(visited) {
      lent.onVisit(visited);
      look();
    },
  });
  look();
  return {
    look,
    close() {
      gateway.stop();
      wire.close();
    },
  };
}

/** Passes by itself: somebody else is at the lock, it is dark, the link broke. A refusal for good does not. */
function isToRepeat(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case "unreachable":
    case "silent":
    case "dropped":
      return true;
    case "refused":
      return outcome.refusal === "BUSY";
    default:
      return false;
  }
}

/** The parcels of a set, `length u32 | parcel` each; undefined when it is none. A bad parcel among good ones is left out. */
export function readSet(set: Bytes): readonly Parcel[] | undefined {
  const parcels: Parcel[] = [];
  const view = new DataView(set.buffer, set.byteOffset, set.length);
  let at = 0;
  for (let count = 0; at < set.length; count++) {
    if (count >= parcelsMax || set.length - at < lengthBytes) return undefined;
    const length = view.getUint32(at);
    at += lengthBytes;
    if (length === 0 || length > parcelBytesMax || length > set.length - at) return undefined;
    const parcel = decodeParcel(set.slice(at, at + length));
    if (parcel.ok) parcels.push(parcel.value);
    at += length;
  }
  return set.length > 0 && parcels.length === 0 ? undefined : parcels;
}

/** A way to the lock that needs no radio. Frames are handed over one by one, so that nothing else has to wait for long. */
function innerTransport(connect: GatewayLent["connect"]): Transport {
  return {
    async open() {
      const frames: Bytes[] = [];
      const hearers = new Set<(frame: Bytes) => void>();
      const mourners = new Set<(why: string) => void>();
      let isOpen = true;
      let isPumping = false;
      const pump = (): void => {
        if (isPumping) return;
        isPumping = true;
        setImmediate(() => {
          isPumping = false;
          const frame = hearers.size > 0 ? frames.shift() : undefined;
          if (frame !== undefined) for (const hear of [...hearers]) hear(frame);
          if (frames.length > 0) {
            if (hearers.size > 0) pump();
          } else if (!isOpen) {
            for (const mourn of [...mourners]) mourn(closedByLock);
            mourners.clear();
          }
        });
      };
      const board = connect({
        frameBytesMax,
        send(frame) {
          frames.push(new Uint8Array(frame));
          pump();
        },
        close() {
          isOpen = false;
          pump();
        },
      });
      if (board === undefined) throw new Error("the lock is dark, or busy with a phone");
      const link: Link = {
        frameBytesMax,
        async send(frame) {
          if (!isOpen) throw new Error(closedByLock);
          board.frame(frame);
        },
        onFrame: (hear) => listen(hearers, hear, pump),
        onClosed: (mourn) => listen(mourners, mourn, pump),
        close() {
          hearers.clear();
          mourners.clear();
          if (!isOpen) return;
          isOpen = false;
          board.closed();
        },
      };
      return link;
    },
  };
}

function listen<T>(listeners: Set<T>, listener: T, then: () => void): () => void {
  listeners.add(listener);
  then();
  return () => {
    listeners.delete(listener);
  };
}
