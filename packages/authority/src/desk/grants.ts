/**
 * Granting access, taking all of it back, and both in one step (F10). Everything a person has goes or comes with one
 * version of each door's table: there is no moment between old and new. Nothing here is done before a receipt says so.
 */
import { type Decision, deny, grant } from "../model/denial.ts";
import { type CodeLife, classOf, type Ledger, liveCode, revokeCode } from "../model/ledger.ts";
import type { Terms } from "../model/terms.ts";
import { assign } from "../office/codes.ts";
import type { Office } from "../office/office.ts";
import { type KeyHeld, keysHeldBy } from "../store/keys-out.ts";
import { loadLedger, withDoor } from "../store/ledgers.ts";
import { type DoorEntry, doorById } from "../store/registry.ts";
import { type GuestTie, guestsStill, type RollScope, restoreRoll, revokeRoll } from "../store/roll.ts";
import type { Actor } from "./actor.ts";
import { type DailyOut, dailyStill } from "./daily-out.ts";
import { changeAt, type DoorChange, tellChanges } from "./door-change.ts";
import { demandActive, doorsWithin, isWithin, type Reach, reachHeld, reachOf } from "./reach.ts";

export interface Target {
  readonly propertyId: string;
  readonly personId: string;
}

export interface GrantedDoor extends DoorChange {
  /** For somebody without an account, who could see it nowhere else; of everybody else it is nobody's but theirs. */
  readonly digits: string | null;
}

export interface Revoked {
  readonly doors: readonly DoorChange[];
  /** Guests whom this person invited keep their codes; whoever should not has to be named. */
  readonly guests: readonly GuestTie[];
  readonly dailyCodes: readonly DailyOut[];
  /** Mechanical keys go on opening, and have to be asked back. */
  readonly keys: readonly KeyHeld[];
}

/**
 * A code at each of these doors, drawn so that it differs from every one that this person ever had there. NO_SUCH for a
 * door or person out of reach, PERSON_SUSPENDED, ALREADY_ASSIGNED, LOCK_FULL: all doors or none.
 */
export async function grantAccess(
  office: Office,
  actor: Actor,
  wish: Target & { readonly doors: readonly string[]; readonly length: number | undefined },
): Promise<Decision<{ readonly doors: readonly GrantedDoor[] }>> {
  const held = await reachHeld(office, actor, wish, "grantAccess");
  if (!held.ok) return held;
  const { reach, ties } = held.value;
  const active = await demandActive(office, wish.personId, wish.propertyId);
  if (!active.ok) return active;
  const doors = await doorsNamed(office, reach, wish.doors);
  if (!doors.ok) return doors;
  const granted: GrantedDoor[] = [];
  for (const door of doors.value) {
    const given = await giveAt(office, door, ties, { length: wish.length });
    if (!given.ok) return given;
    granted.push(given.value);
  }
  const scope = await scopeOf(office, actor, reach);
  await restoreRoll(office.db, wish.personId, wish.propertyId, scope, office.now);
  await tellChanges(office, { ...wish, kind: "person.granted" }, granted);
  return grant({ doors: granted });
}

/**
 * Takes back whatever opens a door within reach, and the standings that go with it: who is to have no access resets no
 * code and invites no guest either. The next grant brings the standings back; a suspension it does not end, and while one
 * lasts there is no grant.
 */
export async function revokeAll(office: Office, actor: Actor, wish: Target): Promise<Decision<Revoked>> {
  const held = await reachHeld(office, actor, wish, "revokeAll");
  if (!held.ok) return held;
  const { reach } = held.value;
  if (wish.personId === actor.personId) return deny("NOT_ALLOWED", "revoke one's own access");
  const doors: DoorChange[] = [];
  for (const door of await doorsWithin(office, reach)) {
    const ended = await endAt(office, door, wish.personId);
    if (ended !== undefined) doors.push(ended.change);
  }
  const scope = await scopeOf(office, actor, reach);
  await revokeRoll(office.db, wish.personId, wish.propertyId, scope, office.now);
  await tellChanges(office, { ...wish, kind: "person.revoked" }, doors);
  return grant({ doors, ...(await stillOut(office, wish, reach)) });
}

/**
 * Takes one door from somebody: whatever of theirs opens it, and nothing else (F10). Their standing and their codes
 * elsewhere stay as they are. NO_SUCH for a door or person out of reach, NOT_ASSIGNED where there is nothing to take.
 */
export async function revokeDoor(
  office: Office,
  actor: Actor,
  wish: Target & { readonly doorId: string },
): Promise<Decision<Revoked>> {
  const held = await reachHeld(office, actor, wish, "revokeAll");
  if (!held.ok) return held;
  const { reach } = held.value;
  if (wish.personId === actor.personId) return deny("NOT_ALLOWED", "revoke one's own access");
  const named = await doorsNamed(office, reach, [wish.doorId]);
  if (!named.ok) return named;
  const doors: DoorChange[] = [];
  for (const door of named.value) {
    const ended = await endAt(office, door, wish.personId);
    if (ended === undefined) return deny("NOT_ASSIGNED");
    doors.push(ended.change);
  }
  await tellChanges(office, { ...wish, kind: "person.door-revoked" }, doors);
  return grant({ doors, ...(await stillOut(office, wish, reach)) });
}

/** What revoking does not reach. */
async function stillOut(
  office: Office,
  of: Target,
  reach: Reach,
): Promise<Pick<Revoked, "guests" | "dailyCodes" | "keys">> {
  return {
    guests: await guestsStill(office.db, of.personId, reach),
    dailyCodes: await dailyStill(office, of.personId, reach),
    keys: await keysHeldBy(office.db, of.personId, reach),
  };
}

/**
 * Revokes all and grants anew, in one step. `doors` left out: wherever there was a code; a subset leaves the others
 * without one. Terms and length stay as they were. NOT_ASSIGNED when nothing is left to grant.
 */
export async function regrant(
  office: Office,
  actor: Actor,
  wish: Target & { readonly doors: readonly string[] | undefined },
): Promise<Decision<Revoked & { readonly doors: readonly GrantedDoor[] }>> {
  const held = await reachHeld(office, actor, wish, "revokeAll");
  if (!held.ok) return held;
  const { reach, ties } = held.value;
  const active = await demandActive(office, wish.personId, wish.propertyId);
  if (!active.ok) return active;
  const named = wish.doors === undefined ? undefined : await doorsNamed(office, reach, wish.doors);
  if (named?.ok === false) return named;
  const wanted = named === undefined ? undefined : new Set(named.value.map(({ id }) => id));
  const doors: GrantedDoor[] = [];
  let given = 0;
  for (const door of await doorsWithin(office, reach)) {
    const ended = await endAt(office, door, wish.personId);
    const isWanted = wanted === undefined ? ended?.code !== undefined : wanted.has(door.id);
    if (!isWanted) {
      if (ended !== undefined) doors.push({ ...ended.change, digits: null });
      continue;
    }
    const length = door.sixDigits ? ended?.code?.length : undefined;
    const again = await giveAt(office, door, ties, {
      length: length === 0 ? undefined : length,
      terms: ended?.code?.terms,
      before: ended?.before,
    });
    if (!again.ok) return again;
    doors.push(again.value);
    given++;
  }
  if (given === 0) return deny("NOT_ASSIGNED");
  const scope = await scopeOf(office, actor, reach);
  await restoreRoll(office.db, wish.personId, wish.propertyId, scope, office.now);
  await tellChanges(office, { ...wish, kind: "person.regranted" }, doors);
  return grant({ doors, ...(await stillOut(office, wish, reach)) });
}

/** Who may suspend is management: a host's word neither makes nor unmakes a manager. */
async function scopeOf(office: Office, actor: Actor, { propertyId, unitIds }: Reach): Promise<RollScope> {
  const whole = await reachOf(office, actor, propertyId, "suspend");
  return { unitIds, isManagement: whole.ok };
}

async function doorsNamed(
  office: Office,
  reach: Reach,
  doorIds: readonly string[],
): Promise<Decision<readonly DoorEntry[]>> {
  const doors: DoorEntry[] = [];
  for (const id of [...new Set(doorIds)].sort()) {
    const door = await doorById(office.db, id);
    if (door === undefined || door.propertyId !== reach.propertyId) return deny("NO_SUCH", "door");
    // A neighbour's door does not exist for a host; a shared one does, and is not the host's.
    if (!isWithin(reach, door.unitId))
      return door.unitId === null ? deny("NOT_ALLOWED", "host at a shared door") : deny("NO_SUCH", "door");
    doors.push(door);
  }
  return grant(doors);
}

async function giveAt(
  office: Office,
  door: DoorEntry,
  to: { readonly person: { readonly id: string; readonly name: string }; readonly hasAccount: boolean },
  as: {
    readonly length: number | undefined;
    readonly terms?: Terms | undefined;
    /** The ledger to which the change is told; left out: the one that is found. */
    readonly before?: Ledger | undefined;
  },
): Promise<Decision<GrantedDoor>> {
  const { length, terms } = as;
  const instead = as.before !== undefined;
  const wish = { door, person: to.person, length, instead, ...(terms === undefined ? {} : { terms }) };
  const before = as.before ?? (await loadLedger(office.db, door.id));
  const given = await assign(office, wish);
  if (!given.ok) return given;
  const change = changeAt(door, before, await loadLedger(office.db, door.id), to.person.id, office);
  return grant({ ...change, digits: to.hasAccount ? null : given.value.code });
}

interface Ended {
  readonly before: Ledger;
  readonly change: DoorChange;
  /** The doorcode that there was. */
  readonly code: CodeLife | undefined;
}

/** Ends whatever a person has at a door; undefined where there is nothing to end. */
async function endAt(office: Office, door: DoorEntry, personId: string): Promise<Ended | undefined> {
  return await withDoor(office.db, door.id, async (ledger) => {
    const live = ledger.codes.filter((code) => code.person === personId && !code.revoked);
    if (live.length === 0) return { ledger, result: undefined };
    let after: Ledger = ledger;
    for (const code of live) {
      // A phone's key has gone with the doorcode.
      if (liveCode(after, personId, classOf(code)) === undefined) continue;
      const next = revokeCode(after, personId, office.now, classOf(code));
      if (!next.ok) throw new Error(`a live code could not be revoked: ${next.denial}`);
      after = next.value;
    }
    const change = changeAt(door, ledger, after, personId, office);
    return { ledger: after, result: { before: ledger, change, code: liveCode(ledger, personId) } };
  });
}
