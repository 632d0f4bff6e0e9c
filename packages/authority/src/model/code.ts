/**
 * How a code is drawn: uniformly among the codes that are allowed and free, by rejection sampling. Not a source of
 * randomness (it is lent one), and it does not know who holds what: `isTaken` does.
 */
import { type CodeLength, codeLengths, weakCode } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";

/** Fills the whole array with uniform random bytes; a CSPRNG outside tests. */
export type Fill = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Draws before the free codes are counted one by one: below 99 % occupancy, reached once in 10^28 times. */
const blindDrawsMax = 6_400;

/** Whether a property allows this length (F4): six digits need the property's consent. */
export function allowedLength(length: number, sixDigits: boolean): Decision<CodeLength> {
  const known = codeLengths.find((one) => one === length);
  if (known === undefined) return deny("CODE_LENGTH", `${length}`);
  if (known === 6 && !sixDigits) return deny("SIX_DIGITS_OFF");
  return grant(known);
}

/**
 * A fresh code of `length` digits. Weak codes (F6, F9) and taken ones are rejected and redrawn, never repaired:
 * a repaired draw would make its neighbours likelier. CODES_EXHAUSTED when nothing is left.
 */
export function drawCode(
  fill: Fill,
  length: CodeLength,
  isTaken: (digits: string) => boolean,
): Decision<string> {
  const isFree = (digits: string): boolean => weakCode(digits) === undefined && !isTaken(digits);
  for (let i = 0; i < blindDrawsMax; i++) {
    const digits = spell(below(fill, 10 ** length), length);
    if (isFree(digits)) return grant(digits);
  }
  const free: string[] = [];
  for (let value = 0; value < 10 ** length; value++) {
    const digits = spell(value, length);
    if (isFree(digits)) free.push(digits);
  }
  const digits = free.length === 0 ? undefined : free[below(fill, free.length)];
  return digits === undefined ? deny("CODES_EXHAUSTED") : grant(digits);
}

/** A uniform integer in [0, bound), bound at most 2^32: the incomplete last stretch of u32 is drawn again. */
function below(fill: Fill, bound: number): number {
  const fair = 2 ** 32 - (2 ** 32 % bound);
  const bytes = new Uint8Array(4);
  for (;;) {
    fill(bytes);
    const value = new DataView(bytes.buffer).getUint32(0);
    if (value < fair) return value % bound;
  }
}

function spell(value: number, length: number): string {
  return String(value).padStart(length, "0");
}
