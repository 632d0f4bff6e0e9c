/**
 * What messages say, one row a kind. Subjects are fixed sentences, so that no secret and no door can slip into one; the
 * text stands alone, because a phone message has no subject. Not the rules of who may ask for one.
 */

export interface Wording {
  readonly subject: string;
  readonly text: string;
}

/** What each kind is told. */
export interface TextsGiven {
  readonly dailyCode: {
    readonly door: string;
    readonly code: string;
    /** The door's own civil day, as `2026-11-21`. */
    readonly day: string;
    /** Further limits, one sentence each. */
    readonly limits: readonly string[];
  };
  readonly passwordReset: {
    /** Opens the page that takes a new password; holds the token. */
    readonly link: string;
    readonly minutes: number;
  };
  readonly suspended: { readonly property: string };
}

export type TextKind = keyof TextsGiven;

export const texts: { readonly [K in TextKind]: (given: TextsGiven[K]) => Wording } = {
  dailyCode: ({ door, code, day, limits }) => ({
    subject: "A doorcode for one day",
    text: lines(
      `Doorcode for ${door} on ${day}: ${code}`,
      "It works from midnight to midnight at that door, and at no other. Type it and press ENTER.",
      ...limits,
    ),
  }),
  passwordReset: ({ link, minutes }) => ({
    subject: "Reset your password",
    text: lines(
      `To choose a new password, open this link within ${minutes} minutes: ${link}`,
      "The new password ends every session on every device.",
      "If you did not ask for this, do nothing: your password stays as it is.",
    ),
  }),
  suspended: ({ property }) => ({
    subject: "Your access is suspended",
    text: lines(
      `The management of ${property} has suspended your access.`,
      "Your codes, cards and app keys stop working at each door as soon as that door is synced.",
      "Ask the management to resume it.",
    ),
  }),
};

function lines(...sentences: readonly string[]): string {
  return `${sentences.join("\n")}\n`;
}
