/**
 * What a lock and its couriers were last seen to do: its health in words with the next steps (F28), which phone was
 * handed what and was at the door without delivering it, what the lock refused. Read from books; nothing is decided.
 */
import {
  alarmCodes,
  describeRefusal,
  type LockEvent,
  lockOperationTypes,
  operationErrors,
  refusalByCode,
} from "@doorsync/protocol/authority";
import { isLeaseOver } from "../issue/behind.ts";
import { type CourierStanding, courierStandings } from "../model/courier.ts";
import { type LockHealth, type LockKnowledge, lockHealth } from "../model/health.ts";
import { isDoubted, type Ledger } from "../model/ledger.ts";
import { lockState } from "../model/lock-state.ts";
import type { Office } from "../office/office.ts";
import { handedAt, type VisitRow, visitsAt } from "../store/couriers.ts";
import { type KeptEvent, loadEvents } from "../store/journals.ts";
import { ownersOf } from "../store/names.ts";
import type { DoorEntry } from "../store/registry.ts";
import type { HandedTable, LockTable, ReceiptTable } from "../store/schema.ts";
import { conditionsBy, hearsayOf, type SignedConditions } from "./conditions.ts";

const eventsRead = 500;
const visitsRead = 500;
const courierSeconds = 30 * 86_400;

/** How a phone's word for the end of a visit counts; every other end is a lock that was met and did not answer well. */
const tryOutcomes: Readonly<Record<string, "synced" | "notInRange">> = {
  receipt: "synced",
  unreachable: "notInRange",
};
/** Ends that say nothing of the lock: it answered, or nobody tried. A sync counts by the receipt that it brought. */
const noTry: readonly string[] = [
  "refused",
  "unfit",
  "nothing",
  "aborted",
  "synced",
  "already",
  "commissioned",
  "rotated",
];

export interface CourierSaid extends Omit<CourierStanding, "withheld" | "door"> {
  /** First time it was at the door with an undelivered version that the lock did not have; null: never seen. */
  readonly withheld: NonNullable<CourierStanding["withheld"]> | null;
  readonly personId: string | null;
  readonly person: string | null;
}

/** The last update that the lock refused, by its own log or by a phone's word; null when a later one was proven. */
export interface RefusedUpdate {
  readonly at: number;
  readonly name: string;
  readonly words: string;
}

export interface HealthSaid extends Omit<LockHealth, "lastContactAt" | "hearsay"> {
  /** What of it a phone said and the lock did not sign; null: nothing. */
  readonly hearsay: NonNullable<LockHealth["hearsay"]> | null;
  readonly lastContactAt: number | null;
}

export interface DoorWatch {
  readonly health: HealthSaid;
  readonly couriers: readonly CourierSaid[];
  readonly refused: RefusedUpdate | null;
}

export async function watchDoor(
  office: Office,
  door: DoorEntry,
  {
    lock,
    ledger,
    offered,
  }: { readonly lock: LockTable | undefined; readonly ledger: Ledger; readonly offered: boolean },
): Promise<DoorWatch> {
  const visits = await visitsAt(office.db, door.id, visitsRead);
  const kept = lock === undefined ? [] : await loadEvents(office.db, lock.lock_id, eventsRead);
  const receipt = lock === undefined ? undefined : await newestReceipt(office, lock);
  const known = knowledgeOf(office, door, ledger, { lock, offered, visits, kept, receipt });
  const { lastContactAt = null, hearsay = null, ...health } = lockHealth(known, office.now);
  return {
    health: { ...health, hearsay, lastContactAt },
    couriers: lock === undefined ? [] : await couriersOf(office, lock, ledger, visits, kept),
    refused: refusedIn(kept),
  };
}

async function newestReceipt(office: Office, lock: LockTable): Promise<ReceiptTable | undefined> {
  return await office.db
    .selectFrom("receipts")
    .selectAll()
    .where("door_id", "=", lock.door_id)
    .where("epoch", "=", lock.epoch)
    .orderBy("received_at", "desc")
    .orderBy("version", "desc")
    .executeTakeFirst();
}

interface Seen {
  readonly lock: LockTable | undefined;
  readonly offered: boolean;
  readonly visits: readonly VisitRow[];
  readonly kept: readonly KeptEvent[];
  readonly receipt: ReceiptTable | undefined;
}

function knowledgeOf(office: Office, door: DoorEntry, ledger: Ledger, seen: Seen): LockKnowledge {
  const { visits, kept, receipt } = seen;
  const lastContactAt = Math.max(
    ledger.lock?.lastSync?.receivedAt ?? 0,
    receipt?.received_at ?? 0,
    kept.at(-1)?.receivedAt ?? 0,
  );
  const said = ledger.lock?.said;
  const conditions = said === undefined ? undefined : conditionsBy(said);
  const last = visits.find(({ outcome }) => !noTry.includes(outcome));
  return {
    lock: lockState(ledger.lock?.proven, seen.offered),
    link: door.link === "offline" ? "offline" : "connected",
    lastContactAt: lastContactAt === 0 ? undefined : lastContactAt,
    lastTry:
      last === undefined ? undefined : { outcome: tryOutcomes[last.outcome] ?? "noAnswer", at: last.at },
    battery: batteryOf(conditions, kept),
    jammed: conditions?.jammed === true || isRaised(seen, alarmCodes.LockJammed),
    doorAjar: conditions?.doorAjar === true || isRaised(seen, alarmCodes.DoorAjar),
    rebooting: conditions?.rebooting === true,
    contradicted: ledger.lock?.contradicted !== undefined,
    damaged: conditions?.damaged === true,
    leaseOver: isLeaseOver(ledger, office.now),
    hearsay: hearsayOf(
      visits.find(({ conditions: told }) => told !== null),
      said,
    ),
    heldUp: ledger.lock?.heldUp,
    doubted: ledger.lock !== undefined && isDoubted(ledger.lock),
  };
}

/** Whether an alarm that came in behind the last receipt is the last that was heard of bolt and door. */
function isRaised({ kept, receipt }: Seen, alarm: number): boolean {
  const last = kept.findLast(
    ({ event }) =>
      event.kind === "LockOperation" || (event.kind === "DoorLockAlarm" && event.detail === alarm),
  );
  return last?.event.kind === "DoorLockAlarm" && last.receivedAt > (receipt?.received_at ?? 0);
}

/** Too weak to move the bolt: it refused to for that reason, and has not moved it since. */
function batteryOf(
  conditions: SignedConditions | undefined,
  kept: readonly KeptEvent[],
): LockKnowledge["battery"] {
  const last = kept.findLast(
    ({ event }) =>
      event.kind === "LockOperation" ||
      (event.kind === "LockOperationError" && event.detail === operationErrors.InsufficientBattery),
  );
  if (last?.event.kind === "LockOperationError" && conditions?.lowBattery !== false) return "critical";
  if (conditions === undefined) return undefined;
  return conditions.lowBattery ? "low" : "ok";
}

/** A refusal that stands in the lock's own log, if no version came into force behind it. */
function refusedIn(kept: readonly KeptEvent[]): RefusedUpdate | null {
  const last = kept.findLast(({ event }) => event.kind === "SyncRefused" || event.kind === "LockUserChange");
  if (last === undefined || last.event.kind !== "SyncRefused") return null;
  const name = refusalByCode(last.event.detail);
  if (name === undefined) return null;
  return { at: last.event.at, name, words: describeRefusal(name) };
}

async function couriersOf(
  office: Office,
  lock: LockTable,
  ledger: Ledger,
  visits: readonly VisitRow[],
  kept: readonly KeptEvent[],
): Promise<readonly CourierSaid[]> {
  const handed = (await handedAt(office.db, lock.door_id, office.now - courierSeconds)).filter(
    (row) => row.epoch === lock.epoch,
  );
  const [first] = handed;
  if (first === undefined) return [];
  const accounts = handed.flatMap((row) => (row.account_id === null ? [] : [row.account_id]));
  const owners = await ownersOf(office.db, accounts);
  const ownerOf = new Map(handed.map((row) => [row.phone_id, owners.get(row.account_id ?? "")]));
  const door = lock.door_id;
  const present = visits
    .filter(({ at }) => at >= first.at)
    // A phone's own word proves no version.
    .map((row) => ({
      phone: row.phone_id,
      door,
      at: row.at,
      broughtVersion: row.outcome === "receipt" ? (row.version ?? undefined) : undefined,
    }));
  // An earlier lock gave its numbers to others: whoever has one now, or had it last.
  const holders = [...ledger.codes].sort(
    (a, b) => Number(b.released) - Number(a.released) || a.wishedAt - b.wishedAt,
  );
  const personOf = new Map(holders.map((code) => [code.wireId, code.person]));
  const opened = kept.flatMap(({ event }) => {
    const person = isOpening(event) ? personOf.get(event.credential) : undefined;
    if (person === undefined) return [];
    return phonesOf(handed, ownerOf, person).map((phone) => ({
      phone,
      door,
      at: event.at,
      broughtVersion: undefined,
    }));
  });
  const applied = kept.flatMap(({ event }) =>
    event.kind === "LockUserChange" ? [{ door, version: event.version, at: event.at }] : [],
  );
  const given = handed.map((row) => ({
    phone: row.phone_id,
    door,
    version: row.version,
    handedAt: row.at,
  }));
  return courierStandings(given, [...present, ...opened], applied).map(({ withheld = null, ...standing }) => {
    const owner = ownerOf.get(standing.phone);
    return { ...standing, withheld, personId: owner?.personId ?? null, person: owner?.name ?? null };
  });
}

/** By a lock that knows the time. */
function isOpening({ kind, detail, credential, flags }: LockEvent): boolean {
  return kind === "LockOperation" && detail === lockOperationTypes.Unlock && credential !== 0 && flags === 0;
}

function phonesOf(
  handed: readonly HandedTable[],
  ownerOf: ReadonlyMap<string, { readonly personId: string } | undefined>,
  person: string,
): readonly string[] {
  const phones = handed.map((row) => row.phone_id);
  return [...new Set(phones)].filter((phone) => ownerOf.get(phone)?.personId === person);
}
