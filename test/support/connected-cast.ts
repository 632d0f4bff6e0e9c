/**
 * The cast of the connected locks: a wire to a real MQTT broker that can be cut, the property side's end of it, a lock
 * as the program `lock-sim run --mqtt`, and somebody else at the broker. Nothing here stands for a real part; what is
 * missing is the property's database.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Parcel, setupTag, toHex } from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { connect as connectMqtt } from "mqtt";
import { expect } from "vitest";
import {
  type Broker,
  type BrokerLent,
  type BrokerState,
  connectBroker,
} from "../../packages/authority/src/connected/broker.ts";
import type { ConnectedDoor, Returned } from "../../packages/authority/src/connected/topics.ts";
import { run, started } from "../lock-program.ts";
import {
  authoritySeeds,
  bytesOf,
  commissionMessage,
  crypto,
  finishMeeting,
  offerTo,
  type TestAuthority,
} from "../world.ts";

export const brokerUrl: string = process.env["MQTT_URL"] ?? "mqtt://127.0.0.1:1883";
export const today: number = Math.floor(Date.now() / 1_000);

const folder = mkdtempSync(join(tmpdir(), "doorsync-mqtt-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
/** What a test opened, closed after it by `endAll`. */
export const ends: (() => unknown)[] = [];

export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
}

export async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connectSocket(Number(port === "" ? 1883 : port), hostname);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Waits until `look` finds something; fails with what was waited for. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  milliseconds = 15_000,
): Promise<T> {
  for (const end = performance.now() + milliseconds; ; ) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A wire to the real broker that can be cut and mended, and counts what the broker says on it. */
export async function wire() {
  const { hostname, port } = new URL(brokerUrl);
  const sockets = new Set<Socket>();
  const counted = { down: 0, up: 0 };
  /** What the broker said and may not pass yet. */
  let held: (() => void)[] | undefined;
  const server = createServer((near) => {
    const far = connectSocket(Number(port === "" ? 1883 : port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.on("data", (data) => {
        counted[from === far ? "down" : "up"] += data.length;
        if (from === far && held !== undefined) held.push(() => to.write(data));
        else to.write(data);
      });
    }
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, "127.0.0.1", () => resolve()));
  const cut = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  await listen(0);
  const at = (server.address() as AddressInfo).port;
  ends.push(cut);
  const hold = (): void => {
    held = [];
  };
  const release = (): void => {
    const waiting = held ?? [];
    held = undefined;
    for (const pass of waiting) pass();
  };
  return { url: `mqtt://127.0.0.1:${at}`, cut, mend: () => listen(at), counted, hold, release };
}

export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** The property side's end of the wire, and everything that it heard. */
export function side(url = brokerUrl, lent: Partial<BrokerLent> = {}) {
  const returned: Returned[] = [];
  const states: BrokerState["kind"][] = [];
  const broker = connectBroker(url, {
    onReturn: async (one) => void returned.push(one),
    onState: ({ kind }) => void states.push(kind),
    ...lent,
  });
  ends.push(() => broker.close());
  return {
    broker,
    returned,
    states,
    connected: () => until("the broker", () => states.includes("connected")),
  };
}

/** Ids that no other run uses: a broker remembers. */
export const propertyId = (): string => `test-${toHex(globalThis.crypto.getRandomValues(new Uint8Array(8)))}`;

/** Somebody else at the broker, without any of our manners. */
export function bare() {
  const client = connectMqtt(brokerUrl, { protocolVersion: 5 });
  ends.push(() => client.endAsync(true));
  return {
    put: async (topic: string, bytes: Uint8Array, retain = false): Promise<void> => {
      await client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
    },
  };
}

/** Takes what was retained off the broker again, at the end. */
export function cleared(broker: Broker, door: ConnectedDoor): ConnectedDoor {
  ends.push(() => broker.publish(door, []));
  return door;
}

/** A factory-fresh lock as a program, on its wire. */
export async function house(url: string) {
  const name = `connected ${++homes} ${propertyId()}`;
  const secret = bytesOf(name, 16);
  const home = join(folder, `home-${homes}`);
  const made = await run(
    "new",
    "--home",
    home,
    "--capacity",
    "20",
    "--setup-secret",
    toHex(secret),
    "--json",
  );
  expect(made.status, made.err).toBe(0);
  const lock = await started(home, "--mqtt", url);
  ends.push(() => lock.quit());
  const visits = (): Row[] => lock.rows.filter((row) => "visited" in row);
  const press = async (code: string): Promise<unknown> =>
    ((await lock.ask(`press ${code}#`, "press")) as { press: { result: string } }).press.result;
  return { lock, home, name, setup: { secret }, visits, press };
}
export type Row = Readonly<Record<string, unknown>>;

export interface Owned {
  readonly office: TestAuthority;
  readonly door: ConnectedDoor;
  parcel(kind: "update" | "snapshot", issued: ReturnType<TestAuthority["delta"]>): Parcel;
  /** The version that the newest verified receipt proves. */
  proven(): number;
}

/** The lock's first meeting with its property, over the broker from beginning to end; version 1 opens to 1111. */
export async function owned(
  { broker, returned }: Pick<ReturnType<typeof side>, "broker" | "returned">,
  { setup, name, visits }: Pick<Awaited<ReturnType<typeof house>>, "setup" | "name" | "visits">,
): Promise<Owned> {
  const property = propertyId();
  const offered = offerTo(setup, name);
  const { lockId, tag, epoch } = offered.offer;
  const factory = cleared(broker, { property, tag: setupTag(crypto, setup) });
  const commission: Parcel = {
    kind: "commission",
    lockId,
    tag: factory.tag,
    epoch,
    from: 0,
    to: 0,
    notAfter: today + 86_400,
    lockKey: new Uint8Array(32),
    tableKey: crypto.signPublic(authoritySeeds.table),
    messages: [commissionMessage(offered)],
  };
  expect(await broker.publish(factory, [commission])).toEqual({ ok: true });
  const reply = await until("the lock's answer", () =>
    returned.find(({ slip }) => slip.kind === "commission" && air.equal(slip.lockId, lockId)),
  );
  expect(reply.property).toBe(property);
  const office = finishMeeting(offered, { type: air.messageType("commission"), body: reply.slip.body });
  const door = cleared(broker, { property, tag });
  const parcel: Owned["parcel"] = (kind, issued) => ({
    kind,
    lockId,
    tag,
    epoch,
    from: kind === "update" ? (issued.from ?? 0) : 0,
    to: issued.to,
    notAfter: issued.notAfter,
    lockKey: office.lockPublic.sign,
    tableKey: commission.tableKey,
    messages: issued.messages,
  });
  const proven = (): number =>
    Math.max(
      0,
      ...returned
        .filter(({ slip }) => slip.kind === "receipt" && air.equal(slip.lockId, lockId))
        .map(
          ({ slip }) => office.receipt({ type: air.messageType("receipt"), body: slip.body })?.version ?? 0,
        ),
    );
  const first = office.snapshot(office.tableOf(new Map([[1, "1111"]])), 1, today);
  expect(await broker.publish(door, [parcel("snapshot", first)])).toEqual({ ok: true });
  await until("the receipt of version 1", () => proven() === 1);
  await until("the end of that visit", () => visits().length === 2);
  return { office, door, parcel, proven };
}
