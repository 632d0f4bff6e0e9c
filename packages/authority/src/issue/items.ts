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
  lastHolidayId,
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
import { type CodeLife, classOf, type DoorKind, type Ledger, type LockStanding } from "../model/ledger.ts";
import { capacityOf, provenPlaces } from "../model/room.ts";
import { type House, houseItemsMax, plainHouse, type Terms, windowsPerRule } from "../model/terms.ts";

/** The rule under which residents' doorcodes stand. */
export const doorcodeRuleId = 1;

const autoRelockSeconds = 5;
const changesPerItem = 4;
const spansPerItem = 3;
/** Rules that a table holds at most: what the house itself may ever need stays free, so that it always has its place. */
export const rulesPerTableMax: number = tableItemsBesideCodesMax - houseItemsMax;

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

export interface Desired {
  readonly items: readonly Bytes[];
  /** Codes (their ids) that wait outside the table until there is room for them, and for want of what. */
  readonly waiting: ReadonlyMap<string, "IDS_EXHAUSTED" | "RULES_EXHAUSTED" | "LOCK_FULL">;
}

/**
 * The items of the table that the door should have, in no order; codes have their wire ids. What the table holds comes
 * first, and only what is new may find no room: whatever is taken away can always leave. What stands in a version that the
 * lock has no room for was never in its table, and is new in this sense. RULES_EXHAUSTED when somebody in the table was
 * given other terms and there is no room for those. `beside`: items that others put there, under ids
 * of their own.
 */
export function desiredItems(
  ledger: Ledger,
  codes: readonly CodeLife[],
  lock: LockStanding,
  tagOf: TagOf,
  beside: readonly Bytes[],
): Decision<Desired> {
  const issued = new Map(
    lock.spans.filter(({ until }) => until === undefined).map(({ id, bytes }) => [id, bytes]),
  );
  const house = houseItems(ledger.kind, ledger.leaseHours, ledger.house);
  const book = ruleBook(lock, [...house, ...beside]);
  const credentials: Bytes[] = [];
  const waiting = new Map<string, "IDS_EXHAUSTED" | "RULES_EXHAUSTED" | "LOCK_FULL">();
  const room = tableItemsBesideCodesMax - house.length - beside.length;
  const isIn = ({ wireId }: CodeLife): boolean => wireId !== undefined && issued.has(wireId);
  const capacity = capacityOf(lock);
  for (const code of inTurn(codes, lock, isIn)) {
    const { terms } = code;
    if (code.wireId === undefined) {
      waiting.set(code.id, "IDS_EXHAUSTED");
      continue;
    }
    if (credentials.length >= capacity) {
      waiting.set(code.id, "LOCK_FULL");
      continue;
    }
    const known = code.added === undefined ? undefined : issued.get(code.wireId);
    if (terms === undefined) {
      credentials.push(known ?? encodeItem(alwaysCredential(code.wireId, doorcodeRuleId, tagOf(code))));
      continue;
    }
    const most = isIn(code) ? room : Math.min(room, rulesPerTableMax);
    const rule = book.idOf(terms, ledger.leaseHours, most);
    if (rule === undefined) {
      if (isIn(code)) return deny("RULES_EXHAUSTED");
      waiting.set(code.id, "RULES_EXHAUSTED");
      continue;
    }
    const tag =
      terms.class === "dailyCode" ? dailyTag : known === undefined ? tagOf(code) : credentialTag(known);
    const { suspended, notBefore, notAfter } = terms;
    credentials.push(
      encodeItem({ kind: "credential", id: code.wireId, rule, suspended, tag, notBefore, notAfter }),
    );
  }
  return grant({ items: [...house, ...book.items(), ...beside, ...credentials], waiting });
}

/**
 * Whoever is wanted, in the order in which they find their places: what the lock has proven to hold, what versions hold
 * since, the oldest first, and what is new, phones' keys last.
 */
function inTurn(
  codes: readonly CodeLife[],
  lock: LockStanding,
  isIn: (code: CodeLife) => boolean,
): readonly CodeLife[] {
  const wanted = codes.filter((code) => !code.revoked);
  if (lock.capacity === undefined) return [...wanted.filter(isIn), ...wanted.filter((code) => !isIn(code))];
  const proven = provenPlaces(lock);
  const since = new Map<number, number>();
  for (const { id, from } of lock.spans)
    since.set(id, proven.has(id) ? turns.proven : Math.min(from, since.get(id) ?? from));
  // Another code of the same person has the place of the one that it took the place of.
  const ownerOf = (code: CodeLife): string => `${classOf(code)} ${code.person}`;
  const left = new Map<string, number>();
  for (const code of codes) {
    const turn = code.wireId === undefined ? undefined : since.get(code.wireId);
    if (turn !== undefined && !code.released)
      left.set(ownerOf(code), Math.min(turn, left.get(ownerOf(code)) ?? turn));
  }
  const turnOf = (code: CodeLife): number =>
    left.get(ownerOf(code)) ?? (classOf(code) === "app" ? turns.appKey : turns.anew);
  return wanted
    .map((code) => ({ code, turn: turnOf(code) }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ code }) => code);
}

/** Between the first and the second: the version since which a place is in the table. */
const turns = { proven: -1, anew: 2 ** 33, appKey: 2 ** 33 + 1 } as const;

/** Rules beside the house's own that these codes need, however many there is room for. */
export function rulesNeeded(ledger: Ledger): number {
  const book = ruleBook(undefined, houseItems(ledger.kind, ledger.leaseHours, ledger.house));
  for (const { revoked, terms } of ledger.codes)
    if (!revoked && terms !== undefined) book.idOf(terms, ledger.leaseHours, Number.POSITIVE_INFINITY);
  return book.items().length;
}

/** Whether an item of the house differs from what the newest version holds, or stands there and is wished no more. */
export function houseDiffers(ledger: Ledger, lock: LockStanding): boolean {
  const open = new Map(
    lock.spans.filter(({ until }) => until === undefined).map(({ id, bytes }) => [id, bytes]),
  );
  const wished = houseItems(ledger.kind, ledger.leaseHours, ledger.house);
  const ids = new Set(wished.map(itemId));
  const isLeft = [...open.keys()].some((id) => id >= firstZoneId && id <= lastHolidayId && !ids.has(id));
  if (isLeft) return true;
  return wished.some((item) => {
    const held = open.get(itemId(item));
    return held === undefined || !equal(held, item);
  });
}

interface RuleBook {
  /**
   * The rule that says these terms, the head of a chain where three windows do not do. Undefined, and nothing is given
   * out, when more than `most` rules would be.
   */
  idOf(terms: Terms, leaseHours: number, most: number): number | undefined;
  /** The rules given out so far. */
  items(): readonly Bytes[];
}

/** Rules by what they say. `standing`: items of this table whose ids are taken. */
function ruleBook(lock: LockStanding | undefined, standing: readonly Bytes[]): RuleBook {
  const { spans, proven } = lock ?? { spans: [], proven: 0 };
  const idByMeaning = new Map<string, number>();
  const taken = new Set(standing.map(itemId));
  // What a lock may hold: whatever reaches beyond the proven version or is in it.
  for (const { id, until, bytes } of spans) {
    const isRule = id >= firstRuleId && id <= lastRuleId;
    if (!isRule || (until !== undefined && until <= proven)) continue;
    if (!taken.has(id)) idByMeaning.set(meaningOf(bytes), id);
  }
  const inUse = new Set([...taken, ...idByMeaning.values(), ...spans.map(({ id }) => id)]);
  for (const item of standing)
    if (itemId(item) === doorcodeRuleId) idByMeaning.set(meaningOf(item), doorcodeRuleId);
  const given = new Map<number, Bytes>();
  let last = doorcodeRuleId;
  /** What one wish has put so far, to be taken back when there is no room for all of it. */
  let tried: { readonly id: number; readonly meaning: string; readonly isNew: boolean }[] = [];

  function put(rule: Omit<Rule, "kind" | "id">): number {
    const meaning = meaningOf(encodeItem({ ...rule, kind: "rule", id: doorcodeRuleId }));
    const known = idByMeaning.get(meaning);
    const id = known ?? fresh();
    if (id > lastRuleId) return lastRuleId + 1;
    idByMeaning.set(meaning, id);
    if (!taken.has(id) && !given.has(id)) {
      given.set(id, encodeItem({ ...rule, kind: "rule", id }));
      tried.push({ id, meaning, isNew: known === undefined });
    }
    return id;
  }

  function fresh(): number {
    do last++;
    while (inUse.has(last));
    return last;
  }

  return {
    idOf(terms, houseLeaseHours, most) {
      tried = [];
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
      const also = further.reduceRight((next, some) => {
        if (next > lastRuleId) return next;
        return put({ ...plainRule(0, terms.class, 0, false), scheduled, windows: some, also: next });
      }, 0);
      const failOpen = terms.failOpen ?? leaseHours === 0;
      const limits = { useLimit, expiringMinutes, skipHolidays, duress };
      const plain = plainRule(0, terms.class, leaseHours, failOpen);
      const id = also > lastRuleId ? also : put({ ...plain, ...limits, scheduled, windows: first, also });
      // Ids may run out before room does: one is used again only when no lock can hold it any more.
      if (id <= lastRuleId && (tried.length === 0 || given.size <= most)) return id;
      for (const { id: put, meaning, isNew } of tried) {
        given.delete(put);
        if (isNew) idByMeaning.delete(meaning);
      }
      return undefined;
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
