/**
 * What everybody in a world is going to do, drawn before anything happens: a list of intents, each with its time, its
 * actor and its act. Leaving one out leaves the others as they are, so that a failing history can be made short. How an
 * intent turns out is not in here; that forks from the seed by the intent's number.
 */
import type { Trick } from "./cast/stranger.ts";
import { tricks } from "./cast/stranger.ts";
import type { Chance } from "./chance.ts";
import type { FaultName, FaultPlan } from "./faults.ts";
import { always, cleaner, personName, staff, type Terms } from "./plain.ts";

export type Act =
  | { readonly kind: "assign" | "reset" | "revoke"; readonly door: number; readonly resident: number }
  | { readonly kind: "invite"; readonly door: number; readonly guest: number; readonly terms: Terms }
  /** A guest is invited, the lock is told, and they try at telling moments; `pauses`: suspended for a while meanwhile. */
  | {
      readonly kind: "trial";
      readonly door: number;
      readonly guest: number;
      readonly terms: Terms;
      readonly pauses: boolean;
      /** The clock loses its time before the last try. */
      readonly loses: boolean;
    }
  | { readonly kind: "uninvite" | "suspend" | "resume"; readonly door: number; readonly guest: number }
  | { readonly kind: "renew"; readonly door: number }
  | {
      readonly kind: "visit";
      readonly phone: number;
      readonly door: number;
      /** Fetches what lies in the mailbox before, and brings its slips back after. */
      readonly fetches: boolean;
      readonly returns: boolean;
      /** Has a network at the door, and so the time. */
      readonly isOnline: boolean;
    }
  | { readonly kind: "trick"; readonly phone: number; readonly door: number; readonly trick: Trick }
  /** `code`: the one they were told last, the one before, or one of another door. */
  | {
      readonly kind: "type";
      readonly door: number;
      readonly person: string;
      readonly code: "present" | "former" | "elsewhere";
    }
  /** `pulls`: the battery comes out while each code is being judged. */
  | {
      readonly kind: "guess";
      readonly door: number;
      readonly tries: number;
      readonly apartMs: number;
      readonly pulls: boolean;
      /** Somebody who lives there types their own code in between. */
      readonly hasHelp: boolean;
    }
  /** The mechanical key; somebody goes through the door, leaves it open, or breaks it open. */
  | { readonly kind: "key"; readonly door: number }
  | {
      readonly kind: "pass";
      readonly door: number;
      readonly how: "opens" | "forces";
      readonly seconds: number;
    }
  /** The lock is reset from inside; the authority offers to own it again so much later. */
  | { readonly kind: "button"; readonly door: number; readonly laterSeconds: number }
  /** A phone brings slips once more that it brought before. */
  | { readonly kind: "repeat-slips"; readonly phone: number; readonly door: number }
  | { readonly kind: "pull"; readonly door: number; readonly seconds: number }
  | { readonly kind: "jump"; readonly door: number; readonly seconds: number }
  | { readonly kind: "lose" | "clear-clock"; readonly door: number }
  | { readonly kind: "drift"; readonly door: number; readonly ppm: number }
  | { readonly kind: "charge"; readonly door: number; readonly percent: number; readonly seconds: number }
  | { readonly kind: "rot"; readonly door: number }
  | { readonly kind: "rotate" | "restart" | "back-up" | "restore" };

/** The family of faults that an act belongs to; undefined: it is no fault at all. */
function familyOf(act: Act): FaultName | undefined {
  switch (act.kind) {
    case "trick":
      return act.trick === "swap" ? "phone-swaps" : "phone-replays";
    case "repeat-slips":
      return "phone-replays";
    case "pull":
      return "power-off";
    case "jump":
      return "clock-jump";
    case "lose":
      return "clock-lost";
    case "clear-clock":
      return "clock-reset";
    case "drift":
      return "clock-drift";
    case "charge":
      return "battery-low";
    case "rot":
      return "flash-rot";
    case "restart":
      return "office-restart";
    case "back-up":
    case "restore":
      return "office-backup";
    default:
      return undefined;
  }
}

/** Whether an act happens under a plan: what belongs to a family that is off does not. */
export function isUnder(plan: FaultPlan, act: Act): boolean {
  const family = familyOf(act);
  return family === undefined || plan[family] > 0;
}

/** What is done at the authority's desk; all else happens at a door. */
const officeKinds = [
  "assign",
  "reset",
  "revoke",
  "invite",
  "uninvite",
  "suspend",
  "resume",
  "renew",
  "rotate",
  "restart",
  "back-up",
  "restore",
] as const satisfies readonly Act["kind"][];
export type OfficeAct = Extract<Act, { readonly kind: (typeof officeKinds)[number] }>;

export function isOfficeAct(act: Act): act is OfficeAct {
  return officeKinds.some((kind) => kind === act.kind);
}

export interface Intent {
  readonly number: number;
  /** Milliseconds since the world began. */
  readonly atMs: number;
  readonly actor: string;
  readonly act: Act;
}

/** How big a world is: drawn from the seed. */
export interface Scale {
  readonly doors: number;
  readonly phones: number;
  readonly residents: number;
  readonly guests: number;
  readonly lengthMs: number;
  readonly intents: number;
  readonly startSeconds: number;
}

const hourMs = 3_600_000;
/** As a data sheet has it; a clock that is worse is broken (`clock-jump`). */
const clockPpmMax = 100;

export function drawScale(chance: Chance): Scale {
  return {
    doors: chance.between(1, 3),
    phones: chance.between(2, 4),
    residents: chance.between(2, 4),
    guests: staff,
    lengthMs: chance.between(20, 50) * hourMs,
    intents: chance.between(35, 70),
    // Some hour of the weeks in which summer time ends.
    startSeconds: 1_792_000_000 + 60 * chance.below(20_160),
  };
}

/** What is drawn how often, in shares of all intents. */
const shares: readonly (readonly [number, Act["kind"]])[] = [
  [9, "assign"],
  [5, "reset"],
  [5, "revoke"],
  [6, "invite"],
  [9, "trial"],
  [2, "uninvite"],
  [2, "suspend"],
  [2, "resume"],
  [3, "renew"],
  [26, "visit"],
  [30, "type"],
  [3, "guess"],
  [2, "key"],
  [4, "pass"],
  [1, "button"],
  [1, "rotate"],
  // Faults by somebody's hand. They are drawn whether their family is on or not, so that a run with fewer families has
  // the same other intents; `isUnder` says which of them happen.
  [6, "trick"],
  [2, "pull"],
  [2, "jump"],
  [2, "lose"],
  [2, "clear-clock"],
  [1, "drift"],
  [2, "charge"],
  [2, "repeat-slips"],
  [2, "rot"],
  [1, "restart"],
  [2, "back-up"],
  [2, "restore"],
];

/** Guests of trials have numbers of their own, so that no two trials are about one person. */
const firstTrialGuest = 10;

/** How many guesses, and how far apart: bursts, patience, and everything that a pause could miss. */
const patterns: readonly (readonly [number, number])[] = [
  [3, 2_000],
  [12, 2_000],
  [90, 5_000],
  [40, 7_000],
  [40, 61_000],
  [30, 70_000],
  [30, 125_000],
  [30, 900_000],
];

export function drawIntents(chance: Chance, scale: Scale): readonly Intent[] {
  const kinds = shares.flatMap(([share, kind]) => Array.from({ length: share }, () => kind));
  const drawn = Array.from({ length: scale.intents }, (_, number) => {
    const own = chance.fork(`intent ${number}`);
    // Everybody begins by giving out codes: a world without any is a quiet one.
    const kind = number < scale.doors * 2 ? "assign" : own.pick(kinds);
    const early = number < scale.doors * 2 ? hourMs : scale.lengthMs;
    return { number, atMs: 60_000 + own.below(early), ...actOf(own, kind, scale, number) };
  });
  return drawn.sort((a, b) => a.atMs - b.atMs || a.number - b.number);
}

function actOf(
  chance: Chance,
  kind: Act["kind"],
  scale: Scale,
  number: number,
): { readonly actor: string; readonly act: Act } {
  const door = chance.between(1, scale.doors);
  const resident = chance.between(1, scale.residents);
  const guest = chance.between(1, scale.guests);
  const phone = chance.between(1, scale.phones);
  switch (kind) {
    case "assign":
      return { actor: "authority", act: { kind, door: 1 + (number % scale.doors), resident } };
    case "reset":
    case "revoke":
      return { actor: "authority", act: { kind, door, resident } };
    case "invite":
      return { actor: "authority", act: { kind, door, guest, terms: termsFor(chance, scale, guest) } };
    case "uninvite":
    case "suspend":
    case "resume":
      return { actor: "authority", act: { kind, door, guest } };
    case "renew":
      return { actor: "authority", act: { kind, door } };
    case "visit": {
      const [fetches, returns, isOnline] = [800, 800, 500].map((odds) => chance.strikes(odds));
      const does = { fetches: fetches === true, returns: returns === true, isOnline: isOnline === true };
      return { actor: `phone ${phone}`, act: { kind, phone, door, ...does } };
    }
    case "trick":
      return { actor: `phone ${phone}`, act: { kind, phone, door, trick: chance.pick(tricks) } };
    case "type": {
      const person = chance.strikes(650) ? personName("resident", resident) : personName("guest", guest);
      const code = chance.pick(["present", "present", "present", "present", "former", "elsewhere"] as const);
      return { actor: person, act: { kind, door, person, code } };
    }
    case "guess": {
      const [tries, apartMs] = chance.pick(patterns);
      const pulls = chance.strikes(300);
      return { actor: "guesser", act: { kind, door, tries, apartMs, pulls, hasHelp: chance.strikes(300) } };
    }
    case "trial": {
      const kinds = chance.below(8);
      const who = kinds === 0 ? cleaner : kinds === 1 ? staff : firstTrialGuest + number;
      const terms = termsFor(chance, scale, who);
      const [pauses, loses] = [250, 200].map((odds) => chance.strikes(odds));
      const act: Act = { kind, door, guest: who, terms, pauses: pauses === true, loses: loses === true };
      return { actor: personName("guest", who), act };
    }
    case "key":
      return { actor: "landlord", act: { kind, door } };
    case "pass": {
      const how = chance.strikes(250) ? "forces" : "opens";
      return { actor: "somebody", act: { kind, door, how, seconds: chance.pick([2, 10, 90, 400]) } };
    }
    case "button":
      return {
        actor: "somebody inside",
        act: { kind, door, laterSeconds: chance.pick([60, 3_600, 20_000]) },
      };
    case "repeat-slips":
      return { actor: `phone ${phone}`, act: { kind, phone, door } };
    case "clear-clock":
      return { actor: "clock", act: { kind, door } };
    case "drift":
      return { actor: "clock", act: { kind, door, ppm: chance.between(-clockPpmMax, clockPpmMax) } };
    case "charge": {
      const act: Act = {
        kind,
        door,
        percent: chance.pick([2, 4, 8, 15]),
        seconds: chance.pick([600, 7_200]),
      };
      return { actor: "battery", act };
    }
    case "pull":
      return { actor: "battery", act: { kind, door, seconds: chance.pick([1, 5, 60, 3_600]) } };
    case "jump":
      return {
        actor: "clock",
        act: { kind, door, seconds: chance.pick([-86_400, -3_600, -60, 60, 3_600, 90_000]) },
      };
    case "lose":
      return { actor: "clock", act: { kind, door } };
    case "rot":
      return { actor: "flash", act: { kind, door } };
    case "rotate":
    case "restart":
    case "back-up":
    case "restore":
      return { actor: "authority", act: { kind } };
    default:
      return kind satisfies never;
  }
}

/** On what terms a guest is invited: a window of time, hours of the day, a lease, a limit, or no bounds at all. */
function termsFor(chance: Chance, scale: Scale, guest: number): Terms {
  const startSeconds = scale.startSeconds + chance.below(Math.floor(scale.lengthMs / 1_000));
  const hours = {
    days: chance.between(1, 127),
    startMinute: 30 * chance.below(48),
    endMinute: 30 * chance.below(48),
  };
  const bounded = { ...always, failOpen: false };
  const kinds = guest === cleaner || guest === staff ? 4 : 7;
  switch (chance.below(kinds)) {
    case 0:
      return { ...bounded, notBefore: startSeconds - 7_200, notAfter: startSeconds + 14_400 };
    case 1:
      return { ...bounded, hours };
    case 2:
      return { ...bounded, leaseHours: chance.pick([1, 4, 12, 24]) };
    case 4:
      return { ...bounded, useLimit: chance.between(1, 3) };
    case 5:
      return { ...bounded, expiringMinutes: chance.pick([30, 120, 600]) };
    case 6:
      return { ...always, duress: true };
    default:
      return always;
  }
}

/** An intent in words. */
export function describeIntent({ actor, act }: Intent): string {
  switch (act.kind) {
    case "assign":
    case "reset":
    case "revoke":
      return `${actor} ${act.kind}s a code of resident ${act.resident} at door ${act.door}`;
    case "invite":
      return `${actor} invites guest ${act.guest} to door ${act.door} (${describeTerms(act.terms)})`;
    case "trial": {
      const how = describeTerms(act.terms);
      const pause = act.pauses ? ", suspended for a while" : "";
      return `${actor} is invited to door ${act.door} (${how}${pause}) and tries it at telling moments`;
    }
    case "uninvite":
    case "suspend":
    case "resume":
      return `${actor} ${act.kind}s guest ${act.guest} at door ${act.door}`;
    case "renew":
      return `${actor} renews the table of door ${act.door}`;
    case "visit": {
      const before = act.fetches ? "fetches and " : "";
      return `${actor} ${before}visits door ${act.door}${act.returns ? ", brings slips back" : ""}`;
    }
    case "trick":
      return `${actor} tries to ${act.trick} at door ${act.door}`;
    case "type":
      return `${actor} types the ${act.code} code at door ${act.door}`;
    case "guess":
      return `${actor} tries ${act.tries} codes at door ${act.door}${act.pulls ? ", pulling the battery" : ""}`;
    case "key":
      return `${actor} turns the key at door ${act.door}`;
    case "pass":
      return `${actor} ${act.how} door ${act.door} for ${act.seconds} s`;
    case "button":
      return `${actor} resets lock ${act.door}; it is offered an owner ${act.laterSeconds} s later`;
    case "repeat-slips":
      return `${actor} brings its old slips once more`;
    case "clear-clock":
      return `the clock of lock ${act.door} starts again at 1970`;
    case "drift":
      return `the clock of lock ${act.door} gains ${act.ppm} ppm`;
    case "charge":
      return `the battery of lock ${act.door} falls to ${act.percent} % for ${act.seconds} s`;
    case "pull":
      return `the battery of lock ${act.door} is out for ${act.seconds} s`;
    case "jump":
      return `the clock of lock ${act.door} jumps by ${act.seconds} s`;
    case "lose":
      return `the clock of lock ${act.door} loses its time`;
    case "rot":
      return `a bit of lock ${act.door} flips`;
    case "rotate":
      return "the authority changes its keys";
    case "restart":
      return "the authority starts anew";
    case "back-up":
      return "the authority copies its books";
    case "restore":
      return "the authority loses its books and takes the copy";
    default:
      return act satisfies never;
  }
}

function describeTerms(terms: Terms): string {
  const words: string[] = [];
  if (terms.notAfter !== undefined) words.push("for some hours");
  if (terms.hours !== undefined) words.push("at some hours of the week");
  if (terms.leaseHours > 0) words.push(`with a lease of ${terms.leaseHours} h`);
  if (terms.useLimit > 0) words.push(`${terms.useLimit} times`);
  if (terms.duress) words.push("under duress");
  if (terms.expiringMinutes > 0) words.push(`for ${terms.expiringMinutes} min after the first use`);
  return words.length === 0 ? "at any time" : words.join(", ");
}
