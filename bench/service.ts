/**
 * Figures of the property side as a service: the manager's list of doors, many phones at once, what a phone's library
 * weighs. Times are ratios between things done in turn in one run; planning and signing is in `issuing.ts`.
 */
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createSimulatedLock, type SimulatedLock } from "@doorsync/lock-sim";
import {
  decodeParcel,
  encodeReturnSlip,
  formatSetup,
  type Parcel,
  type ReturnSlip,
  setupTag,
  toHex,
} from "@doorsync/protocol/authority";
import { buildSync } from "esbuild";
import { crypto, visit } from "./cast.ts";
import { atMost, exactly, type Figure, median, plain, twice } from "./figures.ts";
import { issuing } from "./issuing.ts";
import { type BenchService, benchService, databaseUrl, fillProperty, type Phone } from "./service-cast.ts";

export async function service(): Promise<readonly Figure[]> {
  return [
    issuing(),
    ...(await doorLists()),
    ...(await phonesAtOnce()),
    atMost("phone-bundle-kb", bundleBytes() / 1_000, "kB, minified, gzip", 40),
  ];
}

const doorsCount = 1_000;
const peoplePerDoor = 5;

async function doorLists(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const kind of databaseUrl === "" ? (["memory"] as const) : (["memory", "postgres"] as const)) {
    const at = await benchService(kind);
    await fillProperty(at, doorsCount, peoplePerDoor);
    const { token } = await at.phone("desktop");
    const name = kind === "memory" ? "door-list-ratio" : "door-list-ratio-postgres";
    figures.push(await twice(async () => atMost(name, await listRatio(at, token), "x one indexed query", 2)));
    await at.close();
  }
  return figures;
}

/** The whole answer over HTTP, beside one query by index that reads the same doors with their codes. */
async function listRatio({ db, call, propertyId }: BenchService, token: string): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < 12; round++) {
    const bare = await timed(async () => {
      const rows = await db
        .selectFrom("doors")
        .leftJoin("locks", (join) =>
          join.onRef("locks.door_id", "=", "doors.id").onRef("locks.epoch", "=", "doors.epoch"),
        )
        .leftJoin("codes", "codes.door_id", "doors.id")
        .select(["doors.id", "doors.name", "doors.kind", "locks.proven", "locks.contradicted"])
        .select(["codes.person_id", "codes.added", "codes.revoked", "codes.terms_from"])
        .where("doors.property_id", "=", propertyId)
        .orderBy("doors.name_key")
        .execute();
      if (rows.length !== doorsCount * peoplePerDoor) throw new Error(`${rows.length} rows`);
    });
    const ours = await timed(async () => {
      const { doors } = (await call("doors", token, { params: { property: propertyId } })) as {
        readonly doors: readonly { readonly counts: { readonly set: number } }[];
      };
      const codes = doors.reduce((sum, { counts }) => sum + counts.set, 0);
      if (doors.length !== doorsCount || codes !== doorsCount * peoplePerDoor)
        throw new Error(`${doors.length} doors with ${codes} codes`);
    });
    if (round >= 3) ratios.push(ours / bare);
  }
  return median(ratios);
}

const phonesCount = 200;
/** Doors in one call while the house is made ready. */
const doorsAtOnce = 50;

interface Hung {
  readonly door: string;
  readonly lock: SimulatedLock;
  readonly tag: string;
}

/**
 * Phones that all fetch at once, each visits a real lock with a change, and all bring their receipts to one process with
 * the embedded database.
 */
async function phonesAtOnce(): Promise<readonly Figure[]> {
  const at = await benchService("memory");
  const desk = await at.phone("desktop");
  const carrier = await at.phone("mobile");
  const hung = await hangLocks(at, desk, carrier, phonesCount);
  const params = { property: at.propertyId };
  const joined = { params, body: { name: "Rita Resident", role: "manager" } };
  const { personId: person } = (await at.call("addPerson", desk.token, joined)) as {
    readonly personId: string;
  };
  for (const some of groups(hung, doorsAtOnce)) {
    const doors = some.map(({ door }) => door);
    await at.call("grantAccess", desk.token, { params: { ...params, person }, body: { doors } });
  }
  const before = await receiptsOf(at);
  const phones = await Promise.all(Array.from({ length: phonesCount }, () => at.phone("mobile")));
  const fetches: number[] = [];
  const deliveries: number[] = [];
  const errors: unknown[] = [];
  const carry = async (phone: Phone, door: Hung): Promise<void> => {
    let parcels: readonly Parcel[] = [];
    const fetching = timed(async () => {
      parcels = await fetched(at, phone, [door.tag]);
    });
    fetches.push(await fetching);
    const slips: ReturnSlip[] = [];
    await visit(door.lock, parcels, (slip) => slips.push(slip));
    deliveries.push(await timed(() => deliver(at, phone, slips)));
  };
  await Promise.all(
    phones.map((phone, i) => carry(phone, hung[i] as Hung).catch((error: unknown) => errors.push(error))),
  );
  const lost = phonesCount - ((await receiptsOf(at)) - before);
  await at.close();
  return [
    exactly("phones-errors", errors.length, "of 200 phones at once", 0),
    exactly("phones-lost-receipts", lost, "of 200 phones at once", 0),
    atMost("phones-fetch-slowest", slowest(fetches), "x median, 99th of 100", 10),
    atMost("phones-deliver-slowest", slowest(deliveries), "x median, 99th of 100", 10),
    plain("phones-deliver-median", median(deliveries), "ms, told and no target"),
  ];
}

function slowest(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)] ?? Number.NaN;
  return last / median(values);
}

/** Phones whose receipt the books know. */
async function receiptsOf({ db }: BenchService): Promise<number> {
  const rows = await db
    .selectFrom("visits")
    .select("phone_id")
    .distinct()
    .where("outcome", "=", "receipt")
    .execute();
  return rows.length;
}

/** Fresh locks behind new doors, commissioned and with their first version. */
async function hangLocks(at: BenchService, desk: Phone, carrier: Phone, count: number): Promise<Hung[]> {
  const params = { property: at.propertyId };
  const hung: { readonly door: string; readonly lock: SimulatedLock; tag: string }[] = [];
  for (let i = 0; i < count; i++) {
    const body = { name: `Door ${i}`, kind: "communal" };
    const { id: door } = (await at.call("addDoor", desk.token, { params, body })) as { readonly id: string };
    const setup = { secret: new Uint8Array(16).fill(1 + i) };
    const lock = createSimulatedLock({ setupSecret: setup.secret, capacity: 100, crypto });
    const offered = { params: { door }, body: { setup: formatSetup(crypto, setup) } };
    await at.call("commissionDoor", desk.token, offered);
    hung.push({ door, lock, tag: toHex(setupTag(crypto, setup)) });
  }
  for (let round = 0; round < 2; round++) {
    for (const some of groups(hung, doorsAtOnce)) {
      const parcels = await fetched(
        at,
        carrier,
        some.map(({ tag }) => tag),
      );
      const slips: ReturnSlip[] = [];
      for (const { lock } of some) await visit(lock, parcels, (slip) => slips.push(slip));
      for (const few of groups(slips, doorsAtOnce)) await deliver(at, carrier, few);
    }
    const tags = await at.db.selectFrom("locks").select(["door_id", "tag"]).execute();
    const tagOf = new Map(tags.map(({ door_id, tag }) => [door_id, toHex(tag)]));
    for (const one of hung) one.tag = tagOf.get(one.door) ?? one.tag;
  }
  return hung;
}

function groups<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

async function fetched(at: BenchService, phone: Phone, tags: readonly string[]): Promise<readonly Parcel[]> {
  const answer = await at.call("fetchParcels", phone.token, { body: { tags } });
  return (answer as { readonly parcels: readonly string[] }).parcels.map((text) => {
    const parcel = decodeParcel(new Uint8Array(Buffer.from(text, "base64url")));
    if (!parcel.ok) throw new Error(parcel.check);
    return parcel.value;
  });
}

async function deliver(at: BenchService, phone: Phone, slips: readonly ReturnSlip[]): Promise<void> {
  const texts = slips.map((slip) => Buffer.from(encodeReturnSlip(slip)).toString("base64url"));
  await at.call("deliverSlips", phone.token, { body: { slips: texts } });
}

/** The phone's library without a crypto provider, which is the host's to lend. */
function bundleBytes(): number {
  const names = "createAccount, createClient, describeOutcome, sync, systemTimers";
  const { outputFiles } = buildSync({
    stdin: {
      contents: `export { ${names} } from "@doorsync/phone-client";`,
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return gzipSync(file.contents, { level: 9 }).length;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
