/**
 * What can go wrong between a phone and a lock on the air, as a table: each fault strikes at a given packet of a visit,
 * and says whether it did. And what must be true afterwards, whatever it was.
 */
import { again, type SyncResult } from "@doorsync/phone-client";
import type { Parcel } from "@doorsync/protocol/courier";
import { type Direction, flipBit, type Tamper, type Verdict } from "@doorsync/virtual-radio";
import { expect } from "vitest";
import { inForce, storesOf } from "../world.ts";
import type { BleDoor, BlePhone, BleRig } from "./ble-rig.ts";
import { until } from "./ble-rig.ts";

export interface Struck {
  readonly times: number;
}

export interface AirFault {
  readonly name: string;
  readonly direction: Direction;
  /** Arms it for the links to come: at the `at`th packet of its direction, once. */
  arm(rig: BleRig, at: number): Struck;
}

const once = (direction: Direction, verdict: (data: Uint8Array) => Verdict): AirFault["arm"] => {
  return (rig, at) => {
    const struck = { times: 0 };
    let count = 0;
    const tamper: Tamper = (packet) => {
      if (packet.direction !== direction || count++ !== at) return { kind: "pass" };
      struck.times += 1;
      return verdict(packet.data);
    };
    rig.air.tamper(tamper);
    return struck;
  };
};

/** What is done to the link when the packet passes. */
const byThen = (direction: Direction, act: (rig: BleRig) => void): AirFault["arm"] => {
  return (rig, at) => {
    const struck = { times: 0 };
    let count = 0;
    rig.air.tamper((packet) => {
      if (packet.direction === direction && count++ === at) {
        struck.times += 1;
        setImmediate(() => act(rig));
      }
      return { kind: "pass" };
    });
    return struck;
  };
};

const directions = [
  ["to the lock", "to-peripheral"],
  ["to the phone", "to-central"],
] as const;

export const airFaults: readonly AirFault[] = directions.flatMap(([where, direction]) => [
  { direction, name: `a packet ${where} is lost`, arm: once(direction, () => ({ kind: "drop" })) },
  { direction, name: `a packet ${where} comes twice`, arm: once(direction, () => ({ kind: "duplicate" })) },
  { direction, name: `a packet ${where} is overtaken`, arm: once(direction, () => ({ kind: "swap" })) },
  {
    direction,
    name: `a packet ${where} is late`,
    arm: once(direction, () => ({ kind: "delay", ms: 150 })),
  },
  {
    direction,
    name: `a packet ${where} has a bit flipped`,
    arm: once(direction, (data) => ({ kind: "replace", data: flipBit(data, 0.9) })),
  },
  {
    direction,
    name: `a packet ${where} is cut short`,
    arm: once(direction, (data) => ({ kind: "replace", data: data.slice(0, Math.max(1, data.length - 3)) })),
  },
  {
    direction,
    name: `the link is lost at a packet ${where}`,
    arm: byThen(direction, (rig) => rig.air.links[0]?.lose()),
  },
  {
    direction,
    name: `the link stalls from a packet ${where}`,
    arm: byThen(direction, (rig) => rig.air.links[0]?.stall("both")),
  },
  {
    direction,
    name: `nothing more arrives ${where}`,
    arm: byThen(direction, (rig) => rig.air.links[0]?.stall(direction)),
  },
]);

/** A visit with the patience of a test; one that is cut off is made again. */
export function patientVisit(
  phone: BlePhone,
  parcels: readonly Parcel[],
  visitsMax = 3,
): Promise<SyncResult> {
  return again(
    (before) =>
      phone.visit(parcels, {
        waits: { open: 4_000, greeting: 700, offering: 700, streaming: 700, asking: 700, pulling: 700 },
        ...(before === undefined ? {} : { satchel: before.satchel }),
      }),
    undefined,
    visitsMax,
  );
}

/** Nothing waits and nothing listens on the phone's side, once the last link is gone. */
export async function nothingIsLeft(phone: BlePhone): Promise<void> {
  await phone.radio.idle();
  expect(phone.timers.waiting, "timers").toBe(0);
  const emitter = phone.stack as unknown as {
    listenerCount(event: string): number;
    readonly _peripherals: Record<string, { eventNames(): readonly unknown[] }>;
  };
  expect(emitter.listenerCount("discover"), "listeners to what is discovered").toBe(0);
  expect(emitter.listenerCount("stateChange"), "listeners to the adapter, beside the rig's own").toBe(1);
  for (const peripheral of Object.values(emitter._peripherals)) expect(peripheral.eventNames()).toEqual([]);
}

/** The lock holds one of these versions whole, and the next honest phone is served at once. */
export async function nextIsServed(
  door: BleDoor,
  next: BlePhone,
  versions: readonly number[],
  parcels: readonly Parcel[],
  to: number,
): Promise<void> {
  expect(versions, "the old table or the new one").toContain(inForce(door.lock)?.version);
  await until(() => !door.radio.isConnected, "the one connection is free");
  const begun = performance.now();
  const served = await next.visit(parcels);
  expect(served.outcome).toMatchObject({ version: to });
  expect(inForce(door.lock)?.version).toBe(to);
  expect(performance.now() - begun, "served within 5 s of the slot being free").toBeLessThan(5_000);
}

/** After strangers: the lock is whole and free, and serves an honest phone that comes now. */
export async function nextAfterStrangers(
  rig: BleRig,
  door: BleDoor,
  storesBefore: string,
  freedWithinMs = 0,
): Promise<void> {
  if (freedWithinMs > 0) door.passes(freedWithinMs);
  await until(() => !door.radio.isConnected, "the one connection is free");
  expect(storesOf(door.lock), "flash and secure element").toBe(storesBefore);
  const honest = await rig.phone();
  const version = (inForce(door.lock)?.version ?? 0) + 1;
  const parcel = door.parcel(door.property.snapshot(door.property.tableOf(new Map([[0, "4821"]]))));
  await nextIsServed(door, honest, [version - 1], [parcel], version);
}
