// The radar on noble: it tells of locks in range with what they advertise, and now and then without it, since that may be a
// lie (T6); each place can be gone to. It forgets strangers.
import type { Sighting } from "@doorsync/phone-client";
import { nobleRadar } from "@doorsync/phone-client/node";
import { toHex } from "@doorsync/protocol/courier";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nothingIsLeft } from "../support/ble-faults.ts";
import { type BleRig, bleRig, until } from "../support/ble-rig.ts";

let rig: BleRig;
beforeEach(() => {
  rig = bleRig();
});
afterEach(() => rig.close());

const tagOf = ({ tag }: Sighting): string => (tag === undefined ? "any" : toHex(tag));

test("locks in range are told of again and again, and can be visited where they were seen", async () => {
  const doors = [await rig.door("A"), await rig.door("B")];
  const phone = await rig.phone();
  const parcels = doors.map((door) =>
    door.parcel(door.property.snapshot(door.property.tableOf(new Map([[0, "4821"]])))),
  );
  const controller = new AbortController();
  const radar = nobleRadar({ radio: phone.radio, now: () => performance.now(), lookMilliseconds: 80 });
  const outcomes = new Map<string, string>();
  for await (const sighting of radar.watch(controller.signal)) {
    const carried = parcels.filter(({ tag }) => toHex(tag) === tagOf(sighting));
    expect(carried.length, "one of the two").toBe(1);
    const { outcome } = await phone.visit(carried, { transport: sighting.transport });
    outcomes.set(tagOf(sighting), outcome.kind);
    if (outcomes.size === 2) controller.abort();
  }
  expect([...outcomes.values()]).toEqual(["synced", "synced"]);
  expect(doors.map(({ lock }) => lock.press("4821"))).toEqual(["accepted", "accepted"]);
  await nothingIsLeft(phone);
});

test("T6: a lock that shows a tag for which nothing is carried is told of as any lock after a while", async () => {
  await rig.door("A", { lie: (hello) => ({ ...hello, tag: new Uint8Array(8).fill(9) }) });
  const phone = await rig.phone();
  const controller = new AbortController();
  let now = 0;
  const radar = nobleRadar({
    radio: phone.radio,
    now: () => now,
    lookMilliseconds: 60,
    blindMilliseconds: 1_000,
  });
  const told: string[] = [];
  for await (const sighting of radar.watch(controller.signal)) {
    told.push(tagOf(sighting));
    if (told.length === 3) now = 1_001;
    if (told.length === 6) controller.abort();
  }
  expect(told.slice(0, 3), "not at first sight").toEqual(Array(3).fill("09".repeat(8)));
  expect(told.filter((tag) => tag === "any")).toHaveLength(1);
});

test("an adapter that is off is no end of the watch", async () => {
  await rig.door("A");
  const phone = await rig.phone({ waits: { power: 1_500 } });
  const controller = new AbortController();
  await phone.radio.look(100, controller.signal);
  const own = rig.air.adapters.at(-1);
  own?.power(false);
  await until(() => phone.stack.state === "poweredOff", "noticed", 3_000);
  const radar = nobleRadar({ radio: phone.radio, now: () => 0, lookMilliseconds: 60 });
  setTimeout(() => own?.power(true), 150);
  for await (const sighting of radar.watch(controller.signal)) {
    expect(sighting.tag).toBeDefined();
    controller.abort();
  }
});

test("noble is made to forget strangers, and sees who is there again", async () => {
  await rig.door("A");
  const phone = await rig.phone();
  const never = new AbortController().signal;
  await phone.radio.look(300, never);
  const gap = phone.stack._bindings?._gap;
  if (gap === undefined) throw new Error("noble has no such inside");
  const passers = Array.from({ length: 1_001 }, (_, n) => [`00:00:00:00:${n >> 8}:${n & 255}`, {}]);
  gap._discoveries = { ...gap._discoveries, ...Object.fromEntries(passers) };
  expect(await phone.radio.look(300, never)).toHaveLength(1);
  expect(Object.keys(gap._discoveries)).toHaveLength(1);
});
