// Who is suspended reads no digits that still open a door: whatever was done to the code besides, and whatever was asked
// for before. Each story is at the door, where the digits open until the sync.
import { afterEach, beforeEach, expect, test } from "vitest";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { facesIn, type Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";

const days = 86_400;

let service: Service;
let house: House;
let front: Door;
let back: Door;
let anna: Tenant;
let phone: Phone;
const ofAnna = () => ({ property: service.propertyId, person: anna.personId });

beforeEach(async () => {
  service = await startService();
  house = openHouse(service);
  const unit = await house.unit("1A");
  front = await house.door("1A front", "residence", unit);
  back = await house.door("1A back", "residence", unit);
  anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front, back]);
  const manager = await house.managersPhone();
  for (const door of [front, back]) await manager.syncs(door);
  phone = await house.phone(anna);
  passes(service, [front, back], 60);
});

afterEach(async () => {
  expect(service.faults).toEqual([]);
  await service.close();
});

/** All digits that an answer to this session holds. */
async function digitsFor(token: string): Promise<readonly (string | null)[]> {
  const answer = await service.call("myCodes", { token });
  expect(answer.status).toBe(200);
  const faces = facesIn(answer.body.codes);
  expect(faces.length).toBeGreaterThan(0);
  return faces.map(({ digits }) => digits);
}

test("a door was taken away before the phone was stolen", async () => {
  const code = await phone.now(front);
  await house.asks("revokeDoor", { params: { ...ofAnna(), door: front.doorId } });
  await house.suspend(anna, "stolen");
  expect(opens(front, code)).toBe(true);
  expect(new Set(await digitsFor(await service.logIn(anna.email)))).toEqual(new Set([null]));
});

test("a code was reset before, and everything is revoked after", async () => {
  const old = await phone.now(front);
  await phone.account.reset({ door: front.doorId });
  await house.suspend(anna, "other");
  expect(opens(front, old)).toBe(true);
  expect(new Set(await digitsFor(await phone.token()))).toEqual(new Set([null]));
  await house.revokeAll(anna);
  expect(opens(front, old)).toBe(true);
  expect(new Set(await digitsFor(await phone.token()))).toEqual(new Set([null]));
});

test("a request that was answered before is not answered again, and at no time at a desktop", async () => {
  const asked = { idempotencyKey: "reset-once-1", params: { door: front.doorId }, body: {} };
  const { entry } = await phone.asks("resetCode", asked);
  const digits = entry.faces.at(-1).code;
  expect(digits).toMatch(/^[0-9]{4}$/);
  expect((await phone.asks("resetCode", asked)).entry.faces.at(-1).code).toBe(digits);
  const desk = await service.call("resetCode", {
    token: await service.logIn(anna.email, "desktop"),
    ...asked,
  });
  expect(desk.body.name).toBe("KEY_REUSED");
  await house.suspend(anna, "other");
  expect(await phone.isDenied("resetCode", asked)).not.toBe("KEY_REUSED");
  expect(
    JSON.stringify((await service.call("resetCode", { token: await phone.token(), ...asked })).body),
  ).not.toContain(digits);
});

test("a second word changes neither since when nor what a thief may have read", async () => {
  const read = async () => (await house.asks("person", { params: ofAnna() })).suspended;
  await house.suspend(anna, "stolen");
  const first = await read();
  expect(first).toEqual({ since: service.clock.now, reason: "stolen" });
  passes(service, [front, back], 5 * days);
  await house.suspend(anna, "other");
  expect(await read()).toEqual(first);
  const { newCodes } = await house.asks("resume", { params: ofAnna(), body: {} });
  expect(newCodes).toBe(true);
  await house.suspend(anna, "other");
  await house.suspend(anna, "lost");
  expect(await read()).toEqual({ since: service.clock.now, reason: "lost" });
});
