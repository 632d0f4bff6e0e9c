/**
 * A lock's table: items in ascending id order under an incremental keyed digest. Immutable; a changed table shares
 * its base with the old one, so one change costs the same in 10 codes or 10,000. It holds no version and no keys.
 *
 * Invariants: ids ascend and are unique; no two credentials share a tag (T44), but for the zeros that stand for a
 * derived daily code under a rule of that class, and there alone; every credential's rule is present;
 * `digest` is the sum over HMAC-SHA-256(digestKey, item) modulo 2^256 (after MSet-Add-Hash, Clarke et al. 2003) of
 * exactly the items present. The digest itself never leaves lock or authority: differences between two sums would
 * show a code coming back. What crosses the courier is `tableState`, a MAC of it.
 */

import { type Bytes, copy, equal, readUint } from "../bytes.ts";
import { encode } from "../cbor/codec.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import {
  type Credential,
  credentialClasses,
  credentialTag,
  dailyTag,
  decodeItem,
  firstCredentialId,
  itemBytes,
  itemId,
  itemKind,
  type Rule,
} from "./item.ts";

export const digestBytes = 32;
export const stateBytes = 8;

export interface Table {
  /** All items, and the credentials among them. */
  readonly count: number;
  readonly credentials: number;
  /** Secret running sum, 32 bytes. */
  readonly digest: Bytes;
  get(id: number): Bytes | undefined;
  idOfTag(tag: Bytes): number | undefined;
  /** The raw 29-byte items, ascending by id. */
  items(): Iterable<Bytes>;
}

/** What an update does to a table. Ids and items ascend and are disjoint. */
export interface Change {
  readonly removes: readonly number[];
  readonly puts: readonly Bytes[];
}

/** Packed items in id order with their index by tag. Never changed after it is built. */
interface Base {
  readonly packed: Bytes;
  readonly idByTag: ReadonlyMap<string, number>;
}

/** Laid over the base: what changed since. `undefined` marks a removed id. */
interface Overlay {
  readonly byId: ReadonlyMap<number, Bytes | undefined>;
  readonly idByTag: ReadonlyMap<string, number>;
}

/** Beyond this many overlaid ids the base is built anew, which keeps the cost of copying the overlay bounded. */
const overlayIdsMax = 256;

const emptyBase: Base = { packed: new Uint8Array(0), idByTag: new Map() };
const emptyOverlay: Overlay = { byId: new Map(), idByTag: new Map() };

class LayeredTable implements Table {
  readonly base: Base;
  readonly overlay: Overlay;
  readonly count: number;
  readonly credentials: number;
  readonly digest: Bytes;

  constructor(base: Base, overlay: Overlay, count: number, credentials: number, digest: Bytes) {
    this.base = base;
    this.overlay = overlay;
    this.count = count;
    this.credentials = credentials;
    this.digest = digest;
  }

  get(id: number): Bytes | undefined {
    return this.overlay.byId.has(id) ? this.overlay.byId.get(id) : findInBase(this.base, id);
  }

  idOfTag(tag: Bytes): number | undefined {
    const key = tagKey(tag);
    const overlaid = this.overlay.idByTag.get(key);
    if (overlaid !== undefined) return overlaid;
    const id = this.base.idByTag.get(key);
    return id === undefined || this.overlay.byId.has(id) ? undefined : id;
  }

  *items(): Iterable<Bytes> {
    const overlaid = [...this.overlay.byId.keys()].sort((a, b) => a - b);
    let next = 0;
    for (let at = 0; at < this.base.packed.length; at += itemBytes) {
      const item = this.base.packed.subarray(at, at + itemBytes);
      const id = itemId(item);
      for (; next < overlaid.length && (overlaid[next] ?? id) < id; next++)
        yield* this.#overlaid(overlaid[next]);
      if (overlaid[next] === id) {
        yield* this.#overlaid(id);
        next++;
      } else {
        yield item;
      }
    }
    for (; next < overlaid.length; next++) yield* this.#overlaid(overlaid[next]);
  }

  *#overlaid(id: number | undefined): Iterable<Bytes> {
    const item = id === undefined ? undefined : this.overlay.byId.get(id);
    if (item !== undefined) yield item;
  }
}

export const emptyTable: Table = new LayeredTable(emptyBase, emptyOverlay, 0, 0, new Uint8Array(digestBytes));

/**
 * A table from packed items in ascending order, as a snapshot brings them. Refuses order, spelling, duplicates and
 * dangling rules. `digest`: the running sum, where the caller already has it; computed otherwise.
 */
export function tableFromItems(
  crypto: Crypto,
  digestKey: Bytes,
  packed: Bytes,
  digest?: Bytes,
): Verdict<Table> {
  if (packed.length % itemBytes !== 0) return refuse("BODY_INVALID", "table/length");
  const own = copy(packed);
  const idByTag = new Map<string, number>();
  const isDailyByRule = new Map<number, boolean>();
  let credentials = 0;
  let sum = digest ?? new Uint8Array(digestBytes);
  let before = -1;
  for (let at = 0; at < own.length; at += itemBytes) {
    const raw = own.subarray(at, at + itemBytes);
    const item = decodeItem(raw);
    if (!item.ok) return item;
    const id = itemId(raw);
    if (id <= before) return refuse("BODY_INVALID", "table/order");
    before = id;
    if (item.value.kind === "rule") isDailyByRule.set(id, isDailyRule(raw));
    if (item.value.kind === "credential") {
      // Rules sort before credentials, so one pass sees every rule first.
      const isDaily = isDailyByRule.get(item.value.rule);
      if (isDaily === undefined) return refuse("BODY_INVALID", "table/rule-missing");
      if (isDaily !== isDailyTag(raw)) return refuse("BODY_INVALID", "table/daily-tag");
      credentials++;
      const key = tagKey(item.value.tag);
      if (!isDaily) {
        if (idByTag.has(key)) return refuse("DUPLICATE", "table/duplicate-tag", id);
        idByTag.set(key, id);
      }
    }
    if (digest === undefined) sum = digestWith(crypto, digestKey, sum, raw, 1);
  }
  const count = own.length / itemBytes;
  return accept(new LayeredTable({ packed: own, idByTag }, emptyOverlay, count, credentials, sum));
}

/** The table after a change, sharing the base of the old one; or why the change means nothing here. */
export function applyChange(crypto: Crypto, digestKey: Bytes, table: Table, change: Change): Verdict<Table> {
  if (!(table instanceof LayeredTable)) throw new TypeError("a table made elsewhere");
  const byId = new Map(table.overlay.byId);
  const idByTag = new Map(table.overlay.idByTag);
  const next = { count: table.count, credentials: table.credentials, digest: table.digest };
  const putIds = new Set(change.puts.map(itemId));

  const take = (raw: Bytes): void => {
    const id = itemId(raw);
    byId.set(id, undefined);
    if (id >= firstCredentialId) {
      if (idByTag.get(rawTagKey(raw)) === id) idByTag.delete(rawTagKey(raw));
      next.credentials--;
    }
    next.count--;
    next.digest = digestWith(crypto, digestKey, next.digest, raw, -1);
  };

  let before = -1;
  for (const id of change.removes) {
    if (id <= before) return refuse("BODY_INVALID", "table/removes-order");
    before = id;
    const held = table.get(id);
    if (held === undefined) return refuse("BODY_INVALID", "table/removes-absent");
    if (putIds.has(id)) return refuse("BODY_INVALID", "table/removes-and-puts");
    take(held);
  }

  // Replaced items give up their tags before any put claims one, so that two people may swap codes in one update.
  for (const id of putIds) {
    const held = table.get(id);
    if (held !== undefined) take(held);
  }

  /** Rules that become, or cease to be, those of daily codes. */
  const turned = new Set<number>();
  before = -1;
  for (const raw of change.puts) {
    const id = itemId(raw);
    if (id <= before) return refuse("BODY_INVALID", "table/puts-order");
    before = id;
    const item = decodeItem(raw);
    if (!item.ok) return item;
    const own = copy(raw);
    if (item.value.kind === "credential") {
      const rule = ruleIn(byId, table, item.value.rule);
      if (rule === undefined) return refuse("BODY_INVALID", "table/rule-missing");
      const isDaily = isDailyRule(rule);
      if (isDaily !== isDailyTag(own)) return refuse("BODY_INVALID", "table/daily-tag");
      const key = tagKey(item.value.tag);
      if (!isDaily) {
        const holder = idByTag.get(key) ?? table.base.idByTag.get(key);
        if (holder !== undefined && holds(byId, table, holder, key)) {
          return refuse("DUPLICATE", "table/duplicate-tag", id);
        }
        idByTag.set(key, id);
      }
      next.credentials++;
    }
    if (item.value.kind === "rule") {
      const held = table.get(id);
      if (held !== undefined && isDailyRule(held) !== isDailyRule(own)) turned.add(id);
    }
    byId.set(id, own);
    next.count++;
    next.digest = digestWith(crypto, digestKey, next.digest, own, 1);
  }

  const overlay: Overlay = { byId, idByTag };
  const changed = new LayeredTable(table.base, overlay, next.count, next.credentials, next.digest);
  // The only looks at every item, and rare: a rule leaves with its last credential and changes between tags and the
  // derived code with all of them, or no snapshot could say this table.
  const removedRules = new Set(change.removes.filter((id) => itemKind(id) === "rule"));
  if (removedRules.size > 0 && usesRule(changed, removedRules, () => true)) {
    return refuse("BODY_INVALID", "table/rule-missing");
  }
  const isMistagged = (credential: Bytes, rule: number): boolean => {
    const raw = changed.get(rule);
    return raw !== undefined && isDailyRule(raw) !== isDailyTag(credential);
  };
  if (turned.size > 0 && usesRule(changed, turned, isMistagged)) {
    return refuse("BODY_INVALID", "table/daily-tag");
  }
  return accept(byId.size > overlayIdsMax ? rebased(changed) : changed);
}

/**
 * `state8`: the keyed MAC over version, item count and digest that base checks, updates and receipts compare
 * (HMAC 256/64, RFC 9053). Equal tables at different versions are unlinkable to whoever lacks the key.
 */
export function tableState(crypto: Crypto, stateKey: Bytes, version: number, table: Table): Bytes {
  return stateOf(crypto, stateKey, version, table.count, table.digest);
}

/** The same from its parts, where no table is at hand yet. */
export function stateOf(
  crypto: Crypto,
  stateKey: Bytes,
  version: number,
  count: number,
  digest: Bytes,
): Bytes {
  return crypto.mac(stateKey, encode(["doorsync/1 state", version, count, digest])).slice(0, stateBytes);
}

/** Adds (1) or takes away (-1) one item's HMAC, modulo 2^256. */
export function digestWith(
  crypto: Crypto,
  digestKey: Bytes,
  digest: Bytes,
  item: Bytes,
  sign: 1 | -1,
): Bytes {
  const term = crypto.mac(digestKey, item);
  const sum = new Uint8Array(digestBytes);
  let carry = 0;
  for (let i = digestBytes - 1; i >= 0; i--) {
    const value = (digest[i] ?? 0) + sign * (term[i] ?? 0) + carry;
    sum[i] = value & 0xff;
    carry = value >> 8;
  }
  return sum;
}

/** The credential in 29 raw bytes, or undefined where they are another kind of item. */
export function decodedCredential(raw: Bytes): Credential | undefined {
  const item = decodeItem(raw);
  return item.ok && item.value.kind === "credential" ? item.value : undefined;
}

/** The rule behind a credential, or undefined where none is present (such a credential opens nothing). */
export function ruleOf(table: Table, ruleId: number): Rule | undefined {
  const raw = table.get(ruleId);
  const item = raw === undefined ? undefined : decodeItem(raw);
  return item?.ok && item.value.kind === "rule" ? item.value : undefined;
}

/** All items as one packed string of 29n bytes: what a snapshot carries. */
export function packItems(table: Table): Bytes {
  const packed = new Uint8Array(table.count * itemBytes);
  let at = 0;
  for (const item of table.items()) {
    packed.set(item, at);
    at += itemBytes;
  }
  return packed;
}

/** The change that leads from one table to another. */
export function changeBetween(from: Table, to: Table): Change {
  const removes: number[] = [];
  const puts: Bytes[] = [];
  for (const item of from.items()) if (to.get(itemId(item)) === undefined) removes.push(itemId(item));
  for (const item of to.items()) {
    const held = from.get(itemId(item));
    if (held === undefined || !equal(held, item)) puts.push(copy(item));
  }
  return { removes, puts };
}

function rebased(table: LayeredTable): LayeredTable {
  const packed = packItems(table);
  const idByTag = new Map<string, number>();
  for (let at = 0; at < packed.length; at += itemBytes) {
    const raw = packed.subarray(at, at + itemBytes);
    if (itemId(raw) >= firstCredentialId && !isDailyTag(raw)) idByTag.set(rawTagKey(raw), itemId(raw));
  }
  return new LayeredTable({ packed, idByTag }, emptyOverlay, table.count, table.credentials, table.digest);
}

function findInBase(base: Base, id: number): Bytes | undefined {
  let low = 0;
  let high = base.packed.length / itemBytes - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const item = base.packed.subarray(middle * itemBytes, (middle + 1) * itemBytes);
    const found = itemId(item);
    if (found === id) return item;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function ruleIn(byId: ReadonlyMap<number, Bytes | undefined>, table: Table, rule: number): Bytes | undefined {
  return byId.has(rule) ? byId.get(rule) : table.get(rule);
}

function usesRule(
  table: Table,
  rules: ReadonlySet<number>,
  matters: (credential: Bytes, rule: number) => boolean,
): boolean {
  for (const raw of table.items()) {
    const rule = readUint(raw, 3, 2) & 0x7fff;
    if (itemId(raw) >= firstCredentialId && rules.has(rule) && matters(raw, rule)) return true;
  }
  return false;
}

/** Whether the credentials of a raw rule are derived codes, which have no tag. */
function isDailyRule(rule: Bytes): boolean {
  return readUint(rule, 3, 1) === credentialClasses.dailyCode;
}

/** The zeros that stand in place of a derived code's tag. */
function isDailyTag(credential: Bytes): boolean {
  return equal(credentialTag(credential), dailyTag);
}

/** Whether `id` still carries the tag after what was taken and put so far. */
function holds(
  byId: ReadonlyMap<number, Bytes | undefined>,
  table: LayeredTable,
  id: number,
  key: string,
): boolean {
  const raw = byId.has(id) ? byId.get(id) : findInBase(table.base, id);
  return raw !== undefined && rawTagKey(raw) === key;
}

function rawTagKey(raw: Bytes): string {
  return tagKey(credentialTag(raw));
}

function tagKey(bytes: Bytes): string {
  return String.fromCharCode(...bytes);
}
