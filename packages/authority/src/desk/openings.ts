/**
 * When codes opened a door, as far as its lock's log came in: what is needed to say whether a code with so many uses, or
 * so many minutes from its first one, opens still. Not the log as people read it: that is `books.ts`.
 */
import { lockOperationTypes } from "@doorsync/protocol/authority";
import { isCountedAtTheDoor, type Moment } from "../model/at-the-door.ts";
import type { CodeLife, Ledger } from "../model/ledger.ts";
import type { Office } from "../office/office.ts";
import { type KeptEvent, loadEvents } from "../store/journals.ts";
import { presentLock } from "../store/registry.ts";

/** The newest are looked at: a code that is counted is given out for days, not for years. */
const eventsRead = 1_000;

/** Now, at this door; its log is read only where a code is counted. */
export async function momentAt(office: Office, doorId: string, ledger: Ledger): Promise<Moment> {
  const { now } = office;
  const isAsked = ledger.codes.some((code) => !code.released && isCountedAtTheDoor(code));
  const lock = isAsked ? await presentLock(office.db, doorId) : undefined;
  if (lock === undefined) return { now };
  const kept = await loadEvents(office.db, lock.lock_id, eventsRead);
  return { now, openings: (code) => openingsOf(code, kept) };
}

/** Since this code was made: one before it may have had the same number in the log. */
function openingsOf({ wireId, createdAt }: CodeLife, kept: readonly KeptEvent[]): readonly number[] {
  return kept
    .filter(
      ({ event }) =>
        event.kind === "LockOperation" &&
        event.detail === lockOperationTypes.Unlock &&
        event.credential === wireId &&
        event.at >= createdAt,
    )
    .map(({ event }) => event.at);
}
