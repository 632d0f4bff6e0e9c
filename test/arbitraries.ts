/**
 * What the property tests draw from: codes, items, tables, changes, and a lock and its authority that have met. Not
 * fixtures of one test, and not a model of a lock; everything here is made by the protocol's own issuing half.
 */
import fc from "fast-check";
import { ascii, type Bytes, concat, readUint, toHex } from "../packages/protocol/src/bytes.ts";
import {
  alwaysCredential,
  type Credential,
  credentialClasses,
  dailyTag,
  encodeItem,
  firstCredentialId,
  firstRuleId,
  type Holiday,
  type Item,
  itemId,
  lastCredentialId,
  lastRuleId,
  plainRule,
  type Rule,
  type Settings,
  tagBytes,
  type Window,
  type Zone,
} from "../packages/protocol/src/codes/item.ts";
import { pinTag, weakCode } from "../packages/protocol/src/codes/pin.ts";
import {
  type Change,
  emptyTable,
  type Table,
  tableFromItems,
  tableState,
} from "../packages/protocol/src/codes/table.ts";
import { type Crypto, createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { capacityDefault, secondsMax, secondsNever } from "../packages/protocol/src/limits.ts";
import type { Held } from "../packages/protocol/src/rules/accept-update.ts";
import {
  type AcceptedCommission,
  acceptCommission,
  type Commission,
  finishCommission,
  issueCommission,
  type LockPublic,
} from "../packages/protocol/src/rules/commission.ts";
import type {
  AuthorityLock,
  AuthorityPublic,
  LockKeys,
  LockTrust,
} from "../packages/protocol/src/rules/trust.ts";
import { openssl } from "../packages/protocol/src-node/openssl.ts";
import { accepted } from "./accepted.ts";

/** The strict face over OpenSSL: the fast one of the two providers that give the same bytes. */
export const fast: Crypto = createCrypto(openssl);

/** 2026-01-01T00:00:00Z, when everything in these tests is issued unless a test says otherwise. */
export const issuedAt = 1_767_225_600;

/** Stands in for fresh randomness: the same label gives the same bytes for ever. */
export function secret(label: string, length = 32): Bytes {
  return fast.expand(fast.extract(ascii("doorsync tests"), ascii(label)), ascii("secret"), length);
}

// ---- A lock and its authority ----

export interface AuthoritySeeds {
  readonly root: Bytes;
  readonly table: Bytes;
  readonly capability: Bytes;
  readonly time: Bytes;
  /** X25519 secret. */
  readonly box: Bytes;
}

/** Both ends after a commissioning that really took place. */
export interface Pair {
  readonly seeds: AuthoritySeeds;
  readonly commission: Commission;
  /** What the courier carried: the offer there, the reply back. */
  readonly offer: Bytes;
  readonly reply: Bytes;
  readonly atLock: AcceptedCommission;
  /** What the lock believes, and what the authority needs to speak to it. */
  readonly trust: LockTrust;
  readonly lock: AuthorityLock;
  readonly lockPublic: LockPublic;
}

/** An authority's keys and its offer to one lock; both depend on nothing but the labels. */
export function commissionFor(
  door: string,
  epoch = 1,
  authority = "authority",
): { readonly seeds: AuthoritySeeds; readonly commission: Commission } {
  const seeds: AuthoritySeeds = {
    root: secret(`${authority} root`),
    table: secret(`${authority} table`),
    capability: secret(`${authority} capability`),
    time: secret(`${authority} time`),
    box: secret(`${authority} box`),
  };
  const publicKeys: AuthorityPublic = {
    root: fast.signPublic(seeds.root),
    table: fast.signPublic(seeds.table),
    capability: fast.signPublic(seeds.capability),
    time: fast.signPublic(seeds.time),
    box: fast.agreePublic(seeds.box),
  };
  const offer = {
    lockId: secret(`${door} id`, 16),
    tag: secret(`${door} tag`, 8),
    epoch,
    issuedAt,
    ...publicKeys,
  };
  const setup = { secret: secret(`${door} setup`, 16) };
  return { seeds, commission: { setup, ephemeral: secret(`${door} ephemeral ${epoch}`), offer } };
}

/** A door's lock and its authority, commissioned: version 0, empty tables. */
export function commissionedPair(door: string, epoch = 1, authority = "authority", crypto = fast): Pair {
  const { seeds, commission } = commissionFor(door, epoch, authority);
  const offer = issueCommission(crypto, commission);
  const entropy = secret(`${door} entropy ${epoch}`);
  const atLock = accepted(
    acceptCommission(crypto, { setup: commission.setup, lastEpoch: epoch - 1, entropy }, offer),
  );
  const { lockPublic, keys } = accepted(finishCommission(crypto, commission, atLock.reply));
  const name = { lockId: atLock.offer.lockId, epoch: atLock.offer.epoch };
  return {
    seeds,
    commission,
    offer,
    reply: atLock.reply,
    atLock,
    trust: { name, authority: atLock.authority, keys: atLock.keys },
    lock: { name: { lockId: commission.offer.lockId, epoch }, keys },
    lockPublic,
  };
}

/** What a lock of this pair holds while it judges: in order, owned, its clock at `issuedAt`. */
export function holding(
  keys: LockKeys,
  version: number,
  table: Table,
  more: Partial<Pick<Held, "lowerSeconds" | "capacity" | "snapshotOnly">> = {},
): Held {
  const state = tableState(fast, keys.state, version, table);
  return {
    version,
    table,
    state,
    lowerSeconds: issuedAt,
    capacity: capacityDefault,
    snapshotOnly: false,
    ...more,
  };
}

// ---- Codes and items ----

/** Doorcodes that the house rules allow. */
export const doorcodes: fc.Arbitrary<string> = fc
  .constantFrom(4, 6)
  .chain((length) =>
    fc.integer({ min: 0, max: 10 ** length - 1 }).map((n) => String(n).padStart(length, "0")),
  )
  .filter((digits) => weakCode(digits) === undefined);

/** The item of one person's doorcode under a rule, at any time of day and for ever. */
export function codeItem(keys: LockKeys, id: number, rule: number, digits: string): Bytes {
  return encodeItem(alwaysCredential(id, rule, pinTag(fast, keys.pin, digits)));
}

const u16 = fc.integer({ min: 0, max: 0xffff });
const seconds = fc.integer({ min: 0, max: secondsMax });
export const tags: fc.Arbitrary<Bytes> = fc.uint8Array({ minLength: tagBytes, maxLength: tagBytes });

export const windows: fc.Arbitrary<Window> = fc.record({
  days: fc.integer({ min: 1, max: 0x7f }),
  startMinute: fc.integer({ min: 0, max: 1_439 }),
  endMinute: fc.integer({ min: 0, max: 1_439 }),
});

export const rules: fc.Arbitrary<Rule> = fc.record({
  kind: fc.constant("rule" as const),
  id: fc.integer({ min: firstRuleId, max: lastRuleId }),
  class: fc.constantFrom("code", "keycard", "app", "dailyCode"),
  failOpen: fc.boolean(),
  duress: fc.boolean(),
  skipHolidays: fc.boolean(),
  scheduled: fc.boolean(),
  leaseHours: u16,
  useLimit: fc.integer({ min: 0, max: 0xff }),
  expiringMinutes: u16,
  windows: fc.array(windows, { maxLength: 3 }),
  also: fc.integer({ min: 0, max: lastRuleId }),
});

/** Two different times in order: a span that is not empty. */
const spans = fc
  .uniqueArray(seconds, { minLength: 2, maxLength: 2 })
  .map((ends) => ({ start: Math.min(...ends), end: Math.max(...ends) }));

export const credentials: fc.Arbitrary<Credential> = fc
  .record({
    id: fc.integer({ min: firstCredentialId, max: lastCredentialId }),
    rule: fc.integer({ min: firstRuleId, max: lastRuleId }),
    suspended: fc.boolean(),
    tag: tags,
    span: fc.oneof(fc.constant({ start: 0, end: secondsNever }), spans),
  })
  .map(({ span, ...rest }) => ({ kind: "credential", ...rest, notBefore: span.start, notAfter: span.end }));

export const settings: fc.Arbitrary<Settings> = fc.record({
  kind: fc.constant("settings" as const),
  profile: fc.constantFrom("residence", "buildingEntrance", "communal", "service"),
  autoRelockSeconds: u16,
  wrongCodeEntryLimit: fc.integer({ min: 1, max: 0xff }),
  userCodeTemporaryDisableSeconds: u16,
  wrongCodesPerDayMax: fc.integer({ min: 1, max: 0xffff }),
  dailyGeneration: u16,
});

export const zones: fc.Arbitrary<Zone> = fc.record({
  kind: fc.constant("zone" as const),
  id: fc.integer({ min: 0x8000, max: 0x80ff }),
  changes: fc
    .uniqueArray(fc.record({ at: seconds, offsetMinutes: fc.integer({ min: -1_080, max: 1_080 }) }), {
      minLength: 1,
      maxLength: 4,
      selector: (change) => change.at,
    })
    .map((changes) => changes.sort((a, b) => a.at - b.at)),
});

export const holidays: fc.Arbitrary<Holiday> = fc.record({
  kind: fc.constant("holiday" as const),
  id: fc.integer({ min: 0x8100, max: 0x81ff }),
  spans: fc
    .uniqueArray(seconds, { minLength: 2, maxLength: 6 })
    .map((times) => times.sort((a, b) => a - b))
    .map((times) =>
      Array.from({ length: Math.floor(times.length / 2) }, (_, i) => ({
        start: times[2 * i] ?? 0,
        end: times[2 * i + 1] ?? 0,
      })),
    ),
});

export const items: fc.Arbitrary<Item> = fc.oneof(credentials, rules, settings, zones, holidays);

// ---- Tables and changes ----

/** What somebody wants done to a table. Small numbers on purpose, so that wishes meet each other. */
export type Wish =
  | {
      readonly kind: "put";
      readonly slot: number;
      readonly tag: number;
      readonly suspended: boolean;
      readonly rule: number;
    }
  | { readonly kind: "remove"; readonly slot: number }
  | { readonly kind: "swap"; readonly a: number; readonly b: number }
  | { readonly kind: "beside"; readonly item: Item };

const slots = fc.integer({ min: 0, max: 40 });

export const wishes: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      slot: slots,
      tag: fc.integer({ min: 0, max: 60 }),
      suspended: fc.boolean(),
      rule: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), slot: slots }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("swap" as const), a: slots, b: slots }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("beside" as const),
      item: fc.oneof(rules, settings, zones, holidays),
    }),
  },
);

/** Credential id of a slot: scattered over the range, first and last included. */
export function slotId(slot: number): number {
  return slot === 40 ? lastCredentialId : firstCredentialId + slot * 997;
}

const poolTags = Array.from({ length: 61 }, (_, i) => secret(`tag ${i}`, tagBytes));

/** A plain Map that behaves as a table must: what is present, by id. */
export type TableModel = ReadonlyMap<number, Bytes>;

export function modelOf(table: Table): Map<number, Bytes> {
  return new Map([...table.items()].map((item) => [itemId(item), item]));
}

/** The rule of a credential; the highest bit of its two bytes is suspension. */
function ruleOf(credential: Bytes): number {
  return readUint(credential, 3, 2) & 0x7fff;
}

/** Whether the credentials of this rule are derived codes, whose tag is zeros. */
function isDaily(rule: Bytes | undefined): boolean {
  return rule?.[3] === credentialClasses.dailyCode;
}

/**
 * The model after the wishes. One that would leave two credentials with one tag, one without its rule, or one with a
 * tag where the code is derived, is skipped.
 */
export function modelAfter(before: TableModel, wanted: readonly Wish[]): TableModel {
  const model = new Map(before);
  const tagOf = (raw: Bytes): string => toHex(raw.subarray(5, 5 + tagBytes));
  for (const wish of wanted) {
    switch (wish.kind) {
      case "put": {
        const id = slotId(wish.slot);
        const daily = isDaily(model.get(wish.rule));
        const tag = daily ? dailyTag : (poolTags[wish.tag] ?? secret("no such tag", tagBytes));
        const taken = [...model].some(
          ([other, raw]) => other !== id && other >= firstCredentialId && tagOf(raw) === toHex(tag),
        );
        if (taken && !daily) break;
        if (!model.has(wish.rule)) model.set(wish.rule, encodeItem(plainRule(wish.rule, "code", 720, false)));
        const { suspended, rule } = wish;
        model.set(id, encodeItem({ ...alwaysCredential(id, rule, tag), suspended }));
        break;
      }
      case "remove":
        model.delete(slotId(wish.slot));
        break;
      case "swap": {
        const [a, b] = [model.get(slotId(wish.a)), model.get(slotId(wish.b))];
        if (a === undefined || b === undefined || wish.a === wish.b) break;
        // Rules stay where they are: a tag would come under a derived code, and zeros under a rule with tags.
        if (isDaily(model.get(ruleOf(a))) !== isDaily(model.get(ruleOf(b)))) break;
        model.set(slotId(wish.a), concat(a.subarray(0, 5), b.subarray(5)));
        model.set(slotId(wish.b), concat(b.subarray(0, 5), a.subarray(5)));
        break;
      }
      case "beside": {
        const id = wish.item.kind === "settings" ? 0 : wish.item.id;
        const raw = encodeItem(wish.item);
        const used = [...model].some(([other, held]) => other >= firstCredentialId && ruleOf(held) === id);
        if (used && isDaily(raw) !== isDaily(model.get(id))) break;
        model.set(id, raw);
        break;
      }
      default:
        return wish satisfies never;
    }
  }
  return model;
}

/** The change from one model to another, worked out from nothing but the two Maps. */
export function changeOf(before: TableModel, after: TableModel): Change {
  const ascending = (a: number, b: number): number => a - b;
  const removes = [...before.keys()].filter((id) => !after.has(id)).sort(ascending);
  const put = [...after].filter(([id, raw]) => toHex(before.get(id) ?? new Uint8Array(0)) !== toHex(raw));
  return { removes, puts: put.sort(([a], [b]) => a - b).map(([, raw]) => raw) };
}

/** 29n bytes in ascending order of ids. */
export function packModel(model: TableModel): Bytes {
  return concat(...changeOf(new Map(), model).puts);
}

export function tableOf(keys: LockKeys, model: TableModel): Table {
  return accepted(tableFromItems(fast, keys.digest, packModel(model)));
}

/** A valid table as a model: rules, settings, zones, holidays and credentials of every sort. */
export const models: fc.Arbitrary<TableModel> = fc
  .array(wishes, { maxLength: 60, size: "max" })
  .map((wanted) => modelAfter(modelOf(emptyTable), wanted));

/** `count` permanent codes under rule 1, the rule included: count + 1 items. Always the same for the same count. */
export function modelOfCodes(keys: LockKeys, count: number): TableModel {
  const model = new Map([[1, encodeItem(plainRule(1, "code", 720, false))]]);
  for (let i = 0; i < count; i++) {
    const id = firstCredentialId + i;
    model.set(id, codeItem(keys, id, 1, String(100_000 + 7 * i)));
  }
  return model;
}
