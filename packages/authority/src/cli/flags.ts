/**
 * The flags of every command: types and declarations side by side. Parsing only; what a value means is decided by
 * the command.
 */
import { lifeHoursDefault, lifeHoursMax, secondsMax } from "./bounds.ts";

/** Flags that every command has. */
export interface BaseFlags {
  readonly data: string;
  readonly json: boolean;
  readonly now?: number;
}

const text = (input: string): string => {
  if (input.trim() === "") throw new RangeError("must not be empty");
  return input.trim();
};

/** A whole number in a range, with the range in the message. */
function whole(min: number, max: number): (input: string) => number {
  return (input) => {
    const value = /^[0-9]+$/.test(input) ? Number(input) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new RangeError(`"${input}" is not a whole number from ${min} to ${max}`);
    return value;
  };
}

interface Parsed<T> {
  readonly kind: "parsed";
  readonly parse: (input: string) => T;
  readonly brief: string;
  readonly placeholder: string;
}

interface OptionalParsed<T> extends Parsed<T> {
  readonly optional: true;
}

interface Switch {
  readonly kind: "boolean";
  readonly brief: string;
  readonly default: boolean;
  readonly withNegated: false;
}

export function named(brief: string, placeholder: string): Parsed<string> {
  return { kind: "parsed", parse: text, brief, placeholder };
}

export function optionalNamed(brief: string, placeholder: string): OptionalParsed<string> {
  return { ...named(brief, placeholder), optional: true };
}

export function switched(brief: string): Switch {
  return { kind: "boolean", brief, default: false, withNegated: false };
}

export function optionalWhole(
  brief: string,
  placeholder: string,
  min: number,
  max: number,
): OptionalParsed<number> {
  return { kind: "parsed", parse: whole(min, max), brief, placeholder, optional: true };
}

/** An ISO 8601 date and time with its offset from UTC, as seconds since 1970. */
export function optionalInstant(brief: string): OptionalParsed<number> {
  const parse = (input: string): number => {
    const isWhole = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(input);
    const seconds = isWhole ? Date.parse(input) / 1_000 : Number.NaN;
    if (!(seconds >= 0 && seconds <= secondsMax))
      throw new RangeError(`"${input}" is not a time like 2026-12-24T15:00:00Z`);
    return seconds;
  };
  return { kind: "parsed", parse, brief, placeholder: "TIME", optional: true };
}

interface BaseFlagTable {
  readonly data: Parsed<string>;
  readonly json: Switch;
  readonly now: OptionalParsed<number>;
}

export const baseFlags: BaseFlagTable = {
  data: named("Data folder of this property (keys, embedded database)", "DIR"),
  json: switched("One JSON object a line on standard output"),
  now: optionalWhole("Seconds since 1970 instead of the system clock", "SECONDS", 0, secondsMax),
};

export const mailboxFlag: Parsed<string> = named("Mailbox folder shared with the couriers", "DIR");
export const doorFlag: Parsed<string> = named('Name of the door, or "PROPERTY/DOOR"', "DOOR");
export const personFlag: Parsed<string> = named("Name of the person", "PERSON");
export const lengthFlag: OptionalParsed<number> = optionalWhole("Digits of the code: 4 or 6", "4|6", 0, 99);
export const lifeFlag: OptionalParsed<number> = optionalWhole(
  `Hours in which it may be delivered (default ${lifeHoursDefault})`,
  "HOURS",
  1,
  lifeHoursMax,
);

/** `HOST:PORT`, with an IPv6 address in brackets. Throws with what is expected. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new Error("give HOST:PORT, for example 127.0.0.1:8480 or [::1]:0");
  return { host, port };
}

/** An http or https address without a slash at its end. Throws with what is expected. */
export function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Error("give an address such as https://doors.example.org");
  return text.replace(/\/+$/, "");
}
