/**
 * The one table of refusals: number on the wire, name, meaning, and what a person can do about it. Refusals are
 * values; what only our own mistake can cause throws instead. Policy refusals of the property side (a weak code,
 * a missing right) are not here: they never reach a lock.
 */

interface RefusalRow {
  /** Number on the wire; 0 never leaves the process. */
  readonly code: number;
  readonly meaning: string;
  readonly remedy: string;
}

/**
 * 0: local only. 1 to 15: may be said to anybody. 16 to 31: only after the authority's signature was verified.
 * 32 to 47: only after the signature of a capability was verified, sealed to who showed it. Numbers are never reused.
 */
export const refusals = {
  MALFORMED: {
    code: 0,
    meaning: "bytes outside the encoding profile",
    remedy: "send deterministic CBOR of the documented shape",
  },
  REJECTED: {
    code: 1,
    meaning: "not accepted; nothing more is said before a signature is verified",
    remedy: "fetch the update for this lock again",
  },
  BUSY: {
    code: 2,
    meaning: "the lock is occupied (storage or signature budget)",
    remedy: "try again after the given number of seconds",
  },
  TOO_LARGE: {
    code: 3,
    meaning: "longer than the bound of its message type",
    remedy: "send within the documented bound",
  },
  UNSUPPORTED: {
    code: 4,
    meaning: "message type or protocol version not known to this lock",
    remedy: "update the app",
  },
  STALE: {
    code: 17,
    meaning: "older than the table the lock holds (detail: the held version)",
    remedy: "none needed: a newer table is in force",
  },
  NEED_SNAPSHOT: {
    code: 18,
    meaning: "the delta does not fit the table the lock holds (detail: the held version)",
    remedy: "fetch a delta from the held version, or a snapshot",
  },
  EXPIRED: {
    code: 19,
    meaning: "too old to be delivered: notAfter has passed by the lock's own lower time bound",
    remedy: "go online, fetch a fresh bundle, sync again",
  },
  CONFLICT: {
    code: 20,
    meaning: "same version as held, other content",
    remedy: "the authority issues a newer version; look for a restored backup",
  },
  BODY_INVALID: {
    code: 21,
    meaning: "the sealed body does not open, or does not mean anything",
    remedy: "the authority issues the update again",
  },
  DUPLICATE: {
    code: 22,
    meaning: "two credentials of the new table share a tag (detail: the credential's id)",
    remedy: "the authority draws another code",
  },
  RESOURCE_EXHAUSTED: {
    code: 23,
    meaning: "more items than this lock's profile holds",
    remedy: "remove credentials, or fit a lock with a larger profile",
  },
  STORAGE: {
    code: 24,
    meaning: "the flash did not read back what was programmed",
    remedy: "try once more; then replace the lock",
  },
  SYNC_FIRST: {
    code: 32,
    meaning: "the lock's table is older than the capability asks for (detail: the held version)",
    remedy: "sync the lock, then unlock again",
  },
  TIME_NEEDED: {
    code: 33,
    meaning: "the lock cannot tell whether the capability is good now",
    remedy: "bring the lock the time, then unlock again",
  },
  DENIED: {
    code: 34,
    meaning: "the door stays shut for this device",
    remedy: "fetch a fresh capability; if it stays so, ask who manages the door",
  },
} as const;

export type RefusalName = keyof typeof refusals;

export interface Refused {
  readonly ok: false;
  readonly refusal: RefusalName;
  /** Which numbered check or which trap, e.g. "U9" or "cbor/trailing-bytes". For tests and traces; never sent. */
  readonly check: string;
  /** Only where the table says so; a number the peer may hear. */
  readonly detail?: number;
}

export interface Accepted<T> {
  readonly ok: true;
  readonly value: T;
}

/** What a stranger's bytes come to. */
export type Verdict<T> = Accepted<T> | Refused;

export function accept<T>(value: T): Accepted<T> {
  return { ok: true, value };
}

export function refuse(refusal: RefusalName, check: string, detail?: number): Refused {
  return detail === undefined ? { ok: false, refusal, check } : { ok: false, refusal, check, detail };
}

/** Name of a wire number, or undefined for numbers of a later protocol version. */
export function refusalByCode(code: number): RefusalName | undefined {
  for (const name of Object.keys(refusals) as RefusalName[]) {
    if (refusals[name].code === code && code !== 0) return name;
  }
  return undefined;
}

/** A refusal in words: number, name, meaning and remedy. */
export function describeRefusal(name: RefusalName, detail?: number): string {
  const row: RefusalRow = refusals[name];
  const shown = detail === undefined ? "" : ` [${detail}]`;
  return `refused ${row.code} ${name}${shown}: ${row.meaning}; ${row.remedy}`;
}
