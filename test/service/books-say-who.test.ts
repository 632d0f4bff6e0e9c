/**
 * What the books say of people, and to whom: the audit names whom a request names and shows nobody what strangers tried,
 * a log page loads the people of its lines, a host reads no guests of neighbours, a suspension outlives a revocation, and
 * a doorcode's mail is not sent after its day. What each act does at a door is tested elsewhere.
 */
import { registerProperty } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendDue } from "../../packages/authority/src/desk/messages.ts";
import type { Message } from "../../packages/authority/src/mail/message.ts";
import { readLogOf } from "../../packages/authority/src/office/log.ts";
import { doorById } from "../../packages/authority/src/store/registry.ts";
import { opens } from "../support/journey-door.ts";
import { joinPhone } from "../support/journey-phone.ts";
import { give, moveIn, type Residence, resident } from "../support/residence.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";

let service: Service;
let house: Residence;
let courier: string;
/** The manager of another property, at a desk. */
let stranger: { readonly token: string; readonly personId: string };
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  courier = await service.logIn("manager@example.org", "mobile");
  await registerProperty(service.office(), { name: "Birch House", sixDigits: false, leaseHours: 0 });
  const { id } = await service
    .office()
    .db.selectFrom("properties")
    .select("id")
    .where("name", "=", "Birch House")
    .executeTakeFirstOrThrow();
  const opened = await openAccount(service.office(), {
    name: "Stan Stranger",
    email: "stan@example.org",
    password,
    standing: { propertyId: id, unitId: "", role: "manager" },
  });
  if (!opened.ok) throw new Error(opened.denial);
  stranger = { ...opened.value, token: await service.logIn("stan@example.org", "desktop") };
}, 60_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const ofProperty = (): Record<string, string> => ({ property: service.propertyId });
const ofPerson = (person: string): Record<string, string> => ({ ...ofProperty(), person });
const asManager = (name: string, asked: Parameters<Service["call"]>[1] = {}): Promise<Answer> =>
  service.call(name, { token: service.manager, ...asked });
const audit = async (): Promise<readonly Answer["body"][]> =>
  (await asManager("audit", { params: ofProperty() })).body.decisions;
const rows = () =>
  service.office().db.selectFrom("audit").selectAll().orderBy("id", "desc").limit(5).execute();

describe("the audit", () => {
  test("names the person and the doors that a body names", async () => {
    const { rita, rob, home, entrance } = house;
    const doors = [entrance.doorId, home.doorId];
    await asManager("grantAccess", { params: ofPerson(rob.personId), body: { doors } });
    const params = { door: entrance.doorId };
    await asManager("assignKeycard", { params, body: { person: rita.personId, card: "04a1b2c3" } });
    const [card, granted] = await audit();
    expect(card).toMatchObject({
      action: "assignKeycard",
      doorId: entrance.doorId,
      doors: [],
      personId: rita.personId,
      person: rita.name,
    });
    expect(granted).toMatchObject({ action: "grantAccess", decision: "granted", person: rob.name });
    expect(granted.doors).toEqual(doors);
  });

  test("names what was made and which settings were changed, and whose phone opens doors", async () => {
    const { rita, home, units } = house;
    const params = ofProperty();
    const { body: unit } = await asManager("addUnit", { params, body: { name: "Unit 9" } });
    const { body: door } = await asManager("addDoor", {
      params,
      body: { name: "Door of unit 9", kind: "residence", unit: unit.id },
    });
    const { body: person } = await asManager("addPerson", {
      params,
      body: { name: "Pia Person", role: "resident", unit: units.four },
    });
    await asManager("setPolicy", { params, body: { leaseHours: 0, house: { holidays: [] } } });
    const { body: guest } = await service.call("inviteGuest", {
      token: rita.phone,
      params: { door: home.doorId },
      body: { name: "Gus Guest", kind: "permanent" },
    });
    const phone = await joinPhone(service, rita.email);
    expect((await phone.account.doorKeys.enrol()).ok).toBe(true);
    const other = await joinPhone(service, rita.email);
    expect((await other.account.doorKeys.enrol({ replace: true })).ok).toBe(true);
    expect((await other.account.doorKeys.end()).ok).toBe(true);
    const lines = (await audit()).filter(({ action }) => !/^log|^deliver|^fetch/.test(action));
    const key = { actor: rita.name, person: rita.name, decision: "granted" };
    expect(lines.slice(0, 8)).toMatchObject([
      { action: "endAppKey", ...key },
      { action: "enrolAppKey", ...key, detail: "in place of another phone" },
      { action: "enrolAppKey", ...key, detail: null },
      { action: "inviteGuest", personId: guest.person, person: "Gus Guest", doorId: home.doorId },
      { action: "setPolicy", detail: "leaseHours, house.holidays" },
      { action: "addPerson", personId: person.personId, person: "Pia Person", detail: "resident" },
      { action: "addDoor", doorId: door.id },
      { action: "addUnit", detail: "Unit 9" },
    ]);
  });

  test("has nothing that somebody without a standing tried, and the rows have it", async () => {
    const { rita } = house;
    const before = (await audit()).length;
    const params = ofPerson(rita.personId);
    const tried = await service.call("revokeAll", { token: stranger.token, params });
    expect(tried.body.name).toBe("NO_SUCH");
    expect(await audit()).toHaveLength(before);
    const [row] = await rows();
    expect(row).toMatchObject({
      action: "revokeAll",
      property_id: service.propertyId,
      person_id: rita.personId,
      decision: "NO_SUCH",
      outside: true,
    });
    // Who lives there and may not is in it.
    await service.call("revokeAll", { token: rita.phone, params });
    expect((await audit())[0]).toMatchObject({ decision: "NOT_ALLOWED", actor: rita.name });
  });

  test("tells nobody the name of another property's person by a number that was tried", async () => {
    const refused = await asManager("revokeAll", { params: ofPerson(stranger.personId) });
    expect(refused.body.name).toBe("NO_SUCH");
    expect((await audit())[0]).toMatchObject({ personId: stranger.personId, person: null });
  });

  test("carries the account of a log-in and of a password reset, where there is one", async () => {
    const { rita } = house;
    const client = { class: "mobile", name: "test", version: "1.0.0" };
    await service.call("logIn", { body: { email: rita.email, password: "wrong password", client } });
    await service.call("logIn", { body: { email: rita.email, password, client } });
    await service.call("logIn", { body: { email: "nobody@example.org", password, client } });
    await service.call("resetPassword", { body: { token: "x".repeat(43), password } });
    const seen = (await rows())
      .slice(0, 4)
      .map(({ action, account_id, decision }) => [action, account_id, decision]);
    expect(seen).toEqual([
      ["resetPassword", null, "RESET_INVALID"],
      ["logIn", null, "BAD_CREDENTIALS"],
      ["logIn", rita.accountId, "granted"],
      ["logIn", rita.accountId, "BAD_CREDENTIALS"],
    ]);
    await service.call("askPasswordReset", { body: { email: rita.email } });
    let link = "";
    const send = (message: Message) => {
      if (message.text.includes("/reset#")) link = message.text;
      return Promise.resolve({ ok: true } as const);
    };
    await sendDue(service.office(), { send });
    const token = /#([A-Za-z0-9_-]+)/.exec(link)?.[1] ?? "";
    const set = await service.call("resetPassword", { body: { token, password } });
    expect(set.status).toBe(204);
    expect((await rows())[0]).toMatchObject({ action: "resetPassword", account_id: rita.accountId });
    house = { ...house, rita: { ...rita, phone: await service.logIn(rita.email) } };
  });
});

test("a page of the log asks for the people of its lines and for no others", async () => {
  const { rita, home, digits } = house;
  expect(opens(home, digits.rita)).toBe(true);
  await visit(service, courier, home);
  const office = service.office();
  const door = await doorById(office.db, home.doorId);
  if (door === undefined) throw new Error("no door");
  const asked: string[] = [];
  const people = new Set<unknown>();
  // The same database, heard: each statement and what it gave.
  const db = office.db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) => {
      for (const row of result.rows) if ("name" in row) people.add(row["name"]);
      asked.push(Object.keys(result.rows[0] ?? {}).join(" "));
      return Promise.resolve(result);
    },
  });
  const log = await readLogOf({ ...office, db }, door, { countMax: 100 });
  expect(log?.entries.map(({ person }) => person)).toContain(rita.name);
  expect(asked.length).toBeGreaterThan(2);
  expect([...people], "nobody else's name was loaded").toEqual([rita.name]);
});

describe("a host", () => {
  test("reads the guests of the host's own unit, and of no other door", async () => {
    const { units, nora, home } = house;
    const hugo = await resident(service, "Hugo Host", units.four, "host");
    // She stands in both units, and lets somebody in at either.
    const { db, now } = service.office();
    await db
      .insertInto("standings")
      .values({
        person_id: nora.personId,
        property_id: service.propertyId,
        unit_id: units.four,
        role: "resident",
        since: now,
        suspended_at: null,
        suspended_reason: null,
        revoked_at: null,
      })
      .execute();
    const invite = (door: string, name: string) =>
      service.call("inviteGuest", { token: nora.phone, params: { door }, body: { name, kind: "permanent" } });
    expect((await invite(home.doorId, "Gil At Four")).status).toBe(200);
    expect((await invite(house.entrance.doorId, "Gia At The Entrance")).status).toBe(200);
    const desk = await service.logIn(hugo.email, "desktop");
    const namesFor = async (token: string) =>
      (await service.call("person", { token, params: ofPerson(nora.personId) })).body.guests.map(
        ({ name }: { readonly name: string }) => name,
      );
    expect(await namesFor(service.manager)).toEqual(["Gia At The Entrance", "Gil At Four"]);
    expect(await namesFor(desk)).toEqual(["Gil At Four"]);
    const revoked = await service.call("revokeAll", { token: desk, params: ofPerson(nora.personId) });
    expect(revoked.body.guests.map(({ name }: { readonly name: string }) => name)).toEqual(["Gil At Four"]);
  });
});

describe("a suspension", () => {
  const standingOf = async (person: string) => {
    const said = (await asManager("person", { params: ofPerson(person) })).body;
    return {
      suspended: said.suspended?.reason ?? null,
      revoked: said.standings.map((one: Answer["body"]) => one.revoked),
    };
  };

  test("outlives a revocation by management: nobody is granted anything before it is lifted, and then by a grant", async () => {
    const { units } = house;
    const sue = await resident(service, "Sue Suspended", units.four);
    await give(service, house.home.doorId, sue);
    const hosts = await resident(service, "Hans Host", units.four, "host");
    const desk = await service.logIn(hosts.email, "desktop");
    const params = ofPerson(sue.personId);
    expect((await asManager("suspend", { params, body: { reason: "stolen" } })).status).toBe(200);
    expect((await asManager("revokeAll", { params })).status).toBe(200);
    expect(await standingOf(sue.personId)).toEqual({ suspended: "stolen", revoked: [true] });
    const body = { doors: [house.home.doorId] };
    for (const token of [desk, service.manager])
      expect((await service.call("grantAccess", { token, params, body })).body.name).toBe("PERSON_SUSPENDED");

    expect((await asManager("resume", { params, body: {} })).status).toBe(200);
    expect(await standingOf(sue.personId)).toEqual({ suspended: null, revoked: [true] });
    const phone = await service.logIn(sue.email);
    const { doors } = (await service.call("myDoors", { token: phone })).body;
    expect(doors).toEqual([]);
    expect((await service.call("grantAccess", { token: desk, params, body })).status).toBe(200);
    expect(await standingOf(sue.personId)).toEqual({ suspended: null, revoked: [false] });
  });

  test("of somebody whose access was revoked lies beside it, whoever revokes again", async () => {
    const { units } = house;
    const tom = await resident(service, "Tom Twice", units.four);
    await give(service, house.home.doorId, tom);
    const params = ofPerson(tom.personId);
    await asManager("revokeAll", { params });
    await asManager("suspend", { params, body: { reason: "lost" } });
    await asManager("revokeAll", { params });
    expect(await standingOf(tom.personId)).toEqual({ suspended: "lost", revoked: [true] });
    await asManager("resume", { params, body: {} });
    expect(await standingOf(tom.personId)).toEqual({ suspended: null, revoked: [true] });
  });
});

test("a daily doorcode's mail that missed its midnight is given up, and never says another day's code", async () => {
  const sent: Message[] = [];
  const send = (message: Message) => {
    sent.push(message);
    return Promise.resolve({ ok: true } as const);
  };
  const messenger = { send };
  await sendDue(service.office(), messenger);
  sent.length = 0;
  const ask = (email: string) =>
    service.call("dailyCode", {
      token: courier,
      params: { door: house.home.doorId },
      body: { to: { email } },
    });
  const first = await ask("one@example.org");
  expect(first).toMatchObject({ status: 200, body: { sentTo: "email" } });
  const { validUntil } = first.body;
  expect(validUntil).toBeGreaterThan(service.clock.now);
  expect((await ask("two@example.org")).status).toBe(200);
  // One leaves in the last second of its day.
  service.clock.now = validUntil - 1;
  const { db } = service.office();
  const [one, two] = await db
    .selectFrom("messages")
    .select("id")
    .where("kind", "=", "daily-code")
    .orderBy("id")
    .execute();
  await db
    .updateTable("messages")
    .set({ next_at: validUntil })
    .where("id", "=", two?.id ?? 0)
    .execute();
  expect(await sendDue(service.office(), messenger)).toBe(1);
  expect(sent.map(({ to }) => to)).toEqual(["one@example.org"]);
  service.clock.now = validUntil;
  expect(await sendDue(service.office(), messenger)).toBe(0);
  expect(sent).toHaveLength(1);
  const kept = await db
    .selectFrom("messages")
    .selectAll()
    .where("kind", "=", "daily-code")
    .orderBy("id")
    .execute();
  expect(kept.map(({ id, state, why }) => [id, state, why])).toEqual([
    [one?.id, "sent", null],
    [two?.id, "failed", "its time was over"],
  ]);
  expect(
    kept.map(({ sealed }) => sealed.length),
    "no words are kept",
  ).toEqual([0, 0]);
});
