/**
 * The door itself: whether it opens is what all else is for. For everything that is shown to a lock the model says by
 * the property's decisions and true time whether it must open, may, or must not (P9, P10, P13, and schedules and limits
 * that are enforced and not only stored).
 */
import type { CastLock } from "../cast/lock.ts";
import type { Entry, Signed } from "../plain.ts";
import type { Seen } from "../seen.ts";
import { type Checker, type Complaint, lockAt, spoilers, spoiltMs, type View } from "./checker.ts";
import { createLibrary, createTally } from "./signed.ts";
import { type Expected, expected, expectedDaily } from "./terms.ts";

type Shown = Extract<Seen, { readonly kind: "shown" }>;

/** Wrong codes after which a keypad may make people wait. */
const patience = 5;
const dayMs = 86_400_000;
/** Uptime is written down this often; a power loss may cost so much of it. */
const markMs = 3_600_000;
const dailyDigits = 7;

/** What the model knows of one lock beside its table. */
interface Lock {
  /** Entries that a lock may count as wrong, by powered time. */
  wrongMs: number[];
  poweredMs: number;
  sinceMs: number;
  isOn: boolean;
  /** When a store last failed it. */
  spoiltAtMs: number;
  /** The latest day whose daily code certainly opened, and the latest that may have counted as opening. */
  lastDay: number;
  possibleDay: number;
}

export function door(): Checker {
  const library = createLibrary();
  const tally = createTally();
  const locks = new Map<number, Lock>();
  const lockBy = (at: number): Lock => {
    const known = locks.get(at);
    if (known !== undefined) return known;
    const made = {
      wrongMs: [],
      poweredMs: 0,
      sinceMs: 0,
      isOn: true,
      spoiltAtMs: Number.NEGATIVE_INFINITY,
      lastDay: -1,
      possibleDay: -1,
    };
    locks.set(at, made);
    return made;
  };

  function judge(seen: Shown, table: Signed | undefined, lock: CastLock, view: View): Judged {
    if (table === undefined) return { should: "stays shut", entry: undefined };
    const { nowSeconds } = view;
    const { clockStory } = lock;
    if (seen.by === "keypad" && seen.digits.length === dailyDigits) {
      const entry = table.entries.find(({ kind }) => kind === "daily");
      const day = table.daily.find(({ digits }) => digits === seen.digits)?.day;
      if (entry === undefined || day === undefined) return { should: "stays shut", entry: undefined };
      const byDay = expectedDaily(day, lockBy(seen.door).lastDay, table, nowSeconds, clockStory);
      const byTerms = expected(entry.terms, table, nowSeconds, clockStory);
      if (byDay === "opens" && byTerms === "opens" && day < lockBy(seen.door).possibleDay) {
        return { should: "may open", entry, day };
      }
      const should = byDay === "opens" ? byTerms : byTerms === "stays shut" ? byTerms : byDay;
      return { should, entry, day };
    }
    const kind = seen.by === "card" ? "card" : "code";
    const entry = table.entries.find((one) => one.kind === kind && one.digits === seen.digits);
    if (entry === undefined) return { should: "stays shut", entry };
    const used = tally.usedOf(seen.door, entry);
    return { should: expected(entry.terms, table, nowSeconds, clockStory, used), entry };
  }

  /** Digits of any day that this door ever had, whichever table it holds. */
  function dailyDayOf({ door: at, digits, by }: Shown): number | undefined {
    if (by !== "keypad" || digits.length !== dailyDigits) return undefined;
    return library.daysOf(at).find((one) => one.digits === digits)?.day;
  }

  function hearShown(seen: Shown, view: View): Complaint {
    const lock = lockAt(view, seen.door);
    const known = lockBy(seen.door);
    const { result } = seen.pressed;
    const opened = result === "opened" || seen.moved;
    const poweredMs = known.poweredMs + (known.isOn ? view.nowMs - known.sinceMs : 0);
    known.wrongMs = known.wrongMs.filter((ms) => poweredMs - ms < dayMs + markMs);
    const isSpoilt = view.nowMs - known.spoiltAtMs < spoiltMs;
    const mayWait = seen.by === "keypad" && (known.wrongMs.length >= patience || isSpoilt);
    // An entry whose place in flash is spoilt, or whose judgement the power did not outlive, may count as wrong.
    // With a spent battery nothing is judged.
    const isWrong = (result === "refused" && lock.mayOpen) || result === "dark" || isSpoilt;
    if (isWrong && seen.by === "keypad") known.wrongMs.push(poweredMs);

    const { state } = lock;
    const use = { seconds: view.nowSeconds, certain: opened, clock: lock.clockStory };
    if (state.power === "off") {
      const day = dailyDayOf(seen);
      if (day !== undefined) known.possibleDay = Math.max(known.possibleDay, day);
      tally.noteAny(seen.door, seen.digits, use);
      return undefined;
    }
    if (result === "wait" && !mayWait) {
      const detail = `lock ${seen.door} makes ${seen.who} wait after few wrong codes`;
      return { property: seen.by === "card" ? "P21" : "P9", detail };
    }
    const { should, entry, day } = judge(seen, library.heldBy(seen.door, state), lock, view);
    const whose = `${seen.who}, ${seen.digits}${entry === undefined ? ", which is nobody's" : ` of ${entry.person}`}`;
    if (opened && should === "stays shut") {
      const detail = `lock ${seen.door} opened for ${whose} at version ${state.inForce.version}`;
      return { property: propertyOf(entry), detail };
    }
    const isSound = !state.store.damaged && !isSpoilt && lock.mayOpen;
    if (result === "refused" && should === "opens" && isSound) {
      const detail = `lock ${seen.door} stayed shut for ${whose} at version ${state.inForce.version}`;
      return { property: propertyOf(entry), detail };
    }
    const isUse = opened || (isSpoilt && result === "refused");
    if (isUse && entry !== undefined) tally.note(seen.door, entry, use);
    if (opened && day !== undefined) {
      known.lastDay = Math.max(known.lastDay, day);
      known.possibleDay = Math.max(known.possibleDay, day);
    }
    return undefined;
  }

  return {
    property: "P9",
    claim: "a door opens if and only if the property's decisions and true time say so",
    hear(seen, view) {
      library.hear(seen);
      tally.hear(seen);
      switch (seen.kind) {
        case "fault":
          if (seen.door !== undefined && spoilers.some((name) => name === seen.fault)) {
            lockBy(seen.door).spoiltAtMs = view.nowMs;
          }
          return undefined;
        case "power": {
          const known = lockBy(seen.door);
          if (known.isOn) known.poweredMs += view.nowMs - known.sinceMs;
          if (seen.is === "off") known.poweredMs -= markMs;
          known.isOn = seen.is === "on";
          known.sinceMs = view.nowMs;
          return undefined;
        }
        case "shown":
          return hearShown(seen, view);
        default:
          return undefined;
      }
    },
  };
}

interface Judged {
  readonly should: Expected;
  readonly entry: Entry | undefined;
  readonly day?: number;
}

/** Which property the terms of an entry are about: the first that makes it other than a resident's code. */
function propertyOf(entry: Entry | undefined): string {
  if (entry === undefined) return "P3";
  const { kind, terms } = entry;
  if (kind === "daily") return "P13";
  if (terms.suspended) return "suspended";
  if (terms.useLimit > 0 || terms.expiringMinutes > 0) return "uses";
  if (terms.hours !== undefined) return "schedule";
  if (terms.notBefore > 0 || terms.notAfter !== undefined) return "P10";
  return kind === "card" ? "P21" : "P9";
}
