/**
 * Taking somebody's access away for a while (F15): every code, card and key at every door of the property, and every
 * standing. Hours and limits stay as they are. Each door follows with its next sync, and not before.
 */
import { texts } from "../mail/texts.ts";
import { drawCode } from "../model/code.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import {
  type CodeLife,
  classOf,
  type Ledger,
  liveCode,
  resetCode,
  revokeCode,
  suspendCode,
  takenMarks,
} from "../model/ledger.ts";
import { isWeak } from "../model/pick.ts";
import type { CodePolicy } from "../model/policy.ts";
import { newId, type Office, openDigits, sealDigits } from "../office/office.ts";
import { accountOfPerson, endSessionsOf } from "../store/accounts.ts";
import { forgetAnswersOf } from "../store/answers.ts";
import { type KeyHeld, keysHeldBy } from "../store/keys-out.ts";
import { withDoor } from "../store/ledgers.ts";
import type { DoorEntry } from "../store/registry.ts";
import { type GuestTie, guestsStill, resumeRoll, suspendRoll, suspensionsOf } from "../store/roll.ts";
import { addStanding, standingsOf } from "../store/standings.ts";
import type { Actor } from "./actor.ts";
import { endAppKeysOver } from "./app-key.ts";
import { type DailyOut, dailyStill } from "./daily-out.ts";
import { changeAt, type DoorChange, tellChanges } from "./door-change.ts";
import type { GrantedDoor, Target } from "./grants.ts";
import { queueMessage } from "./messages.ts";
import { doorsWithin, type Reach, reachHeld } from "./reach.ts";

/** The graver first: what may have been read by others is not unlearnt by a milder word. */
export const suspendReasons = ["stolen", "lost", "other"] as const;
export type SuspendReason = (typeof suspendReasons)[number];

export interface Suspended {
  readonly doors: readonly DoorChange[];
  /** Log-ins that were ended: a phone that is in other hands shows no code any more. */
  readonly sessionsEnded: boolean;
  readonly guests: readonly GuestTie[];
  /** Given out by this person: no suspension ends them. */
  readonly dailyCodes: readonly DailyOut[];
  /** Mechanical keys go on opening: no lock knows of them. */
  readonly keys: readonly KeyHeld[];
}

/** NO_SUCH, NOT_ALLOWED (also for oneself). A second time changes nothing but the reason, where it is graver. */
export async function suspendPerson(
  office: Office,
  actor: Actor,
  wish: Target & { readonly reason: SuspendReason },
): Promise<Decision<Suspended>> {
  const met = await meet(office, actor, wish);
  if (!met.ok) return met;
  if (wish.personId === actor.personId) return deny("NOT_ALLOWED", "suspend oneself");
  const { reach, property, isHome } = met.value;
  const doors = await atEachDoor(office, reach, wish.personId, (ledger, code) =>
    code.terms?.suspended === true
      ? ledger
      : must(suspendCode(ledger, code.person, true, office.now, classOf(code))),
  );
  await demandStanding(office, wish);
  const reasons: readonly string[] = [
    wish.reason,
    ...(await suspensionsOf(office.db, wish.personId, wish.propertyId)),
  ];
  const reason = suspendReasons.find((one) => reasons.includes(one)) ?? wish.reason;
  await suspendRoll(office.db, wish.personId, wish.propertyId, { at: office.now, reason });
  const account = await accountOfPerson(office.db, wish.personId);
  // Of a property that somebody only joined the word ends what they have there, and not their log-ins for elsewhere.
  // Digits are in them, and a repeated request would be told them again.
  if (account !== undefined) await forgetAnswersOf(office.db, account.id);
  const sessionsEnded = account !== undefined && wish.reason !== "other" && isHome;
  if (account !== undefined && sessionsEnded) {
    await endSessionsOf(office.db, account.id);
    await endAppKeysOver(office, account.id);
  }
  if (account !== undefined)
    await queueMessage(office, {
      channel: "email",
      kind: "suspended",
      to: account.email,
      ...texts.suspended({ property }),
    });
  await tellChanges(office, { ...wish, kind: "person.suspended", detail: wish.reason }, doors);
  return grant({
    doors,
    sessionsEnded,
    guests: await guestsStill(office.db, wish.personId, reach),
    dailyCodes: await dailyStill(office, wish.personId, reach),
    keys: await keysHeldBy(office.db, wish.personId, reach),
  });
}

export interface Resumed {
  /** With the digits of new codes, for somebody without an account. */
  readonly doors: readonly GrantedDoor[];
  readonly newCodes: boolean;
}

/**
 * Opens the doors again. `newCodes` left out: another code in place of the old one when something was stolen, because
 * whoever has the phone may have read it; an app's key that was in it is not resumed then. NOT_ASSIGNED when nobody is
 * suspended.
 */
export async function resumePerson(
  office: Office,
  actor: Actor,
  wish: Target & { readonly newCodes: boolean | undefined },
): Promise<Decision<Resumed>> {
  const met = await meet(office, actor, wish);
  if (!met.ok) return met;
  const reasons = await suspensionsOf(office.db, wish.personId, wish.propertyId);
  if (reasons.length === 0) return deny("NOT_ASSIGNED", "not suspended");
  const newCodes = wish.newCodes ?? reasons.includes("stolen");
  let denied: Decision<Ledger> | undefined;
  const drawn = new Map<string, string>();
  const doors = await atEachDoor(office, met.value.reach, wish.personId, (ledger, code, door) => {
    const of = classOf(code);
    if (newCodes && of === "app") return must(revokeCode(ledger, code.person, office.now, of));
    const open = must(suspendCode(ledger, code.person, false, office.now, of));
    if (!newCodes || of !== "code") return open;
    const fresh = freshCode(office, met.value.reach.policy.codePolicy, door, open, code);
    if (!fresh.ok) denied = fresh;
    const next = fresh.ok ? liveCode(fresh.value, code.person) : undefined;
    if (next !== undefined) drawn.set(door.id, openDigits(office, next));
    return fresh.ok ? fresh.value : ledger;
  });
  if (denied?.ok === false) return denied;
  await resumeRoll(office.db, wish.personId, wish.propertyId);
  await tellChanges(office, { ...wish, kind: "person.resumed" }, doors);
  const isTold = (await accountOfPerson(office.db, wish.personId)) === undefined;
  return grant({
    doors: doors.map((door) => ({ ...door, digits: isTold ? (drawn.get(door.doorId) ?? null) : null })),
    newCodes,
  });
}

interface Met {
  readonly reach: Reach;
  readonly property: string;
  /** It is the property in which this person has begun. */
  readonly isHome: boolean;
}

async function meet(office: Office, actor: Actor, wish: Target): Promise<Decision<Met>> {
  const held = await reachHeld(office, actor, wish, "suspend");
  if (!held.ok) return held;
  const { reach, ties } = held.value;
  const { name } = await office.db
    .selectFrom("properties")
    .select("name")
    .where("id", "=", wish.propertyId)
    .executeTakeFirstOrThrow();
  const isHome = ties.person.property_id === wish.propertyId;
  return grant({ reach, property: name, isHome });
}

/** One change of the ledger at each door where this person has anything, in the order of the doors' ids. */
async function atEachDoor(
  office: Office,
  reach: Reach,
  personId: string,
  act: (ledger: Ledger, code: CodeLife, door: DoorEntry) => Ledger,
): Promise<readonly DoorChange[]> {
  const doors: DoorChange[] = [];
  for (const door of await doorsWithin(office, reach)) {
    const change = await withDoor(office.db, door.id, async (ledger) => {
      const live = ledger.codes.filter((code) => code.person === personId && !code.revoked);
      if (live.length === 0) return { ledger, result: undefined };
      const after = live.reduce((now, code) => act(now, code, door), ledger);
      return { ledger: after, result: changeAt(door, ledger, after, personId, office) };
    });
    if (change !== undefined) doors.push(change);
  }
  return doors;
}

/**
 * Guests have no standing; one is made for them, so that it is written down that they are suspended, and no grant passes
 * by it. It ends with the suspension.
 */
async function demandStanding(office: Office, { personId, propertyId }: Target): Promise<void> {
  const standings = await standingsOf(office.db, personId);
  if (standings.some((one) => one.propertyId === propertyId)) return;
  await addStanding(office.db, { personId, propertyId, unitId: "", role: "guest", since: office.now });
}

function freshCode(
  office: Office,
  codePolicy: CodePolicy,
  door: DoorEntry,
  ledger: Ledger,
  old: CodeLife,
): Decision<Ledger> {
  const taken = takenMarks(ledger, old.person);
  const length = door.sixDigits && old.length === 6 ? 6 : 4;
  const isOut = (digits: string): boolean =>
    isWeak(codePolicy, digits) || taken.has(office.vault.mark(door.id, digits));
  const drawn = drawCode(office.fill, length, isOut);
  if (!drawn.ok) return drawn;
  const id = newId(office);
  return resetCode(ledger, {
    id,
    person: old.person,
    mark: office.vault.mark(door.id, drawn.value),
    length,
    sealed: sealDigits(office, id, drawn.value),
    createdAt: office.now,
  });
}

function must(next: Decision<Ledger>): Ledger {
  if (!next.ok) throw new Error(`a live code could not be changed: ${next.denial}`);
  return next.value;
}
