/**
 * Codes as people are told of them. While a code changes it has several faces: the one that works at the door now, and
 * the one that will after a sync; all are shown, or somebody would be locked out (F3). Nothing is said to work before
 * the lock has signed for it. Not who may see which: that is decided before.
 */
import { type CredentialClass, credentialClasses } from "@doorsync/protocol/authority";
import { type AtTheDoor, atTheDoor } from "../model/at-the-door.ts";
import { type Exposure, exposureAt } from "../model/exposure.ts";
import { type CodeLife, classOf, type DoorKind, type Ledger } from "../model/ledger.ts";
import type { Policy } from "../model/policy.ts";
import { type CodeState, codeState, isPending } from "../model/proof.ts";
import { type ShownTerms, shownTerms } from "../model/shown-terms.ts";
import { type DelayWarning, delayWarning } from "../model/warnings.ts";
import { type Office, openDigits } from "../office/office.ts";
import type { DoorEntry } from "../store/registry.ts";
import { suspendedAmong } from "../store/standings.ts";
import { type Changed, noteChanges } from "../store/trail.ts";
import { momentAt } from "./openings.ts";

const classes = Object.keys(credentialClasses) as readonly CredentialClass[];

export interface Face extends AtTheDoor {
  /** Null for a card or a key, while suspended, and for whoever may not see the digits. */
  readonly code: string | null;
  readonly state: CodeState;
  readonly pending: boolean;
  readonly suspended: boolean;
  /** Since when it is wished to be as it is. */
  readonly since: number;
  readonly terms: ShownTerms;
  readonly warnings: readonly DelayWarning[];
  /** In the worst case: nobody brings the lock anything more. */
  readonly exposure: { readonly kind: Exposure["kind"]; readonly until: number | null };
}

export interface ShownDoor {
  readonly id: string;
  readonly name: string;
  readonly kind: DoorKind;
  readonly propertyId: string;
  readonly property: string;
}

/** All faces of what one person has of one class at one door. */
export interface CodeEntry {
  readonly door: ShownDoor;
  readonly class: CredentialClass;
  readonly pending: boolean;
  readonly faces: readonly Face[];
}

/** A door and what of it people are told by. */
export interface Sight {
  readonly door: DoorEntry;
  readonly ledger: Ledger;
  readonly policy: Policy;
  readonly withDigits: boolean;
}

/** What each of these people has, or may still open by, at a door: class by class, the older face first. */
export async function entriesAt(
  office: Office,
  sight: Sight,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, readonly CodeEntry[]>> {
  const exposureOf = exposureAt(sight.ledger.lock);
  const doorOf = atTheDoor(sight.ledger.lock, await momentAt(office, sight.door.id, sight.ledger));
  const entryOf = (of: CredentialClass, lives: readonly CodeLife[], isHeld: boolean): CodeEntry => {
    const seen = isHeld ? { ...sight, withDigits: false } : sight;
    const faces = lives.map((code) =>
      faceOf(office, seen, code, { exposure: exposureOf(code), atTheDoor: doorOf(code) }),
    );
    return { door: shownDoor(sight.door), class: of, pending: faces.some(({ pending }) => pending), faces };
  };
  // Whoever holds a stolen phone must not read on it what still opens until a sync, whatever became of it besides.
  const held = await suspendedAmong(office.db, sight.door.propertyId, personIds);
  return new Map(
    personIds.map((person) => {
      const own = sight.ledger.codes.filter((code) => code.person === person && !code.released);
      const isHeld = held.has(person) || own.some((code) => !code.revoked && code.terms?.suspended === true);
      const byClass = classes.map((of) =>
        entryOf(
          of,
          own.filter((code) => classOf(code) === of),
          isHeld,
        ),
      );
      return [person, byClass.filter(({ faces }) => faces.length > 0)];
    }),
  );
}

export function shownDoor({ id, name, kind, propertyId, property }: DoorEntry): ShownDoor {
  return { id, name, kind: kind as DoorKind, propertyId, property };
}

interface Said {
  readonly exposure: Exposure;
  readonly atTheDoor: AtTheDoor;
}

function faceOf(office: Office, sight: Sight, code: CodeLife, said: Said): Face {
  const { exposure } = said;
  const since = code.wishedAt;
  const { ledger, policy, withDigits } = sight;
  const state = codeState(code, ledger.lock);
  const suspended = code.terms?.suspended ?? false;
  const isShown = withDigits && classOf(code) === "code" && !suspended;
  const warning = delayWarning(policy, state, since, office.now);
  return {
    ...said.atTheDoor,
    code: isShown ? openDigits(office, code) : null,
    state,
    pending: isPending(state),
    suspended,
    since,
    terms: shownTerms(code.terms),
    warnings: warning === undefined ? [] : [warning],
    exposure: { kind: exposure.kind, until: exposure.kind === "until" ? exposure.atSeconds : null },
  };
}

/** Tells the feed which codes of a person are wished otherwise than before. */
export async function tellCodes(
  office: Office,
  door: DoorEntry,
  personId: string,
  ledgers: { readonly before: Ledger; readonly after: Ledger },
): Promise<void> {
  const { before, after } = ledgers;
  const known = new Map(before.codes.map((code) => [code.id, codeState(code, before.lock)]));
  const changes: Changed[] = [];
  for (const code of after.codes) {
    const state = codeState(code, after.lock);
    if (code.person !== personId || known.get(code.id) === state) continue;
    const about = { at: office.now, property_id: door.propertyId, door_id: door.id, person_id: personId };
    changes.push({ ...about, kind: `code.${state}`, detail: classOf(code) });
  }
  await noteChanges(office.db, changes);
}
