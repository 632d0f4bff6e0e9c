/**
 * Locks on paper behind doors of a service, and phones that go between them over HTTP: many of both, where a test is
 * about the service and its database. Doors that must truly open hang in `service-door.ts`.
 */
import { formatSetup, setupTag, toHex } from "@doorsync/protocol/authority";
import { decodeParcel, encodeReturnSlip, type Parcel, type ReturnSlip } from "@doorsync/protocol/courier";
import { bytesOf, crypto } from "../world.ts";
import { type PaperLock, paperLock } from "./paper-lock.ts";
import type { Service } from "./service.ts";

type Calls = Pick<Service, "call">;

export interface PaperDoor {
  readonly doorId: string;
  readonly lock: PaperLock;
  /** How the lock shows itself, in hex. */
  readonly tag: string;
}

/** Commissions a lock for a door and brings it the first version. `tokens`: a manager's, at a desk and on a phone. */
export async function hangPaperLock(
  { call }: Calls,
  tokens: { readonly desk: string; readonly phone: string },
  doorId: string,
  entropyByte = 1,
): Promise<PaperDoor> {
  const setup = { secret: bytesOf(`setup of ${doorId}`, 16) };
  const body = { setup: formatSetup(crypto, setup) };
  const offered = await call("commissionDoor", { token: tokens.desk, params: { door: doorId }, body });
  if (offered.status !== 200) throw new Error(`commission: ${JSON.stringify(offered.body)}`);
  const lock = paperLock(crypto, setup, entropyByte);
  const met = heard(lock, await fetchedFor({ call }, tokens.phone, toHex(setupTag(crypto, setup))));
  await bring({ call }, tokens.phone, met);
  const door = { doorId, lock, tag: toHex(lock.receipt().tag) };
  await paperVisit({ call }, tokens.phone, door);
  return door;
}

/** What a phone is given for the lock that shows itself as `tag`. */
export async function fetchedFor({ call }: Calls, token: string, tag: string): Promise<readonly Parcel[]> {
  const answer = await call("fetchParcels", { token, body: { tags: [tag] } });
  if (answer.status !== 200) throw new Error(`fetch: ${JSON.stringify(answer.body)}`);
  return (answer.body.parcels as string[]).map((text) => {
    const parcel = decodeParcel(new Uint8Array(Buffer.from(text, "base64url")));
    if (!parcel.ok) throw new Error(`a parcel of the service does not read: ${parcel.check}`);
    return parcel.value;
  });
}

/** What the lock says to these parcels; refusals stay at the door. */
export function heard(lock: PaperLock, parcels: readonly Parcel[]): readonly ReturnSlip[] {
  return parcels.flatMap((parcel) => {
    const answer = lock.hear(parcel);
    return "body" in answer ? [answer] : [];
  });
}

export function slipText(slip: ReturnSlip): string {
  return Buffer.from(encodeReturnSlip(slip)).toString("base64url");
}

/** Outcomes, in the order of the slips. */
export async function bring(
  { call }: Calls,
  token: string,
  slips: readonly ReturnSlip[],
): Promise<readonly string[]> {
  const answer = await call("deliverSlips", { token, body: { slips: slips.map(slipText) } });
  if (answer.status !== 200) throw new Error(`deliver: ${JSON.stringify(answer.body)}`);
  return (answer.body.slips as { readonly outcome: string }[]).map(({ outcome }) => outcome);
}

/** Fetches, goes to the lock, brings back its receipt. */
export async function paperVisit(
  calls: Calls,
  token: string,
  { lock, tag }: PaperDoor,
): Promise<readonly string[]> {
  return await bring(calls, token, [...heard(lock, await fetchedFor(calls, token, tag)), lock.receipt()]);
}
