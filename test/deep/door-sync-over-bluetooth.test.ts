// Every fault of the air at every place of a visit and at every MTU, through real stacks, again and again in one process:
// the lock holds the old table or the new one, every promise settles, nothing is left, and memory stays where it was.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { airFaults, nextIsServed, nothingIsLeft, patientVisit } from "../support/ble-faults.ts";
import { type BleRig, bleRig } from "../support/ble-rig.ts";
import { forgetComputed, inForce } from "../world.ts";

let rig: BleRig;
beforeEach(() => {
  rig = bleRig();
});
afterEach(() => rig.close());

const codesOf = (version: number): Map<number, string> =>
  new Map(Array.from({ length: 20 }, (_, n) => [n, String(1_000 * (version % 9) + n).padStart(4, "0")]));

/** All of them at first, where connection, discovery and the stream's head are; then fewer. */
const places = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 24, 40];
/** At the largest MTU of one packet: connecting, discovery, head, stream and end. */
const somePlaces = [0, 3, 6, 9, 10, 11, 13, 17, 24];
/** At the others, what the MTU can change. */
const fewPlaces = [3, 9, 10, 11, 13, 17];
const placesAt = (mtu: number): readonly number[] =>
  mtu === 23 ? places : mtu === 247 ? somePlaces : fewPlaces;

describe.each([23, 100, 185, 247, 256])("at an MTU of %i", (mtu) => {
  test.each(airFaults)("$name", async (fault) => {
    const door = await rig.door("A", { mtu });
    const waits = { services: 700, characteristics: 700, subscribe: 700, connect: 1_000 };
    const [phone, next] = [await rig.phone({ waits }), await rig.phone()];
    let strikes = 0;
    for (const [index, at] of placesAt(mtu).entries()) {
      const version = index + 1;
      const parcel = door.parcel(door.property.snapshot(door.property.tableOf(codesOf(version))));
      const struck = fault.arm(rig, at);
      const visited = await patientVisit(phone, [parcel]);
      rig.air.tamper(undefined);
      await nothingIsLeft(phone);
      const held = visited.outcome.kind === "synced" ? [version] : [version - 1, version];
      await nextIsServed(door, next, held, [parcel], version);
      await next.radio.idle();
      strikes += struck.times;
      if (struck.times === 0) break;
    }
    expect(strikes, "places at which it struck").toBeGreaterThan(3);
    expect(door.radio.resets, "the lock's stack needed no mending").toBe(0);
  });
});

test("a thousand visits in one process: memory is steady, nothing is left behind", async () => {
  const door = await rig.door("A", { mtu: 247 });
  const phone = await rig.phone();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const parcelAt = (version: number) => {
    const table = door.property.tableOf(codesOf(version));
    return door.parcel(version % 50 === 1 ? door.property.snapshot(table) : door.property.delta(table));
  };
  const heap: number[] = [];
  for (let version = 1; version <= 1_000; version++) {
    const visited = await phone.visit([parcelAt(version)]);
    expect(visited.outcome, `visit ${version}`).toEqual({ kind: "synced", version });
    door.lock.notes.length = 0;
    door.lock.said.length = 0;
    phone.slips.length = 0;
    door.property.signed.delete(version - 2);
    if (version % 100 !== 0) continue;
    await nothingIsLeft(phone);
    forgetComputed();
    collect();
    heap.push(process.memoryUsage().heapUsed);
  }
  expect(inForce(door.lock)?.version).toBe(1_000);
  expect(heap.length).toBe(10);
  const [early = 0, late = 0] = [heap[1], heap.at(-1)];
  expect(late - early, `bytes held: ${heap.join(" ")}`).toBeLessThan(2_000_000);
});
