/**
 * What a version's table says for the whole house, as one short value: a list of a thousand doors compares it without
 * looking at an item. Only compared, never proved with. What the house says is in `issue/items.ts`.
 */
import { createHash } from "node:crypto";
import { type Bytes, firstZoneId, itemId, lastHolidayId } from "@doorsync/protocol/authority";
import { doorcodeRuleId } from "../issue/items.ts";
import type { ItemSpan } from "../model/ledger.ts";

const settingsId = 0;

/** Settings, the doorcode rule, local time and holidays; all other ids are guests' rules and credentials. */
function isOfHouse(id: number): boolean {
  return id === settingsId || id === doorcodeRuleId || (id >= firstZoneId && id <= lastHolidayId);
}

/** Of the items of a house, in any order. */
export function houseMark(items: readonly Bytes[]): Bytes {
  const hash = createHash("sha256");
  for (const item of [...items].sort((a, b) => itemId(a) - itemId(b))) hash.update(item);
  return new Uint8Array(hash.digest());
}

/** Of the table at a version. */
export function houseMarkAt(spans: readonly ItemSpan[], version: number): Bytes {
  const within = spans.filter(
    ({ id, from, until }) => isOfHouse(id) && from <= version && (until === undefined || version < until),
  );
  return houseMark(within.map(({ bytes }) => bytes));
}
