/**
 * The next version of a door's table: what the lock should hold, against what was last issued. Pure; it signs
 * nothing and hands nothing out.
 */
import {
  applyChange,
  type Bytes,
  type Change,
  type Crypto,
  concat,
  digestWith,
  equal,
  itemId,
  type LockKeys,
  lastCredentialId,
  secondsNever,
  type Table,
  tableFromItems,
  tableState,
  versionLeapMax,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import {
  type CodeLife,
  type HeldUp,
  type IssuedVersion,
  type ItemSpan,
  inNoVersion,
  type Ledger,
  type LockStanding,
  newestVersion,
} from "../model/ledger.ts";
import { releaseCodes } from "../model/proof.ts";
import { isOverfull } from "../model/room.ts";
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
  /** Codes that no version holds yet, because there is no room for them. */
  readonly waiting: number;
}

/**
 * Raises the version if the door's table should differ from the newest issued one, if the newest one ran out
 * before the lock proved it, when the lock signed for one that our books do not know, in a new epoch, or on request.
 * NOT_COMMISSIONED without a lock, RULES_EXHAUSTED when somebody in the table was given terms for which there is no
 * room, VERSIONS_EXHAUSTED when the lock is too far behind to take another. What is new and finds no room waits, and
 * the ledger says that something does (`heldUp`): what is taken away leaves all the same.
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
  const numbered = withWireIds(ledger.codes, lock.lastWireId);

  const before = openItems(lock);
  const desired = desiredItems(ledger, numbered, lock, tagOf, beside);
  if (!desired.ok) return desired;
  const { items, waiting } = desired.value;
  const isOut = (code: CodeLife): boolean => waiting.has(code.id);
  // Who waits has no id: it is given with the version that holds the code. What no lock had room for was in none.
  const codes = numbered.map((code) => (isOut(code) ? { ...code, ...inNoVersion } : code));
  const lastWireId = codes.reduce((last, code) => Math.max(last, code.wireId ?? 0), lock.lastWireId);
  const heldUp = heldUpBy(new Set(waiting.values()));
  const change = changeBetweenItems(before, items);
  const isUnproven = lock.proven < newest.version;
  const isOver = isUnproven && at.issuedAt >= lastSecond(newest);
  const isChanged = change.puts.length + change.removes.length > 0;
  const isOfEpoch = newest.version > 0 && newest.version >= lock.epochFrom;
  if (!isChanged && !at.renew && !isOver && isOfEpoch && !isOvertaken(lock)) {
    // Wished for and taken back since: the newest version has it as it is wished for now.
    const isAsWished = (code: CodeLife): boolean =>
      !code.revoked && code.added !== undefined && code.termsFrom === undefined && !isOut(code);
    const settled = ledger.codes.some(isAsWished)
      ? ledger.codes.map((code) => (isAsWished(code) ? { ...code, termsFrom: newest.version } : code))
      : ledger.codes;
    const isSaid = lock.heldUp === heldUp && settled === ledger.codes;
    const said = isSaid ? ledger : { ...ledger, codes: settled, lock: { ...lock, heldUp } };
    const counts = { puts: 0, removes: 0, waiting: waiting.size };
    return grant({ ledger: said, version: newest.version, isNew: false, ...counts });
  }

  // Never below what the lock has signed for, even if our own books are from a backup.
  const version = Math.max(newest.version, lock.contradicted ?? 0) + 1;
  if (version > Math.max(lock.proven, lock.contradicted ?? 0) + versionLeapMax)
    return deny("VERSIONS_EXHAUSTED", `${version}`);
  const after = tableOf(crypto, keys, items, digestAfter(crypto, keys, lock, before, change));
  const issued: IssuedVersion = {
    version,
    issuedAt: at.issuedAt,
    lifeHours: at.lifeHours,
    state: tableState(crypto, keys.state, version, after),
    digest: after.digest,
    handedOut: false,
  };
  const next: Ledger = {
    ...ledger,
    codes: codes.map((code) => (isOut(code) ? code : stamped(code, version))),
    lock: {
      ...lock,
      heldUp,
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
    waiting: waiting.size,
  });
}

/** Why codes are in no version; of several reasons the one that is told is the one that most is to be done about. */
function heldUpBy(whys: ReadonlySet<HeldUp>): LockStanding["heldUp"] {
  return (["IDS_EXHAUSTED", "LOCK_FULL", "RULES_EXHAUSTED"] as const).find((why) => whys.has(why));
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
 * that every version still holds, more than the lock has room for, another house, a lock that stands further than our books, something that was held up,
 * or a version that ran out by `now` (seconds). Never without a lock: its first table is issued by `receive`.
 */
export function needsIssue(ledger: Ledger, now: number): boolean {
  const lock = ledger.lock;
  if (lock === undefined) return false;
  const newest = newestVersion(lock);
  if (lock.proven < newest.version && now >= lastSecond(newest)) return true;
  if (newest.version < lock.epochFrom || isOvertaken(lock)) return true;
  if (lock.heldUp !== undefined || isOverfull(lock)) return true;
  if (newest.version > 0 && houseDiffers(ledger, lock)) return true;
  return ledger.codes.some((code) =>
    code.revoked ? code.added !== undefined && code.removed === undefined : code.termsFrom === undefined,
  );
}

function withWireIds(codes: readonly CodeLife[], last: number): readonly CodeLife[] {
  let next = last;
  return codes.map((code) => {
    if (code.revoked || code.wireId !== undefined || next >= lastCredentialId) return code;
    next++;
    return { ...code, wireId: next };
  });
}

function openItems(lock: LockStanding): readonly Bytes[] {
  return lock.spans.filter(({ until }) => until === undefined).map(({ bytes }) => bytes);
}

/** What leads from one set of items to another; no id comes twice in either. */
function changeBetweenItems(before: readonly Bytes[], after: readonly Bytes[]): Change {
  const held = new Map(before.map((item) => [itemId(item), item]));
  const puts: Bytes[] = [];
  for (const item of after) {
    const old = held.get(itemId(item));
    held.delete(itemId(item));
    if (old === undefined || !equal(old, item)) puts.push(item);
  }
  return {
    removes: [...held.keys()].sort((a, b) => a - b),
    puts: puts.sort((a, b) => itemId(a) - itemId(b)),
  };
}

/**
 * The digest after a change, from the one that was kept with the newest version: two keyed hashes and not one for each
 * item. Undefined where it must be counted from the items: none was kept, or the lock and our books are at odds, when
 * nothing that was kept is built upon. Other keys of the authority leave a lock's own keys as they are.
 */
function digestAfter(
  crypto: Crypto,
  keys: LockKeys,
  lock: LockStanding,
  before: readonly Bytes[],
  { removes, puts }: Change,
): Bytes | undefined {
  const newest = newestVersion(lock);
  const isAtOdds = lock.contradicted !== undefined || lock.snapshotWanted;
  if (newest.digest === undefined || isAtOdds) return undefined;
  const gone = new Set<number>([...removes, ...puts.map(itemId)]);
  let digest = newest.digest;
  for (const item of before)
    if (gone.has(itemId(item))) digest = digestWith(crypto, keys.digest, digest, item, -1);
  for (const item of puts) digest = digestWith(crypto, keys.digest, digest, item, 1);
  return digest;
}

/** `digest`: the running sum of these items, where it is known already. */
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

/** What leads from the table at one version to the table at a later one; an item that came back as it was is no change. */
export function changeOf(spans: readonly ItemSpan[], from: number, to: number): Change {
  const at = (version: number): readonly Bytes[] =>
    spans.filter((span) => reaches(span, version)).map(({ bytes }) => bytes);
  return changeBetweenItems(at(from), at(to));
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
  const next = applyChange(crypto, keys.digest, table, changeOf(spans, from, to));
  if (!next.ok) throw new Error(`our own versions do not follow each other: ${next.check}`);
  return next.value;
}
