/** Takes a verdict that must be an acceptance; apart from the matchers, so that scripts without vitest may use it. */
import type { Verdict } from "../packages/protocol/src/refusal.ts";

/** The value of a verdict; throws with the refusal's name otherwise. */
export function accepted<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new Error(`refused ${verdict.refusal} (${verdict.check})`);
  return verdict.value;
}
