/**
 * The service in this process for the benchmarks: its own keys, a database in memory or a PostgreSQL schema of its own, a
 * socket on the loopback, and rows for as many doors, people and phones as a figure asks for.
 */
import { createHash, randomBytes, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  claimInstallation,
  createKeys,
  createVault,
  type Database,
  keyFingerprint,
  type Office,
  openStore,
  type Place,
  readKeys,
  registerProperty,
} from "@doorsync/authority";
import { createServer, endpoints, openAccount } from "@doorsync/authority/service";
import { sql } from "kysely";
import { crypto, noon } from "./cast.ts";

/** The database to measure beside the embedded one. */
export const databaseUrl: string = process.env["DATABASE_URL"] ?? "";

export interface Phone {
  readonly token: string;
  readonly phoneId: string;
}

export interface BenchService {
  readonly db: Database;
  readonly propertyId: string;
  /** Answers of an endpoint; throws for what is no success. */
  readonly call: (name: string, token: string, asked: Asked) => Promise<unknown>;
  /** A session of the property's manager, written as a log-in writes it. */
  readonly phone: (client: "mobile" | "desktop") => Promise<Phone>;
  readonly close: () => Promise<void>;
}

export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export async function benchService(kind: "memory" | "postgres"): Promise<BenchService> {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-bench-"));
  const fill = (bytes: Uint8Array): void => void randomFillSync(bytes);
  createKeys(join(folder, "keys"), fill);
  const keys = readKeys(join(folder, "keys"));
  const schema = `bench_${randomBytes(6).toString("hex")}`;
  const place: Place = kind === "memory" ? { kind } : { kind, url: databaseUrl, schema };
  const db = await openStore(place);
  await claimInstallation(db, keyFingerprint(crypto, keys), noon);
  const office: Office = { db, crypto, keys, vault: createVault(crypto, keys.vault, fill), fill, now: noon };
  const faults: unknown[] = [];
  const server = await createServer({
    office: () => office,
    onFault: (error) => faults.push(error),
    version: "0.0.0",
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  await registerProperty(office, { name: "Bench Court", sixDigits: false, leaseHours: 0 });
  const { id: propertyId } = await db.selectFrom("properties").select("id").executeTakeFirstOrThrow();
  const standing = { propertyId, unitId: "", role: "manager" } as const;
  const account = {
    name: "Mona Manager",
    email: "manager@example.org",
    password: "bench bench bench",
    standing,
  };
  const opened = await openAccount(office, account);
  if (!opened.ok) throw new Error(opened.denial);
  return {
    db,
    propertyId,
    async call(name, token, { params = {}, body }) {
      const endpoint = endpoints.find((one) => one.name === name);
      if (endpoint === undefined) throw new Error(`no endpoint is called ${name}`);
      const path = endpoint.path.replace(/\{(\w+)\}/g, (_, key: string) => params[key] ?? "");
      const answer = await fetch(`${url}${path}`, {
        method: endpoint.method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${name}: ${answer.status} ${text}`, { cause: faults[0] });
      return text === "" ? undefined : JSON.parse(text);
    },
    async phone(client) {
      const bytes = randomBytes(32);
      const phoneId = randomBytes(12).toString("hex");
      await db
        .insertInto("sessions")
        .values({
          token_hash: new Uint8Array(createHash("sha256").update(bytes).digest()),
          account_id: opened.value.accountId,
          phone_id: phoneId,
          client_class: client,
          client_name: "bench",
          client_version: "1.0.0",
          created_at: noon,
          used_at: noon,
          expires_at: noon + 86_400,
        })
        .execute();
      return { token: bytes.toString("base64url"), phoneId };
    },
    async close() {
      await server.close();
      if (kind === "postgres") await sql.raw(`drop schema ${schema} cascade`).execute(db);
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Doors with their locks, each with so many residents' codes in force: rows as years of use leave them. */
export async function fillProperty(
  { db, propertyId }: BenchService,
  doors: number,
  codesPerDoor: number,
): Promise<void> {
  const people = doors * codesPerDoor;
  const id = (letter: string, number: string): string => `'${letter}' || lpad((${number})::text, 23, '0')`;
  const bytes = (number: string, length: number): string =>
    `decode(lpad(to_hex(${number}), ${length * 2}, '0'), 'hex')`;
  const statements = [
    `insert into units (id, property_id, name, name_key)
      select ${id("a", "n")}, $property, 'Unit ' || n, 'unit ' || n from generate_series(1, ${doors}) n`,
    `insert into doors (id, property_id, name, name_key, kind, epoch, unit_id)
      select ${id("d", "n")}, $property, 'Door ' || n, 'door ' || n, 'residence', null, ${id("a", "n")}
      from generate_series(1, ${doors}) n`,
    `insert into locks (door_id, epoch, lock_id, tag, sign_key, dh_key, sealed_keys, last_wire_id, proven,
        snapshot_wanted, sync_lock_seconds, sync_received_at)
      select ${id("d", "n")}, 1, ${bytes("n", 16)}, ${bytes("n", 8)}, ${bytes("n", 32)}, ${bytes("n", 32)},
        ${bytes("n", 32)}, ${codesPerDoor}, 7, false, ${noon}, ${noon} from generate_series(1, ${doors}) n`,
    `update doors set epoch = 1`,
    `insert into issued (door_id, epoch, version, issued_at, life_hours, state, handed_out)
      select ${id("d", "n")}, 1, v, ${noon}, 168, ${bytes("n", 8)}, true
      from generate_series(1, ${doors}) n, generate_series(0, 7) v`,
    `insert into people (id, name, name_key, property_id)
      select ${id("b", "n")}, 'Person ' || n, 'person ' || n, $property from generate_series(1, ${people}) n`,
    `insert into standings (person_id, property_id, unit_id, role, since)
      select ${id("b", "n")}, $property, ${id("a", `1 + n % ${doors}`)}, 'resident', ${noon}
      from generate_series(1, ${people}) n`,
    `insert into codes (id, door_id, person_id, mark, length, sealed, created_at, wished_at, wire_id, added, revoked,
        released, terms_from)
      select ${id("c", "n")}, ${id("d", `1 + n % ${doors}`)}, ${id("b", "n")}, 'mark ' || n, 4, ${bytes("n", 32)},
        ${noon}, ${noon}, 1 + n / ${doors}, 7, false, false, 7 from generate_series(1, ${people}) n`,
    `insert into changes (at, property_id, door_id, person_id, kind)
      select ${noon}, $property, ${id("d", `1 + n % ${doors}`)}, ${id("b", "n")}, kind
      from generate_series(1, ${people}) n, unnest(array['code.unset', 'code.set']) kind`,
    `insert into visits (door_id, phone_id, at, outcome, version)
      select ${id("d", "n")}, ${id("e", "n")}, ${noon}, 'receipt', 7 from generate_series(1, ${doors}) n`,
  ];
  for (const statement of statements)
    await sql.raw(statement.replaceAll("$property", `'${propertyId}'`)).execute(db);
  await sql`analyze`.execute(db);
}
