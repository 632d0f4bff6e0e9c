/**
 * Daily doorcodes that somebody gave out and that may open still: no suspension ends them, so whoever suspends must hear
 * of them. Only another generation, synced, ends one before its time. Not the giving: that is `daily.ts`.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import { provenHouse } from "../model/daily-slot.ts";
import { classOf } from "../model/ledger.ts";
import { holds } from "../model/proof.ts";
import type { Office } from "../office/office.ts";
import { accountOfPerson } from "../store/accounts.ts";
import { dailyStillOf } from "../store/daily.ts";
import { loadLedger } from "../store/ledgers.ts";
import type { Reach } from "./reach.ts";

export interface DailyOut {
  readonly doorId: string;
  readonly door: string;
  /** The door's local day, as 2026-11-21. */
  readonly day: string;
  readonly givenAt: number;
  readonly opensUntil: number;
  /** Where it was sent; null: it was told to whoever asked. */
  readonly to: string | null;
}

const secondsPerDay = 86_400;
const content = "daily-recipient";

/** A day counted from 1970, as people write it. */
export function dayName(day: number): string {
  return new Date(day * secondsPerDay * 1_000).toISOString().slice(0, 10);
}

export function sealRecipient(office: Office, doorId: string, to: string): Bytes {
  return office.vault.seal(content, doorId, new TextEncoder().encode(to));
}

/** Newest first, at doors within reach. */
export async function dailyStill(
  office: Office,
  personId: string,
  reach: Pick<Reach, "propertyId" | "unitIds">,
): Promise<readonly DailyOut[]> {
  const account = await accountOfPerson(office.db, personId);
  if (account === undefined) return [];
  const rows = await dailyStillOf(office.db, account.id, reach, office.now);
  const generations = new Map<string, number | undefined>();
  for (const { door_id } of rows) {
    if (generations.has(door_id)) continue;
    const { lock, codes } = await loadLedger(office.db, door_id);
    // Without a place for it in the table, or by another generation, the lock takes none that was given out.
    const isTaken = codes.some((code) => classOf(code) === "dailyCode" && holds(code, lock?.proven ?? 0));
    generations.set(door_id, lock === undefined || !isTaken ? undefined : provenHouse(lock).generation);
  }
  return rows
    .filter((row) => row.generation === generations.get(row.door_id))
    .map((row) => ({
      doorId: row.door_id,
      door: row.door,
      day: dayName(row.day),
      givenAt: row.at,
      opensUntil: row.opens_until ?? 0,
      to:
        row.sealed_to === null
          ? null
          : new TextDecoder().decode(office.vault.open(content, row.door_id, row.sealed_to)),
    }));
}
