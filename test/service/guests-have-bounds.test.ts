/**
 * Guests and the room that a door's table has for them, over HTTP and at real locks: how many there may be at once, that
 * whose time is over makes room, and that a full table keeps no revocation from its door and says that it is full. Not
 * what kinds of guests there are: that is guests-and-daily-codes.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision } from "../../packages/authority/src/model/denial.ts";
import { assignCode, revokeCode } from "../../packages/authority/src/model/ledger.ts";
import { guestsMax } from "../../packages/authority/src/model/limit.ts";
import { plainTerms, type Terms } from "../../packages/authority/src/model/terms.ts";
import { newId, sealDigits } from "../../packages/authority/src/office/office.ts";
import { withDoor } from "../../packages/authority/src/store/ledgers.ts";
import { opens } from "../support/journey-door.ts";
import { addDoorTo, give, moveIn, type Residence } from "../support/residence.ts";
import { type Answer, type Service, startService } from "../support/service.ts";
import { hangRealLock, visit } from "../support/service-door.ts";

const hour = 3_600;
let service: Service;
let house: Residence;
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const invite = (token: string, door: string, body: object): Promise<Answer> =>
  service.call("inviteGuest", { token, params: { door }, body: { name: "Gus Guest", ...body } });
const doorAt = async (door: string) =>
  (await service.call("door", { token: service.manager, params: { door } })).body;
const listed = async (door: string) => {
  const { doors } = (
    await service.call("doors", { token: service.manager, params: { property: service.propertyId } })
  ).body;
  return doors.find(({ id }: { readonly id: string }) => id === door);
};

/** Guests of `hostId` as rows: what hundreds of invitations leave, at once. Gives their ids. */
async function guestsOf(
  hostId: string,
  doorId: string,
  count: number,
  terms: (i: number) => Partial<Terms>,
): Promise<readonly string[]> {
  const office = service.office();
  const { propertyId } = service;
  const people = Array.from({ length: count }, (_, i) => ({ id: newId(office), name: `Guest ${i}` }));
  await office.db
    .insertInto("people")
    .values(
      people.map(({ id, name }) => ({
        id,
        name,
        name_key: name.toLowerCase(),
        property_id: propertyId,
        host_id: hostId,
        guest_kind: "recurring",
      })),
    )
    .execute();
  await withDoor(office.db, doorId, async (before) => {
    let ledger = before;
    people.forEach(({ id: person }, i) => {
      const digits = String(900_000 - i);
      const id = newId(office);
      const code = {
        id,
        person,
        mark: office.vault.mark(doorId, digits),
        length: 6 as const,
        createdAt: office.now,
      };
      const given = assignCode(ledger, {
        ...code,
        sealed: sealDigits(office, id, digits),
        terms: { ...plainTerms, failOpen: false, ...terms(i) },
      });
      ledger = must(given);
    });
    return { ledger, result: undefined };
  });
  return people.map(({ id }) => id);
}

function must<T>(decision: Decision<T>): T {
  if (!decision.ok) throw new Error(decision.denial);
  return decision.value;
}

const hoursOf = (i: number): Partial<Terms> => ({
  windows: [{ days: 1 + (i % 127), startMinute: Math.floor(i / 127), endMinute: 1_439 }],
});

describe("guests at once", () => {
  test("by one inviter: the last one that may be, no further, and one more when a time is over", async () => {
    const { rita, rob, units } = house;
    const door = await addDoorTo(service, "Balcony of unit 4", "residence", units.four);
    const until = service.clock.now + hour;
    await guestsOf(rita.personId, house.home.doorId, 1, () => ({ notAfter: until }));
    await guestsOf(rita.personId, door, guestsMax.perInviter - 2, () => ({}));
    expect((await invite(rita.phone, door, { kind: "permanent" })).status).toBe(200);
    const refused = await invite(rita.phone, door, { kind: "permanent", name: "One Too Many" });
    expect(refused).toMatchObject({ status: 422, body: { code: 133, name: "GUESTS_FULL" } });
    expect(refused.body.remedy).toContain("take back");
    const named = await service
      .office()
      .db.selectFrom("people")
      .select("id")
      .where("name", "=", "One Too Many")
      .execute();
    expect(named, "nobody is left behind").toEqual([]);
    // Who lives there too has guests of their own.
    expect((await invite(rob.phone, door, { kind: "permanent" })).status).toBe(200);
    service.clock.now = until;
    expect((await invite(rita.phone, door, { kind: "permanent" })).status).toBe(200);
    expect((await invite(rita.phone, door, { kind: "permanent" })).body.name).toBe("GUESTS_FULL");
  });

  test("at one door: by whomever, and one more when somebody is sent away", async () => {
    const { nora, units } = house;
    const door = await addDoorTo(service, "Cellar of unit 5", "residence", units.five);
    const [first] = await guestsOf(house.rob.personId, door, guestsMax.perDoor - 1, () => ({}));
    expect((await invite(nora.phone, door, { kind: "permanent" })).status).toBe(200);
    expect((await invite(nora.phone, door, { kind: "permanent" })).body).toMatchObject({
      name: "GUESTS_FULL",
      detail: `${guestsMax.perDoor} at this door`,
    });
    const away = await service.call("revokeGuest", {
      token: nora.phone,
      params: { door, person: first ?? "" },
    });
    expect(away.status).toBe(200);
    expect((await invite(nora.phone, door, { kind: "permanent" })).status).toBe(200);
  });

  test("who comes at hours of their own leaves the others room for theirs", async () => {
    const { nora, rob, units } = house;
    const door = await addDoorTo(service, "Garage of unit 5", "residence", units.five);
    await guestsOf(rob.personId, door, guestsMax.rulesPerDoor - 1, hoursOf);
    const windows = (startMinute: number) => [{ days: 127, startMinute, endMinute: 1_300 }];
    // The daily doorcode's place has a rule, too.
    const denied = await invite(nora.phone, door, { kind: "recurring", windows: windows(700) });
    expect(denied.body).toMatchObject({ status: 422, name: "RULES_EXHAUSTED" });
    const { from, until } = { from: service.clock.now, until: service.clock.now + hour };
    expect((await invite(nora.phone, door, { kind: "temporary", from, until })).status).toBe(200);
    expect((await invite(nora.phone, door, { kind: "permanent" })).status).toBe(200);
  });
});

test("whose time is over leaves the table with the next version, and is proven gone by its receipt", async () => {
  const { rita, nora, entrance } = house;
  const courier = await service.logIn("manager@example.org", "mobile");
  const from = service.clock.now;
  const until = from + hour;
  const invited = await invite(nora.phone, entrance.doorId, { kind: "temporary", from, until });
  expect(invited.status).toBe(200);
  const { person } = invited.body;
  await visit(service, courier, entrance);
  const codeOf = async () =>
    (await doorAt(entrance.doorId)).codes.find(
      (code: { readonly personId: string }) => code.personId === person,
    );
  expect(await codeOf()).toMatchObject({ state: "set" });
  service.clock.now = until;
  expect(await codeOf(), "nothing was made yet").toMatchObject({ state: "set" });
  // Any change makes the next version.
  await give(service, entrance.doorId, house.rob);
  const seen = await service
    .office()
    .db.selectFrom("changes")
    .select(({ fn }) => fn.max("id").as("id"))
    .executeTakeFirst();
  const fetch = await service.call("fetchParcels", { token: courier, body: {} });
  expect(fetch.status).toBe(200);
  expect(await codeOf()).toMatchObject({ state: "removing", since: until, warnings: [] });
  const told = await service
    .office()
    .db.selectFrom("changes")
    .selectAll()
    .where("id", ">", seen?.id ?? 0)
    .where("person_id", "=", person)
    .execute();
  expect(told.map(({ kind }) => kind)).toEqual(["code.removing"]);
  await visit(service, courier, entrance);
  expect(await codeOf()).toBeUndefined();
  expect(
    (await service.call("guests", { token: rita.phone, params: { door: entrance.doorId } })).status,
  ).toBe(200);
});

test("a table that is full keeps no revocation from its door, and the door says that it is full until it is not", async () => {
  const { rita, rob, units } = house;
  const courier = await service.logIn("manager@example.org", "mobile");
  const doorId = await addDoorTo(service, "Workshop of unit 4", "residence", units.four);
  const code = await give(service, doorId, rob);
  const workshop = await hangRealLock(service, doorId, { capacity: 600 });
  expect(opens(workshop, code)).toBe(true);
  // As they stood in databases from before there was a bound: more hours than any table has rules for.
  const guests = await guestsOf(rita.personId, doorId, 600 - 80, hoursOf);
  const params = { property: service.propertyId, person: rob.personId };
  expect((await service.call("revokeAll", { token: service.manager, params })).status).toBe(200);
  expect(await doorAt(doorId)).toMatchObject({ heldUp: null });
  const trip = await visit(service, courier, workshop);
  expect(trip.report.outcome.kind).toBe("synced");
  expect(opens(workshop, code)).toBe(false);

  const full = await doorAt(doorId);
  expect(full).toMatchObject({ heldUp: "RULES_EXHAUSTED", pending: true });
  expect(full.health.troubles).toContain("tableFull");
  expect(full.health.nextSteps.join(" ")).toContain("no longer needed");
  expect(await listed(doorId)).toMatchObject({ health: "tableFull", pending: true });
  const kindsAt = async () =>
    (
      await service
        .office()
        .db.selectFrom("changes")
        .select("kind")
        .where("door_id", "=", doorId)
        .orderBy("id")
        .execute()
    )
      .map(({ kind }) => kind)
      .filter((kind) => kind === "lock.held-up" || kind === "lock.goes-on");
  expect(await kindsAt()).toEqual(["lock.held-up"]);
  await visit(service, courier, workshop);
  expect(await kindsAt(), "said once").toEqual(["lock.held-up"]);

  await withDoor(service.office().db, doorId, async (ledger) => ({
    ledger: guests
      .slice(0, 270)
      .reduce((left, person) => must(revokeCode(left, person, service.clock.now)), ledger),
    result: undefined,
  }));
  await visit(service, courier, workshop);
  expect(await doorAt(doorId)).toMatchObject({ heldUp: null });
  expect((await listed(doorId)).health).not.toBe("tableFull");
  expect(await kindsAt()).toEqual(["lock.held-up", "lock.goes-on"]);
}, 120_000);
