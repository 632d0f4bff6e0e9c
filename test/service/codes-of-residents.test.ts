/**
 * What residents do with their own codes, at the service and at the door of a real lock: both faces of a change, resets
 * and picks, and every refusal by its name. F3 to F7, F11, F12, F14, F24, F27.
 */

import { assign, type Office, reset as resetByCommand, revoke as revokeByCommand } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pickKey, pickOwnCode } from "../../packages/authority/src/desk/codes.ts";
import { isWeak } from "../../packages/authority/src/model/pick.ts";
import { doorById } from "../../packages/authority/src/store/registry.ts";
import { noteAttempt } from "../../packages/authority/src/store/trail.ts";
import { opens, passes } from "../support/journey-door.ts";
import { addDoorTo, decide, give, moveIn, type Residence, resident } from "../support/residence.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { fetched, hangRealLock, visit } from "../support/service-door.ts";

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

const reset = (token: string, door: string, body: object = {}): Promise<Answer> =>
  service.call("resetCode", { token, params: { door }, body });
const pick = (token: string, door: string, code: unknown): Promise<Answer> =>
  service.call("pickCode", { token, params: { door }, body: { code } });

/** What somebody's phone shows of their code at a door. */
// biome-ignore lint/suspicious/noExplicitAny: answers are read as JSON
async function faces(token: string, doorId: string): Promise<any[]> {
  const { status, body } = await service.call("myCodes", { token });
  expect(status).toBe(200);
  const entry = body.codes.find(
    (one: { door: { id: string }; class: string }) => one.door.id === doorId && one.class === "code",
  );
  return entry?.faces ?? [];
}

describe("a reset at one's own door", () => {
  test("the old code opens and the new one does not before the visit, and the other way round after it", async () => {
    const { rita, home } = house;
    const [before] = await faces(rita.phone, home.doorId);
    expect(before).toMatchObject({ state: "set", worksNow: true, worksAfterSync: true, certain: true });
    const old = before.code;
    expect(old).toBe(house.digits.rita);

    const answer = await reset(rita.phone, home.doorId);
    expect(answer.status).toBe(200);
    const [oldFace, newFace, ...rest] = answer.body.entry.faces;
    expect(rest).toEqual([]);
    expect(oldFace).toMatchObject({ code: old, state: "removing", worksNow: true, worksAfterSync: false });
    expect(oldFace.exposure).toEqual({ kind: "untilSync", until: null });
    expect(newFace).toMatchObject({ state: "unset", pending: true, worksNow: false, worksAfterSync: true });
    expect(newFace.code).toMatch(/^[0-9]{4}$/);
    expect(newFace.code).not.toBe(old);
    expect([opens(home, old), opens(home, newFace.code)]).toEqual([true, false]);

    const parcels = await fetched(service, rita.phone);
    const inFlight = await faces(rita.phone, home.doorId);
    expect(inFlight.map(({ state, certain }) => [state, certain])).toEqual([
      ["removing", false],
      ["setting", false],
    ]);
    expect([opens(home, old), opens(home, newFace.code)]).toEqual([true, false]);

    await visit(service, rita.phone, home, parcels);
    expect([opens(home, old), opens(home, newFace.code)]).toEqual([false, true]);
    expect(await faces(rita.phone, home.doorId)).toMatchObject([
      { code: newFace.code, state: "set", pending: false, worksNow: true, certain: true },
    ]);
  });

  test("twice before a sync: the code between never opens anything", async () => {
    const { rita, home } = house;
    const [{ code: old }] = await faces(rita.phone, home.doorId);
    const first = (await reset(rita.phone, home.doorId)).body.entry.faces.at(-1).code;
    // The first one left the house, and is overtaken at the door.
    const early = await fetched(service, rita.phone);
    const second = (await reset(rita.phone, home.doorId)).body.entry.faces.at(-1).code;
    expect(new Set([old, first, second]).size).toBe(3);
    expect([old, first, second].map((code) => opens(home, code))).toEqual([true, false, false]);
    await visit(service, rita.phone, home);
    expect([old, first, second].map((code) => opens(home, code))).toEqual([false, false, true]);
    await visit(service, rita.phone, home, early);
    expect([old, first, second].map((code) => opens(home, code))).toEqual([false, false, true]);
    expect(await faces(rita.phone, home.doorId)).toMatchObject([{ code: second, state: "set" }]);
  });

  test("and then everything revoked before a sync: neither opens after it", async () => {
    const { home } = house;
    const visitor = await resident(service, "Vera Visiting", house.units.four);
    const old = await give(service, home.doorId, visitor);
    await visit(service, visitor.phone, home);
    expect(opens(home, old)).toBe(true);
    const fresh = (await reset(visitor.phone, home.doorId)).body.entry.faces.at(-1).code;
    const revoked = await service.call("revokeAll", {
      token: service.manager,
      params: { property: service.propertyId, person: visitor.personId },
    });
    expect(revoked.status).toBe(200);
    expect([opens(home, old), opens(home, fresh)]).toEqual([true, false]);
    await visit(service, house.rita.phone, home);
    expect([opens(home, old), opens(home, fresh)]).toEqual([false, false]);
  });

  test("asked again under the same key it is the same reset", async () => {
    const { rita, home } = house;
    const asked = {
      token: rita.phone,
      params: { door: home.doorId },
      body: {},
      idempotencyKey: "reset-once-1",
    };
    const once = await service.call("resetCode", asked);
    const twice = await service.call("resetCode", asked);
    expect(twice.body).toEqual(once.body);
    expect((await faces(rita.phone, home.doorId)).at(-1).code).toBe(once.body.entry.faces.at(-1).code);
    await visit(service, rita.phone, home);
  });

  test("is written in the audit and told to the feed, without digits", async () => {
    const { rita, home } = house;
    const fresh = (await reset(rita.phone, home.doorId)).body.entry.faces.at(-1).code;
    const { db } = service.office();
    const audit = await db.selectFrom("audit").selectAll().where("action", "=", "resetCode").execute();
    expect(audit.at(-1)).toMatchObject({ door_id: home.doorId, decision: "granted" });
    expect(audit.at(-1)?.account_id).toBe(rita.accountId);
    const feed = await db.selectFrom("changes").selectAll().where("door_id", "=", home.doorId).execute();
    expect(feed.slice(-2).map(({ kind, person_id }) => [kind, person_id])).toEqual([
      ["code.removing", rita.personId],
      ["code.unset", rita.personId],
    ]);
    expect(JSON.stringify([audit, feed])).not.toContain(`"${fresh}"`);
    await visit(service, rita.phone, home);
  });
});

describe("a reset is refused", () => {
  test("at a shared door, to the neighbour, to guests, to management, at a desk and to an old app", async () => {
    const { rita, nora, home, entrance } = house;
    const state = async () => JSON.stringify((await service.call("myCodes", { token: rita.phone })).body);
    const before = await state();
    const desk = await service.logIn(rita.email, "desktop");
    const manager = await service.logIn("manager@example.org", "mobile");
    await decide(service, { appVersionMin: "2.0.0" });
    const oldApp = (await reset(rita.phone, home.doorId)).body;
    expect(oldApp).toMatchObject({ name: "UPGRADE_REQUIRED", status: 426, detail: "2.0.0" });
    await decide(service, {});
    const names = [];
    for (const [token, door] of [
      [rita.phone, entrance.doorId],
      [nora.phone, home.doorId],
      [desk, home.doorId],
      [manager, home.doorId],
    ] as const)
      names.push((await reset(token, door)).body.name);
    expect(names).toEqual(["NOT_ALLOWED", "NO_SUCH", "MOBILE_ONLY", "NOT_ALLOWED"]);
    expect(await state()).toBe(before);
  });

  test("to who has no code there, and for lengths that no code has or the community does not give", async () => {
    const { rita, rob, home } = house;
    expect((await reset(rob.phone, home.doorId)).body.name).toBe("NOT_ASSIGNED");
    const names = [];
    for (const length of [0, 1, 2, 3, 5, 7, 8, 6])
      names.push((await reset(rita.phone, home.doorId, { length })).body.name);
    expect(names).toEqual([...Array(7).fill("CODE_LENGTH"), "SIX_DIGITS_OFF"]);
    expect((await reset(rita.phone, home.doorId, { length: "4" })).body.name).toBe("REQUEST_UNFIT");
    await decide(service, { sixDigits: true });
    const six = (await reset(rita.phone, home.doorId, { length: 6 })).body.entry.faces.at(-1).code;
    expect(six).toMatch(/^[0-9]{6}$/);
    await visit(service, rita.phone, home);
    // The flag is taken back: what there is goes on opening, and the next one is short again (F4).
    await decide(service, {});
    expect(opens(home, six)).toBe(true);
    expect((await reset(rita.phone, home.doorId)).body.entry.faces.at(-1).code).toMatch(/^[0-9]{4}$/);
    await visit(service, rita.phone, home);
  });
});

test("a drawn code is as strong as the community wants chosen ones to be (F9)", async () => {
  const { home, units } = house;
  const codes: string[] = [];
  for (const codePolicy of ["literal", "hardened"] as const) {
    await decide(service, { codePolicy });
    const office = service.office();
    let draws = 0;
    // The first draw is 1112; the others are chance.
    const fill: Office["fill"] = (bytes) => {
      office.fill(bytes);
      if (draws++ === 0) new DataView(bytes.buffer).setUint32(0, 1_112);
    };
    const person = await resident(service, `${codePolicy} Dora`, units.four);
    const door = await doorById(office.db, home.doorId);
    if (door === undefined) throw new Error("no such door");
    const given = await assign(
      { ...office, fill },
      { door, person: { id: person.personId, name: person.name }, length: undefined },
    );
    codes.push(given.ok ? given.value.code : given.denial);
    await revokeByCommand(service.office(), { door, person: { id: person.personId, name: person.name } });
  }
  expect(codes[0]).toBe("1112");
  expect(codes[1]).toMatch(/^[0-9]{4}$/);
  expect(isWeak("hardened", codes[1] ?? "")).toBe(false);
  await decide(service, {});
});

describe("a chosen code", () => {
  test("needs the community's two flags, and a private door: every pairing of them", async () => {
    const { rita, home } = house;
    const seen: Record<string, readonly string[]> = {};
    for (const customCodes of [false, true])
      for (const sixDigits of [false, true]) {
        await decide(service, { customCodes, sixDigits, picksPerDayMax: 100 });
        const four = await pick(rita.phone, home.doorId, "1357");
        const six = await pick(rita.phone, home.doorId, "135792");
        seen[`${customCodes} ${sixDigits}`] = [four, six].map(({ status, body }) =>
          status === 200 ? "ok" : body.name,
        );
      }
    expect(seen).toEqual({
      "false false": ["CANNOT_SPECIFY_PIN_CODE", "CANNOT_SPECIFY_PIN_CODE"],
      "false true": ["CANNOT_SPECIFY_PIN_CODE", "CANNOT_SPECIFY_PIN_CODE"],
      "true false": ["ok", "SIX_DIGITS_OFF"],
      "true true": ["ok", "ok"],
    });
    expect((await pick(rita.phone, house.entrance.doorId, "1468")).body.name).toBe("CODE_NOT_PRIVATE");
  });

  test("opens after the sync, and the old one does not", async () => {
    const { rita, home } = house;
    await decide(service, { customCodes: true, picksPerDayMax: 100 });
    await visit(service, rita.phone, home);
    const [{ code: old }] = await faces(rita.phone, home.doorId);
    const answer = await pick(rita.phone, home.doorId, "2580");
    expect(answer.body).toMatchObject({ changed: true });
    expect([opens(home, old), opens(home, "2580")]).toEqual([true, false]);
    await visit(service, rita.phone, home);
    expect([opens(home, old), opens(home, "2580")]).toEqual([false, true]);
  });

  test("is no change when one has it already: nothing is pending and no version is made", async () => {
    const { rita, home } = house;
    const { db } = service.office();
    const newest = () =>
      db.selectFrom("issued").select("version").where("door_id", "=", home.doorId).execute();
    const versions = (await newest()).length;
    const answer = await pick(rita.phone, home.doorId, "2580");
    expect(answer.body).toMatchObject({ changed: false, entry: { pending: false } });
    expect(answer.body.entry.faces).toHaveLength(1);
    await fetched(service, rita.phone);
    expect((await newest()).length).toBe(versions);
  });

  test("that is weak or no code is refused by name", async () => {
    const { rita, home } = house;
    await decide(service, { customCodes: true, sixDigits: true, picksPerDayMax: 100 });
    const named = async (code: unknown): Promise<string> =>
      (await pick(rita.phone, home.doorId, code)).body.name;
    for (const code of ["1111", "1234", "5432", "000000", "987654"])
      expect(await named(code)).toBe("CODE_WEAK");
    for (const code of [
      "",
      "123",
      "12345",
      "1234567",
      "12a4",
      " 1357",
      "+135",
      "１３５７",
      "١٣٥٧",
      "1357\u200b",
    ])
      expect(await named(code)).toBe("CODE_FORM");
    expect(await named(1357)).toBe("REQUEST_UNFIT");
    await decide(service, { customCodes: true, codePolicy: "hardened", picksPerDayMax: 100 });
    expect(await named("1112")).toBe("CODE_WEAK");
    expect(await named("8901")).toBe("CODE_WEAK");
  });

  test("that another has, had, or one had oneself is refused in the same words", async () => {
    const { rita, rob, home } = house;
    await decide(service, { customCodes: true, picksPerDayMax: 100 });
    const robs = await give(service, home.doorId, rob);
    // Rob's first code is quarantined: the lock holds it until a sync.
    await visit(service, rita.phone, home);
    const robsNew = (await reset(rob.phone, home.doorId)).body.entry.faces.at(-1).code;
    const old = house.digits.rita;
    const answers = [];
    for (const code of [robs, robsNew, old]) answers.push(await pick(rita.phone, home.doorId, code));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.body).toMatchObject({ name: "PICK_REFUSED", status: 422 });
    expect(answers[0]?.body.detail).toBeUndefined();
    const { db } = service.office();
    const audit = await db.selectFrom("audit").selectAll().where("decision", "=", "PICK_REFUSED").execute();
    expect(new Set(audit.map(({ detail, person_id }) => `${detail} ${person_id}`)).size).toBe(1);
  });

  test("may be tried as often as the community says, also where tries overtook one another", async () => {
    await decide(service, { customCodes: true, picksPerDayMax: 3 });
    const { home } = house;
    const olli = await resident(service, "Olli Overtaken", house.units.four);
    await give(service, home.doorId, olli);
    const office = service.office();
    const actor = {
      ...olli,
      phoneId: "",
      client: "mobile" as const,
      clientName: "test",
      clientVersion: "1.0.0",
      isVendor: false,
    };
    const wish = { door: home.doorId, code: "1582" };
    const tried = async (times: number): Promise<string> => {
      for (let i = 0; i < times; i++)
        await noteAttempt(office.db, `pick/${pickKey(actor, home.doorId)}`, office.now);
      const done = await pickOwnCode(office, actor, wish);
      return done.ok ? "picked" : done.denial;
    };
    // Four were counted before any of them was judged: a fifth would find no room, and neither do they.
    expect([await tried(3), await tried(1)]).toEqual(["picked", "TOO_MANY"]);
  });

  test("may be tried as often as the community says, also by many requests at once", async () => {
    await decide(service, { customCodes: true, picksPerDayMax: 3 });
    const paula = await resident(service, "Paula Picking", house.units.four);
    await give(service, house.home.doorId, paula);
    const burst = await Promise.all(
      Array.from({ length: 12 }, (_, i) => pick(paula.phone, house.home.doorId, `${1_470 + i}`)),
    );
    const refused = burst.filter(({ status }) => status === 429);
    expect(burst.length - refused.length).toBeLessThanOrEqual(3);
    expect(refused.length).toBeGreaterThanOrEqual(9);
    expect((await pick(paula.phone, house.home.doorId, "1579")).body.name).toBe("TOO_MANY");
    passes(service, [house.home, house.entrance], 86_400);
    expect((await pick(paula.phone, house.home.doorId, "1579")).status).toBe(200);
  });
});

describe("what a phone shows", () => {
  test("doors with their last sync, what waits, and what may be done there with the reason where not", async () => {
    const { rita, home, entrance } = house;
    await decide(service, {});
    await visit(service, rita.phone, home);
    await visit(service, rita.phone, entrance);
    const { body } = await service.call("myDoors", { token: rita.phone });
    expect(body.more).toBe(false);
    const byId = new Map(body.doors.map((door: { id: string }) => [door.id, door]));
    expect(byId.size).toBe(2);
    expect(byId.get(home.doorId)).toMatchObject({
      name: "Door of unit 4",
      kind: "residence",
      unit: { name: "Unit 4" },
      roles: ["resident"],
      pending: false,
      pendingChanges: 0,
      canReset: { ok: true, denial: null },
      canPick: { ok: false, denial: "CANNOT_SPECIFY_PIN_CODE" },
      canInvite: { ok: true },
      canGiveDaily: { ok: true },
      alarm: false,
      lastSync: { at: service.clock.now },
    });
    expect(byId.get(entrance.doorId)).toMatchObject({
      canReset: { ok: false, denial: "NOT_ALLOWED" },
      canPick: { ok: false, denial: "CODE_NOT_PRIVATE" },
      canGiveDaily: { ok: false, denial: "NOT_ALLOWED" },
    });
    await reset(rita.phone, home.doorId);
    const after = (await service.call("myDoors", { token: rita.phone })).body.doors;
    expect(after.find(({ id }: { id: string }) => id === home.doorId)).toMatchObject({
      pending: true,
      pendingChanges: 2,
    });
    await visit(service, rita.phone, home);
  });

  test("the tag under which the lock shows itself", async () => {
    const { rita, home } = house;
    const { doors } = (await service.call("myDoors", { token: rita.phone })).body;
    const { lockTag } = doors.find(({ id }: { id: string }) => id === home.doorId);
    const parcels = await service.call("fetchParcels", { token: rita.phone, body: { tags: [lockTag] } });
    expect(parcels.status).toBe(200);
    const bare = await addDoorTo(service, "Cellar of unit 4", "residence", house.units.four);
    const again = (await service.call("myDoors", { token: rita.phone })).body.doors;
    expect(again.find(({ id }: { id: string }) => id === bare)).toMatchObject({
      lockTag: null,
      lastSync: null,
    });
  });

  test("a change that waits longer than the community bears is warned of, counted from the wish", async () => {
    const { rita, home, entrance } = house;
    passes(service, [home, entrance], 2 * 86_400);
    await reset(rita.phone, home.doorId);
    passes(service, [home, entrance], 23 * 3_600);
    expect((await faces(rita.phone, home.doorId)).flatMap(({ warnings }) => warnings)).toEqual([]);
    passes(service, [home, entrance], 3_600);
    expect((await faces(rita.phone, home.doorId)).map(({ warnings }) => warnings)).toEqual([
      ["delay_in_removing_from_device"],
      ["delay_in_setting_on_device"],
    ]);
    await visit(service, rita.phone, home);
    expect((await faces(rita.phone, home.doorId)).map(({ warnings }) => warnings)).toEqual([[]]);

    // From the command line, which tells no feed.
    passes(service, [home, entrance], 2 * 86_400);
    const office = service.office();
    const door = await doorById(office.db, home.doorId);
    if (door === undefined) throw new Error("no such door");
    const person = { id: rita.personId, name: rita.name };
    expect((await resetByCommand(office, { door, person, length: undefined })).ok).toBe(true);
    expect((await faces(rita.phone, home.doorId)).map(({ warnings }) => warnings)).toEqual([[], []]);
    await visit(service, rita.phone, home);
  });

  test("nobody's codes but one's own, none at a desk, and to the vendor nothing at all", async () => {
    const { rita, nora, entrance, digits } = house;
    const noras = (await service.call("myCodes", { token: nora.phone })).body;
    expect(noras.codes).toHaveLength(1);
    expect(JSON.stringify(noras)).toContain(`"${digits.nora}"`);
    expect(JSON.stringify(noras)).not.toContain(`"${digits.ritaEntrance}"`);
    const desk = await service.logIn(rita.email, "desktop");
    expect((await service.call("myCodes", { token: desk })).body.name).toBe("MOBILE_ONLY");
    const opened = await openAccount(service.office(), {
      name: "Vic Vendor",
      email: "vendor@example.org",
      password,
      isVendor: true,
    });
    expect(opened.ok).toBe(true);
    const vendor = await service.logIn("vendor@example.org");
    expect((await service.call("myCodes", { token: vendor })).body.name).toBe("NOT_ALLOWED");
    expect((await service.call("myDoors", { token: vendor })).body).toEqual({ doors: [], more: false });
    expect((await reset(vendor, entrance.doorId)).body.name).toBe("NOT_ALLOWED");
    expect((await pick(vendor, house.home.doorId, "1468")).body.name).toBe("NOT_ALLOWED");
  });

  test("the digits of a suspended code not at all: the phone may be in a thief's hands", async () => {
    const { home, units } = house;
    const tess = await resident(service, "Tess Thieved", units.four);
    const code = await give(service, home.doorId, tess);
    await visit(service, tess.phone, home);
    expect(await faces(tess.phone, home.doorId)).toMatchObject([{ code, suspended: false }]);
    const params = { property: service.propertyId, person: tess.personId };
    const done = await service.call("suspend", {
      token: service.manager,
      params,
      body: { reason: "stolen" },
    });
    expect(done.status).toBe(200);
    // Every session was ended; a browser on the phone may know the password.
    const again = await service.logIn(tess.email);
    expect(await faces(again, home.doorId)).toMatchObject([
      { code: null, suspended: true, state: "setting", worksNow: true, worksAfterSync: false },
    ]);
    // Not that the role may not: who is suspended is told so, and whom to ask.
    const denied = (await reset(again, home.doorId)).body;
    expect([denied.name, denied.status, denied.remedy]).toEqual([
      "SUSPENDED_HERE",
      403,
      expect.stringContaining("management"),
    ]);
    const mine = (await service.call("myDoors", { token: again })).body.doors.find(
      ({ id }: { id: string }) => id === home.doorId,
    );
    for (const may of ["canReset", "canPick", "canInvite", "canGiveDaily"])
      expect(mine[may], may).toMatchObject({ ok: false, denial: "SUSPENDED_HERE" });
    await visit(service, house.rita.phone, home);
    expect(opens(home, code)).toBe(false);
  });

  test("of a manager's phone: the doors of the property, one's own first, and nothing to reset there", async () => {
    const phone = await service.logIn("manager@example.org", "mobile");
    const { body } = await service.call("myDoors", { token: phone });
    expect(body.doors.map(({ name }: { name: string }) => name)).toContain("Entrance");
    for (const door of body.doors)
      expect(door).toMatchObject({
        roles: ["manager"],
        pendingChanges: 0,
        canReset: { ok: false, denial: "NOT_ALLOWED" },
        canPick: { ok: false, denial: "NOT_ALLOWED" },
        canInvite: { ok: true },
      });
  });

  test("a code that waits for a lock's first table, where a lock is hung later", async () => {
    const { rita } = house;
    const attic = await addDoorTo(service, "Attic of unit 4", "residence", house.units.four);
    const code = await give(service, attic, rita);
    expect(await faces(rita.phone, attic)).toMatchObject([{ code, state: "unset", worksNow: false }]);
    const hung = await hangRealLock(service, attic);
    expect(opens(hung, code)).toBe(true);
    expect(await faces(rita.phone, attic)).toMatchObject([{ code, state: "set", worksNow: true }]);
  });
});
