/**
 * The ledger of one door: whose codes it should know, what was issued to its lock, and what the lock has proven.
 * Pure: every act gives a new ledger. It never sees digits (a `mark` stands for them), a key, a clock or a database.
 *
 * Invariants: no two unreleased codes share a mark (F1: live, in flight and quarantined alike); one live code of a
 * class per person; an app's key lives only beside its person's doorcode and under its terms; wire ids only grow within an epoch; versions only grow; `proven` moves on a lock's signed word alone.
 */
import {
  type Bytes,
  type CodeLength,
  type CredentialClass,
  firstCredentialId,
  type LockProfile,
  receiptFlags,
  secondsNever,
  versionLeapMax,
} from "@doorsync/protocol/authority";
import { type Decision, type DenialName, deny, grant } from "./denial.ts";
import { fitTerms, type House, plainTerms, type Terms } from "./terms.ts";

/** Where a door leads (`residence`, `buildingEntrance`, `communal`, `service`). */
export type DoorKind = LockProfile;

/** One code from the wish to the proof that it is gone. A reset ends one life and begins another on the same wire id. */
export interface CodeLife {
  readonly id: string;
  readonly person: string;
  /** Equal exactly for equal digits on the same door; says nothing about them to who lacks the key. */
  readonly mark: string;
  readonly length: CodeLength | 0;
  /** The digits (or a card's id), sealed by the caller; opaque here. */
  readonly sealed: Bytes;
  readonly createdAt: number;
  /** Since when it is wished to be as it is: made, under other terms, or taken away. */
  readonly wishedAt: number;
  /** Undefined: those of a resident's doorcode. */
  readonly terms: Terms | undefined;
  /** First issued version that holds it under its present terms; later than `added` where they were changed since. */
  readonly termsFrom: number | undefined;
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
  /** Secret running sum of that table, as the protocol's table counts it; undefined where none was kept. */
  readonly digest: Bytes | undefined;
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

export type HeldUp = Extract<
  DenialName,
  "RULES_EXHAUSTED" | "IDS_EXHAUSTED" | "VERSIONS_EXHAUSTED" | "LOCK_FULL"
>;

/**
 * The books may lack what was taken away from somebody: they are of a backup, or the lock signed for more than they
 * know. Nothing is carried to the lock until management says that they are right (`settledAt`); a table that the lock
 * proves after that ends the doubt.
 */
export interface Doubt {
  readonly since: number;
  readonly settledAt: number | undefined;
}

export interface LockStanding {
  readonly epoch: number;
  /** Versions before this one were signed in an earlier epoch, before the keys were rotated; 0: none were. */
  readonly epochFrom: number;
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
  /** Why something that was granted is in no version, or no version could be made at all. Left out: nothing waits so. */
  readonly heldUp?: HeldUp | undefined;
  /** Credentials that the lock holds at most, where it or who commissioned it has said so. */
  readonly capacity?: number | undefined;
  /** Left out: nobody doubts the books of this door. */
  readonly doubt?: Doubt | undefined;
  /** The last proven sync: the lock's own lower bound of its time, and when the receipt came in. */
  readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | undefined;
  /** What the lock said of itself in its newest receipt. Left out: none came in since that is kept. */
  readonly said?: SignedWord | undefined;
}

/** How the lock is doing, under its signature: of the receipt that is newest by the lock's own clock. */
export interface SignedWord {
  readonly flags: number;
  readonly lockSeconds: number;
  readonly receivedAt: number;
}

export interface Ledger {
  readonly kind: DoorKind;
  /** Hours a code lives without a newer table; 0: no lease, and the code ends fail-open. */
  readonly leaseHours: number;
  /** What the property says of all its doors; left out: what the protocol recommends. */
  readonly house?: House;
  readonly codes: readonly CodeLife[];
  readonly lock: LockStanding | undefined;
}

export interface NewCode {
  readonly id: string;
  readonly person: string;
  readonly mark: string;
  /** 0 for what has no digits of its own: a card, an app's key, the daily doorcode. */
  readonly length: CodeLength | 0;
  readonly sealed: Bytes;
  readonly createdAt: number;
  /** Left out: those of a resident's doorcode; of a code that is reset: those it had. */
  readonly terms?: Terms;
}

export function classOf(code: { readonly terms?: Terms | undefined }): CredentialClass {
  return code.terms?.class ?? "code";
}

/** The code, card, key or daily doorcode that a person should have at this door. */
export function liveCode(ledger: Ledger, person: string, of: CredentialClass = "code"): CodeLife | undefined {
  return ledger.codes.find((code) => code.person === person && !code.revoked && classOf(code) === of);
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

/** Gives a person a code. ALREADY_ASSIGNED when they have one of its class, TERMS_UNFIT. */
export function assignCode(ledger: Ledger, code: NewCode): Decision<Ledger> {
  if (liveCode(ledger, code.person, classOf(code)) !== undefined) return deny("ALREADY_ASSIGNED");
  const fit = fitTerms(code.terms ?? plainTerms);
  return fit.ok ? grant(withCode(ledger, code, undefined)) : fit;
}

/** Another code instead of the present one: one change in the table, so that old dies and new lives in one step (F12). */
export function resetCode(ledger: Ledger, code: NewCode): Decision<Ledger> {
  const old = liveCode(ledger, code.person, classOf(code));
  if (old === undefined) return deny("NOT_ASSIGNED");
  const terms = code.terms ?? old.terms;
  const kept = terms === undefined ? code : { ...code, terms };
  return grant(withCode(withoutCode(ledger, old, code.createdAt), kept, old.wireId));
}

/**
 * Other terms for a code that a person has, from `at` (seconds) on; its digits stay. NOT_ASSIGNED when they have none of
 * this class, TERMS_UNFIT.
 */
export function changeTerms(ledger: Ledger, person: string, terms: Terms, at: number): Decision<Ledger> {
  const old = liveCode(ledger, person, terms.class);
  if (old === undefined) return deny("NOT_ASSIGNED");
  const fit = fitTerms(terms);
  if (!fit.ok) return fit;
  const key = terms.class === "code" ? liveCode(ledger, person, "app") : undefined;
  const codes = ledger.codes.map((code) => {
    const changed = { ...code, wishedAt: at, termsFrom: undefined };
    if (code === old) return { ...changed, terms };
    return code === key ? { ...changed, terms: { ...terms, class: "app" as const } } : code;
  });
  return grant({ ...ledger, codes });
}

/**
 * Lets a phone's key open where its person's doorcode does, under the same terms; in place of another phone's. The same
 * ledger when it does already. NOT_ASSIGNED without a doorcode, CODE_IS_COUNTED beside one that is counted.
 */
export function giveAppKey(ledger: Ledger, key: NewCode): Decision<Ledger> {
  const code = liveCode(ledger, key.person);
  if (code === undefined) return deny("NOT_ASSIGNED");
  const terms: Terms = { ...(code.terms ?? plainTerms), class: "app" };
  if (terms.useLimit > 0 || terms.expiringMinutes > 0) return deny("CODE_IS_COUNTED");
  const old = liveCode(ledger, key.person, "app");
  if (old === undefined) return grant(withCode(ledger, { ...key, terms }, undefined));
  return old.mark === key.mark ? grant(ledger) : resetCode(ledger, { ...key, terms });
}

/** Closes the door to a code, or opens it again: whatever else its terms say stays as it is (F15). */
export function suspendCode(
  ledger: Ledger,
  person: string,
  suspended: boolean,
  at: number,
  of: CredentialClass = "code",
): Decision<Ledger> {
  const terms = liveCode(ledger, person, of)?.terms ?? { ...plainTerms, class: of };
  return changeTerms(ledger, person, { ...terms, suspended }, at);
}

/**
 * Takes a person's code away, and with a doorcode their phone's key. It stays quarantined until a receipt proves a table
 * without it.
 */
export function revokeCode(
  ledger: Ledger,
  person: string,
  at: number,
  of: CredentialClass = "code",
): Decision<Ledger> {
  const old = liveCode(ledger, person, of);
  if (old === undefined) return deny("NOT_ASSIGNED");
  const after = withoutCode(ledger, old, at);
  const key = of === "code" ? liveCode(after, person, "app") : undefined;
  return grant(key === undefined ? after : withoutCode(after, key, at));
}

/** Whether the time of these terms has passed (`now`, seconds): no lock that knows the time opens to them again. */
export function isOver(terms: Terms | undefined, now: number): boolean {
  return terms !== undefined && terms.notAfter !== secondsNever && terms.notAfter <= now;
}

/** Takes away whatever is over: it would open nothing, and its place is others'. Quarantined like all that is revoked. */
export function endOver(ledger: Ledger, now: number): Ledger {
  return ledger.codes
    .filter((code) => !code.revoked && isOver(code.terms, now))
    .reduce((left, code) => withoutCode(left, code, now), ledger);
}

function withCode(ledger: Ledger, code: NewCode, wireId: number | undefined): Ledger {
  if (takenMarks(ledger, code.person).has(code.mark)) throw new Error("a taken code was drawn");
  const life: CodeLife = {
    ...code,
    wishedAt: code.createdAt,
    terms: code.terms,
    termsFrom: undefined,
    wireId,
    added: undefined,
    removed: undefined,
    revoked: false,
    released: false,
  };
  return { ...ledger, codes: [...ledger.codes, life] };
}

function withoutCode(ledger: Ledger, old: CodeLife, at: number): Ledger {
  // A code in no version was never within a lock's reach: nothing to quarantine.
  const gone: CodeLife = { ...old, wishedAt: at, revoked: true, released: old.added === undefined };
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

export const inNoVersion = { wireId: undefined, added: undefined, termsFrom: undefined, removed: undefined };

/**
 * A lock begins an epoch with an empty table at version 0, proven by its signed commissioning reply. Whatever an
 * earlier lock or epoch held has no door any more: quarantine ends, and every wanted code starts again as unset.
 */
export function openEpoch(
  ledger: Ledger,
  epoch: number,
  emptyState: Bytes,
  at: number,
  capacity?: number,
): Ledger {
  const version0: IssuedVersion = {
    version: 0,
    issuedAt: at,
    lifeHours: 0,
    state: emptyState,
    digest: undefined,
    handedOut: true,
  };
  const codes = ledger.codes.map(
    (code): CodeLife => (code.released ? code : { ...code, ...inNoVersion, released: code.revoked }),
  );
  const lock: LockStanding = {
    epoch,
    epochFrom: 0,
    lastWireId: firstCredentialId - 1,
    proven: 0,
    issued: [version0],
    spans: [],
    contradicted: undefined,
    snapshotWanted: false,
    lastSync: undefined,
    capacity,
    // Another lock makes no book right: who was taken out since the backup would be in its first table.
    doubt: ledger.lock !== undefined && isDoubted(ledger.lock) ? ledger.lock.doubt : undefined,
  };
  return { ...ledger, codes, lock };
}

/**
 * The authority's keys were replaced, which begins an epoch. Versions go on counting, and what the lock holds stays as
 * it is: codes are set, in flight or quarantined as before, until a receipt of the new epoch proves a table in it.
 * VERSIONS_EXHAUSTED when the next version is more than a lock would leap to.
 */
export function rotateEpoch(ledger: Ledger, epoch: number): Decision<Ledger> {
  const { lock } = ledger;
  if (lock === undefined) return deny("NOT_COMMISSIONED");
  if (epoch <= lock.epoch) throw new RangeError(`epoch ${epoch} after ${lock.epoch}`);
  const epochFrom = newestVersion(lock).version + 1;
  if (epochFrom > versionLeapMax) return deny("VERSIONS_EXHAUSTED", `${epochFrom}`);
  return grant({ ...ledger, lock: { ...lock, epoch, epochFrom } });
}

/** Whether the lock said last that its table is damaged: none of its codes opens until a whole table came in. */
export function isDamaged({ said }: LockStanding): boolean {
  return said !== undefined && (said.flags & receiptFlags.damaged) !== 0;
}

/** Whether the books of this door are in doubt and nobody has said yet that they are right. */
export function isDoubted(lock: LockStanding): boolean {
  return lock.doubt !== undefined && lock.doubt.settledAt === undefined;
}

/** Management's word that the books are right again: tables go out from now on, and the next that is proven ends it. */
export function trusted(ledger: Ledger, now: number): Ledger {
  const { lock } = ledger;
  if (lock?.doubt === undefined) return ledger;
  return { ...ledger, lock: { ...lock, doubt: { ...lock.doubt, settledAt: now } } };
}

/** The books of this door came out of a backup, or may have. */
export function doubted(ledger: Ledger, now: number): Ledger {
  const { lock } = ledger;
  if (lock === undefined) return ledger;
  return { ...ledger, lock: { ...lock, doubt: { since: now, settledAt: undefined } } };
}

/** Whether a receipt has shown that the lock has the keys of its present epoch. */
export function isInEpoch(lock: LockStanding): boolean {
  return lock.proven >= lock.epochFrom;
}
