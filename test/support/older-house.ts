/**
 * A house as an earlier version left it (`test/older`): its books in either database, its keys, its locks as their parts
 * kept them, and a phone's bag. Served by the service of today. Not how it came to be: its README tells.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openStore } from "@doorsync/authority";
import { decodeParcel, type Parcel } from "@doorsync/protocol/courier";
import { openPglite } from "../../packages/authority/src/store/pglite.ts";
import { createFlash } from "../../packages/lock-sim/src/parts/flash.ts";
import { createSecureElement } from "../../packages/lock-sim/src/parts/secure-element.ts";
import { makeLock } from "../world.ts";
import type { Door, Tenant } from "./journey-house.ts";
import { type Service, serveBooks } from "./service.ts";

const older = new URL("../older/", import.meta.url);

interface Kept {
  readonly now: number;
  readonly propertyId: string;
  readonly card: string;
  readonly codes: Readonly<Record<Named, string>>;
  readonly bag: readonly string[];
  readonly people: Readonly<Record<"rita" | "omar" | "nina" | "sam", Tenant>>;
  readonly keys: Readonly<Record<string, string>>;
  readonly doors: readonly {
    readonly doorId: string;
    readonly name: string;
    readonly flash: string;
    readonly secure: string;
  }[];
}

type Named =
  | "rita"
  | "ritaEntrance"
  | "ritaNext"
  | "omar"
  | "omarLaundry"
  | "sam"
  | "guest"
  | "daily"
  | "ninaNext";

export interface OlderHouse extends Pick<Kept, "card" | "codes" | "people"> {
  readonly service: Service;
  readonly home: Door;
  readonly entrance: Door;
  readonly laundry: Door;
  readonly bag: readonly Parcel[];
}

/** `url` undefined: the embedded database, in a folder; else a schema of that name, which must not be there yet. */
export async function takeOver(url: string | undefined, schema: string): Promise<OlderHouse> {
  const kept = JSON.parse(readFileSync(new URL("house-0005.json", older), "utf8")) as Kept;
  const folder = mkdtempSync(join(tmpdir(), "doorsync-older-"));
  mkdirSync(join(folder, "keys"), { mode: 0o700 });
  for (const [name, content] of Object.entries(kept.keys))
    writeFileSync(join(folder, "keys", name), Buffer.from(content, "base64"), { mode: 0o600 });
  const data = join(folder, "data");
  await (url === undefined ? fillFolder(data) : fillSchema(url, schema));
  const db = await openStore(
    url === undefined ? { kind: "folder", folder: data } : { kind: "postgres", url, schema },
  );
  const served = await serveBooks(db, folder);
  served.clock.now = kept.now;
  const manager = await served.logIn("manager@example.org", "desktop");
  const [home, entrance, laundry] = kept.doors.map(({ doorId, name, flash, secure }): Door => {
    const image = new Uint8Array(gunzipSync(Buffer.from(flash, "base64")));
    const { shape } = makeLock(name).flash;
    const parts = {
      flash: createFlash(shape, image),
      secure: createSecureElement(new Uint8Array(Buffer.from(secure, "base64"))),
    };
    return { name, doorId, lock: makeLock(`lock of ${doorId}`, { parts, rtcSeconds: kept.now }) };
  });
  if (home === undefined || entrance === undefined || laundry === undefined) throw new Error("three doors");
  const bag = kept.bag.map((text) => {
    const parcel = decodeParcel(new Uint8Array(Buffer.from(text, "base64")));
    if (!parcel.ok) throw new Error(`an older parcel does not read: ${parcel.check}`);
    return parcel.value;
  });
  const service = { ...served, propertyId: kept.propertyId, manager };
  return { ...kept, service, home, entrance, laundry, bag };
}

function books(): string {
  return readFileSync(new URL("books-0005.sql", older), "utf8");
}

async function fillFolder(folder: string): Promise<void> {
  const pglite = await openPglite(folder);
  await pglite.exec(books());
  await pglite.close();
}

async function fillSchema(url: string, schema: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create schema ${schema}; set search_path to ${schema}; ${books()}`);
  } finally {
    await client.end();
  }
}
