/**
 * Under which terms somebody may come in, and what a house keeps to as a whole: what people agree upon, before it is
 * spelled in rules and credentials. No ids and no bytes; those are given in `issue/items.ts`.
 */
import {
  type CredentialClass,
  firstHolidayId,
  firstZoneId,
  lastHolidayId,
  lastZoneId,
  rulesPerScheduleMax,
  secondsMax,
  secondsNever,
  type Window,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";

/** Windows that one schedule holds at most; a rule has room for three, and names the next one. */
export const windowsPerRule = 3;
export const windowsMax: number = windowsPerRule * rulesPerScheduleMax;
export const usesMax = 0xff;
export const minutesMax = 0xffff;
const minutesPerDay = 1_440;
const offsetMinutesMax = 1_080;
const changesPerItem = 4;
const spansPerItem = 3;
/** Items of a table that are the house's own: settings, the doorcode rule, local time and holidays. The rest is rules'. */
export const houseItemsMax = 256;
const settingsItems = 2;

export interface Terms {
  readonly class: CredentialClass;
  /** Times it opens; 0: no such limit. */
  readonly useLimit: number;
  /** Minutes it lives after its first use; 0: no such limit. */
  readonly expiringMinutes: number;
  /** Seconds since 1970: from the one on, until before the other (`secondsNever`: no end). */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Local hours of the week in which it opens; undefined: at any hour, and an empty list never opens. */
  readonly windows: readonly Window[] | undefined;
  readonly skipHolidays: boolean;
  /** Hours it lives without a newer table, 0 for no lease; undefined: as the property says. */
  readonly leaseHours: number | undefined;
  /** Ends by the lower time bound; undefined: only where there is no lease. */
  readonly failOpen: boolean | undefined;
  /** One bit beside all the rest, so that resuming finds the rest untouched (F15). */
  readonly suspended: boolean;
  /** Opens and raises a silent alarm. */
  readonly duress: boolean;
}

/** A resident's doorcode: always, for the property's lease. */
export const plainTerms: Terms = {
  class: "code",
  useLimit: 0,
  expiringMinutes: 0,
  notBefore: 0,
  notAfter: secondsNever,
  windows: undefined,
  skipHolidays: false,
  leaseHours: undefined,
  failOpen: undefined,
  suspended: false,
  duress: false,
};

export interface OffsetChange {
  readonly at: number;
  readonly offsetMinutes: number;
}

export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/** What all doors of a property share; undefined: as the protocol recommends. */
export interface House {
  readonly autoRelockSeconds: number | undefined;
  readonly wrongCodeEntryLimit: number | undefined;
  readonly userCodeTemporaryDisableSeconds: number | undefined;
  readonly wrongCodesPerDayMax: number | undefined;
  /** Raising it ends every daily doorcode given out before. */
  readonly dailyGeneration: number;
  /** Local time is UTC plus the offset from each of these seconds on; ascending. Empty: not known to the locks. */
  readonly zone: readonly OffsetChange[];
  /** Ascending, without overlap. */
  readonly holidays: readonly TimeSpan[];
}

export const plainHouse: House = {
  autoRelockSeconds: undefined,
  wrongCodeEntryLimit: undefined,
  userCodeTemporaryDisableSeconds: undefined,
  wrongCodesPerDayMax: undefined,
  dailyGeneration: 0,
  zone: [],
  holidays: [],
};

/** The terms, or TERMS_UNFIT with the first thing that no lock could keep. */
export function fitTerms(terms: Terms): Decision<Terms> {
  const { useLimit, expiringMinutes, notBefore, notAfter, windows = [], leaseHours = 0 } = terms;
  if (!isWhole(useLimit, usesMax)) return deny("TERMS_UNFIT", `${useLimit} uses`);
  if (!isWhole(expiringMinutes, minutesMax)) return deny("TERMS_UNFIT", `${expiringMinutes} minutes`);
  if (!isWhole(leaseHours, 0xffff)) return deny("TERMS_UNFIT", `a lease of ${leaseHours} hours`);
  if (!isWhole(notBefore, secondsMax) || !isWhole(notAfter, secondsMax) || notBefore >= notAfter)
    return deny("TERMS_UNFIT", `from ${notBefore} until ${notAfter}`);
  if (windows.length > windowsMax) return deny("TERMS_UNFIT", `${windows.length} windows`);
  const odd = windows.find(
    ({ days, startMinute, endMinute }) =>
      !(isWhole(days, 0x7f) && days > 0) ||
      !isWhole(startMinute, minutesPerDay - 1) ||
      !isWhole(endMinute, minutesPerDay - 1),
  );
  return odd === undefined
    ? grant(terms)
    : deny("TERMS_UNFIT", `window ${odd.days}/${odd.startMinute}/${odd.endMinute}`);
}

/** The house, or HOUSE_UNFIT with the first thing that no lock could keep. */
export function fitHouse(house: House): Decision<House> {
  const bounds = [
    ["auto-relock seconds", house.autoRelockSeconds, 0, 0xffff],
    ["wrong-code limit", house.wrongCodeEntryLimit, 1, 0xff],
    ["pause seconds", house.userCodeTemporaryDisableSeconds, 0, 0xffff],
    ["wrong codes a day", house.wrongCodesPerDayMax, 1, 0xffff],
    ["daily generation", house.dailyGeneration, 0, 0xffff],
  ] as const;
  for (const [what, value, least, most] of bounds) {
    if (value !== undefined && !(isWhole(value, most) && value >= least))
      return deny("HOUSE_UNFIT", `${what} ${value}`);
  }
  if (house.zone.length > changesPerItem * (lastZoneId - firstZoneId + 1))
    return deny("HOUSE_UNFIT", `${house.zone.length} offset changes`);
  if (house.holidays.length > spansPerItem * (lastHolidayId - firstHolidayId + 1))
    return deny("HOUSE_UNFIT", `${house.holidays.length} holidays`);
  const items =
    settingsItems +
    Math.ceil(house.zone.length / changesPerItem) +
    Math.ceil(house.holidays.length / spansPerItem);
  if (items > houseItemsMax) return deny("HOUSE_UNFIT", `${items} items of local time and holidays`);
  let at = -1;
  for (const change of house.zone) {
    const isFit = isWhole(change.at, secondsMax) && Math.abs(change.offsetMinutes) <= offsetMinutesMax;
    if (!isFit || !Number.isInteger(change.offsetMinutes) || change.at <= at)
      return deny("HOUSE_UNFIT", `offset ${change.offsetMinutes} from ${change.at}`);
    at = change.at;
  }
  let end = 0;
  for (const span of house.holidays) {
    if (!isWhole(span.start, secondsMax) || !isWhole(span.end, secondsMax))
      return deny("HOUSE_UNFIT", `holiday ${span.start}`);
    if (span.start >= span.end || span.start < end) return deny("HOUSE_UNFIT", `holiday ${span.start}`);
    end = span.end;
  }
  return grant(house);
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}
