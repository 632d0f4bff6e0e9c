/**
 * Messages that wait to leave the house: queued in the transaction that caused them, sent afterwards, tried again until
 * they are given up. What they say lies sealed; who sends them is in `mail/`.
 */
import { type Message, type Messenger, nextTry } from "../mail/message.ts";
import type { Office } from "../office/office.ts";
import { noteTried, queued, queueRow } from "../store/messages.ts";

export interface Outgoing extends Omit<Message, "id"> {
  readonly channel: "email" | "message";
  /** What it is about, for the books: `daily-code`, `password-reset`. */
  readonly kind: string;
}

/** Messages sent in one round. */
const roundMax = 32;

export async function queueMessage(office: Office, message: Outgoing): Promise<void> {
  const { channel, kind, to, subject, text } = message;
  const words = new TextEncoder().encode(JSON.stringify({ to, subject, text }));
  await queueRow(office.db, {
    at: office.now,
    kind,
    channel,
    sealed: office.vault.seal("message", kind, words),
    next_at: office.now,
    state: "queued",
    why: null,
  });
}

/** Sends what is due, one after the other; a failed one waits for its next try. Gives how many left. */
export async function sendDue(office: Office, messenger: Messenger): Promise<number> {
  let left = 0;
  for (const row of await queued(office.db, office.now, roundMax)) {
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
