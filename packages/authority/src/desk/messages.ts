/**
 * Messages that wait to leave the house: queued in the transaction that caused them, sent afterwards, tried again until
 * they are given up. What they say lies sealed; who sends them is in `mail/`.
 */
import { type Message, type Messenger, nextTry, sendMillisecondsMax } from "../mail/message.ts";
import type { Office } from "../office/office.ts";
import { noteTried, queueRow, takeDue } from "../store/messages.ts";

export interface Outgoing extends Omit<Message, "id"> {
  readonly channel: "email" | "message";
  /** What it is about, for the books: `daily-code`, `password-reset`. */
  readonly kind: string;
  /** From this second on it would mislead: it is given up instead. Left out: it is of use whenever it arrives. */
  readonly until?: number;
}

/** Messages sent in one round. */
const roundMax = 16;
/**
 * For so long a message belongs to the process that took it: longer than a whole round may last, because a round knows
 * only the time at which it began.
 */
export const takenSeconds: number = (roundMax * sendMillisecondsMax) / 1_000 + 20;

export async function queueMessage(office: Office, message: Outgoing): Promise<void> {
  const { channel, kind, to, subject, text, until } = message;
  const words = new TextEncoder().encode(JSON.stringify({ to, subject, text }));
  await queueRow(office.db, {
    at: office.now,
    kind,
    channel,
    sealed: office.vault.seal("message", kind, words),
    next_at: office.now,
    state: "queued",
    why: null,
    until_at: until ?? null,
  });
}

/**
 * Sends what is due, one after the other; a failed one waits for its next try. Gives how many left. Several processes
 * may do so at once. One that dies between sending and noting it leaves a message that is sent again, under the same id.
 */
export async function sendDue(office: Office, messenger: Messenger): Promise<number> {
  let left = 0;
  for (let round = 0; round < roundMax; round++) {
    const row = await takeDue(office.db, office.now, office.now + takenSeconds);
    if (row === undefined) break;
    if (row.until_at !== null && office.now >= row.until_at) {
      const over = { tries: row.tries, next_at: null, state: "failed", why: "its time was over" } as const;
      await noteTried(office.db, row.id, over);
      continue;
    }
    const words = new TextDecoder().decode(office.vault.open("message", row.kind, row.sealed));
    const { to, subject, text } = JSON.parse(words) as Omit<Message, "id">;
    const sent = await messenger.send({ id: `doorsync-${row.id}`, to, subject, text });
    if (sent.ok) left += 1;
    const tries = row.tries + 1;
    const next = sent.ok || sent.isForGood ? undefined : nextTry(tries, office.now);
    await noteTried(office.db, row.id, {
      tries,
      next_at: next ?? null,
      state: sent.ok ? "sent" : next === undefined ? "failed" : "queued",
      why: sent.ok ? null : sent.why,
    });
  }
  return left;
}
