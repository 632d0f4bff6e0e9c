/**
 * How a person's codes stand at a door, for whoever manages it and without their digits: state, what works now, what
 * will after a sync, and until when one may open in the worst case. And what of it the feed is told.
 */
import type { CredentialClass } from "@doorsync/protocol/authority";
import { type AtTheDoor, atTheDoor, type Moment } from "../model/at-the-door.ts";
import { type Exposure, exposureAt } from "../model/exposure.ts";
import { type CodeLife, classOf, type Ledger } from "../model/ledger.ts";
import { type CodeState, codeState, isPending } from "../model/proof.ts";
import { type ShownTerms, shownTerms } from "../model/shown-terms.ts";
import type { Office } from "../office/office.ts";
import type { DoorEntry } from "../store/registry.ts";
import { noteChanges } from "../store/trail.ts";

export interface CodeStanding extends AtTheDoor {
  readonly class: CredentialClass;
  readonly length: number;
  readonly createdAt: number;
  readonly state: CodeState;
  readonly pending: boolean;
  /** The door is to know it and not to open to it. */
  readonly suspended: boolean;
  readonly terms: ShownTerms;
  /** Until when it may open in the worst case: nobody brings the lock anything more. */
  readonly exposure: { readonly kind: Exposure["kind"]; readonly until: number | null };
}

/** Answers for the codes of one ledger. */
export function standingsIn(ledger: Ledger, moment: Moment): (code: CodeLife) => CodeStanding {
  const exposureOf = exposureAt(ledger.lock);
  const doorOf = atTheDoor(ledger.lock, moment);
  return (code) => {
    const state = codeState(code, ledger.lock);
    const exposure = exposureOf(code);
    return {
      class: classOf(code),
      length: code.length,
      createdAt: code.createdAt,
      state,
      pending: isPending(state),
      suspended: code.terms?.suspended === true && !code.revoked,
      terms: shownTerms(code.terms),
      ...doorOf(code),
      exposure: { kind: exposure.kind, until: exposure.kind === "until" ? exposure.atSeconds : null },
    };
  };
}

export interface ChangedCode extends CodeStanding {
  /** False: it is as it was, and told because it may still open. */
  readonly changed: boolean;
}

/** What an act did at one door. Nothing of it is done before the lock's receipt. */
export interface DoorChange {
  readonly doorId: string;
  readonly door: string;
  readonly codes: readonly ChangedCode[];
}

/** What of a person's codes differs between two ledgers, or may still open. */
export function changeAt(
  door: DoorEntry,
  before: Ledger,
  after: Ledger,
  personId: string,
  moment: Moment,
): DoorChange {
  const old = new Map(before.codes.map((code) => [code.id, code]));
  const standingOf = standingsIn(after, moment);
  const isAsBefore = (code: CodeLife): boolean => {
    const was = old.get(code.id);
    return was !== undefined && was.revoked === code.revoked && was.termsFrom === code.termsFrom;
  };
  const codes = after.codes
    .filter((code) => code.person === personId && (!code.released || !isAsBefore(code)))
    .map((code) => ({ ...standingOf(code), changed: !isAsBefore(code) }));
  return { doorId: door.id, door: door.name, codes };
}

/** Tells the feed what is wished for at these doors, and what the whole of it is called. */
export async function tellChanges(
  office: Office,
  about: {
    readonly propertyId: string;
    readonly personId: string;
    readonly kind: string;
    readonly detail?: string;
  },
  changes: readonly DoorChange[],
): Promise<void> {
  const blank = { at: office.now, property_id: about.propertyId, person_id: about.personId };
  const each = changes.flatMap(({ doorId, codes }) =>
    codes
      .filter(({ changed }) => changed)
      .map(({ state, class: of }) => ({ ...blank, door_id: doorId, kind: `code.${state}`, detail: of })),
  );
  const whole = { ...blank, door_id: null, kind: about.kind, detail: about.detail ?? null };
  await noteChanges(office.db, [...each, whole]);
}
