/**
 * One visit for the sake of the property: it carries what the mailbox holds to a lock and brings the lock's word back. It
 * decides nothing about the sync; that is the errand's.
 */
import type { Crypto } from "@doorsync/protocol/courier";
import { type ConverseOptions, converse, within } from "./converse.ts";
import { startErrand, stepErrand } from "./errand/errand.ts";
import { emptyReport, type Report, type WaitName, waits as waitsDefault } from "./errand/outcome.ts";
import type { Mailbox } from "./ports.ts";
import { carry, emptySatchel, type Satchel } from "./satchel.ts";
import { silence, slipsOut } from "./slips.ts";

export interface SyncOptions extends ConverseOptions {
  readonly mailbox: Mailbox;
  readonly crypto: Crypto;
  /** From an earlier visit's result: what was carried, owed and proved then. Empty when left out. */
  readonly satchel?: Satchel;
  /** Longest silences in milliseconds, where they differ from `waits`. */
  readonly waits?: Partial<Readonly<Record<WaitName, number>>>;
  /** A person asked for this sync: a lock that needs nothing is asked for its signed word, and the visit ends `already`. */
  readonly wantsWord?: boolean;
}

export interface SyncResult extends Report {
  /** For the next visit. What is in `owed` did not reach the mailbox. */
  readonly satchel: Satchel;
  /** What threw in the visit, and why slips could not be stored, one sentence each; empty when all is well. */
  readonly troubles: readonly string[];
}

/**
 * One visit: reads the mailbox, goes to the lock, delivers what it lacks, brings the receipt back. Resolves with an
 * outcome for whatever lock, link or signal do, within the waits; a transport or mailbox that never settles is given
 * up on. Rejects only when the mailbox cannot be read: nothing was begun then. Listeners and timers are gone when it
 * settles.
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { mailbox, timers, signal } = options;
  const waits = { ...waitsDefault, ...options.waits };
  const before = options.satchel ?? emptySatchel;

  const read = within(mailbox.parcels(), waits.mailbox, silence(waits.mailbox), timers, signal);
  const parcels = await read;
  if (parcels === undefined) return { ...emptyReport({ kind: "aborted" }), satchel: before, troubles: [] };
  // The mailbox says what is still to be carried: a parcel withdrawn since the last visit stays out.
  const satchel = carry({ ...before, parcels: [] }, parcels);

  const slips = slipsOut(mailbox, timers, waits.mailbox);
  satchel.owed.forEach(slips.deliver);
  if (satchel.parcels.length === 0) {
    const report = emptyReport({ kind: "nothing", why: "the mailbox holds no parcel" });
    return { ...report, ...(await slips.settle(satchel)) };
  }
  const { crypto, time, wantsWord = false } = options;
  const lent = { crypto, waits, hasTime: time !== undefined, wantsWord };
  const step = startErrand(lent, satchel);
  const ended = await converse(
    options,
    step,
    (errand, event) => stepErrand(lent, errand, event),
    slips.deliver,
    ({ receipt }) => receipt !== undefined,
  );
  const left = ended.errand.phase === "over" ? ended.errand.satchel : satchel;
  const settled = await slips.settle(left);
  return { ...ended.report, ...settled, troubles: [...ended.troubles, ...settled.troubles] };
}
