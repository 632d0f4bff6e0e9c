/**
 * One account in two properties: the second takes somebody in by the e-mail address of the first, and the word of each
 * reaches its own doors and no further.
 */
import { registerProperty } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { opens } from "../support/journey-door.ts";
import { moveIn, type Residence } from "../support/residence.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";

let service: Service;
let house: Residence;
/** The second property, its manager at a desk, a unit and its door. */
let birch: {
  readonly property: string;
  readonly manager: string;
  readonly unit: string;
  readonly door: string;
};
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  await registerProperty(service.office(), { name: "Birch House", sixDigits: false, leaseHours: 0 });
  const { id: property } = await service
    .office()
    .db.selectFrom("properties")
    .select("id")
    .where("name", "=", "Birch House")
    .executeTakeFirstOrThrow();
  const standing = { propertyId: property, unitId: "", role: "manager" as const };
  await openAccount(service.office(), { name: "Bea", email: "bea@example.org", password, standing });
  const token = await service.logIn("bea@example.org", "desktop");
  const made = async (name: string, body: object): Promise<string> =>
    (await service.call(name, { token, params: { property }, body })).body.id;
  const unit = await made("addUnit", { name: "1A" });
  const door = await made("addDoor", { name: "1A", kind: "residence", unit });
  birch = { property, manager: token, unit, door };
}, 60_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const atBirch = (name: string, params: Record<string, string>, body?: object): Promise<Answer> =>
  service.call(name, {
    token: birch.manager,
    params: { property: birch.property, ...params },
    ...(body && { body }),
  });
const take = (email: string): Promise<Answer> =>
  atBirch("addPerson", {}, { name: "Whatever", email, role: "resident", unit: birch.unit });

test("who has an account elsewhere stands in both, is told, and is taken in once", async () => {
  const { rita } = house;
  const added = await take(` ${rita.email.toUpperCase()} `);
  expect(added).toMatchObject({ status: 200, body: { personId: rita.personId } });
  const me = (await service.call("me", { token: rita.phone })).body;
  expect(me.name).toBe(rita.name);
  expect(me.standings.map((one: Answer["body"]) => [one.property, one.role])).toEqual([
    ["Birch House", "resident"],
    ["Maple Court", "resident"],
  ]);
  const { db } = service.office();
  const told = await db.selectFrom("messages").select("kind").where("kind", "=", "joined").execute();
  expect(told).toHaveLength(1);
  expect((await take(rita.email)).body.name).toBe("EMAIL_TAKEN");

  const params = { person: rita.personId };
  expect((await atBirch("grantAccess", params, { doors: [birch.door] })).status).toBe(200);
  const { doors } = (await service.call("myDoors", { token: rita.phone })).body;
  expect(doors.map(({ property }: Answer["body"]) => property)).toContain("Birch House");
  expect(doors.map(({ property }: Answer["body"]) => property)).toContain("Maple Court");
  const seen = (await atBirch("person", params)).body;
  expect(seen.doors.map(({ doorId }: Answer["body"]) => doorId)).toEqual([birch.door]);
});

test("the vendor's people are taken in nowhere", async () => {
  const vendor = { name: "Vera", email: "vera@example.org", password, isVendor: true };
  expect((await openAccount(service.office(), vendor)).ok).toBe(true);
  expect((await take("vera@example.org")).body.name).toBe("EMAIL_TAKEN");
});

test("the second property's word ends what is there: neither the log-in nor a code of the first", async () => {
  const { rita, home, digits } = house;
  const params = { person: rita.personId };
  const suspended = await atBirch("suspend", params, { reason: "stolen" });
  expect(suspended.body).toMatchObject({ sessionsEnded: false });
  expect(suspended.body.doors.map(({ doorId }: Answer["body"]) => doorId)).toEqual([birch.door]);
  expect((await atBirch("revokeAll", params)).status).toBe(200);
  const me = (await service.call("me", { token: rita.phone })).body;
  expect(me.standings.map((one: Answer["body"]) => [one.property, one.isSuspended])).toEqual([
    ["Birch House", true],
    ["Maple Court", false],
  ]);
  const { codes } = (await service.call("myCodes", { token: rita.phone })).body;
  expect(JSON.stringify(codes)).toContain(digits.rita);
  expect(opens(home, digits.rita)).toBe(true);

  // The first one's word does end the log-in.
  const asked = { token: service.manager, params: { property: service.propertyId, ...params } };
  expect((await service.call("suspend", { ...asked, body: { reason: "stolen" } })).body.sessionsEnded).toBe(
    true,
  );
  expect((await service.call("me", { token: rita.phone })).body.name).toBe("UNAUTHENTICATED");
});
