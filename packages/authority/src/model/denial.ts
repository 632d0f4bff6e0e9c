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
  NOT_ALLOWED: {
    code: 115,
    meaning: "this role may not do this at this door",
    remedy: "ask somebody who may: the property's management, or who lives behind the door",
  },
  MOBILE_ONLY: {
    code: 116,
    meaning: "this is done on a phone",
    remedy: "log in on any phone and do it there",
  },
  UPGRADE_REQUIRED: {
    code: 117,
    meaning: "this app is older than the property accepts",
    remedy: "install the latest version of the app and try again; nothing was changed",
  },
  CANNOT_SPECIFY_PIN_CODE: {
    code: 118,
    meaning: "codes are generated here, not chosen",
    remedy: "ask for a generated code, or let the property enable custom codes",
  },
  CODE_NOT_PRIVATE: {
    code: 119,
    meaning: "a code can be chosen at a residence's door only",
    remedy: "ask for a generated code at this door",
  },
  CODE_FORM: {
    code: 120,
    meaning: "a code is 4 or 6 of the digits 0 to 9 and nothing else",
    remedy: "choose 4 or 6 digits",
  },
  CODE_WEAK: {
    code: 121,
    meaning: "this code is among the first that a stranger tries",
    remedy: "choose digits that do not repeat and do not count up or down",
  },
  PICK_REFUSED: {
    code: 122,
    meaning: "this code cannot be used here",
    remedy: "choose another code, or ask for a generated one",
  },
  GUEST_UNFIT: {
    code: 123,
    meaning: "a guest's code of this kind cannot have these times or this door",
    remedy: "see which times and doors the kind takes",
  },
  GUEST_RANDOM_ONLY: {
    code: 124,
    meaning: "guests' codes are drawn at random",
    remedy: "leave the digits out",
  },
  DAILY_LIMIT: {
    code: 125,
    meaning: "no more daily doorcodes today, or none to another new address",
    remedy:
      "send it to an address that had one before, wait until tomorrow, or ask the property's management",
  },
  DAILY_UNAVAILABLE: {
    code: 126,
    meaning: "this door takes no daily doorcode",
    remedy:
      "let the property's management set its local time (policy page), then sync the door; where daily doorcodes were " +
      "switched off, setDailyCode switches them on",
  },
  TOO_MANY: {
    code: 127,
    meaning: "too many tries; the number says how many seconds to wait",
    remedy: "wait, then try again",
  },
  PASSWORD_UNFIT: {
    code: 128,
    meaning: "a password has 10 to 200 characters and is not one that strangers try first",
    remedy: "choose a longer or less common one, such as four words",
  },
  EMAIL_UNFIT: { code: 129, meaning: "this is no e-mail address", remedy: "check it: name@example.org" },
  POLICY_UNFIT: {
    code: 130,
    meaning: "a property cannot have this policy",
    remedy: "see the bounds of the named setting",
  },
  PERSON_SUSPENDED: {
    code: 131,
    meaning: "this person's access is suspended here",
    remedy: "resume it first",
  },
  CARD_TAKEN: {
    code: 132,
    meaning: "the lock of this door knows this card, or may know it still",
    remedy: "take another card, or revoke this one and sync the door",
  },
  GUESTS_FULL: {
    code: 133,
    meaning: "there are as many guests at once as may be, by this inviter or at this door",
    remedy: "take back guests who no longer come; whose time is over counts no more",
  },
  APP_KEY_ELSEWHERE: {
    code: 140,
    meaning: "another phone of yours opens your doors",
    remedy: "log out there, or say replace: that phone then opens each door no more once the door is synced",
  },
  NO_APP_KEY: {
    code: 141,
    meaning: "this phone has no key of its own for your doors",
    remedy: "let it open doors first (enrol its key); it ends with each log-out and password reset",
  },
  APP_KEY_UNFIT: {
    code: 142,
    meaning: "this is no key that a lock could trust, or the proof of holding it is wrong",
    remedy: "make a new key on the phone and enrol that",
  },
  CODE_IS_COUNTED: {
    code: 143,
    meaning: "this code is given for some uses or minutes, and a phone's key would add to them",
    remedy: "use the code",
  },
  LOCK_FULL: {
    code: 150,
    meaning: "the lock of this door holds no more codes, cards and keys",
    remedy: "take back what is no longer needed and sync the door, or fit a larger lock",
  },
  NO_CODE_HERE: {
    code: 151,
    meaning: "a guest is let in here only by somebody whose own code opens this door",
    remedy: "ask the property's management, who can let your guest in, or give you access first",
  },
  SUSPENDED_HERE: {
    code: 155,
    meaning: "your access here is suspended",
    remedy: "ask the property's management to resume it",
  },
  BOOKS_DOUBTED: {
    code: 160,
    meaning: "this door's lock knows more than these books, or they come from a backup",
    remedy:
      "suspend and revoke anew whoever was since, then say that the books are right (issue --trust-books)",
  },
  // From 200: what a request lacks before it is anybody's wish.
  UNAUTHENTICATED: { code: 200, meaning: "no session, or one that has ended", remedy: "log in again" },
  BAD_CREDENTIALS: {
    code: 201,
    meaning: "no account has this e-mail address and password",
    remedy: "check both, or reset the password",
  },
  NO_SUCH: {
    code: 202,
    meaning: "there is nothing of this name that you have to do with",
    remedy: "list what there is, and choose from that",
  },
  REQUEST_UNFIT: {
    code: 203,
    meaning: "the request is not of the form that this endpoint takes",
    remedy: "see /v1/openapi.json",
  },
  KEY_REUSED: {
    code: 204,
    meaning: "this idempotency key was used for another request",
    remedy: "use a new key for a new request",
  },
  EMAIL_TAKEN: {
    code: 205,
    meaning: "an account with this e-mail address exists",
    remedy: "look among the property's people and grant access, or use another address",
  },
  RESET_INVALID: {
    code: 206,
    meaning: "this link was used, is too old or was never given",
    remedy: "ask for another password reset",
  },
  UNAVAILABLE: {
    code: 207,
    meaning: "the service has no word from its database; nothing is half done",
    remedy: "try again in a minute, under the same idempotency key",
  },
  FAULT: {
    code: 208,
    meaning: "a fault of the service; nothing is half done",
    remedy: "send it again under the same idempotency key, and report it with the time at which it happened",
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
