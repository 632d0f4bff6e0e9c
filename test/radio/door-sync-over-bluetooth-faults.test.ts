// Faults of the air under a visit, through real stacks: whatever strikes, the visit settles, the lock holds the old table
// or the new one, nothing is left behind, and the next phone is served. All faults at all places: test/deep.
import { afterEach, beforeEach, expect, test } from "vitest";
import { airFaults, nextIsServed, nothingIsLeft, patientVisit } from "../support/ble-faults.ts";
import { type BleRig, bleRig } from "../support/ble-rig.ts";

let rig: BleRig;
beforeEach(() => {
  rig = bleRig();
});
afterEach(() => rig.close());

/** Packets in the middle of the stream: behind discovery, before the last chunk. The lock says less than the phone. */
const inTheStream = { "to-peripheral": 20, "to-central": 11 };

/** Those that take less than a second each. */
const quickFaults = airFaults.filter(({ name }) => !/is late|nothing more/.test(name));

test.each(quickFaults)("$name: the lock has the old table or the new one", async (fault) => {
  const door = await rig.door("A", { mtu: 100 });
  const [phone, next] = [
    await rig.phone({ waits: { services: 700, characteristics: 700, subscribe: 700 } }),
    await rig.phone(),
  ];
  const codes = new Map(Array.from({ length: 40 }, (_, n) => [n, String(4_000 + n)]));
  const parcel = door.parcel(door.property.snapshot(door.property.tableOf(codes)));
  const struck = fault.arm(rig, inTheStream[fault.direction]);
  const visited = await patientVisit(phone, [parcel]);
  expect(struck.times, "it struck").toBe(1);
  rig.air.tamper(undefined);
  await nothingIsLeft(phone);
  await nextIsServed(door, next, visited.outcome.kind === "synced" ? [1] : [0, 1], [parcel], 1);
  expect(door.lock.press("4021")).toBe("accepted");
});
