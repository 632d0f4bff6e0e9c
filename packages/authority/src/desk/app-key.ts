/**
 * Opening by app: which phone a person opens doors with, and the leave (a capability) that this phone is given for each
 * door, for hours. One phone a person. The right to open stands in the lock's table beside the doorcode, so that it
 * comes and goes by a sync, as codes do; the capability only says that whoever asks was still to be let in lately.
 */
import { ascii, type Bytes, fromHex, issueCapability, toHex } from "@doorsync/protocol/authority";
import { type Decision, type DenialName, type Denied, denials, deny, grant } from "../model/denial.ts";
import {
  classOf,
  giveAppKey,
  isDoubted,
  type Ledger,
  liveCode,
  type NewCode,
  newestVersion,
  revokeCode,
} from "../model/ledger.ts";
import { mayAct } from "../model/permission.ts";
import { judgeApp } from "../model/policy.ts";
import { judgeRoom } from "../model/room.ts";
import { newId, type Office, openDigits, sealDigits } from "../office/office.ts";
import {
  appKeyOf,
  appKeysOver,
  dropAppKey,
  isKeyOfAnother,
  keysWithoutPhone,
  putAppKey,
} from "../store/app-keys.ts";
import { policyOf } from "../store/houses.ts";
import { inOne, withDoor } from "../store/ledgers.ts";
import { type DoorEntry, doorById, presentLock } from "../store/registry.ts";
import { holdPerson } from "../store/roll.ts";
import { isLoggedIn } from "../store/sessions.ts";
import { doorsWithCodesOf } from "../store/standings.ts";
import { type Changed, noteChanges } from "../store/trail.ts";
import { rolesAtDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { changeAt, type DoorChange, tellChanges } from "./door-change.ts";
import { changesAt, upToDate } from "./hand-out.ts";

/** A lock whose clock lies behind must not take a capability for one of the future. */
const headStartSeconds = 3_600;

/** What a phone signs to show that it holds the key that it enrols: this, and by which log-in. */
export function enrolmentText(phoneId: string): Bytes {
  return ascii(`doorsync/1 app key ${phoneId}`);
}

export interface AppKey {
  readonly phoneId: string;
  readonly isThis: boolean;
  readonly enrolledAt: number;
}

/** The phone that opens one's doors; null: none does. */
export async function myAppKey(
  office: Office,
  actor: Actor,
): Promise<Decision<{ readonly appKey: AppKey | null }>> {
  const key = await appKeyOf(office.db, actor.personId);
  if (key === undefined) return grant({ appKey: null });
  const isThis = key.phone_id === actor.phoneId;
  return grant({ appKey: { phoneId: key.phone_id, isThis, enrolledAt: key.enrolled_at } });
}

/**
 * Makes this phone the one that opens its owner's doors. MOBILE_ONLY, NOT_ALLOWED (the vendor), APP_KEY_UNFIT,
 * APP_KEY_ELSEWHERE without `replace`. Each door follows with its next sync, which this phone may carry itself.
 */
export async function enrolAppKey(
  office: Office,
  actor: Actor,
  wish: { readonly publicKey: string; readonly proof: string; readonly replace: boolean },
): Promise<Decision<AppKey>> {
  const may = mayOpenByApp(actor);
  if (!may.ok) return may;
  const publicKey = fromHex(wish.publicKey);
  const proof = new Uint8Array(Buffer.from(wish.proof, "base64url"));
  const isHeld =
    publicKey !== undefined &&
    office.crypto.isStrictPublicKey(publicKey) &&
    office.crypto.verify(publicKey, enrolmentText(actor.phoneId), proof);
  if (!isHeld) return deny("APP_KEY_UNFIT");
  await holdPerson(office.db, actor.personId);
  const old = await appKeyOf(office.db, actor.personId);
  if (old !== undefined && old.phone_id !== actor.phoneId && !wish.replace) return deny("APP_KEY_ELSEWHERE");
  // One key is one person's: in a table no two credentials are alike.
  if (await isKeyOfAnother(office.db, publicKey, actor.personId)) return deny("APP_KEY_UNFIT");
  await putAppKey(office.db, {
    person_id: actor.personId,
    account_id: actor.accountId,
    phone_id: actor.phoneId,
    public_key: publicKey,
    enrolled_at: office.now,
  });
  const changes: Told[] = [];
  for (const door of await doorsOf(office, actor.personId)) {
    const change = await withDoor<Decision<DoorChange>>(office.db, door.id, async (ledger) => {
      if (isKnownAsAnothers(office, ledger, actor.personId, publicKey))
        return { ledger, result: deny("APP_KEY_UNFIT") };
      const given = keyGiven(ledger, keyAt(office, door, ledger, actor.personId, publicKey));
      const after = given.ok ? given.value : ledger;
      return { ledger: after, result: grant(changeAt(door, ledger, after, actor.personId, office)) };
    });
    if (!change.ok) return change;
    changes.push({ door, change: change.value });
  }
  await tell(office, actor.personId, "app.enrolled", changes);
  return grant({ phoneId: actor.phoneId, isThis: true, enrolledAt: office.now });
}

/** One's phone opens nothing any more, said from any client; nothing happens when none did. NOT_ALLOWED: the vendor. */
export async function endMyAppKey(office: Office, actor: Actor): Promise<Decision<undefined>> {
  if (actor.isVendor) return deny("NOT_ALLOWED", "vendor openByApp");
  await holdPerson(office.db, actor.personId);
  await endAppKey(office, actor.personId);
  return grant(undefined);
}

/**
 * Ends the keys of phones that are logged in no more: of one account, or of all; and what a door still knows of a key
 * that is none any more. Whoever fetches leave meanwhile waits, and finds the log-in gone.
 */
export async function endAppKeysOver(office: Office, accountId?: string): Promise<void> {
  const over = (await appKeysOver(office.db, accountId, office.now)).map(({ person_id }) => person_id);
  const left = accountId === undefined ? await keysWithoutPhone(office.db) : [];
  for (const personId of [...new Set([...over, ...left])].sort()) {
    await inOne(office.db, async (trx) => {
      await holdPerson(trx, personId);
      await endAppKey({ ...office, db: trx }, personId);
    });
  }
}

async function endAppKey(office: Office, personId: string): Promise<void> {
  const changes: Told[] = [];
  for (const door of await doorsOf(office, personId)) {
    const change = await withDoor(office.db, door.id, async (ledger) => {
      const after = revokeCode(ledger, personId, office.now, "app");
      if (!after.ok) return { ledger, result: undefined };
      return { ledger: after.value, result: changeAt(door, ledger, after.value, personId, office) };
    });
    if (change !== undefined) changes.push({ door, change });
  }
  await dropAppKey(office.db, personId);
  await tell(office, personId, "app.ended", changes);
}

export interface Capability {
  readonly doorId: string;
  readonly door: string;
  /** In hex: who the lock is, and the key by which the phone knows that it talks to it and to no other. */
  readonly lockId: string;
  readonly lockTag: string;
  readonly epoch: number;
  readonly dh: string;
  /** CWT, signed by the property's capability key; base64url. */
  readonly capability: string;
  readonly notAfter: number;
  /** The lock must hold this version or a later one: bring the parcels along. */
  readonly minTableVersion: number;
}

/** A door where one has a code and the phone opens nothing. */
export interface NotOpened {
  readonly doorId: string;
  readonly door: string;
  readonly denial: DenialName;
  readonly why: string;
}

export interface Capabilities {
  readonly capabilities: readonly Capability[];
  readonly refused: readonly NotOpened[];
}

/**
 * Leave for this phone at each door where its owner has a code, for as long as the property says. NO_APP_KEY when this
 * phone is not the one. The table that a capability asks for is made here, so that parcels fetched afterwards bring it.
 */
export async function giveCapabilities(office: Office, actor: Actor): Promise<Decision<Capabilities>> {
  const may = mayOpenByApp(actor);
  if (!may.ok) return may;
  // Whoever ends the key, or the log-in, holds the person too: what was asked for before it finds them ended.
  await holdPerson(office.db, actor.personId);
  if (!(await isLoggedIn(office.db, actor.phoneId, office.now))) return deny("UNAUTHENTICATED");
  const key = await appKeyOf(office.db, actor.personId);
  if (key === undefined || key.phone_id !== actor.phoneId) return deny("NO_APP_KEY");
  const capabilities: Capability[] = [];
  const refused: NotOpened[] = [];
  const changes: Changed[] = [];
  for (const door of await doorsOf(office, actor.personId)) {
    const { changes: told, given } = await capabilityAt(office, actor, door, key.public_key);
    changes.push(...told);
    if (given.ok) capabilities.push(given.value);
    else refused.push({ doorId: door.id, door: door.name, denial: given.denial, why: why(given.denial) });
  }
  await noteChanges(office.db, changes);
  return grant({ capabilities, refused });
}

/** What came of one door; a version made on the way is told whatever came of it. */
interface AtOneDoor {
  readonly given: Decision<Capability>;
  readonly changes: readonly Changed[];
}

async function capabilityAt(
  office: Office,
  actor: Actor,
  door: DoorEntry,
  publicKey: Bytes,
): Promise<AtOneDoor> {
  const refused = (denied: Denied): AtOneDoor => ({ given: denied, changes: [] });
  const roles = await rolesAtDoor(office, actor.personId, door);
  const may = mayAct({ roles, client: actor.client }, "openByApp");
  if (!may.ok) return refused(may);
  const policy = await policyOf(office.db, door.propertyId);
  const isNewEnough = judgeApp(policy, actor);
  if (!isNewEnough.ok) return refused(isNewEnough);
  return await withDoor<AtOneDoor>(office.db, door.id, async (ledger, trx) => {
    const lock = await presentLock(trx, door.id);
    if (lock === undefined || ledger.lock === undefined)
      return { ledger, result: refused(deny("NOT_COMMISSIONED", door.name)) };
    if (isDoubted(ledger.lock)) return { ledger, result: refused(deny("BOOKS_DOUBTED")) };
    const given = keyGiven(ledger, keyAt(office, door, ledger, actor.personId, publicKey));
    if (!given.ok) return { ledger, result: refused(given) };
    if (liveCode(given.value, actor.personId, "app")?.terms?.suspended === true)
      return { ledger, result: refused(deny("PERSON_SUSPENDED")) };
    const next = upToDate(office, lock, given.value);
    if (next.lock === undefined) throw new Error("a lock vanished while its table was made");
    const changes = changesAt(office, door, ledger, next);
    // A table without room for the key: the door says so to the management (`heldUp`), and the phone to its owner.
    if (liveCode(next, actor.personId, "app")?.added === undefined)
      return { ledger: next, result: { given: deny(next.lock.heldUp ?? "NOTHING_TO_ISSUE"), changes } };
    const minTableVersion = newestVersion(next.lock).version;
    const notAfter = office.now + 3_600 * policy.capabilityHours;
    const name = { lockId: lock.lock_id, epoch: lock.epoch };
    const signed = issueCapability(office.crypto, office.keys.capability, name, {
      notBefore: office.now - headStartSeconds,
      notAfter,
      deviceKey: publicKey,
      minTableVersion,
    });
    if (!signed.ok) throw new Error(`an enrolled key was refused: ${signed.check}`);
    const capability: Capability = {
      doorId: door.id,
      door: door.name,
      lockId: toHex(lock.lock_id),
      lockTag: toHex(lock.tag),
      epoch: lock.epoch,
      dh: toHex(lock.dh_key),
      capability: Buffer.from(signed.value).toString("base64url"),
      notAfter,
      minTableVersion,
    };
    return { ledger: next, result: { given: grant(capability), changes } };
  });
}

/** Before any door is looked at: from a phone, and by nobody of the vendor (F29). */
function mayOpenByApp(actor: Actor): Decision<true> {
  return mayAct({ roles: actor.isVendor ? ["vendor"] : ["guest"], client: actor.client }, "openByApp");
}

/** Doors where this person has, or had, anything that a lock may know; in the order of their ids. */
async function doorsOf(office: Office, personId: string): Promise<readonly DoorEntry[]> {
  const doors: DoorEntry[] = [];
  for (const id of await doorsWithCodesOf(office.db, personId)) {
    const door = await doorById(office.db, id);
    if (door !== undefined) doors.push(door);
  }
  return doors;
}

/** Whether a lock may know these bytes as somebody else's key. */
function isKnownAsAnothers(office: Office, ledger: Ledger, personId: string, publicKey: Bytes): boolean {
  const digits = toHex(publicKey);
  return ledger.codes.some(
    (code) =>
      code.person !== personId &&
      !code.released &&
      classOf(code) === "app" &&
      openDigits(office, code) === digits,
  );
}

/** The key as a door's ledger knows it. It may come back to a door that it left: each time it goes by another mark. */
function keyAt(office: Office, door: DoorEntry, ledger: Ledger, personId: string, publicKey: Bytes) {
  const digits = toHex(publicKey);
  const lives = ledger.codes.filter(
    (code) => code.person === personId && classOf(code) === "app" && openDigits(office, code) === digits,
  );
  const gone = lives.filter(({ revoked }) => revoked).length;
  const id = newId(office);
  return {
    id,
    person: personId,
    mark: office.vault.mark(door.id, `app ${digits} ${gone}`),
    length: 0 as const,
    sealed: sealDigits(office, id, digits),
    createdAt: office.now,
  };
}

/** Beside a doorcode, and only where the lock has room for one more. */
function keyGiven(ledger: Ledger, key: NewCode): Decision<Ledger> {
  const given = giveAppKey(ledger, key);
  if (!given.ok || liveCode(ledger, key.person, "app") !== undefined) return given;
  const room = judgeRoom(given.value);
  return room.ok ? given : room;
}

interface Told {
  readonly door: DoorEntry;
  readonly change: DoorChange;
}

/** After the last door, as whoever changes several doors: whoever tells the feed keeps everybody else from telling. */
async function tell(office: Office, personId: string, kind: string, changes: readonly Told[]): Promise<void> {
  for (const propertyId of new Set(changes.map(({ door }) => door.propertyId))) {
    const here = changes.filter(({ door }) => door.propertyId === propertyId);
    await tellChanges(
      office,
      { propertyId, personId, kind },
      here.map(({ change }) => change),
    );
  }
}

function why(denial: DenialName): string {
  const { meaning, remedy } = denials[denial];
  return `${meaning}; ${remedy}`;
}
