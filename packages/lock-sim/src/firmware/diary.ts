/**
 * What is worth writing into the journal, and what becomes of it when there is no room: repeats are counted instead of
 * written, and what is left out is announced by a gap with its count. Not where the journal lies (journal.ts) and not
 * what leaves the lock (sync.ts).
 *
 * An opening is written down before the bolt moves; everything else as soon as the keypad's lane is free. The count of
 * a gap that is still growing is written whenever it has doubled, so that a power cut cannot make it small.
 */

import {
  alarmCodes,
  decodeEvent,
  type EventClass,
  type EventKind,
  encodeEvent,
  eventClasses,
  eventClassOf,
  eventFlags,
  type RefusalName,
  refusals,
} from "@doorsync/protocol/lock";
import { keptBy, spanOf } from "./clock.ts";
import type { LoudAlarm } from "./events.ts";
import { type Journal, type JournalPlan, mayAppend, planAppend } from "./journal.ts";
import type { Turn } from "./session.ts";
import type { Diary, Entry, KeypadThen, Missing, Repeated, Running } from "./state.ts";
import { type Job, job } from "./work.ts";

/** Entries that wait for the keypad's lane; a bound on memory, not on events: further ones are counted as missing. */
const waitingMax = 32;
/** Kinds of refused messages whose repeats are counted, and for how long. */
const repeatedMax = 8;
const repeatedMs = 3_600_000;

const classNames = Object.keys(eventClasses) as EventClass[];
const nothingMissing: Missing = { count: 0, told: 0, isAtLeast: false };

/** After power-on: an unfinished gap in the journal goes on growing. */
export function openDiary(journal: Journal): Diary {
  const missing = { failure: nothingMissing, access: nothingMissing, security: nothingMissing };
  for (const bytes of journal.events) {
    const event = decodeEvent(bytes);
    if (!event.ok || event.value.kind !== "Gap") continue;
    const { detail, flags, count } = event.value;
    const name = classNamed(detail);
    const isOpen = (flags & eventFlags.open) !== 0;
    missing[name] = isOpen ? { count, told: count, isAtLeast: true } : nothingMissing;
  }
  return { waiting: [], missing, repeated: [] };
}

/** The class that a gap is of; throws where it is none, which no gap that was decoded or made here says. */
function classNamed(detail: number): EventClass {
  const name = classNames.find((one) => eventClasses[one] === detail);
  if (name === undefined) throw new Error(`no event class ${detail}`);
  return name;
}

/** What happened; what is left out is 0 or unspecified. */
export type Happened = { readonly kind: EventKind } & Partial<Omit<Entry, "kind" | "at" | "flags">>;

/** Remembers an event until it can be written. */
export function witness(running: Running, turn: Turn, happened: Happened): Running {
  return waiting(running, entryOf(running, turn, happened));
}

/** Puts an entry off until the keypad's lane is free. */
export function waiting(running: Running, entry: Entry): Running {
  const { diary } = running;
  if (diary.waiting.length >= waitingMax) return missed(running, entry);
  return { ...running, diary: { ...diary, waiting: [...diary.waiting, entry] } };
}

export function entryOf(running: Running, turn: Turn, happened: Happened): Entry {
  const { lower, upper } = spanOf(keptBy(running), turn.now);
  return {
    at: lower,
    flags: Number.isFinite(upper) ? 0 : eventFlags.timeUnknown,
    source: "Unspecified",
    detail: 0,
    credential: 0,
    version: 0,
    count: 0,
    ...happened,
  };
}

/** Makes an alarm heard, and writes it down. */
export function raise(running: Running, turn: Turn, alarm: LoudAlarm): Running {
  turn.effects.push({ kind: "alarm", alarm }, { kind: "note", note: { what: "alarm", alarm } });
  return witness(running, turn, { kind: "DoorLockAlarm", detail: alarmCodes[alarm] });
}

/** A message bore a good signature and was refused all the same. Whoever repeats it fills no journal. */
export function witnessRefusal(running: Running, turn: Turn, refusal: RefusalName, version: number): Running {
  const detail = refusals[refusal].code;
  const { diary } = running;
  const isSame = (one: Repeated): boolean => one.detail === detail && one.version === version;
  const known = diary.repeated.find(isSame);
  const { uptimeMs } = turn.now;
  const isLate = known !== undefined && uptimeMs - known.sinceMs < repeatedMs;
  const now: Repeated = isLate
    ? { ...known, repeats: known.repeats + 1 }
    : { detail, version, sinceMs: uptimeMs, repeats: 0 };
  const others = diary.repeated.filter((one) => !isSame(one));
  const counted = { ...running, diary: { ...diary, repeated: [...others, now].slice(-repeatedMax) } };
  if (isLate) return counted;
  // The authority knows of no other place where a lock signs for how much it holds.
  const credential = refusal === "RESOURCE_EXHAUSTED" ? running.store.geometry.capacity : 0;
  const count = 1 + (known?.repeats ?? 0);
  return witness(counted, turn, { kind: "SyncRefused", detail, credential, version, count });
}

/** The line that one entry is, or undefined when its class has no room left. */
export function planEntry(
  { journal, journalToMend, wipeFailed }: Running,
  entry: Entry,
): JournalPlan | undefined {
  const room = entry.kind === "Gap" ? "gap" : eventClassOf(entry.kind, entry.detail);
  if (journalToMend || wipeFailed || !mayAppend(journal, room)) return undefined;
  return planAppend(journal, [encodeEvent({ ...entry, seq: journal.lastSeq + 1 })]);
}

/**
 * Gaps that are still growing, told to their end before an acknowledgement lets go of what was told of them so far: a
 * power cut behind it would forget the count. None where there is no room for them.
 */
export function planClosings(
  running: Running,
  turn: Turn,
): { readonly line: JournalPlan; readonly entries: readonly Entry[] } {
  const { journal, diary } = running;
  const entries = classNames
    .filter((name) => diary.missing[name].count > 0)
    .map((name): Entry => {
      const { count, isAtLeast } = diary.missing[name];
      const gap = entryOf(running, turn, { kind: "Gap", detail: eventClasses[name], count });
      return { ...gap, flags: gap.flags + (isAtLeast ? eventFlags.atLeast : 0) };
    });
  const told = mayAppend(journal, "gap") ? entries : [];
  const lines = told.map((entry, index) => encodeEvent({ ...entry, seq: journal.lastSeq + 1 + index }));
  return { line: planAppend(journal, lines), entries: told };
}

/** The next line for the journal when the keypad's lane is free, after leaving out what has no room. */
export function nextLine(
  running: Running,
  turn: Turn,
): { readonly running: Running; readonly job: Job<KeypadThen> | undefined } {
  let left = running;
  // What cannot be written yet waits; only what finds no room is left out.
  if (running.journalToMend || running.wipeFailed) return { running, job: undefined };
  for (;;) {
    const entry = gapToTell(left, turn) ?? left.diary.waiting[0];
    if (entry === undefined) return { running: left, job: undefined };
    const line = planEntry(left, entry);
    if (line !== undefined) return { running: left, job: job(line.ops, { next: "written", line, entry }) };
    if (entry.kind === "Gap") throw new Error("a gap is told where there is room for it");
    left = missed(written(left, entry), entry);
  }
}

/** The entry lies in the journal: no longer to be written. */
export function written(running: Running, entry: Entry): Running {
  const { diary } = running;
  if (entry.kind !== "Gap") {
    return { ...running, diary: { ...diary, waiting: diary.waiting.filter((one) => one !== entry) } };
  }
  const name = classNamed(entry.detail);
  const isOpen = (entry.flags & eventFlags.open) !== 0;
  const told = { ...diary.missing[name], told: entry.count };
  const missing = { ...diary.missing, [name]: isOpen ? told : nothingMissing };
  return { ...running, diary: { ...diary, missing } };
}

/** A gap to write: closed when its class has room again, else whenever it has doubled. */
function gapToTell(running: Running, turn: Turn): Entry | undefined {
  for (const name of classNames) {
    const { count, told, isAtLeast } = running.diary.missing[name];
    const isOver = count > 0 && mayAppend(running.journal, name);
    const hasGrown = count > 0 && count >= 2 * told;
    if (!isOver && !hasGrown) continue;
    if (!isOver && !mayAppend(running.journal, "gap")) continue;
    const gap = entryOf(running, turn, { kind: "Gap", detail: eventClasses[name], count });
    const flags = (isAtLeast ? eventFlags.atLeast : 0) + (isOver ? 0 : eventFlags.open);
    return { ...gap, flags: gap.flags + flags };
  }
  return undefined;
}

function missed(running: Running, entry: Entry): Running {
  const { diary } = running;
  const name = eventClassOf(entry.kind, entry.detail);
  const before = diary.missing[name];
  const missing = { ...diary.missing, [name]: { ...before, count: before.count + 1 } };
  return { ...running, diary: { ...diary, missing } };
}
