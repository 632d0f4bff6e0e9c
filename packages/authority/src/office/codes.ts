/**
 * Assigning, resetting, revoking and viewing codes. What is allowed is decided in `model/`; here digits are drawn,
 * sealed and unsealed. Nothing here reaches a lock: that takes an issued version and a courier.
 */
import type { CodeLength } from "@doorsync/protocol/authority";
import { needsIssue } from "../issue/version.ts";
import { type AtTheDoor, atTheDoor } from "../model/at-the-door.ts";
import { allowedLength, drawCode } from "../model/code.ts";
import { type Decision, deny, grant } from "../model/denial.ts";
import {
  assignCode,
  type CodeLife,
  type Ledger,
  liveCode,
  resetCode,
  revokeCode,
  suspendCode,
  takenMarks,
} from "../model/ledger.ts";
import { isWeak } from "../model/pick.ts";
import type { CodePolicy } from "../model/policy.ts";
import { type CodeState, codeState, isPending } from "../model/proof.ts";
import { judgeRoom } from "../model/room.ts";
import { type ShownTerms, shownTerms } from "../model/shown-terms.ts";
import type { Terms } from "../model/terms.ts";
import { policyOf } from "../store/houses.ts";
import { loadLedger, withDoor } from "../store/ledgers.ts";
import { type DoorEntry, listDoors, type PersonEntry } from "../store/registry.ts";
import { newId, type Office, openDigits, sealDigits } from "./office.ts";

/** A code with its digits: for the one person it belongs to, and for nobody's log. */
export interface CodeWord extends AtTheDoor {
  readonly door: string;
  readonly person: string;
  readonly code: string;
  readonly state: CodeState;
  readonly pending: boolean;
  /** The door is to know it and not to open to it. */
  readonly suspended: boolean;
  readonly terms: ShownTerms;
}

/** What `assign` and `reset` give. */
export interface GivenCode extends CodeWord {
  /** A lock hangs there, and no issued version says what was just done: run issue. */
  readonly needsIssue: boolean;
}

/** Whose code at which door. */
export interface CodeWish {
  readonly door: DoorEntry;
  readonly person: PersonEntry;
}

/** A new code for a person who has none here. `length` undefined: 4 digits (F4). LOCK_FULL. */
export async function assign(
  office: Office,
  wish: CodeWish & {
    readonly length: number | undefined;
    /** Left out: those of a resident. */
    readonly terms?: Terms;
    /** In place of what was taken away with the same version: no more room is needed. */
    readonly instead?: boolean;
  },
): Promise<Decision<GivenCode>> {
  const { terms, instead = false } = wish;
  const act: typeof assignCode = (ledger, code) => {
    const after = assignCode(ledger, terms === undefined ? code : { ...code, terms });
    const room = after.ok && !instead ? judgeRoom(after.value) : grant(true);
    return room.ok ? after : room;
  };
  return await give(office, wish, () => wish.length ?? 4, act);
}

/** Closes the door to a person's code, or opens it again; the code and all its terms stay (F15). */
export async function suspend(
  office: Office,
  wish: CodeWish & { readonly suspended: boolean },
): Promise<Decision<GivenCode>> {
  const { door, person } = wish;
  return await withDoor<Decision<GivenCode>>(office.db, door.id, async (ledger) => {
    const after = suspendCode(ledger, person.id, wish.suspended, office.now);
    if (!after.ok) return { ledger, result: after };
    const code = liveCode(after.value, person.id);
    if (code === undefined) throw new Error("a code was suspended and is not there");
    const word = wordOf(office, door, person.name, code, after.value);
    return {
      ledger: after.value,
      result: grant({ ...word, needsIssue: needsIssue(after.value, office.now) }),
    };
  });
}

/** Another code instead of the present one, of the same length unless the property no longer allows it (F4). */
export async function reset(
  office: Office,
  wish: CodeWish & { readonly length: number | undefined },
): Promise<Decision<GivenCode>> {
  const lengthOf = (old: CodeLife | undefined, door: DoorEntry): number =>
    wish.length ?? (door.sixDigits ? (old?.length ?? 4) : 4);
  return await give(office, wish, lengthOf, resetCode);
}

async function give(
  office: Office,
  { door, person }: CodeWish,
  lengthOf: (old: CodeLife | undefined, door: DoorEntry) => number,
  act: typeof assignCode,
): Promise<Decision<GivenCode>> {
  return await withDoor(office.db, door.id, async (ledger, trx) => {
    const refused = <T>(denied: T): { ledger: Ledger; result: T } => ({ ledger, result: denied });
    const length = allowedLength(lengthOf(liveCode(ledger, person.id), door), door.sixDigits);
    if (!length.ok) return refused(length);
    const { codePolicy } = await policyOf(trx, door.propertyId);
    const drawn = drawFor(office, codePolicy, ledger, door.id, person.id, length.value);
    if (!drawn.ok) return refused(drawn);
    const id = newId(office);
    const after = act(ledger, {
      id,
      person: person.id,
      mark: office.vault.mark(door.id, drawn.value),
      length: length.value,
      sealed: sealDigits(office, id, drawn.value),
      createdAt: office.now,
    });
    if (!after.ok) return refused(after);
    const code = liveCode(after.value, person.id);
    if (code === undefined) throw new Error("a code was given and is not there");
    const word = wordOf(office, door, person.name, code, after.value);
    return {
      ledger: after.value,
      result: grant({ ...word, needsIssue: needsIssue(after.value, office.now) }),
    };
  });
}

function drawFor(
  office: Office,
  codePolicy: CodePolicy,
  ledger: Ledger,
  doorId: string,
  personId: string,
  length: CodeLength,
): Decision<string> {
  const taken = takenMarks(ledger, personId);
  const isOut = (digits: string): boolean =>
    isWeak(codePolicy, digits) || taken.has(office.vault.mark(doorId, digits));
  return drawCode(office.fill, length, isOut);
}

export interface Revoked {
  readonly property: string;
  readonly door: string;
  readonly person: string;
  readonly state: CodeState;
  readonly pending: boolean;
  /** As of a given code; false when the code never left the house. */
  readonly needsIssue: boolean;
}

/** Takes a person's code away at one door, or at every door where there is one (`door` undefined). */
export async function revoke(
  office: Office,
  wish: { readonly door: DoorEntry | undefined; readonly person: PersonEntry },
): Promise<Decision<readonly Revoked[]>> {
  const { person } = wish;
  const doors = wish.door === undefined ? await listDoors(office.db) : [wish.door];
  const done: Revoked[] = [];
  for (const door of doors) {
    const one = await withDoor(office.db, door.id, async (ledger) => {
      const old = liveCode(ledger, person.id);
      const after = revokeCode(ledger, person.id, office.now);
      if (!after.ok || old === undefined) return { ledger, result: undefined };
      const gone = after.value.codes.find((code) => code.id === old.id) ?? old;
      const state = codeState(gone, after.value.lock);
      const result: Revoked = {
        property: door.property,
        door: door.name,
        person: person.name,
        state,
        pending: isPending(state),
        needsIssue: needsIssue(after.value, office.now),
      };
      return { ledger: after.value, result };
    });
    if (one !== undefined) done.push(one);
  }
  return done.length === 0 ? deny("NOT_ASSIGNED") : grant(done);
}

/** Every code a person has or that may still open a door in their name, with digits. */
export async function codesOf(office: Office, person: PersonEntry): Promise<readonly CodeWord[]> {
  const words: CodeWord[] = [];
  for (const door of await listDoors(office.db)) {
    const ledger = await loadLedger(office.db, door.id);
    for (const code of ledger.codes) {
      if (code.person !== person.id || code.released) continue;
      words.push(wordOf(office, door, person.name, code, ledger));
    }
  }
  return words;
}

function wordOf(office: Office, door: DoorEntry, person: string, code: CodeLife, ledger: Ledger): CodeWord {
  const state = codeState(code, ledger.lock);
  return {
    door: door.name,
    person,
    code: openDigits(office, code),
    state,
    pending: isPending(state),
    suspended: code.terms?.suspended === true && !code.revoked,
    terms: shownTerms(code.terms),
    ...atTheDoor(ledger.lock, office)(code),
  };
}
