/**
 * What a phone asks as a courier: parcels for the doors it may stand at, and the slips that locks gave it. It is handed
 * sealed bytes and brings signed ones; the books say which phone had what.
 */
import {
  decodeReturnSlip,
  encodeParcel,
  fromHex,
  lifeHoursDefault,
  type Parcel,
  type ReturnSlip,
  toHex,
} from "@doorsync/protocol/authority";
import { timeToken } from "../issue/time.ts";
import { needsIssue } from "../issue/version.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { isInEpoch, type Ledger, newestVersion } from "../model/ledger.ts";
import { mayAct } from "../model/permission.ts";
import { commissionParcel } from "../office/commission.ts";
import { parcelsFor, raised } from "../office/issue.ts";
import type { Office } from "../office/office.ts";
import { type SlipOutcome, takeSlip } from "../office/receive.ts";
import { noteHanded, noteVisit } from "../store/couriers.ts";
import { inOne, withDoorIn } from "../store/ledgers.ts";
import {
  commissionOf,
  type DoorEntry,
  doorById,
  doorsByTag,
  lockById,
  presentLock,
} from "../store/registry.ts";
import type { LockTable } from "../store/schema.ts";
import { type Changed, noteChanges } from "../store/trail.ts";
import { rolesAtDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { doorsToServe } from "./doors.ts";

/** Doors served in one call; a phone that meets more locks asks for them by their tags. */
export const doorsPerFetchMax = 64;
export const slipsPerDeliveryMax = 64;

export interface Fetched {
  /** As a mailbox holds them, in base64url. */
  readonly parcels: readonly string[];
  /** Doors were left out: ask by tag. */
  readonly more: boolean;
}

/** A courier must be able to stand at a door; the vendor's people are refused (F29), whatever they carry. */
function mayCarry(actor: Actor): Decision<true> {
  return mayAct({ roles: actor.isVendor ? ["vendor"] : ["guest"], client: actor.client }, "sync");
}

/**
 * Everything that the doors of this phone's owner wait for, or what the locks with these tags (hex) do. What is given is
 * booked first, in the same transaction: a version that left the house is never given out twice with other content.
 */
export async function fetchParcels(
  office: Office,
  actor: Actor,
  wish: { readonly tags: readonly string[] | undefined },
): Promise<Decision<Fetched>> {
  const may = mayCarry(actor);
  if (!may.ok) return may;
  const doors =
    wish.tags === undefined ? await doorsToServe(office, actor) : await doorsAt(office, actor, wish.tags);
  const parcels: Parcel[] = [];
  // In the order of their ids: two who fetch at once wait for one another and never in a circle.
  const served = [...doors].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, doorsPerFetchMax);
  for (const door of served) parcels.push(...(await serveDoor(office, door, actor)));
  return grant({
    parcels: parcels.map((parcel) => toBase64(encodeParcel(parcel))),
    more: doors.length > served.length,
  });
}

async function doorsAt(office: Office, actor: Actor, tags: readonly string[]): Promise<readonly DoorEntry[]> {
  const bytes = tags.map((tag) => fromHex(tag)).filter((tag) => tag !== undefined);
  const doors: DoorEntry[] = [];
  for (const door of await doorsByTag(office.db, bytes)) {
    if ((await rolesAtDoor(office, actor.personId, door)).length > 0) doors.push(door);
  }
  return doors;
}

/** Who carries, in the books; without an account it is the broker of the connected locks. */
export interface Carrier {
  readonly phoneId: string;
  readonly accountId: string | null;
}

/** The parcels that a door's lock may need now; the next version is made here and not before (`office/issue.ts`). */
export async function serveDoor(
  office: Office,
  door: DoorEntry,
  courier: Carrier,
): Promise<readonly Parcel[]> {
  return await inOne(office.db, async (trx) =>
    withDoorIn(trx, door.id, async (ledger) => {
      const offer = await commissionOf(trx, door.id);
      const offers = offer === undefined ? [] : [commissionParcel(office, offer)];
      const lock = await presentLock(trx, door.id);
      if (lock === undefined || ledger.lock === undefined) return { ledger, result: offers };
      const next = upToDate(office, lock, ledger);
      const version = next.lock === undefined ? 0 : newestVersion(next.lock).version;
      const parcels = await parcelsFor(office, trx, lock, next);
      const isGiven = parcels.some(({ kind }) => kind === "update" || kind === "snapshot");
      if (!isGiven) return { ledger: next, result: [...offers, ...parcels] };
      await noteHanded(trx, {
        door_id: door.id,
        epoch: lock.epoch,
        version,
        phone_id: courier.phoneId,
        account_id: courier.accountId,
        at: office.now,
      });
      return { ledger: next, result: [...offers, ...parcels] };
    }),
  );
}

/** With the next version, booked as handed out, where one is due: something changed, the newest ran out, or half of a lease is over. */
function upToDate(office: Office, lock: LockTable, ledger: Ledger): Ledger {
  if (ledger.lock === undefined) return ledger;
  const { issuedAt, version } = newestVersion(ledger.lock);
  const isHalfOver = ledger.leaseHours > 0 && office.now - issuedAt >= ledger.leaseHours * 1_800;
  const isDue = needsIssue(ledger, office.now) || isHalfOver || version === 0 || !isInEpoch(ledger.lock);
  if (!isDue) return ledger;
  const wish = { lifeHours: lifeHoursDefault, renew: isHalfOver, snapshot: false };
  const next = raised(office, lock, ledger, wish);
  return next.ok ? next.value.ledger : ledger;
}

export interface Delivered {
  readonly outcome: SlipOutcome | "unreadable";
  readonly doorId: string | null;
  readonly version: number | null;
  readonly refusal: string | null;
  readonly events: number;
}

/** Takes in what a lock gave to whichever phone. What counts is the lock's signature; the phone is written down. */
export async function deliverSlips(
  office: Office,
  actor: Actor,
  wish: { readonly slips: readonly string[] },
): Promise<Decision<readonly Delivered[]>> {
  const may = mayCarry(actor);
  if (!may.ok) return may;
  const slips = wish.slips.map((text) => readSlip(Buffer.from(text, "base64url")));
  const done = new Map<ReadSlip, Delivered>();
  const changes: Changed[] = [];
  // Lock by lock in one order, and the feed last: two couriers who bring the same locks' slips wait for one another once.
  for (const slip of [...slips].sort((a, b) => (a.lock < b.lock ? -1 : a.lock > b.lock ? 1 : 0))) {
    const taken = await takeIn(office, actor, slip);
    done.set(slip, taken.delivered);
    changes.push(...taken.changes);
  }
  await noteChanges(office.db, changes);
  return grant(slips.flatMap((slip) => done.get(slip) ?? []));
}

export async function deliverSlip(office: Office, courier: Carrier, bytes: Uint8Array): Promise<Delivered> {
  const { delivered, changes } = await takeIn(office, courier, readSlip(bytes));
  await noteChanges(office.db, changes);
  return delivered;
}

interface ReadSlip {
  readonly slip: ReturnSlip | undefined;
  /** Of what lock, in hex; nothing where the slip cannot be read. */
  readonly lock: string;
  readonly bytes: Uint8Array;
}

function readSlip(given: Uint8Array): ReadSlip {
  const bytes = new Uint8Array(given);
  const slip = decodeReturnSlip(bytes);
  return slip.ok
    ? { slip: slip.value, lock: toHex(slip.value.lockId), bytes }
    : { slip: undefined, lock: "", bytes };
}

async function takeIn(
  office: Office,
  courier: Carrier,
  { slip, bytes }: ReadSlip,
): Promise<{ readonly delivered: Delivered; readonly changes: readonly Changed[] }> {
  if (slip === undefined) {
    const delivered = {
      outcome: "unreadable",
      doorId: null,
      version: null,
      refusal: null,
      events: 0,
    } as const;
    return { delivered, changes: [] };
  }
  const wish = { lifeHours: lifeHoursDefault, renew: false, snapshot: false };
  const file = toHex(office.crypto.hash(bytes).slice(0, 4));
  const { doorId, taken } = await takeSlip(
    office,
    wish,
    { file, slip },
    { doors: new Map(), names: new Map() },
  );
  const changes: Changed[] = [];
  if (doorId !== undefined) {
    for (const { person, from, to } of taken.changes)
      changes.push({ ...blank(office.now, doorId), person_id: person, kind: `code.${to}`, detail: from });
    if (taken.outcome === "commissioned" || taken.outcome === "proven" || taken.outcome === "contradicts")
      changes.push({ ...blank(office.now, doorId), kind: `lock.${taken.outcome}`, detail: null });
    if (taken.events > 0) changes.push({ ...blank(office.now, doorId), kind: "lock.events", detail: null });
    // A version stands only where the lock's signature was checked: one of an earlier epoch is anybody's word.
    if (slip.kind === "receipt" && taken.version !== undefined)
      await noteVisit(office.db, {
        door_id: doorId,
        phone_id: courier.phoneId,
        account_id: courier.accountId,
        at: office.now,
        outcome: receiptOutcome,
        version: taken.version ?? null,
        conditions: null,
      });
  }
  const delivered = {
    outcome: taken.outcome,
    doorId: doorId ?? null,
    version: taken.version ?? null,
    refusal: taken.refusal ?? null,
    events: taken.events,
  };
  return { delivered, changes: doorId === undefined ? [] : await ofProperty(office, doorId, changes) };
}

function blank(at: number, doorId: string): Omit<Changed, "kind" | "detail"> {
  return { at, property_id: "", door_id: doorId, person_id: null };
}

/** For the feed of the door's property. */
async function ofProperty(
  office: Office,
  doorId: string,
  changes: readonly Changed[],
): Promise<readonly Changed[]> {
  if (changes.length === 0) return [];
  const door = await doorById(office.db, doorId);
  if (door === undefined) throw new Error("a slip was taken in for a door that is not there");
  return changes.map((change) => ({ ...change, property_id: door.propertyId }));
}

/** In the books on visits: a lock's verified word was brought. Not for a phone to say of itself. */
const receiptOutcome = "receipt";

/** What a phone met at a door, in its own words: a hint for people, and never a proof. REQUEST_UNFIT, NO_SUCH. */
export async function reportVisit(
  office: Office,
  actor: Actor,
  wish: {
    readonly tag: string;
    readonly outcome: string;
    readonly version: number | undefined;
    readonly conditions: readonly string[];
  },
): Promise<Decision<undefined>> {
  const may = mayCarry(actor);
  if (!may.ok) return may;
  if (wish.outcome === receiptOutcome)
    return deny("REQUEST_UNFIT", "outcome: a receipt is delivered, not told of");
  const [door] = await doorsAt(office, actor, [wish.tag]);
  if (door === undefined) return deny("NO_SUCH", "lock");
  await noteVisit(office.db, {
    door_id: door.id,
    phone_id: actor.phoneId,
    account_id: actor.accountId,
    at: office.now,
    outcome: wish.outcome,
    version: wish.version ?? null,
    conditions: wish.conditions.length === 0 ? null : wish.conditions.join(" "),
  });
  await noteChanges(office.db, [
    {
      ...blank(office.now, door.id),
      property_id: door.propertyId,
      kind: "door.visited",
      detail: wish.outcome,
    },
  ]);
  return grant(undefined);
}

/** The time, for one lock's nonce and only for it (base64url). */
export async function askTime(
  office: Office,
  actor: Actor,
  wish: { readonly lockId: string; readonly epoch: number; readonly nonce: string },
): Promise<Decision<{ readonly token: string }>> {
  const may = mayCarry(actor);
  if (!may.ok) return may;
  const lockId = fromHex(wish.lockId);
  const lock = lockId === undefined ? undefined : await lockById(office.db, lockId);
  const door = lock === undefined ? undefined : await doorById(office.db, lock.door_id);
  if (lock === undefined || door === undefined) return deny("NO_SUCH", "lock");
  if ((await rolesAtDoor(office, actor.personId, door)).length === 0) return deny("NO_SUCH", "lock");
  const asked = { epoch: wish.epoch, nonce: new Uint8Array(Buffer.from(wish.nonce, "base64url")) };
  const name = { lockId: lock.lock_id, epoch: lock.epoch };
  const token = timeToken(office.crypto, office.keys.time, name, asked, office.now);
  return token.ok ? grant({ token: toBase64(token.value) }) : token;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
