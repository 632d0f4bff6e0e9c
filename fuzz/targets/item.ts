/**
 * Any 29 bytes as an item, and any number of them as a table (P7, P15): one item has one spelling; a table that is
 * taken holds everything that a table must, by a reckoning that shares no code with it.
 */
import { equal } from "../../packages/protocol/src/bytes.ts";
import { decodeItem, encodeItem, itemBytes } from "../../packages/protocol/src/codes/item.ts";
import { packItems, tableFromItems } from "../../packages/protocol/src/codes/table.ts";
import { describeItem } from "../../packages/protocol/src/messages/describe.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { reached } from "../cast/reached.ts";
import { tableFault } from "../cast/table-fault.ts";

const digestKey = new Uint8Array(32).fill(1);

export function fuzz(data: Buffer): void {
  const bytes = new Uint8Array(data);
  for (let at = 0; at + itemBytes <= bytes.length; at += itemBytes) {
    const raw = bytes.slice(at, at + itemBytes);
    const item = decodeItem(raw);
    if (!item.ok) {
      hold(
        item.refusal === "BODY_INVALID" && item.check.startsWith("item/"),
        "P15: every refusal has a name",
      );
      continue;
    }
    reached(`item: ${item.value.kind}`);
    hold(equal(encodeItem(item.value), raw), "P15: what is accepted encodes to the same bytes");
    hold(describeItem(item.value).length > 0, "P16: any item can be shown");
  }
  const table = tableFromItems(crypto, digestKey, bytes);
  if (!table.ok) return;
  if (table.value.credentials > 0) reached("item: a table with credentials");
  hold(equal(packItems(table.value), bytes), "P7: a table is the items that it was made of");
  const fault = tableFault(table.value, digestKey);
  hold(fault === undefined, "P7: a table that is taken is whole", () => fault ?? "");
}
