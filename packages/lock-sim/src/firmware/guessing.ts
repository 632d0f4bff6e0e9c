/**
 * Whether a code may be tried now: a row of wrong codes pauses the keypad, for longer and longer, and a day of powered
 * uptime has a budget of them. Policy only: it compares no codes, and `notebook.ts` stores the attempts.
 *
 * Time is powered uptime, so that a lost clock neither opens nor closes the keypad for ever. A right code ends the row;
 * it neither refills the day's budget nor shortens the next pause, or whoever knows one code could go on guessing.
 *
 * Once a row is as long as the limit, every further wrong code pauses. To pause at each multiple of the limit alone, a
 * lock would have to remember where the row began; in a window that slides, one code leaves as another comes, and a
 * steady guesser never meets a multiple.
 */
import { lockoutBackoffSecondsMax } from "@doorsync/protocol/lock";

/** Length of the budget's window. */
export const guessWindowSeconds = 86_400;

/** Whatever the policy says: no more wrong codes in a window than are carried over when storage moves. */
export const wrongCodesCarriedMax = 100;

export interface KeypadPolicy {
  /** Wrong codes in a row from which on each pauses the keypad, and for how long the first ones in a window. */
  readonly wrongCodeEntryLimit: number;
  readonly userCodeTemporaryDisableSeconds: number;
  /** Wrong codes in a day of powered uptime. */
  readonly wrongCodesPerDayMax: number;
}

export interface Attempt {
  readonly uptimeSeconds: number;
  readonly right: boolean;
}

/** Where attempts are on record, oldest first. */
export interface Attempted {
  readonly attempts: readonly Attempt[];
}

export type MayTry =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "pause" | "day"; readonly waitSeconds: number };

/** Those of the last `seconds` before `uptimeSeconds`. */
function within(attempts: readonly Attempt[], uptimeSeconds: number, seconds: number): readonly Attempt[] {
  return attempts.filter((one) => uptimeSeconds - one.uptimeSeconds < seconds);
}

/**
 * The attempts that can still close the keypad: the wrong ones of the window, and of the windows of those whose pause
 * may last; and the last right one, which ends the row.
 */
export function attemptsThatMatter(attempts: readonly Attempt[], uptimeSeconds: number): readonly Attempt[] {
  const young = within(attempts, uptimeSeconds, guessWindowSeconds + lockoutBackoffSecondsMax);
  const last = young.findLastIndex((one) => one.right);
  return young.filter((one, index) => !one.right || index === last).slice(-wrongCodesCarriedMax);
}

/** The pause that the last attempt began; 0: none. All as it was at that attempt: a pause does not shrink meanwhile. */
function pauseSeconds(attempts: readonly Attempt[], policy: KeypadPolicy): number {
  const last = attempts.at(-1);
  if (last === undefined || last.right || policy.wrongCodeEntryLimit === 0) return 0;
  const young = within(attempts, last.uptimeSeconds, guessWindowSeconds);
  const inARow = young.length - 1 - young.findLastIndex((one) => one.right);
  if (inARow < policy.wrongCodeEntryLimit) return 0;
  const wrong = young.filter((one) => !one.right).length;
  const doublings = Math.floor(wrong / policy.wrongCodeEntryLimit) - 1;
  const first = policy.userCodeTemporaryDisableSeconds;
  return Math.max(first, Math.min(first * 2 ** doublings, lockoutBackoffSecondsMax));
}

/** Since when the day's budget is used up: the attempt whose ageing frees the next one. Undefined: it is not. */
function dayClosedSince(
  attempts: readonly Attempt[],
  uptimeSeconds: number,
  policy: KeypadPolicy,
): number | undefined {
  const budget = Math.min(policy.wrongCodesPerDayMax, wrongCodesCarriedMax - 1);
  if (budget === 0) return uptimeSeconds;
  const wrong = within(attempts, uptimeSeconds, guessWindowSeconds).filter((one) => !one.right);
  return wrong.at(-budget)?.uptimeSeconds;
}

/** Whether a code may be compared now, or how long the keypad stays closed. */
export function mayTry({ attempts }: Attempted, uptimeSeconds: number, policy: KeypadPolicy): MayTry {
  const since = dayClosedSince(attempts, uptimeSeconds, policy);
  if (since !== undefined) {
    return { ok: false, why: "day", waitSeconds: since + guessWindowSeconds - uptimeSeconds };
  }
  const last = attempts.at(-1)?.uptimeSeconds ?? uptimeSeconds;
  const waitSeconds = last + pauseSeconds(attempts, policy) - uptimeSeconds;
  return waitSeconds > 0 ? { ok: false, why: "pause", waitSeconds } : { ok: true };
}

/** Whether the last attempt, which turned out wrong, closes the keypad: for a pause or for the rest of the day. */
export function beginsPause(attempted: Attempted, policy: KeypadPolicy): boolean {
  const last = attempted.attempts.at(-1);
  return last !== undefined && !last.right && !mayTry(attempted, last.uptimeSeconds, policy).ok;
}
