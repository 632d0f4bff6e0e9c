/**
 * What a guest's code may do, from the words of the app to the terms a lock keeps: permanent, temporary, recurring,
 * delivery (F8). Not the code itself: those are always drawn.
 */
import { secondsNever, type Window } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";
import type { DoorKind } from "./ledger.ts";
import { guestsMax } from "./limit.ts";
import type { Policy } from "./policy.ts";
import { fitTerms, plainTerms, type Terms } from "./terms.ts";

export const guestKinds = ["permanent", "temporary", "recurring", "delivery"] as const;
export type GuestKind = (typeof guestKinds)[number];

/** Left out is undefined; what a kind does not take must be left out. Seconds since 1970. */
export interface GuestWish {
  readonly kind: GuestKind;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  /** Local hours of the week. */
  readonly windows?: readonly Window[] | undefined;
  /** Digits that somebody wished for: always refused. */
  readonly digits?: string | undefined;
}

/** GUEST_RANDOM_ONLY, GUEST_UNFIT for times or doors that the kind does not take, TERMS_UNFIT. */
export function guestTerms(policy: Policy, door: DoorKind, wish: GuestWish, now: number): Decision<Terms> {
  if (wish.digits !== undefined) return deny("GUEST_RANDOM_ONLY");
  const { kind, from, until, windows } = wish;
  const unfit = (why: string): Decision<Terms> => deny("GUEST_UNFIT", `${kind}: ${why}`);
  if (windows !== undefined && kind !== "recurring") return unfit("no hours of the week");
  if (from !== undefined && until !== undefined && from >= until) return unfit("it ends before it begins");
  if (until !== undefined && until <= now) return unfit("it is over already");
  switch (kind) {
    case "permanent":
      if (from !== undefined || until !== undefined) return unfit("neither beginning nor end");
      return fitTerms(plainTerms);
    case "temporary":
      if (from === undefined || until === undefined) return unfit("a beginning and an end");
      return fitTerms({ ...boundTerms, notBefore: from, notAfter: until });
    case "recurring":
      if (windows === undefined || windows.length === 0) return unfit("at least one window of the week");
      return fitTerms({ ...boundTerms, notBefore: from ?? 0, notAfter: until ?? secondsNever, windows });
    case "delivery": {
      if (!policy.deliveryDoorKinds.includes(door)) return unfit(`not at a door of kind ${door}`);
      if (until !== undefined) return unfit(`it ends ${policy.deliveryHours} hours after its beginning`);
      const notBefore = from ?? now;
      const notAfter = notBefore + policy.deliveryHours * secondsPerHour;
      if (notAfter <= now) return unfit("it is over already");
      return fitTerms({ ...boundTerms, useLimit: 1, notBefore, notAfter });
    }
    default:
      return kind satisfies never;
  }
}

/** With the new one counted in. `rules`: how many the door's table needs for everybody. */
export interface GuestCount {
  readonly ofInviter: number;
  readonly atDoor: number;
  readonly rules: number;
}

/** GUESTS_FULL; RULES_EXHAUSTED for a guest with hours of the week where no room for those is left. */
export function judgeGuests(count: GuestCount, { windows }: Terms): Decision<true> {
  if (count.ofInviter > guestsMax.perInviter) return deny("GUESTS_FULL", `${guestsMax.perInviter} of yours`);
  if (count.atDoor > guestsMax.perDoor) return deny("GUESTS_FULL", `${guestsMax.perDoor} at this door`);
  if (windows !== undefined && count.rules > guestsMax.rulesPerDoor) return deny("RULES_EXHAUSTED");
  return grant(true);
}

const secondsPerHour = 3_600;

/** A lock that does not know the time refuses what is bound to a time. */
const boundTerms: Terms = { ...plainTerms, failOpen: false };
