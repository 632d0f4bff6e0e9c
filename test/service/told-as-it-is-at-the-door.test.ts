// What people are told agrees with the door where that is hardest: a damaged table, a night in which the clocks change, a
// lock exchanged while the books are in doubt, a receipt brought again and again, a version that nobody fetched yet.
import { formatSetup, toHex } from "@doorsync/protocol/authority";
import { encodeReturnSlip } from "@doorsync/protocol/courier";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { enrolmentText } from "../../packages/authority/src/desk/app-key.ts";
import { noteRestored } from "../../packages/authority/src/desk/doubt.ts";
import { becomes, opens, passes } from "../support/journey-door.ts";
import { type House, openHouse } from "../support/journey-house.ts";
import { type Answer, type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";
import { bytesOf, crypto, makeLock, noon, reboot } from "../world.ts";

const hour = 3_600;
const day = 24 * hour;

let service: Service;
let house: House;
const ofProperty = () => ({ property: service.propertyId });

beforeEach(async () => {
  service = await startService();
  house = openHouse(service);
});

afterEach(async () => {
  expect(service.faults).toEqual([]);
  await service.close();
});

async function listed(): Promise<Answer["body"]> {
  return (await house.asks("doors", { params: ofProperty() })).doors[0];
}

async function enrol(token: string, name: string): Promise<Answer> {
  const seed = bytesOf(`phone of ${name}`, 32);
  const { phoneId } = (await service.call("me", { token })).body;
  const proof = Buffer.from(crypto.sign(seed, enrolmentText(phoneId))).toString("base64url");
  return await service.call("enrolAppKey", {
    token,
    body: { publicKey: toHex(crypto.signPublic(seed)), proof },
  });
}

test("a lock that signed that its table is damaged opens to nobody, and every page says so until it is mended", async () => {
  await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front]);
  const manager = await house.managersPhone();
  await manager.syncs(front);
  const phone = await house.phone(anna);
  const code = await phone.now(front);
  expect(opens(front, code)).toBe(true);
  await manager.syncs(front);
  const before = [await listed(), await house.sees(front)];
  for (const said of before) expect(said.pending).toBe(false);

  passes(service, [front], 60);
  for (let at = 0; at < front.lock.flash.read().length; at += 16) front.lock.flash.rot(at, 0);
  reboot(front.lock);
  expect(front.lock.notes).toContainEqual(expect.objectContaining({ what: "booted", damaged: true }));
  expect(opens(front, code)).toBe(false);
  // A phone that has nothing new to bring hears it from the lock.
  expect((await manager.syncs(front)).outcome.kind).not.toBe("synced");
  expect(await listed()).toMatchObject({ pending: true, health: "tableDamaged" });
  expect(await house.sees(front)).toMatchObject({ pending: true });
  expect(await phone.codes(front)).toMatchObject([{ state: "set", worksNow: false, certain: false }]);
  const daily = await service.call("dailyCode", {
    token: service.manager,
    params: { door: front.doorId },
    body: {},
  });
  expect(daily.body).toMatchObject({ name: "DAILY_UNAVAILABLE" });
  expect(daily.body.detail).toContain("damaged");

  passes(service, [front], 60);
  expect((await manager.syncs(front)).outcome.kind).toBe("synced");
  expect(opens(front, code)).toBe(true);
  expect(await listed()).toMatchObject({ pending: false });
  expect(await phone.codes(front)).toMatchObject([{ worksNow: true, pending: false }]);
});

test.each([
  ["back an hour, three hours after midnight", 120, 60, 4],
  ["on an hour, two hours after midnight", 60, 120, 2],
  ["by nothing", 60, 60, 3],
])(
  "a daily doorcode in a night in which the clocks go %s: told is the last second it opens",
  async (_, from, to, hours) => {
    const midnight = Math.ceil(noon / day) * day - from * 60;
    const change = midnight + (from < to ? 2 : 3) * hour;
    await house.localTime([
      { at: 0, offsetMinutes: from },
      ...(from === to ? [] : [{ at: change, offsetMinutes: to }]),
    ]);
    const front = await house.door("1A front", "residence", await house.unit("1A"));
    becomes(service, [front], midnight - hour);
    const given = await house.asks("dailyCode", { params: { door: front.doorId }, body: {} });
    expect(given).toMatchObject({ validUntil: midnight, opensAtLatestUntil: midnight + hours * hour });
    const me = (await service.call("me", { token: service.manager })).body.personId;
    const stillOut = async () =>
      (await house.asks("person", { params: { ...ofProperty(), person: me } })).dailyCodes.length;
    becomes(service, [front], given.opensAtLatestUntil - 10 * 60);
    expect([opens(front, given.code), await stillOut()]).toEqual([true, 1]);
    becomes(service, [front], given.opensAtLatestUntil + 60);
    expect([opens(front, given.code), await stillOut()]).toEqual([false, 0]);
  },
);

test("another lock does not make doubted books right: its first table waits for management's word", async () => {
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front]);
  await noteRestored(service.office());
  const desk = await service.logIn("manager@example.org", "desktop");
  const asks = async (name: string, asked: object) =>
    (await service.call(name, { token: desk, ...asked })).body;
  const lock = makeLock("another", { rtcSeconds: service.clock.now });
  const body = { setup: formatSetup(crypto, lock.setup), replace: true };
  await asks("commissionDoor", { params: { door: front.doorId }, body });
  const phone = await service.logIn("manager@example.org");
  const hung = { lock, doorId: front.doorId };
  const inDoubt = async () => (await asks("doubtedDoors", { params: ofProperty() })).doors.length;
  for (let i = 0; i < 2; i++) await visit(service, phone, hung);
  expect((await asks("door", { params: { door: front.doorId } })).lock).not.toBe("absent");
  expect(await inDoubt()).toBe(1);
  const codeOf = async () =>
    (await asks("door", { params: { door: front.doorId } })).codes.flatMap((code: Answer["body"]) =>
      code.class === "code" ? [[code.state, code.worksNow]] : [],
    );
  expect(await codeOf()).toEqual([["unset", false]]);
  // Nor is leave for a phone that opens.
  const annas = await service.logIn(anna.email);
  expect((await enrol(annas, "anna")).status).toBe(200);
  const leave = (await service.call("fetchCapabilities", { token: annas })).body;
  expect(leave).toMatchObject({ capabilities: [], refused: [{ denial: "BOOKS_DOUBTED" }] });
  await asks("trustBooks", { params: ofProperty(), body: { doors: [front.doorId] } });
  expect((await visit(service, phone, hung)).report.outcome.kind).toBe("synced");
  expect(await inDoubt()).toBe(0);
  expect(await codeOf()).toEqual([["set", true]]);
});

test("a receipt brought again is no visit: the books do not grow, and who delivered has still delivered", async () => {
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const anna = await house.moveIn("Anna", "resident", unit);
  const mallory = await house.moveIn("Mallory", "resident", unit);
  await house.give(anna, [front]);
  await house.give(mallory, [front]);
  const mallorys = await service.logIn(mallory.email);
  const trip = await visit(service, mallorys, front);
  const [slip] = trip.slips.filter(({ kind }) => kind === "receipt");
  if (slip === undefined) throw new Error("no receipt");
  const text = Buffer.from(encodeReturnSlip(slip)).toString("base64url");
  const rows = async () => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from visits`.execute(
      service.office().db,
    );
    return rows[0]?.n;
  };
  const before = [await rows(), (await house.sees(front)).couriers];
  passes(service, [front], hour);
  for (let i = 0; i < 3; i++) {
    const again = await service.call("deliverSlips", {
      token: mallorys,
      body: { slips: Array.from({ length: 64 }, () => text) },
    });
    expect(again.status).toBe(200);
  }
  expect([await rows(), (await house.sees(front)).couriers]).toEqual(before);
  // Another phone at the door is one more visit, even where the lock had nothing new to say.
  const annas = await service.logIn(anna.email);
  expect((await service.call("deliverSlips", { token: annas, body: { slips: [text, text] } })).status).toBe(
    200,
  );
  expect(await rows()).toBe((before[0] as number) + 1);
});

test("a version that is made for a phone's leave is told like one that is fetched", async () => {
  await house.policy({ delayHours: 24 });
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front]);
  const phone = await house.phone(anna);
  const until = service.clock.now + 20 * day;
  await phone.asks("inviteGuest", {
    params: { door: front.doorId },
    body: { name: "Gus", kind: "temporary", from: service.clock.now, until },
  });
  const manager = await house.managersPhone();
  await manager.syncs(front);
  expect((await enrol(await phone.token(), "anna")).status).toBe(200);
  for (let i = 0; i < 2; i++) await phone.syncs(front);
  passes(service, [front], 20 * day + 60);
  await house.give(await house.moveIn("Bert", "resident", unit), [front]);
  const { db } = service.office();
  const newest = async () =>
    (await sql<{ id: number }>`select max(id) as id from changes`.execute(db)).rows[0]?.id;
  const seen = await newest();
  const leave = await service.call("fetchCapabilities", { token: await phone.token() });
  expect(leave.body.capabilities).toHaveLength(1);
  const told = await sql<{ kind: string }>`select kind from changes where id > ${seen} order by id`.execute(
    db,
  );
  expect(told.rows.map(({ kind }) => kind).sort()).toEqual(["code.removing", "code.setting"]);
  // The guest's time ended by itself: nobody has been late for twenty days.
  expect(await listed()).toMatchObject({ delayed: false, waitingSince: service.clock.now });
});

test("a phone's key asks for room as a code does: a full lock goes on without it", async () => {
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit, { capacity: 2, isToldOf: true });
  const anna = await house.moveIn("Anna", "resident", unit);
  await house.give(anna, [front]);
  const manager = await house.managersPhone();
  for (let i = 0; i < 2; i++) await manager.syncs(front);
  const phone = await house.phone(anna);
  expect((await enrol(await phone.token(), "anna")).status).toBe(200);
  expect(await house.sees(front)).toMatchObject({ heldUp: null, pending: false, health: { state: "ok" } });
  const leave = (await service.call("fetchCapabilities", { token: await phone.token() })).body;
  expect(leave).toMatchObject({ capabilities: [], refused: [{ denial: "LOCK_FULL" }] });
});

test("the log names whoever has a credential now, or had it last, and nobody of an earlier lock", async () => {
  const unit = await house.unit("1A");
  const front = await house.door("1A front", "residence", unit);
  const manager = await house.managersPhone();
  const sync = async () => {
    await manager.syncs(front);
    await manager.syncs(front);
    passes(service, [front], 60);
  };
  const xena = await house.moveIn("Xena", "resident", unit);
  const yuri = await house.moveIn("Yuri", "resident", unit);
  for (const one of [xena, yuri]) {
    await house.give(one, [front]);
    passes(service, [front], 60);
  }
  await sync();
  // Her second code is younger than his only one.
  await (await house.phone(xena)).account.reset({ door: front.doorId });
  await sync();
  await house.revokeAll(xena);
  await sync();
  const hers = async () =>
    (
      await service
        .office()
        .db.selectFrom("codes")
        .select("wire_id")
        .where("person_id", "=", xena.personId)
        .execute()
    ).map(({ wire_id }) => wire_id);
  const first = await hers();
  front.lock.board.holdReset();
  const body = { setup: formatSetup(crypto, front.lock.setup), replace: true };
  await house.asks("commissionDoor", { params: { door: front.doorId }, body });
  await sync();
  const code = (await house.sees(front)).codes.find((one: Answer["body"]) => one.class === "code");
  expect(first, "he has her number of the lock before").toContain(code.credential);
  expect(opens(front, await (await house.phone(yuri)).now(front))).toBe(true);
  await sync();
  const openers = async () =>
    (await house.asks("doorLog", { params: { door: front.doorId } })).entries.flatMap(
      (entry: Answer["body"]) =>
        entry.kind === "LockOperation" && entry.credential === code.credential ? [entry.person] : [],
    );
  expect(new Set(await openers())).toEqual(new Set(["Yuri"]));
  await house.revokeAll(yuri);
  await sync();
  expect(new Set(await openers())).toEqual(new Set(["Yuri"]));
});
