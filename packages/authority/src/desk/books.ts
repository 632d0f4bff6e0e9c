/**
 * What was written down: the log of a door's lock with its gaps marked, the visits of phones at a door, and the audit of
 * what was decided in a property. All are read a page at a time, the newest first.
 */
import {
  alarmCodes,
  eventClasses,
  lockOperationTypes,
  nameOf,
  operationErrors,
  refusalByCode,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import { type LogEntry, readLogOf } from "../office/log.ts";
import type { Office } from "../office/office.ts";
import { visitsAt } from "../store/couriers.ts";
import { namesWithin, ownersOf } from "../store/names.ts";
import type { DoorEntry } from "../store/registry.ts";
import { standingsOf } from "../store/standings.ts";
import { decisionsOf } from "../store/trail.ts";
import { atDoor, atProperty } from "./access.ts";
import type { Actor } from "./actor.ts";

export interface Page {
  readonly countMax: number;
  /** Number of the oldest line of the page before. */
  readonly before: number | undefined;
}

export interface LogLine {
  readonly seq: number;
  readonly at: number;
  /** The lock did not know the time: it may have been much later. */
  readonly uncertain: boolean;
  readonly receivedAt: number;
  readonly kind: string;
  /** The detail in a word, null where there is none to say. */
  readonly detail: string | null;
  readonly source: string;
  readonly credential: number | null;
  readonly person: string | null;
  readonly version: number;
  readonly count: number;
  /** What is missing here, because the lock had no room for it. */
  readonly gap: {
    readonly class: string;
    readonly count: number;
    readonly isAtLeast: boolean;
    readonly isOpen: boolean;
  } | null;
}

export interface DoorLogSaid {
  /** Events held: 1 to this number, without a hole. */
  readonly held: number;
  /** Newer ones that the lock was last heard to have. */
  readonly waiting: number;
  readonly alarm: boolean;
  readonly entries: readonly LogLine[];
}

/**
 * NO_SUCH, NOT_ALLOWED, NOT_COMMISSIONED. Who lives there reads what was written since they do: when those before them
 * came and went is none of their business. Managers read all.
 */
export async function readDoorLog(
  office: Office,
  actor: Actor,
  wish: Page & { readonly doorId: string },
): Promise<Decision<DoorLogSaid>> {
  const access = await atDoor(office, actor, wish.doorId, "viewLog");
  if (!access.ok) return access;
  const { door } = access.value;
  const log = await readLogOf(office, door, wish);
  if (log === undefined) return deny("NOT_COMMISSIONED", door.name);
  const { held, waiting, alarm } = log;
  const since = access.value.roles.includes("manager") ? 0 : await livesHereSince(office, actor, door);
  // By the lower bound of the lock's time: what may have been before is left out.
  const entries = log.entries.filter(({ at }) => at >= since);
  return grant({ held, waiting, alarm, entries: entries.toReversed().map(lineOf) });
}

async function livesHereSince(office: Office, actor: Actor, door: DoorEntry): Promise<number> {
  const here = (await standingsOf(office.db, actor.personId)).filter(
    ({ propertyId, unitId, role, isSuspended }) =>
      propertyId === door.propertyId &&
      (unitId === "" || unitId === door.unitId) &&
      (role === "resident" || role === "host") &&
      !isSuspended,
  );
  return Math.min(...here.map(({ since }) => since));
}

function lineOf(entry: LogEntry): LogLine {
  const { seq, at, uncertain, receivedAt, kind, source, version, count } = entry;
  const { credential = null, person = null, gap = null } = entry;
  const detail = detailOf(entry) ?? null;
  return { seq, at, uncertain, receivedAt, kind, detail, source, credential, person, version, count, gap };
}

function detailOf({ kind, detail }: LogEntry): string | undefined {
  switch (kind) {
    case "LockOperation":
      return nameOf(lockOperationTypes, detail);
    case "LockOperationError":
      return nameOf(operationErrors, detail);
    case "DoorLockAlarm":
      return nameOf(alarmCodes, detail);
    case "Gap":
      return nameOf(eventClasses, detail);
    case "SyncRefused":
      return refusalByCode(detail);
    case "LockUserChange":
    case "TimeSet":
    case "Boot":
    case "KeyRotation":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** What a phone met at the door by its own word, or `receipt`: it brought the lock's. */
export interface VisitLine {
  readonly id: number;
  readonly at: number;
  /** `broker` for the connected locks'. */
  readonly phone: string;
  readonly person: string | null;
  readonly outcome: string;
  readonly version: number | null;
  readonly conditions: readonly string[];
}

/** NO_SUCH, NOT_ALLOWED: for who looks after the door. */
export async function readVisits(
  office: Office,
  actor: Actor,
  wish: Page & { readonly doorId: string },
): Promise<Decision<readonly VisitLine[]>> {
  const access = await atDoor(office, actor, wish.doorId, "troubleshoot");
  if (!access.ok) return access;
  const rows = await visitsAt(office.db, access.value.door.id, wish.countMax, wish.before);
  const owners = await ownersOf(
    office.db,
    rows.flatMap((row) => (row.account_id === null ? [] : [row.account_id])),
  );
  return grant(
    rows.map((row) => ({
      id: row.id,
      at: row.at,
      phone: row.phone_id,
      person: owners.get(row.account_id ?? "")?.name ?? null,
      outcome: row.outcome,
      version: row.version,
      conditions: row.conditions === null ? [] : row.conditions.split(" "),
    })),
  );
}

export interface AuditLine {
  readonly id: number;
  readonly at: number;
  readonly action: string;
  /** `granted`, or the name of the denial. */
  readonly decision: string;
  readonly detail: string | null;
  /** Who asked; null for nobody who was logged in. */
  readonly actor: string | null;
  readonly doorId: string | null;
  /** Further doors that the request named. */
  readonly doors: readonly string[];
  readonly personId: string | null;
  readonly person: string | null;
}

export async function readAudit(
  office: Office,
  actor: Actor,
  wish: Page & { readonly propertyId: string },
): Promise<Decision<readonly AuditLine[]>> {
  const access = await atProperty(office, actor, wish.propertyId, "viewAudit");
  if (!access.ok) return access;
  const rows = await decisionsOf(office.db, wish.propertyId, wish.countMax, wish.before);
  const owners = await ownersOf(
    office.db,
    rows.flatMap((row) => (row.account_id === null ? [] : [row.account_id])),
  );
  // Whoever asks may name anybody: a name of another property stays there.
  const names = await namesWithin(
    office.db,
    wish.propertyId,
    rows.flatMap((row) => (row.person_id === null ? [] : [row.person_id])),
  );
  return grant(
    rows.map((row) => ({
      id: row.id,
      at: row.at,
      action: row.action,
      decision: row.decision,
      detail: row.detail,
      actor: owners.get(row.account_id ?? "")?.name ?? null,
      doorId: row.door_id,
      doors: row.doors === null || row.doors === "" ? [] : row.doors.split(" "),
      personId: row.person_id,
      person: names.get(row.person_id ?? "") ?? null,
    })),
  );
}
