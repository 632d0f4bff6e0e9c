/** What the commands show: one JSON object a line for programs, or lines for people. It formats; it decides nothing. */
import { refusals, toHex } from "@doorsync/protocol/courier";
import type { AccountVisit } from "../account/visit.ts";
import type { Heard, Progress } from "../converse.ts";
import { describeCondition, describeOutcome } from "../core.ts";
import type { SyncResult } from "../courier.ts";
import type { Terminal } from "./terminal.ts";

/** Where a visit's happenings are shown as they come. */
export interface Show {
  message(message: Heard): void;
  progress(progress: Progress): void;
  /** With the id of the check that failed, for programs. */
  warning(line: string, check?: string): void;
  /** Wrong use or environment: one line that says what to do. */
  trouble(line: string): void;
  /** `--watch` has begun. */
  watching(what: string, everySeconds: number): void;
  /** The service (no place) or a lock cannot be reached any more, and why; or can again. */
  reach(reach: { readonly place: string | undefined; readonly why: string | undefined }): void;
  result(result: SyncResult): void;
  /** What the service has to do with it: how fresh the parcels were, what it took, what to do. Said before the result. */
  account(visit: AccountVisit): void;
}

/** One object a line on standard output, nothing else. */
export function jsonShow({ stdout }: Terminal): Show {
  const put = (row: unknown): void => void stdout.write(`${JSON.stringify(row)}\n`);
  return {
    message: ({ direction, name, bytes, frames }) => put({ message: { direction, name, bytes, frames } }),
    progress: (progress) => put({ progress }),
    warning: (warning, check) => put({ warning, check }),
    trouble: (error) => put({ error }),
    watching: (what, everySeconds) => put({ watching: { what, everySeconds } }),
    reach: ({ place, why }) => put({ reach: { of: place ?? "service", isThere: why === undefined, why } }),
    result: (result) => put({ result: resultRow(result) }),
    account: ({ stale, taken, owed, advice }) =>
      put({ account: { fresh: stale === undefined, taken, owed, advice } }),
  };
}

/** Lines for people: results and trace on standard output, progress and warnings on standard error. */
export function humanShow({ stdout, stderr, env }: Terminal, isTraced: boolean): Show {
  const isPlain = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  const paint = (colour: 31 | 32 | 33, text: string): string =>
    stdout.isTTY === true && !isPlain ? `\u001b[${colour}m${text}\u001b[0m` : text;
  let isLineOpen = false;
  const clear = (): void => {
    if (isLineOpen) stderr.write("\r\u001b[K");
    isLineOpen = false;
  };
  const line = (text: string): void => {
    clear();
    stdout.write(`${text}\n`);
  };
  const complain = (text: string): void => {
    clear();
    stderr.write(`doorsync-phone: ${text}\n`);
  };

  return {
    message({ direction, name, bytes, frames }) {
      if (!isTraced) return;
      const arrow = direction === "out" ? "phone -> lock" : "phone <- lock";
      line(
        `${arrow}  ${name.padEnd(10)}  ${String(bytes).padStart(5)} B  ${frames} ${frames === 1 ? "frame" : "frames"}`,
      );
    },
    progress({ chunk, chunks }) {
      if (stderr.isTTY !== true || chunks < 2) return;
      stderr.write(`\rchunk ${chunk} of ${chunks}`);
      isLineOpen = true;
    },
    warning: (text) => complain(`warning: ${text}`),
    trouble: complain,
    watching(what, everySeconds) {
      stderr.write(`watching ${what}, asks the service every ${everySeconds} s; end with Ctrl-C\n`);
    },
    reach({ place, why }) {
      clear();
      const what = place === undefined ? "the service" : `the lock at ${place}`;
      stderr.write(
        why === undefined ? `${what} is back\n` : `${what} is gone: ${why}; tried again by itself\n`,
      );
    },
    account({ taken, advice }) {
      const proven = taken.filter(({ outcome }) => outcome === "proven").length;
      if (proven > 0) line("the service verified the lock's receipt");
      for (const sentence of advice) line(paint(33, sentence));
    },
    result(result) {
      line(paint(colourOf(result), describeOutcome(result.outcome)));
      if (result.outcome.kind === "commissioned")
        line("  next       once the property has this answer, sync once more; then the codes arrive");
      for (const parcel of result.delivered) {
        line(`  delivered  ${describeVersions(parcel)} to the lock ${toHex(parcel.tag)}`);
      }
      const { receipt } = result;
      if (receipt !== undefined) {
        line(`  receipt    version ${receipt.version}, of the update issued ${isoTime(receipt.issuedAt)}`);
      }
      const { events, left } = result.log;
      if (events > 0) {
        const more = left === 0 ? "" : `; ${left} more wait for the next visit`;
        line(
          `  log        ${events} ${events === 1 ? "event" : "events"} of the lock, sealed to its authority${more}`,
        );
      }
      for (const condition of result.conditions) {
        const hint = result.isConditionSigned ? "" : " (unsigned)";
        line(paint(33, `  lock       ${describeCondition(condition)}${hint}`));
      }
    },
  };
}

function colourOf({ outcome }: SyncResult): 31 | 32 | 33 {
  switch (outcome.kind) {
    case "synced":
    case "already":
    case "commissioned":
    case "rotated":
      return 32;
    case "nothing":
    case "aborted":
      return 33;
    case "refused":
    case "unproven":
    case "unfit":
    case "unreachable":
    case "silent":
    case "dropped":
    case "broken":
      return 31;
    default:
      return outcome satisfies never;
  }
}

/** The result for programs. Absent keys, not nulls, for what an outcome does not have. */
function resultRow({
  outcome,
  delivered,
  receipt,
  conditions,
  isConditionSigned,
  log,
}: SyncResult): Record<string, unknown> {
  const refusal =
    outcome.kind === "refused"
      ? { code: refusals[outcome.refusal].code, name: outcome.refusal, detail: outcome.detail }
      : undefined;
  return {
    outcome: outcome.kind,
    version: receipt?.version ?? ("version" in outcome ? outcome.version : undefined),
    refusal,
    check: "check" in outcome ? outcome.check : undefined,
    says: describeOutcome(outcome),
    delivered: delivered.map(({ kind, tag, epoch, from, to }) => ({
      kind,
      tag: toHex(tag),
      epoch,
      from,
      to,
    })),
    receipt: receipt === undefined ? undefined : { ...receipt, state: toHex(receipt.state) },
    conditions: conditions.length === 0 ? undefined : { names: conditions, signed: isConditionSigned },
    log: log.events + log.left === 0 ? undefined : log,
  };
}

/** What a parcel brings, without what is in it. */
export function describeVersions({
  kind,
  from,
  to,
}: {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}): string {
  switch (kind) {
    case "update":
      return `update ${from} to ${to}`;
    case "snapshot":
      return `snapshot of ${to}`;
    case "rotation":
      return `keys of epoch ${to}`;
    case "ack":
      return `acknowledgement of ${to} events`;
    default:
      return kind;
  }
}

/** Seconds since 1970 in ISO 8601, UTC, to the second. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
