// `doorsync-authority serve` is killed (SIGKILL) while 200 phones bring receipts and a manager changes things, and is
// started again on the same database: what was acknowledged is there, what was not can be said again, nothing is half.
// It is the built program, since a process is the point.

import { once } from "node:events";
import { type Database, openStore } from "@doorsync/authority";
import type { ReturnSlip } from "@doorsync/protocol/authority";
import { afterEach, describe, expect, test } from "vitest";
import { type House, type Phone, servedHouse, serving } from "../support/served.ts";
import { bring, fetchedFor, hangPaperLock, heard, type PaperDoor } from "../support/service-paper.ts";

const databaseUrl = process.env["DATABASE_URL"] ?? "";
const phonesCount = 200;
const doorsCount = 10;
/** Receipts that are acknowledged before the process dies. */
const acknowledgedBefore = 60;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What is in the database, once nobody serves it any more. */
async function inDatabase<T>({ place }: House, look: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStore(place);
  try {
    return await look(db);
  } finally {
    await db.destroy();
  }
}

const kinds = databaseUrl === "" ? (["folder"] as const) : (["folder", "postgres"] as const);
if (databaseUrl === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("processes were killed on the embedded database only");
  });
}

describe.each(kinds)("killed on %s", (kind) => {
  test("nothing acknowledged is lost, nothing is half done, and what was not acknowledged can be said again", async () => {
    const at = await servedHouse(kind, { doorsCount, phonesCount }, ends);
    const first = await serving(at, ends);
    const [carrier] = at.phones;
    if (carrier === undefined) throw new Error("no phones");
    const tokens = { desk: at.desk.token, phone: carrier.token };
    const doors: PaperDoor[] = [];
    for (const [i, doorId] of at.doorIds.entries())
      doors.push(await hangPaperLock(first, tokens, doorId, i + 1));
    const asked = { token: at.desk.token, params: { property: at.propertyId } };
    const added = await first.call("addPerson", { ...asked, body: { name: "Rita", role: "manager" } });
    expect(added.status, JSON.stringify(added.body)).toBe(200);
    const params = { ...asked.params, person: added.body.personId };
    const granted = await first.call("grantAccess", { ...asked, params, body: { doors: at.doorIds } });
    expect(granted.status, JSON.stringify(granted.body)).toBe(200);

    const acknowledged = new Set<Phone>();
    const owed = new Map<Phone, readonly ReturnSlip[]>();
    const units = new Map<string, boolean>();
    let isDead = false;
    const carry = async (phone: Phone, door: PaperDoor): Promise<void> => {
      const parcels = await fetchedFor(first, phone.token, door.tag);
      const slips = [...heard(door.lock, parcels), door.lock.receipt()];
      owed.set(phone, slips);
      await bring(first, phone.token, slips);
      acknowledged.add(phone);
      if (acknowledged.size === acknowledgedBefore) {
        isDead = true;
        first.child.kill("SIGKILL");
      }
    };
    const change = async (): Promise<void> => {
      for (let i = 0; !isDead; i++) {
        const name = `unit ${i}`;
        units.set(name, false);
        const body = { name };
        const done = await first.call("addUnit", { ...asked, body, idempotencyKey: `the-key-of-${i}` });
        units.set(name, done.status === 200);
      }
    };
    const ended = once(first.child, "exit");
    const door = (i: number): PaperDoor => doors[i % doors.length] as PaperDoor;
    await Promise.allSettled([change(), ...at.phones.map((phone, i) => carry(phone, door(i)))]);
    expect(await ended).toEqual([null, "SIGKILL"]);
    // It died in the middle: some had their answer, and others waited for theirs.
    expect(acknowledged.size).toBeGreaterThanOrEqual(acknowledgedBefore);
    expect(acknowledged.size).toBeLessThan(phonesCount);
    expect([...units.values()]).toContain(true);
    const acknowledgedThen = new Set(acknowledged);

    const second = await serving(at, ends);
    for (const [name, isKnown] of units) {
      if (isKnown) continue;
      const key = `the-key-of-${name.replace("unit ", "")}`;
      const again = await second.call("addUnit", { ...asked, body: { name }, idempotencyKey: key });
      expect(again.status, JSON.stringify(again.body)).toBe(200);
    }
    await Promise.all(
      at.phones.map(async (phone, i) => {
        if (acknowledged.has(phone)) return;
        const slips = owed.get(phone) ?? [
          ...heard(door(i).lock, await fetchedFor(second, phone.token, door(i).tag)),
          door(i).lock.receipt(),
        ];
        expect(await bring(second, phone.token, slips)).not.toContain("contradicts");
        acknowledged.add(phone);
      }),
    );
    expect(acknowledged.size).toBe(phonesCount);
    const listed = (await second.call("doors", asked)).body.doors as { pending: boolean; alarm: boolean }[];
    expect(listed.length).toBe(doorsCount);
    expect(listed.filter(({ pending, alarm }) => pending || alarm)).toEqual([]);
    second.child.kill("SIGTERM");
    await once(second.child, "exit");

    await inDatabase(at, async (db) => {
      const visits = await db.selectFrom("visits").selectAll().execute();
      const receipts = await db.selectFrom("receipts").select(["door_id", "version"]).execute();
      const kept = new Set(receipts.map(({ door_id, version }) => `${door_id}/${version}`));
      for (const { id } of acknowledgedThen)
        expect(visits.filter((visit) => visit.phone_id === id).length).toBeGreaterThan(0);
      for (const { id } of at.phones) expect(visits.some((visit) => visit.phone_id === id)).toBe(true);
      // A visit and the receipt that it brought are one change.
      for (const { door_id, version } of visits) expect(kept.has(`${door_id}/${version}`)).toBe(true);
      const rows = await db.selectFrom("units").select("name").execute();
      expect(rows.map(({ name }) => name).sort()).toEqual([...units.keys()].sort());
      const audited = db.selectFrom("audit").select("id").where("action", "=", "addUnit");
      expect((await audited.where("decision", "=", "granted").execute()).length).toBe(rows.length);
      for (const { doorId, lock } of doors) {
        const issued = await db
          .selectFrom("issued")
          .select("version")
          .where("door_id", "=", doorId)
          .orderBy("version")
          .execute();
        expect(issued.map(({ version }) => version)).toEqual(issued.map((_, i) => i));
        expect(issued.length - 1).toBe(lock.version());
      }
    });
  }, 240_000);
});
