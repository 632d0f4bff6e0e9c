/**
 * What happens at a door, as the lock's log and alarms tell it: who opened and when, under duress or not, wrong codes,
 * the key, the door broken open, the bolt that jams. The model knows what people did; logs.ts counts holes.
 */
import { alarmCodes, eventFlags, type LockEvent, lockOperationTypes } from "@doorsync/protocol/lock";
import type { ClockStory } from "../cast/lock.ts";
import type { Entry } from "../plain.ts";
import type { Seen } from "../seen.ts";
import { type Checker, type Complaint, createWornOut, lockAt, type View } from "./checker.ts";
import { createLibrary } from "./signed.ts";

/** A clock that nobody tampered with may be off by so much. */
const slackSeconds = 180;

type Shown = Extract<Seen, { readonly kind: "shown" }>;

/** What the log may say of one showing, if it opened; every meaning that the digits ever had at this door. */
interface Showing {
  readonly deeds: readonly string[];
  readonly seconds: number;
  readonly clock: ClockStory;
}

interface Account {
  readonly showings: Showing[];
  /** How often each deed was certainly done, and how often the log tells of it. Both since the lock has its owner. */
  due: Map<string, number>;
  told: Map<string, number>;
  /** Events that the log itself calls missing, and those that may have waited in memory when power failed. */
  missing: number;
  doubtful: number;
  /** Events in memory at the last look. */
  waiting: number;
  hasJamAlarm: boolean;
  /** When the door was last heard to be broken open. */
  forcedMs: number;
}

const openingDeed = (source: string, credential: number | undefined, forced: boolean): string =>
  `opening by ${source}, credential ${credential ?? "unknown"}${forced ? ", under duress" : ""}`;

const deedOf = ({ kind, credential, terms }: Entry): string =>
  openingDeed(kind === "card" ? "Rfid" : "Keypad", credential, terms.duress);

const alarmNames = Object.keys(alarmCodes) as (keyof typeof alarmCodes)[];

/** What an event tells, in the words of the model; undefined: nothing that the model knows. */
function toldBy({ kind, detail, source, credential }: LockEvent): string | undefined {
  const { ForcedUserEvent, Unlock } = lockOperationTypes;
  if (kind === "LockOperationError" && source === "Keypad") return "wrong code";
  if (kind === "DoorLockAlarm") return `alarm ${alarmNames.find((name) => alarmCodes[name] === detail)}`;
  if (kind !== "LockOperation" || (detail !== Unlock && detail !== ForcedUserEvent)) return undefined;
  return source === "Manual" ? "key" : openingDeed(source, credential, detail === ForcedUserEvent);
}

export function deeds(): Checker {
  const library = createLibrary();
  const accounts = new Map<number, Account>();
  /** Everybody who ever had a code, by door. */
  const known = new Map<number, readonly Entry[]>();
  /** A visit ends at a table that a lock cannot store, before its log is asked for. */
  const wornOut = createWornOut();
  /** Doors whose log came in the calm. */
  const heardInCalm = new Set<number>();

  function accountOf(door: number): Account {
    const before = accounts.get(door);
    if (before !== undefined) return before;
    const made: Account = {
      showings: [],
      due: new Map(),
      told: new Map(),
      missing: 0,
      doubtful: 0,
      waiting: 0,
      hasJamAlarm: false,
      forcedMs: -1,
    };
    accounts.set(door, made);
    return made;
  }

  function count(book: Map<string, number>, deed: string): void {
    book.set(deed, (book.get(deed) ?? 0) + 1);
  }

  function look(door: number, view: View): void {
    const { state } = lockAt(view, door);
    if (state.power === "off") return;
    const { waiting, missing } = state.diary;
    const counted = Object.values(missing).reduce((sum, one) => sum + one.count, 0);
    accountOf(door).waiting = waiting.length + counted;
  }

  function hearShown(seen: Shown, view: View): void {
    const account = accountOf(seen.door);
    const { state, clockStory } = lockAt(view, seen.door);
    const isDaily = library.daysOf(seen.door).some(({ digits }) => digits === seen.digits);
    const isMeant = ({ kind, digits }: Entry): boolean => {
      if (kind === "daily") return isDaily && seen.by === "keypad";
      return digits === seen.digits && (kind === "card") === (seen.by === "card");
    };
    const meant = (known.get(seen.door) ?? []).filter(isMeant);
    const clock = clockStory;
    account.showings.push({ deeds: meant.map(deedOf), seconds: view.nowSeconds, clock });
    const { result } = seen.pressed;
    if (state.power === "off" || result === "dark") account.doubtful++;
    else if (result === "refused" && seen.by === "keypad") count(account.due, "wrong code");
    else if (result === "opened") {
      const entry = library.heldBy(seen.door, state)?.entries.find(isMeant);
      if (entry !== undefined) count(account.due, deedOf(entry));
    }
  }

  function take(door: number, events: readonly LockEvent[]): Complaint {
    const account = accountOf(door);
    for (const event of events) {
      if (event.kind === "Gap") {
        const isExact = (event.flags & (eventFlags.atLeast | eventFlags.open)) === 0;
        account.missing += isExact ? event.count : Number.POSITIVE_INFINITY;
      }
      const deed = toldBy(event);
      if (deed === undefined) continue;
      count(account.told, deed);
      if (!deed.startsWith("opening")) continue;
      const alike = account.showings.filter((showing) => showing.deeds.includes(deed));
      if (alike.length === 0) return `the log of lock ${door} tells of an ${deed}, and nobody did that`;
      const isThen = ({ seconds, clock }: Showing): boolean =>
        clock !== "right" || Math.abs(event.at - seconds) <= slackSeconds;
      if (!alike.some(isThen))
        return `the log of lock ${door} dates an ${deed} at ${event.at}, and it was not then`;
    }
    return undefined;
  }

  function compare(door: number): Complaint {
    const { due, told, missing, doubtful } = accountOf(door);
    for (const [deed, times] of due) {
      const heard = told.get(deed) ?? 0;
      if (heard + missing + doubtful >= times) continue;
      return `at lock ${door} there was ${times} times: ${deed}; its log tells of ${heard}, and of ${missing} missing`;
    }
    return undefined;
  }

  return {
    property: "P24",
    claim: "what happens at a door is in the log as what it was, and alarms sound when there is cause",
    hear(seen, view) {
      library.hear(seen);
      wornOut.hear(seen);
      switch (seen.kind) {
        case "signed": {
          const { door, entries } = seen.signed;
          const before = known.get(door) ?? [];
          const isNew = (one: Entry): boolean =>
            !before.some((old) => deedOf(old) === deedOf(one) && old.digits === one.digits);
          known.set(door, [...before, ...entries.filter(isNew)]);
          return undefined;
        }
        // A lock begins a new log for a new owner.
        case "commissioned":
          Object.assign(accountOf(seen.door), { due: new Map(), told: new Map(), missing: 0, doubtful: 0 });
          return undefined;
        case "shown":
          hearShown(seen, view);
          look(seen.door, view);
          return undefined;
        case "turned":
          count(accountOf(seen.door).due, "key");
          look(seen.door, view);
          return undefined;
        case "alarm":
          count(accountOf(seen.door).due, `alarm ${seen.alarm}`);
          if (seen.alarm === "LockJammed") accountOf(seen.door).hasJamAlarm = true;
          if (seen.alarm === "DoorForcedOpen") accountOf(seen.door).forcedMs = view.nowMs;
          return undefined;
        case "forced":
          if (accountOf(seen.door).forcedMs === view.nowMs) return undefined;
          return `door ${seen.door} was broken open, and its lock raised no alarm`;
        case "power": {
          const account = accountOf(seen.door);
          // What is being written counts too.
          if (seen.is === "on") return undefined;
          account.doubtful += account.waiting + 1;
          account.waiting = 0;
          account.hasJamAlarm = false;
          return undefined;
        }
        case "jammed":
          if (accountOf(seen.door).hasJamAlarm) return undefined;
          return `the bolt of lock ${seen.door} is stuck, and nobody was told`;
        case "step":
          for (const { door } of view.locks) look(door, view);
          return undefined;
        case "calm":
          heardInCalm.clear();
          return undefined;
        case "log":
          heardInCalm.add(seen.door);
          return take(seen.door, seen.events);
        case "drained":
          for (const door of accounts.keys()) {
            if (wornOut.has(door) && !heardInCalm.has(door)) continue;
            const complaint = compare(door);
            if (complaint !== undefined) return complaint;
          }
          return undefined;
        default:
          return undefined;
      }
    },
  };
}
