/**
 * The real service for a test: its own keys and database, a socket on the loopback, a clock that the test sets. A test
 * file starts one and closes it.
 */

import { randomFillSync } from "node:crypto";
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
import { createCrypto } from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { noon } from "../world.ts";
import { memoryStore } from "./memory-store.ts";

export const password = "correct horse battery";

export interface Answer {
  readonly status: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads answers as JSON, and asserts what it reads
  readonly body: any;
}

export interface Asked {
  readonly token?: string | undefined;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

export interface Service {
  readonly url: string;
  /** The office as it is now, for what only a test may do. */
  readonly office: () => Office;
  /** Seconds since 1970, set by the test. */
  readonly clock: { now: number };
  /** What nobody was told: a test expects none. */
  readonly faults: string[];
  readonly folder: string;
  /** Calls an endpoint by its name. */
  readonly call: (name: string, asked?: Asked) => Promise<Answer>;
  /** Logs in and gives the token. */
  readonly logIn: (email: string, client?: "mobile" | "desktop", version?: string) => Promise<string>;
  readonly propertyId: string;
  /** Token of the property's first manager, at a desk. */
  readonly manager: string;
  readonly close: () => Promise<void>;
}

/** A house of its own with its first manager. `place` left out: in memory. */
export async function startService(place?: Place): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-service-"));
  createKeys(join(folder, "keys"), fill);
  const db = place === undefined ? await memoryStore() : await openStore(place);
  const served = await serveBooks(db, folder);
  const registered = await registerProperty(served.office(), {
    name: "Maple Court",
    sixDigits: false,
    leaseHours: 0,
  });
  if (!registered.ok) throw new Error(registered.denial);
  const { id: propertyId } = await db.selectFrom("properties").select("id").executeTakeFirstOrThrow();
  const opened = await openAccount(served.office(), {
    name: "Mona Manager",
    email: "manager@example.org",
    password,
    standing: { propertyId, unitId: "", role: "manager" },
  });
  if (!opened.ok) throw new Error(opened.denial);
  return { ...served, propertyId, manager: await served.logIn("manager@example.org", "desktop") };
}

const fill = (bytes: Uint8Array): void => void randomFillSync(bytes);

/** Whatever books there are, with the keys in `folder`, which goes with the service. */
export async function serveBooks(
  db: Database,
  folder: string,
): Promise<Omit<Service, "propertyId" | "manager">> {
  const crypto = createCrypto(openssl);
  const keys = readKeys(join(folder, "keys"));
  const clock = { now: noon };
  await claimInstallation(db, keyFingerprint(crypto, keys), clock.now);
  const vault = createVault(crypto, keys.vault, fill);
  const office = (): Office => ({ db, crypto, keys, vault, fill, now: clock.now });
  const faults: string[] = [];
  const server = await createServer({
    office,
    onFault: (error, what) => faults.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`),
    version: "0.0.0",
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const call = caller(url);
  return {
    url,
    office,
    clock,
    faults,
    folder,
    call,
    async logIn(email, client = "mobile", version = "1.0.0") {
      const answer = await call("logIn", {
        body: { email, password, client: { class: client, name: "test", version } },
      });
      if (answer.status !== 200) throw new Error(`${email} cannot log in: ${JSON.stringify(answer.body)}`);
      return answer.body.token;
    },
    async close() {
      await server.close();
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Calls by name: method and path come from the list of endpoints. */
export function caller(url: string): Service["call"] {
  return async (name, asked = {}) => {
    const endpoint = endpoints.find((one) => one.name === name);
    if (endpoint === undefined) throw new Error(`no endpoint is called ${name}`);
    const path = endpoint.path.replace(/\{(\w+)\}/g, (_, key: string) => asked.params?.[key] ?? `{${key}}`);
    const query = new URLSearchParams(asked.query ?? {}).toString();
    const response = await fetch(`${url}${path}${query === "" ? "" : `?${query}`}`, {
      method: endpoint.method,
      headers: {
        ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
        ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
        ...(asked.idempotencyKey === undefined ? {} : { "idempotency-key": asked.idempotencyKey }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, type, body: text === "" ? undefined : JSON.parse(text) };
  };
}
