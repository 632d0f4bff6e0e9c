// Two managers at one moment, on PostgreSQL, where they stand in each other's way: nothing that either decided is lost,
// and nobody is left half in and half out.
import { randomBytes } from "node:crypto";
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { hangRealLock, visit } from "../support/service-door.ts";

const url = process.env["DATABASE_URL"];
const schema = `managers_${randomBytes(6).toString("hex")}`;
const rounds = 6;

type Body = Answer["body"];

if (url === undefined || url === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("the embedded database has one connection, and nobody in whose way to stand");
  });
} else {
  describe("on PostgreSQL", () => {
    let service: Service;
    let unit: string;
    /** The other manager, at a desk. */
    let max: string;
    let made = 0;

    async function done(name: string, asked: Parameters<Service["call"]>[1] = {}): Promise<Body> {
      const answer = await service.call(name, { token: service.manager, ...asked });
      expect(answer.status, `${name}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
      return answer.body;
    }
    const ofProperty = (): Record<string, string> => ({ property: service.propertyId });
    const ofPerson = (person: string): Record<string, string> => ({ ...ofProperty(), person });
    async function newDoor(): Promise<string> {
      const body = { name: `Door ${++made}`, kind: "residence", unit };
      return (await done("addDoor", { params: ofProperty(), body })).id;
    }
    /** Until somebody else's transaction holds this door. */
    async function waitsFor(door: string): Promise<void> {
      for (let tries = 0; tries < 200; tries++) {
        const free = await service
          .office()
          .db.selectFrom("doors")
          .select("id")
          .where("id", "=", door)
          .forUpdate()
          .skipLocked()
          .execute();
        if (free.length === 0) return;
        await new Promise((done) => setTimeout(done, 10));
      }
      throw new Error("nobody came to the door");
    }
    async function somebody(): Promise<string> {
      const body = { name: `Person ${++made}`, role: "resident", unit };
      return (await done("addPerson", { params: ofProperty(), body })).personId;
    }

    beforeAll(async () => {
      service = await startService({ kind: "postgres", url, schema });
      unit = (await done("addUnit", { params: ofProperty(), body: { name: "4B" } })).id;
      const standing = { propertyId: service.propertyId, unitId: "", role: "manager" as const };
      const wish = { name: "Max", email: "max@example.org", password, standing };
      const opened = await openAccount(service.office(), wish);
      if (!opened.ok) throw new Error(opened.denial);
      max = await service.logIn("max@example.org", "desktop");
    }, 120_000);
    afterAll(async () => {
      await service.office().db.schema.dropSchema(schema).cascade().execute();
      await service.close();
      expect(service.faults).toEqual([]);
    });

    test("two managers who take each other's word away: one of them comes second and is refused", async () => {
      let met = 0;
      for (let round = 0; round < 2 * rounds; round++) {
        const manager = async () => {
          const name = `Manager ${++made}`;
          const email = `manager${made}@example.org`;
          const standing = { propertyId: service.propertyId, unitId: "", role: "manager" } as const;
          const opened = await openAccount(service.office(), { name, email, password, standing });
          if (!opened.ok) throw new Error(opened.denial);
          return { id: opened.value.personId, token: await service.logIn(email, "desktop") };
        };
        const [ada, bob] = [await manager(), await manager()];
        const [how, body] = round % 2 === 0 ? ["revokeAll", undefined] : ["suspend", { reason: "other" }];
        const act = async (token: string, person: string) =>
          (await service.call(how ?? "", { token, params: ofPerson(person), body })).status;
        const said = await Promise.all([act(ada.token, bob.id), act(bob.token, ada.id)]);
        expect(
          said.filter((status) => status === 200),
          `round ${round}: ${said}`,
        ).toHaveLength(1);
        const sees = async (token: string) =>
          (await service.call("doors", { token, params: ofProperty() })).status;
        const left = await Promise.all([sees(ada.token), sees(bob.token)]);
        expect(left.filter((status) => status === 200)).toHaveLength(1);
        met++;
      }
      expect(met).toBe(2 * rounds);
    });

    test("both are in the door's ledger, and versions have no gap", async () => {
      const doorId = await newDoor();
      const door = await hangRealLock(service, doorId);
      const phones = [
        await service.logIn("manager@example.org", "mobile"),
        await service.logIn("max@example.org", "mobile"),
      ];
      const people: string[] = [];
      for (let round = 0; round < rounds; round++) {
        const pair = [await somebody(), await somebody()];
        people.push(...pair);
        const answers = await Promise.all([
          ...pair.map((person, i) =>
            service.call("grantAccess", {
              token: i === 0 ? max : service.manager,
              params: ofPerson(person),
              body: { doors: [doorId] },
            }),
          ),
          ...phones.map((token) => service.call("fetchParcels", { token, body: {} })),
        ]);
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      }
      const trip = await visit(service, phones[0] ?? "", door);
      expect(trip.report.outcome.kind).toBe("synced");
      const { codes } = await done("door", { params: { door: doorId } });
      const set = codes.filter((code: Body) => code.class === "code" && code.state === "set");
      expect(set.map((code: Body) => code.personId).sort()).toEqual([...people].sort());
      const { db } = service.office();
      const issued = await db.selectFrom("issued").select("version").orderBy("version").execute();
      expect(issued.map(({ version }) => version)).toEqual(issued.map((_, i) => i));
      const marks = await db.selectFrom("codes").select("mark").execute();
      expect(new Set(marks.map(({ mark }) => mark)).size).toBe(marks.length);
    }, 120_000);

    test("what somebody asks for while they are being suspended or revoked is refused, or stands in the answer", async () => {
      const zone = [{ at: 0, offsetMinutes: 0 }];
      await done("setPolicy", { params: ofProperty(), body: { house: { zone }, customCodes: true } });
      const [first = "", last = ""] = [await newDoor(), await newDoor()].sort();
      const door = await hangRealLock(service, first);
      expect(door.doorId).toBe(first);
      const { db } = service.office();
      const asks: readonly (readonly [string, object])[] = [
        ["inviteGuest", { name: "Gus", kind: "permanent" }],
        ["dailyCode", {}],
        ["resetCode", {}],
        ["pickCode", { code: "2580" }],
      ];
      for (const [name, body] of asks)
        for (const act of ["suspend", "revokeAll"]) {
          const email = `p${++made}@example.org`;
          const standing = { propertyId: service.propertyId, unitId: unit, role: "resident" as const };
          const wish = { name: `Person ${made}`, email, password, standing };
          const opened = await openAccount(service.office(), wish);
          if (!opened.ok) throw new Error(opened.denial);
          const params = ofPerson(opened.value.personId);
          await done("grantAccess", { params, body: { doors: [first, last] } });
          const token = await service.logIn(email);
          // The act has been at the first door and waits for the last one, when the other call comes in.
          const { asked, acted } = await db.transaction().execute(async (trx) => {
            await trx.selectFrom("doors").select("id").where("id", "=", last).forUpdate().execute();
            const acted = service.call(act, {
              token: service.manager,
              params,
              ...(act === "suspend" ? { body: { reason: "other" } } : {}),
            });
            await waitsFor(first);
            const asked = service.call(name, { token, params: { door: first }, body });
            await new Promise((done) => setTimeout(done, 300));
            return { asked, acted };
          });
          expect((await acted).status).toBe(200);
          const { status } = await asked;
          expect([name, act, status]).toEqual([name, act, act === "suspend" ? 403 : 404]);
        }
    }, 120_000);

    test("settings that were named at once are all set", async () => {
      const params = ofProperty();
      const wishes = [{ delayHours: 48 }, { picksPerDayMax: 7 }, { deliveryHours: 3 }, { leaseHours: 9 }];
      await Promise.all(wishes.map((body) => done("setPolicy", { params, body })));
      const { policy, leaseHours } = await done("property", { params });
      const { delayHours, picksPerDayMax, deliveryHours } = policy;
      expect([delayHours, picksPerDayMax, deliveryHours, leaseHours]).toEqual([48, 7, 3, 9]);
    });

    test("everything revoked and something granted: one after the other, codes and standing alike", async () => {
      const doors = [await newDoor(), await newDoor(), await newDoor()].sort();
      for (let round = 0; round < rounds; round++) {
        const person = await somebody();
        const params = ofPerson(person);
        await done("grantAccess", { params, body: { doors: doors.slice(0, 1) } });
        const grant = { token: max, params, body: { doors: doors.slice(1) } };
        await Promise.all([done("revokeAll", { params }), done("grantAccess", grant)]);
        const { db } = service.office();
        const live = await db
          .selectFrom("codes")
          .select("door_id")
          .where("person_id", "=", person)
          .where("revoked", "=", false)
          .execute();
        expect([0, 2]).toContain(live.length);
        const { revoked_at: revokedAt } = await db
          .selectFrom("standings")
          .select("revoked_at")
          .where("person_id", "=", person)
          .executeTakeFirstOrThrow();
        expect(revokedAt !== null).toBe(live.length === 0);
      }
    }, 120_000);

    test("somebody suspended and granted something else has no code that is not suspended", async () => {
      const doors = [await newDoor(), await newDoor()];
      for (let round = 0; round < 2 * rounds; round++) {
        const person = await somebody();
        const params = ofPerson(person);
        await done("grantAccess", { params, body: { doors: doors.slice(0, 1) } });
        const [granted] = await Promise.all([
          service.call("grantAccess", { token: max, params, body: { doors: doors.slice(1) } }),
          done("suspend", { params, body: { reason: "other" } }),
        ]);
        if (granted.status !== 200) expect(granted.body.name).toBe("PERSON_SUSPENDED");
        for (const door of doors) {
          const { codes } = await done("door", { params: { door } });
          const own = codes.filter((code: Body) => code.personId === person);
          expect(own.every((code: Body) => code.suspended && !code.worksAfterSync)).toBe(true);
        }
      }
    }, 120_000);
  });
}
