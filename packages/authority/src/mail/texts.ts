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
  readonly invitation: {
    readonly property: string;
    /** Opens the page that takes a password; holds the token. */
    readonly link: string;
    readonly days: number;
    /** Where a later link is asked for. */
    readonly page: string;
  };
  readonly suspended: { readonly property: string };
  readonly joined: { readonly property: string };
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
  invitation: ({ property, link, days, page }) => ({
    subject: "Your access to a property",
    text: lines(
      `The management of ${property} gives you access, and an account with this e-mail address.`,
      `To choose its password, open this link within ${days} days: ${link}`,
      `When it is too old, open ${page} and have another one sent by "Forgotten password", with this address.`,
      `If you know nothing of ${property}, do nothing: without a password nobody can log in.`,
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
  joined: ({ property }) => ({
    subject: "You were added to another property",
    text: lines(
      `The management of ${property} has added you, with the account that you have.`,
      "Log in as you always do to see what you may open there.",
      "If you know nothing of it, ask them: whatever you had elsewhere is as it was.",
    ),
  }),
};

function lines(...sentences: readonly string[]): string {
  return `${sentences.join("\n")}\n`;
}
