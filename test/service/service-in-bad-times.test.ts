// The service when what it stands on fails: its database's connections end or nobody answers any more, the disk is full,
// the mail server is down, the database is an old backup. Changes are refused or wait with a clear state, nothing is
// half done, and afterwards all is well again. Killed processes: service-outlives-kills.test.ts.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "@doorsync/authority";
import { sql } from "kysely";
import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { queueMessage, sendDue } from "../../packages/authority/src/desk/messages.ts";
import { nextTry, triesMax } from "../../packages/authority/src/mail/message.ts";
import { openMessenger } from "../../packages/authority/src/mail/open.ts";
import { backedUp, restored } from "../support/old-backup.ts";
import { type Answer, type Service, startService } from "../support/service.ts";
import { fetched, hangRealLock, visit } from "../support/service-door.ts";
import { type Wire, wireTo } from "../support/wire.ts";

const url = process.env["DATABASE_URL"] ?? "";
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const inProperty = (service: Service): { token: string; params: Record<string, string> } => ({
  token: service.manager,
  params: { property: service.propertyId },
});

async function addUnit(service: Service, name: string, idempotencyKey: string): Promise<Answer> {
  return await service.call("addUnit", { ...inProperty(service), body: { name }, idempotencyKey });
}

/** Units of this name, and how often the audit says that one was added. */
async function unitsNamed(db: Database, name: string): Promise<number> {
  return (await db.selectFrom("units").select("id").where("name", "=", name).execute()).length;
}

async function audited(db: Database): Promise<number> {
  const rows = db.selectFrom("audit").select("id").where("action", "=", "addUnit");
  return (await rows.where("decision", "=", "granted").execute()).length;
}

/** The service reaches its PostgreSQL over a wire of the test's own. */
async function overWire(): Promise<{ service: Service; wire: Wire; name: string; direct: Database }> {
  const { hostname, port } = new URL(url);
  const wire = await wireTo(hostname, Number(port === "" ? 5432 : port));
  const name = `badtimes_${randomBytes(6).toString("hex")}`;
  const over = new URL(url);
  over.hostname = "127.0.0.1";
  over.port = String(wire.port);
  over.searchParams.set("application_name", name);
  const { openStore } = await import("@doorsync/authority");
  const service = await startService({ kind: "postgres", url: over.href, schema: name });
  const direct = await openStore({ kind: "postgres", url, schema: name });
  ends.push(async () => {
    await service.close();
    await wire.cut();
    await sql.raw(`drop schema ${name} cascade`).execute(direct);
    await direct.destroy();
  });
  return { service, wire, name, direct };
}

if (url === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("no database of another process, which could go away");
  });
}

describe.runIf(url !== "")("a database that goes away", () => {
  test("connections that are ended in the middle of changes: each is answered, each is whole or not at all", async () => {
    const { service, name, direct } = await overWire();
    const statuses = new Map<string, number>();
    let isOver = false;
    const change = async (hand: number): Promise<void> => {
      for (let i = 0; !isOver && i < 400; i++) {
        const unit = `unit ${hand}/${i}`;
        const answer = await addUnit(service, unit, `the-key-${hand}-${i}`);
        statuses.set(unit, answer.status);
        if (answer.status !== 200) expect(answer.body).toMatchObject({ status: 503, name: "UNAVAILABLE" });
      }
    };
    const hands = [0, 1, 2, 3, 4].map(change);
    const answered = (status: number): number =>
      [...statuses.values()].filter((one) => one === status).length;
    let ended = 0;
    for (let round = 0; round < 200 && answered(503) < 6; round++) {
      // Between two cuts something succeeds, however slow the machine: then others are in the middle.
      const before = answered(200);
      await expect.poll(() => answered(200), { interval: 5, timeout: 10_000 }).toBeGreaterThan(before);
      const { rows } = await sql`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`.execute(
        direct,
      );
      ended += rows.length;
    }
    isOver = true;
    await Promise.all(hands);
    expect(ended).toBeGreaterThan(0);
    expect(answered(503)).toBeGreaterThanOrEqual(6);
    expect(answered(200)).toBeGreaterThan(0);
    for (const [unit, status] of statuses) {
      const key = unit.replace("unit ", "the-key-").replace("/", "-");
      if (status === 200) expect(await unitsNamed(direct, unit)).toBe(1);
      else expect(await addUnit(service, unit, key)).toMatchObject({ status: 200 });
    }
    const units = await direct.selectFrom("units").select("name").execute();
    expect(new Set(units.map((unit) => unit.name))).toEqual(new Set(statuses.keys()));
    expect(await audited(direct)).toBe(units.length);
    expect(service.faults.filter((fault) => !fault.startsWith("the database cannot be reached"))).toEqual([]);
  });

  test("a wire that is cut: every call is told so, also those that read; when it is mended all goes on", async () => {
    const { service, wire, direct } = await overWire();
    expect((await addUnit(service, "before", "key-before")).status).toBe(200);
    await wire.cut();
    const refused = await Promise.all([
      addUnit(service, "during", "key-during"),
      service.call("me", { token: service.manager }),
      service.call("doors", inProperty(service)),
      service.call("logIn", {
        body: { email: "a@b.c", password: "?", client: { class: "mobile", name: "t", version: "1" } },
      }),
    ]);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 503, body: { name: "UNAVAILABLE" } });
      expect(answer.type).toContain("application/problem+json");
      expect(answer.body.remedy).not.toBe("");
    }
    await wire.mend();
    expect(await unitsNamed(direct, "during")).toBe(0);
    expect((await addUnit(service, "during", "key-during")).status).toBe(200);
    expect(await unitsNamed(direct, "during")).toBe(1);
    expect(service.faults.every((fault) => fault.startsWith("the database cannot be reached"))).toBe(true);
  });
});

const diskBytes = 96 * 1_048_576;

/** A small file system of its own; undefined where this user may not make one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes}`, "none", folder]);
  if (mounted.status !== 0) {
    rmdirSync(folder);
    return undefined;
  }
  ends.push(() => {
    spawnSync("umount", [folder]);
    rmdirSync(folder);
  });
  return folder;
}

test("a full disk: changes are refused and not half done, and work again when there is room", async (context) => {
  const disk = smallDisk();
  if (disk === undefined) return context.skip("no small file system can be mounted here");
  const service = await startService({ kind: "folder", folder: join(disk, "database") });
  ends.push(() => service.close());
  const { db } = service.office();
  expect((await addUnit(service, "before", "key-before")).status).toBe(200);
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, "stuffing"), Buffer.alloc(bavail * bsize));
  const refused: string[] = [];
  let taken = 0;
  for (let i = 0; i < 4_000 && refused.length < 3; i++) {
    const answer = await addUnit(service, `unit ${i} ${"x".repeat(60)}`, `key-full-${i}`);
    if (answer.status === 200) taken += 1;
    else {
      expect(answer.body).toMatchObject({ status: 503, name: "UNAVAILABLE" });
      refused.push(`key-full-${i}`);
    }
  }
  expect(refused.length).toBe(3);
  rmSync(join(disk, "stuffing"));
  expect((await addUnit(service, "after", "key-after")).status).toBe(200);
  const units = await db.selectFrom("units").select("id").execute();
  expect(units.length).toBe(2 + taken);
  expect(await audited(db)).toBe(units.length);
}, 120_000);

describe("a mail server that is down", () => {
  async function letter(service: Service): Promise<void> {
    const words = { to: "guest@example.org", subject: "A code for today", text: "0042" };
    await queueMessage(service.office(), { channel: "email", kind: "daily-code", ...words });
  }

  const stateOf = async (service: Service) =>
    await service
      .office()
      .db.selectFrom("messages")
      .select(["state", "tries", "next_at", "why", "sealed"])
      .executeTakeFirstOrThrow();

  /** Where a server of this kind once was. */
  async function deserted(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return port;
  }

  test("a message waits with its reason and leaves when the server is back", async () => {
    const service = await startService();
    ends.push(() => service.close());
    const port = await deserted();
    const messenger = openMessenger({ SMTP_URL: `smtp://127.0.0.1:${port}` }, service.folder);
    await letter(service);
    expect(await sendDue(service.office(), messenger)).toBe(0);
    const waiting = await stateOf(service);
    expect(waiting).toMatchObject({ state: "queued", tries: 1, next_at: nextTry(1, service.clock.now) });
    expect(waiting.why).toMatch(/ECONNREFUSED|cannot be reached|refused/i);
    // Not before its time.
    expect(await sendDue(service.office(), messenger)).toBe(0);
    expect(await stateOf(service)).toMatchObject({ tries: 1 });

    const heard: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      onData(stream, _session, done) {
        stream.on("data", (part: Buffer) => heard.push(part.toString("utf8")));
        stream.on("end", () => done());
      },
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
    ends.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    service.clock.now = waiting.next_at ?? 0;
    expect(await sendDue(service.office(), messenger)).toBe(1);
    expect(heard.join("")).toContain("0042");
    const sent = await stateOf(service);
    expect(sent).toMatchObject({ state: "sent", tries: 2, next_at: null, why: null });
    expect(sent.sealed.length).toBe(0);
  });

  test("in the end it is given up, and the books say so", async () => {
    const service = await startService();
    ends.push(() => service.close());
    const url = `smtp://127.0.0.1:${await deserted()}`;
    const messenger = openMessenger({ SMTP_URL: url }, service.folder);
    await letter(service);
    for (let tries = 0; tries < triesMax; tries++) {
      expect(await stateOf(service)).toMatchObject({ state: "queued", tries });
      service.clock.now = (await stateOf(service)).next_at ?? 0;
      await sendDue(service.office(), messenger);
    }
    const given = await stateOf(service);
    expect(given).toMatchObject({ state: "failed", tries: triesMax, next_at: null });
    expect(given.why).not.toBeNull();
    expect(given.sealed.length).toBe(0);
  });
});

test("an old backup is noticed at the first receipt: the manager is alarmed, and after the manager's word the next version is above the lock's", async () => {
  const service = await startService();
  ends.push(() => service.close());
  const { db } = service.office();
  const manager = inProperty(service);
  const unit = (await addUnit(service, "4B", "key-unit")).body.id;
  const body = { name: "Apartment 4B", kind: "residence", unit };
  const doorId: string = (await service.call("addDoor", { ...manager, body })).body.id;
  const hung = await hangRealLock(service, doorId);
  const phone = await service.logIn("manager@example.org", "mobile");
  const give = async (name: string): Promise<void> => {
    const added = await service.call("addPerson", { ...manager, body: { name, role: "resident", unit } });
    const params = { ...manager.params, person: added.body.personId };
    const granted = await service.call("grantAccess", { ...manager, params, body: { doors: [doorId] } });
    expect(granted.status, JSON.stringify(granted.body)).toBe(200);
  };
  const stand = async () => (await service.call("door", { ...manager, params: { door: doorId } })).body;

  await give("Rita");
  await visit(service, phone, hung);
  const backup = await backedUp(db);
  const before = await stand();
  for (const name of ["Sam", "Tom"]) {
    await give(name);
    service.clock.now += 60;
    await visit(service, phone, hung);
  }
  const held: number = (await stand()).provenVersion;
  expect(held).toBe(before.provenVersion + 2);

  await restored(db, backup);
  expect(await stand()).toEqual(before);
  // Somebody is given a code under a number that the lock has already signed for something else.
  await give("Uma");
  service.clock.now += 60;
  const refused = await visit(service, phone, hung);
  expect(refused.slips.map(({ kind }) => kind)).toContain("receipt");
  const alarmed = await stand();
  expect(alarmed).toMatchObject({ alarm: true });
  expect(alarmed.health.words).not.toBe(before.health.words);
  expect(alarmed.codes.map(({ state }: { state: string }) => state)).toContain("unknown");
  const [listed] = (await service.call("doors", manager)).body.doors;
  expect(listed).toMatchObject({ id: doorId, alarm: true });
  const kinds = await db.selectFrom("changes").select("kind").where("door_id", "=", doorId).execute();
  expect(kinds.map(({ kind }) => kind)).toContain("lock.contradicts");

  // Until the manager says that the books are right, the door is handed no table.
  service.clock.now += 60;
  const heldBack = await fetched(service, phone);
  expect(heldBack.filter(({ kind }) => kind === "update" || kind === "snapshot")).toEqual([]);
  const trusted = await service.call("trustBooks", { ...manager, body: { doors: [doorId] } });
  expect(trusted.status, JSON.stringify(trusted.body)).toBe(200);
  const parcels = await fetched(service, phone);
  const newest = parcels.filter(({ kind }) => kind === "update" || kind === "snapshot");
  expect(newest.length).toBeGreaterThan(0);
  expect(Math.max(...newest.map(({ to }) => to))).toBeGreaterThan(held);
  const healed = await visit(service, phone, hung, parcels);
  expect(healed.report.outcome.kind).toBe("synced");
  const after = await stand();
  expect(after).toMatchObject({ alarm: false, pending: false });
  expect(after.provenVersion).toBeGreaterThan(held);
  const people = after.codes.map(({ person }: { person: string }) => person);
  expect(people).toEqual(expect.arrayContaining(["Rita", "Uma"]));
  expect(people).not.toContain("Tom");
}, 120_000);
