/**
 * What an id meant in the table of a version, by the spans of items that were issued. Not whether a lock has that
 * version: that is `proof.ts`.
 */
import { decodeItem, type Item } from "@doorsync/protocol/authority";
import type { ItemSpan } from "./ledger.ts";

/** Looks the spans through once; then each question is a short one. */
export function bookOf(spans: readonly ItemSpan[]): (id: number, version: number) => Item | undefined {
  const byId = new Map<number, ItemSpan[]>();
  for (const span of spans) {
    const known = byId.get(span.id);
    if (known === undefined) byId.set(span.id, [span]);
    else known.push(span);
  }
  return (id, version) => {
    const span = byId
      .get(id)
      ?.find(({ from, until }) => from <= version && (until === undefined || version < until));
    const item = span === undefined ? undefined : decodeItem(span.bytes);
    return item?.ok === true ? item.value : undefined;
  };
}
