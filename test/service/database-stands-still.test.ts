// A PostgreSQL that neither answers nor breaks: a wire that went silent, before the commit and behind it; a lock that
// another session keeps; a disk without room. Every call ends with a problem that has a name, nothing is half done, and
// when the cause is gone the next call goes through. Connections that break: service-in-bad-times.test.ts.

import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openStore } from "@doorsync/authority";
import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import { answerMilliseconds, statementMilliseconds } from "../../packages/authority/src/store/postgres.ts";
import { type Answer, type Service, startService } from "../support/service.ts";
import { type Wire, wireTo } from "../support/wire.ts";

const url = process.env["DATABASE_URL"] ?? "";
const ends: (() => Promise<unknown> | unknown)[] = [];
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

async function unitsNamed(db: Database, name: string): Promise<number> {
  return (await db.selectFrom("units").select("id").where("name", "=", name).execute()).length;
}

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { name: "UNAVAILABLE", code: 207 } });
  expect(answer.type).toContain("application/problem+json");
  expect(answer.body.remedy).not.toBe("");
}

/** A service that reaches its database over a wire of the test's own, and the same database without it. */
async function overWire(): Promise<{ service: Service; wire: Wire; direct: Database; schema: string }> {
  const over = new URL(url);
  const wire = await wireTo(over.hostname, Number(over.port === "" ? 5432 : over.port));
  const schema = `still_${randomBytes(6).toString("hex")}`;
  over.hostname = "127.0.0.1";
  over.port = String(wire.port);
  const service = await startService({ kind: "postgres", url: over.href, schema });
  const direct = await openStore({ kind: "postgres", url, schema });
  ends.push(async () => {
    await wire.cut();
    await service.close();
    await sql.raw(`drop schema ${schema} cascade`).execute(direct);
    await direct.destroy();
  });
  return { service, wire, direct, schema };
}

if (url === "") {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("no database of another process, which could stand still");
  });
}

describe.runIf(url !== "")("a database that stands still", () => {
  test("a wire that falls silent: every call ends in its time, and the next one takes a connection that speaks", async () => {
    const { service, wire, direct } = await overWire();
    expect((await addUnit(service, "before", "key-before")).status).toBe(200);
    wire.hush();
    const startedAt = performance.now();
    const refused = await Promise.all([
      addUnit(service, "during", "key-during"),
      service.call("me", { token: service.manager }),
      service.call("doors", inProperty(service)),
    ]);
    const milliseconds = performance.now() - startedAt;
    for (const answer of refused) expectUnavailable(answer);
    // Somebody did wait for a word that did not come.
    expect(milliseconds).toBeGreaterThan(answerMilliseconds - 1_000);
    expect(milliseconds).toBeLessThan(answerMilliseconds + 8_000);
    expect(service.faults.some((fault) => fault.includes("has not answered"))).toBe(true);
    wire.listen();
    expect(await unitsNamed(direct, "during")).toBe(0);
    const again = await Promise.all([
      addUnit(service, "during", "key-during"),
      ...Array.from({ length: 12 }, () => service.call("me", { token: service.manager })),
    ]);
    for (const answer of again) expect(answer.status).toBe(200);
    expect(await unitsNamed(direct, "during")).toBe(1);
  }, 60_000);

  test("a commit whose answer is lost is whole, and the same key gives its answer", async () => {
    const { service, wire, direct } = await overWire();
    // Sessions write down their use once: from here on the first commit is that of the change.
    expect((await service.call("me", { token: service.manager })).status).toBe(200);
    const passed = wire.hushAfter("commit");
    const answer = addUnit(service, "during", "key-during");
    await passed;
    expectUnavailable(await answer);
    expect(await unitsNamed(direct, "during")).toBe(1);
    wire.listen();
    const again = await addUnit(service, "during", "key-during");
    expect(again).toMatchObject({ status: 200 });
    const rows = await direct.selectFrom("units").select("id").where("name", "=", "during").execute();
    expect(rows).toEqual([{ id: again.body.id }]);
    const audit = await direct
      .selectFrom("audit")
      .select("decision")
      .where("action", "=", "addUnit")
      .execute();
    expect(audit.filter(({ decision }) => decision === "granted")).toHaveLength(1);
  }, 60_000);

  test("rows that another session keeps: the change is refused in its time, and goes through when they are free", async () => {
    const { service, direct } = await overWire();
    let startedAt = 0;
    await direct.transaction().execute(async (trx) => {
      await sql`lock table units in access exclusive mode`.execute(trx);
      startedAt = performance.now();
      expectUnavailable(await addUnit(service, "during", "key-during"));
    });
    expect(performance.now() - startedAt).toBeGreaterThan(statementMilliseconds - 1_000);
    // The server itself gave up, and not we on the server.
    expect(service.faults.some((fault) => fault.includes("statement timeout"))).toBe(true);
    expect(await unitsNamed(direct, "during")).toBe(0);
    expect((await addUnit(service, "during", "key-during")).status).toBe(200);
    expect(await unitsNamed(direct, "during")).toBe(1);
  }, 60_000);
});

const diskBytes = 64 * 1_048_576;

/** A tablespace on a small file system of its own; a sentence where this user or the server may not have one. */
async function smallTablespace(direct: Database, name: string): Promise<{ folder: string } | string> {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-space-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=0755`, "none", folder]);
  if (mounted.status !== 0) {
    rmSync(folder, { recursive: true });
    return "no small file system can be mounted here";
  }
  ends.push(() => {
    spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });
  const space = join(folder, "space");
  mkdirSync(space);
  if (spawnSync("chown", ["postgres", space]).status !== 0) return "PostgreSQL runs under another name";
  try {
    await sql.raw(`create tablespace ${name} location '${space}'`).execute(direct);
  } catch (error) {
    return `the server takes no tablespace from here: ${String(error)}`;
  }
  return { folder };
}

test.runIf(url !== "")(
  "a PostgreSQL without room: changes are refused and not half done, and work again when there is",
  async (context) => {
    const schema = `full_${randomBytes(6).toString("hex")}`;
    const direct = await openStore({ kind: "postgres", url, schema });
    ends.push(() => direct.destroy());
    const made = await smallTablespace(direct, schema);
    if (typeof made === "string") {
      await sql.raw(`drop schema ${schema} cascade`).execute(direct);
      return context.skip(made);
    }
    ends.push(async () => {
      await sql.raw(`drop schema ${schema} cascade`).execute(direct);
      await sql.raw(`drop tablespace ${schema}`).execute(direct);
    });
    const { rows: tables } = await sql<{ name: string; kind: string }>`
    select relname as name, case relkind when 'r' then 'table' else 'index' end as kind from pg_class
    where relnamespace = ${schema}::regnamespace and relkind in ('r', 'i')`.execute(direct);
    for (const { name, kind } of tables)
      await sql.raw(`alter ${kind} ${name} set tablespace ${schema}`).execute(direct);
    const service = await startService({ kind: "postgres", url, schema });
    ends.push(() => service.close());
    expect((await addUnit(service, "before", "key-before")).status).toBe(200);
    const { bavail, bsize } = statfsSync(made.folder);
    writeFileSync(join(made.folder, "stuffing"), Buffer.alloc(bavail * bsize));
    const refused: string[] = [];
    let taken = 0;
    for (let i = 0; i < 4_000 && refused.length < 3; i++) {
      const answer = await addUnit(service, `unit ${i} ${"x".repeat(60)}`, `key-full-${i}`);
      if (answer.status === 200) taken += 1;
      else {
        expectUnavailable(answer);
        refused.push(`key-full-${i}`);
      }
    }
    expect(refused.length).toBe(3);
    expect(service.faults.some((fault) => /No space left|could not extend/.test(fault))).toBe(true);
    rmSync(join(made.folder, "stuffing"));
    expect((await addUnit(service, "after", "key-after")).status).toBe(200);
    const units = await direct.selectFrom("units").select("id").execute();
    expect(units.length).toBe(2 + taken);
    const audit = await direct
      .selectFrom("audit")
      .select("decision")
      .where("action", "=", "addUnit")
      .execute();
    expect(audit.filter(({ decision }) => decision === "granted")).toHaveLength(units.length);
  },
  120_000,
);
