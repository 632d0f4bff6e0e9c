/** Terms as people are told of them: what limits a code, and null where nothing does. Not how a lock keeps them. */
import { secondsNever, type Window } from "@doorsync/protocol/authority";
import type { Terms } from "./terms.ts";

/** Null where there is no such limit. Seconds since 1970; windows are local hours of the week. */
export interface ShownTerms {
  readonly from: number | null;
  readonly until: number | null;
  readonly uses: number | null;
  readonly minutes: number | null;
  readonly windows: readonly Window[] | null;
}

export function shownTerms(terms: Terms | undefined): ShownTerms {
  const orNull = (value: number, none: number): number | null => (value === none ? null : value);
  return {
    from: orNull(terms?.notBefore ?? 0, 0),
    until: orNull(terms?.notAfter ?? secondsNever, secondsNever),
    uses: orNull(terms?.useLimit ?? 0, 0),
    minutes: orNull(terms?.expiringMinutes ?? 0, 0),
    windows: terms?.windows ?? null,
  };
}
