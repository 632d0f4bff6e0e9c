/**
 * What the property decided, in plain values: digits, terms and true seconds, as people say it. Nothing of the
 * protocol, of the ledger or of the firmware is in here; checkers hold all of those against it.
 */

/** Local hours of some days of the week: bit 0 of `days` is Sunday; an end not after the start is of the next day. */
export interface Hours {
  readonly days: number;
  readonly startMinute: number;
  readonly endMinute: number;
}

/** On what terms a credential opens. Seconds since 1970; zero in a limit: no such limit. */
export interface Terms {
  readonly notBefore: number;
  /** Exclusive; undefined: no end. */
  readonly notAfter: number | undefined;
  readonly leaseHours: number;
  /** Ends only when it is surely later. */
  readonly failOpen: boolean;
  readonly hours: Hours | undefined;
  readonly suspended: boolean;
  readonly useLimit: number;
  /** Minutes after the first use. */
  readonly expiringMinutes: number;
  /** Opens, and tells the property in silence. */
  readonly duress: boolean;
}

export const always: Terms = {
  notBefore: 0,
  notAfter: undefined,
  leaseHours: 0,
  failOpen: true,
  hours: undefined,
  suspended: false,
  useLimit: 0,
  expiringMinutes: 0,
  duress: false,
};

/** What is shown to a lock: digits, a keycard, or the digits of the day. */
export type EntryKind = "code" | "card" | "daily";

/** A credential as the property means it. */
export interface Entry {
  readonly person: string;
  readonly kind: EntryKind;
  /** A card's bytes in hexadecimal; empty for the daily code, which is in `Signed.daily`. */
  readonly digits: string;
  readonly terms: Terms;
  /** The number by which the lock's log calls it; undefined as long as it is in no table. */
  readonly credential: number | undefined;
}

/** The daily code of one local day, counted from 1970. */
export interface DailyDigits {
  readonly day: number;
  readonly digits: string;
}

/** Local time is UTC and so many minutes, from a second on. */
export interface Offset {
  readonly at: number;
  readonly minutes: number;
}

/** A table that the authority signed for a door's lock. */
export interface Signed {
  readonly door: number;
  readonly epoch: number;
  readonly version: number;
  /** The lock's word for this table; opaque. */
  readonly state: string;
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly entries: readonly Entry[];
  readonly offsets: readonly Offset[];
  /** The digits of the days around, where the table enables them. */
  readonly daily: readonly DailyDigits[];
}

/** Local time as seconds since 1970, as a clock on the wall shows it. */
export function localSeconds(offsets: readonly Offset[], seconds: number): number {
  let minutes = 0;
  for (const offset of offsets) if (offset.at <= seconds) minutes = offset.minutes;
  return seconds + 60 * minutes;
}

/** Whole local days since 1970. */
export function dayOf(offsets: readonly Offset[], seconds: number): number {
  return Math.floor(localSeconds(offsets, seconds) / 86_400);
}

/** Guests by number: those with codes, the cleaner with a card, and staff who read the code of the day. */
export const cleaner = 4;
export const staff = 5;

/** What a resident or a guest is called in the trace. */
export function personName(kind: "resident" | "guest", number: number): string {
  if (kind === "guest" && number === cleaner) return "cleaner";
  if (kind === "guest" && number === staff) return "staff";
  return `${kind} ${number}`;
}
