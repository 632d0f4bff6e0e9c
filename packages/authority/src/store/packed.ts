/**
 * Terms and houses as one column each: deterministic CBOR, read back strictly. A shape that was written is never
 * changed; the next one gets the next name.
 */
import {
  type Bytes,
  constant,
  credentialClasses,
  listOf,
  nested,
  optional,
  type ShapeValue,
  secondsMax,
  shape,
  uint,
} from "@doorsync/protocol/authority";
import { type House, type Terms, windowsMax } from "../model/terms.ts";

const bytesMax = 65_536;
/** Numbers that may be missing travel one higher, and 0 says that they are. */
const maybe = uint(0x1_0000);
const flag = uint(1);
const offsetShift = 1_080;

const windowShape = shape("window", { days: uint(0x7f), startMinute: uint(1_439), endMinute: uint(1_439) });

const termsShape = shape("terms", {
  format: constant("terms/1"),
  class: uint(0xff),
  useLimit: uint(0xff),
  expiringMinutes: uint(0xffff),
  notBefore: uint(secondsMax),
  notAfter: uint(secondsMax),
  skipHolidays: flag,
  leaseHours: maybe,
  /** 0: as the lease says. 1: no. 2: yes. */
  failOpen: uint(2),
  suspended: flag,
  duress: flag,
  windows: optional(listOf(nested(windowShape), windowsMax)),
});

export function packTerms(terms: Terms): Bytes {
  const { windows, failOpen } = terms;
  const said: ShapeValue<typeof termsShape> = {
    format: "terms/1",
    class: credentialClasses[terms.class],
    useLimit: terms.useLimit,
    expiringMinutes: terms.expiringMinutes,
    notBefore: terms.notBefore,
    notAfter: terms.notAfter,
    skipHolidays: bit(terms.skipHolidays),
    leaseHours: lifted(terms.leaseHours),
    failOpen: failOpen === undefined ? 0 : 1 + bit(failOpen),
    suspended: bit(terms.suspended),
    duress: bit(terms.duress),
  };
  return termsShape.encode(windows === undefined ? said : { ...said, windows });
}

/** Throws on what this file did not write: a damaged row. */
export function unpackTerms(packed: Bytes): Terms {
  const read = termsShape.decode(packed, bytesMax);
  if (!read.ok) throw new RangeError(`terms in the database that nobody can read: ${read.check}`);
  const { value } = read;
  const classNames = Object.keys(credentialClasses) as Terms["class"][];
  const name = classNames.find((one) => credentialClasses[one] === value.class);
  if (name === undefined) throw new RangeError(`unknown class of credential in the database: ${value.class}`);
  return {
    class: name,
    useLimit: value.useLimit,
    expiringMinutes: value.expiringMinutes,
    notBefore: value.notBefore,
    notAfter: value.notAfter,
    windows: value.windows,
    skipHolidays: value.skipHolidays === 1,
    leaseHours: lowered(value.leaseHours),
    failOpen: value.failOpen === 0 ? undefined : value.failOpen === 2,
    suspended: value.suspended === 1,
    duress: value.duress === 1,
  };
}

const changeShape = shape("change", { at: uint(secondsMax), shifted: uint(2 * offsetShift) });
const spanShape = shape("span", { start: uint(secondsMax), end: uint(secondsMax) });
const houseShape = shape("house", {
  format: constant("house/1"),
  autoRelockSeconds: maybe,
  wrongCodeEntryLimit: maybe,
  userCodeTemporaryDisableSeconds: maybe,
  wrongCodesPerDayMax: maybe,
  dailyGeneration: uint(0xffff),
  zone: listOf(nested(changeShape), 1_024),
  holidays: listOf(nested(spanShape), 768),
});

export function packHouse(house: House): Bytes {
  return houseShape.encode({
    format: "house/1",
    autoRelockSeconds: lifted(house.autoRelockSeconds),
    wrongCodeEntryLimit: lifted(house.wrongCodeEntryLimit),
    userCodeTemporaryDisableSeconds: lifted(house.userCodeTemporaryDisableSeconds),
    wrongCodesPerDayMax: lifted(house.wrongCodesPerDayMax),
    dailyGeneration: house.dailyGeneration,
    zone: house.zone.map(({ at, offsetMinutes }) => ({ at, shifted: offsetMinutes + offsetShift })),
    holidays: house.holidays,
  });
}

/** Throws on what this file did not write: a damaged row. */
export function unpackHouse(packed: Bytes): House {
  const read = houseShape.decode(packed, bytesMax);
  if (!read.ok) throw new RangeError(`a house in the database that nobody can read: ${read.check}`);
  const { value } = read;
  return {
    autoRelockSeconds: lowered(value.autoRelockSeconds),
    wrongCodeEntryLimit: lowered(value.wrongCodeEntryLimit),
    userCodeTemporaryDisableSeconds: lowered(value.userCodeTemporaryDisableSeconds),
    wrongCodesPerDayMax: lowered(value.wrongCodesPerDayMax),
    dailyGeneration: value.dailyGeneration,
    zone: value.zone.map(({ at, shifted }) => ({ at, offsetMinutes: shifted - offsetShift })),
    holidays: value.holidays,
  };
}

function bit(is: boolean): 0 | 1 {
  return is ? 1 : 0;
}

function lifted(value: number | undefined): number {
  return value === undefined ? 0 : value + 1;
}

function lowered(value: number): number | undefined {
  return value === 0 ? undefined : value - 1;
}
