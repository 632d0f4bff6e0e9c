/**
 * More at a door than its lock holds, over HTTP and at a real lock: what a thief or a mistake puts in keeps no suspension
 * from the door. Not the room for rules beside the codes: that is guests-have-bounds.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { opens } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { invited, type Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";
import type { LockOptions } from "../support/service-door.ts";

let service: Service;
let house: House;
let unit: string;
let managers: Phone;
beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  unit = await house.unit("1A");
  managers = await house.managersPhone();
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const settled = async (door: Door): Promise<string> => (await managers.syncs(door)).outcome.kind;
const newcomer = { kind: "permanent" } as const;

async function threeAt(name: string, options: LockOptions): Promise<readonly [Door, Tenant, Tenant, Tenant]> {
  const door = await house.door(name, "residence", unit, options);
  const [ada, ben, cleo] = [
    await house.moveIn(`Ada of ${name}`, "resident", unit),
    await house.moveIn(`Ben of ${name}`, "resident", unit),
    await house.moveIn(`Cleo of ${name}`, "resident", unit),
  ];
  for (const one of [ada, ben, cleo]) await house.give(one, [door]);
  expect(await settled(door)).toBe("synced");
  return [door, ada, ben, cleo];
}

test("one guest too many keeps a suspension off the door for the visit in which the lock says how much it holds", async () => {
  // Three residents and the place of the daily doorcode: the lock is full, and nobody knows it yet.
  const [door, ada, ben] = await threeAt("Full", { capacity: 4 });
  const [adas, bens] = [await house.phone(ada), await house.phone(ben)];
  const [adasCode, bensCode] = [await adas.now(door), await bens.now(door)];
  const guest = await invited(bens, door, { name: "One too many", ...newcomer });
  expect((await bens.syncs(door)).outcome).toMatchObject({
    kind: "refused",
    refusal: "RESOURCE_EXHAUSTED",
  });
  await house.suspend(ada, "stolen");
  expect(await settled(door)).toBe("synced");
  expect(opens(door, adasCode)).toBe(false);
  expect(opens(door, bensCode)).toBe(true);

  const seen = await house.sees(door);
  expect(seen).toMatchObject({ heldUp: "LOCK_FULL", capacity: 4, pending: true });
  expect(seen.health).toMatchObject({ state: "lockFull" });
  expect(seen.health.nextSteps.join(" ")).toContain("no longer needed");
  const states = seen.codes.filter(({ class: of }: { class: string }) => of === "code");
  const stateOf = (person: string) =>
    states.find((code: { person: string }) => code.person === person)?.state;
  expect([stateOf("One too many"), stateOf(ada.name), stateOf(ben.name)]).toEqual(["unset", "set", "set"]);
  expect(opens(door, guest.code)).toBe(false);
  // The lock's own word for how much it holds is no number of anybody's credential.
  const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
  const refused = entries.find((one: { kind: string }) => one.kind === "SyncRefused");
  expect(refused).toMatchObject({ detail: "RESOURCE_EXHAUSTED", credential: null, person: null });

  // Nobody is told a code that finds no place, and nothing is left of the try.
  const more = await service.call("inviteGuest", {
    token: await bens.token(),
    params: { door: door.doorId },
    body: { name: "Two too many", ...newcomer },
  });
  expect(more).toMatchObject({ status: 422, body: { code: 150, name: "LOCK_FULL" } });
  expect(
    await house.isDenied("assignKeycard", {
      params: { door: door.doorId },
      body: { person: ben.personId, card: "04a1b2c3" },
    }),
  ).toBe("LOCK_FULL");
  // Who has a place keeps it, whatever waits.
  await house.regrant(ben);
  expect(await settled(door)).toBe("synced");
  expect(opens(door, bensCode)).toBe(false);
  expect(opens(door, await bens.now(door))).toBe(true);

  await house.revokeAll(ada);
  expect(await settled(door)).toBe("synced");
  expect(await settled(door)).toBe("already");
  expect(opens(door, guest.code)).toBe(true);
  const { heldUp, health } = await house.sees(door);
  expect([heldUp, health.troubles]).toEqual([null, []]);
}, 60_000);

test("where the box said how much it holds, the lock refuses nothing, and no suspension waits for a second visit", async () => {
  const [door, ada, ben] = await threeAt("Known", { capacity: 5, isToldOf: true });
  const [adas, bens] = [await house.phone(ada), await house.phone(ben)];
  const code = await adas.now(door);
  const guest = await invited(bens, door, { name: "The last that fits", ...newcomer });
  expect(
    await bens.isDenied("inviteGuest", {
      params: { door: door.doorId },
      body: { name: "One too many", ...newcomer },
    }),
  ).toBe("LOCK_FULL");
  // As a database has it from before there was a bound: more granted than the lock holds, one after the other.
  const office = service.office();
  // Within one second nobody is the later one.
  service.clock.now++;
  await office.db.updateTable("locks").set({ capacity: null }).where("door_id", "=", door.doorId).execute();
  const late = await invited(bens, door, { name: "One too many", ...newcomer });
  await office.db.updateTable("locks").set({ capacity: 5 }).where("door_id", "=", door.doorId).execute();
  await house.suspend(ada, "stolen");
  expect(await settled(door)).toBe("synced");
  expect([code, guest.code, late.code].map((digits) => opens(door, digits))).toEqual([false, true, false]);
  expect(await house.sees(door)).toMatchObject({ heldUp: "LOCK_FULL", capacity: 5, refused: null });
}, 60_000);
