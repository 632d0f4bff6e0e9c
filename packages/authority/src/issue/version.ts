/**
 * The next version of a door's table: what the lock should hold, against what was last issued. Pure; it signs
 * nothing and hands nothing out.
 */
import {
  applyChange,
  type Bytes,
  type Change,
  type Crypto,
  changeBetween,
  concat,
  itemId,
  type LockKeys,
  lastCredentialId,
  noBytes,
  secondsNever,
  type Table,
  tableFromItems,
  tableState,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import {
  type CodeLife,
  type IssuedVersion,
  type ItemSpan,
  type Ledger,
  type LockStanding,
  newestVersion,
} from "../model/ledger.ts";
import { releaseCodes } from "../model/proof.ts";
import { desiredItems, houseDiffers, type TagOf } from "./items.ts";

export interface IssueAt {
  readonly issuedAt: number;
  readonly lifeHours: number;
  /** A new version even when nothing changed: leases count from its `issuedAt`. */
  readonly renew: boolean;
}

export interface NextVersion {
  readonly ledger: Ledger;
  /** The version to carry now. */
  readonly version: number;
  /** False when the table and its life are as last issued: nothing was added. */
  readonly isNew: boolean;
  readonly puts: number;
  readonly removes: number;
}

/**
 * Raises the version if the door's table should differ from the newest issued one, if the newest one ran out
 * before the lock proved it, when the lock signed for one that our books do not know, in a new epoch, or on request.
 * NOT_COMMISSIONED without a lock, IDS_EXHAUSTED after 16.7 million codes,
 * RULES_EXHAUSTED when terms differ in too many ways.
 * `beside`: items that stand in the table beside settings and doorcodes, under ids of their own.
 */
export function nextVersion(
  crypto: Crypto,
  keys: LockKeys,
  ledger: Ledger,
  at: IssueAt,
  tagOf: TagOf,
  beside: readonly Bytes[] = [],
): Decision<NextVersion> {
  const lock = ledger.lock;
  if (lock === undefined) return deny("NOT_COMMISSIONED");
  const newest = newestVersion(lock);
  const codes = withWireIds(ledger.codes, lock.lastWireId);
  const lastWireId = codes.reduce((last, code) => Math.max(last, code.wireId ?? 0), lock.lastWireId);
  if (lastWireId > lastCredentialId) return deny("IDS_EXHAUSTED");

  // Only its items are asked for, and its digest would cost as much as the next table's.
  const before = tableOf(crypto, keys, openItems(lock), noBytes);
  const desired = desiredItems(ledger, codes, lock, tagOf, beside);
  if (!desired.ok) return desired;
  const after = tableOf(crypto, keys, desired.value);
  const change = changeBetween(before, after);
  const isUnproven = lock.proven < newest.version;
  const isOver = isUnproven && at.issuedAt >= lastSecond(newest);
  const isChanged = change.puts.length + change.removes.length > 0;
  const isOfEpoch = newest.version > 0 && newest.version >= lock.epochFrom;
  if (!isChanged && !at.renew && !isOver && isOfEpoch && !isOvertaken(lock)) {
    return grant({ ledger, version: newest.version, isNew: false, puts: 0, removes: 0 });
  }

  // Never below what the lock has signed for, even if our own books are from a backup.
  const version = Math.max(newest.version, lock.contradicted ?? 0) + 1;
  const issued: IssuedVersion = {
    version,
    issuedAt: at.issuedAt,
    lifeHours: at.lifeHours,
    state: tableState(crypto, keys.state, version, after),
    handedOut: false,
  };
  const next: Ledger = {
    ...ledger,
    codes: codes.map((code) => stamped(code, version)),
    lock: {
      ...lock,
      lastWireId,
      issued: [...lock.issued, issued],
      spans: changedSpans(lock.spans, change, version),
    },
  };
  return grant({
    ledger: releaseCodes(next),
    version,
    isNew: true,
    puts: change.puts.length,
    removes: change.removes.length,
  });
}

/** The lock signed for a version that our books do not know, and none above it was issued since: it takes no other. */
function isOvertaken(lock: LockStanding): boolean {
  return lock.contradicted !== undefined && lock.contradicted >= newestVersion(lock).version;
}

/** From this second on a lock may refuse the version as EXPIRED. */
export function lastSecond(issued: IssuedVersion): number {
  return Math.min(issued.issuedAt + issued.lifeHours * 3_600, secondsNever);
}

/**
 * Whether `issue` has something to say: a code that no version holds yet or not under its present terms, a revoked one
 * that every version still holds, another house, a lock that stands further than our books, or a version that ran out by
 * `now` (seconds). Never without a lock: its first table is issued by `receive`.
 */
export function needsIssue(ledger: Ledger, now: number): boolean {
  const lock = ledger.lock;
  if (lock === undefined) return false;
  const newest = newestVersion(lock);
  if (lock.proven < newest.version && now >= lastSecond(newest)) return true;
  if (newest.version < lock.epochFrom || isOvertaken(lock)) return true;
  if (newest.version > 0 && houseDiffers(ledger, lock)) return true;
  return ledger.codes.some((code) =>
    code.revoked ? code.added !== undefined && code.removed === undefined : code.termsFrom === undefined,
  );
}

function withWireIds(codes: readonly CodeLife[], last: number): readonly CodeLife[] {
  let next = last;
  return codes.map((code) => {
    if (code.revoked || code.wireId !== undefined) return code;
    next++;
    return { ...code, wireId: next };
  });
}

function openItems(lock: LockStanding): readonly Bytes[] {
  return lock.spans.filter(({ until }) => until === undefined).map(({ bytes }) => bytes);
}

/** `digest`: instead of the true one, where nobody asks for it. */
function tableOf(crypto: Crypto, keys: LockKeys, items: readonly Bytes[], digest?: Bytes): Table {
  const sorted = [...items].sort((a, b) => itemId(a) - itemId(b));
  const table = tableFromItems(crypto, keys.digest, concat(...sorted), digest);
  if (!table.ok) throw new Error(`our own table does not stand: ${table.check}`);
  return table.value;
}

function stamped(code: CodeLife, version: number): CodeLife {
  if (!code.revoked && code.termsFrom === undefined)
    return { ...code, added: code.added ?? version, termsFrom: version };
  if (code.revoked && code.added !== undefined && code.removed === undefined)
    return { ...code, removed: version };
  return code;
}

function changedSpans(spans: readonly ItemSpan[], change: Change, version: number): readonly ItemSpan[] {
  const ended = new Set<number>([...change.removes, ...change.puts.map(itemId)]);
  const kept = spans.map((span): ItemSpan => {
    return span.until === undefined && ended.has(span.id) ? { ...span, until: version } : span;
  });
  const begun = change.puts.map(
    (bytes): ItemSpan => ({ id: itemId(bytes), from: version, until: undefined, bytes }),
  );
  return [...kept, ...begun];
}

/**
 * The tables at the given versions, ascending, each sharing structure with the one before: the cost is one whole
 * table plus the changes, not a table per version.
 */
export function tablesAt(
  crypto: Crypto,
  keys: LockKeys,
  spans: readonly ItemSpan[],
  versions: readonly number[],
): ReadonlyMap<number, Table> {
  const tables = new Map<number, Table>();
  let held: Table | undefined;
  let heldVersion = 0;
  for (const version of [...new Set(versions)].sort((a, b) => a - b)) {
    held =
      held === undefined
        ? tableOf(
            crypto,
            keys,
            spans.filter((span) => reaches(span, version)).map(({ bytes }) => bytes),
          )
        : moved(crypto, keys, held, spans, heldVersion, version);
    heldVersion = version;
    tables.set(version, held);
  }
  return tables;
}

function reaches(span: ItemSpan, version: number): boolean {
  return span.from <= version && (span.until === undefined || version < span.until);
}

function moved(
  crypto: Crypto,
  keys: LockKeys,
  table: Table,
  spans: readonly ItemSpan[],
  from: number,
  to: number,
): Table {
  const puts = spans.filter((span) => reaches(span, to) && span.from > from).map(({ bytes }) => bytes);
  const putIds = new Set(puts.map(itemId));
  const removes = spans.filter((span) => reaches(span, from) && !reaches(span, to) && !putIds.has(span.id));
  const next = applyChange(crypto, keys.digest, table, {
    removes: removes.map(({ id }) => id).sort((a, b) => a - b),
    puts: puts.sort((a, b) => itemId(a) - itemId(b)),
  });
  if (!next.ok) throw new Error(`our own versions do not follow each other: ${next.check}`);
  return next.value;
}
