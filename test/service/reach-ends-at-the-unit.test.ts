// How far somebody sees and what a decision touches: a host reads nothing of doors that are not the unit's, a grant
// elsewhere leaves a resident's own log alone, and a reset of the password ends what a guesser began.
import { afterEach, beforeEach, expect, test } from "vitest";
import { opens, passes } from "../support/journey-door.ts";
import { type House, openHouse, tokenForm } from "../support/journey-house.ts";
import { found, lastLetter } from "../support/journey-post.ts";
import { type Service, startService } from "../support/service.ts";

const days = 86_400;

let service: Service;
let house: House;
const ofProperty = () => ({ property: service.propertyId });

beforeEach(async () => {
  service = await startService();
  house = openHouse(service);
});

afterEach(async () => {
  expect(service.faults).toEqual([]);
  await service.close();
});

test("a host reads of somebody's keys and doors those of the own unit", async () => {
  const [own, other] = [await house.unit("1A"), await house.unit("2B")];
  const front = await house.bareDoor("1A front", "residence", own);
  const elsewhere = await house.bareDoor("2B front", "residence", other);
  const boiler = await house.bareDoor("Boiler room", "service");
  const hedda = await house.moveIn("Hedda", "host", own);
  const ann = await house.moveIn("Ann", "resident", own);
  const ofAnn = { ...ofProperty(), person: ann.personId };
  for (const [door, label] of [
    [front, "No 1"],
    [elsewhere, "No 2"],
    [boiler, "No 3"],
  ] as const)
    await house.asks("noteKey", { params: { door }, body: { person: ann.personId, label } });
  await house.asks("grantAccess", { params: ofAnn, body: { doors: [front, elsewhere, boiler] } });
  const asked = async (token: string) => {
    const person = (await service.call("person", { token, params: ofAnn })).body;
    const roll = (await service.call("people", { token, params: ofProperty() })).body.people;
    const keys = person.keys.map(({ label }: { label: string }) => label);
    return [keys.sort(), roll.find(({ name }: { name: string }) => name === "Ann").doors];
  };
  expect(await asked(service.manager)).toEqual([["No 1", "No 2", "No 3"], 3]);
  const hosts = await service.logIn(hedda.email, "desktop");
  expect(await asked(hosts)).toEqual([["No 1"], 1]);
  const revoked = await service.call("revokeAll", { token: hosts, params: ofAnn });
  expect(revoked.status).toBe(200);
  expect(revoked.body.keys).toMatchObject([{ label: "No 1" }]);
});

test("a grant elsewhere does not begin a residency anew: whoever lives there goes on reading the log", async () => {
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const hall = await house.bareDoor("Hall", "buildingEntrance");
  const anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front]);
  const manager = await house.managersPhone();
  await manager.syncs(front);
  const phone = await house.phone(anna);
  expect(opens(front, await phone.now(front))).toBe(true);
  for (let i = 0; i < 2; i++) await manager.syncs(front);
  const reads = async () => [
    (await phone.asks("doorLog", { params: { door: front.doorId } })).entries.length,
    (await phone.asks("me")).standings[0].since,
  ];
  const before = await reads();
  expect(before[0]).toBeGreaterThan(0);
  passes(service, [front], 10 * days);
  const ofAnna = { ...ofProperty(), person: anna.personId };
  await house.asks("grantAccess", { params: ofAnna, body: { doors: [hall] } });
  expect(await reads()).toEqual(before);
  // Whoever was gone begins anew: what happened meanwhile is not theirs to read.
  await house.revokeAll(anna);
  await house.regrant(anna, [front]);
  expect(await reads()).toEqual([0, service.clock.now]);
});

test("a reset of the password ends the lock-out that a guesser began, from wherever they guessed", async () => {
  const unit = await house.unit("1A");
  const anna = await house.moveIn("Anna", "resident", unit);
  const client = { class: "mobile", name: "t", version: "1.0.0" };
  const tries = async (password: string) =>
    (await service.call("logIn", { body: { email: anna.email, password, client } })).status;
  for (let i = 0; i < 5; i++) expect(await tries("a wrong guess")).toBe(401);
  expect(await tries("a wrong guess")).toBe(429);
  // As many from many places together.
  const { db } = service.office();
  const key = `logInAnywhere/${anna.email}`;
  const others = Array.from({ length: 50 }, () => ({ key, at: service.clock.now }));
  await db.insertInto("attempts").values(others).execute();
  await service.call("askPasswordReset", { body: { email: anna.email } });
  const token = found(await lastLetter(service, anna.email), tokenForm);
  const body = { token, password: "four plain new words" };
  expect((await service.call("resetPassword", { body })).status).toBe(204);
  expect(await tries("four plain new words")).toBe(200);
});
