/**
 * Couriers of a large property: a phone with more doors than one answer holds reaches every one of them, its own and
 * those that wait first; whoever locks several doors does so in one order; a phone's own word for its visits is limited,
 * and read a page at a time. Not what happens at a lock.
 */
import { randomBytes } from "node:crypto";
import { formatSetup, setupTag, toHex } from "@doorsync/protocol/authority";
import { decodeParcel } from "@doorsync/protocol/courier";
import fc from "fast-check";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../packages/authority/src/model/limit.ts";
import { doorsOfTurn, doorsPerFetchMax, placesByTurn } from "../../packages/authority/src/model/turn.ts";
import { setLeaseHours } from "../../packages/authority/src/store/houses.ts";
import { runs } from "../replay.ts";
import { addDoorTo, give } from "../support/residence.ts";
import { type Service, startService } from "../support/service.ts";
import { fetchedFor, hangPaperLock, type PaperDoor, slipText } from "../support/service-paper.ts";
import { bytesOf, crypto } from "../world.ts";

describe("doors by turns", () => {
  const ofDoors = fc.array(fc.constantFrom("own" as const, "waiting" as const, "other" as const), {
    minLength: 1,
    maxLength: 300,
  });
  test("whatever waits, every door's turn comes, and the first are not kept waiting by the others", () => {
    fc.assert(
      fc.property(ofDoors, (ranks) => {
        const turns = new Map<string, number>();
        const rounds = Math.ceil(ranks.length / placesByTurn);
        const first = doorsPerFetchMax - placesByTurn;
        for (let turn = 1; turn <= rounds; turn++) {
          const doors = ranks.map((rank, i) => ({
            id: `${1_000 + i}`,
            rank,
            turn: turns.get(`${1_000 + i}`),
          }));
          const chosen = doorsOfTurn(doors);
          expect(new Set(chosen).size).toBe(Math.min(ranks.length, doorsPerFetchMax));
          const own = doors.filter(({ rank }) => rank === "own");
          const waiting = doors.filter(({ rank }) => rank === "waiting");
          for (const { id } of own.length <= first ? own : []) expect(chosen).toContain(id);
          for (const { id } of own.length + waiting.length <= first ? waiting : [])
            expect(chosen).toContain(id);
          for (const id of chosen) turns.set(id, turn);
        }
        expect(turns.size).toBe(ranks.length);
      }),
      runs(60),
    );
  });
});

describe("a property with 200 doors", () => {
  let service: Service;
  let phone: string;
  beforeAll(async () => {
    service = await startService();
    phone = await service.logIn("manager@example.org", "mobile");
  });
  afterAll(async () => {
    await service.close();
    expect(service.faults).toEqual([]);
  });

  /** Tags for which this phone is given something now. */
  async function tags(): Promise<readonly string[]> {
    const answer = await service.call("fetchParcels", { token: phone, body: {} });
    expect(answer).toMatchObject({ status: 200, body: { more: true } });
    return (answer.body.parcels as string[]).map((text) => {
      const parcel = decodeParcel(new Uint8Array(Buffer.from(text, "base64url")));
      if (!parcel.ok) throw new Error(parcel.check);
      return toHex(parcel.value.tag);
    });
  }

  test("each is reached within a few fetches, one's own at each of them, and one of which no row says that it waits", async () => {
    const tokens = { desk: service.manager, phone };
    const quiet: PaperDoor[] = [];
    for (let i = 0; i < 6; i++) {
      const id = await addDoorTo(service, `Quiet ${i}`, "communal", null);
      quiet.push(await hangPaperLock(service, tokens, id, i + 1));
    }
    const offered: string[] = [];
    const ids: string[] = [];
    for (let i = 0; i < 194; i++) {
      const door = await addDoorTo(service, `Offered ${i}`, "communal", null);
      const setup = { secret: bytesOf(`setup of ${door}`, 16) };
      const body = { setup: formatSetup(crypto, setup) };
      const answer = await service.call("commissionDoor", { token: tokens.desk, params: { door }, body });
      expect(answer.status).toBe(200);
      offered.push(toHex(setupTag(crypto, setup)));
      ids.push(door);
    }
    const me = await service.call("me", { token: phone });
    const own = [...ids].sort().at(-1) ?? "";
    await give(service, own, { personId: me.body.personId, name: "Mona Manager" });
    const ownTag = offered[ids.indexOf(own)] ?? "";
    // Another policy: each lock is to have another table, and no row of it says so.
    await setLeaseHours(service.office().db, service.propertyId, 48);

    const seen = new Set<string>();
    const rounds = Math.ceil(200 / placesByTurn);
    for (let round = 0; round < rounds; round++) {
      const some = await tags();
      expect(some).toContain(ownTag);
      expect(some.length).toBeLessThanOrEqual(2 * doorsPerFetchMax);
      for (const tag of some) seen.add(tag);
    }
    const missing = [...offered, ...quiet.map(({ tag }) => tag)].filter((tag) => !seen.has(tag));
    expect(missing).toEqual([]);
    // Another phone of the same person begins its own round, and one that is logged out leaves nothing.
    const kept = await service.office().db.selectFrom("served").select("phone_id").distinct().execute();
    expect(kept).toHaveLength(1);
  });

  test("what phones say of visits is limited by account, and read a page at a time", async () => {
    const doorId = await addDoorTo(service, "Visited", "communal", null);
    const { tag } = await hangPaperLock(service, { desk: service.manager, phone }, doorId, 9);
    const { most } = limits.reportVisit;
    const report = (outcome: string) =>
      service.call("reportVisit", { token: phone, body: { tag, outcome, conditions: ["lowBattery"] } });
    for (let i = 0; i < most; i++) expect((await report("unreachable")).status).toBe(204);
    const refused = await report("unreachable");
    expect(refused).toMatchObject({ status: 429, body: { name: "TOO_MANY", detail: "3600" } });
    service.clock.now += 3_600;
    expect((await report("lost")).status).toBe(204);

    const page = async (query: Record<string, string>) =>
      (await service.call("doorVisits", { token: service.manager, params: { door: doorId }, query })).body
        .visits as readonly { readonly id: number; readonly outcome: string; readonly phone: string }[];
    const first = await page({ count: "2" });
    expect(first).toHaveLength(2);
    expect(first[0]).toMatchObject({
      outcome: "lost",
      person: "Mona Manager",
      conditions: ["lowBattery"],
      version: null,
    });
    const all: number[] = [];
    let before: number | undefined;
    for (let pages = 0; pages < 5; pages++) {
      const some = await page({ count: "100", ...(before === undefined ? {} : { before: String(before) }) });
      if (some.length === 0) break;
      all.push(...some.map(({ id }) => id));
      before = some.at(-1)?.id;
    }
    expect(all.length).toBeGreaterThan(most);
    expect(all).toEqual([...new Set(all)].sort((a, b) => b - a));
  });
});

const url = process.env["DATABASE_URL"];
if (url === undefined || url === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("the embedded database has one connection, and nobody in whose way to stand");
  });
} else {
  test("slips are taken in in the order of their doors: who waits for the first holds none of the others", async () => {
    const schema = `couriers_${randomBytes(6).toString("hex")}`;
    const service = await startService({ kind: "postgres", url, schema });
    const pool = new Pool({ connectionString: url, options: `-c search_path=${schema}`, max: 2 });
    const other = await pool.connect();
    try {
      const phone = await service.logIn("manager@example.org", "mobile");
      const tokens = { desk: service.manager, phone };
      const byDoor = (a: PaperDoor, b: PaperDoor) => (a.doorId < b.doorId ? -1 : 1);
      const lockOf = async ({ doorId }: PaperDoor) => {
        const row = await service
          .office()
          .db.selectFrom("locks")
          .select("lock_id")
          .where("door_id", "=", doorId)
          .executeTakeFirstOrThrow();
        return toHex(row.lock_id);
      };
      // Two doors whose locks' ids are in the other order.
      let pair: readonly PaperDoor[] | undefined;
      const hung: PaperDoor[] = [];
      for (let i = 0; pair === undefined && i < 40; i++) {
        const id = await addDoorTo(service, `Door ${i}`, "communal", null);
        const next = await hangPaperLock(service, tokens, id, i + 1);
        for (const other of hung) {
          const two = [other, next].sort(byDoor);
          const [a, b] = [await lockOf(two[0] as PaperDoor), await lockOf(two[1] as PaperDoor)];
          if (a > b) pair = two;
        }
        hung.push(next);
      }
      const [first, second] = pair ?? [];
      if (first === undefined || second === undefined)
        throw new Error("no pair in the other order was drawn");

      await other.query("begin");
      await other.query("select id from doors where id = $1 for update", [first.doorId]);
      const slips = [second, first].map(({ lock }) => slipText(lock.receipt()));
      const delivered = service.call("deliverSlips", { token: phone, body: { slips } });
      // Until the delivery waits for the first door.
      const { pid } = (await other.query("select pg_backend_pid() as pid")).rows[0];
      const waits = `select 1 from pg_stat_activity where ${pid} = any(pg_blocking_pids(pid))`;
      let isWaiting = false;
      for (let i = 0; i < 200 && !isWaiting; i++) {
        isWaiting = (await pool.query(waits)).rowCount !== 0;
        if (!isWaiting) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(isWaiting, "the delivery came to the door that is held").toBe(true);
      const free = await other
        .query("select id from doors where id = $1 for update nowait", [second.doorId])
        .then(
          ({ rowCount }) => rowCount,
          (error: { readonly code?: string }) => error.code,
        );
      expect(free, "the second door is nobody's yet").toBe(1);
      await other.query("rollback");
      expect((await delivered).body.slips.map(({ doorId }: { readonly doorId: string }) => doorId)).toEqual([
        second.doorId,
        first.doorId,
      ]);
      expect(await fetchedFor(service, phone, first.tag)).toBeDefined();
      expect(service.faults).toEqual([]);
    } finally {
      // Whatever it holds, and whoever waits for it.
      other.release(true);
      await pool.end();
      await service.office().db.schema.dropSchema(schema).cascade().execute();
      await service.close();
    }
  }, 60_000);
}
