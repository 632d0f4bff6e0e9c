// What a manager reads of a door, against what the door does: real firmware behind the real service. A code is said to
// work where it opens, a revoked one until the lock's receipt, and what a courier withholds is seen.
import { loadLedger } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeState } from "../../packages/authority/src/model/proof.ts";
import { doorRows } from "../../packages/authority/src/store/overview.ts";
import { opens, opensByCard, passes } from "../support/journey-door.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { fetched, type Hung, hangRealLock, type LockOptions, visit } from "../support/service-door.ts";

const hour = 3_600;

let service: Service;
let unit: string;
/** The manager's phone. */
let phone: string;
let made = 0;

type Body = Answer["body"];

async function done(name: string, asked: Parameters<Service["call"]>[1] = {}): Promise<Body> {
  const answer = await service.call(name, { token: service.manager, ...asked });
  expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
  return answer.body;
}

const ofProperty = (): Record<string, string> => ({ property: service.propertyId });
const ofPerson = (person: string): Record<string, string> => ({ property: service.propertyId, person });

async function newDoor(options: LockOptions = {}, kind = "residence"): Promise<Hung> {
  const body = { name: `Door ${++made}`, kind, ...(kind === "residence" ? { unit } : {}) };
  return await hangRealLock(service, (await done("addDoor", { params: ofProperty(), body })).id, options);
}

/** Somebody without an account: whoever grants is told the digits. */
async function somebody(): Promise<string> {
  const body = { name: `Person ${++made}`, role: "resident", unit };
  return (await done("addPerson", { params: ofProperty(), body })).personId;
}

async function give(person: string, ...doors: readonly Hung[]): Promise<string> {
  const body = { doors: doors.map(({ doorId }) => doorId) };
  const granted = await done("grantAccess", { params: ofPerson(person), body });
  return granted.doors.find((one: Body) => one.doorId === doors[0]?.doorId).digits;
}

const sees = async ({ doorId }: Hung): Promise<Body> => await done("door", { params: { door: doorId } });
const codesOf = async (door: Hung, person: string): Promise<Body[]> =>
  (await sees(door)).codes.filter((code: Body) => code.personId === person);

/** The list says of a door what its ledger says. */
async function listAgrees(): Promise<void> {
  const { db } = service.office();
  for (const row of await doorRows(db, service.propertyId, undefined)) {
    const ledger = await loadLedger(db, row.id);
    const counts = { unset: 0, setting: 0, set: 0, removing: 0, removed: 0, unknown: 0 };
    for (const code of ledger.codes)
      if (code.terms?.class !== "dailyCode" && !code.released) counts[codeState(code, ledger.lock)] += 1;
    const { unset, setting, set, removing, unknown } = row;
    expect({ unset, setting, set, removing, removed: 0, unknown }, row.name).toEqual(counts);
    expect([row.proven, row.newest]).toEqual([
      ledger.lock?.proven ?? null,
      ledger.lock?.issued.at(-1)?.version ?? null,
    ]);
  }
}

beforeAll(async () => {
  service = await startService();
  unit = (await done("addUnit", { params: ofProperty(), body: { name: "4B" } })).id;
  phone = await service.logIn("manager@example.org", "mobile");
}, 120_000);
afterAll(async () => {
  await listAgrees();
  await service.close();
  expect(service.faults).toEqual([]);
});

test("granted again, the old code opens and the new one does not; after a sync it is the other way (F10, F12)", async () => {
  const [front, back] = [await newDoor(), await newDoor()];
  const person = await somebody();
  const old = await give(person, front, back);
  const atBack = (await codesOf(back, person)).length;
  expect(atBack).toBe(1);
  await visit(service, phone, front);
  expect((await codesOf(front, person))[0]).toMatchObject({ state: "set", worksNow: true, pending: false });
  const { doors } = await done("regrant", { params: ofPerson(person), body: {} });
  const fresh = doors.find((one: Body) => one.doorId === front.doorId).digits;
  expect(fresh).not.toBe(old);
  const during = await codesOf(front, person);
  expect(during).toMatchObject([
    { state: "removing", worksNow: true, worksAfterSync: false, certain: true },
    { state: "unset", worksNow: false, worksAfterSync: true, certain: true },
  ]);
  expect([opens(front, old), opens(front, fresh)]).toEqual([true, false]);
  await listAgrees();
  await visit(service, phone, front);
  expect([opens(front, old), opens(front, fresh)]).toEqual([false, true]);
  expect(await codesOf(front, person)).toMatchObject([{ state: "set", worksNow: true }]);
  await visit(service, phone, front);
  const { entries } = await done("doorLog", { params: { door: front.doorId } });
  const openings = entries.filter((one: Body) => one.kind === "LockOperation" && one.source === "Keypad");
  expect(openings.map((one: Body) => one.detail)).toEqual(expect.arrayContaining(["Unlock"]));
  // One person, before and after.
  expect(new Set(openings.map((one: Body) => one.person)).size).toBe(1);
  const newest = entries[0].seq;
  const page = await done("doorLog", {
    params: { door: front.doorId },
    query: { before: `${newest}`, count: "2" },
  });
  expect(page.entries.map(({ seq }: Body) => seq)).toEqual([newest - 1, newest - 2]);
});

test("what a phone fetched before the suspension never says removed; another phone's sync does (F15)", async () => {
  const door = await newDoor();
  const vic = await somebody();
  const card = "04c0ffee";
  const digits = await give(vic, door);
  await done("assignKeycard", { params: { door: door.doorId }, body: { person: vic, card } });
  await visit(service, phone, door);
  expect([opens(door, digits), opensByCard(door, card)]).toEqual([true, true]);
  // Something else was waiting when the phone last had a network.
  await give(await somebody(), door);
  const stale = await fetched(service, phone);
  await done("suspend", { params: ofPerson(vic), body: { reason: "stolen" } });
  const trip = await visit(service, phone, door, stale);
  expect(trip.report.outcome.kind).toBe("synced");
  const after = await codesOf(door, vic);
  expect(after).toHaveLength(2);
  for (const code of after)
    expect(code).toMatchObject({ suspended: true, pending: true, worksNow: true, worksAfterSync: false });
  expect([opens(door, digits), opensByCard(door, card)]).toEqual([true, true]);
  await listAgrees();
  await visit(service, phone, door);
  for (const code of await codesOf(door, vic))
    expect(code).toMatchObject({ suspended: true, pending: false, worksNow: false });
  expect([opens(door, digits), opensByCard(door, card)]).toEqual([false, false]);
  await done("resume", { params: ofPerson(vic), body: {} });
  await visit(service, phone, door);
  // Stolen: the old code stays dead; the card was not in the phone.
  expect([opens(door, digits), opensByCard(door, card)]).toEqual([false, true]);
});

test("all that is revoked opens until the sync, and comes free with the receipt", async () => {
  const door = await newDoor();
  const person = await somebody();
  const digits = await give(person, door);
  await done("assignKeycard", { params: { door: door.doorId }, body: { person, card: "04aaaaaa" } });
  await visit(service, phone, door);
  const said = await done("revokeAll", { params: ofPerson(person) });
  for (const code of said.doors[0].codes)
    expect(code).toMatchObject({ state: "removing", worksNow: true, worksAfterSync: false, changed: true });
  const taken = async (): Promise<Answer> =>
    await service.call("assignKeycard", {
      token: service.manager,
      params: { door: door.doorId },
      body: { person: await somebody(), card: "04aaaaaa" },
    });
  expect((await taken()).body.name).toBe("CARD_TAKEN");
  expect([opens(door, digits), opensByCard(door, "04aaaaaa")]).toEqual([true, true]);
  await visit(service, phone, door);
  expect([opens(door, digits), opensByCard(door, "04aaaaaa")]).toEqual([false, false]);
  expect(await codesOf(door, person)).toEqual([]);
  expect((await taken()).status).toBe(200);
});

test("a lease bounds how long a revoked code may open, and the door keeps to it", async () => {
  await done("setPolicy", { params: ofProperty(), body: { leaseHours: 48 } });
  const door = await newDoor();
  const person = await somebody();
  const digits = await give(person, door);
  await visit(service, phone, door);
  const issuedAt = service.clock.now;
  await done("revokeAll", { params: ofPerson(person) });
  const [code] = await codesOf(door, person);
  expect(code.exposure).toEqual({ kind: "until", until: issuedAt + 48 * hour });
  passes(service, [door], 48 * hour - 60);
  expect(opens(door, digits)).toBe(true);
  passes(service, [door], 120);
  expect(opens(door, digits)).toBe(false);
  expect((await codesOf(door, person))[0]).toMatchObject({ state: "removing", pending: true });
  await done("setPolicy", { params: ofProperty(), body: { leaseHours: 0 } });
  phone = await service.logIn("manager@example.org", "mobile");
});

test("when a lease is over, nothing is said to open, the door waits, and its health says so (F3)", async () => {
  await done("setPolicy", {
    params: ofProperty(),
    body: { leaseHours: 48, house: { zone: [{ at: 0, offsetMinutes: 0 }] } },
  });
  const door = await newDoor();
  const person = await somebody();
  const digits = await give(person, door);
  await visit(service, phone, door);
  const issuedAt = service.clock.now;
  const isBehind = async (): Promise<unknown> => {
    const [full, short] = [
      await sees(door),
      (await done("doors", { params: ofProperty() })).doors.find((one: Body) => one.id === door.doorId),
    ];
    expect([short.pending, short.health]).toEqual([full.pending, full.health.state]);
    return [full.pending, full.health.state];
  };
  expect((await codesOf(door, person))[0]).toMatchObject({
    state: "set",
    worksNow: true,
    worksUntil: issuedAt + 48 * hour,
  });
  expect(await isBehind()).toEqual([false, "ok"]);
  passes(service, [door], 25 * hour);
  expect(await isBehind(), "a renewal waits for whoever comes by").toEqual([true, "ok"]);
  expect(opens(door, digits)).toBe(true);
  passes(service, [door], 24 * hour);
  expect(opens(door, digits)).toBe(false);
  expect((await codesOf(door, person))[0]).toMatchObject({
    state: "set",
    worksNow: false,
    worksAfterSync: true,
    certain: true,
    worksUntil: null,
  });
  expect(await isBehind()).toEqual([true, "leaseOver"]);
  phone = await service.logIn("manager@example.org", "mobile");
  await visit(service, phone, door);
  expect(opens(door, digits)).toBe(true);
  expect((await codesOf(door, person))[0]).toMatchObject({ worksNow: true });
  expect(await isBehind()).toEqual([false, "ok"]);
  await done("setPolicy", { params: ofProperty(), body: { leaseHours: 0 } });
});

test("a guest's code is said to open in its time only, and a counted one until its use came in", async () => {
  const door = await newDoor({}, "buildingEntrance");
  await visit(service, phone, door);
  const { now } = service.clock;
  const invite = async (body: object): Promise<{ person: string; code: string }> => {
    const guest = await done("inviteGuest", { token: phone, params: { door: door.doorId }, body });
    return { person: guest.person, code: guest.entries[0].faces[0].code };
  };
  const tess = await invite({
    name: "Tess",
    kind: "temporary",
    from: now + 24 * hour,
    until: now + 30 * hour,
  });
  const pete = await invite({ name: "Pete", kind: "delivery" });
  await visit(service, phone, door);
  const standing = async ({ person }: { person: string }): Promise<unknown> => {
    const [code] = await codesOf(door, person);
    return [code.state, code.worksNow, code.worksAfterSync, code.certain];
  };
  expect(await standing(tess), "a day early").toEqual(["set", false, true, true]);
  expect(opens(door, tess.code)).toBe(false);
  expect(await standing(pete), "the lock alone counts").toEqual(["set", true, true, false]);
  expect([opens(door, pete.code), opens(door, pete.code)]).toEqual([true, false]);
  await visit(service, phone, door);
  expect(await standing(pete), "its use came in with the log").toEqual(["set", false, false, true]);
  passes(service, [door], 25 * hour);
  expect(await standing(tess), "in its time").toEqual(["set", true, true, true]);
  expect((await codesOf(door, tess.person))[0].worksUntil).toBe(now + 30 * hour);
  expect(opens(door, tess.code)).toBe(true);
  passes(service, [door], 8 * hour);
  expect(opens(door, tess.code)).toBe(false);
  expect((await standing(tess)) as unknown[], "past its end").toEqual(["set", false, false, true]);
  phone = await service.logIn("manager@example.org", "mobile");
});

test("without a lease only a sync ends it, and who waits too long is warned", async () => {
  const door = await newDoor();
  const [old, fresh] = [await somebody(), await somebody()];
  await give(old, door);
  await visit(service, phone, door);
  passes(service, [door], 30 * hour);
  await done("revokeAll", { params: ofPerson(old) });
  await give(fresh, door);
  const warningsOf = async (person: string): Promise<unknown> => (await codesOf(door, person))[0].warnings;
  const isDelayed = async (): Promise<boolean> =>
    (await done("doors", { params: ofProperty() })).doors.find((one: Body) => one.id === door.doorId).delayed;
  expect((await codesOf(door, old))[0].exposure).toEqual({ kind: "untilSync", until: null });
  // Since the wish, not since the code was made.
  expect([await warningsOf(old), await warningsOf(fresh), await isDelayed()]).toEqual([[], [], false]);
  passes(service, [door], 25 * hour);
  expect(await warningsOf(old)).toEqual(["delay_in_removing_from_device"]);
  expect(await warningsOf(fresh)).toEqual(["delay_in_setting_on_device"]);
  expect(await isDelayed()).toBe(true);
  phone = await service.logIn("manager@example.org", "mobile");
  await visit(service, phone, door);
  expect(await isDelayed()).toBe(false);
});

test("more codes than the lock holds are refused whole, and the manager reads why (F31)", async () => {
  const door = await newDoor({ capacity: 4 });
  const inTime = [await somebody(), await somebody()];
  const works = await give(inTime[0] ?? "", door);
  await visit(service, phone, door);
  expect(opens(door, works)).toBe(true);
  const extra = [];
  for (let i = 0; i < 4; i++) extra.push(await somebody());
  const digits = [];
  for (const person of extra) {
    // Within one second nobody is the later one.
    service.clock.now++;
    digits.push(await give(person, door));
  }
  const trip = await visit(service, phone, door);
  expect(trip.report.outcome).toMatchObject({ kind: "refused", refusal: "RESOURCE_EXHAUSTED" });
  // The lock's own log says it, which the same visit takes along.
  const seen = await sees(door);
  expect(seen.refused).toMatchObject({ name: "RESOURCE_EXHAUSTED" });
  expect(seen.refused.words).toContain("remove credentials");
  expect(seen).toMatchObject({ pending: true, capacity: 4 });
  expect([opens(door, works), opens(door, digits[0] ?? "")]).toEqual([true, false]);
  // From now on a table is made that fits: who came last waits.
  await visit(service, phone, door);
  expect(await sees(door)).toMatchObject({
    refused: null,
    heldUp: "LOCK_FULL",
    health: { state: "lockFull" },
  });
  expect([opens(door, digits[0] ?? ""), opens(door, digits[3] ?? "")]).toEqual([true, false]);
  for (const person of extra.slice(1)) await done("revokeAll", { params: ofPerson(person) });
  await visit(service, phone, door);
  await visit(service, phone, door);
  expect(await sees(door)).toMatchObject({ heldUp: null, pending: false });
  expect(opens(door, digits[0] ?? "")).toBe(true);
});

test("a phone that opened the door and did not deliver is seen, until somebody does", async () => {
  const door = await newDoor();
  const standing = { propertyId: service.propertyId, unitId: unit, role: "resident" as const };
  const opened = await openAccount(service.office(), {
    name: "Cora",
    email: "cora@example.org",
    password,
    standing,
  });
  if (!opened.ok) throw new Error(opened.denial);
  const cora = opened.value.personId;
  const token = await service.logIn("cora@example.org", "mobile");
  await give(cora, door);
  await visit(service, phone, door);
  const { body } = await service.call("myCodes", { token });
  const digits = body.codes[0].faces[0].code;
  await give(await somebody(), door);
  passes(service, [door], 60);
  const kept = await fetched(service, token);
  expect(kept.length).toBeGreaterThan(0);
  passes(service, [door], hour);
  expect(opens(door, digits)).toBe(true);
  passes(service, [door], 2 * hour);
  const before = (await sees(door)).couriers.find((one: Body) => one.personId === cora);
  expect(before).toMatchObject({ person: "Cora", delivered: false, withheld: null });
  await visit(service, phone, door);
  const { couriers, newestVersion } = await sees(door);
  const withheld = couriers.find((one: Body) => one.personId === cora);
  expect(withheld).toMatchObject({ delivered: false, version: newestVersion });
  expect(withheld.withheld.version).toBe(newestVersion);
  const honest = couriers.find((one: Body) => one.personId !== cora);
  expect(honest).toMatchObject({ person: "Mona Manager", delivered: true, withheld: null });
});

test("what is wrong with a lock is said in words, with the next step (F28)", async () => {
  let isStuck = false;
  const door = await newDoor({ drive: (to) => (isStuck ? "jammed" : to) });
  const digits = await give(await somebody(), door);
  await visit(service, phone, door);
  expect((await sees(door)).health.state).toBe("ok");
  isStuck = true;
  passes(service, [door], 60);
  door.lock.press(digits);
  expect(door.lock.unlocked).toBe(false);
  await visit(service, phone, door);
  const { health, lockTag } = await sees(door);
  expect(health.state).toBe("jammed");
  expect(health.nextSteps[0]).toMatch(/push the door/);
  const tag = lockTag as string;
  passes(service, [door], 60);
  const says = async (outcome: string): Promise<string> => {
    service.clock.now += 1;
    await done("reportVisit", { token: phone, body: { tag, outcome, conditions: [] } });
    return (await sees(door)).health.troubles;
  };
  expect(await says("silent")).toEqual(["jammed", "noAnswer"]);
  expect(await says("unreachable")).toEqual(["jammed", "notInRange"]);
  service.clock.now += 8 * 24 * hour;
  const later = await sees(door);
  expect(later.health.troubles).toContain("silent");
  phone = await service.logIn("manager@example.org", "mobile");
});

test("local time, holidays and keypad limits reach the lock with the next sync, and the door says it waits", async () => {
  const door = await newDoor();
  expect((await sees(door)).pending).toBe(false);
  await done("setPolicy", { params: ofProperty(), body: { house: { autoRelockSeconds: 60 } } });
  expect((await sees(door)).pending).toBe(true);
  const trip = await visit(service, phone, door);
  expect(trip.report.outcome.kind).toBe("synced");
  expect((await sees(door)).pending).toBe(false);
  await done("setPolicy", { params: ofProperty(), body: { house: { autoRelockSeconds: null } } });
});

test("a lock that is exchanged takes a word to replace, and a mistyped setup is none", async () => {
  const door = await newDoor();
  const offer = async (body: object): Promise<string> =>
    (await service.call("commissionDoor", { token: service.manager, params: { door: door.doorId }, body }))
      .body.name;
  const setup = `DOORSYNC:1:${"0".repeat(16)}:${"1".repeat(32)}`;
  expect(await offer({ setup })).toBe("REQUEST_UNFIT");
  const { crypto, makeLock } = await import("../world.ts");
  const { formatSetup } = await import("@doorsync/protocol/authority");
  const other = makeLock("another lock", { rtcSeconds: service.clock.now });
  const text = formatSetup(crypto, other.setup);
  expect(await offer({ setup: text })).toBe("ALREADY_COMMISSIONED");
  const said = await done("commissionDoor", {
    params: { door: door.doorId },
    body: { setup: text, replace: true },
  });
  expect(said).toEqual({ epoch: 2, pending: true });
  await visit(service, phone, { lock: other, doorId: door.doorId });
  expect(await sees(door)).toMatchObject({ epoch: 2, lock: "commissioned" });
});
