/**
 * Whether a code that somebody chose may be theirs: the property's flags, the door, form and weakness (F5 to F7), and
 * whether it is free. Not who may choose (permission.ts), and not how often (limit.ts).
 */
import { type CodeLength, weakCode } from "@doorsync/protocol/authority";
import { allowedLength } from "./code.ts";
import { type Decision, deny, grant } from "./denial.ts";
import { type DoorKind, type Ledger, liveCode, takenMarks } from "./ledger.ts";
import type { CodePolicy, Policy } from "./policy.ts";

/**
 * CANNOT_SPECIFY_PIN_CODE where codes are generated only, CODE_NOT_PRIVATE at a shared door, CODE_FORM, SIX_DIGITS_OFF,
 * CODE_WEAK. None of them depends on anybody else's code.
 */
export function judgePick(policy: Policy, kind: DoorKind, digits: string): Decision<CodeLength> {
  if (!policy.customCodes) return deny("CANNOT_SPECIFY_PIN_CODE");
  if (kind !== "residence") return deny("CODE_NOT_PRIVATE", kind);
  if (!/^(?:[0-9]{4}|[0-9]{6})$/.test(digits)) return deny("CODE_FORM");
  const length = allowedLength(digits.length, policy.sixDigits);
  if (!length.ok) return length;
  return isWeak(policy.codePolicy, digits) ? deny("CODE_WEAK") : length;
}

/** Whether a property takes 4 or 6 digits for weak: of chosen codes (F6) and drawn ones (F9) alike. */
export function isWeak(codePolicy: CodePolicy, digits: string): boolean {
  if (weakCode(digits) !== undefined) return true;
  switch (codePolicy) {
    case "literal":
      return false;
    case "hardened":
      return hasRun(stepsOf(digits)) || wrapsAround(stepsOf(digits));
    default:
      return codePolicy satisfies never;
  }
}

function stepsOf(digits: string): readonly number[] {
  return [...digits].slice(1).map((digit, i) => Number(digit) - Number(digits[i]));
}

/** Three digits in a row that are equal or count up or down by one. */
function hasRun(steps: readonly number[]): boolean {
  return steps.some((step, i) => Math.abs(step) <= 1 && i > 0 && steps[i - 1] === step);
}

/** The whole code counts up or down, with 9 and 0 next to each other: 8901, 1098. */
function wrapsAround(steps: readonly number[]): boolean {
  const around = new Set(steps.map((step) => (step + 10) % 10));
  return around.size === 1 && (around.has(1) || around.has(9));
}

/**
 * Whether a chosen code is free. unchanged: it is the one that this person has, and nothing need be done. PICK_REFUSED
 * has no detail on purpose: another's code, a quarantined one and an old one of one's own must look alike.
 */
export function judgeMark(ledger: Ledger, person: string, mark: string): Decision<"free" | "unchanged"> {
  if (liveCode(ledger, person)?.mark === mark) return grant("unchanged");
  return takenMarks(ledger, person).has(mark) ? deny("PICK_REFUSED") : grant("free");
}
