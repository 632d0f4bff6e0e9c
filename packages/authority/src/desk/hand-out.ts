/**
 * What a phone is handed as a courier: sealed parcels for the doors it may stand at, and the time for one lock's nonce.
 * The books say which phone had what. Not what it brings back: that is `take-in.ts`.
 */
import { encodeParcel, fromHex, lifeHoursDefault, type Parcel } from "@doorsync/protocol/authority";
import { isHalfOver } from "../issue/behind.ts";
import { timeToken } from "../issue/time.ts";
import { needsIssue } from "../issue/version.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { classOf, isDoubted, isInEpoch, type Ledger, newestVersion } from "../model/ledger.ts";
import { codeState } from "../model/proof.ts";
import { doorsOfTurn, doorsPerFetchMax } from "../model/turn.ts";
import { commissionParcel } from "../office/commission.ts";
import { parcelsFor, raised } from "../office/issue.ts";
import type { Office } from "../office/office.ts";
import { noteHanded } from "../store/couriers.ts";
import { inOne, withDoorIn } from "../store/ledgers.ts";
import { commissionOf, type DoorEntry, doorById, lockById, presentLock } from "../store/registry.ts";
import type { LockTable } from "../store/schema.ts";
import { doorsThatWait, noteServed, turnsOf } from "../store/served.ts";
import { type Changed, handedDetail, noteChanges } from "../store/trail.ts";
import { rolesAtDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { type Carrier, doorsAt, mayCarry } from "./courier.ts";
import { doorsToServe, ownDoorsOf } from "./doors.ts";

export interface Fetched {
  /** As a mailbox holds them, in base64url. */
  readonly parcels: readonly string[];
  /** Doors were left out: ask by tag. */
  readonly more: boolean;
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
  const served = await inTurn(office, actor, doors);
  const changes: Changed[] = [];
  for (const door of served) {
    const given = await serveDoor(office, door, actor);
    parcels.push(...given.parcels);
    changes.push(...given.changes);
  }
  await noteChanges(office.db, changes);
  return grant({
    parcels: parcels.map((parcel) => toBase64(encodeParcel(parcel))),
    more: doors.length > served.length,
  });
}

/**
 * As many doors as one answer holds, in the order of their ids: two who fetch at once wait for one another and never in
 * a circle. A phone with more doors is served its own and those that wait first, and the others by turns.
 */
async function inTurn(
  office: Office,
  actor: Actor,
  doors: readonly DoorEntry[],
): Promise<readonly DoorEntry[]> {
  const ordered = [...doors].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (ordered.length <= doorsPerFetchMax) return ordered;
  const ids = ordered.map(({ id }) => id);
  const isOwn = await ownDoorsOf(office, actor);
  const waiting = await doorsThatWait(office.db, ids, office.now);
  const turns = await turnsOf(office.db, actor.phoneId);
  const chosen = doorsOfTurn(
    ordered.map((door) => ({
      id: door.id,
      rank: isOwn(door) ? "own" : waiting.has(door.id) ? "waiting" : "other",
      turn: turns.get(door.id),
    })),
  );
  await noteServed(office.db, actor.phoneId, chosen, Math.max(0, ...turns.values()) + 1);
  const isChosen = new Set(chosen);
  return ordered.filter(({ id }) => isChosen.has(id));
}

export interface ServedDoor {
  readonly parcels: readonly Parcel[];
  /** For the feed, which whoever serves several doors tells last. */
  readonly changes: readonly Changed[];
}

/** The parcels that a door's lock may need now; the next version is made here and not before (`office/issue.ts`). */
export async function serveDoor(office: Office, door: DoorEntry, courier: Carrier): Promise<ServedDoor> {
  return await inOne(office.db, async (trx) =>
    withDoorIn(trx, door.id, async (ledger) => {
      const offer = await commissionOf(trx, door.id);
      const offers = offer === undefined ? [] : [commissionParcel(office, offer)];
      const lock = await presentLock(trx, door.id);
      if (lock === undefined || ledger.lock === undefined)
        return { ledger, result: { parcels: offers, changes: [] } };
      const next = upToDate(office, lock, ledger);
      const changes = changesAt(office, door, ledger, next);
      const version = next.lock === undefined ? 0 : newestVersion(next.lock).version;
      const parcels = await parcelsFor(office, trx, lock, next);
      const isGiven = parcels.some(({ kind }) => kind === "update" || kind === "snapshot");
      const result = { parcels: [...offers, ...parcels], changes };
      if (!isGiven) return { ledger: next, result };
      await noteHanded(trx, {
        door_id: door.id,
        epoch: lock.epoch,
        version,
        phone_id: courier.phoneId,
        account_id: courier.accountId,
        at: office.now,
      });
      return { ledger: next, result };
    }),
  );
}

/**
 * With the next version, booked as handed out, where one is due: something changed, the newest ran out, or half of a
 * lease is over. None while the books are in doubt.
 */
export function upToDate(office: Office, lock: LockTable, ledger: Ledger): Ledger {
  if (ledger.lock === undefined || isDoubted(ledger.lock)) return ledger;
  const { version } = newestVersion(ledger.lock);
  const renew = isHalfOver(ledger, office.now);
  const isDue = needsIssue(ledger, office.now) || renew || version === 0 || !isInEpoch(ledger.lock);
  if (!isDue) return ledger;
  const wish = { lifeHours: lifeHoursDefault, renew, snapshot: false };
  const next = raised(office, lock, ledger, wish);
  if (next.ok) return next.value.ledger;
  // No version could be made at all: the door says so until one can.
  switch (next.denial) {
    case "RULES_EXHAUSTED":
    case "VERSIONS_EXHAUSTED":
      return { ...ledger, lock: { ...ledger.lock, heldUp: next.denial } };
    default:
      throw new Error(`no version could be made for a door with a lock: ${next.denial}`);
  }
}

/**
 * What making a version changed besides: what is on its way from now on, whose time was over and was taken out, and
 * whether something waits for room.
 */
export function changesAt(
  office: Office,
  door: DoorEntry,
  before: Ledger,
  after: Ledger,
): readonly Changed[] {
  const blank = { at: office.now, property_id: door.propertyId, door_id: door.id };
  const old = new Map(before.codes.map((code) => [code.id, code]));
  const ended = after.codes.flatMap((code): Changed[] => {
    const was = old.get(code.id);
    const state = codeState(code, after.lock);
    if (was === undefined || codeState(was, before.lock) === state) return [];
    // Nobody wished for anything when a phone took it along: what waits has waited since before.
    const detail = state === "setting" ? handedDetail : classOf(code);
    return [{ ...blank, person_id: code.person, kind: `code.${state}`, detail }];
  });
  const [was, is] = [before.lock?.heldUp, after.lock?.heldUp];
  if (was === is) return ended;
  const kind = is === undefined ? "lock.goes-on" : "lock.held-up";
  return [...ended, { ...blank, person_id: null, kind, detail: is ?? null }];
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
