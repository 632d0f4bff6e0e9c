/**
 * How a lock is doing: its own signed word, and beside it what a phone that was there later says without a signature.
 * For the list of doors and for one door in full, which must not disagree.
 */
import { conditionFlags, receiptFlags } from "@doorsync/protocol/authority";
import type { Hearsay } from "../model/health.ts";
import type { SignedWord } from "../model/ledger.ts";

export interface SignedConditions {
  readonly lowBattery: boolean;
  readonly jammed: boolean;
  readonly doorAjar: boolean;
  readonly rebooting: boolean;
  readonly damaged: boolean;
}

/** By the flags of a receipt. */
export function conditionsBy({ flags }: Pick<SignedWord, "flags">): SignedConditions {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    lowBattery: has(conditionFlags.lowBattery),
    jammed: has(conditionFlags.jammed),
    doorAjar: has(conditionFlags.doorAjar),
    rebooting: has(conditionFlags.rebooting),
    damaged: has(receiptFlags.damaged),
  };
}

/** A phone's words, parted by spaces; undefined where the lock has signed for its condition since. */
export function hearsayOf(
  told: { readonly conditions: string | null; readonly at: number } | undefined,
  said: Pick<SignedWord, "receivedAt"> | undefined,
): Hearsay | undefined {
  if (told === undefined || told.conditions === null) return undefined;
  if (said !== undefined && told.at <= said.receivedAt) return undefined;
  const names = new Set(told.conditions.split(" "));
  return {
    at: told.at,
    lowBattery: names.has("lowBattery"),
    jammed: names.has("jammed"),
    doorAjar: names.has("doorAjar"),
    rebooting: names.has("rebooting"),
  };
}
