/** What the page calls things: one word or sentence for each name that the service uses, and times, digits and hours. */
import type { Api } from "./api.ts";

type Entry = Api["myCodes"]["answer"]["codes"][number];
export type Face = Entry["faces"][number];
export type CodeState = Face["state"];
export type DoorKind = Entry["door"]["kind"];
export type CredentialClass = Entry["class"];
export type Terms = Face["terms"];
type Window = NonNullable<Terms["windows"]>[number];

export type GuestKind = Api["guests"]["answer"]["guests"][number]["kind"];

interface StateWords {
  /** A shape beside the word: colour alone says nothing to many. */
  readonly sign: string;
  readonly tone: "good" | "wait" | "bad" | "calm";
  readonly label: string;
  readonly meaning: string;
}

/** The states of a code, in the service's own names. */
export const codeStates: Readonly<Record<CodeState, StateWords>> = {
  unset: {
    sign: "○",
    tone: "wait",
    label: "Pending: unset",
    meaning: "wanted; no phone has fetched it for the door yet",
  },
  setting: {
    sign: "◔",
    tone: "wait",
    label: "Pending: setting",
    meaning: "a phone carries it; the lock has not confirmed it yet",
  },
  set: { sign: "●", tone: "good", label: "Set", meaning: "the lock has confirmed it" },
  removing: {
    sign: "◑",
    tone: "wait",
    label: "Pending: removing",
    meaning: "taken back; the lock has not confirmed it yet",
  },
  removed: { sign: "✕", tone: "calm", label: "Removed", meaning: "the lock has confirmed that it is gone" },
  unknown: {
    sign: "▲",
    tone: "bad",
    label: "Unknown",
    meaning: "the lock has signed for a table that was never issued",
  },
};

export const doorKinds: Readonly<Record<DoorKind, string>> = {
  residence: "residence",
  buildingEntrance: "building entrance",
  communal: "communal door",
  service: "service door",
};

export const credentialClasses: Readonly<Record<CredentialClass, string>> = {
  code: "Doorcode",
  keycard: "Keycard",
  app: "App key",
  dailyCode: "Daily doorcode",
};

export const warningWords: Readonly<Record<Face["warnings"][number], string>> = {
  delay_in_setting_on_device: "It has waited long to be set: somebody should sync the door.",
  delay_in_removing_from_device: "It has waited long to be removed: somebody should sync the door.",
};

/** What a face of a code does, in one sentence. */
export function doesAtTheDoor({ worksNow, worksAfterSync, suspended, state, terms }: Face): string {
  if (suspended && worksNow) return "Opens now; suspended from the next door sync on";
  if (suspended) return "Suspended";
  if (worksNow && worksAfterSync)
    return terms.windows === null ? "Opens the door now" : "Opens the door within its hours";
  const isToCome = state === "set" && terms.from !== null && terms.from * 1_000 > Date.now();
  if (isToCome) return "Opens from its beginning on";
  if (worksNow) return "Opens now, until the next door sync";
  if (worksAfterSync) return "Opens after a door sync";
  return "Does not open any more";
}

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Seconds since 1970, in the browser's zone. */
export function moment(seconds: number): string {
  return dateAndTime.format(new Date(seconds * 1_000));
}

export const timeZone: string = dateAndTime.resolvedOptions().timeZone;

/** The end that a door sync moves, and nothing else; empty where there is none. */
export function leaseWords({ worksNow, worksUntil, terms }: Face): string {
  if (!worksNow || worksUntil === null || worksUntil === terms.until) return "";
  return `Opens until ${moment(worksUntil)}, unless the door is synced before.`;
}

/** Why it is not known for sure what a code does; empty where it is. */
export function doubtWords(faces: readonly Face[]): string {
  const doubtful = faces.filter(({ certain }) => !certain);
  if (doubtful.length === 0) return "";
  if (doubtful.every(({ terms }) => terms.uses !== null || terms.minutes !== null))
    return "The lock counts its uses; what was used up since the last door sync is not known here yet.";
  const more = faces.length > 1 ? ": if one code does not open, try the other." : ".";
  return `A phone may have brought the change to the door already and not said so yet${more}`;
}

/** Until when something may open in the worst case: nobody brings the lock anything more. */
export function exposureWords(code: {
  readonly exposure: { readonly kind: string; readonly until: number | null };
  readonly worksAfterSync: boolean;
}): string {
  const { kind, until } = code.exposure;
  if (kind === "gone") return code.worksAfterSync ? "Not yet" : "Not any more";
  if (until !== null) return `At worst until ${moment(until)}`;
  return code.worksAfterSync ? "Until it is revoked and the door synced" : "Until a sync is confirmed";
}

/** Digits one by one, for who listens. */
export function spelled(digits: string): string {
  return [...digits].join(" ");
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
export const weekdays: readonly string[] = days;

export function hours(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

function windowWords({ days: mask, startMinute, endMinute }: Window): string {
  const named = days.filter((_, bit) => (mask & (1 << bit)) !== 0);
  const which = named.length === 7 ? "every day" : named.join(", ");
  return `${which} ${hours(startMinute)} to ${hours(endMinute)}`;
}

/** In which hours, how long and how often a code opens; empty where nothing limits it. */
export function termsWords(terms: Terms): string {
  const parts = [
    terms.from === null ? "" : `from ${moment(terms.from)}`,
    terms.until === null ? "" : `until ${moment(terms.until)}`,
    terms.windows === null || terms.windows.length === 0 ? "" : terms.windows.map(windowWords).join("; "),
    terms.uses === null ? "" : terms.uses === 1 ? "once" : `${terms.uses} times`,
    terms.minutes === null ? "" : `for ${terms.minutes} minutes after first use`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** How a guest is let in. */
export const guestKinds: Readonly<Record<GuestKind, string>> = {
  permanent: "Permanent",
  temporary: "Temporary",
  recurring: "Recurring",
  delivery: "Delivery",
};

/** A sentence as a sentence begins and ends. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

const suspendedFor: Readonly<Record<string, string>> = {
  stolen: "a phone was stolen",
  lost: "a phone was lost",
  other: "another reason",
};

/** What the service says of a denial besides its name and its meaning, as a sentence: the remedy may speak of it. */
export function detailWords(name: string, detail: string): string {
  switch (name) {
    case "TOO_MANY":
      return `Wait ${detail} seconds.`;
    case "UPGRADE_REQUIRED":
      return `It asks for version ${detail} or a newer one.`;
    case "PERSON_SUSPENDED":
      return `The reason is: ${suspendedFor[detail] ?? detail}.`;
    case "REQUEST_UNFIT":
      return sentence(detail);
    case "NOT_ALLOWED":
    case "MOBILE_ONLY":
      // Roles and the name of an action: as words.
      return sentence(`namely: ${detail.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`);
    default:
      return sentence(`namely: ${detail}`);
  }
}

/** `1 door`, `2 doors`. */
export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export const lockStates: Readonly<Record<Api["door"]["answer"]["lock"], string>> = {
  absent: "No lock yet: commission one",
  offered: "Offered: waits for a phone to bring the offer",
  commissioned: "Commissioned: waits for its first sync",
  owned: "In use",
};

/** A lock's health in short; the door itself says it in full, with the next steps. */
export const healthWords: Readonly<Record<string, string>> = {
  ok: "In order",
  noLock: "No lock yet",
  alarm: "Alarm: wrong answer",
  booksDoubted: "Are the books right?",
  tableDamaged: "Table damaged",
  leaseOver: "Lease over: codes do not open",
  jammed: "Bolt jammed",
  batteryCritical: "Battery empty",
  rebootLoop: "Restarts again and again",
  tableFull: "No room for all that was granted",
  lockFull: "The lock is full",
  numbersUsedUp: "Its numbers are used up",
  noAnswer: "Does not answer",
  neverHeard: "Never heard of",
  silent: "Silent for long",
  notInRange: "Not in range",
  batteryLow: "Battery low",
  doorAjar: "Door stands open",
};

const actions: Readonly<Record<string, string>> = {
  fetchParcels: "Fetched what doors wait for",
  deliverSlips: "Brought what locks answered",
  reportVisit: "Told of a visit at a door",
  askTime: "Asked for the time for a lock",
  trustBooks: "Said that the books are right again",
  "cli.accountAdd": "Added a person on the command line",
  "cli.keysRotate": "Drew other keys on the command line",
  "cli.assign": "Gave a code on the command line",
  "cli.suspend": "Suspended a code on the command line",
  "cli.resume": "Resumed a code on the command line",
  "cli.reset": "Reset a code on the command line",
  "cli.revoke": "Revoked a code on the command line",
  "cli.commission": "Offered a lock on the command line",
  "cli.trustBooks": "Said on the command line that the books are right again",
  enrolAppKey: "Enrolled a phone that opens doors",
  endAppKey: "Ended the phone that opened doors",
  "cli.restored": "Said that the database comes out of a backup",
  "lock.contradicts": "The lock signed for more than the books know",
};

/** An endpoint's name as words: `revokeAll` is `Revoke all`. */
export function actionWords(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return actions[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function standingWords(one: {
  readonly role: string;
  readonly unit: string | null;
  readonly revoked: boolean;
}): string {
  const where = one.unit === null ? one.role : `${one.role} of ${one.unit}`;
  return one.revoked ? `${where}, revoked` : where;
}
