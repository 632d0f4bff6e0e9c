/**
 * How a target says that a property does not hold: it throws, which is what every fuzzing engine looks for. Not an
 * assertion library: no values are compared or printed beyond what the target puts into words.
 */

/** A property that an input broke. Anything else that is thrown is a crash. */
export class BrokenClaim extends Error {
  override readonly name = "BrokenClaim";
}

/** Throws BrokenClaim with the property's number and words unless it holds. */
export function hold(holds: boolean, claim: string, seen?: () => string): asserts holds {
  if (!holds) throw new BrokenClaim(seen === undefined ? claim : `${claim}; ${seen()}`);
}
