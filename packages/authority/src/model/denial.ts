/**
 * The property side's own refusals: number, name, sentence. Not the lock's refusals: these never travel to a lock,
 * and their numbers start at 100 so that nobody takes one for the other.
 */

interface DenialRow {
  readonly code: number;
  readonly meaning: string;
  readonly remedy: string;
}

/** Numbers are never reused. Names follow the codes that app developers know from Seam and Matter where one exists. */
export const denials = {
  CODE_LENGTH: { code: 100, meaning: "a code has 4 or 6 digits", remedy: "ask for 4 or 6" },
  SIX_DIGITS_OFF: {
    code: 101,
    meaning: "this property gives 4-digit codes only",
    remedy: "ask for 4, or let the property enable 6 digits",
  },
  ALREADY_ASSIGNED: {
    code: 102,
    meaning: "this person already has a code for this door",
    remedy: "reset it to get another one, or revoke it first",
  },
  NOT_ASSIGNED: { code: 103, meaning: "this person has no code for this door", remedy: "assign one" },
  CODES_EXHAUSTED: {
    code: 104,
    meaning: "no free code of this length is left for this door",
    remedy: "sync the door so that quarantined codes come free, or use 6 digits",
  },
  IDS_EXHAUSTED: {
    code: 105,
    meaning: "this lock has used every credential id of its epoch",
    remedy: "reset the lock from inside and commission it again",
  },
  NOT_COMMISSIONED: {
    code: 106,
    meaning: "no lock is commissioned on this door",
    remedy: "run commission, carry the parcel to the lock, then receive",
  },
  ALREADY_COMMISSIONED: {
    code: 107,
    meaning: "a lock is commissioned on this door and answers to this property",
    remedy: "if the lock was reset from inside or replaced, say --replace",
  },
  NAME_TAKEN: { code: 108, meaning: "this name is in use", remedy: "choose a name that tells the two apart" },
  NOTHING_TO_ISSUE: {
    code: 109,
    meaning: "the table at this version cannot be signed",
    remedy: "report this: it is a fault of the property side",
  },
  NAME_UNFIT: {
    code: 110,
    meaning: "a name has 1 to 100 characters, and no control character or line break",
    remedy: "choose a shorter or plainer name",
  },
  TERMS_UNFIT: {
    code: 111,
    meaning: "no lock could keep these terms",
    remedy: "at most 255 uses, 65,535 minutes and 24 windows, and an end after the beginning",
  },
  HOUSE_UNFIT: {
    code: 112,
    meaning: "no lock could keep to this",
    remedy: "offsets and holidays ascend without overlap, and limits are at least 1",
  },
  RULES_EXHAUSTED: {
    code: 113,
    meaning: "the terms at this door differ in more ways than a table has room for",
    remedy: "give fewer people hours and limits of their own, or revoke what is over",
  },
  VERSIONS_EXHAUSTED: {
    code: 114,
    meaning: "in a new epoch a lock takes no version past 65,536",
    remedy: "reset the lock from inside and commission it again",
  },
} as const;

export type DenialName = keyof typeof denials;

export interface Denied {
  readonly ok: false;
  readonly denial: DenialName;
  readonly detail?: string;
}

/** What a person's wish comes to. */
export type Decision<T> = { readonly ok: true; readonly value: T } | Denied;

export function grant<T>(value: T): Decision<T> {
  return { ok: true, value };
}

export function deny(denial: DenialName, detail?: string): Denied {
  return detail === undefined ? { ok: false, denial } : { ok: false, denial, detail };
}

/** A denial in words: number, name, meaning and remedy. */
export function describeDenial(denied: Denied): string {
  const row: DenialRow = denials[denied.denial];
  const about = denied.detail === undefined ? "" : ` (${denied.detail})`;
  return `denied ${row.code} ${denied.denial}${about}: ${row.meaning}; ${row.remedy}`;
}
