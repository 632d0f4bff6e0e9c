/**
 * One door in full for whoever manages it: what is proven and what is wished for, code by code and without digits; and
 * all doors of a property in short. It says "works" on the lock's signature alone.
 */
import { secondsNever, toHex } from "@doorsync/protocol/authority";
import { isBehind, isHalfOf } from "../issue/behind.ts";
import { houseItems } from "../issue/items.ts";
import { planParcels } from "../issue/parcels.ts";
import { leaseEnd } from "../model/at-the-door.ts";
import { type Decision, grant } from "../model/denial.ts";
import { type HealthState, lockHealth } from "../model/health.ts";
import { type DoorKind, type HeldUp, newestVersion } from "../model/ledger.ts";
import { type LockState, lockState } from "../model/lock-state.ts";
import { type DelayWarning, delayWarning } from "../model/warnings.ts";
import type { Office } from "../office/office.ts";
import { houseMark } from "../store/house-mark.ts";
import { houseOf } from "../store/houses.ts";
import { keysOut } from "../store/keys-out.ts";
import { loadLedger } from "../store/ledgers.ts";
import { namesOf } from "../store/names.ts";
import { type DoorRow, doorRows } from "../store/overview.ts";
import { commissionOf, presentLock } from "../store/registry.ts";
import { atDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { conditionsBy, hearsayOf } from "./conditions.ts";
import { type CodeStanding, standingsIn } from "./door-change.ts";
import { type CourierSaid, type DoorWatch, watchDoor } from "./door-watch.ts";
import { momentAt } from "./openings.ts";
import { reachOf } from "./reach.ts";

export interface DoorInShort {
  readonly id: string;
  readonly name: string;
  readonly kind: DoorKind;
  readonly link: string;
  readonly unitId: string | null;
  readonly unit: string | null;
  readonly lock: LockState;
  readonly provenVersion: number | null;
  readonly newestVersion: number | null;
  readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | null;
  /** Codes and cards by their state. */
  readonly counts: Readonly<Record<"unset" | "setting" | "set" | "removing" | "unknown", number>>;
  readonly pending: boolean;
  /** Since when the oldest change waits for its proof. */
  readonly waitingSince: number | null;
  /** A change has waited for its proof longer than the property finds usual. */
  readonly delayed: boolean;
  readonly alarm: boolean;
  readonly health: HealthState;
}

/** Every door within reach, from rows alone. */
export async function listDoorStates(
  office: Office,
  actor: Actor,
  propertyId: string,
): Promise<Decision<readonly DoorInShort[]>> {
  const reach = await reachOf(office, actor, propertyId, "viewPeople");
  if (!reach.ok) return reach;
  const { policy, unitIds } = reach.value;
  const wished = await houseWished(office, propertyId);
  const rows = await doorRows(office.db, propertyId, unitIds);
  return grant(rows.map((row) => inShort(row, policy.delayHours, wished, office.now)));
}

/** What the property wishes for all its doors: the lease, and the mark of what a table says for the house. */
interface HouseWished {
  readonly leaseHours: number;
  readonly markOf: (kind: DoorKind) => string;
}

async function houseWished({ db }: Office, propertyId: string): Promise<HouseWished> {
  const { leaseHours, house } = await houseOf(db, propertyId);
  const known = new Map<DoorKind, string>();
  const markOf = (kind: DoorKind): string => {
    const mark = known.get(kind) ?? toHex(houseMark(houseItems(kind, leaseHours, house)));
    known.set(kind, mark);
    return mark;
  };
  return { leaseHours, markOf };
}

/** As of one door in full: a version, a repair, a wish, another house or a renewal of the lease waits. */
function isWaiting(row: DoorRow, wished: HouseWished, now: number): boolean {
  const { newest, newest_house, newest_issued_at, said_flags } = row;
  if (said_flags !== null && conditionsBy({ flags: said_flags }).damaged) return true;
  if (row.unset + row.setting + row.removing > 0 || newest !== row.proven) return true;
  if (newest === null || newest === 0 || newest_issued_at === null) return false;
  const isOtherHouse = newest_house !== null && toHex(newest_house) !== wished.markOf(row.kind as DoorKind);
  return isOtherHouse || row.held_up !== null || isHalfOf(wished.leaseHours, newest_issued_at, now);
}

function inShort(row: DoorRow, delayHours: number, wished: HouseWished, now: number): DoorInShort {
  const { unset, setting, set, removing, unknown } = row;
  const since = row.waiting_since;
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as DoorKind,
    link: row.link,
    unitId: row.unit_id,
    unit: row.unit,
    lock: lockState(row.proven, row.offered),
    provenVersion: row.proven,
    newestVersion: row.newest,
    lastSync: syncOf(row.sync_lock_seconds, row.sync_received_at),
    counts: { unset, setting, set, removing, unknown },
    pending: isWaiting(row, wished, now),
    waitingSince: since,
    delayed: since !== null && delayWarning({ delayHours }, "setting", since, now) !== undefined,
    alarm: row.contradicted !== null,
    health: healthOf(row, now),
  };
}

/** By the lock's signed word and a later phone's; what the log says besides is told of a single door only. */
function healthOf(row: DoorRow, now: number): HealthState {
  const said =
    row.said_flags === null || row.said_received_at === null
      ? undefined
      : { flags: row.said_flags, receivedAt: row.said_received_at };
  const signed = said === undefined ? undefined : conditionsBy(said);
  const told = row.told_at === null ? undefined : { conditions: row.told_conditions, at: row.told_at };
  const leaseEndsAt = leaseEnd({ leaseHours: row.proven_lease_hours ?? 0 }, row.proven_issued_at ?? 0);
  const known = {
    lock: lockState(row.proven, row.offered),
    link: row.link === "offline" ? ("offline" as const) : ("connected" as const),
    lastContactAt: row.sync_received_at ?? undefined,
    lastTry: undefined,
    battery: signed?.lowBattery === true ? ("low" as const) : undefined,
    jammed: signed?.jammed === true,
    doorAjar: signed?.doorAjar === true,
    rebooting: signed?.rebooting === true,
    contradicted: row.contradicted !== null,
    damaged: signed?.damaged === true,
    leaseOver: leaseEndsAt <= now && leaseEndsAt !== secondsNever && (row.proven ?? 0) > 0,
    hearsay: hearsayOf(told, said),
    heldUp: (row.held_up ?? undefined) as HeldUp | undefined,
    doubted: row.is_doubted,
  };
  return lockHealth(known, now).state;
}

export interface CodeAtDoor extends CodeStanding {
  readonly personId: string;
  readonly person: string;
  /** Number of the credential in the lock's log; null before the first version that holds it. */
  readonly credential: number | null;
  /** Since when it is wished to be as it is. */
  readonly since: number;
  readonly warnings: readonly DelayWarning[];
}

export interface KeyOut {
  readonly id: string;
  readonly personId: string;
  readonly person: string;
  readonly label: string;
  readonly givenAt: number;
}

export interface DoorInFull extends DoorWatch {
  readonly id: string;
  readonly name: string;
  readonly kind: DoorKind;
  readonly link: string;
  readonly unitId: string | null;
  readonly propertyId: string;
  readonly lock: LockState;
  readonly lockId: string | null;
  /** How the lock shows itself over the air. */
  readonly lockTag: string | null;
  readonly epoch: number | null;
  readonly provenVersion: number | null;
  readonly newestVersion: number | null;
  readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | null;
  readonly pending: boolean;
  /** The lock needs the whole table anew. */
  readonly needsSnapshot: boolean;
  readonly alarm: boolean;
  /** Why something that was granted is in no version; null: nothing waits for room. */
  readonly heldUp: HeldUp | null;
  /** Codes, cards and keys that the lock holds at most; null: nobody has said so yet. */
  readonly capacity: number | null;
  readonly leaseHours: number;
  readonly codes: readonly CodeAtDoor[];
  readonly couriers: readonly CourierSaid[];
  readonly keys: readonly KeyOut[];
}

/** NO_SUCH, NOT_ALLOWED: for who looks after the door. Codes that are proven gone are left out. */
export async function readDoor(office: Office, actor: Actor, doorId: string): Promise<Decision<DoorInFull>> {
  const access = await atDoor(office, actor, doorId, "troubleshoot");
  if (!access.ok) return access;
  const { door, policy } = access.value;
  const ledger = await loadLedger(office.db, door.id);
  const lock = await presentLock(office.db, door.id);
  const offered = (await commissionOf(office.db, door.id)) !== undefined;
  const keys = await keysOut(office.db, door.id);
  const held = ledger.codes.filter(({ released }) => !released);
  const personIds = [...new Set([...held.map(({ person }) => person), ...keys.map((key) => key.person_id)])];
  const names = await namesOf(office.db, personIds);
  const nameOf = (id: string): string => names.get(id) ?? id;
  const standingOf = standingsIn(ledger, await momentAt(office, door.id, ledger));
  const codes = held.map((code): CodeAtDoor => {
    const standing = standingOf(code);
    const since = code.wishedAt;
    const warning = delayWarning(policy, standing.state, since, office.now);
    return {
      ...standing,
      personId: code.person,
      person: nameOf(code.person),
      credential: code.wireId ?? null,
      since,
      warnings: warning === undefined ? [] : [warning],
    };
  });
  const standing = ledger.lock;
  const newest = standing === undefined ? null : newestVersion(standing).version;
  return grant({
    id: door.id,
    name: door.name,
    kind: door.kind,
    link: door.link,
    unitId: door.unitId,
    propertyId: door.propertyId,
    lock: lockState(standing?.proven, offered),
    lockId: lock === undefined ? null : toHex(lock.lock_id),
    lockTag: lock === undefined ? null : toHex(lock.tag),
    epoch: standing?.epoch ?? null,
    provenVersion: standing?.proven ?? null,
    newestVersion: newest,
    lastSync: standing?.lastSync ?? null,
    pending: isBehind(ledger, office.now) || codes.some((code) => code.pending),
    needsSnapshot: standing !== undefined && planParcels(standing).snapshot,
    alarm: standing?.contradicted !== undefined,
    heldUp: standing?.heldUp ?? null,
    capacity: standing?.capacity ?? null,
    leaseHours: ledger.leaseHours,
    codes,
    keys: keys.map((key) => ({
      id: key.id,
      personId: key.person_id,
      person: nameOf(key.person_id),
      label: key.label,
      givenAt: key.given_at,
    })),
    ...(await watchDoor(office, door, { lock, ledger, offered })),
  });
}

function syncOf(lockSeconds: number | null, receivedAt: number | null): DoorInShort["lastSync"] {
  return lockSeconds === null || receivedAt === null ? null : { lockSeconds, receivedAt };
}
