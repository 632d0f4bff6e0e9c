/**
 * What a visit costs on the air of Bluetooth LE: the real courier and the real lock over a link that keeps the time of
 * a modelled connection, event by event. The peer's bytes and round trips are its own, measured, put on the same model.
 */
import type { SimulatedLock } from "@doorsync/lock-sim";
import { type Link, type Mailbox, sync, type Timers, type Transport } from "@doorsync/phone-client";
import { firstCredentialId } from "@doorsync/protocol/authority";
import { messageType, type Parcel } from "@doorsync/protocol/courier";
import {
  attBytesPerSecond,
  eventUs,
  exchangeUs,
  type LinkModel,
  packetsOf,
  visitMs,
} from "@doorsync/virtual-radio";
import { acknowledge, crypto, issue, type Owned, ownedLock, parcelOf, snapshotOf } from "./cast.ts";
import { atLeast, atMost, exactly, type Figure, plain } from "./figures.ts";

/** A good phone and a good lock; and the least that any two can do. */
const good = { mtu: 247, model: { phy: "2M", dle: true, intervalMs: 15, packetsPerEventMax: 6 } } as const;
const poor = { mtu: 23, model: { phy: "1M", dle: false, intervalMs: 30, packetsPerEventMax: 1 } } as const;

/** matter.js 0.17.9: a resumed CASE session and one ClearCredential, message bytes and dependent exchanges. */
const matterResumedClear = { bytes: 736, roundTrips: 3 } as const;

const attHeaderBytes = 3;
const codesOfDrops = 200;

export async function air(): Promise<readonly Figure[]> {
  const { owned } = await ownedLock("on the air", 1_000);
  let revoked = firstCredentialId;
  const revoke = async (on: OnAir): Promise<AirVisit> => {
    acknowledge(owned);
    const removed = issue(owned, { removes: [revoked++], puts: [] });
    const made = await visitOnAir(owned, [parcelOf(owned, removed)], on);
    Object.assign(owned, { version: removed.to, table: removed.table });
    return made;
  };
  // Versions below 65,536 all take the same bytes.
  const [onGood, onPoor, hinted] = [
    await revoke(good),
    await revoke(poor),
    await revoke({ ...poor, isHinted: true }),
  ];
  const ratio = (made: AirVisit, { mtu, model }: OnAir): number =>
    visitMs(made, mtu, model) / visitMs(matterResumedClear, mtu, model);

  const fresh = await ownedLock("a whole table", 0);
  // Its log would be fetched behind the receipt.
  acknowledge(fresh.owned);
  const snapshot = snapshotOf(fresh.owned, 1_000);
  const streamed = await visitOnAir(fresh.owned, [parcelOf(fresh.owned, snapshot)], good);
  const rate = (1_000 * streamed.bytes) / streamed.ms;

  return [
    exactly("air-round-trips", onGood.roundTrips, "connect to receipt", 2),
    exactly("air-round-trips-hinted", hinted.roundTrips, "connect to receipt", 1),
    atMost("air-revocation-2m-247", ratio(onGood, good), "x Matter resumed", 0.65),
    atMost("air-revocation-mtu-23", ratio(onPoor, poor), "x Matter resumed", 0.5),
    atMost("air-revocation-mtu-23-hint", ratio(hinted, poor), "x Matter resumed", 0.4),
    plain("air-revocation-ms", onGood.ms, "ms, 2M, MTU 247, 15 ms"),
    plain("air-revocation-poor-ms", onPoor.ms, "ms, 1M, MTU 23, 30 ms"),
    atLeast("air-snapshot-rate", rate / attBytesPerSecond(good.mtu, good.model), "x the model's rate", 0.8),
    plain("air-snapshot-ms", streamed.ms, "ms, 1,000 codes"),
    atMost("air-chunks-sent-again", await chunksAgain(), "chunks, any drop", 1),
  ];
}

interface OnAir {
  readonly mtu: number;
  readonly model: LinkModel;
  /** The advertisement told tag and version, and truly. */
  readonly isHinted?: boolean;
  /** The link is lost in this frame to the lock, from 0: it goes on the air and does not arrive. */
  readonly dropAt?: number;
}

interface AirVisit {
  readonly ms: number;
  /** Attribute values, both ways together. */
  readonly bytes: number;
  readonly roundTrips: number;
  readonly outcome: string;
  /** Chunks of which a frame went on the air. What only waited in the phone was not sent. */
  readonly chunks: number;
  readonly framesToLock: number;
  readonly isDropped: boolean;
}

/** Most chunks that were sent again, over a drop at every frame of a stream; each is followed by an honest visit. */
async function chunksAgain(): Promise<number> {
  const on = { mtu: 23, model: good.model };
  let worst = 0;
  let [at, drops, whole] = [0, 0, 0];
  for (;;) {
    const { owned } = await ownedLock("dropped", 0);
    const snapshot = snapshotOf(owned, codesOfDrops);
    const parcels = [parcelOf(owned, snapshot)];
    const first = await visitOnAir(owned, parcels, { ...on, dropAt: at });
    if (!first.isDropped) {
      whole = first.chunks;
      break;
    }
    drops += 1;
    const second = await visitOnAir(owned, parcels, on);
    if (second.outcome !== "synced" && second.outcome !== "already")
      throw new Error(`after a drop at frame ${at} the visit ended as ${second.outcome}`);
    worst = Math.max(worst, first.chunks + second.chunks - snapshot.messages.length + 1);
    // Every frame of small streams would be tested elsewhere as well; here one in seven, which meets every place of a frame in its chunk.
    at += 7;
  }
  if (drops < 20 || whole < 3) throw new Error(`only ${drops} drops in ${whole} chunks were tried`);
  return worst;
}

async function visitOnAir(owned: Owned, parcels: readonly Parcel[], on: OnAir): Promise<AirVisit> {
  const line = modelledLink(owned.lock, on, on.isHinted === true ? hintOf(owned) : undefined);
  const mailbox: Mailbox = { parcels: async () => parcels, deliver: async () => {} };
  let outcome: string | undefined;
  const visiting = sync({
    transport: line.transport,
    mailbox,
    crypto,
    timers: line.timers,
  }).then((result) => {
    outcome = result.outcome.kind;
  });
  while (outcome === undefined) {
    await settled();
    if (outcome === undefined) line.event();
  }
  await visiting;
  return { ...line.counted(), outcome };
}

/** By its header and its type (SPEC section 9). */
function isFirstOfChunk([header = 0, type]: Uint8Array): boolean {
  return (header & 0x80) !== 0 && type === messageType("chunk");
}

function hintOf({ tag, version }: Owned): NonNullable<Link["hint"]> {
  return { tag, version, flags: 0 };
}

/** Whatever follows from what was heard has followed. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface Sending {
  readonly frame: Uint8Array;
  /** Packets of the air that are still to go. */
  readonly packets: number[];
}

/** One connection: what was queued before an event goes in it, as far as its time and its packets reach. */
function modelledLink(lock: SimulatedLock, { mtu, model, dropAt }: OnAir, hint: Link["hint"]) {
  const frameBytesMax = mtu - attHeaderBytes;
  const toLock: Sending[] = [];
  const toPhone: Sending[] = [];
  const alarms = new Set<{ readonly at: number; readonly run: () => void }>();
  const heard = new Set<(frame: Uint8Array) => void>();
  const closed = new Set<(why: string) => void>();
  let [nowMs, bytes, roundTrips, framesToLock, chunks] = [0, 0, 0, 0, 0];
  let [lastWasOurs, isOpen, isDropped] = [false, false, false];
  let end: ReturnType<SimulatedLock["board"]["connect"]>;

  const queue = (to: Sending[], frame: Uint8Array): void => {
    to.push({ frame, packets: [...packetsOf(frame.length, model.dle)] });
  };
  const drop = (): void => {
    [isOpen, isDropped] = [false, true];
    toLock.length = 0;
    toPhone.length = 0;
    end?.closed();
    for (const listener of closed) listener("the link was lost");
  };
  const deliver = ({ frame }: Sending, isToLock: boolean): void => {
    if (isToLock && isFirstOfChunk(frame)) chunks += 1;
    if (isToLock && framesToLock++ === dropAt) {
      drop();
      return;
    }
    bytes += frame.length;
    if (!isToLock && lastWasOurs) roundTrips += 1;
    lastWasOurs = isToLock;
    if (isToLock) end?.frame(frame);
    else for (const listener of heard) listener(frame);
  };
  const transport: Transport = {
    open: async () => {
      end = lock.board.connect({
        frameBytesMax,
        send: (frame) => queue(toPhone, frame),
        close() {
          isOpen = false;
          for (const listener of closed) listener("the lock hung up");
        },
      });
      if (end === undefined) throw new Error("the lock is dark or busy");
      isOpen = true;
      return {
        frameBytesMax,
        ...(hint === undefined ? {} : { hint }),
        send: async (frame) => {
          if (isOpen) queue(toLock, frame);
        },
        onFrame: (listener) => {
          heard.add(listener);
          return () => heard.delete(listener);
        },
        onClosed: (listener) => {
          closed.add(listener);
          return () => closed.delete(listener);
        },
        close: () => {
          if (isOpen) end?.closed();
          isOpen = false;
        },
      };
    },
  };
  const timers: Timers = {
    after(milliseconds, run) {
      const alarm = { at: nowMs + milliseconds, run };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
  };

  return {
    transport,
    timers,
    counted: () => ({ ms: nowMs, bytes, roundTrips, framesToLock, chunks, isDropped }),
    /** The next connection event, and whatever falls due until its end. */
    event(): void {
      nowMs += model.intervalMs;
      const [up, down] = [toLock.splice(0), toPhone.splice(0)];
      let spentUs = 0;
      for (let exchanges = 0; exchanges < (model.packetsPerEventMax ?? Infinity); exchanges++) {
        const [ours, theirs] = [up[0], down[0]];
        if (ours === undefined && theirs === undefined) break;
        spentUs += exchangeUs(ours?.packets[0] ?? 0, theirs?.packets[0] ?? 0, model);
        if (exchanges > 0 && spentUs > eventUs(model)) break;
        for (const [going, queued, isToLock] of [
          [ours, up, true],
          [theirs, down, false],
        ] as const) {
          going?.packets.shift();
          if (going === undefined || going.packets.length > 0) continue;
          queued.shift();
          if (isOpen) deliver(going, isToLock);
        }
      }
      // What found no room goes first in the next one.
      if (isOpen) toLock.unshift(...up);
      if (isOpen) toPhone.unshift(...down);
      for (const alarm of [...alarms]) {
        if (alarm.at > nowMs || !alarms.delete(alarm)) continue;
        alarm.run();
      }
    },
  };
}
