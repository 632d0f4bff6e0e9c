/**
 * What a phone brings as a courier: the slips that locks gave it, which count by the locks' signatures, and its own word
 * for how a visit went, which proves nothing. Not what it is handed: that is `hand-out.ts`.
 */
import { decodeReturnSlip, lifeHoursDefault, type ReturnSlip, toHex } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { type SlipOutcome, takeSlip } from "../office/receive.ts";
import { hasBrought, noteVisit } from "../store/couriers.ts";
import { doorById, doorsOfLocks } from "../store/registry.ts";
import { type Changed, noteChanges } from "../store/trail.ts";
import type { Actor } from "./actor.ts";
import { type Carrier, doorsAt, mayCarry } from "./courier.ts";

export const slipsPerDeliveryMax = 64;
/** How late a phone may tell of a visit, in seconds: as long as a session lives. */
export const visitSecondsMax: number = 30 * 86_400;

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
  const lockIds = slips.flatMap(({ slip }) => (slip === undefined ? [] : [slip.lockId]));
  const doors = await doorsOfLocks(office.db, lockIds);
  const doorOf = ({ lock }: ReadSlip): string => doors.get(lock) ?? "";
  // Door by door in the order of all acts, that of the doors' ids, and the feed last: whoever else locks several of these
  // doors waits, and never in a circle. Slips of one door stay in the order in which they came.
  for (const slip of [...slips].sort((a, b) =>
    doorOf(a) < doorOf(b) ? -1 : doorOf(a) > doorOf(b) ? 1 : 0,
  )) {
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
  const { doorId, taken, isNews } = await takeSlip(
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
    if (slip.kind === "receipt" && taken.version !== undefined) {
      const visit = {
        door_id: doorId,
        phone_id: courier.phoneId,
        account_id: courier.accountId,
        at: office.now,
        outcome: receiptOutcome,
        version: taken.version,
        conditions: null,
      };
      // The same receipt again is no visit: a lock without a clock gives each phone the same, and each once.
      if (isNews || !(await hasBrought(office.db, visit))) await noteVisit(office.db, visit);
    }
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
    readonly secondsAgo: number;
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
    at: office.now - wish.secondsAgo,
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
