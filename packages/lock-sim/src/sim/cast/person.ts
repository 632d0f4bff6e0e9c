/**
 * A person at a keypad, as far as what they type goes: the code they were told last, one they had before, or one of
 * another door. Not a guesser; that one draws.
 */
import type { Office } from "./office.ts";

export interface Typing {
  readonly door: number;
  readonly person: string;
  readonly code: "present" | "former" | "elsewhere";
}

/** The digits, or undefined when this person knows none of the kind. */
export function typedAt(office: Office, { door, person, code }: Typing, doors: number): string | undefined {
  switch (code) {
    case "present":
      return office.digitsOf(door, person);
    case "former":
      return office.formerOf(door, person);
    case "elsewhere":
      return doors === 1 ? undefined : office.digitsOf(1 + (door % doors), person);
    default:
      return code satisfies never;
  }
}
