/**
 * A lock and phones in the air of this process, all real: the shipped firmware behind bleno, the shipped courier on
 * noble, both stacks unmodified, and software in place of their controllers. Real time; nothing sleeps longer than it
 * has to. What is missing is the radio itself.
 */
import { createRequire } from "node:module";
import {
  emptySatchel,
  type SyncOptions,
  type SyncResult,
  sync,
  systemTimers,
  type Timers,
} from "@doorsync/phone-client";
import type { Issued } from "@doorsync/protocol/authority";
import type { Hello, Parcel, ReturnSlip } from "@doorsync/protocol/courier";
import {
  type Air,
  type AirOptions,
  type CaptureSink,
  createAir,
  installRadio,
  openBleno,
  openNoble,
} from "@doorsync/virtual-radio";
import { createLockRadio, type LockRadio } from "../../packages/lock-sim/src/edge/bleno.ts";
import type { BlenoStack } from "../../packages/lock-sim/src/edge/bleno-stack.ts";
import {
  type NobleOptions,
  type NobleRadio,
  nobleRadio,
} from "../../packages/phone-client/src/edge/noble.ts";
import type { NobleStack } from "../../packages/phone-client/src/edge/noble-stack.ts";
import {
  authoritySeeds,
  bytesOf,
  commission,
  crypto,
  makeLock,
  type TestAuthority,
  type TestLock,
} from "../world.ts";

const requireBleno = createRequire(new URL("../../packages/lock-sim/src/edge/bleno.ts", import.meta.url));
const requireNoble = createRequire(new URL("../../packages/phone-client/src/edge/noble.ts", import.meta.url));
const tickMilliseconds = 10;

/** Settles when `holds` does; throws when it does not in time. */
export async function until(holds: () => boolean, what: string, milliseconds = 5_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`in vain for ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Timers that count those that wait. */
export function countedTimers(): Timers & { readonly waiting: number } {
  let waiting = 0;
  return {
    get waiting() {
      return waiting;
    },
    after(milliseconds, run) {
      waiting += 1;
      let isOver = false;
      const over = (): void => {
        if (!isOver) waiting -= 1;
        isOver = true;
      };
      const stop = systemTimers.after(milliseconds, () => {
        over();
        run();
      });
      return () => {
        over();
        stop();
      };
    },
  };
}

/** One lock with its authority, at a door with a radio. */
export interface BleDoor {
  readonly lock: TestLock;
  readonly property: TestAuthority;
  readonly radio: LockRadio;
  readonly stack: BlenoStack;
  readonly address: string;
  /** What the radio had to say. */
  readonly troubles: string[];
  parcel(issued: Issued): Parcel;
  /** Runs what the lock's own clock does while `forMs` pass by it at once. */
  passes(forMs: number): void;
}

export interface BlePhone {
  readonly radio: NobleRadio;
  readonly stack: NobleStack;
  readonly timers: ReturnType<typeof countedTimers>;
  readonly slips: ReturnSlip[];
  visit(parcels: readonly Parcel[], options?: Partial<SyncOptions>): Promise<SyncResult>;
}

/** Where the packets go that a side's host sees. */
interface Captured {
  readonly capture?: CaptureSink;
}

export interface DoorOptions extends Captured {
  readonly mtu?: number;
  readonly capacity?: number;
  readonly isNew?: boolean;
  /** A lock that hangs already, and belongs to somebody; it gets a radio. */
  readonly lock?: TestLock;
  /** What it advertises instead of the truth. */
  readonly lie?: (hello: Hello) => Hello;
}

export interface BleRig {
  readonly air: Air;
  door(name: string, options?: DoorOptions): Promise<BleDoor>;
  phone(options?: Partial<NobleOptions> & Captured): Promise<BlePhone>;
  close(): Promise<void>;
}

export function bleRig(options: AirOptions = {}): BleRig {
  const air = createAir({ advertisingIntervalMs: 20, ...options });
  const uninstall = installRadio({ air });
  const closes: (() => void | Promise<void>)[] = [];
  return {
    air,
    async door(name, { mtu = 256, capacity, isNew = false, capture, lie, lock: hung } = {}) {
      const adapter = air.adapter(capture === undefined ? {} : { capture });
      const opened = await openBleno<BlenoStack>(requireBleno, adapter.deviceId);
      const lock = hung ?? makeLock(name, capacity === undefined ? {} : { capacity });
      const property = isNew || hung !== undefined ? (undefined as never) : commission(lock, name);
      const troubles: string[] = [];
      const radio = createLockRadio({
        stack: opened.stack,
        mtu,
        onTrouble: (says) => troubles.push(says),
        lock: {
          hello() {
            const hello = lock.board.hello();
            return hello === undefined || lie === undefined ? hello : lie(hello);
          },
          connect: (link) => lock.board.connect(link),
        },
      });
      let skippedMs = 0;
      let livedMs = 0;
      const begun = performance.now();
      const tick = (): void => {
        const nowMs = performance.now() - begun + skippedMs;
        // A test may let time pass for the lock alone; it does not go back.
        lock.clock.uptimeMs += nowMs - livedMs;
        livedMs = nowMs;
        lock.board.tick();
        radio.look(nowMs);
      };
      const timer = setInterval(tick, tickMilliseconds);
      closes.push(() => {
        clearInterval(timer);
        radio.close();
        opened.close();
      });
      await until(() => radio.isAdvertising, "the lock advertises");
      return {
        lock,
        property,
        radio,
        stack: opened.stack,
        address: adapter.address,
        troubles,
        parcel: (issued) => ({
          kind: issued.from === undefined ? "snapshot" : "update",
          lockId: property.lock.name.lockId,
          epoch: property.lock.name.epoch,
          tag: bytesOf(`${name} tag 1`, 8),
          from: issued.from ?? 0,
          to: issued.to,
          notAfter: issued.notAfter,
          lockKey: property.lockPublic.sign,
          tableKey: crypto.signPublic(authoritySeeds.table),
          messages: issued.messages,
        }),
        passes(forMs) {
          skippedMs += forMs;
          tick();
        },
      };
    },
    async phone({ capture, ...given } = {}) {
      const adapter = air.adapter(capture === undefined ? {} : { capture });
      const opened = await openNoble<NobleStack>(requireNoble, adapter.deviceId);
      const timers = countedTimers();
      const radio = nobleRadio({ stack: opened.stack, timers, ...given });
      closes.push(async () => {
        await radio.idle();
        opened.close();
      });
      const slips: ReturnSlip[] = [];
      return {
        radio,
        stack: opened.stack,
        timers,
        slips,
        visit: (parcels, visitOptions = {}) =>
          sync({
            transport: radio,
            mailbox: { parcels: async () => parcels, deliver: async (slip) => void slips.push(slip) },
            crypto,
            timers,
            satchel: emptySatchel,
            ...visitOptions,
          }),
      };
    },
    async close() {
      for (const close of closes.reverse()) await close();
      air.close();
      uninstall();
    },
  };
}
