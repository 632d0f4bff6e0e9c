/**
 * A visit that was cut off is made again: connect, and go on where the lock stands. Not for visits that came to an end
 * of their own, good or bad.
 */
import type { SyncResult } from "../courier.ts";

/** Visits in one go. Whoever is out of range after so many should be waited for, not called. */
export const visitsMaxDefault = 3;

export async function again<R extends SyncResult>(
  visit: (before: R | undefined) => Promise<R>,
  signal: AbortSignal | undefined,
  visitsMax: number = visitsMaxDefault,
): Promise<R> {
  let result = await visit(undefined);
  for (let visits = 1; visits < visitsMax && isCut(result) && signal?.aborted !== true; visits++) {
    const next = await visit(result);
    // What was taken before the cut was taken in this errand.
    result = { ...next, delivered: [...result.delivered, ...next.delivered] };
  }
  return result;
}

/** Whether the link went away, or the lock fell silent, in the middle. */
function isCut({ outcome }: SyncResult): boolean {
  return outcome.kind === "dropped" || outcome.kind === "silent";
}
