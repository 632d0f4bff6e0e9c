/**
 * Where a door stands with the daily doorcode: which place of its table stands for it, and what its lock derives the code
 * from. Only what the lock has proven counts: a code made of anything newer would not open. Not the code itself
 * (protocol), and not how often one is given out (daily.ts).
 */
import { decodeItem, firstZoneId, lastZoneId, secondsNever, settingsId } from "@doorsync/protocol/authority";
import { dailyDay } from "./daily.ts";
import { type Decision, deny, grant } from "./denial.ts";
import { type CodeLife, classOf, isDamaged, type Ledger, type LockStanding } from "./ledger.ts";
import { codeState } from "./proof.ts";
import { type OffsetChange, plainHouse, plainTerms, type Terms } from "./terms.ts";

/**
 * Of the place for it: no lease, since the code ends by itself at midnight and is asked for when nobody can sync; and
 * none is taken while the lock does not know the day.
 */
export const dailyTerms: Terms = {
  ...plainTerms,
  class: "dailyCode",
  notBefore: 0,
  notAfter: secondsNever,
  leaseHours: 0,
  failOpen: false,
};

export interface DailySlot {
  /** Id of the credential in the lock's table. */
  readonly slot: number;
  readonly generation: number;
  /** Local time as the lock keeps it. */
  readonly zone: readonly OffsetChange[];
}

/** The live place for the daily doorcode, whoever it is booked under. */
export function dailyLife(ledger: Ledger): CodeLife | undefined {
  return ledger.codes.find((code) => !code.revoked && classOf(code) === "dailyCode");
}

/** DAILY_UNAVAILABLE unless the lock is proven to take the code that the property means now. */
export function dailySlot(ledger: Ledger, now: number): Decision<DailySlot> {
  const { lock, house = plainHouse } = ledger;
  const unavailable = (why: string): Decision<DailySlot> => deny("DAILY_UNAVAILABLE", why);
  if (lock === undefined) return unavailable("no lock");
  const life = dailyLife(ledger);
  if (life === undefined) return unavailable("not enabled");
  if (isDamaged(lock)) return unavailable("its table is damaged: sync the door");
  if (codeState(life, lock) !== "set" || life.wireId === undefined) return unavailable("not synced yet");
  const { generation, zone } = provenHouse(lock);
  if (generation !== house.dailyGeneration) return unavailable("not synced since codes were ended");
  const [kept, meant] = [dailyDay(zone, now), dailyDay(house.zone, now)];
  if (!kept.ok) return kept;
  const isSame = meant.ok && meant.value.day === kept.value.day && meant.value.endsAt === kept.value.endsAt;
  if (!isSame) return unavailable("not synced since the local time was changed");
  return grant({ slot: life.wireId, generation, zone });
}

/** What the table that the lock last proved says of generation and local time. */
export function provenHouse(lock: LockStanding): Pick<DailySlot, "generation" | "zone"> {
  const held = lock.spans
    .filter(({ from, until }) => from <= lock.proven && (until === undefined || lock.proven < until))
    .filter(({ id }) => id === settingsId || (id >= firstZoneId && id <= lastZoneId))
    .sort((a, b) => a.id - b.id);
  let generation = 0;
  const zone: OffsetChange[] = [];
  for (const { bytes } of held) {
    const item = decodeItem(bytes);
    if (!item.ok) throw new Error(`our own item does not read: ${item.check}`);
    if (item.value.kind === "settings") generation = item.value.dailyGeneration;
    if (item.value.kind === "zone") zone.push(...item.value.changes);
  }
  return { generation, zone };
}
