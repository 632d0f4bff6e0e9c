/**
 * What people do with their own codes: see them, have another one drawn, choose one. Nothing here changes a door; it
 * changes what the door should know, and says what works there until it does.
 */

import { type Decision, deny, grant } from "../model/denial.ts";
import { type Ledger, liveCode, resetCode } from "../model/ledger.ts";
import { judgeLimit, type LimitRule, limits, pickLimit } from "../model/limit.ts";
import { mayAct, mayAny } from "../model/permission.ts";
import { judgeMark, judgePick } from "../model/pick.ts";
import { reset } from "../office/codes.ts";
import { newId, type Office, sealDigits } from "../office/office.ts";
import { policyOf } from "../store/houses.ts";
import { loadLedger, withDoor } from "../store/ledgers.ts";
import { personById } from "../store/people.ts";
import { type DoorEntry, doorById, doorEntries, type PersonEntry } from "../store/registry.ts";
import { holdPerson } from "../store/roll.ts";
import { doorsWithCodesOf } from "../store/standings.ts";
import { attemptsSince } from "../store/trail.ts";
import { atDoor, type DoorAccess, rolesAtDoor } from "./access.ts";
import type { Actor } from "./actor.ts";
import { type CodeEntry, entriesAt, tellCodes } from "./code-faces.ts";

/** Everything one may open by, at every door, with all its faces. MOBILE_ONLY; NOT_ALLOWED for the vendor (F24, F27). */
export async function myCodes(office: Office, actor: Actor): Promise<Decision<readonly CodeEntry[]>> {
  const roles = actor.isVendor ? (["vendor"] as const) : (["guest"] as const);
  const may = mayAct({ roles, client: actor.client }, "viewOwnCodes");
  if (!may.ok) return may;
  const ids = await doorsWithCodesOf(office.db, actor.personId);
  if (ids.length === 0) return grant([]);
  const doors = await doorEntries(office.db)
    .where("doors.id", "in", [...ids])
    .orderBy("properties.name_key")
    .orderBy("doors.name_key")
    .execute();
  const entries: CodeEntry[] = [];
  for (const door of doors) entries.push(...(await ownEntries(office, actor, door)));
  return grant(entries);
}

async function ownEntries(office: Office, actor: Actor, door: DoorEntry): Promise<readonly CodeEntry[]> {
  const { personId } = actor;
  const ledger = await loadLedger(office.db, door.id);
  const policy = await policyOf(office.db, door.propertyId);
  const sight = { door, ledger, policy, withDigits: true };
  return (await entriesAt(office, sight, [personId])).get(personId) ?? [];
}

/** What an own code has come to. */
export interface OwnCode {
  /** False: it is as it was, and no sync is needed for it. */
  readonly changed: boolean;
  readonly entry: CodeEntry;
}

/**
 * Another code instead of one's own, drawn at random (F11). The old one opens until the door is synced (F12). NOT_ALLOWED
 * but at a residence, UPGRADE_REQUIRED, NOT_ASSIGNED, CODE_LENGTH, SIX_DIGITS_OFF, CODES_EXHAUSTED.
 */
export async function resetOwnCode(
  office: Office,
  actor: Actor,
  wish: { readonly door: string; readonly length: number | undefined },
): Promise<Decision<OwnCode>> {
  await holdPerson(office.db, actor.personId);
  const access = await atDoor(office, actor, wish.door, "resetCode");
  if (!access.ok) return access;
  const { door } = access.value;
  const person = await self(office, actor);
  const before = await loadLedger(office.db, door.id);
  const given = await reset(office, { door, person, length: wish.length });
  if (!given.ok) return given;
  await tellCodes(office, door, person.id, { before, after: await loadLedger(office.db, door.id) });
  return grant({ changed: true, entry: await ownEntry(office, actor, door) });
}

/**
 * A chosen code instead of one's own (F5 to F7). What would tell of other people's codes is PICK_REFUSED, for whatever
 * reason; the others judge the digits alone. One's present code is no change.
 */
export async function pickOwnCode(
  office: Office,
  actor: Actor,
  wish: { readonly door: string; readonly code: string },
): Promise<Decision<OwnCode>> {
  await holdPerson(office.db, actor.personId);
  const access = await atPick(office, actor, wish.door);
  if (!access.ok) return access;
  const { door, policy } = access.value;
  const few = await fewPicks(office, actor, door, pickLimit(policy));
  if (!few.ok) return few;
  const length = judgePick(policy, door.kind, wish.code);
  if (!length.ok) return length;
  const { personId } = actor;
  type Taken = { readonly before: Ledger; readonly after: Ledger };
  const taken = await withDoor<Decision<Taken>>(office.db, door.id, async (ledger) => {
    if (liveCode(ledger, personId) === undefined) return { ledger, result: deny("NOT_ASSIGNED") };
    const mark = office.vault.mark(door.id, wish.code);
    const free = judgeMark(ledger, personId, mark);
    if (!free.ok) return { ledger, result: free };
    if (free.value === "unchanged") return { ledger, result: grant({ before: ledger, after: ledger }) };
    const id = newId(office);
    const sealed = sealDigits(office, id, wish.code);
    const after = resetCode(ledger, {
      id,
      person: personId,
      mark,
      length: length.value,
      sealed,
      createdAt: office.now,
    });
    if (!after.ok) return { ledger, result: after };
    return { ledger: after.value, result: grant({ before: ledger, after: after.value }) };
  });
  if (!taken.ok) return taken;
  await tellCodes(office, door, personId, taken.value);
  const changed = taken.value.before !== taken.value.after;
  return grant({ changed, entry: await ownEntry(office, actor, door) });
}

/** At a shared door it is the door that stands in the way of who may choose at home. */
async function atPick(office: Office, actor: Actor, doorId: string): Promise<Decision<DoorAccess>> {
  const access = await atDoor(office, actor, doorId, "pickCode");
  if (access.ok || access.denial !== "NOT_ALLOWED" || actor.isVendor) return access;
  const door = await doorById(office.db, doorId);
  if (door === undefined) return access;
  const roles = await rolesAtDoor(office, actor.personId, door);
  return mayAny(roles, "pickCode", "residence").ok ? deny("CODE_NOT_PRIVATE", door.kind) : access;
}

/** Under what name picks are counted, and by which rule: the community's, where the door has one. */
export function pickKey(actor: Actor, doorId: string): string {
  return `${actor.personId}/${doorId}`;
}

export async function pickRule(office: Office, doorId: string): Promise<LimitRule> {
  const door = await doorById(office.db, doorId);
  return door === undefined ? limits.pick : pickLimit(await policyOf(office.db, door.propertyId));
}

/**
 * Of tries that came in at the same moment each may have found room before the others were counted. All are counted by
 * now, this one too, and no more than the rule allows go on: each would tell whether a code is free.
 */
async function fewPicks(
  office: Office,
  actor: Actor,
  door: DoorEntry,
  rule: LimitRule,
): Promise<Decision<true>> {
  const since = office.now - rule.windowSeconds;
  const tries = await attemptsSince(office.db, `pick/${pickKey(actor, door.id)}`, since);
  return tries.length <= rule.most ? grant(true) : judgeLimit(rule, tries, office.now);
}

async function ownEntry(office: Office, actor: Actor, door: DoorEntry): Promise<CodeEntry> {
  const entry = (await ownEntries(office, actor, door)).find((one) => one.class === "code");
  if (entry === undefined) throw new Error("a code was given and is not there");
  return entry;
}

async function self(office: Office, actor: Actor): Promise<PersonEntry> {
  const person = await personById(office.db, actor.personId);
  if (person === undefined) throw new Error("an account without a person");
  return person;
}
