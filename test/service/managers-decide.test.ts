// What managers and hosts decide, at the real service: who may, what it changes, and what it says of itself. The door
// itself is tried in door-state.test.ts.
import { loadLedger, plainTerms, registerProperty } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { invitationSeconds } from "../../packages/authority/src/desk/password.ts";
import { type Action, matrixRows } from "../../packages/authority/src/model/permission.ts";
import { tokenForm } from "../support/journey-house.ts";
import { found as foundIn, lastLetter } from "../support/journey-post.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";

let service: Service;
let unit: string;
let neighbour: string;
let home: string;
let entrance: string;
let next: string;
const people: Record<string, string> = {};
const tokens: Record<string, string> = {};

const ofProperty = (): Record<string, string> => ({ property: service.propertyId });
const ofPerson = (person: string): Record<string, string> => ({ property: service.propertyId, person });

async function asManager(name: string, asked: Parameters<Service["call"]>[1] = {}): Promise<Answer> {
  return await service.call(name, { token: service.manager, ...asked });
}

/** The answer's body; fails on a refusal. */
async function done(name: string, asked: Parameters<Service["call"]>[1] = {}): Promise<Answer["body"]> {
  const answer = await asManager(name, asked);
  expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

async function join(name: string, role: "resident" | "guest" | "host", unitId: string): Promise<void> {
  const email = `${name}@example.org`;
  const standing = { propertyId: service.propertyId, unitId, role };
  const opened = await openAccount(service.office(), { name, email, password, standing });
  if (!opened.ok) throw new Error(opened.denial);
  people[name] = opened.value.personId;
  tokens[name] = await service.logIn(email, "desktop");
}

const person = (name: string): string => people[name] ?? "";
let strangers = 0;
/** Somebody without an account, of the unit. */
async function newcomer(unitId = unit): Promise<string> {
  const body = { name: `Newcomer ${++strangers}`, role: "resident", unit: unitId };
  return (await done("addPerson", { params: ofProperty(), body })).personId;
}

async function newestChange(): Promise<number> {
  const { db } = service.office();
  const row = await db
    .selectFrom("changes")
    .select(({ fn }) => fn.max("id").as("id"))
    .executeTakeFirstOrThrow();
  return row.id ?? 0;
}

async function kindsSince(id: number): Promise<readonly string[]> {
  const { db } = service.office();
  const rows = await db.selectFrom("changes").select("kind").where("id", ">", id).orderBy("id").execute();
  return rows.map(({ kind }) => kind);
}

beforeAll(async () => {
  service = await startService();
  unit = (await done("addUnit", { params: ofProperty(), body: { name: "4B" } })).id;
  neighbour = (await done("addUnit", { params: ofProperty(), body: { name: "5C" } })).id;
  const door = async (name: string, kind: string, of?: string): Promise<string> =>
    (await done("addDoor", { params: ofProperty(), body: { name, kind, ...(of && { unit: of }) } })).id;
  home = await door("4B", "residence", unit);
  next = await door("5C", "residence", neighbour);
  entrance = await door("Entrance", "buildingEntrance");
  await join("rita", "resident", unit);
  await join("gus", "guest", unit);
  await join("hugo", "host", unit);
  await join("nora", "resident", neighbour);
  const vendor = { name: "Vera", email: "vera@example.org", password, isVendor: true };
  await openAccount(service.office(), vendor);
  tokens["vera"] = await service.logIn("vera@example.org", "desktop");
  await registerProperty(service.office(), { name: "Birch House", sixDigits: false, leaseHours: 0 });
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

/** What stands for each action of the matrix that managers and hosts do, at a door of the given id. */
const acts: Partial<Record<Action, (door: string) => readonly (readonly [string, object])[]>> = {
  grantAccess: (door) => [
    ["grantAccess", { params: ofPerson(person("nora")), body: { doors: [door] } }],
    ["addPerson", { params: ofProperty(), body: { name: "X", role: "resident", unit } }],
  ],
  revokeAll: () => [
    ["revokeAll", { params: ofPerson(person("nora")) }],
    ["revokeDoor", { params: { ...ofPerson(person("nora")), door: next } }],
    ["regrant", { params: ofPerson(person("nora")), body: {} }],
  ],
  suspend: () => [
    ["suspend", { params: ofPerson(person("nora")), body: { reason: "other" } }],
    ["resume", { params: ofPerson(person("nora")), body: {} }],
  ],
  troubleshoot: (door) => [["door", { params: { door } }]],
  assignKeycard: (door) => [
    ["assignKeycard", { params: { door }, body: { person: person("nora"), card: "01020304" } }],
    ["revokeKeycard", { params: { door, person: person("nora") } }],
    ["noteKey", { params: { door }, body: { person: person("nora"), label: "brass" } }],
    ["returnKey", { params: { door, key: person("nora") } }],
  ],
  setPolicy: () => [
    ["setPolicy", { params: ofProperty(), body: { customCodes: true } }],
    ["addUnit", { params: ofProperty(), body: { name: "9Z" } }],
  ],
  viewPeople: () => ["people", "doors", "units", "property"].map((name) => [name, { params: ofProperty() }]),
  viewLog: (door) => [["doorLog", { params: { door } }]],
  commission: (door) => [
    ["commissionDoor", { params: { door }, body: { setup: "DOORSYNC:1:0:0" } }],
    ["addDoor", { params: ofProperty(), body: { name: "Z", kind: "service" } }],
  ],
  viewAudit: () => [["audit", { params: ofProperty() }]],
};

const names = { resident: "rita", guest: "gus", host: "hugo", vendor: "vera" } as const;

test.each(
  matrixRows()
    .filter(({ action, may }) => acts[action] !== undefined && may !== "yes")
    .map((row) => [`${row.role} ${row.action}`, row] as const),
)("refused: %s", async (_name, { action, role, may, why }) => {
  if (role === "manager") throw new Error("a manager who may not manage");
  const before = await newestChange();
  const token = tokens[names[role]];
  for (const [name, asked] of acts[action]?.(may === "residence" ? entrance : home) ?? []) {
    const answer = await service.call(name, { ...asked, token });
    expect([answer.status, answer.body.name], `${name}, although ${why}`).toEqual([403, "NOT_ALLOWED"]);
  }
  if (may === "residence")
    for (const [name, asked] of acts[action]?.(home) ?? [])
      expect((await service.call(name, { ...asked, token })).body.name).not.toBe("NOT_ALLOWED");
  expect(await newestChange()).toBe(before);
});

test("a policy changes only what is named, and by name where it cannot be had", async () => {
  const params = ofProperty();
  const before = await done("property", { params });
  const zone = [{ at: 0, offsetMinutes: -300 }];
  const after = await done("setPolicy", {
    params,
    body: { sixDigits: true, leaseHours: 72, house: { autoRelockSeconds: 9, zone } },
  });
  expect(after.policy).toEqual({ ...before.policy, sixDigits: true });
  expect(after.leaseHours).toBe(72);
  expect(after.house).toEqual({ ...before.house, autoRelockSeconds: 9, zone });
  const again = await done("setPolicy", { params, body: { house: { autoRelockSeconds: null } } });
  expect(again.house).toEqual({ ...before.house, zone });
  for (const [body, denial] of [
    [{ deliveryHours: 0 }, "POLICY_UNFIT"],
    [{ leaseHours: 65_536 }, "POLICY_UNFIT"],
    [{ appVersionMin: "new" }, "POLICY_UNFIT"],
    [{ house: { wrongCodeEntryLimit: 0 } }, "HOUSE_UNFIT"],
    [{ house: { zone: [...zone, ...zone] } }, "HOUSE_UNFIT"],
    [{ surprise: 1 }, "REQUEST_UNFIT"],
  ] as const)
    expect((await asManager("setPolicy", { params, body })).body.name, JSON.stringify(body)).toBe(denial);
  await done("setPolicy", { params, body: { house: { dailyGeneration: 3 } } });
  const lower = await asManager("setPolicy", { params, body: { house: { dailyGeneration: 2 } } });
  expect(lower.body.name).toBe("HOUSE_UNFIT");
  await done("setPolicy", { params, body: { sixDigits: false, leaseHours: 0 } });
});

test("names are taken once, and a residence's door belongs to a unit", async () => {
  const params = ofProperty();
  const add = async (body: object): Promise<string> =>
    (await asManager("addDoor", { params, body })).body.name;
  expect(await add({ name: " ENTRANCE ", kind: "communal" })).toBe("NAME_TAKEN");
  expect(await add({ name: "6D", kind: "residence" })).toBe("REQUEST_UNFIT");
  expect(await add({ name: "6D", kind: "residence", unit: person("rita") })).toBe("NO_SUCH");
  expect(await add({ name: "a\nb", kind: "service" })).toBe("NAME_UNFIT");
  expect((await asManager("addUnit", { params, body: { name: "4b" } })).body.name).toBe("NAME_TAKEN");
});

test("somebody with an e-mail address is invited to choose a password; a second account is none", async () => {
  const body = { name: "Ina", email: "ina@example.org", role: "resident", unit };
  const added = await done("addPerson", { params: ofProperty(), body });
  expect(added.invited).toBe(true);
  const { db } = service.office();
  expect((await db.selectFrom("messages").select("kind").execute()).at(-1)?.kind).toBe("invitation");
  const letter = await lastLetter(service, "ina@example.org");
  expect(letter.text).toMatch(/Maple Court/);
  expect(letter.subject).not.toMatch(/reset/i);
  const token = foundIn(letter, tokenForm);
  service.clock.now += invitationSeconds - 1;
  const chosen = await service.call("resetPassword", {
    body: { token, password: "four rather plain words" },
  });
  service.clock.now -= invitationSeconds - 1;
  expect(chosen.status).toBe(204);
  expect((await asManager("addPerson", { params: ofProperty(), body })).body.name).toBe("EMAIL_TAKEN");
  const found = await done("people", { params: ofProperty(), query: { find: "ina" } });
  expect(found.people).toMatchObject([
    {
      id: added.personId,
      name: "Ina",
      standings: [{ role: "resident", unitId: unit, unit: "4B", revoked: false }],
      account: { email: "ina@example.org", hasPassword: true },
      suspended: null,
      doors: 0,
    },
  ]);
  const odd = { name: "Nobody's", role: "resident" };
  expect((await asManager("addPerson", { params: ofProperty(), body: odd })).body.name).toBe("REQUEST_UNFIT");
});

test("people come a page at a time, without the daily doorcode, and to a host those of the unit", async () => {
  const all = await done("people", { params: ofProperty() });
  expect(all.more).toBe(false);
  const listed: string[] = [];
  for (let skip = 0, more = true; more; skip += 2) {
    const page = await done("people", { params: ofProperty(), query: { skip: `${skip}`, count: "2" } });
    listed.push(...page.people.map(({ id }: { id: string }) => id));
    more = page.more;
  }
  expect(listed).toEqual(all.people.map(({ id }: { id: string }) => id));
  expect(all.people.some(({ name }: { name: string }) => /daily/i.test(name))).toBe(false);
  const seen = await service.call("people", { token: tokens["hugo"], params: ofProperty() });
  const seenNames = seen.body.people.map(({ name }: { name: string }) => name);
  expect(seenNames).toContain("rita");
  expect(seenNames).not.toContain("nora");
  expect(seenNames).not.toContain("Mona Manager");
});

test("digits are told once of somebody without an account, and of nobody else", async () => {
  const id = await newcomer();
  const told = await done("grantAccess", { params: ofPerson(id), body: { doors: [home, entrance] } });
  for (const door of told.doors) {
    expect(door.digits).toMatch(/^\d{4}$/);
    expect(door.codes).toMatchObject([
      { state: "unset", pending: true, worksNow: false, worksAfterSync: true, changed: true },
    ]);
  }
  const given = await done("grantAccess", { params: ofPerson(person("rita")), body: { doors: [home] } });
  expect(given.doors[0].digits).toBeNull();
});

test("grants are for all doors or none", async () => {
  const id = await newcomer();
  await done("grantAccess", { params: ofPerson(id), body: { doors: [entrance] } });
  const again = await asManager("grantAccess", { params: ofPerson(id), body: { doors: [home, entrance] } });
  expect(again.body.name).toBe("ALREADY_ASSIGNED");
  const ledger = await loadLedger(service.office().db, home);
  expect(ledger.codes.some((code) => code.person === id)).toBe(false);
});

test("revoked and granted again, nobody gets a code that they had there before (F10)", async () => {
  const id = await newcomer();
  const params = ofPerson(id);
  const had: string[] = [];
  const first = await done("grantAccess", { params, body: { doors: [home] } });
  had.push(first.doors[0].digits);
  for (let i = 0; i < 12; i++) {
    const before = await newestChange();
    if (i % 2 === 0) {
      had.push((await done("regrant", { params, body: {} })).doors[0].digits);
    } else {
      await done("revokeAll", { params });
      had.push((await done("grantAccess", { params, body: { doors: [home] } })).doors[0].digits);
    }
    expect(await kindsSince(before)).toContain("code.unset");
  }
  expect(had.every((digits) => /^\d{4}$/.test(digits))).toBe(true);
  expect(new Set(had).size).toBe(had.length);
});

test("a subset granted again leaves the other doors without a code; nothing to grant is refused", async () => {
  const id = await newcomer();
  const params = ofPerson(id);
  await done("grantAccess", { params, body: { doors: [home, entrance] } });
  const again = await done("regrant", { params, body: { doors: [entrance] } });
  const has = (door: string): boolean =>
    again.doors.find((one: { doorId: string }) => one.doorId === door).digits !== null;
  expect([has(home), has(entrance)]).toEqual([false, true]);
  const { codes } = await done("door", { params: { door: home } });
  expect(codes.some((code: { personId: string }) => code.personId === id)).toBe(false);
  const bare = await newcomer();
  expect((await asManager("regrant", { params: ofPerson(bare), body: {} })).body.name).toBe("NOT_ASSIGNED");
});

test("revoke-all takes card and standing along, and the next grant brings the standing back", async () => {
  await join("ron", "resident", unit);
  const ron = person("ron");
  const params = ofPerson(ron);
  await done("grantAccess", { params, body: { doors: [home, entrance] } });
  await done("assignKeycard", { params: { door: entrance }, body: { person: ron, card: "0a0b0c0d" } });
  const phone = await service.logIn("ron@example.org", "mobile");
  const sees = async (): Promise<string> =>
    (await service.call("doorLog", { token: phone, params: { door: home } })).body.name;
  expect(await sees()).toBe("NOT_COMMISSIONED");
  const revoked = await done("revokeAll", { params });
  const classes = revoked.doors.flatMap((door: { codes: { class: string }[] }) =>
    door.codes.map((code) => code.class),
  );
  expect(classes.sort()).toEqual(["code", "code", "keycard"]);
  expect(await sees()).toBe("NO_SUCH");
  const [row] = (await done("people", { params: ofProperty(), query: { find: "ron" } })).people;
  expect(row).toMatchObject({ suspended: null, standings: [{ role: "resident", revoked: true }], doors: 0 });
  await done("grantAccess", { params, body: { doors: [home] } });
  expect(await sees()).toBe("NOT_COMMISSIONED");
});

test("nobody revokes or suspends themselves", async () => {
  const { people: found } = await done("people", { params: ofProperty(), query: { find: "mona" } });
  const params = ofPerson(found[0].id);
  expect((await asManager("revokeAll", { params })).body.name).toBe("NOT_ALLOWED");
  expect((await asManager("suspend", { params, body: { reason: "lost" } })).body.name).toBe("NOT_ALLOWED");
});

test("a host's word reaches the doors of the host's unit, and no further", async () => {
  const token = tokens["hugo"];
  const inUnit = await newcomer();
  const asked = (doors: string[]): object => ({ token, params: ofPerson(inUnit), body: { doors } });
  expect((await service.call("grantAccess", asked([next]))).body.name).toBe("NO_SUCH");
  expect((await service.call("grantAccess", asked([entrance]))).body.name).toBe("NOT_ALLOWED");
  expect((await service.call("grantAccess", asked([home]))).status).toBe(200);
  await done("grantAccess", { params: ofPerson(inUnit), body: { doors: [entrance] } });
  const revoked = await service.call("revokeAll", { token, params: ofPerson(inUnit) });
  expect(revoked.body.doors.map(({ doorId }: { doorId: string }) => doorId)).toEqual([home]);
  const stranger = await newcomer(neighbour);
  expect((await service.call("revokeAll", { token, params: ofPerson(stranger) })).body.name).toBe("NO_SUCH");
  const doors = await service.call("doors", { token, params: ofProperty() });
  expect(doors.body.doors.map(({ id }: { id: string }) => id)).toEqual([home]);
  const add = async (role: string, of: string): Promise<number> =>
    (
      await service.call("addPerson", {
        token,
        params: ofProperty(),
        body: { name: `${role} of hugo`, role, unit: of },
      })
    ).status;
  expect([await add("guest", unit), await add("guest", neighbour), await add("host", unit)]).toEqual([
    200, 403, 403,
  ]);
});

test("suspending takes roles and log-ins, and what is suspended is granted nothing (F15)", async () => {
  await join("sue", "resident", unit);
  const sue = person("sue");
  const params = ofPerson(sue);
  await done("grantAccess", { params, body: { doors: [home, entrance] } });
  await done("assignKeycard", { params: { door: home }, body: { person: sue, card: "a1a2a3a4" } });
  const before = await newestChange();
  const said = await done("suspend", { params, body: { reason: "stolen" } });
  expect(said.sessionsEnded).toBe(true);
  expect(said.doors.flatMap(({ codes }: { codes: { suspended: boolean }[] }) => codes)).toHaveLength(3);
  expect(await kindsSince(before)).toContain("person.suspended");
  expect((await service.call("me", { token: tokens["sue"] })).status).toBe(401);
  const [row] = (await done("people", { params: ofProperty(), query: { find: "sue" } })).people;
  expect(row.suspended).toEqual({ since: service.clock.now, reason: "stolen" });
  const again = await service.logIn("sue@example.org", "desktop");
  expect((await service.call("doorLog", { token: again, params: { door: home } })).body.name).toBe(
    "SUSPENDED_HERE",
  );
  for (const [name, asked] of [
    ["grantAccess", { params, body: { doors: [next] } }],
    ["regrant", { params, body: {} }],
    ["assignKeycard", { params: { door: entrance }, body: { person: sue, card: "b1b2b3b4" } }],
  ] as const)
    expect((await asManager(name, asked)).body.name).toBe("PERSON_SUSPENDED");
  const { db } = service.office();
  const digitsOf = async (): Promise<readonly string[]> =>
    (await loadLedger(db, home)).codes
      .filter((code) => code.person === sue && !code.revoked)
      .map(({ id }) => id);
  const old = await digitsOf();
  expect((await done("resume", { params, body: {} })).newCodes).toBe(true);
  // The card was not in the phone: it is the same one, and the code is another.
  expect((await digitsOf()).filter((id) => old.includes(id))).toHaveLength(1);
  expect((await asManager("resume", { params, body: {} })).body.name).toBe("NOT_ASSIGNED");
  await done("suspend", { params, body: { reason: "other" } });
  const kept = await digitsOf();
  expect((await done("resume", { params, body: {} })).newCodes).toBe(false);
  expect(await digitsOf()).toEqual(kept);
});

test("a guest's hours outlive suspension, and new codes", async () => {
  const { db, now } = service.office();
  const token = await service.logIn("rita@example.org", "mobile");
  const body = { name: "Tim", kind: "temporary", from: now + 60, until: now + 7_200 };
  const invited = await service.call("inviteGuest", { token, params: { door: home }, body });
  expect(invited.status).toBe(200);
  const tim = invited.body.person;
  const termsOf = async (): Promise<unknown> =>
    (await loadLedger(db, home)).codes.find((code) => code.person === tim && !code.revoked)?.terms;
  const terms = await termsOf();
  expect(terms).toMatchObject({ notBefore: now + 60, notAfter: now + 7_200, suspended: false });
  await done("suspend", { params: ofPerson(tim), body: { reason: "lost" } });
  expect(await termsOf()).toEqual({ ...plainTerms, ...(terms as object), suspended: true });
  await done("resume", { params: ofPerson(tim), body: { newCodes: true } });
  expect(await termsOf()).toEqual(terms);
  await done("regrant", { params: ofPerson(tim), body: {} });
  expect(await termsOf()).toEqual(terms);
  // Whom one invited is named when one's own access is taken.
  const taken = await done("suspend", { params: ofPerson(person("rita")), body: { reason: "stolen" } });
  expect(taken.guests).toEqual([{ id: tim, name: "Tim", doors: 1 }]);
  await done("resume", { params: ofPerson(person("rita")), body: {} });
});

test("a card is one person's at a door, in whatever spelling", async () => {
  const [a, b] = [await newcomer(), await newcomer()];
  const give = async (to: string, card: string): Promise<Answer> =>
    await asManager("assignKeycard", { params: { door: home }, body: { person: to, card } });
  expect((await give(a, "04A1B2C3")).status).toBe(200);
  expect((await give(b, "04a1b2c3")).body.name).toBe("CARD_TAKEN");
  expect((await give(a, "04a1b2c4")).body.name).toBe("ALREADY_ASSIGNED");
  expect((await give(b, "04a1b2")).body.name).toBe("REQUEST_UNFIT");
  // It never was in a lock's reach: it is free at once, also for who had it before.
  await done("revokeKeycard", { params: { door: home, person: a } });
  expect((await give(a, "04a1b2c3")).status).toBe(200);
  expect((await give(b, "04a1b2c3")).body.name).toBe("CARD_TAKEN");
});

test("mechanical keys are outstanding until they come back", async () => {
  const id = await newcomer();
  const { id: key } = await done("noteKey", {
    params: { door: home },
    body: { person: id, label: "brass 7" },
  });
  const keys = async (): Promise<unknown> => (await done("door", { params: { door: home } })).keys;
  expect(await keys()).toMatchObject([{ id: key, personId: id, label: "brass 7" }]);
  expect((await asManager("returnKey", { params: { door: next, key } })).body.name).toBe("NO_SUCH");
  expect((await asManager("returnKey", { params: { door: home, key } })).status).toBe(204);
  expect(await keys()).toEqual([]);
  expect((await asManager("returnKey", { params: { door: home, key } })).body.name).toBe("NO_SUCH");
});

test("the audit holds what was decided and what was refused, by whom, a page at a time", async () => {
  const params = ofProperty();
  await done("revokeAll", { params: ofPerson(await newcomer()) });
  await service.call("audit", { token: tokens["rita"], params });
  await service.call("revokeAll", { token: tokens["gus"], params: ofPerson(person("rita")) });
  const { decisions } = await done("audit", { params, query: { count: "2" } });
  expect(decisions).toMatchObject([
    { action: "revokeAll", decision: "NOT_ALLOWED", actor: "gus", personId: person("rita") },
    { action: "revokeAll", decision: "granted", actor: "Mona Manager" },
  ]);
  const older = await done("audit", { params, query: { before: `${decisions[1].id}`, count: "1" } });
  expect(older.decisions[0].id).toBeLessThan(decisions[1].id);
});

test("a repeated request under one key is answered alike, digits and all", async () => {
  const asked = {
    params: ofPerson(await newcomer()),
    body: { doors: [home] },
    idempotencyKey: "grant-once-1",
  };
  const first = await done("grantAccess", asked);
  expect(first.doors[0].digits).toMatch(/^\d{4}$/);
  expect(await done("grantAccess", asked)).toEqual(first);
});

test("another property's doors and people do not exist for this one's manager", async () => {
  const { db } = service.office();
  const birch = await db
    .selectFrom("properties")
    .select("id")
    .where("name", "=", "Birch House")
    .executeTakeFirstOrThrow();
  for (const name of ["property", "doors", "people", "audit", "units"])
    expect((await asManager(name, { params: { property: birch.id } })).body.name).toBe("NO_SUCH");
  const own = await done("properties");
  expect(own.properties).toEqual([{ id: service.propertyId, name: "Maple Court", roles: ["manager"] }]);
  expect((await service.call("properties", { token: tokens["vera"] })).body).toEqual({ properties: [] });
});
