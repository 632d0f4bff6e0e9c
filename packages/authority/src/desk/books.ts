/**
 * What was written down: the log of a door's lock with its gaps marked, and the audit of what was decided in a property.
 * Both are read a page at a time, the newest first.
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
import { namesOf, ownersOf } from "../store/roll.ts";
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

/** NO_SUCH, NOT_ALLOWED, NOT_COMMISSIONED. */
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
  return grant({ held, waiting, alarm, entries: log.entries.toReversed().map(lineOf) });
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
  const names = await namesOf(
    office.db,
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
      personId: row.person_id,
      person: names.get(row.person_id ?? "") ?? null,
    })),
  );
}
