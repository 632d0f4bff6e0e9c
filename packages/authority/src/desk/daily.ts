/**
 * The daily doorcode, given to whom somebody locked out can be reached by (F23): who asked and where it went is written
 * down, because the code itself tells nobody apart. And the place that a door's table has for it. Not the derivation,
 * which lock and authority share.
 */
import { dailyCode } from "@doorsync/protocol/authority";
import { texts } from "../mail/texts.ts";
import { type DailyDay, dailyLimits, judgeDaily, lastSecondOf } from "../model/daily.ts";
import { type DailySlot, dailyLife, dailySlot, dailyTerms } from "../model/daily-slot.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import { assignCode, type Ledger, revokeCode } from "../model/ledger.ts";
import { fitEmail } from "../model/password.ts";
import { codeState, isPending } from "../model/proof.ts";
import { dailyHolderOf } from "../office/daily-holder.ts";
import { newId, type Office, openLockKeys, sealDigits } from "../office/office.ts";
import { emailKey } from "../store/accounts.ts";
import { dailyGivenBy, keepDailyHolder, noteDaily } from "../store/daily.ts";
import { inOne, loadLedger, withDoor } from "../store/ledgers.ts";
import { type DoorEntry, presentLock } from "../store/registry.ts";
import { holdPerson } from "../store/roll.ts";
import { holdAccount } from "../store/sessions.ts";
import { noteChanges } from "../store/trail.ts";
import { atDoor, mayLetIn } from "./access.ts";
import type { Actor } from "./actor.ts";
import { tellCodes } from "./code-faces.ts";
import { dayName, sealRecipient } from "./daily-out.ts";
import { queueMessage } from "./messages.ts";

/** Its name in ledgers and logs. */
const holderName = "daily doorcode";

const secondsPerDay = 86_400;
/** No local day is longer: whatever was given out today was given out since. */
const longestDaySeconds = 2 * secondsPerDay;

/** An address of the requester's choice. */
export interface DailyTo {
  readonly email?: string | undefined;
  /** With its country's prefix: +41790000000. */
  readonly phone?: string | undefined;
}

export interface GivenDailyCode {
  /** The digits, when they are sent nowhere; else null. */
  readonly code: string | null;
  readonly sentTo: "email" | "phone" | null;
  /** The door's local day, as 2026-11-21. */
  readonly day: string;
  /** The midnight that ends it. */
  readonly validUntil: number;
  /** The lock may take it until then, unless the next day's is used before. */
  readonly opensAtLatestUntil: number;
  readonly limits: readonly string[];
}

/**
 * Today's code of a door. NOT_ALLOWED but for management and who lives behind it, NO_CODE_HERE, DAILY_UNAVAILABLE, DAILY_LIMIT,
 * EMAIL_UNFIT, REQUEST_UNFIT for two addresses or none in `to`.
 */
export async function giveDailyCode(
  office: Office,
  actor: Actor,
  wish: { readonly door: string; readonly to: DailyTo | undefined },
): Promise<Decision<GivenDailyCode>> {
  await holdPerson(office.db, actor.personId);
  const access = await atDoor(office, actor, wish.door, "dailyCode");
  if (!access.ok) return access;
  const { door, policy } = access.value;
  const may = await mayLetIn(office, actor.personId, door);
  if (!may.ok) return may;
  const sent = addressOf(actor, wish.to);
  if (!sent.ok) return sent;
  const { channel, to, recipient } = sent.value;
  const slot = dailySlot(await loadLedger(office.db, door.id), office.now);
  if (!slot.ok) return slot;

  // Whoever else asks with this account waits until this is over: two must not both be the last one allowed.
  await inOne(office.db, async (trx) => await holdAccount(trx, actor.accountId));
  const mark = office.vault.mark("daily recipient", recipient);
  const own = office.vault.mark("daily recipient", ownRecipient(actor));
  const given = await dailyGivenBy(office.db, actor.accountId, office.now - longestDaySeconds);
  const account = actor.accountId;
  // Whoever asks is no new address: as if they had had one long ago.
  const earlier = [...given.map((one) => ({ ...one, account })), { account, recipient: own, at: 0 }];
  const asked = { account, recipient: mark, at: office.now };
  const today = judgeDaily(policy, slot.value.zone, earlier, asked);
  if (!today.ok) return today;

  const code = await codeOf(office, door, slot.value, today.value);
  await noteDaily(office.db, {
    door_id: door.id,
    account_id: account,
    day: today.value.day,
    at: office.now,
    recipient: mark,
    generation: slot.value.generation,
    opens_until: lastSecondOf(today.value, slot.value.zone),
    sealed_to: channel === undefined ? null : sealRecipient(office, door.id, to),
  });
  const day = dayName(today.value.day);
  if (channel !== undefined) {
    const { subject, text } = texts.dailyCode({ door: door.name, code, day, limits: dailyLimits });
    // After its midnight it would name a day that is over, and open nothing.
    const until = today.value.endsAt;
    await queueMessage(office, { channel, kind: "daily-code", to, subject, text, until });
  }
  const change = {
    at: office.now,
    property_id: door.propertyId,
    door_id: door.id,
    person_id: actor.personId,
  };
  await noteChanges(office.db, [{ ...change, kind: "door.daily-code", detail: channel ?? null }]);
  return grant({
    code: channel === undefined ? code : null,
    sentTo: channel === undefined ? null : channel === "email" ? "email" : "phone",
    day,
    validUntil: today.value.endsAt,
    opensAtLatestUntil: lastSecondOf(today.value, slot.value.zone),
    limits: dailyLimits,
  });
}

interface Address {
  /** Undefined: to whoever asks, in the answer. */
  readonly channel: "email" | "message" | undefined;
  readonly to: string;
  /** What counts as one address, however it is spelled. */
  readonly recipient: string;
}

function addressOf(actor: Actor, to: DailyTo | undefined): Decision<Address> {
  if (to === undefined) return grant({ channel: undefined, to: "", recipient: ownRecipient(actor) });
  const { email, phone } = to;
  if (phone !== undefined && email === undefined)
    return grant({ channel: "message", to: phone, recipient: `phone ${phone}` });
  if (email === undefined || phone !== undefined) return deny("REQUEST_UNFIT", "one e-mail or one phone");
  const fit = fitEmail(email);
  return fit.ok ? grant({ channel: "email", to: email.trim(), recipient: `email ${emailKey(email)}` }) : fit;
}

function ownRecipient(actor: Actor): string {
  return `account ${actor.accountId}`;
}

async function codeOf(office: Office, door: DoorEntry, slot: DailySlot, { day }: DailyDay): Promise<string> {
  const lock = await presentLock(office.db, door.id);
  if (lock === undefined) throw new Error("a lock has proven its table and is not there");
  const { daily } = openLockKeys(office, lock);
  return dailyCode(office.crypto, daily, { generation: slot.generation, slot: slot.slot, day });
}

/**
 * Gives a door's table a place for the daily doorcode; a second time changes nothing. For a door that is made, so that
 * its first table holds it already.
 */
export async function enableDaily(
  office: Office,
  door: Pick<DoorEntry, "id" | "propertyId">,
): Promise<{ readonly before: Ledger; readonly after: Ledger }> {
  const holder = dailyHolderOf(office, door.propertyId);
  await keepDailyHolder(office.db, { id: holder, name: holderName, propertyId: door.propertyId });
  return await withDoor(office.db, door.id, async (ledger) => {
    if (dailyLife(ledger) !== undefined) return { ledger, result: { before: ledger, after: ledger } };
    const id = newId(office);
    const next = assignCode(ledger, {
      id,
      person: holder,
      // No digits have this mark, nor an earlier life.
      mark: office.vault.mark(door.id, `daily ${id}`),
      length: 0,
      sealed: sealDigits(office, id, ""),
      createdAt: office.now,
      terms: dailyTerms,
    });
    if (!next.ok) throw new Error(`a door without a daily doorcode takes none: ${next.denial}`);
    return { ledger: next.value, result: { before: ledger, after: next.value } };
  });
}

export interface DailySet {
  readonly enabled: boolean;
  /** A sync will make it so. */
  readonly pending: boolean;
}

/** Whether a door takes daily doorcodes at all, for management to say. */
export async function setDaily(
  office: Office,
  actor: Actor,
  wish: { readonly door: string; readonly enabled: boolean },
): Promise<Decision<DailySet>> {
  const access = await atDoor(office, actor, wish.door, "setPolicy");
  if (!access.ok) return access;
  const { door } = access.value;
  const ledgers = wish.enabled ? await enableDaily(office, door) : await disableDaily(office, door);
  await tellCodes(office, door, dailyHolderOf(office, door.propertyId), ledgers);
  const { codes, lock } = ledgers.after;
  const ofIt = codes.filter((code) => code.terms?.class === "dailyCode");
  return grant({ enabled: wish.enabled, pending: ofIt.some((code) => isPending(codeState(code, lock))) });
}

async function disableDaily(
  office: Office,
  door: DoorEntry,
): Promise<{ readonly before: Ledger; readonly after: Ledger }> {
  return await withDoor(office.db, door.id, async (before) => {
    const life = dailyLife(before);
    const gone = life === undefined ? undefined : revokeCode(before, life.person, office.now, "dailyCode");
    const after = gone?.ok === true ? gone.value : before;
    return { ledger: after, result: { before, after } };
  });
}
