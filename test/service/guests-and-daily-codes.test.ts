/**
 * Whom residents let in: guests of each kind at the keypad of a real lock, and the daily doorcode with its limits, which
 * opens today without a sync and not tomorrow. F8, F22 to F24, F29.
 */
import { randomBytes } from "node:crypto";
import { openAccount } from "@doorsync/authority/service";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plainHouse } from "../../packages/authority/src/model/terms.ts";
import { setHouse, setLeaseHours } from "../../packages/authority/src/store/houses.ts";
import { becomes, opens, opensByCard, passes } from "../support/journey-door.ts";
import { addDoorTo, decide, moveIn, type Residence } from "../support/residence.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { hangRealLock, visit } from "../support/service-door.ts";

const hour = 3_600;
const day = 24 * hour;
/** A lock counts its clock's error in: hours after a sync it is strict by that much at an end, and lenient by nothing. */
const strictSeconds = 20;
/** What `opens` waits after a door that opened. */
const relockSeconds = 10;

let service: Service;
let house: Residence;
/** The manager's phone: whom nobody forbids to carry. */
let courier: string;
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  courier = await service.logIn("manager@example.org", "mobile");
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const invite = (token: string, door: string, body: object): Promise<Answer> =>
  service.call("inviteGuest", { token, params: { door }, body: { name: "Gus Guest", ...body } });
const guestsAt = async (token: string, door: string): Promise<Answer> =>
  service.call("guests", { token, params: { door } });
const sendAway = (token: string, door: string, person: string): Promise<Answer> =>
  service.call("revokeGuest", { token, params: { door, person } });
const daily = (token: string, door: string, to?: object): Promise<Answer> =>
  service.call("dailyCode", { token, params: { door }, body: to === undefined ? {} : { to } });

/** Digits of an invitation that was granted. */
function digitsOf(answer: Answer): string {
  expect(answer.status).toBe(200);
  const [entry] = answer.body.entries;
  expect(entry).toMatchObject({ class: "code", pending: true });
  expect(entry.faces).toMatchObject([{ state: "unset", worksNow: false, worksAfterSync: true }]);
  return entry.faces[0].code;
}

const both = () => [house.home, house.entrance];

describe("a guest", () => {
  test("who is permanent opens until sent away, and until the sync after that", async () => {
    const { rita, home } = house;
    const invited = await invite(rita.phone, home.doorId, { kind: "permanent" });
    const code = digitsOf(invited);
    expect(opens(home, code)).toBe(false);
    await visit(service, rita.phone, home);
    expect(opens(home, code)).toBe(true);
    passes(service, both(), 2 * day);
    expect(opens(home, code)).toBe(true);

    const away = await sendAway(rita.phone, home.doorId, invited.body.person);
    expect(away.body.entries[0].faces).toMatchObject([
      { state: "removing", worksNow: true, worksAfterSync: false, exposure: { kind: "untilSync" } },
    ]);
    expect(opens(home, code)).toBe(true);
    await visit(service, rita.phone, home);
    expect(opens(home, code)).toBe(false);
    expect((await guestsAt(rita.phone, home.doorId)).body.guests).toEqual([]);
    expect((await sendAway(rita.phone, home.doorId, invited.body.person)).body.name).toBe("NO_SUCH");
  });

  test("who was given a card loses it with the code", async () => {
    const { rita, home } = house;
    const { person } = (await invite(rita.phone, home.doorId, { kind: "permanent", name: "Carl Card" })).body;
    const card = "04a1b2c3d4e5f6";
    const params = { property: service.propertyId, door: home.doorId, person };
    const body = { person, card };
    expect((await service.call("assignKeycard", { token: service.manager, params, body })).status).toBe(200);
    await visit(service, courier, home);
    expect(opensByCard(home, card)).toBe(true);
    const away = await sendAway(rita.phone, home.doorId, person);
    expect(away.body.entries.map((entry: { class: string }) => entry.class)).toEqual(["code", "keycard"]);
    await visit(service, courier, home);
    expect(opensByCard(home, card)).toBe(false);
  });

  test("who is temporary opens from the first second until before the last", async () => {
    const { rita, units } = house;
    const studio = await hangRealLock(
      service,
      await addDoorTo(service, "Studio of unit 4", "residence", units.four),
    );
    const from = service.clock.now + hour;
    const until = from + 2 * hour;
    const code = digitsOf(await invite(rita.phone, studio.doorId, { kind: "temporary", from, until }));
    await visit(service, rita.phone, studio);
    const seen: boolean[] = [];
    for (const at of [from - 1, from, until - strictSeconds, until]) {
      becomes(service, [studio, ...both()], at);
      seen.push(opens(studio, code));
      // To see the door locked again takes as long at the lock.
      if (seen.at(-1)) service.clock.now += relockSeconds;
    }
    expect(seen).toEqual([false, true, true, false]);
  });

  test("who comes every week opens in these hours, across midnight too, and not beside them", async () => {
    const { rita, home } = house;
    // Days are UTC's here; the next day at noon.
    const noon = Math.ceil(service.clock.now / day) * day + 12 * hour;
    const weekday = (new Date(noon * 1_000).getUTCDay() + 7) % 7;
    const windows = [{ days: 1 << weekday, startMinute: 22 * 60, endMinute: 2 * 60 }];
    const code = digitsOf(await invite(rita.phone, home.doorId, { kind: "recurring", windows }));
    await visit(service, rita.phone, home);
    const seen: boolean[] = [];
    for (const hours of [9, 11, 13, 15, 34]) {
      becomes(service, both(), noon + hours * hour);
      seen.push(opens(home, code));
    }
    expect(seen).toEqual([false, true, true, false, false]);
    becomes(service, both(), noon + 7 * day + 11 * hour);
    expect(opens(home, code)).toBe(true);
  });

  test("who delivers opens once, and in time, at the doors that the community names", async () => {
    const { rita, home, entrance } = house;
    expect((await invite(rita.phone, home.doorId, { kind: "delivery" })).body.name).toBe("GUEST_UNFIT");
    const once = digitsOf(await invite(rita.phone, entrance.doorId, { kind: "delivery" }));
    const late = digitsOf(await invite(rita.phone, entrance.doorId, { kind: "delivery" }));
    await visit(service, rita.phone, entrance);
    expect([opens(entrance, once), opens(entrance, once)]).toEqual([true, false]);
    passes(service, both(), 2 * hour);
    expect(opens(entrance, late)).toBe(false);
  });

  test("gets digits at random and no others; times that the kind does not take are refused by name", async () => {
    const { rita, home } = house;
    const now = service.clock.now;
    const wishes: readonly [string, object][] = [
      ["GUEST_RANDOM_ONLY", { kind: "permanent", code: "1357" }],
      ["GUEST_RANDOM_ONLY", { kind: "delivery", code: "1357" }],
      ["GUEST_UNFIT", { kind: "permanent", until: now + day }],
      ["GUEST_UNFIT", { kind: "temporary" }],
      ["GUEST_UNFIT", { kind: "temporary", from: now + day, until: now }],
      ["GUEST_UNFIT", { kind: "recurring" }],
      ["TERMS_UNFIT", { kind: "recurring", windows: [{ days: 0, startMinute: 0, endMinute: 60 }] }],
      ["CODE_LENGTH", { kind: "permanent", length: 5 }],
      ["SIX_DIGITS_OFF", { kind: "permanent", length: 6 }],
      ["NAME_UNFIT", { kind: "permanent", name: "two\nlines" }],
      ["REQUEST_UNFIT", { kind: "forever" }],
    ];
    const before = (await guestsAt(rita.phone, home.doorId)).body;
    for (const [name, wish] of wishes) {
      const answer = await invite(rita.phone, home.doorId, wish);
      expect([answer.body.name, JSON.stringify(wish)]).toEqual([name, JSON.stringify(wish)]);
    }
    expect((await guestsAt(rita.phone, home.doorId)).body).toEqual(before);
    const { db } = service.office();
    const named = await db.selectFrom("people").select("id").where("name", "=", "two\nlines").execute();
    expect(named).toEqual([]);
  });

  test("is told the digits once: no list shows them, and they lie nowhere in clear", async () => {
    const { rita, home } = house;
    const invited = await invite(rita.phone, home.doorId, { kind: "permanent", name: "Olga Once" });
    const code = digitsOf(invited);
    const { guests } = (await guestsAt(rita.phone, home.doorId)).body;
    const olga = guests.find(({ name }: { name: string }) => name === "Olga Once");
    expect(olga).toMatchObject({ kind: "permanent", invitedBy: { name: "Rita Resident" } });
    expect(olga.entries[0].faces[0].code).toBeNull();
    const { db } = service.office();
    for (const table of ["codes", "changes", "audit", "people"] as const)
      expect(JSON.stringify(await db.selectFrom(table).selectAll().execute())).not.toContain(`"${code}"`);
  });

  test("is sent away by the inviter, by who lives there too, by management, and by nobody else", async () => {
    const { rita, rob, nora, home, entrance } = house;
    const people: string[] = [];
    for (let i = 0; i < 3; i++)
      people.push(
        (await invite(rita.phone, entrance.doorId, { kind: "permanent", name: "Emil" })).body.person,
      );
    const [first = "", second = "", third = ""] = people;
    const emils = async (token: string): Promise<number> =>
      (await guestsAt(token, entrance.doorId)).body.guests.filter(
        ({ name }: { name: string }) => name === "Emil",
      ).length;
    expect([await emils(rita.phone), await emils(rob.phone), await emils(nora.phone)]).toEqual([3, 3, 0]);
    expect((await sendAway(nora.phone, entrance.doorId, first)).body.name).toBe("NO_SUCH");
    expect((await sendAway(rita.phone, entrance.doorId, first)).status).toBe(200);
    expect((await sendAway(rob.phone, entrance.doorId, second)).status).toBe(200);
    expect((await sendAway(service.manager, entrance.doorId, third)).status).toBe(200);
    // Residents are nobody's guests.
    expect((await sendAway(rob.phone, home.doorId, rita.personId)).body.name).toBe("NO_SUCH");
    expect((await sendAway(service.manager, entrance.doorId, nora.personId)).body.name).toBe("NO_SUCH");
  });

  test("invites nobody, and neither does a stranger, the vendor or a resident at a desk", async () => {
    const { rita, nora, home } = house;
    const invited = await invite(rita.phone, home.doorId, { kind: "permanent", name: "Ina Invited" });
    const opened = await service
      .office()
      .db.insertInto("accounts")
      .values({
        id: "a".repeat(24),
        person_id: invited.body.person,
        email: "ina@example.org",
        email_key: "ina@example.org",
        password_hash: (
          await service.office().db.selectFrom("accounts").select("password_hash").executeTakeFirstOrThrow()
        ).password_hash,
        vendor: false,
        created_at: service.clock.now,
      })
      .executeTakeFirst();
    expect(opened.numInsertedOrUpdatedRows).toBe(1n);
    const guest = await service.logIn("ina@example.org");
    const desk = await service.logIn(rita.email, "desktop");
    const vendor = await openAccount(service.office(), {
      name: "Vic Vendor",
      email: "vendor@example.org",
      password,
      isVendor: true,
    });
    expect(vendor.ok).toBe(true);
    const support = await service.logIn("vendor@example.org");
    const names: string[] = [];
    for (const token of [guest, nora.phone, desk, support])
      names.push((await invite(token, home.doorId, { kind: "permanent" })).body.name);
    expect(names).toEqual(["NOT_ALLOWED", "NO_SUCH", "MOBILE_ONLY", "NOT_ALLOWED"]);
    const given: string[] = [];
    for (const token of [guest, nora.phone, desk, support])
      given.push((await daily(token, home.doorId)).body.name);
    expect(given).toEqual(["NOT_ALLOWED", "NO_SUCH", "MOBILE_ONLY", "NOT_ALLOWED"]);
    // The guest sees the own code all the same (F29).
    const own = (await service.call("myCodes", { token: guest })).body.codes;
    expect(own).toHaveLength(1);
  });
});

describe("the daily doorcode", () => {
  test("opens today without any sync, not tomorrow, and at no other door", async () => {
    const { rita, home, entrance } = house;
    await visit(service, rita.phone, home);
    const noon = Math.ceil(service.clock.now / day) * day + 12 * hour;
    becomes(service, both(), noon);
    const answer = await daily(rita.phone, home.doorId);
    expect(answer.status).toBe(200);
    const { code } = answer.body;
    expect(code).toMatch(/^[0-9]{7}$/);
    expect(answer.body).toMatchObject({
      sentTo: null,
      day: new Date(noon * 1_000).toISOString().slice(0, 10),
      validUntil: noon + 12 * hour,
    });
    expect(answer.body.limits.join(" ")).toContain("cannot be taken back");
    expect([opens(home, code), opens(entrance, code)]).toEqual([true, false]);
    becomes(service, both(), noon + 12 * hour - 60);
    expect(opens(home, code)).toBe(true);
    becomes(service, both(), noon + day);
    expect(opens(home, code)).toBe(false);
    const next = (await daily(rita.phone, home.doorId)).body.code;
    expect(next).not.toBe(code);
    expect(opens(home, next)).toBe(true);
  });

  test("opens a door that nobody synced for so long that residents' codes have ended there", async () => {
    const { rita, home, digits } = house;
    const { db } = service.office();
    await setLeaseHours(db, service.propertyId, 24);
    await visit(service, courier, home);
    expect(opens(home, digits.rita)).toBe(true);
    passes(service, both(), 2 * day);
    expect(opens(home, digits.rita)).toBe(false);
    expect(opens(home, (await daily(rita.phone, home.doorId)).body.code)).toBe(true);
    await setLeaseHours(db, service.propertyId, 0);
    await visit(service, courier, home);
    expect(opens(home, digits.rita)).toBe(true);
  });

  test("is given by management at any door, and by residents at their own alone", async () => {
    const { rita, entrance } = house;
    passes(service, both(), day);
    expect((await daily(rita.phone, entrance.doorId)).body.name).toBe("NOT_ALLOWED");
    const { code } = (await daily(service.manager, entrance.doorId)).body;
    expect(opens(entrance, code)).toBe(true);
  });

  test("sent to an address is not in the answer, and the message lies sealed with its limits", async () => {
    const { rita, home } = house;
    passes(service, both(), day);
    const sent = await daily(rita.phone, home.doorId, { email: "Aunt@Example.org" });
    expect(sent.body).toMatchObject({ code: null, sentTo: "email" });
    const texted = await daily(rita.phone, home.doorId, { phone: "+41790000000" });
    expect(texted.body).toMatchObject({ code: null, sentTo: "phone" });
    const { db, vault } = service.office();
    const rows = await db.selectFrom("messages").selectAll().orderBy("id").execute();
    const said = rows
      .filter(({ kind }) => kind === "daily-code")
      .map(({ channel, kind, sealed }) => ({
        channel,
        ...JSON.parse(new TextDecoder().decode(vault.open("message", kind, sealed))),
      }));
    expect(said.map(({ channel, to }) => [channel, to])).toEqual([
      ["email", "Aunt@Example.org"],
      ["message", "+41790000000"],
    ]);
    const [{ text, subject }] = said as [{ text: string; subject: string }];
    const code = /[0-9]{7}/.exec(text)?.[0] ?? "";
    expect(opens(home, code)).toBe(true);
    expect(subject).not.toContain(code);
    expect(text).toContain("cannot be taken back");
    const books = await db.selectFrom("daily_codes").selectAll().execute();
    expect(books.at(-1)).toMatchObject({ door_id: home.doorId, account_id: rita.accountId });
    expect(JSON.stringify(books)).not.toContain("xample");
  });

  test("goes to few new addresses a day and not too often; one's own and old ones are not new", async () => {
    const { rita, rob, home } = house;
    passes(service, both(), day);
    await decide(service, { dailyRecipientsNewPerDayMax: 0 });
    expect((await daily(rob.phone, home.doorId)).status).toBe(200);
    expect((await daily(rob.phone, home.doorId, { email: "new@example.org" })).body.name).toBe("DAILY_LIMIT");
    await decide(service, { dailyCodesPerDayMax: 5, dailyRecipientsNewPerDayMax: 2 });
    const names: string[] = [];
    for (const to of [
      { email: "one@example.org" },
      { email: "two@example.org" },
      { email: "three@example.org" },
      // Sent to the day before, and spelled otherwise.
      { email: "aunt@example.ORG" },
      undefined,
    ])
      names.push((await daily(rita.phone, home.doorId, to)).body.name ?? "given");
    expect(names).toEqual(["given", "given", "DAILY_LIMIT", "given", "given"]);
    // Against a burst first, then by the day.
    expect((await daily(rita.phone, home.doorId)).body.name).toBe("TOO_MANY");
    passes(service, both(), 11 * 60);
    expect((await daily(rita.phone, home.doorId)).status).toBe(200);
    expect((await daily(rita.phone, home.doorId)).body.name).toBe("DAILY_LIMIT");
    await decide(service, {});
  });

  test("needs one address that can be one", async () => {
    const { home } = house;
    passes(service, both(), day);
    const names: string[] = [];
    for (const to of [
      {},
      { email: "a@example.org", phone: "+41790000000" },
      { email: "nobody" },
      { phone: "110" },
    ])
      names.push((await daily(service.manager, home.doorId, to)).body.name);
    expect(names).toEqual(["REQUEST_UNFIT", "REQUEST_UNFIT", "EMAIL_UNFIT", "REQUEST_UNFIT"]);
  });

  test("is not given where no lock would take it, and the phone says why before it is asked", async () => {
    const { rita, units } = house;
    const bare = await addDoorTo(service, "Shed of unit 4", "residence", units.four);
    passes(service, both(), day);
    expect((await daily(rita.phone, bare)).body).toMatchObject({
      name: "DAILY_UNAVAILABLE",
      detail: "no lock",
      // There is no switch of that name anywhere.
      remedy: expect.not.stringContaining("enable daily doorcodes"),
    });
    const shed = await hangRealLock(service, bare);
    const first = (await daily(rita.phone, bare)).body.code;
    expect(opens(shed, first)).toBe(true);

    // The community ends all codes of today: until each door has heard of it, none is given there.
    const ended = { ...plainHouse, zone: [{ at: 0, offsetMinutes: 0 }], dailyGeneration: 1 };
    await setHouse(service.office().db, service.propertyId, ended);
    expect((await daily(rita.phone, bare)).body).toMatchObject({ name: "DAILY_UNAVAILABLE" });
    const { doors } = (await service.call("myDoors", { token: rita.phone })).body;
    expect(doors.find(({ id }: { id: string }) => id === bare)).toMatchObject({
      pending: true,
      canGiveDaily: { ok: false, denial: "DAILY_UNAVAILABLE" },
    });
    expect(opens(shed, first)).toBe(true);
    await visit(service, courier, shed);
    const second = (await daily(rita.phone, bare)).body.code;
    expect([opens(shed, first), opens(shed, second)]).toEqual([false, true]);

    // Management takes the place for it away, and gives it back: another place, another code.
    const set = (enabled: boolean, token = service.manager) =>
      service.call("setDailyCode", { token, params: { door: bare }, body: { enabled } });
    expect((await set(false, rita.phone)).body.name).toBe("NOT_ALLOWED");
    expect((await set(false)).body).toEqual({ enabled: false, pending: true });
    expect((await daily(rita.phone, bare)).body.detail).toBe("not enabled");
    await visit(service, courier, shed);
    expect(opens(shed, second)).toBe(false);
    expect((await set(true)).body).toEqual({ enabled: true, pending: true });
    expect((await set(true)).body).toEqual({ enabled: true, pending: true });
    passes(service, [...both(), shed], 11 * 60);
    expect((await daily(rita.phone, bare)).body.detail).toBe("not synced yet");
    await visit(service, courier, shed);
    const third = (await daily(rita.phone, bare)).body.code;
    expect(third).not.toBe(second);
    expect(opens(shed, third)).toBe(true);
  });

  test("is of the lock's own local day: a minute before midnight there it is still today's", async () => {
    const { home, entrance } = house;
    const east = { ...plainHouse, zone: [{ at: 0, offsetMinutes: 345 }], dailyGeneration: 1 };
    await setHouse(service.office().db, service.propertyId, east);
    passes(service, both(), day);
    const stale = (await daily(service.manager, home.doorId)).body;
    expect(stale).toMatchObject({ name: "DAILY_UNAVAILABLE" });
    for (const hung of [home, entrance]) await visit(service, courier, hung);
    const midnight = Math.ceil((service.clock.now + 345 * 60) / day) * day - 345 * 60;
    becomes(service, both(), midnight - 60);
    const { code, validUntil } = (await daily(service.manager, home.doorId)).body;
    expect(validUntil).toBe(midnight);
    expect(opens(home, code)).toBe(true);
    becomes(service, both(), midnight + 60);
    const next = (await daily(service.manager, home.doorId)).body;
    expect(next.code).not.toBe(code);
    expect(next.validUntil).toBe(midnight + day);
    expect(opens(home, next.code)).toBe(true);
    expect(opens(home, code)).toBe(false);
  });
});

const url = process.env["DATABASE_URL"] ?? "";
test("on PostgreSQL, who asks many times at the same moment is given no more daily codes and picks than one by one", async (context) => {
  if (url === "") context.skip("DATABASE_URL is not set: requests were never at the same moment");
  const schema = `guests_${randomBytes(6).toString("hex")}`;
  const other = await startService({ kind: "postgres", url, schema });
  try {
    const { rita, home } = await moveIn(other);
    await decide(other, { dailyCodesPerDayMax: 2, customCodes: true, picksPerDayMax: 2 });
    const params = { door: home.doorId };
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => other.call("dailyCode", { token: rita.phone, params, body: {} })),
    );
    expect(asked.filter(({ status }) => status === 200)).toHaveLength(2);
    const picked = await Promise.all(
      ["1470", "1471", "1472", "1473", "1474", "1475"].map((code) =>
        other.call("pickCode", { token: rita.phone, params, body: { code } }),
      ),
    );
    expect(picked.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(2);
    expect(picked.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(4);
    expect(other.faults).toEqual([]);
  } finally {
    await sql`drop schema ${sql.id(schema)} cascade`.execute(other.office().db);
    await other.close();
  }
}, 120_000);
