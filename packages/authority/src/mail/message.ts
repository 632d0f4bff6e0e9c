/**
 * A message that leaves the house, the port through which it leaves, and when a failed one is tried again. Pure: what
 * sends is in `outbox.ts`, `smtp.ts` and `webhook.ts`; the rows that wait are the caller's.
 */

export interface Message {
  /** Names it for ever: sent twice it is recognised as one. 1 to 64 of `a-z A-Z 0-9 _ -`. */
  readonly id: string;
  /** An e-mail address, or a phone number in international form. */
  readonly to: string;
  /** One line without a secret: lock screens and logs show it. A phone message goes without. */
  readonly subject: string;
  readonly text: string;
}

/** `isForGood`: trying again would be answered the same, for example because there is no such address. */
export type Sent =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly isForGood: boolean };

export interface Messenger {
  /** Never rejects, and answers within its deadline. */
  send(message: Message): Promise<Sent>;
}

/** Longest wait for whoever takes messages on, from the first packet to the last answer. */
export const sendMillisecondsMax = 10_000;

export const textCharactersMax = 4_000;
const subjectCharactersMax = 200;

export function failed(why: string, isForGood = false): Sent {
  return { ok: false, why, isForGood };
}

/** What a `to` is, or undefined when it is neither. Stricter than the standards: what is left cannot forge a header. */
export function placeOf(to: string): "email" | "phone" | undefined {
  if (/^\+[1-9][0-9]{6,14}$/.test(to)) return "phone";
  const match =
    /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8})$/.exec(to);
  return match?.[1] !== undefined && match[1].length <= 253 ? "email" : undefined;
}

/** Why no messenger would take this message; undefined: it is fit. */
export function unfitness({ id, to, subject, text }: Message): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return "the message has no fit id";
  if (placeOf(to) === undefined) return "this is no e-mail address and no phone number like +15551234567";
  // Every control character, line breaks included: a subject is one line of a header.
  if (/\p{Cc}/u.test(subject) || subject.length > subjectCharactersMax)
    return "the subject is not one short line";
  if (text.length > textCharactersMax) return `the text is longer than ${textCharactersMax} characters`;
  return undefined;
}

const firstWaitSeconds = 30;
const longestWaitSeconds = 3_600;

/** Tries in all. With the waits between them about four hours: past that a daily doorcode has missed its day. */
export const triesMax = 10;

/**
 * When a message is tried again that failed for the `tries`-th time at `now` (seconds since 1970); undefined when it is
 * given up. The wait doubles from 30 s up to an hour.
 */
export function nextTry(tries: number, now: number): number | undefined {
  if (!Number.isInteger(tries) || tries < 1) throw new RangeError(`${tries} tries`);
  if (tries >= triesMax) return undefined;
  return now + Math.min(firstWaitSeconds * 2 ** (tries - 1), longestWaitSeconds);
}
