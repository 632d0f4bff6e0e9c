/**
 * A phone that asks for leave again and again while its owner ends its key or logs out everywhere, on PostgreSQL, where
 * the two run side by side: no door gets the key back.
 */
import { toHex } from "@doorsync/protocol/authority";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enrolmentText } from "../../packages/authority/src/desk/app-key.ts";
import { addDoorTo, give, moveIn, type Residence, type Resident, resident } from "../support/residence.ts";
import { type Service, startService } from "../support/service.ts";
import { hangRealLock } from "../support/service-door.ts";
import { bytesOf, crypto } from "../world.ts";

const url = process.env["DATABASE_URL"];
const schema = `app_keys_${process.pid}`;
const rounds = 3;
const doorsEach = 4;

describe.skipIf(url === undefined)("on PostgreSQL (skipped without DATABASE_URL)", () => {
  let service: Service;
  let house: Residence;
  beforeAll(async () => {
    service = await startService({ kind: "postgres", url: url ?? "", schema });
    house = await moveIn(service);
  });
  afterAll(async () => {
    await service.office().db.schema.dropSchema(schema).cascade().execute();
    await service.close();
    expect(service.faults).toEqual([]);
  });

  async function enrolled(name: string): Promise<Resident> {
    service.clock.now += 900;
    const who = await resident(service, name, house.units.four);
    // With locks: at a door without one nothing is given.
    for (let i = 0; i < doorsEach; i++) {
      const door = await addDoorTo(service, `${name} ${i}`, "residence", house.units.four);
      await give(service, door, who);
      await hangRealLock(service, door);
    }
    const seed = bytesOf(`phone of ${name}`, 32);
    const { phoneId } = (await service.call("me", { token: who.phone })).body;
    const proof = Buffer.from(crypto.sign(seed, enrolmentText(phoneId))).toString("base64url");
    const body = { publicKey: toHex(crypto.signPublic(seed)), proof };
    expect((await service.call("enrolAppKey", { token: who.phone, body })).status).toBe(200);
    return who;
  }

  const living = async ({ personId }: Resident): Promise<number> => {
    const rows = await service
      .office()
      .db.selectFrom("codes")
      .select("id")
      .where("person_id", "=", personId)
      .where("class", "=", "app")
      .where("revoked", "=", false)
      .execute();
    return rows.length;
  };

  test.each(["endAppKey", "endSessions"])(
    "%s ends it, whatever the old phone asks meanwhile",
    async (name) => {
      let asked = 0;
      for (let round = 0; round < rounds; round++) {
        const who = await enrolled(`${name}${round} Race`);
        expect(await living(who)).toBe(doorsEach);
        const other = await service.logIn(who.email);
        let isOver = false;
        const asking = (async () => {
          const calls: Promise<unknown>[] = [];
          while (!isOver) {
            calls.push(service.call("fetchCapabilities", { token: who.phone }));
            asked += 1;
            await new Promise((resolve) => setTimeout(resolve, 8));
          }
          await Promise.all(calls);
        })();
        await new Promise((resolve) => setTimeout(resolve, 60));
        const ended = await service.call(name, { token: other });
        isOver = true;
        await asking;
        expect(ended.status).toBe(204);
        expect(await living(who), `round ${round}`).toBe(0);
      }
      expect(asked).toBeGreaterThan(2 * rounds);
    },
  );

  test("while it waits for one of its doors, others tell what they did at theirs", async () => {
    const who = await enrolled("Waiting Wanda");
    const db = service.office().db;
    const doors = await db
      .selectFrom("codes")
      .select("door_id")
      .distinct()
      .where("person_id", "=", who.personId)
      .orderBy("door_id")
      .execute();
    const last = doors.at(-1)?.door_id ?? "";
    const ruth = await resident(service, "Ruth Race", house.units.four);
    const elsewhere = await addDoorTo(service, "Elsewhere", "residence", house.units.four);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holding = db.transaction().execute(async (trx) => {
      await trx.selectFrom("doors").select("id").where("id", "=", last).forUpdate().execute();
      await held;
    });
    let hasEnded = false;
    const ending = service.call("endAppKey", { token: who.phone }).finally(() => {
      hasEnded = true;
    });
    const isWaiting = async () =>
      (
        await sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
          where wait_event_type = 'Lock' and query like '%doors%'`.execute(db)
      ).rows[0]?.n;
    await expect.poll(isWaiting, { timeout: 5_000 }).toBeGreaterThan(0);
    const granting = service.call("grantAccess", {
      token: service.manager,
      params: { property: service.propertyId, person: ruth.personId },
      body: { doors: [elsewhere] },
    });
    const late = new Promise((resolve) => setTimeout(resolve, 3_000, "it waited"));
    const granted = await Promise.race([granting.then(({ status }) => status), late]);
    expect([granted, hasEnded]).toEqual([200, false]);
    release();
    await holding;
    expect((await ending).status).toBe(204);
    expect(await living(who)).toBe(0);
  });
});
