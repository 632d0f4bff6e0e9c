/**
 * One visit for the sake of a person at a door: it asks the lock to open, and syncs it first where the lock wants that.
 * Its driver only; what is said when is the machine's (errand/unlock.ts), and who may open is the lock's table's.
 */
import { type Bytes, type Crypto, type DoorKey, describeRefusal } from "@doorsync/protocol/courier";
import { type ConverseOptions, converse, within } from "./converse.ts";
import { describeOutcome, type WaitName, waits as waitsDefault } from "./errand/outcome.ts";
import {
  handshakesMax,
  startUnlockErrand,
  stepUnlockErrand,
  type UnlockOutcome,
  type UnlockReport,
} from "./errand/unlock.ts";
import type { Fill, Mailbox } from "./ports.ts";
import { carry, emptySatchel, type Satchel } from "./satchel.ts";
import { silence, slipsOut } from "./slips.ts";

export interface UnlockOptions extends ConverseOptions {
  readonly crypto: Crypto;
  /** The lock, and the key by which this phone knows it. */
  readonly door: DoorKey & { readonly tag: Bytes };
  /** The authority's leave for this device. */
  readonly capability: Bytes;
  /** The device's own Ed25519 seed, 32 bytes. */
  readonly deviceSeed: Bytes;
  /** Fills bytes with chance; a handshake needs 32 that nobody can guess. */
  readonly fill: Fill;
  /** What is carried, in case the lock wants to be synced first. Without it only `satchel` is. */
  readonly mailbox?: Mailbox;
  readonly satchel?: Satchel;
  /** Longest silences in milliseconds, where they differ from `waits`. */
  readonly waits?: Partial<Readonly<Record<WaitName, number>>>;
}

export interface UnlockResult extends UnlockReport {
  /** For the next visit. What is in `owed` did not reach the mailbox. */
  readonly satchel: Satchel;
  /** What threw in the visit, and why slips could not be stored, one sentence each; empty when all is well. */
  readonly troubles: readonly string[];
}

/** Somebody stands at the door: a mailbox that takes longer is not waited for, and what was carried before has to do. */
export const mailboxPatienceMilliseconds = 3_000;

/**
 * One visit: hello, the time and a sync where the lock wants them, then the request to open. Resolves with an outcome for
 * whatever lock, link, mailbox or signal do, within the waits. Listeners and timers are gone when it settles.
 */
export async function unlock(options: UnlockOptions): Promise<UnlockResult> {
  const { crypto, door, capability, deviceSeed, fill, mailbox, timers, signal } = options;
  const waits = { ...waitsDefault, ...options.waits };
  const satchel = await carried(options);
  const slips = mailbox && slipsOut(mailbox, timers, waits.mailbox);
  const ephemerals = Array.from({ length: handshakesMax }, () => {
    const bytes = new Uint8Array(32);
    fill(bytes);
    return bytes;
  });
  const wanted = { ...door, capability, deviceSeed, ephemerals };
  const lent = { crypto, waits, hasTime: options.time !== undefined, wanted };
  const ended = await converse(
    signal === undefined ? options : { ...options, signal },
    startUnlockErrand(lent, satchel),
    (errand, event) => stepUnlockErrand(lent, errand, event),
    (slip) => slips?.deliver(slip),
    ({ outcome, sync }) => outcome.kind === "opened" || sync?.receipt !== undefined,
  );
  const left = ended.errand.phase === "over" ? ended.errand.satchel : satchel;
  const settled = slips === undefined ? { satchel: left, troubles: [] } : await slips.settle(left);
  return { ...ended.report, ...settled, troubles: [...ended.troubles, ...settled.troubles] };
}

async function carried({ mailbox, timers, signal, satchel = emptySatchel }: UnlockOptions): Promise<Satchel> {
  if (mailbox === undefined) return satchel;
  const patience = mailboxPatienceMilliseconds;
  try {
    const parcels = await within(mailbox.parcels(), patience, silence(patience), timers, signal);
    return parcels === undefined ? satchel : carry({ ...satchel, parcels: [] }, parcels);
  } catch {
    return satchel;
  }
}

/** An outcome in one line: what happened, and what to do where something is to be done. */
export function describeUnlock(outcome: UnlockOutcome): string {
  switch (outcome.kind) {
    case "opened":
      return "opened";
    case "refused":
      if (outcome.refusal === "REJECTED") {
        return "the lock does not take this phone's leave to ask: fetch it again, then unlock again";
      }
      return describeRefusal(outcome.refusal, outcome.detail);
    case "other-lock":
      return "another lock answered here: go to the right door";
    case "other-epoch":
      return `the lock is in epoch ${outcome.epoch}, this phone's leave is not: fetch it again, then unlock again`;
    case "broken":
      if (/^(noise|unlocked)\//.test(outcome.check)) {
        return `what answered is not the lock that this phone knows (${outcome.check}): nothing was given away`;
      }
      if (outcome.check.startsWith("unlock/")) {
        return `what this phone was given for the door is not whole (${outcome.check}): fetch it again, then unlock again`;
      }
      return describeOutcome(outcome);
    case "silent":
    case "dropped":
      if (outcome.wait !== "unlocking") return describeOutcome(outcome);
      return "no answer to the request to open: the door may be open; look, and try again";
    case "unreachable":
      return describeOutcome(outcome);
    case "aborted":
      return "given up on request";
    default:
      return outcome satisfies never;
  }
}
