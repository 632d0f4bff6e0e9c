/**
 * What is wrong with a table, reckoned item by item with plain maps and big integers: nothing of the table's own
 * bookkeeping is believed. Not a decoder: items are read with the protocol's own.
 */
import { type Bytes, decodeItem, itemBytes, itemId, type Rule, type Table } from "@doorsync/protocol/lock";
import { crypto } from "./crypto.ts";

const number = (bytes: Bytes): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

/** One sentence, or undefined for a table that is whole. */
export function tableFault(table: Table, digestKey: Bytes): string | undefined {
  let before = -1;
  let count = 0;
  let credentials = 0;
  let sum = 0n;
  const rules = new Map<number, Rule>();
  const tags = new Set<string>();
  for (const raw of table.items()) {
    if (raw.length !== itemBytes) return `an item of ${raw.length} bytes`;
    const id = itemId(raw);
    if (id <= before) return `item ${id} after ${before}`;
    before = id;
    const item = decodeItem(raw);
    if (!item.ok) return `item ${id}: ${item.check}`;
    if (item.value.kind === "rule") rules.set(id, item.value);
    if (item.value.kind === "credential") {
      const rule = rules.get(item.value.rule);
      if (rule === undefined) return `item ${id} has no rule`;
      const tag = Buffer.from(item.value.tag).toString("hex");
      // A derived code has no tag of its own.
      if (rule.class !== "dailyCode" && tags.has(tag)) return `item ${id} shares its tag`;
      tags.add(tag);
      credentials++;
    }
    const held = table.get(id);
    if (held === undefined || Buffer.compare(held, raw) !== 0) return `item ${id} is not found by its id`;
    sum = (sum + number(crypto.mac(digestKey, raw))) % 2n ** 256n;
    count++;
  }
  if (count !== table.count || credentials !== table.credentials) return "its counts are wrong";
  return sum === number(table.digest) ? undefined : "its digest is wrong";
}
