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
  const version = slip.version === undefined ? "" : ` version ${slip.version}`;
  const changes = slip.changes.map(({ person, from, to }) => `; ${person}: ${from} -> ${to}`).join("");
  const words = slip.refusal === undefined ? "" : `: ${slip.refusal}`;
  return `${about}: ${slip.kind}${version} ${slip.outcome}${words}${changes}`;
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
