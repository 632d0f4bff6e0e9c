// What counts as a try and what does not: repeats under one key, log-ins that succeed, strangers at other places. And which
// refusal the audit keeps.

import { afterEach, beforeEach, expect, test } from "vitest";
import { isKnownPlace, placeOf } from "../../packages/authority/src/desk/log-in-tries.ts";
import { limits } from "../../packages/authority/src/model/limit.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";

let service: Service;
let house: House;
let rita: Tenant;
let front: Door;
let phone: Phone;

beforeEach(async () => {
  service = await startService();
  house = openHouse(service);
  await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  const unit = await house.unit("1A");
  rita = await house.moveIn("Rita", "resident", unit);
  front = await house.door("1A front", "residence", unit);
  await house.give(rita, [front]);
  phone = await house.phone(rita);
  await phone.syncs(front);
});
afterEach(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

/** A proxy on this machine says for whom it asks. */
async function logInFrom(address: string, email: string, words: string): Promise<Answer> {
  const response = await fetch(`${service.url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address },
    body: JSON.stringify({
      email,
      password: words,
      client: { class: "mobile", name: "test", version: "1.0.0" },
    }),
  });
  return { status: response.status, type: "", body: await response.json() };
}

test("a repeat under its key is no new try: it is answered as the first time, when no try is left too", async () => {
  const token = await phone.token();
  const ask = (idempotencyKey: string) =>
    service.call("dailyCode", { token, idempotencyKey, params: { door: front.doorId }, body: {} });
  const first = await ask("once-and-again");
  expect(first.status, JSON.stringify(first.body)).toBe(200);
  for (let i = 0; i < limits.dailyCode.most + 2; i++) expect(await ask("once-and-again")).toEqual(first);
  // They used nothing up; and when all is used up, the first answer is there still.
  for (let i = 1; i < limits.dailyCode.most; i++) expect((await ask(`another-${i}`)).status).toBe(200);
  expect((await ask("one-too-many")).body.name).toBe("TOO_MANY");
  expect(await ask("once-and-again")).toEqual(first);

  // So it is where the work waits in no transaction.
  const change = {
    token,
    idempotencyKey: "changed-once",
    body: { old: password, new: "four other plain words" },
  };
  for (let i = 0; i < limits.logIn.most + 2; i++)
    expect((await service.call("changePassword", change)).status).toBe(204);
  const other = { ...change, body: { ...change.body, new: "and four more plain words" } };
  expect((await service.call("changePassword", other)).body.name).toBe("KEY_REUSED");
});

test("a courier's word under one key is taken once, and another one under it is refused", async () => {
  const token = await phone.token();
  const { lockTag: tag } = await phone.door(front);
  const told = async () => (await house.asks("doorVisits", { params: { door: front.doorId } })).visits.length;
  const before = await told();
  const body = { tag, outcome: "silent", conditions: [] };
  const asked = { token, idempotencyKey: "visit-once", body };
  for (let i = 0; i < 3; i++) expect((await service.call("reportVisit", asked)).status).toBe(204);
  expect(await told()).toBe(before + 1);
  const other = { ...asked, body: { ...body, conditions: ["lowBattery"] } };
  expect((await service.call("reportVisit", other)).body.name).toBe("KEY_REUSED");
  expect(await told()).toBe(before + 1);
});

test("guests who are invited and sent away again use up a door's digits for everybody: so many a day", async () => {
  const token = await phone.token();
  const { db } = service.office();
  const { id } = await db
    .selectFrom("accounts")
    .innerJoin("people", "people.id", "accounts.person_id")
    .select("accounts.id")
    .where("accounts.email", "=", rita.email)
    .executeTakeFirstOrThrow();
  const tries = Array.from({ length: limits.inviteGuest.most - 1 }, () => ({
    key: `inviteGuest/${id}`,
    at: service.clock.now,
  }));
  await db.insertInto("attempts").values(tries).execute();
  const invite = async (name: string) =>
    await service.call("inviteGuest", {
      token,
      params: { door: front.doorId },
      body: { name, kind: "permanent" },
    });
  expect((await invite("The last")).status).toBe(200);
  expect((await invite("One too many")).body).toMatchObject({ name: "TOO_MANY" });
});

test("the audit has the first try too many of a window, and not all that follow", async () => {
  await house.policy({ customCodes: true, picksPerDayMax: 2 });
  const token = await phone.token();
  const names: string[] = [];
  for (const code of ["1111", "2222", "3333", "4444", "5555"]) {
    const asked = { token, params: { door: front.doorId }, body: { code } };
    names.push((await service.call("pickCode", asked)).body.name);
  }
  expect(names).toEqual(["CODE_WEAK", "CODE_WEAK", "TOO_MANY", "TOO_MANY", "TOO_MANY"]);
  const audit = await house.asks("audit", { params: { property: service.propertyId } });
  const picks = audit.decisions.filter(({ action }: { action: string }) => action === "pickCode");
  expect(picks.map(({ decision }: { decision: string }) => decision)).toEqual([
    "TOO_MANY",
    "CODE_WEAK",
    "CODE_WEAK",
  ]);
  expect(picks[0]).toMatchObject({ actor: "Rita", doorId: front.doorId });
});

test("a stranger who tries an address's passwords does not keep its owner out", async () => {
  const stranger = "203.0.113.7";
  for (let i = 0; i < limits.logIn.most; i++)
    expect((await logInFrom(stranger, rita.email, "wrong password")).status).toBe(401);
  expect((await logInFrom(stranger, rita.email, password)).body.name).toBe("TOO_MANY");
  expect((await logInFrom("198.51.100.2", rita.email, password)).status).toBe(200);

  // Many strangers, and a place that the account knows.
  for (let place = 0; place < limits.logInAnywhere.most / limits.logIn.most; place++)
    for (let i = 0; i < limits.logIn.most; i++)
      await logInFrom(`192.0.2.${place}`, rita.email, "wrong password");
  expect((await logInFrom("198.51.100.77", rita.email, password)).body.name).toBe("TOO_MANY");
  expect((await logInFrom("198.51.100.2", rita.email, password)).status).toBe(200);
  const rows = await service.office().db.selectFrom("attempts").select("key").execute();
  const known = rows.filter(({ key }) => key.startsWith("known/"));
  expect(known.length).toBeGreaterThan(0);
  for (const { key } of known) expect(key).not.toMatch(/198\.51|rita/);
  expect(await isKnownPlace(service.office(), "nobody@example.org", "198.51.100.2")).toBe(false);
});

test("log-ins that succeed count for nobody: a whole building may come through one address", async () => {
  for (let i = 0; i < limits.logInFrom.most + 5; i++)
    expect((await logInFrom("203.0.113.80", rita.email, password)).status, `log-in ${i}`).toBe(200);
  let tries = 0;
  while ((await logInFrom("203.0.113.80", `nobody${tries}@example.org`, "wrong password")).status === 401)
    tries++;
  expect(tries).toBe(limits.logInFrom.most);
});

test("of IPv6 one network is one place", () => {
  expect(placeOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
  expect(placeOf("2001:0db8:0001:2::9")).toBe("2001:db8:1:2");
  expect(placeOf("2001:db8::9")).toBe("2001:db8:0:0");
  expect(placeOf("::1")).toBe("0:0:0:0");
  expect(placeOf("::ffff:192.0.2.9")).toBe("192.0.2.9");
  expect(placeOf("192.0.2.9")).toBe("192.0.2.9");
});
