/**
 * Which of the outcomes that a target can have were seen, by name: proof that a corpus still gets past the first check.
 * Counters only; no property hangs on them.
 */
const counts = new Map<string, number>();

/** An outcome was seen. */
export function reached(outcome: string): void {
  counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
}

/** Outcomes seen since the program began, and how often. */
export function reachedSoFar(): ReadonlyMap<string, number> {
  return counts;
}
