/**
 * A real lock behind a door of the service: commissioned through it, visited by phones that log in to it. The firmware,
 * the courier's errand and the service are the shipped ones; only the air between phone and lock is memory.
 */
import { formatSetup, toHex } from "@doorsync/protocol/authority";
import { decodeParcel, encodeReturnSlip, type Parcel, readHello } from "@doorsync/protocol/courier";
import { crypto, makeLock, type TestLock } from "../world.ts";
import { type Trip, travel } from "./door-office.ts";
import type { Service } from "./service.ts";

export interface Hung {
  readonly lock: TestLock;
  readonly doorId: string;
}

/** How many codes it holds, and how its bolt moves, where that matters. */
export interface LockOptions extends Pick<NonNullable<Parameters<typeof makeLock>[1]>, "capacity" | "drive"> {
  /** The property is told how many codes the lock holds. */
  readonly isToldOf?: boolean;
}

/** Commissions a fresh lock for a door: the manager offers it, and two visits of the manager's phone make it the property's. */
export async function hangRealLock(
  service: Service,
  doorId: string,
  { isToldOf = false, ...options }: LockOptions = {},
): Promise<Hung> {
  const lock = makeLock(`lock of ${doorId}`, { rtcSeconds: service.clock.now, ...options });
  const setup = formatSetup(crypto, lock.setup);
  const offered = await service.call("commissionDoor", {
    token: service.manager,
    params: { door: doorId },
    body: { setup, ...(isToldOf ? { capacity: options.capacity } : {}) },
  });
  if (offered.status !== 200) throw new Error(`commission: ${JSON.stringify(offered.body)}`);
  const phone = await service.logIn("manager@example.org", "mobile");
  const hung = { lock, doorId };
  await visit(service, phone, hung);
  const last = await visit(service, phone, hung);
  if (last.report.outcome.kind !== "synced")
    throw new Error(`the first sync: ${JSON.stringify(last.report)}`);
  return hung;
}

/** What a phone of this session fetches now. */
export async function fetched(service: Service, token: string): Promise<readonly Parcel[]> {
  const answer = await service.call("fetchParcels", { token, body: {} });
  if (answer.status !== 200) throw new Error(`fetch: ${JSON.stringify(answer.body)}`);
  return (answer.body.parcels as string[]).map((text) => {
    const parcel = decodeParcel(new Uint8Array(Buffer.from(text, "base64url")));
    if (!parcel.ok) throw new Error(`a parcel of the service does not read: ${parcel.check}`);
    return parcel.value;
  });
}

/** Fetches, goes to the lock, brings back what it said. `parcels`: fetched earlier. */
export async function visit(
  service: Service,
  token: string,
  { lock }: Hung,
  parcels?: readonly Parcel[],
): Promise<Trip> {
  const trip = travel(lock, parcels ?? (await fetched(service, token)));
  if (trip.slips.length > 0) {
    const slips = trip.slips.map((slip) => Buffer.from(encodeReturnSlip(slip)).toString("base64url"));
    const answer = await service.call("deliverSlips", { token, body: { slips } });
    if (answer.status !== 200) throw new Error(`deliver: ${JSON.stringify(answer.body)}`);
  }
  return trip;
}

/** How the lock shows itself now, in hex. */
export function tagOf(hello: Uint8Array): string {
  const read = readHello(hello);
  if (!read.ok) throw new Error(read.check);
  return toHex(read.value.tag);
}
