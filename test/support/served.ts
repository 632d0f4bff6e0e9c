/**
 * A property in a folder and the built program `doorsync-authority serve` over it, as a process that a test may kill. What
 * is in the property beside its doors and phones, a test adds over HTTP.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  claimInstallation,
  createKeys,
  createVault,
  keyFingerprint,
  type Office,
  openStore,
  type Place,
  readKeys,
  registerDoor,
  registerProperty,
} from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { createCrypto, toHex } from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { sql } from "kysely";
import { fill } from "../../packages/authority/src/cli/session.ts";
import { drawToken } from "../../packages/authority/src/desk/token.ts";
import { newId } from "../../packages/authority/src/office/office.ts";
import { addSession } from "../../packages/authority/src/store/accounts.ts";
import { caller, password, type Service } from "./service.ts";

const program = fileURLToPath(
  new URL("../../packages/authority/bin/doorsync-authority.mjs", import.meta.url),
);
const databaseUrl = process.env["DATABASE_URL"] ?? "";

/** What a test opened, to be closed after it from the last to the first. */
export type Ends = (() => unknown)[];

export interface Phone {
  readonly id: string;
  readonly token: string;
}

export interface House {
  readonly data: string;
  readonly place: Place;
  readonly propertyId: string;
  readonly doorIds: readonly string[];
  readonly desk: Phone;
  readonly phones: readonly Phone[];
}

/** A property with doors, and sessions of so many phones: logging in 200 times is another test's. */
export async function servedHouse(
  kind: "folder" | "postgres",
  { doorsCount, phonesCount }: { readonly doorsCount: number; readonly phonesCount: number },
  ends: Ends,
): Promise<House> {
  const data = mkdtempSync(join(tmpdir(), "doorsync-killed-"));
  ends.push(() => rmSync(data, { recursive: true, force: true }));
  const crypto = createCrypto(openssl);
  createKeys(join(data, "keys"), fill);
  const keys = readKeys(join(data, "keys"));
  const fingerprint = keyFingerprint(crypto, keys);
  const schema = `doorsync_${toHex(fingerprint.slice(0, 8))}`;
  const place: Place =
    kind === "folder"
      ? { kind, folder: join(data, "database") }
      : { kind: "postgres", url: databaseUrl, schema };
  const db = await openStore(place);
  if (kind === "postgres")
    ends.push(async () => {
      const last = await openStore(place);
      await sql.raw(`drop schema ${schema} cascade`).execute(last);
      await last.destroy();
    });
  const now = Math.floor(Date.now() / 1_000);
  await claimInstallation(db, fingerprint, now);
  const office: Office = { db, crypto, keys, vault: createVault(crypto, keys.vault, fill), fill, now };
  await registerProperty(office, { name: "Maple Court", sixDigits: false, leaseHours: 0 });
  const { id: propertyId } = await db.selectFrom("properties").select("id").executeTakeFirstOrThrow();
  const standing = { propertyId, unitId: "", role: "manager" } as const;
  const account = { name: "Mona Manager", email: "manager@example.org", password, standing };
  const opened = await openAccount(office, account);
  if (!opened.ok) throw new Error(opened.denial);
  for (let i = 0; i < doorsCount; i++)
    await registerDoor(office, { property: undefined, name: `Door ${i}`, kind: "communal" });
  const doors = await db.selectFrom("doors").select("id").orderBy("name").execute();
  const session = async (client: "mobile" | "desktop"): Promise<Phone> => {
    const { token, hashed } = drawToken(office);
    const id = newId(office);
    await addSession(db, {
      token_hash: hashed,
      account_id: opened.value.accountId,
      phone_id: id,
      client_class: client,
      client_name: "test",
      client_version: "1.0.0",
      created_at: now,
      used_at: now,
      expires_at: now + 86_400,
    });
    return { id, token };
  };
  const desk = await session("desktop");
  const phones: Phone[] = [];
  for (let i = 0; i < phonesCount; i++) phones.push(await session("mobile"));
  await db.destroy();
  return { data, place, propertyId, doorIds: doors.map(({ id }) => id), desk, phones };
}

export interface Running extends Pick<Service, "call"> {
  readonly child: ChildProcess;
}

/** `url`: of the broker of connected locks. */
export async function serving({ data, place }: House, ends: Ends, url?: string): Promise<Running> {
  const { DATABASE_URL: _, MQTT_URL: __, ...others } = process.env;
  const env = url === undefined ? others : { ...others, MQTT_URL: url };
  const child = spawn(
    process.execPath,
    [program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--json"],
    {
      env: place.kind === "postgres" ? { ...env, DATABASE_URL: databaseUrl } : env,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  ends.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { ready } = JSON.parse(line) as { readonly ready?: { readonly url: string } };
    if (ready !== undefined) return { child, call: caller(ready.url) };
  }
  throw new Error("the service ended before it was ready");
}
