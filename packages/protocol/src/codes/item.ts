/**
 * The 29-byte item: the one unit that a table is made of, on the wire, under the digest and in flash. The id's
 * range tells the kind. Not the table (table.ts), and not the judgement at the door, which is the firmware's.
 *
 * Layout, big-endian. Reserved bytes are zero and checked, so every item has exactly one spelling.
 *   id u24 | 26 bytes by kind
 *   settings    0                   profile u8 | autoRelock u16 | wrongLimit u8 | disable u16 | perDay u16 | dailyGeneration u16 | 16 zero
 *   rule        1 .. 0x7fff         class u8 | flags u8 | leaseHours u16 | useLimit u8 | expiringMinutes u16 | 3 windows of 5 | also u16 | 2 zero
 *   zone        0x8000 .. 0x80ff    count u8 | 4 x (at u32, offsetMinutes i16) | 1 zero
 *   holiday     0x8100 .. 0x81ff    count u8 | 3 x (start u32, end u32) | 1 zero
 *   credential  0x10000 .. 0xffffff rule u16 (bit 15: suspended) | tag 16 | notBefore u32 | notAfter u32
 */

import { type Bytes, copy, equal, readUint, writeUint } from "../bytes.ts";
import { secondsNever } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";

export const itemBytes = 29;
export const tagBytes = 16;
const tagAt = 5;

export const settingsId = 0;
export const firstRuleId = 1;
export const lastRuleId = 0x7fff;
export const firstZoneId = 0x8000;
export const lastZoneId = 0x80ff;
export const firstHolidayId = 0x8100;
export const lastHolidayId = 0x81ff;
export const firstCredentialId = 0x1_0000;
export const lastCredentialId = 0xff_ffff;

/** What a rule's credentials are: a digit code (Matter Pin), a keycard (Matter Rfid), an app's device key, or the derived daily code. */
export const credentialClasses = { code: 1, keycard: 2, app: 3, dailyCode: 4 } as const;
export type CredentialClass = keyof typeof credentialClasses;

/** Kinds of door, in the words of the property. */
export const lockProfiles = { residence: 0, buildingEntrance: 1, communal: 2, service: 3 } as const;
export type LockProfile = keyof typeof lockProfiles;

/** One key, card or code of one person. `notBefore` is inclusive, `notAfter` exclusive; seconds since 1970 UTC. */
export interface Credential {
  readonly kind: "credential";
  readonly id: number;
  readonly rule: number;
  /** Suspension is one bit, so that resuming finds rule and window untouched. */
  readonly suspended: boolean;
  readonly tag: Bytes;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A weekly window of local time: Matter's DaysMask (bit 0 = Sunday); `endMinute` <= `startMinute` crosses midnight. */
export interface Window {
  readonly days: number;
  readonly startMinute: number;
  readonly endMinute: number;
}

/** When and how long credentials of a class open. Zero in a limit means: no such limit. */
export interface Rule {
  readonly kind: "rule";
  readonly id: number;
  readonly class: CredentialClass;
  /** Ends by the lower time bound instead of the upper one: for the owner's own code. */
  readonly failOpen: boolean;
  /** Opens and raises a silent alarm (Matter ForcedUser). */
  readonly duress: boolean;
  readonly skipHolidays: boolean;
  /** Only inside `windows` (and those of `also`); scheduled without windows never opens. */
  readonly scheduled: boolean;
  /** Hours after the table's issuedAt that the class lives without a newer table. */
  readonly leaseHours: number;
  readonly useLimit: number;
  /** Minutes after first use (Matter ExpiringUserTimeout). */
  readonly expiringMinutes: number;
  readonly windows: readonly Window[];
  readonly also: number;
}

/** What the lock as a whole keeps to; absent means the defaults in limits.ts. */
export interface Settings {
  readonly kind: "settings";
  readonly profile: LockProfile;
  readonly autoRelockSeconds: number;
  readonly wrongCodeEntryLimit: number;
  readonly userCodeTemporaryDisableSeconds: number;
  readonly wrongCodesPerDayMax: number;
  /** Mixed into the daily code's derivation: raising it ends every daily code given out before. */
  readonly dailyGeneration: number;
}

/** Signed list of offset changes instead of a zone database: from `at` on, local time is UTC + offsetMinutes. */
export interface Zone {
  readonly kind: "zone";
  readonly id: number;
  readonly changes: readonly { readonly at: number; readonly offsetMinutes: number }[];
}

export interface Holiday {
  readonly kind: "holiday";
  readonly id: number;
  readonly spans: readonly { readonly start: number; readonly end: number }[];
}

export type Item = Settings | Rule | Zone | Holiday | Credential;
export type ItemKind = Item["kind"];

const windowsMax = 3;
const zoneChangesMax = 4;
const holidaySpansMax = 3;
const minutesPerDay = 1_440;
const offsetMinutesMax = 1_080;

export function itemId(item: Bytes): number {
  return readUint(item, 0, 3);
}

/** In place of a tag where the code is derived and nothing is stored: only under a rule of class dailyCode. */
export const dailyTag: Bytes = new Uint8Array(tagBytes);

/** The tag of a raw credential, as a window on it. */
export function credentialTag(credential: Bytes): Bytes {
  return credential.subarray(tagAt, tagAt + tagBytes);
}

/** The kind that an id's range stands for; undefined in the gaps kept free. */
export function itemKind(id: number): ItemKind | undefined {
  if (id === settingsId) return "settings";
  if (id >= firstRuleId && id <= lastRuleId) return "rule";
  if (id >= firstZoneId && id <= lastZoneId) return "zone";
  if (id >= firstHolidayId && id <= lastHolidayId) return "holiday";
  if (id >= firstCredentialId && id <= lastCredentialId) return "credential";
  return undefined;
}

/** The 29 bytes of an item. Throws on values that the layout does not hold: the authority's own mistake. */
export function encodeItem(item: Item): Bytes {
  const bytes = new Uint8Array(itemBytes);
  const id = item.kind === "settings" ? settingsId : item.id;
  if (itemKind(id) !== item.kind) throw new RangeError(`id ${id} does not stand for a ${item.kind}`);
  writeUint(bytes, 0, 3, id);
  switch (item.kind) {
    case "settings":
      writeUint(bytes, 3, 1, lockProfiles[item.profile]);
      writeUint(bytes, 4, 2, item.autoRelockSeconds);
      writeUint(bytes, 6, 1, item.wrongCodeEntryLimit);
      writeUint(bytes, 7, 2, item.userCodeTemporaryDisableSeconds);
      writeUint(bytes, 9, 2, item.wrongCodesPerDayMax);
      writeUint(bytes, 11, 2, item.dailyGeneration);
      break;
    case "rule":
      writeUint(bytes, 3, 1, credentialClasses[item.class]);
      writeUint(bytes, 4, 1, flagsOf(item));
      writeUint(bytes, 5, 2, item.leaseHours);
      writeUint(bytes, 7, 1, item.useLimit);
      writeUint(bytes, 8, 2, item.expiringMinutes);
      if (item.windows.length > windowsMax)
        throw new RangeError(`${item.windows.length} windows in one rule`);
      item.windows.forEach((window, i) => {
        writeUint(bytes, 10 + 5 * i, 1, window.days);
        writeUint(bytes, 11 + 5 * i, 2, window.startMinute);
        writeUint(bytes, 13 + 5 * i, 2, window.endMinute);
      });
      writeUint(bytes, 25, 2, item.also);
      break;
    case "zone":
      if (item.changes.length > zoneChangesMax)
        throw new RangeError(`${item.changes.length} changes in one zone item`);
      writeUint(bytes, 3, 1, item.changes.length);
      item.changes.forEach((change, i) => {
        writeUint(bytes, 4 + 6 * i, 4, change.at);
        writeUint(bytes, 8 + 6 * i, 2, (change.offsetMinutes + 0x1_0000) % 0x1_0000);
      });
      break;
    case "holiday":
      if (item.spans.length > holidaySpansMax)
        throw new RangeError(`${item.spans.length} spans in one holiday item`);
      writeUint(bytes, 3, 1, item.spans.length);
      item.spans.forEach((span, i) => {
        writeUint(bytes, 4 + 8 * i, 4, span.start);
        writeUint(bytes, 8 + 8 * i, 4, span.end);
      });
      break;
    case "credential":
      if (item.tag.length !== tagBytes) throw new RangeError(`tag of ${item.tag.length} bytes`);
      writeUint(bytes, 3, 2, item.rule + (item.suspended ? 0x8000 : 0));
      bytes.set(item.tag, tagAt);
      writeUint(bytes, 21, 4, item.notBefore);
      writeUint(bytes, 25, 4, item.notAfter);
      break;
    default:
      return item satisfies never;
  }
  const said = decodeItem(bytes);
  if (!said.ok) throw new RangeError(`an item that no lock would take: ${said.check}`);
  return bytes;
}

/** The meaning of 29 bytes, or BODY_INVALID: unknown ids, reserved bits, a second spelling, an empty span. */
export function decodeItem(bytes: Bytes): Verdict<Item> {
  if (bytes.length !== itemBytes) return refuse("BODY_INVALID", "item/length");
  const id = itemId(bytes);
  const kind = itemKind(id);
  switch (kind) {
    case "settings":
      return decodeSettings(bytes);
    case "rule":
      return decodeRule(bytes, id);
    case "zone":
      return decodeZone(bytes, id);
    case "holiday":
      return decodeHoliday(bytes, id);
    case "credential":
      return decodeCredential(bytes, id);
    case undefined:
      return refuse("BODY_INVALID", "item/unknown-id");
    default:
      return kind satisfies never;
  }
}

function decodeSettings(bytes: Bytes): Verdict<Settings> {
  const profile = keyOf(lockProfiles, readUint(bytes, 3, 1));
  if (profile === undefined) return refuse("BODY_INVALID", "item/settings-profile");
  if (!zeroFrom(bytes, 13)) return refuse("BODY_INVALID", "item/reserved");
  const settings: Settings = {
    kind: "settings",
    profile,
    autoRelockSeconds: readUint(bytes, 4, 2),
    wrongCodeEntryLimit: readUint(bytes, 6, 1),
    userCodeTemporaryDisableSeconds: readUint(bytes, 7, 2),
    wrongCodesPerDayMax: readUint(bytes, 9, 2),
    dailyGeneration: readUint(bytes, 11, 2),
  };
  if (settings.wrongCodeEntryLimit === 0 || settings.wrongCodesPerDayMax === 0) {
    return refuse("BODY_INVALID", "item/settings-limit");
  }
  return accept(settings);
}

function decodeRule(bytes: Bytes, id: number): Verdict<Rule> {
  const classOf = keyOf(credentialClasses, readUint(bytes, 3, 1));
  if (classOf === undefined) return refuse("BODY_INVALID", "item/rule-class");
  const flags = readUint(bytes, 4, 1);
  if (flags > 0x0f || !zeroFrom(bytes, 27)) return refuse("BODY_INVALID", "item/reserved");
  const windows: Window[] = [];
  for (let i = 0; i < windowsMax; i++) {
    const window: Window = {
      days: readUint(bytes, 10 + 5 * i, 1),
      startMinute: readUint(bytes, 11 + 5 * i, 2),
      endMinute: readUint(bytes, 13 + 5 * i, 2),
    };
    if (window.days === 0) {
      if (window.startMinute !== 0 || window.endMinute !== 0)
        return refuse("BODY_INVALID", "item/rule-window");
      continue;
    }
    // Packed from the front: a gap would be a second spelling of the same rule.
    if (windows.length !== i) return refuse("BODY_INVALID", "item/rule-window");
    if (window.days > 0x7f || window.startMinute >= minutesPerDay || window.endMinute >= minutesPerDay) {
      return refuse("BODY_INVALID", "item/rule-window");
    }
    windows.push(window);
  }
  const also = readUint(bytes, 25, 2);
  if (also > lastRuleId) return refuse("BODY_INVALID", "item/rule-also");
  return accept({
    kind: "rule",
    id,
    class: classOf,
    failOpen: (flags & 1) !== 0,
    duress: (flags & 2) !== 0,
    skipHolidays: (flags & 4) !== 0,
    scheduled: (flags & 8) !== 0,
    leaseHours: readUint(bytes, 5, 2),
    useLimit: readUint(bytes, 7, 1),
    expiringMinutes: readUint(bytes, 8, 2),
    windows,
    also,
  });
}

function decodeZone(bytes: Bytes, id: number): Verdict<Zone> {
  const count = readUint(bytes, 3, 1);
  if (count === 0 || count > zoneChangesMax) return refuse("BODY_INVALID", "item/zone-count");
  if (!zeroFrom(bytes, 4 + 6 * count)) return refuse("BODY_INVALID", "item/reserved");
  const changes: { at: number; offsetMinutes: number }[] = [];
  for (let i = 0; i < count; i++) {
    const at = readUint(bytes, 4 + 6 * i, 4);
    const raw = readUint(bytes, 8 + 6 * i, 2);
    const offsetMinutes = raw >= 0x8000 ? raw - 0x1_0000 : raw;
    const before = changes.at(-1);
    if (before !== undefined && at <= before.at) return refuse("BODY_INVALID", "item/zone-order");
    if (Math.abs(offsetMinutes) > offsetMinutesMax) return refuse("BODY_INVALID", "item/zone-offset");
    changes.push({ at, offsetMinutes });
  }
  return accept({ kind: "zone", id, changes });
}

function decodeHoliday(bytes: Bytes, id: number): Verdict<Holiday> {
  const count = readUint(bytes, 3, 1);
  if (count === 0 || count > holidaySpansMax) return refuse("BODY_INVALID", "item/holiday-count");
  if (!zeroFrom(bytes, 4 + 8 * count)) return refuse("BODY_INVALID", "item/reserved");
  const spans: { start: number; end: number }[] = [];
  for (let i = 0; i < count; i++) {
    const start = readUint(bytes, 4 + 8 * i, 4);
    const end = readUint(bytes, 8 + 8 * i, 4);
    if (start >= end || start < (spans.at(-1)?.end ?? 0)) return refuse("BODY_INVALID", "item/holiday-order");
    spans.push({ start, end });
  }
  return accept({ kind: "holiday", id, spans });
}

function decodeCredential(bytes: Bytes, id: number): Verdict<Credential> {
  const raw = readUint(bytes, 3, 2);
  const rule = raw & 0x7fff;
  if (rule < firstRuleId) return refuse("BODY_INVALID", "item/credential-rule");
  const notBefore = readUint(bytes, 21, 4);
  const notAfter = readUint(bytes, 25, 4);
  if (notBefore >= notAfter) return refuse("BODY_INVALID", "item/credential-window");
  return accept({
    kind: "credential",
    id,
    rule,
    suspended: raw >= 0x8000,
    tag: copy(credentialTag(bytes)),
    notBefore,
    notAfter,
  });
}

/** A credential that opens at any time while its rule and lease allow it. */
export function alwaysCredential(id: number, rule: number, tag: Bytes): Credential {
  return { kind: "credential", id, rule, suspended: false, tag, notBefore: 0, notAfter: secondsNever };
}

/** A rule of a class with no schedule and no limits but the lease. */
export function plainRule(id: number, classOf: CredentialClass, leaseHours: number, failOpen: boolean): Rule {
  return {
    kind: "rule",
    id,
    class: classOf,
    failOpen,
    duress: false,
    skipHolidays: false,
    scheduled: false,
    leaseHours,
    useLimit: 0,
    expiringMinutes: 0,
    windows: [],
    also: 0,
  };
}

function flagsOf(rule: Rule): number {
  return (
    (rule.failOpen ? 1 : 0) + (rule.duress ? 2 : 0) + (rule.skipHolidays ? 4 : 0) + (rule.scheduled ? 8 : 0)
  );
}

function zeroFrom(bytes: Bytes, start: number): boolean {
  return equal(bytes.subarray(start), new Uint8Array(bytes.length - start));
}

function keyOf<K extends string>(table: Readonly<Record<K, number>>, value: number): K | undefined {
  for (const key of Object.keys(table) as K[]) if (table[key] === value) return key;
  return undefined;
}
