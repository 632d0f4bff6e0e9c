// A daily doorcode that somebody gave out is no credential of theirs, and no suspension ends it. Whoever suspends hears of it,
// where it was sent and until when it opens, as the door keeps it; and another generation, synced, ends it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { becomes, opens, passes } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { found, lastLetter } from "../support/journey-post.ts";
import { type Answer, type Service, startService } from "../support/service.ts";

const hour = 3_600;
const day = 24 * hour;

let service: Service;
let house: House;
let unit: string;
let made = 0;
beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  unit = await house.unit("1A");
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

interface Given {
  readonly door: Door;
  readonly vic: Tenant;
  readonly code: string;
  readonly to: string;
  readonly opensUntil: number;
}

/** A resident sends the daily doorcode of a new door to an address, at noon. */
async function given(): Promise<Given> {
  made += 1;
  const door = await house.door(`Front ${made}`, "residence", unit);
  const vic = await house.moveIn(["Vic", "Zoe", "Tom", "Ida"][made - 1] ?? "Ada", "resident", unit);
  await house.give(vic, [door]);
  const phone = await house.phone(vic);
  await phone.syncs(door);
  becomes(service, [door], Math.ceil(service.clock.now / day) * day + 12 * hour);
  const to = `thief${made}@evil.example`;
  const fresh = await house.phone(vic);
  const said = await fresh.asks("dailyCode", { params: { door: door.doorId }, body: { to: { email: to } } });
  expect([said.code, said.validUntil]).toEqual([null, service.clock.now + 12 * hour]);
  const code = found(await lastLetter(service, to), /\b(\d{7})\b/);
  return { door, vic, code, to, opensUntil: said.opensAtLatestUntil };
}

const at = ({ vic }: Given): Record<string, string> => ({
  property: service.propertyId,
  person: vic.personId,
});
const says = async (name: string, one: Given, body?: object): Promise<Answer["body"]> =>
  (
    await service.call(name, {
      token: await service.logIn("manager@example.org", "desktop"),
      params: at(one),
      ...(body === undefined ? {} : { body }),
    })
  ).body;

test("suspended for a stolen phone: the answer names the code, where it went and until when it opens", {
  timeout: 90_000,
}, async () => {
  const one = await given();
  const { door, code, to, opensUntil } = one;
  const told = [
    {
      doorId: door.doorId,
      door: "Front 1",
      day: new Date(service.clock.now * 1_000).toISOString().slice(0, 10),
      givenAt: service.clock.now,
      opensUntil,
      to,
    },
  ];
  expect((await says("suspend", one, { reason: "stolen" })).dailyCodes).toEqual(told);
  const managers = await house.managersPhone();
  expect((await managers.syncs(door)).outcome.kind).toBe("synced");
  expect(opens(door, code), "the suspension is at the door, and the daily doorcode opens").toBe(true);
  expect((await says("person", one)).dailyCodes).toEqual(told);
  becomes(service, [door], opensUntil - 60);
  expect(opens(door, code), "until the second that was said").toBe(true);
  expect((await says("person", one)).dailyCodes).toEqual(told);
  passes(service, [door], 120);
  expect(opens(door, code)).toBe(false);
  expect((await says("person", one)).dailyCodes).toEqual([]);
});

test("another generation ends it with the sync, and then it is told no more", {
  timeout: 90_000,
}, async () => {
  const one = await given();
  const { door, code, to } = one;
  expect((await says("revokeAll", one)).dailyCodes).toMatchObject([{ to }]);
  await house.policy({ house: { dailyGeneration: 1 } });
  expect((await says("person", one)).dailyCodes, "no door has heard of it").toMatchObject([{ to }]);
  expect(opens(door, code)).toBe(true);
  expect((await (await house.managersPhone()).syncs(door)).outcome.kind).toBe("synced");
  expect(opens(door, code)).toBe(false);
  expect((await says("person", one)).dailyCodes).toEqual([]);
});

test("what was told in the answer has no address, and no address lies open in the books", {
  timeout: 90_000,
}, async () => {
  const one = await given();
  const phone = await house.phone(one.vic);
  const { code } = await phone.asks("dailyCode", { params: { door: one.door.doorId }, body: {} });
  expect(opens(one.door, code)).toBe(true);
  const { dailyCodes } = await says("suspend", one, { reason: "other" });
  expect(dailyCodes.map(({ to }: { to: string | null }) => to)).toEqual([null, one.to]);
  const rows = await service.office().db.selectFrom("daily_codes").selectAll().execute();
  expect(rows.length).toBeGreaterThan(2);
  for (const row of rows)
    for (const value of Object.values(row)) {
      const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
      expect(text).not.toContain("evil.example");
    }
});

test("a door that is to take none any more ends it with the sync", { timeout: 90_000 }, async () => {
  const one = await given();
  const { door, code, to } = one;
  // The generation stays: only the place for it in the door's table goes.
  await house.asks("setDailyCode", { params: { door: door.doorId }, body: { enabled: false } });
  expect((await says("person", one)).dailyCodes, "no door has heard of it").toMatchObject([{ to }]);
  expect(opens(door, code)).toBe(true);
  expect((await (await house.managersPhone()).syncs(door)).outcome.kind).toBe("synced");
  expect(opens(door, code)).toBe(false);
  expect((await says("person", one)).dailyCodes).toEqual([]);
});
