/**
 * What a door's table should hold, spelled in items: settings, rules, zone, holidays, credentials. Pure; the ledger
 * says who may come in under which terms, the spans of issued versions say which ids are in use.
 *
 * Equal terms share a rule. A rule's id never gets another meaning while a lock may hold a version that gives it the
 * old one.
 */
import {
  alwaysCredential,
  type Bytes,
  credentialTag,
  dailyTag,
  encodeItem,
  equal,
  firstHolidayId,
  firstRuleId,
  firstZoneId,
  type Item,
  itemId,
  lastRuleId,
  plainRule,
  type Rule,
  type Settings,
  tableItemsBesideCodesMax,
  toHex,
  userCodeTemporaryDisableSeconds,
  wrongCodeEntryLimit,
  wrongCodesPerDayMax,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import type { CodeLife, DoorKind, Ledger, LockStanding } from "../model/ledger.ts";
import { type House, plainHouse, type Terms, windowsPerRule } from "../model/terms.ts";

/** The rule under which residents' doorcodes stand. */
export const doorcodeRuleId = 1;

const autoRelockSeconds = 5;
const changesPerItem = 4;
const spansPerItem = 3;

/** The 16-byte tag of a code or card on this door's lock; the caller knows the digits and the key. */
export type TagOf = (code: CodeLife) => Bytes;

/** What every table holds beside guests' rules and the credentials: settings, the doorcode rule, zone and holidays. */
export function houseItems(kind: DoorKind, leaseHours: number, house: House = plainHouse): readonly Bytes[] {
  const settings: Settings = {
    kind: "settings",
    profile: kind,
    autoRelockSeconds: house.autoRelockSeconds ?? autoRelockSeconds,
    wrongCodeEntryLimit: house.wrongCodeEntryLimit ?? wrongCodeEntryLimit,
    userCodeTemporaryDisableSeconds: house.userCodeTemporaryDisableSeconds ?? userCodeTemporaryDisableSeconds,
    wrongCodesPerDayMax: house.wrongCodesPerDayMax ?? wrongCodesPerDayMax,
    dailyGeneration: house.dailyGeneration,
  };
  const items: readonly Item[] = [
    settings,
    plainRule(doorcodeRuleId, "code", leaseHours, leaseHours === 0),
    ...groups(house.zone, changesPerItem).map(
      (changes, i): Item => ({ kind: "zone", id: firstZoneId + i, changes }),
    ),
    ...groups(house.holidays, spansPerItem).map(
      (spans, i): Item => ({ kind: "holiday", id: firstHolidayId + i, spans }),
    ),
  ];
  return items.map(encodeItem);
}

/**
 * All items of the table that the door should have, in no order; codes have their wire ids. RULES_EXHAUSTED when the
 * terms differ in more ways than a table has room for rules. `beside`: items that others put there, under ids of
 * their own.
 */
export function desiredItems(
  ledger: Ledger,
  codes: readonly CodeLife[],
  lock: LockStanding,
  tagOf: TagOf,
  beside: readonly Bytes[],
): Decision<readonly Bytes[]> {
  const issued = new Map(
    lock.spans.filter(({ until }) => until === undefined).map(({ id, bytes }) => [id, bytes]),
  );
  const house = houseItems(ledger.kind, ledger.leaseHours, ledger.house);
  const book = ruleBook(lock, [...house, ...beside]);
  const credentials: Bytes[] = [];
  for (const code of codes) {
    if (code.revoked || code.wireId === undefined) continue;
    const known = code.added === undefined ? undefined : issued.get(code.wireId);
    const { terms } = code;
    if (terms === undefined) {
      credentials.push(known ?? encodeItem(alwaysCredential(code.wireId, doorcodeRuleId, tagOf(code))));
      continue;
    }
    const rule = book.idOf(terms, ledger.leaseHours);
    const tag =
      terms.class === "dailyCode" ? dailyTag : known === undefined ? tagOf(code) : credentialTag(known);
    const { suspended, notBefore, notAfter } = terms;
    credentials.push(
      encodeItem({ kind: "credential", id: code.wireId, rule, suspended, tag, notBefore, notAfter }),
    );
  }
  const others = [...house, ...book.items(), ...beside];
  if (others.length > tableItemsBesideCodesMax) return deny("RULES_EXHAUSTED");
  return grant([...others, ...credentials]);
}

/** Whether an item of the house differs from what the newest version holds. */
export function houseDiffers(ledger: Ledger, lock: LockStanding): boolean {
  const open = new Map(
    lock.spans.filter(({ until }) => until === undefined).map(({ id, bytes }) => [id, bytes]),
  );
  return houseItems(ledger.kind, ledger.leaseHours, ledger.house).some((item) => {
    const held = open.get(itemId(item));
    return held === undefined || !equal(held, item);
  });
}

interface RuleBook {
  /** The rule that says these terms, the head of a chain where three windows do not do. */
  idOf(terms: Terms, leaseHours: number): number;
  /** The rules given out so far. */
  items(): readonly Bytes[];
}

/** Rules by what they say. `standing`: items of this table whose ids are taken. */
function ruleBook(lock: LockStanding, standing: readonly Bytes[]): RuleBook {
  const idByMeaning = new Map<string, number>();
  const taken = new Set(standing.map(itemId));
  // What a lock may hold: whatever reaches beyond the proven version or is in it.
  for (const { id, until, bytes } of lock.spans) {
    const isRule = id >= firstRuleId && id <= lastRuleId;
    if (!isRule || (until !== undefined && until <= lock.proven)) continue;
    if (!taken.has(id)) idByMeaning.set(meaningOf(bytes), id);
  }
  const inUse = new Set([...taken, ...idByMeaning.values(), ...lock.spans.map(({ id }) => id)]);
  for (const item of standing)
    if (itemId(item) === doorcodeRuleId) idByMeaning.set(meaningOf(item), doorcodeRuleId);
  const given = new Map<number, Bytes>();
  let last = doorcodeRuleId;

  function put(rule: Omit<Rule, "kind" | "id">): number {
    const meaning = meaningOf(encodeItem({ ...rule, kind: "rule", id: doorcodeRuleId }));
    const known = idByMeaning.get(meaning);
    const id = known ?? fresh();
    idByMeaning.set(meaning, id);
    if (!taken.has(id)) given.set(id, encodeItem({ ...rule, kind: "rule", id }));
    return id;
  }

  function fresh(): number {
    do last++;
    while (inUse.has(last));
    return last;
  }

  return {
    idOf(terms, houseLeaseHours) {
      const {
        windows,
        useLimit,
        expiringMinutes,
        skipHolidays,
        duress,
        leaseHours = houseLeaseHours,
      } = terms;
      const [first = [], ...further] = groups(windows ?? [], windowsPerRule);
      const scheduled = windows !== undefined;
      const also = further.reduceRight(
        (next, some) => put({ ...plainRule(0, terms.class, 0, false), scheduled, windows: some, also: next }),
        0,
      );
      const failOpen = terms.failOpen ?? leaseHours === 0;
      const limits = { useLimit, expiringMinutes, skipHolidays, duress };
      const plain = plainRule(0, terms.class, leaseHours, failOpen);
      return put({ ...plain, ...limits, scheduled, windows: first, also });
    },
    items: () => [...given.values()],
  };
}

/** All of a rule but its id. */
function meaningOf(rule: Bytes): string {
  return toHex(rule.subarray(3));
}

function groups<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(size * i, size * (i + 1)));
}
