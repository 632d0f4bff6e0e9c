/**
 * Results in words, for people. Nothing reads these lines back: programs use --json.
 */

import {
  alarmCodes,
  lockOperationTypes,
  nameOf,
  operationErrors,
  refusalByCode,
  type Window,
} from "@doorsync/protocol/authority";
import type { AtTheDoor } from "../model/at-the-door.ts";
import type { ShownTerms } from "../model/shown-terms.ts";
import type { CodeWord } from "../office/codes.ts";
import type { DoorLog, LogEntry } from "../office/log.ts";
import type { TakenSlip } from "../office/receive.ts";
import type { CodeStatus, DoorStatus } from "../office/status.ts";

export function codeLine(word: CodeWord): string {
  return `"${word.door}", ${word.person}: ${word.code}  ${label(word)}; ${doorWords(word)}${termsWords(word.terms)}`;
}

/** The command that is still missing, to be copied as it is; none when the newest version says it all. */
export function nextLines(
  { needsIssue }: { readonly needsIssue: boolean },
  data: string,
  door: string,
): readonly string[] {
  if (!needsIssue) return [];
  const command = `doorsync-authority issue --data ${quoted(data)} --door ${quoted(door)} --mailbox DIR`;
  return [`next: ${command}, then a phone syncs the door`];
}

/** As one word of a shell; a name may hold what double quotes do not disarm. */
export function quoted(word: string): string {
  if (/^[\w./-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}

export function doorLines(door: DoorStatus): readonly string[] {
  if (door.lock === "absent")
    return [
      `${door.property}/${door.door} (${door.kind}): no lock yet: commission one`,
      ...door.codes.map(codeStatusLine),
    ];
  const version =
    door.newestVersion === null
      ? `lock ${door.lock}`
      : `version ${door.provenVersion} proven, ${door.newestVersion} newest`;
  const sync =
    door.lastSync === null ? "no sync proven yet" : `last proven sync ${instant(door.lastSync.receivedAt)}`;
  const hints = [
    door.alarm
      ? "  ALARM: the lock has signed for a table that was never issued; see issue --trust-books"
      : "",
    door.needsIssue ? "  changed since the newest version: run issue" : "",
    door.needsSnapshot && !door.alarm ? "  waits for a snapshot" : "",
  ].filter((hint) => hint !== "");
  const heading = `${door.property}/${door.door} (${door.kind}): ${version}, ${sync}${door.pending ? " - Pending" : ""}`;
  return [heading, ...hints, ...door.codes.map(codeStatusLine)];
}

export function slipLine(slip: TakenSlip): string {
  const about = slip.door === undefined ? slip.slip : `"${slip.door}"`;
  const changes = slip.changes.map(({ person, from, to }) => `; ${person}: ${from} -> ${to}`).join("");
  return `${about}: ${slipWords(slip)}${changes}`;
}

function slipWords(slip: TakenSlip): string {
  const { kind, outcome, version, refusal } = slip;
  const what = version === undefined ? kind : `${kind} version ${version}`;
  switch (outcome) {
    case "proven":
    case "commissioned":
      return `${what} ${outcome}`;
    case "again":
      return `${what}, which was taken in before; nothing new`;
    case "older":
      return `${what}, which a newer receipt has overtaken; nothing new`;
    case "damaged":
      return `${what}, in which the lock says that its table is damaged; it proves nothing, a snapshot goes out`;
    case "contradicts":
      return `ALARM: ${what}, in which the lock signs for a table that was never issued; see issue --trust-books`;
    case "not-verified":
      return `${what} without a valid signature of this lock; it proves nothing`;
    case "old-epoch":
      return `${what} of an earlier epoch of this door (reset, or other keys, since); it proves nothing any more`;
    case "refusal":
      return `refusal (unsigned, a hint only): ${refusal ?? "without a reason"}`;
    case "logged":
      return `log: ${slip.events} new event(s)`;
    case "log-again":
      return "log: nothing that was not held";
    case "log-ahead":
      return "log: it begins after what is held; the events between are still to come";
    case "log-broken":
      return "ALARM: a log that does not follow on the one held; is this database an old backup?";
    case "log-unreadable":
      return "log: with an event that this version does not know; nothing of it is taken";
    case "foreign":
      return `${what} of a lock that this property does not know`;
    default:
      return outcome satisfies never;
  }
}

function codeStatusLine(code: CodeStatus): string {
  return `  ${code.person}: ${label(code)}; ${doorWords(code)}${termsWords(code.terms)}`;
}

function label(code: {
  readonly state: string;
  readonly pending: boolean;
  readonly suspended: boolean;
}): string {
  const state = code.suspended ? `${code.state}, suspended` : code.state;
  return code.pending ? `${state} (Pending)` : state;
}

function doorWords(code: AtTheDoor & { readonly terms: ShownTerms }): string {
  const { worksNow, worksAfterSync, certain, terms } = code;
  const within = terms.windows === null ? "" : " within its hours";
  const now = worksNow ? `works at the door now${within}` : "does not open the door now";
  const doubt = certain ? "" : " (unless a sync happened since)";
  if (worksNow === worksAfterSync) return `${now}${doubt}`;
  return `${now}${doubt}, ${worksAfterSync ? "will after a sync" : "no longer after a sync"}`;
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** What limits a code: its hours are local to the door; empty where nothing does. */
function termsWords({ from, until, uses, minutes, windows }: ShownTerms): string {
  const parts = [
    from === null ? "" : `from ${instant(from)}`,
    until === null ? "" : `until ${instant(until)}`,
    ...(windows ?? []).map(windowWords),
    uses === null ? "" : uses === 1 ? "once" : `${uses} times`,
    minutes === null ? "" : `for ${minutes} minutes after first use`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `; ${parts.join(", ")}`;
}

function windowWords({ days: mask, startMinute, endMinute }: Window): string {
  const named = days.filter((_, bit) => (mask & (1 << bit)) !== 0);
  const which = named.length === days.length ? "every day" : named.join(", ");
  return `${which} ${clock(startMinute)} to ${clock(endMinute)}`;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** A door's log, one line an event. */
export function logLines(log: DoorLog): readonly string[] {
  const waiting = log.waiting === 0 ? "" : `, ${log.waiting} more wait in the lock`;
  const alarm = log.alarm
    ? ["  ALARM: a log came that does not follow on the one held; is this database an old backup?"]
    : [];
  return [`"${log.door}": ${log.held} event(s) held${waiting}`, ...alarm, ...log.entries.map(entryLine)];
}

function entryLine(entry: LogEntry): string {
  const { seq, at, uncertain, source, person, credential } = entry;
  const who = person ?? (credential === undefined ? undefined : `credential ${credential}`);
  const parts = [
    `  ${seq}  ${uncertain ? "not before " : ""}${instant(at)}`,
    entryWords(entry),
    ...(who === undefined ? [] : [who]),
    ...(source === "Unspecified" ? [] : [`by ${source}`]),
  ];
  return parts.join("  ");
}

function entryWords({ kind, detail, version, count, gap }: LogEntry): string {
  switch (kind) {
    case "LockOperation":
      return `LockOperation ${nameOf(lockOperationTypes, detail) ?? detail}`;
    case "LockOperationError":
      return `LockOperationError ${nameOf(operationErrors, detail) ?? detail}`;
    case "DoorLockAlarm":
      return `DoorLockAlarm ${nameOf(alarmCodes, detail) ?? detail}`;
    case "LockUserChange":
      return `LockUserChange: version ${version}, ${count} entries`;
    case "SyncRefused":
      return `SyncRefused ${refusalByCode(detail) ?? detail} at version ${version}, ${count} time(s)`;
    case "Gap": {
      const least = gap?.isAtLeast === true || gap?.isOpen === true ? "at least " : "";
      return `GAP: ${least}${count} ${gap?.class ?? ""} event(s) missing here, the lock had no room for them`;
    }
    case "KeyRotation":
      return `KeyRotation: epoch ${version}`;
    case "TimeSet":
    case "Boot":
      return kind;
    default:
      return kind satisfies never;
  }
}

function instant(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
