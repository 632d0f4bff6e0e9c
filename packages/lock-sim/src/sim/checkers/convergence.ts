/**
 * After the calm: every lock holds the newest table, and nothing is pending, whatever happened before (P25).
 */
import { toHex } from "@doorsync/protocol/lock";
import type { Books } from "../seen.ts";
import { type Checker, createWornOut, lockAt } from "./checker.ts";

export function convergence(): Checker {
  const books = new Map<number, Books>();
  /** The lock's word for the table that was signed last, by door. */
  const signed = new Map<number, string>();
  const wornOut = createWornOut();
  return {
    property: "P25",
    claim: "once an honest phone comes by and nothing fails, every lock catches up and nothing stays pending",
    hear(seen, view) {
      if (seen.kind === "books") books.set(seen.books.door, seen.books);
      if (seen.kind === "signed") signed.set(seen.signed.door, seen.signed.state);
      wornOut.hear(seen);
      if (seen.kind !== "calm") return undefined;
      for (const [door, { newest, proven, contradicted, codes }] of books) {
        if (wornOut.has(door)) continue;
        const { state } = lockAt(view, door);
        if (state.power === "off") return `lock ${door} is dark`;
        if (state.store.damaged) return `the table of lock ${door} is still spoilt`;
        if (state.inForce.version !== newest) {
          return `lock ${door} is at version ${state.inForce.version}, not at ${newest}`;
        }
        if (toHex(state.inForce.state) !== signed.get(door)) {
          return `lock ${door} is at version ${newest}, and holds another table than was signed last`;
        }
        if (contradicted || proven !== newest) return `door ${door}: ${proven} of ${newest} is proven`;
        const pending = codes.find((code) => code.pending);
        if (pending !== undefined) return `${pending.digits} at door ${door} is still ${pending.state}`;
      }
      return undefined;
    },
  };
}
