/**
 * The words of a story beyond one lock: the property, phones, people, and how the world begins. One line to one
 * command; it carries nothing out. What they do is in stage.ts.
 */
import { type Trick, tricks } from "../sim/cast/stranger.ts";
import { always, type Hours, type Terms } from "../sim/plain.ts";
import { parseDate, parseSpan, wholeNumber } from "./words.ts";

/** How the world of a story begins; these stand before everything else. */
export type Setting =
  | { readonly word: "starts"; readonly seconds: number }
  | { readonly word: "doors"; readonly count: number }
  | { readonly word: "lease"; readonly hours: number }
  /** Minutes east of UTC, from a second on. */
  | { readonly word: "zone"; readonly minutes: number; readonly from: number };

export type StoryCommand =
  | Setting
  | { readonly word: "at door"; readonly door: number }
  | { readonly word: "gives"; readonly name: string; readonly what: "code" | "new code" | "card" | "day" }
  | { readonly word: "invites"; readonly name: string; readonly terms: Terms }
  | { readonly word: "revokes" | "suspends" | "resumes"; readonly name: string }
  | { readonly word: "renews" | "copies its books" | "loses its books" }
  | { readonly word: "fetches" | "brings back" | "syncs"; readonly phone: string }
  /** `breaksOff`: the link dies as soon as the lock has the new table, before it can say so. */
  | { readonly word: "visits"; readonly phone: string; readonly breaksOff: boolean }
  | { readonly word: "tries"; readonly phone: string; readonly trick: Trick }
  | { readonly word: "types"; readonly name: string; readonly code: "present" | "former" }
  | { readonly word: "holds up"; readonly name: string }
  | { readonly word: "guesses"; readonly name: string; readonly tries: number; readonly apartSeconds: number }
  | { readonly word: "wait until"; readonly minute: number }
  | { readonly word: "expect told"; readonly expectation: StoryExpectation };

export type StoryExpectation =
  | { readonly what: "code"; readonly name: string; readonly state: string }
  | { readonly what: "settled" | "pending" }
  | { readonly what: "visit"; readonly outcome: string }
  | { readonly what: "proven"; readonly version: number };

const codeStates: readonly string[] = ["unset", "setting", "set", "removing", "removed", "unknown"];

const days: readonly string[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

export const storyLines: readonly string[] = [
  "how the world begins, before everything else",
  "  starts 2026-06-01T08:00:00Z   doors 2   lease 48h   zone +60 [from 2026-10-25T01:00:00Z]",
  "the property",
  "  property gives NAME a code | a new code | a card | the code of the day",
  "  property invites NAME [on mon-fri 08:00-18:00,] [3 times,] [for 30m,] [from DATE,] [until DATE,]",
  "                   [lease 24h,] [under duress]",
  "  property revokes NAME   property suspends NAME   property resumes NAME",
  "  property renews the table   property copies its books   property loses its books",
  "phones",
  "  phone NAME fetches | visits | brings back      phone NAME syncs       all three",
  "  phone NAME visits and breaks off               the link dies before the lock can give its receipt",
  `  phone NAME tries ${tricks.join("|")}`,
  "people",
  "  NAME types   NAME types the old code   NAME holds up the card   NAME guesses 20 times every 2s",
  "and",
  "  at door 2               where all of this happens from here on",
  "  wait until 23:59        on the wall of the house, the next time it is so late",
  `  expect code of NAME ${codeStates.join("|")}`,
  "  expect settled | pending   expect visit synced|already|refused|dropped...   expect proven 3",
];

/** Undefined: none of these words. A text: one of them, used wrongly. */
export function parseStory(text: string): StoryCommand | string | undefined {
  const [first = "", ...rest] = text.split(" ");
  const argument = rest.join(" ");
  switch (first) {
    case "starts": {
      const seconds = parseDate(argument);
      return seconds === undefined ? "starts 2026-06-01T08:00:00Z" : { word: "starts", seconds };
    }
    case "doors": {
      const count = wholeNumber(argument, 9);
      return count === undefined || count === 0 ? "doors 1 to 9" : { word: "doors", count };
    }
    case "lease": {
      const seconds = argument === "none" ? 0 : parseSpan(argument);
      const isWhole = seconds !== undefined && seconds % 3_600 === 0;
      return isWhole ? { word: "lease", hours: seconds / 3_600 } : "lease 48h, lease 7d, or lease none";
    }
    case "zone":
      return parseZone(argument);
    case "at": {
      const door = wholeNumber(argument.replace(/^door /, ""), 9);
      return door === undefined || door === 0 ? "at door 2" : { word: "at door", door };
    }
    case "property":
      return parseProperty(rest);
    case "phone":
      return parsePhone(rest);
    case "wait": {
      const match = /^until ([01]?\d|2[0-3]):([0-5]\d)$/.exec(argument);
      if (match === null) return undefined;
      return { word: "wait until", minute: 60 * Number(match[1]) + Number(match[2]) };
    }
    case "expect": {
      const expectation = parseStoryExpectation(argument);
      return expectation === undefined ? undefined : { word: "expect told", expectation };
    }
    default:
      return parsePerson(first, argument);
  }
}

function parseZone(argument: string): Setting | string {
  const match = /^([+-]\d{1,3})(?: from (\S+))?$/.exec(argument);
  const from = match?.[2] === undefined ? 0 : parseDate(match[2]);
  if (match === null || from === undefined) return "zone +60, or zone +60 from 2026-10-25T01:00:00Z";
  return { word: "zone", minutes: Number(match[1]), from };
}

function parseProperty(words: readonly string[]): StoryCommand | string {
  const usage =
    "property gives NAME a code, invites, revokes, suspends or resumes NAME, renews the table, copies its books, loses its books";
  const [verb = "", name = "", ...rest] = words;
  const more = rest.join(" ");
  const sentence = words.join(" ");
  if (sentence === "renews the table") return { word: "renews" };
  if (sentence === "copies its books" || sentence === "loses its books") return { word: sentence };
  if (!isName(name)) return usage;
  switch (verb) {
    case "gives": {
      const what = {
        "a code": "code",
        "a new code": "new code",
        "a card": "card",
        "the code of the day": "day",
      }[more];
      return what === undefined
        ? "property gives NAME a code, a new code, a card, or the code of the day"
        : { word: "gives", name, what: what as "code" };
    }
    case "revokes":
    case "suspends":
    case "resumes":
      return more === "" ? { word: verb, name } : `property ${verb} ${name}`;
    case "invites": {
      const terms = parseTerms(more);
      return typeof terms === "string" ? terms : { word: "invites", name, terms };
    }
    default:
      return usage;
  }
}

/** Terms with commas between, in any order. */
function parseTerms(text: string): Terms | string {
  let terms: Terms = { ...always, failOpen: false };
  for (const term of text === "" ? [] : text.split(/, ?/)) {
    const one = parseTerm(term);
    if (one === undefined) {
      return `no such terms: ${term}; there are: on mon-fri 08:00-18:00, once, 3 times, for 30m, from DATE, until DATE, lease 24h, under duress`;
    }
    terms = { ...terms, ...one };
  }
  return terms;
}

function parseTerm(term: string): Partial<Terms> | undefined {
  const [first = "", second = ""] = term.split(" ");
  switch (first) {
    case "on": {
      const hours = parseHours(term.slice(3));
      return hours === undefined ? undefined : { hours };
    }
    case "once":
      return { useLimit: 1 };
    case "for": {
      const seconds = parseSpan(second);
      return seconds === undefined || seconds < 60
        ? undefined
        : { expiringMinutes: Math.floor(seconds / 60) };
    }
    case "from": {
      const notBefore = parseDate(second);
      return notBefore === undefined ? undefined : { notBefore };
    }
    case "until": {
      const notAfter = parseDate(second);
      return notAfter === undefined ? undefined : { notAfter };
    }
    case "lease": {
      const seconds = parseSpan(second);
      return seconds === undefined ? undefined : { leaseHours: Math.floor(seconds / 3_600) };
    }
    case "under":
      return second === "duress" ? { duress: true } : undefined;
    default: {
      const useLimit = second === "times" ? wholeNumber(first, 255) : undefined;
      return useLimit === undefined || useLimit === 0 ? undefined : { useLimit };
    }
  }
}

/** `mon-fri 08:00-18:00`, `sat 22:00-02:00`. */
function parseHours(text: string): Hours | undefined {
  const match = /^([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const first = days.indexOf(match[1] ?? "");
  const last = match[2] === undefined ? first : days.indexOf(match[2]);
  if (first < 0 || last < 0) return undefined;
  let bits = 0;
  for (let day = first; ; day = (day + 1) % 7) {
    bits |= 1 << day;
    if (day === last) break;
  }
  const minute = (hour: string | undefined, rest: string | undefined): number =>
    60 * Number(hour) + Number(rest);
  return { days: bits, startMinute: minute(match[3], match[4]), endMinute: minute(match[5], match[6]) };
}

function parsePhone([phone = "", ...rest]: readonly string[]): StoryCommand | string {
  const usage = `phone NAME fetches, visits, visits and breaks off, brings back, syncs, or tries ${tricks.join("|")}`;
  if (!isName(phone)) return usage;
  const verb = rest.join(" ");
  if (verb === "fetches" || verb === "brings back" || verb === "syncs") return { word: verb, phone };
  if (verb === "visits") return { word: "visits", phone, breaksOff: false };
  if (verb === "visits and breaks off") return { word: "visits", phone, breaksOff: true };
  const trick = tricks.find((one) => verb === `tries ${one}`);
  return trick === undefined ? usage : { word: "tries", phone, trick };
}

function parsePerson(name: string, says: string): StoryCommand | string | undefined {
  const guess = /^guesses (?:once|(\d{1,5}) times?)(?: every (\S+))?$/.exec(says);
  if (!isName(name)) return undefined;
  if (guess !== null) {
    const apartSeconds = guess[2] === undefined ? 2 : parseSpan(guess[2]);
    if (apartSeconds === undefined) return `${name} guesses 20 times every 2s`;
    return { word: "guesses", name, tries: Number(guess[1] ?? "1"), apartSeconds };
  }
  if (says === "holds up the card") return { word: "holds up", name };
  if (says === "types") return { word: "types", name, code: "present" };
  if (says === "types the old code") return { word: "types", name, code: "former" };
  return undefined;
}

function parseStoryExpectation(text: string): StoryExpectation | undefined {
  if (text === "settled" || text === "pending") return { what: text };
  const code = /^code of (\S+) (\S+)$/.exec(text);
  if (code !== null) {
    const [, name = "", state = ""] = code;
    return isName(name) && codeStates.includes(state) ? { what: "code", name, state } : undefined;
  }
  const visit = /^visit ([a-z]+(?: [A-Z_]+)?)$/.exec(text);
  if (visit !== null) return { what: "visit", outcome: visit[1] ?? "" };
  const proven = /^proven (\d{1,9})$/.exec(text);
  return proven === null ? undefined : { what: "proven", version: Number(proven[1]) };
}

function isName(text: string): boolean {
  return /^[a-z][a-z-]{0,20}$/.test(text);
}
