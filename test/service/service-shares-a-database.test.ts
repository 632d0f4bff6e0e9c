// Two servers on one PostgreSQL: what one of them did the other knows, what both want is done once, and neither makes
// the other fail. On the embedded database there is one server, and the folder's guard sees to it.

import { randomBytes } from "node:crypto";
import type { Place } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import type { ReturnSlip } from "@doorsync/protocol/courier";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queueMessage, sendDue, takenSeconds } from "../../packages/authority/src/desk/messages.ts";
import type { Messenger } from "../../packages/authority/src/mail/message.ts";
import { takeDue } from "../../packages/authority/src/store/messages.ts";
import { password, type Service, startService } from "../support/service.ts";
import { type Beside, startBeside } from "../support/service-beside.ts";
import {
  bring,
  fetchedFor,
  hangPaperLock,
  heard,
  type PaperDoor,
  paperVisit,
} from "../support/service-paper.ts";

const url = process.env["DATABASE_URL"] ?? "";
const schema = `shared_${randomBytes(6).toString("hex")}`;
const place: Place = { kind: "postgres", url, schema };

if (url === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("two servers share a PostgreSQL, and there is none");
  });
}

describe.runIf(url !== "")("two servers, one database", () => {
  let one: Service;
  let other: Beside;
  let phone: string;
  let second: string;
  let unit: string;
  let doors = 0;

  beforeAll(async () => {
    one = await startService(place);
    other = await startBeside(one, place);
    const standing = { propertyId: one.propertyId, unitId: "", role: "manager" } as const;
    const opened = await openAccount(one.office(), {
      name: "Milo Manager",
      email: "milo@example.org",
      password,
      standing,
    });
    expect(opened.ok).toBe(true);
    phone = await one.logIn("manager@example.org", "mobile");
    second = await one.logIn("milo@example.org", "desktop");
    unit = (await one.call("addUnit", { token: one.manager, params: atProperty(), body: { name: "4B" } }))
      .body.id;
  });

  afterAll(async () => {
    await other.close();
    await sql.raw(`drop schema ${schema} cascade`).execute(one.office().db);
    await one.close();
    expect([...one.faults, ...other.faults]).toEqual([]);
  });

  const atProperty = (): Record<string, string> => ({ property: one.propertyId });

  async function door(): Promise<PaperDoor> {
    doors += 1;
    const body = { name: `Door ${doors}`, kind: "residence", unit };
    const added = await one.call("addDoor", { token: one.manager, params: atProperty(), body });
    expect(added.status).toBe(200);
    return await hangPaperLock(one, { desk: one.manager, phone }, added.body.id, doors);
  }

  async function resident(name: string): Promise<string> {
    const body = { name, role: "resident", unit };
    const added = await one.call("addPerson", { token: one.manager, params: atProperty(), body });
    expect(added.status, JSON.stringify(added.body)).toBe(200);
    return added.body.id ?? added.body.personId;
  }

  test("a session of one server is a session of the other, and ends at both", async () => {
    const token = await one.logIn("milo@example.org", "mobile");
    expect((await other.call("me", { token })).status).toBe(200);
    expect((await other.call("logOut", { token })).status).toBe(204);
    expect((await one.call("me", { token })).body).toMatchObject({ name: "UNAUTHENTICATED" });
  });

  test("a request under a key is done once, wherever it is repeated", async () => {
    const asked = { token: one.manager, params: atProperty() };
    const keyed = { ...asked, idempotencyKey: "key-of-two-servers" };
    const unfit = { ...asked, idempotencyKey: "a key with blanks" };
    const first = await one.call("addUnit", { ...keyed, body: { name: "5A" } });
    expect(first.status).toBe(200);
    expect(await other.call("addUnit", { ...keyed, body: { name: "5A" } })).toEqual(first);
    const reused = await other.call("addUnit", { ...keyed, body: { name: "5B" } });
    expect(reused).toMatchObject({ status: 422, body: { name: "KEY_REUSED" } });
    // The key is one account's own: with another's it is another request, and that name is taken.
    const others = await other.call("addUnit", { ...keyed, token: second, body: { name: "5A" } });
    expect(others.body).toMatchObject({ name: "NAME_TAKEN" });
    expect(await other.call("addUnit", { ...unfit, body: { name: "5C" } })).toMatchObject({ status: 400 });
  });

  test("the same request at both servers in the same moment is done once and answered alike", async () => {
    for (let round = 0; round < 6; round++) {
      const asked = {
        token: one.manager,
        params: atProperty(),
        body: { name: `At once ${round}` },
        idempotencyKey: `at-once-${round}`,
      };
      const answers = await Promise.all([one, other, one, other].map(({ call }) => call("addUnit", asked)));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: 200 });
    }
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from units where name like 'At once %'`.execute(one.office().db);
    expect(Number(rows[0]?.count)).toBe(6);
  });

  test("two managers and two couriers at one door: versions without gaps or duplicates, and the lock holds the end", async () => {
    const at = await door();
    const people = await Promise.all(
      Array.from({ length: 6 }, (_, i) => resident(`Resident ${i} of door ${doors}`)),
    );
    const manage = async ({ call }: Pick<Service, "call">, token: string, half: number): Promise<void> => {
      for (const person of people.filter((_, i) => i % 2 === half)) {
        const params = { ...atProperty(), person };
        const granted = await call("grantAccess", { token, params, body: { doors: [at.doorId] } });
        expect(granted.status, JSON.stringify(granted.body)).toBe(200);
        const again = await call("regrant", { token, params, body: { doors: [at.doorId] } });
        expect(again.status, JSON.stringify(again.body)).toBe(200);
      }
    };
    const carried: string[] = [];
    const carry = async (calls: Pick<Service, "call">): Promise<void> => {
      for (let trip = 0; trip < 8; trip++) carried.push(...(await paperVisit(calls, phone, at)));
    };
    await Promise.all([manage(one, one.manager, 0), manage(other, second, 1), carry(one), carry(other)]);
    await paperVisit(other, phone, at);
    const { db } = one.office();
    const issued = await db
      .selectFrom("issued")
      .select(["version"])
      .where("door_id", "=", at.doorId)
      .orderBy("version")
      .execute();
    // More than one version was wanted while both were at it, or this test saw nothing.
    expect(issued.length).toBeGreaterThan(3);
    expect(issued.map(({ version }) => version)).toEqual(issued.map((_, i) => i));
    expect(at.lock.version()).toBe(issued.length - 1);
    expect(new Set(carried)).not.toContain("contradicts");
    const state = (await other.call("door", { token: second, params: { door: at.doorId } })).body;
    expect(state).toMatchObject({ pending: false, alarm: false, provenVersion: issued.length - 1 });
    const held = await db
      .selectFrom("codes")
      .select(["wire_id"])
      .where("door_id", "=", at.doorId)
      .where("class", "=", "code")
      .where("revoked", "=", false)
      .execute();
    expect(held.length).toBe(people.length);
    expect(new Set(held.map(({ wire_id }) => wire_id)).size).toBe(people.length);
  });

  test("couriers who bring the slips of two doors in opposite order wait for one another, and none fails", async () => {
    const two = [await door(), await door()];
    for (let round = 0; round < 4; round++) {
      for (const at of two) {
        const params = { ...atProperty(), person: await resident(`Crossing ${round} at ${at.doorId}`) };
        await one.call("grantAccess", { token: one.manager, params, body: { doors: [at.doorId] } });
      }
      const slips: ReturnSlip[] = [];
      for (const at of two) slips.push(...heard(at.lock, await fetchedFor(one, phone, at.tag)));
      const brought = await Promise.all(
        [one, other, one, other].map((calls, i) =>
          bring(calls, phone, i % 2 === 0 ? slips : slips.toReversed()),
        ),
      );
      // Each receipt proves its version once, whoever was first.
      expect(brought.flat().filter((outcome) => outcome === "proven").length).toBe(2);
      expect(brought.map((outcomes) => outcomes.length)).toEqual(Array(4).fill(slips.length));
    }
  });

  test("a message leaves once, however many processes send", async () => {
    const count = 24;
    for (let i = 0; i < count; i++)
      await queueMessage(one.office(), {
        channel: "email",
        kind: "daily-code",
        to: `guest${i}@example.org`,
        subject: "A code",
        text: `${i}`,
      });
    const sent: string[] = [];
    const messenger: Messenger = {
      async send({ to }) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        sent.push(to);
        return { ok: true };
      },
    };
    for (let round = 0; round < 2; round++)
      await Promise.all([one, other, one].map(({ office }) => sendDue(office(), messenger)));
    expect(sent.length).toBe(count);
    expect(new Set(sent).size).toBe(count);
  });

  test("a message that died with its process leaves later, by another", async () => {
    const { clock } = one;
    await queueMessage(one.office(), { channel: "email", kind: "k", to: "a@b.c", subject: "s", text: "t" });
    const taken = await takeDue(one.office().db, clock.now, clock.now + takenSeconds);
    expect(taken).toBeDefined();
    const sent: string[] = [];
    const messenger: Messenger = {
      async send({ id }) {
        sent.push(id);
        return { ok: true };
      },
    };
    expect(await sendDue(other.office(), messenger)).toBe(0);
    const office = other.office();
    expect(await sendDue({ ...office, now: office.now + takenSeconds }, messenger)).toBe(1);
    expect(sent).toEqual([`doorsync-${taken?.id}`]);
  });
});
