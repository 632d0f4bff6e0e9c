/**
 * The vectors of items: one for every kind of entry that a table must be able to say, and beside it neighbours that
 * no lock takes. Data for implementers; items.json is written from here by make.ts and compared by a test.
 */
import { type Bytes, fromHex, toHex } from "../../packages/protocol/src/bytes.ts";
import {
  alwaysCredential,
  type Credential,
  encodeItem,
  firstCredentialId,
  type Item,
  plainRule,
  type Rule,
  type Settings,
} from "../../packages/protocol/src/codes/item.ts";
import { appTag, cardTag, pinTag } from "../../packages/protocol/src/codes/pin.ts";
import { fast, secret } from "../arbitraries.ts";
import { withUint } from "../forge.ts";

export interface TagVector {
  readonly id: string;
  readonly class: "code" | "keycard" | "app";
  /** Digits of a code; hex of a card's answer or of an app's device key. */
  readonly presented: string;
  readonly tag: string;
}

export interface ItemVector {
  readonly id: string;
  readonly why: string;
  /** The accepted vector that this one is a neighbour of. */
  readonly near?: string;
  /** Meaning of the bytes, byte strings as hex; absent where the bytes have none. */
  readonly item?: unknown;
  readonly hex: string;
  readonly verdict: "accepted" | { readonly refusal: string; readonly check: string };
}

export interface ItemVectors {
  readonly about: string;
  readonly pinKey: string;
  readonly tags: readonly TagVector[];
  readonly items: readonly ItemVector[];
}

const pinKey = secret("vectors pin key");
const cardAnswer = secret("vectors card", 7);
const deviceKey = fast.signPublic(secret("vectors device"));
const code = pinTag(fast, pinKey, "4821");

/** 2026-03-02 (a Monday) 09:00 UTC to 2026-03-06 17:00 UTC. */
const [monday, friday] = [1_772_442_000, 1_772_816_400];
const id = firstCredentialId;

const person: Credential = alwaysCredential(id + 1, 1, code);
const visit: Credential = { ...person, notBefore: monday, notAfter: friday };
const weekdays: Rule = {
  ...plainRule(2, "code", 720, false),
  scheduled: true,
  skipHolidays: true,
  windows: [{ days: 0b0111110, startMinute: 540, endMinute: 1_020 }],
};
const nights: Rule = {
  ...plainRule(3, "code", 720, false),
  scheduled: true,
  windows: [
    { days: 0b0100000, startMinute: 1_320, endMinute: 360 },
    { days: 0b1000001, startMinute: 0, endMinute: 0 },
  ],
  also: 2,
};
const settings: Settings = {
  kind: "settings",
  profile: "residence",
  autoRelockSeconds: 5,
  wrongCodeEntryLimit: 5,
  userCodeTemporaryDisableSeconds: 60,
  wrongCodesPerDayMax: 24,
  dailyGeneration: 7,
};
/** Europe/Berlin: summer time of 2026 and 2027. */
const zone: Item = {
  kind: "zone",
  id: 0x8000,
  changes: [
    { at: 1_761_440_400, offsetMinutes: 60 },
    { at: 1_774_746_000, offsetMinutes: 120 },
    { at: 1_792_890_000, offsetMinutes: 60 },
    { at: 1_806_195_600, offsetMinutes: 120 },
  ],
};
const holiday: Item = {
  kind: "holiday",
  id: 0x8100,
  spans: [
    { start: 1_775_160_000, end: 1_775_246_400 },
    { start: 1_775_246_400, end: 1_775_332_800 },
  ],
};

function asJson(item: Item): unknown {
  return item.kind === "credential" ? { ...item, tag: toHex(item.tag) } : item;
}

function good(id: string, why: string, item: Item, near?: string): ItemVector {
  const vector = { item: asJson(item), hex: toHex(encodeItem(item)), verdict: "accepted" as const };
  return near === undefined ? { id, why, ...vector } : { id, why, near, ...vector };
}

function bad(near: string, id: string, why: string, bytes: Bytes, check: string): ItemVector {
  return {
    id: `${near}/${id}`,
    why,
    near,
    hex: toHex(bytes),
    verdict: { refusal: "BODY_INVALID", check: `item/${check}` },
  };
}

/** Offsets of the fields that the neighbours bend; the layout is in codes/item.ts. */
function neighbours(
  near: string,
  item: Item,
): (...rows: readonly [string, string, number, 1 | 2 | 3 | 4, number, string][]) => ItemVector[] {
  const bytes = encodeItem(item);
  return (...rows) =>
    rows.map(([id, why, at, width, value, check]) =>
      bad(near, id, why, withUint(bytes, at, width, value), check),
    );
}

function credentialVectors(): readonly ItemVector[] {
  const delivery: Credential = { ...visit, id: id + 6, rule: 5 };
  return [
    good("permanent-code", "A resident's doorcode: always, until it is revoked.", person),
    ...neighbours("permanent-code", person)(
      ["zero-rule", "Rule 0 does not exist.", 3, 2, 0, "credential-rule"],
      ["suspended-zero-rule", "Nor does it with the suspension bit set.", 3, 2, 0x8000, "credential-rule"],
      [
        "empty-window",
        "notBefore = notAfter: a window in which nothing fits.",
        21,
        4,
        0xffff_ffff,
        "credential-window",
      ],
      ["id-in-the-gap", "0x8200 to 0xffff stand for nothing yet.", 0, 3, 0xffff, "unknown-id"],
    ),
    bad("permanent-code", "short", "28 bytes.", encodeItem(person).subarray(0, 28), "length"),
    bad("permanent-code", "long", "30 bytes.", new Uint8Array([...encodeItem(person), 0]), "length"),
    good("first-credential-id", "0x10000, the least id a credential may have.", { ...person, id }),
    good("last-credential-id", "0xffffff, the greatest.", { ...person, id: 0xff_ffff }),
    good("temporary-code", "A guest's code for one visit: notBefore inclusive, notAfter exclusive.", visit),
    ...neighbours("temporary-code", visit)(
      ["reversed", "Ends one second before it begins.", 25, 4, monday - 1, "credential-window"],
      ["empty", "Ends the second it begins.", 25, 4, monday, "credential-window"],
    ),
    good("recurring-code", "A cleaner's code, by the weekly windows of rule 2.", {
      ...person,
      id: id + 2,
      rule: 2,
    }),
    good("recurring-code-with-dates", "The same, and only in one week.", { ...visit, id: id + 3, rule: 2 }),
    good("cross-midnight-code", "A night porter's code, by rule 3.", { ...person, id: id + 4, rule: 3 }),
    good("single-use-code", "Opens once, by rule 4.", { ...person, id: id + 5, rule: 4 }),
    good("delivery-code", "Opens once, and only within its window, by rule 5.", delivery),
    ...neighbours(
      "delivery-code",
      delivery,
    )(["empty", "A window that is over before it began.", 21, 4, friday, "credential-window"]),
    good("minutes-after-first-use-code", "Lives 90 minutes from its first use, by rule 6.", {
      ...person,
      id: id + 7,
      rule: 6,
    }),
    good("keycard", "A card by the tag of what it answers, by rule 7.", {
      ...person,
      id: id + 8,
      rule: 7,
      tag: cardTag(fast, pinKey, cardAnswer),
    }),
    good("app-key", "A phone by the tag of its device key, by rule 8.", {
      ...person,
      id: id + 9,
      rule: 8,
      tag: appTag(fast, pinKey, deviceKey),
    }),
    good(
      "suspended",
      "Suspended: rule, tag and window stay, so that resuming finds them.",
      { ...visit, suspended: true },
      "temporary-code",
    ),
    good("duress-code", "Opens and raises a silent alarm, by rule 10.", { ...person, id: id + 10, rule: 10 }),
    good("highest-rule", "Rule 0x7fff, suspended: all sixteen bits in use.", {
      ...person,
      rule: 0x7fff,
      suspended: true,
    }),
  ];
}

function ruleVectors(): readonly ItemVector[] {
  const once: Rule = { ...plainRule(4, "code", 720, false), useLimit: 1 };
  const daily: Rule = plainRule(9, "dailyCode", 168, false);
  return [
    good(
      "permanent-rule",
      "Codes with a lease of 30 days from the table's issuedAt.",
      plainRule(1, "code", 720, false),
    ),
    ...neighbours("permanent-rule", plainRule(1, "code", 720, false))(
      ["class-0", "No such class of credential.", 3, 1, 0, "rule-class"],
      ["class-5", "Nor this one, yet.", 3, 1, 5, "rule-class"],
      ["flag-4", "A flag bit that is reserved.", 4, 1, 0x10, "reserved"],
      ["flag-7", "The highest reserved flag bit.", 4, 1, 0x80, "reserved"],
      ["tail", "The last byte is reserved.", 28, 1, 1, "reserved"],
      ["tail-high", "So is the one before.", 27, 1, 0x80, "reserved"],
      ["also-too-high", "`also` names a rule, so it has 15 bits.", 25, 2, 0x8000, "rule-also"],
      ["id-after-rules", "0x8200 is no rule and nothing else.", 0, 3, 0x8200, "unknown-id"],
    ),
    good("recurring-rule", "Monday to Friday 09:00 to 17:00 local time, not on holidays.", weekdays),
    ...neighbours("recurring-rule", weekdays)(
      ["eighth-day", "A week has seven days.", 10, 1, 0xbe, "rule-window"],
      ["no-day", "Times without a day: a second spelling of no window.", 10, 1, 0, "rule-window"],
      ["minute-1440", "24:00 is spelt 00:00 of a window that crosses midnight.", 11, 2, 1_440, "rule-window"],
      ["end-1440", "The same at the end.", 13, 2, 1_440, "rule-window"],
      ["gap", "The third window without a second: a second spelling.", 20, 1, 0x7f, "rule-window"],
    ),
    good(
      "scheduled-without-windows",
      "Never opens; kept apart from unscheduled, which always does.",
      { ...weekdays, windows: [] },
      "recurring-rule",
    ),
    good("three-windows", "As many as fit.", {
      ...weekdays,
      windows: [1, 2, 4].map((days) => ({ days, startMinute: 0, endMinute: 1_439 })),
    }),
    good(
      "cross-midnight-rule",
      "Friday 22:00 to Saturday 06:00, the whole weekend, and rule 2's windows as well.",
      nights,
    ),
    good("single-use-rule", "One use.", once),
    good("delivery-rule", "One use; its credential brings the window.", { ...once, id: 5 }),
    good("minutes-after-first-use-rule", "90 minutes from first use.", {
      ...plainRule(6, "code", 720, false),
      expiringMinutes: 90,
    }),
    good("keycard-rule", "Cards with a lease of one year.", plainRule(7, "keycard", 8_760, false)),
    good("app-rule", "Phones with a lease of three days.", plainRule(8, "app", 72, false)),
    good("daily-code-rule", "Admits the derived daily code, for a week from issuedAt.", daily),
    ...neighbours("daily-code-rule", daily)(["reserved", "A reserved flag on it.", 4, 1, 0x20, "reserved"]),
    good("duress-rule", "Opens and raises a silent alarm.", {
      ...plainRule(10, "code", 720, false),
      duress: true,
    }),
    good(
      "fail-open-rule",
      "The owner's own code: no lease, ends by the lower time bound.",
      plainRule(11, "code", 0, true),
    ),
    good(
      "fail-closed-rule",
      "Its twin that differs by one bit.",
      plainRule(11, "code", 0, false),
      "fail-open-rule",
    ),
    good("last-rule-id", "0x7fff, with every flag and limit at its greatest.", {
      ...weekdays,
      id: 0x7fff,
      class: "dailyCode",
      failOpen: true,
      duress: true,
      leaseHours: 0xffff,
      useLimit: 0xff,
      expiringMinutes: 0xffff,
      also: 0x7fff,
    }),
  ];
}

function propertyVectors(): readonly ItemVector[] {
  return [
    good(
      "settings",
      "A residence: relock after 5 s, five wrong codes then a minute's pause, 24 a day.",
      settings,
    ),
    ...neighbours("settings", settings)(
      ["profile", "No such kind of door.", 3, 1, 4, "settings-profile"],
      ["no-limit", "A limit of 0 would shut everybody out.", 6, 1, 0, "settings-limit"],
      ["no-budget", "So would a daily budget of 0.", 9, 2, 0, "settings-limit"],
      ["reserved-first", "The first reserved byte.", 13, 1, 1, "reserved"],
      ["reserved-last", "The last one.", 28, 1, 0x80, "reserved"],
    ),
    good("zone-dst", "Central European Time: winter, summer, winter, summer.", zone),
    ...neighbours("zone-dst", zone)(
      ["count-0", "A zone item without a change.", 3, 1, 0, "zone-count"],
      ["count-5", "More changes than fit.", 3, 1, 5, "zone-count"],
      ["count-3", "The fourth change left over behind the count.", 3, 1, 3, "reserved"],
      ["tail", "The last byte is reserved.", 28, 1, 1, "reserved"],
      ["order", "The second change at the time of the first.", 10, 4, 1_761_440_400, "zone-order"],
      ["offset", "18 hours and a minute: no such zone.", 8, 2, 1_081, "zone-offset"],
      ["offset-west", "The same westward.", 8, 2, 0x1_0000 - 1_081, "zone-offset"],
    ),
    good("zone-west", "One change to a negative offset, UTC-8.", {
      kind: "zone",
      id: 0x80ff,
      changes: [{ at: 0, offsetMinutes: -480 }],
    }),
    good("holiday", "Two holidays back to back; the end of one may be the start of the next.", holiday),
    ...neighbours("holiday", holiday)(
      ["count-0", "A holiday item without a span.", 3, 1, 0, "holiday-count"],
      ["count-4", "More spans than fit.", 3, 1, 4, "holiday-count"],
      ["count-1", "The second span left over behind the count.", 3, 1, 1, "reserved"],
      ["empty", "A span that ends where it starts.", 8, 4, 1_775_160_000, "holiday-order"],
      ["overlap", "The second starts a second before the first ends.", 12, 4, 1_775_246_399, "holiday-order"],
      ["id-after", "0x8200, behind the holidays.", 0, 3, 0x8200, "unknown-id"],
    ),
    good("last-holiday-id", "0x81ff with three spans, the last ending at the end of time.", {
      kind: "holiday",
      id: 0x81ff,
      spans: [
        { start: 0, end: 1 },
        { start: 1, end: 2 },
        { start: 0xffff_fffe, end: 0xffff_ffff },
      ],
    }),
  ];
}

export function itemVectors(): ItemVectors {
  return {
    about:
      "29-byte items. tag = HMAC-SHA-256(pinKey, label | length u8 | presented) cut to 16, label pin1, card or app1. Refused vectors name the check that fails.",
    pinKey: toHex(pinKey),
    tags: [
      { id: "code-4", class: "code", presented: "4821", tag: toHex(code) },
      { id: "code-leading-zero", class: "code", presented: "0042", tag: toHex(pinTag(fast, pinKey, "0042")) },
      { id: "code-6", class: "code", presented: "482193", tag: toHex(pinTag(fast, pinKey, "482193")) },
      { id: "daily-7", class: "code", presented: "4821930", tag: toHex(pinTag(fast, pinKey, "4821930")) },
      {
        id: "card",
        class: "keycard",
        presented: toHex(cardAnswer),
        tag: toHex(cardTag(fast, pinKey, cardAnswer)),
      },
      { id: "app", class: "app", presented: toHex(deviceKey), tag: toHex(appTag(fast, pinKey, deviceKey)) },
    ],
    items: [...credentialVectors(), ...ruleVectors(), ...propertyVectors()],
  };
}

/** The item that a vector's JSON means. */
export function itemOfJson(json: unknown): Item {
  const item = json as Item & { readonly tag?: unknown };
  if (item.kind !== "credential") return item;
  const tag = typeof item.tag === "string" ? fromHex(item.tag) : undefined;
  if (tag === undefined) throw new Error("a tag that is not hex");
  return { ...item, tag };
}
