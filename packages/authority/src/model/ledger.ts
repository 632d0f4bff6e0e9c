/**
 * The ledger of one door: whose codes it should know, what was issued to its lock, and what the lock has proven.
 * Pure: every act gives a new ledger. It never sees digits (a `mark` stands for them), a key, a clock or a database.
 *
 * Invariants: no two unreleased codes share a mark (F1: live, in flight and quarantined alike); one live code per
 * person; wire ids only grow within an epoch; versions only grow; `proven` moves on a lock's signed word alone.
 */
import {
  type Bytes,
  type CodeLength,
  firstCredentialId,
  type LockProfile,
} from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";

/** Where a door leads (`residence`, `buildingEntrance`, `communal`, `service`). */
export type DoorKind = LockProfile;

/** One code from the wish to the proof that it is gone. A reset ends one life and begins another on the same wire id. */
export interface CodeLife {
  readonly id: string;
  readonly person: string;
  /** Equal exactly for equal digits on the same door; says nothing about them to who lacks the key. */
  readonly mark: string;
  readonly length: CodeLength;
  /** The digits, sealed by the caller; opaque here. */
  readonly sealed: Bytes;
  readonly createdAt: number;
  /** Credential id in the lock's table, given with the first version that holds this person's code. */
  readonly wireId: number | undefined;
  /** First issued version with this code, and first one without it again. */
  readonly added: number | undefined;
  readonly removed: number | undefined;
  /** The door should no longer know it. */
  readonly revoked: boolean;
  /** Proven gone, or never within any lock's reach: the digits may be given again. */
  readonly released: boolean;
}

/** A signed version. Rows from the proven one on are enough for every rule here. */
export interface IssuedVersion {
  readonly version: number;
  readonly issuedAt: number;
  readonly lifeHours: number;
  /** state8 of the table at this version: what a receipt for it must carry. */
  readonly state: Bytes;
  /** A courier may have it, therefore the lock may hold it. Never goes back to false. */
  readonly handedOut: boolean;
}

/** An item of the table and the versions that hold it: [from, until). Any version's table can be put together. */
export interface ItemSpan {
  readonly id: number;
  readonly from: number;
  readonly until: number | undefined;
  readonly bytes: Bytes;
}

export interface LockStanding {
  readonly epoch: number;
  readonly lastWireId: number;
  /** Greatest version that a verified receipt (or, for 0, the commissioning reply) stands for. */
  readonly proven: number;
  /** Ascending; holds at least the proven version and all after it. */
  readonly issued: readonly IssuedVersion[];
  /** At least every span that reaches into a version >= proven. */
  readonly spans: readonly ItemSpan[];
  /** Version of a receipt that is truly the lock's but fits nothing ever issued: alarm. */
  readonly contradicted: number | undefined;
  readonly snapshotWanted: boolean;
  /** The last proven sync: the lock's own lower bound of its time, and when the receipt came in. */
  readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | undefined;
}

export interface Ledger {
  readonly kind: DoorKind;
  /** Hours a code lives without a newer table; 0: no lease, and the code ends fail-open. */
  readonly leaseHours: number;
  readonly codes: readonly CodeLife[];
  readonly lock: LockStanding | undefined;
}

export interface NewCode {
  readonly id: string;
  readonly person: string;
  readonly mark: string;
  readonly length: CodeLength;
  readonly sealed: Bytes;
  readonly createdAt: number;
}

/** The code that a person should have at this door. */
export function liveCode(ledger: Ledger, person: string): CodeLife | undefined {
  return ledger.codes.find((code) => code.person === person && !code.revoked);
}

/**
 * Marks that a new code of this person must not have: everything a lock may hold or come to hold, and all that this
 * person ever had here (F10: after revoke-all and re-grant the new code differs from every previous one).
 */
export function takenMarks(ledger: Ledger, person: string): ReadonlySet<string> {
  const marks = new Set<string>();
  for (const code of ledger.codes) if (!code.released || code.person === person) marks.add(code.mark);
  return marks;
}

/** Gives a person a code. ALREADY_ASSIGNED when they have one. */
export function assignCode(ledger: Ledger, code: NewCode): Decision<Ledger> {
  if (liveCode(ledger, code.person) !== undefined) return deny("ALREADY_ASSIGNED");
  return grant(withCode(ledger, code, undefined));
}

/** Another code instead of the present one: one change in the table, so that old dies and new lives in one step (F12). */
export function resetCode(ledger: Ledger, code: NewCode): Decision<Ledger> {
  const old = liveCode(ledger, code.person);
  if (old === undefined) return deny("NOT_ASSIGNED");
  return grant(withCode(withoutCode(ledger, old), code, old.wireId));
}

/** Takes a person's code away. It stays quarantined until a receipt proves a table without it. */
export function revokeCode(ledger: Ledger, person: string): Decision<Ledger> {
  const old = liveCode(ledger, person);
  if (old === undefined) return deny("NOT_ASSIGNED");
  return grant(withoutCode(ledger, old));
}

function withCode(ledger: Ledger, code: NewCode, wireId: number | undefined): Ledger {
  if (takenMarks(ledger, code.person).has(code.mark)) throw new Error("a taken code was drawn");
  const life: CodeLife = {
    ...code,
    wireId,
    added: undefined,
    removed: undefined,
    revoked: false,
    released: false,
  };
  return { ...ledger, codes: [...ledger.codes, life] };
}

function withoutCode(ledger: Ledger, old: CodeLife): Ledger {
  // A code in no version was never within a lock's reach: nothing to quarantine.
  const gone: CodeLife = { ...old, revoked: true, released: old.added === undefined };
  return { ...ledger, codes: ledger.codes.map((code) => (code === old ? gone : code)) };
}

/** The newest issued version. */
export function newestVersion(lock: LockStanding): IssuedVersion {
  const newest = lock.issued.at(-1);
  if (newest === undefined) throw new Error("a commissioned lock has at least version 0");
  return newest;
}

/** The versions the lock may hold now: the proven one and whatever was handed out since. */
export function possiblyHeld(lock: LockStanding): readonly number[] {
  return lock.issued
    .filter(({ version, handedOut }) => version === lock.proven || (handedOut && version > lock.proven))
    .map(({ version }) => version);
}

/** Marks a version as given to a courier. */
export function handOut(ledger: Ledger, version: number): Ledger {
  if (ledger.lock === undefined) return ledger;
  const issued = ledger.lock.issued.map((row) =>
    row.version === version && !row.handedOut ? { ...row, handedOut: true } : row,
  );
  return { ...ledger, lock: { ...ledger.lock, issued } };
}

/**
 * A lock begins an epoch with an empty table at version 0, proven by its signed commissioning reply. Whatever an
 * earlier lock or epoch held has no door any more: quarantine ends, and every wanted code starts again as unset.
 */
export function openEpoch(ledger: Ledger, epoch: number, emptyState: Bytes, at: number): Ledger {
  const version0: IssuedVersion = {
    version: 0,
    issuedAt: at,
    lifeHours: 0,
    state: emptyState,
    handedOut: true,
  };
  const codes = ledger.codes.map(
    (code): CodeLife =>
      code.released
        ? code
        : { ...code, wireId: undefined, added: undefined, removed: undefined, released: code.revoked },
  );
  const lock: LockStanding = {
    epoch,
    lastWireId: firstCredentialId - 1,
    proven: 0,
    issued: [version0],
    spans: [],
    contradicted: undefined,
    snapshotWanted: false,
    lastSync: undefined,
  };
  return { ...ledger, codes, lock };
}
