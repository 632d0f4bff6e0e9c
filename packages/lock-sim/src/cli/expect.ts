/** What a script may expect of a lock: in words, and whether it is so. It does nothing to the lock. */
import { type AlarmName, alarmCodes } from "@doorsync/protocol/lock";
import type { Denial } from "../firmware/events.ts";
import type { Pressed } from "../lock.ts";
import type { Status } from "./status.ts";

/** Why a lock refuses, as scripts name it. */
const denials: readonly Denial[] = [
  "unknown-code",
  "suspended",
  "not-yet",
  "ended",
  "lease-ended",
  "out-of-schedule",
  "used-up",
  "minutes-over",
  "use-not-noted",
  "insufficient-battery",
  "damaged",
  "budget",
];

export type Expectation =
  | { readonly what: "opens" | "wait" | "dark" | "no alarm" }
  | { readonly what: "refused"; readonly reason: Denial | undefined }
  | { readonly what: "alarm"; readonly alarm: AlarmName }
  | { readonly what: "version"; readonly version: number }
  | { readonly what: "phase"; readonly phase: string }
  | { readonly what: "bolt"; readonly at: string }
  | { readonly what: "door"; readonly is: string }
  | { readonly what: "power"; readonly is: string }
  | { readonly what: "clock"; readonly is: string }
  | { readonly what: "battery"; readonly percent: number }
  | { readonly what: "tells"; readonly condition: string }
  | { readonly what: "event"; readonly text: string };

export const expectLines: readonly string[] = [
  "expect opens            what was typed or held up last opened the door",
  "expect refused [WHY]    it did not; WHY as the answer says it, for example suspended",
  "expect wait             it was not judged: too many wrong codes",
  "expect dark             there was no power",
  "expect alarm NAME       it was raised, and not expected before: WrongCodeEntryLimit, DoorForcedOpen ...",
  "expect no alarm         none but those that were expected",
  "expect version 3        this table is in force",
  "expect bolt locked      or unlocked, jammed",
  "expect door closed      or open",
  "expect power on         or cut",
  "expect clock lost       or known",
  "expect phase owned      or factory, provisional",
  "expect battery 12       percent",
  "expect tells lowBattery what phones hear of its condition: jammed, doorAjar, rebooting, logWaiting",
  "expect event TEXT       the newest event of the journal has these words in it: under duress",
];

/** Undefined for what nobody can expect. */
export function parseExpectation(text: string): Expectation | undefined {
  const [what = "", ...rest] = text.split(" ");
  const argument = rest.join(" ");
  const among = (...allowed: readonly string[]): boolean => allowed.includes(argument);
  switch (what) {
    case "opens":
    case "wait":
    case "dark":
      return argument === "" ? { what } : undefined;
    case "refused": {
      const reason = denials.find((one) => one === argument);
      return argument === "" || reason !== undefined ? { what, reason } : undefined;
    }
    case "no":
      return argument === "alarm" ? { what: "no alarm" } : undefined;
    case "alarm": {
      const alarm = (Object.keys(alarmCodes) as AlarmName[]).find((one) => one === argument);
      // That one is silent: it is an event, and nothing is heard of it at the door.
      return alarm === undefined || alarm === "ForcedUser" ? undefined : { what, alarm };
    }
    case "version":
      return /^\d{1,9}$/.test(argument) ? { what, version: Number(argument) } : undefined;
    case "battery":
      return /^\d{1,3}$/.test(argument) ? { what, percent: Number(argument) } : undefined;
    case "phase":
      return among("factory", "provisional", "owned") ? { what, phase: argument } : undefined;
    case "bolt":
      return among("locked", "unlocked", "jammed") ? { what, at: argument } : undefined;
    case "door":
      return among("open", "closed") ? { what, is: argument } : undefined;
    case "power":
      return among("on", "cut") ? { what, is: argument } : undefined;
    case "clock":
      return among("lost", "known") ? { what, is: argument } : undefined;
    case "tells":
      return argument === "" ? undefined : { what, condition: argument };
    case "event":
      return argument === "" ? undefined : { what, text: argument };
    default:
      return undefined;
  }
}

/** What an expectation is held against. */
export interface Observed {
  readonly status: Status;
  /** What typing or a card came to last. */
  readonly pressed: Pressed | undefined;
  /** Raised, and not yet expected; the expected one is taken out. */
  readonly alarms: AlarmName[];
  /** The journal's newest event in words. */
  readonly event: string | undefined;
}

/** Whether it is so; and what there is instead. */
export interface Held {
  readonly held: boolean;
  readonly expected: string;
  readonly found: string;
}

export function judgeExpectation(expectation: Expectation, observed: Observed): Held {
  const { status, pressed, alarms, event } = observed;
  switch (expectation.what) {
    case "opens":
      return judged("opens", pressed?.result === "opened", pressedWords(pressed));
    case "wait":
    case "dark":
      return judged(expectation.what, pressed?.result === expectation.what, pressedWords(pressed));
    case "refused": {
      const { reason } = expectation;
      const isIt = pressed?.result === "refused" && (reason === undefined || pressed.reason === reason);
      return judged(`refused${reason === undefined ? "" : ` ${reason}`}`, isIt, pressedWords(pressed));
    }
    case "no alarm":
      return judged("no alarm", alarms.length === 0, alarmWords(alarms));
    case "alarm": {
      const found = alarmWords(alarms);
      const at = alarms.indexOf(expectation.alarm);
      if (at >= 0) alarms.splice(at, 1);
      return judged(`alarm ${expectation.alarm}`, at >= 0, found);
    }
    case "version": {
      const version = status.power === "on" ? status.version : undefined;
      return judged(
        `version ${expectation.version}`,
        version === expectation.version,
        version === undefined ? "it is dark" : `version ${version}`,
      );
    }
    case "phase": {
      const phase = status.power === "on" ? status.phase : "dark";
      return judged(`phase ${expectation.phase}`, phase === expectation.phase, `phase ${phase}`);
    }
    case "bolt":
      return judged(`bolt ${expectation.at}`, status.boltAt === expectation.at, `bolt ${status.boltAt}`);
    case "door":
      return judged(`door ${expectation.is}`, status.door === expectation.is, `door ${status.door}`);
    case "power":
      return judged(`power ${expectation.is}`, status.power === expectation.is, `power ${status.power}`);
    case "clock": {
      const isKnown = status.clock !== null && (status.power === "cut" || status.time.upper !== null);
      const is = isKnown ? "known" : "lost";
      return judged(`clock ${expectation.is}`, is === expectation.is, `clock ${is}`);
    }
    case "battery":
      return judged(
        `battery ${expectation.percent}`,
        status.battery === expectation.percent,
        `battery ${status.battery}`,
      );
    case "tells": {
      const conditions = status.power === "on" ? status.conditions : [];
      const found = conditions.length === 0 ? "nothing of its condition" : conditions.join(", ");
      return judged(`tells ${expectation.condition}`, conditions.includes(expectation.condition), found);
    }
    case "event": {
      const isIt = event?.toLowerCase().includes(expectation.text.toLowerCase()) === true;
      return judged(`event ${expectation.text}`, isIt, event === undefined ? "no event" : `"${event}"`);
    }
    default:
      return expectation satisfies never;
  }
}

function judged(expected: string, held: boolean, found: string): Held {
  return { held, expected, found };
}

function pressedWords(pressed: Pressed | undefined): string {
  if (pressed === undefined) return "nobody typed anything or held up a card";
  if (pressed.result === "refused" && pressed.reason !== undefined) return `refused ${pressed.reason}`;
  return pressed.result === "typed" ? "typed, without ENTER (#)" : pressed.result;
}

function alarmWords(alarms: readonly AlarmName[]): string {
  return alarms.length === 0 ? "no alarm" : `alarm ${alarms.join(", alarm ")}`;
}
