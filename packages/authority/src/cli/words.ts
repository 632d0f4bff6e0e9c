/**
 * Results in words, for people. Nothing reads these lines back: programs use --json.
 */

import type { AtTheDoor } from "../model/proof.ts";
import type { CodeWord } from "../office/codes.ts";
import type { TakenSlip } from "../office/receive.ts";
import type { CodeStatus, DoorStatus } from "../office/status.ts";

export function codeLine(word: CodeWord): string {
  return `"${word.door}", ${word.person}: ${word.code}  ${label(word)}; ${doorWords(word)}`;
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
function quoted(word: string): string {
  if (/^[\w./-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}

export function doorLines(door: DoorStatus): readonly string[] {
  const version =
    door.newestVersion === null
      ? `lock ${door.lock}`
      : `version ${door.provenVersion} proven, ${door.newestVersion} newest`;
  const sync =
    door.lastSync === null ? "no sync proven yet" : `last proven sync ${instant(door.lastSync.receivedAt)}`;
  const hints = [
    door.alarm ? "  ALARM: the lock has signed for a table that was never issued; issue a snapshot" : "",
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

function slipWords({ kind, outcome, version, refusal }: TakenSlip): string {
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
      return `ALARM: ${what}, in which the lock signs for a table that was never issued; issue a snapshot`;
    case "not-verified":
      return `${what} without a valid signature of this lock; it proves nothing`;
    case "old-epoch":
      return `${what} of an earlier commissioning of this door; it proves nothing any more`;
    case "refusal":
      return `refusal (unsigned, a hint only): ${refusal ?? "without a reason"}`;
    case "foreign":
      return `${what} of a lock that this property does not know`;
    default:
      return outcome satisfies never;
  }
}

function codeStatusLine(code: CodeStatus): string {
  return `  ${code.person}: ${label(code)}; ${doorWords(code)}`;
}

function label(code: { readonly state: string; readonly pending: boolean }): string {
  return code.pending ? `${code.state} (Pending)` : code.state;
}

function doorWords({ worksNow, worksAfterSync, certain }: AtTheDoor): string {
  const now = worksNow ? "works at the door now" : "does not open the door now";
  const doubt = certain ? "" : " (unless a sync happened since)";
  if (worksNow === worksAfterSync) return `${now}${doubt}`;
  return `${now}${doubt}, ${worksAfterSync ? "will after a sync" : "no longer after a sync"}`;
}

function instant(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
