/**
 * How often something may be tried, as one table, and the one judgement over it. Not where tries are counted: the
 * caller lends the times of those that count.
 */
import { type Decision, deny, grant } from "./denial.ts";
import { type Policy, plainPolicy } from "./policy.ts";

export interface LimitRule {
  readonly most: number;
  readonly windowSeconds: number;
  /** Whose tries count together. */
  readonly per: "account" | "address" | "account and address" | "person and door";
}

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** An address may be a whole building's, so it bears more than an account. */
export const limits = {
  /** From one place: a stranger elsewhere uses up nothing of it. What succeeded counts for none of the three. */
  logIn: { most: 5, windowSeconds: 15 * minute, per: "account and address" },
  /** From everywhere together, but for places from which the account was logged in before: theirs is `logIn` alone. */
  logInAnywhere: { most: 50, windowSeconds: hour, per: "account" },
  logInFrom: { most: 30, windowSeconds: 15 * minute, per: "address" },
  /** Each refused pick tells that a code is not free: few a day, or they become an oracle. */
  pick: { most: plainPolicy.picksPerDayMax, windowSeconds: day, per: "person and door" },
  /** Against a burst; a day's number is the policy's (daily.ts). */
  enrolAppKey: { most: 10, windowSeconds: day, per: "account" },
  dailyCode: { most: 5, windowSeconds: 10 * minute, per: "account" },
  /** Who invites and sends away again uses up a door's digits until its next sync: for everybody there. */
  inviteGuest: { most: 100, windowSeconds: day, per: "account" },
  passwordReset: { most: 3, windowSeconds: hour, per: "account" },
  /** A phone's own word for a visit: enough for a watch over a house full of doors, and no way to fill the books. */
  reportVisit: { most: 240, windowSeconds: hour, per: "account" },
  passwordResetFrom: { most: 10, windowSeconds: hour, per: "address" },
} as const satisfies Readonly<Record<string, LimitRule>>;

/**
 * Guests at once, who may still come in: more would fill a door's table for everybody else. By who invited them, over
 * all doors of the property, and at one door by whomever. Rules are a door's scarcest room: guests with hours of their
 * own may take so many, and the rest is for everybody's plain terms.
 */
export const guestsMax = { perInviter: 50, perDoor: 500, rulesPerDoor: 240 } as const;

export type LimitName = keyof typeof limits;

/** The rule by which a property limits picks. */
export function pickLimit(policy: Policy): LimitRule {
  return { ...limits.pick, most: policy.picksPerDayMax };
}

/**
 * TOO_MANY, with the seconds to wait, when as many tries as the rule allows lie within its window before `now`. `tries`
 * come in any order. Those of the future (the clock was set back) count, and nobody waits longer than a window.
 */
export function judgeLimit(rule: LimitRule, tries: readonly number[], now: number): Decision<true> {
  const recent = tries.filter((at) => at > now - rule.windowSeconds).sort((a, b) => a - b);
  if (recent.length < rule.most) return grant(true);
  // Free again when so many have left the window that one fewer than the limit remains; never where the limit is 0.
  const leaver = recent[recent.length - rule.most] ?? now;
  const wait = Math.min(Math.max(1, Math.ceil(leaver + rule.windowSeconds - now)), rule.windowSeconds);
  return deny("TOO_MANY", `${wait}`);
}
