/**
 * What can be said of a lock from far away, in words for whoever has to go there, and what to do next (F28). Not a
 * measurement: it says how old its knowledge is. What a lock said of itself is its signed word (receipt, log).
 */
import type { HeldUp } from "./ledger.ts";
import type { LockState } from "./lock-state.ts";

/** How the last courier fared. noAnswer: it saw the lock and the lock did not answer. notInRange: it saw none. */
export type TryOutcome = "synced" | "noAnswer" | "notInRange";

export interface LockKnowledge {
  readonly lock: LockState;
  readonly link: "connected" | "offline";
  /** The lock's last signed word, however it came; seconds since 1970. */
  readonly lastContactAt: number | undefined;
  readonly lastTry: { readonly outcome: TryOutcome; readonly at: number } | undefined;
  /** critical: it refuses to move the bolt for want of power. Undefined: it has not said. */
  readonly battery: "ok" | "low" | "critical" | undefined;
  readonly jammed: boolean;
  readonly doorAjar: boolean;
  readonly rebooting: boolean;
  /** It signed for a table that was never issued. */
  readonly contradicted: boolean;
  /** The books of the door are in doubt, and nobody has said yet that they are right. */
  readonly doubted?: boolean;
  /** It found its table damaged. */
  readonly damaged: boolean;
  /** What it last proved was good for a while, and that is over. */
  readonly leaseOver: boolean;
  /** What a phone that was there later says besides; unsigned. */
  readonly hearsay: Hearsay | undefined;
  /** Why something that was granted stands in no version for it. */
  readonly heldUp: HeldUp | undefined;
}

/** How a phone found the lock, in its own word: it may add a trouble, and takes none away. */
export interface Hearsay {
  readonly at: number;
  readonly lowBattery: boolean;
  readonly jammed: boolean;
  readonly doorAjar: boolean;
  readonly rebooting: boolean;
}

/** Hours without a word after which a lock is silent: nobody need have come by, but a connected one talks. */
export const silentHours = { connected: 1, offline: 168 } as const;
const secondsPerHour = 3_600;

interface Finding {
  readonly words: string;
  readonly nextSteps: readonly string[];
  readonly applies: (known: LockKnowledge, now: number) => boolean;
}

const syncAtTheDoor = "Stand at the door with a phone that has access to it and perform a door sync.";
const openOtherwise =
  "Until then, open with another credential: a keycard, the app, a daily doorcode or the mechanical key.";

/** Worst first: the first that applies names the state. */
const findings = {
  noLock: {
    words: "No lock yet: commission one.",
    nextSteps: ["Mount a lock and commission it with the set-up code on its label."],
    applies: ({ lock }) => lock === "absent",
  },
  alarm: {
    words: "The lock has signed for a table of codes that this property never issued.",
    nextSteps: [
      `If the property's data was restored from a backup, say so (see "the books are right again") and sync the door.`,
      "If not, treat the lock as tampered with: reset it from inside and commission it again.",
    ],
    applies: (known) => known.contradicted,
  },
  booksDoubted: {
    words: "Nothing is carried to this lock until management says that the books are right again.",
    nextSteps: [
      "Suspend and revoke anew whoever was suspended or revoked since the backup: it does not know of that.",
      'Look through who would open, say that "the books are right again", and sync the door.',
    ],
    applies: ({ doubted }) => doubted === true,
  },
  tableDamaged: {
    words: "The lock found its table of codes damaged; no code opens until the table is repaired.",
    nextSteps: [`${syncAtTheDoor} It brings the whole table.`, openOtherwise],
    applies: (known) => known.damaged,
  },
  leaseOver: {
    words: "The lease is over: no resident's code opens until the door is synced.",
    nextSteps: [syncAtTheDoor, "Until then, open with a daily doorcode or the mechanical key."],
    applies: (known) => known.leaseOver,
  },
  jammed: {
    words: "The bolt did not reach where it was sent.",
    nextSteps: [
      "Pull or push the door and try again.",
      "Check that the strike plate is in line and nothing is in the bolt's way.",
    ],
    applies: (known) => known.jammed,
  },
  batteryCritical: {
    words: "The battery is too weak to move the bolt.",
    nextSteps: ["Replace the batteries now.", openOtherwise],
    applies: (known) => known.battery === "critical",
  },
  rebootLoop: {
    words: "The lock restarts again and again.",
    nextSteps: [
      "Replace the batteries: a weak battery is the usual cause.",
      "If it goes on, take the batteries out for a minute, put them back and perform a door sync.",
      "If it still goes on, replace the lock and commission the new one.",
    ],
    applies: (known) => known.rebooting,
  },
  tableFull: {
    words:
      "The door's table has no room for some of what was granted; that is in no version, and opens nothing.",
    nextSteps: [
      "Take back guests and hours that are no longer needed, and sync the door: what waits goes in by itself.",
      "Whatever is revoked or suspended leaves with the next sync all the same.",
    ],
    applies: ({ heldUp }) => heldUp === "RULES_EXHAUSTED",
  },
  lockFull: {
    words: "The lock holds no more codes; what was granted last is in no version for it, and opens nothing.",
    nextSteps: [
      "Take back codes, cards and guests that are no longer needed, and sync the door: what waits goes in by itself.",
      "Whatever is revoked or suspended leaves with the next sync all the same.",
      "If that is not enough, fit a larger lock.",
    ],
    applies: ({ heldUp }) => heldUp === "LOCK_FULL",
  },
  numbersUsedUp: {
    words: "The lock has used up its numbers; what was granted since is in no version, and opens nothing.",
    nextSteps: [syncAtTheDoor, "If that does not help, reset the lock from inside and commission it again."],
    applies: ({ heldUp }) => heldUp === "IDS_EXHAUSTED" || heldUp === "VERSIONS_EXHAUSTED",
  },
  noAnswer: {
    words: "The lock was in range at the last try and did not answer.",
    nextSteps: [
      "Wait a minute and try again: another phone may have held its one connection.",
      "Wake the lock at its keypad; if nothing lights, replace the batteries.",
      "If it still does not answer, take the batteries out for a minute and put them back.",
    ],
    applies: ({ lastTry, lastContactAt }) =>
      lastTry?.outcome === "noAnswer" && lastTry.at >= (lastContactAt ?? 0),
  },
  neverHeard: {
    words: "No word of this lock has come in yet.",
    nextSteps: [syncAtTheDoor],
    applies: ({ lastContactAt, lock }) => lastContactAt === undefined && lock !== "absent",
  },
  silent: {
    words: "Nothing has been heard of the lock for longer than is usual.",
    nextSteps: [
      "If the lock is connected, check the building's network and the broker.",
      syncAtTheDoor,
      "If the phone finds no lock there, replace the batteries.",
    ],
    applies: ({ lastContactAt, link }, now) =>
      lastContactAt !== undefined && now - lastContactAt >= silentHours[link] * secondsPerHour,
  },
  notInRange: {
    words: "The phone that tried last was not near enough to see the lock.",
    nextSteps: ["Go closer, within about 3 metres, switch Bluetooth on and try again."],
    applies: ({ lastTry, lastContactAt }) =>
      lastTry?.outcome === "notInRange" && lastTry.at >= (lastContactAt ?? 0),
  },
  batteryLow: {
    words: "The battery is low.",
    nextSteps: ["Replace the batteries within the next days."],
    applies: (known) => known.battery === "low",
  },
  doorAjar: {
    words: "The door has stood open for a minute or longer.",
    nextSteps: ["Close the door and see that it latches."],
    applies: (known) => known.doorAjar,
  },
} as const satisfies Readonly<Record<string, Finding>>;

export type Trouble = keyof typeof findings;
export type HealthState = Trouble | "ok";

export interface LockHealth {
  readonly state: HealthState;
  readonly words: string;
  readonly nextSteps: readonly string[];
  /** Everything that is known to be wrong, worst first; `state` is the first of them. */
  readonly troubles: readonly Trouble[];
  /** Those of them that no signed word of the lock bears out, and when a phone said so; undefined: all are signed. */
  readonly hearsay: { readonly troubles: readonly Trouble[]; readonly at: number } | undefined;
  /** Since when nothing was heard; undefined when nothing ever was. */
  readonly lastContactAt: number | undefined;
}

/** `words` say the worst; `nextSteps` are for all that is wrong, without repeats. */
export function lockHealth(known: LockKnowledge, now: number): LockHealth {
  const { lastContactAt } = known;
  const signed = new Set(troublesOf(known, now));
  const troubles = troublesOf(withHearsay(known), now);
  const heard = troubles.filter((name) => !signed.has(name));
  const hearsay =
    known.hearsay === undefined || heard.length === 0 ? undefined : { troubles: heard, at: known.hearsay.at };
  const [worst] = troubles;
  const said = { troubles, hearsay, lastContactAt };
  if (worst === undefined)
    return { state: "ok", words: "Nothing is known to be wrong.", nextSteps: [], ...said };
  const nextSteps = [...new Set(troubles.flatMap((name): readonly string[] => findings[name].nextSteps))];
  return { state: worst, words: findings[worst].words, nextSteps, ...said };
}

function troublesOf(known: LockKnowledge, now: number): readonly Trouble[] {
  return (Object.keys(findings) as Trouble[]).filter((name) => findings[name].applies(known, now));
}

function withHearsay(known: LockKnowledge): LockKnowledge {
  const { hearsay } = known;
  if (hearsay === undefined) return known;
  const isFine = known.battery === "ok" || known.battery === undefined;
  return {
    ...known,
    battery: hearsay.lowBattery && isFine ? "low" : known.battery,
    jammed: known.jammed || hearsay.jammed,
    doorAjar: known.doorAjar || hearsay.doorAjar,
    rebooting: known.rebooting || hearsay.rebooting,
  };
}
