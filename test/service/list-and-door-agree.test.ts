/**
 * The manager's list of doors and one door in full say the same of what waits and of what ails a lock; and what the lock
 * signed for, no phone's word takes away. Real firmware behind the real service.
 */
import { status } from "@doorsync/authority";
import { afterAll, beforeAll, expect, test } from "vitest";
import { doorLines } from "../../packages/authority/src/cli/words.ts";
import { passes } from "../support/journey-door.ts";
import { type Door, type House, openHouse } from "../support/journey-house.ts";
import { type Answer, type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";

const hour = 3_600;

let service: Service;
let house: House;
let manager: string;
let guest: string;
let unit: string;

beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  unit = await house.unit("1A");
  manager = await service.logIn("manager@example.org");
  guest = await service.logIn((await house.moveIn("Gus", "guest", unit)).email);
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

/** A door with somebody's code, synced. */
async function doorOf(name: string, options: Parameters<House["door"]>[3] = {}): Promise<Door> {
  const door = await house.door(name, "residence", unit, options);
  await house.give(await house.moveIn(`${name}'s own`, "resident", unit), [door]);
  await visit(service, manager, door);
  return door;
}

/** In the list and at the door, in this order. */
async function both(door: Door): Promise<readonly [Answer["body"], Answer["body"]]> {
  const { doors } = await house.asks("doors", { params: { property: service.propertyId } });
  return [doors.find(({ id }: { id: string }) => id === door.doorId), await house.sees(door)];
}

test("another lease, local time or holidays wait at every door until its own sync, in the list as at the door", async () => {
  const [synced, waiting] = [await doorOf("Synced"), await doorOf("Waiting")];
  const pending = async (door: Door): Promise<unknown> => (await both(door)).map((one) => one.pending);
  const spans = [{ start: service.clock.now + 40 * hour, end: service.clock.now + 64 * hour }];
  for (const wish of [
    { leaseHours: 24 },
    { house: { zone: [{ at: 0, offsetMinutes: 60 }] } },
    { house: { holidays: spans } },
    { house: { holidays: [] } },
    { leaseHours: 0 },
  ]) {
    const said = JSON.stringify(wish);
    expect([await pending(synced), await pending(waiting)], `before ${said}`).toEqual([
      [false, false],
      [false, false],
    ]);
    await house.policy(wish);
    expect([await pending(synced), await pending(waiting)], `after ${said}`).toEqual([
      [true, true],
      [true, true],
    ]);
    await visit(service, manager, synced);
    expect([await pending(synced), await pending(waiting)], `one synced, ${said}`).toEqual([
      [false, false],
      [true, true],
    ]);
    await visit(service, manager, waiting);
  }
  // Back to what the lock has, and nothing waits any more: it is compared, not counted.
  await house.policy({ leaseHours: 24 });
  await house.policy({ leaseHours: 0 });
  expect(await pending(synced)).toEqual([false, false]);
});

test("a battery that the lock signed as low is low in the list, whatever a phone says later", async () => {
  const door = await doorOf("Weak");
  const states = async (): Promise<unknown> => (await both(door)).map(({ health }) => health.state ?? health);
  const tag = (await house.sees(door)).lockTag;
  const says = async (outcome: string, conditions: readonly string[]): Promise<void> => {
    passes(service, [door], 60);
    const told = await service.call("reportVisit", { token: guest, body: { tag, outcome, conditions } });
    expect(told.status).toBe(204);
  };
  expect(await states()).toEqual(["ok", "ok"]);
  door.lock.board.battery(15);
  passes(service, [door], 60);
  await house.give(await house.moveIn("Another", "resident", unit), [door]);
  const trip = await visit(service, manager, door);
  expect([trip.report.conditions, trip.report.isConditionSigned]).toEqual([["lowBattery"], true]);
  expect(await states()).toEqual(["batteryLow", "batteryLow"]);
  expect((await house.sees(door)).health.hearsay).toBeNull();
  await says("synced", []);
  expect(await states(), "a phone's word takes nothing away").toEqual(["batteryLow", "batteryLow"]);
  await says("already", ["jammed"]);
  expect(await states(), "and may add").toEqual(["jammed", "jammed"]);
  const { health } = await house.sees(door);
  expect([health.troubles, health.hearsay]).toEqual([
    ["jammed", "batteryLow"],
    { troubles: ["jammed"], at: service.clock.now },
  ]);
  door.lock.board.battery(90);
  passes(service, [door], 60);
  await house.give(await house.moveIn("A third", "resident", unit), [door]);
  await visit(service, manager, door);
  expect(await states(), "the lock signs that all is well").toEqual(["ok", "ok"]);
});

test("a phone's word that it synced hides no lock that does not answer: a sync counts by its receipt", async () => {
  const door = await doorOf("Dumb");
  const tag = (await house.sees(door)).lockTag;
  const says = async (outcome: string): Promise<unknown> => {
    passes(service, [door], 60);
    await service.call("reportVisit", { token: guest, body: { tag, outcome, conditions: [] } });
    return (await house.sees(door)).health.troubles;
  };
  expect(await says("silent")).toEqual(["noAnswer"]);
  for (const outcome of ["synced", "already", "commissioned", "rotated"])
    expect(await says(outcome), outcome).toEqual(["noAnswer"]);
  const owner = await house.phone(await house.moveIn("Owner", "resident", unit));
  expect((await owner.syncs(door)).outcome.kind).toBe("already");
  expect((await house.sees(door)).health.troubles).toEqual([]);
});

test("a receipt that comes late is older by the lock's clock, and says nothing of how the lock is now", async () => {
  const door = await doorOf("Late");
  const phone = await house.phone(await house.moveIn("Later", "resident", unit));
  door.lock.board.battery(15);
  passes(service, [door], 60);
  await phone.fetches();
  phone.network.on = false;
  const late = await phone.syncs(door);
  expect([late.owed > 0, late.conditions]).toEqual([true, ["lowBattery"]]);
  door.lock.board.battery(90);
  passes(service, [door], 2 * hour);
  const owner = await house.phone(await house.moveIn("In time", "resident", unit));
  expect((await owner.syncs(door)).receipt).toBeDefined();
  expect((await house.sees(door)).health.troubles).toEqual([]);
  phone.network.on = true;
  const flushed = await phone.account.mailbox.flush();
  expect(flushed.taken.map(({ outcome }) => outcome)).toContain("again");
  expect((await both(door)).map(({ health }) => health.state ?? health)).toEqual(["ok", "ok"]);
});

test("a code has waited since its own wish, whatever else was wished for the same person", async () => {
  await house.policy({ delayHours: 24 });
  const door = await doorOf("Long waiting");
  const ida = await house.moveIn("Ida", "resident", unit);
  await house.give(ida, [door]);
  await visit(service, manager, door);
  await house.revokeAll(ida);
  const revokedAt = service.clock.now;
  passes(service, [door], 72 * hour);
  const delayed = { delayed: true, waitingSince: revokedAt };
  const idas = async () => {
    const [short, full] = await both(door);
    expect(short).toMatchObject(delayed);
    const codes = full.codes.filter(({ personId }: { personId: string }) => personId === ida.personId);
    return codes.map(({ since, warnings }: Answer["body"]) => [since, warnings]);
  };
  const old = [revokedAt, ["delay_in_removing_from_device"]];
  expect(await idas()).toEqual([old]);
  await house.give(ida, [door]);
  expect(await idas()).toEqual([old, [service.clock.now, []]]);
  const phone = await house.phone(ida);
  expect((await phone.codes(door)).map(({ warnings }) => warnings)).toEqual([old[1], []]);
});

test("a door without a lock wants one, everywhere: no phone is sent to sync what is not there", async () => {
  const bare = await house.bareDoor("Bare", "residence", unit);
  const tenant = await house.moveIn("First in", "resident", unit);
  const { doors } = await house.asks("doors", { params: { property: service.propertyId } });
  const short = doors.find(({ id }: { id: string }) => id === bare);
  const full = await house.asks("door", { params: { door: bare } });
  expect([short.lock, full.lock, short.health, full.health.state]).toEqual([
    "absent",
    "absent",
    "noLock",
    "noLock",
  ]);
  expect(full.health.words).toBe("No lock yet: commission one.");
  expect(full.health.troubles).toEqual(["noLock"]);
  expect(full.health.nextSteps.join(" ")).not.toContain("sync");
  const token = await service.logIn(tenant.email);
  const mine = await service.call("myDoors", { token });
  const states = mine.body.doors.map(({ name, lock }: { name: string; lock: string }) => [name, lock]);
  expect(states).toContainEqual(["Bare", "absent"]);
  expect(states).toContainEqual(["Synced", "owned"]);
  const [line = ""] = doorLines(
    (await status(service.office(), { door: "Bare", removed: false }))[0] as never,
  );
  expect(line).toBe("Maple Court/Bare (residence): no lock yet: commission one");
});

test("what a lock wrote down before anybody had set its clock is said as not before that", async () => {
  const door = await doorOf("Out of its box");
  for (let i = 0; i < 3; i++) await visit(service, manager, door);
  const log = async (query: Readonly<Record<string, string>> = {}) =>
    (await house.asks("doorLog", { params: { door: door.doorId }, query })).entries;
  const entries: readonly Answer["body"][] = (await log()).toReversed();
  const first = entries.findIndex(({ kind }) => kind === "LockUserChange");
  expect(first, "something was written before").toBeGreaterThan(0);
  expect(entries.map(({ uncertain }) => uncertain)).toEqual(entries.map((_, i) => i < first));
  const [newest] = await log({ count: "1" });
  expect(newest.uncertain, "on a page without the first table").toBe(false);
});
