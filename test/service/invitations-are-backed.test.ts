/**
 * Nobody lets others in where they cannot go themselves: who lives in a unit and has no code at a shared door invites
 * nobody there, and a door that was taken away does not come back as a guest. At real locks. Not how guests come and go
 * where they may be invited: that is guests-and-daily-codes.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainTerms } from "../../packages/authority/src/model/terms.ts";
import { packTerms } from "../../packages/authority/src/store/packed.ts";
import { opens } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { invited, type Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";

let service: Service;
let house: House;
let unit: string;
let managers: Phone;
let front: Door;
let rita: Tenant;
let ritas: Phone;
beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  unit = await house.unit("1A");
  managers = await house.managersPhone();
  front = await house.door("1A front", "residence", unit);
  rita = await house.moveIn("Rita", "resident", unit);
  await house.give(rita, [front]);
  ritas = await house.phone(rita);
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const invites = (phone: Phone, door: Door): Promise<string> =>
  phone.isDenied("inviteGuest", {
    params: { door: door.doorId },
    body: { name: "Myself", kind: "permanent" },
  });
const guestsAt = async (door: Door) =>
  (
    await service.call("guests", { token: await managers.token(), params: { door: door.doorId } })
  ).body.guests.map(({ name }: { readonly name: string }) => name);

test("at a shared door where a resident has no code, no guest of theirs is let in", async () => {
  const gym = await house.door("Gym", "communal");
  expect(await invites(ritas, gym)).toBe("NO_CODE_HERE");
  // With a code there they may, at once.
  await house.give(rita, [gym]);
  const guest = await invited(ritas, gym, { name: "Gran", kind: "permanent" });
  expect((await ritas.syncs(gym)).outcome.kind).toBe("synced");
  expect(opens(gym, guest.code)).toBe(true);
  expect((await ritas.door(gym)).canInvite.ok).toBe(true);
}, 60_000);

test("a shared door that was taken away does not come back by an invitation; its sync may be carried all the same", async () => {
  const pool = await house.door("Pool", "communal");
  await house.give(rita, [pool]);
  await managers.syncs(pool);
  const code = await ritas.now(pool);
  await house.regrant(rita, [front]);
  expect(await invites(ritas, pool), "before the sync").toBe("NO_CODE_HERE");
  expect((await ritas.door(pool)).canInvite).toMatchObject({ ok: false, denial: "NO_CODE_HERE" });
  expect((await ritas.syncs(pool)).outcome.kind).toBe("synced");
  expect(opens(pool, code)).toBe(false);
  expect(await invites(ritas, pool), "after it").toBe("NO_CODE_HERE");
  expect(await guestsAt(pool)).toEqual([]);
  // Whom they had let in before they may still send away.
  const params = { door: pool.doorId };
  expect((await service.call("guests", { token: await ritas.token(), params })).status).toBe(200);
}, 60_000);

test("a host of a unit invites at shared doors where a code is theirs; a host of the whole property everywhere", async () => {
  const cellar = await house.door("Cellar", "communal");
  const hedda = await house.moveIn("Hedda", "host", unit);
  const hugo = await house.moveIn("Hugo", "host");
  const [heddas, hugos] = [await house.phone(hedda), await house.phone(hugo)];
  expect(await invites(heddas, cellar)).toBe("NO_CODE_HERE");
  await invited(hugos, cellar, { name: "Of the whole house", kind: "permanent" });
  await house.give(hedda, [cellar]);
  await invited(heddas, cellar, { name: "Of the unit", kind: "permanent" });
  expect(await guestsAt(cellar)).toEqual(["Of the unit", "Of the whole house"]);
}, 60_000);

test("at a service door residents invite nobody, code or none", async () => {
  const pump = await house.door("Pump room", "service");
  expect(await invites(ritas, pump)).toBe("NOT_ALLOWED");
  await house.give(rita, [pump]);
  expect(await invites(ritas, pump)).toBe("NOT_ALLOWED");
  expect(await guestsAt(pump)).toEqual([]);
}, 60_000);

test("a code that is over or suspended backs no invitation", async () => {
  const roof = await house.door("Roof", "communal");
  await house.give(rita, [roof]);
  const { db } = service.office();
  const becomes = async (terms: object) =>
    await db
      .updateTable("codes")
      .set({ terms: packTerms({ ...plainTerms, ...terms }) })
      .where("door_id", "=", roof.doorId)
      .where("person_id", "=", rita.personId)
      .execute();
  await becomes({ suspended: true });
  expect(await invites(ritas, roof)).toBe("NO_CODE_HERE");
  await becomes({ notAfter: service.clock.now });
  expect(await invites(ritas, roof)).toBe("NO_CODE_HERE");
  await becomes({ notAfter: service.clock.now + 1 });
  await invited(ritas, roof, { name: "Just in time", kind: "permanent" });
}, 60_000);
