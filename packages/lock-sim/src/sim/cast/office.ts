/**
 * The authority of a world: the shipped ledger, planner and judge of receipts, with its books in memory and a mailbox
 * for each door. What the property decides is kept beside them in plain values, for the checkers. Not the office with
 * its database; that has tests of its own.
 */
import {
  assignCode,
  buildParcels,
  type CodeLife,
  codeState,
  drawCode,
  handOut,
  isPending,
  type Ledger,
  liveCode,
  newestVersion,
  nextVersion,
  openEpoch,
  type Terms as PropertyTerms,
  plainHouse,
  plainTerms,
  resetCode,
  revokeCode,
  suspendCode,
  takenMarks,
  takeReceipt,
} from "@doorsync/authority/core";
import {
  type AuthorityLock,
  acceptReceipt,
  acceptSegment,
  type Bytes,
  type Commission,
  type Crypto,
  cardTag,
  dailyCode,
  emptyTable,
  equal,
  finishCommission,
  firstHead,
  fromHex,
  issueAck,
  issueCommission,
  issueRotation,
  issueTime,
  type LockName,
  type LockPublic,
  type LogPlace,
  lifeHoursDefault,
  messageCatalog,
  noBytes,
  type Parcel,
  pinTag,
  type ReturnSlip,
  readRefusal,
  receiptFlags,
  refusalByCode,
  type Setup,
  secondsNever,
  setupTag,
  tableState,
  toHex,
} from "@doorsync/protocol/authority";
import type { Chance } from "../chance.ts";
import {
  always,
  cleaner,
  type DailyDigits,
  dayOf,
  type Entry,
  type EntryKind,
  type Offset,
  personName,
  type Signed,
  staff,
  type Terms,
} from "../plain.ts";
import type { Seen } from "../seen.ts";

/** Days whose daily code people may come with. */
const daysBefore = 4;
const daysAfter = 8;

const lockKeyUnknown = new Uint8Array(32);

/** The authority's own keys, drawn once. */
export interface OfficeKeys {
  readonly root: Bytes;
  readonly table: Bytes;
  readonly capability: Bytes;
  readonly time: Bytes;
  readonly box: Bytes;
}

interface Hung {
  readonly lock: AuthorityLock;
  readonly lockPublic: LockPublic;
  readonly tag: Bytes;
  /** The keys that this lock is told by now. */
  readonly keys: OfficeKeys;
}

/** All that is written down for one door: a value, so that a backup is a copy of it. */
interface Folder {
  readonly ledger: Ledger;
  readonly hung: Hung | undefined;
  /** An offer that was not answered yet, and the keys it tells the lock. */
  readonly commission: (Commission & { readonly keys: OfficeKeys }) | undefined;
  /** Digits, or a card's bytes in hexadecimal, by the id of a code's life. */
  readonly digits: ReadonlyMap<string, string>;
  /** On what terms, as the property means them; without an entry: a resident's. */
  readonly terms: ReadonlyMap<string, Terms>;
  readonly lives: number;
  readonly hasFastClock: boolean;
  readonly hasConflict: boolean;
  /** Keys before a rotation, and the signed words that lead on from them. */
  readonly rotations: readonly Parcel[];
}

export type GuestChange = "uninvite" | "suspend" | "resume";

export interface OfficeParts {
  readonly crypto: Crypto;
  readonly keys: OfficeKeys;
  readonly chance: Chance;
  readonly doors: number;
  readonly leaseHours: readonly number[];
  /** By door: how long an update stays deliverable; as the protocol recommends when left out. */
  readonly lifeHours?: readonly number[];
  readonly offsets: readonly Offset[];
  /** True time, in seconds since 1970. */
  readonly now: () => number;
  readonly seen: (seen: Seen) => void;
}

export interface Office {
  /** The digits a resident or a guest was last told; undefined when there are none now. */
  digitsOf(door: number, person: string): string | undefined;
  /** Digits that they were told before the present ones and that are theirs no more. */
  formerOf(door: number, person: string): string | undefined;
  give(act: "assign" | "reset", door: number, resident: number, chance: Chance): string;
  revoke(door: number, resident: number): string;
  invite(door: number, guest: number, terms: Terms, chance: Chance): string;
  changeGuest(door: number, guest: number, change: GuestChange): string;
  /** Other online keys, and a new epoch for every lock; not below these. */
  rotate(epochsMin?: readonly number[]): void;
  /** The lock that hangs at a door by the books, its epoch, and the key that its tables are signed with by now. */
  hungAt(door: number): (LockName & { readonly tableKey: Bytes }) | undefined;
  /** A time token for a lock's nonce; undefined when it is no lock of ours, or one of an earlier epoch. */
  time(asked: { readonly lockId: Bytes; readonly epoch: number; readonly nonce: Bytes }): Bytes | undefined;
  /** Signs a new table if the books ask for one, or at any rate; what it came to in words. */
  issue(door: number, renew: boolean): string;
  /** Offers a door's lock an owner; it replaces the one that hangs there. */
  offer(door: number, setup: Setup, epochMin: number): string;
  /** What lies in the mailboxes of all doors. */
  parcels(): readonly Parcel[];
  take(slip: ReturnSlip): string;
  /** Starts anew from its books alone. */
  restart(): void;
  backUp(): void;
  /** False when there is no backup. */
  restoreBackup(): boolean;
  /** Whether the books of a door wait for something. */
  isSettled(door: number): boolean;
  newest(door: number): number;
  entries(door: number): readonly Entry[];
}

export function createOffice(parts: OfficeParts): Office {
  const { crypto } = parts;
  let keys = parts.keys;
  let rotated = 0;
  const publicKeys = (of: OfficeKeys) => ({
    root: crypto.signPublic(of.root),
    table: crypto.signPublic(of.table),
    capability: crypto.signPublic(of.capability),
    time: crypto.signPublic(of.time),
    box: crypto.agreePublic(of.box),
  });
  /** How far each lock's log has come in. Kept apart from the books: a log is only ever added to. */
  let logs = new Map<number, LogPlace>();
  const house = {
    ...plainHouse,
    zone: parts.offsets.map(({ at: from, minutes }) => ({ at: from, offsetMinutes: minutes })),
  };
  let folders: readonly Folder[] = Array.from({ length: parts.doors }, (_, i) => ({
    ledger: { kind: "residence", leaseHours: parts.leaseHours[i] ?? 0, codes: [], lock: undefined, house },
    hung: undefined,
    commission: undefined,
    digits: new Map<string, string>(),
    terms: new Map<string, Terms>(),
    lives: 0,
    hasFastClock: false,
    hasConflict: false,
    rotations: [],
  }));
  let backup: readonly Folder[] | undefined;

  function at(door: number): Folder {
    const folder = folders[door - 1];
    if (folder === undefined) throw new Error(`no door ${door}`);
    return folder;
  }

  function put(door: number, change: Partial<Folder>): Folder {
    const next = { ...at(door), ...change };
    folders = folders.map((folder, i) => (i === door - 1 ? next : folder));
    return next;
  }

  function told(door: number): void {
    const { ledger, digits } = at(door);
    const { lock } = ledger;
    if (lock === undefined) return;
    parts.seen({
      kind: "books",
      books: {
        door,
        epoch: lock.epoch,
        proven: lock.proven,
        newest: newestVersion(lock).version,
        contradicted: lock.contradicted !== undefined,
        codes: ledger.codes.map((code) => {
          const state = codeState(code, lock);
          return { digits: digits.get(code.id) ?? "", state, pending: isPending(state) };
        }),
      },
    });
  }

  function entriesOf({ ledger, digits, terms }: Folder): readonly Entry[] {
    const { leaseHours } = ledger;
    const plain: Terms = { ...always, leaseHours, failOpen: leaseHours === 0 };
    return ledger.codes
      .filter((code) => !code.revoked)
      .map(({ id, person, wireId }) => ({
        person,
        kind: kindOf(person),
        digits: digits.get(id) ?? "",
        terms: terms.get(id) ?? plain,
        credential: wireId,
      }));
  }

  /** The codes of the days around, as long as the door has any. */
  function dailyOf({ ledger, hung }: Folder): readonly DailyDigits[] {
    const slot = liveCode(ledger, personName("guest", staff), "dailyCode")?.wireId;
    if (hung === undefined || slot === undefined) return [];
    const today = dayOf(parts.offsets, parts.now());
    return Array.from({ length: daysBefore + daysAfter + 1 }, (_, i) => {
      const day = today - daysBefore + i;
      return { day, digits: dailyCode(crypto, hung.lock.keys.daily, { generation: 0, slot, day }) };
    });
  }

  function issue(door: number, renew: boolean): string {
    const folder = at(door);
    const { hung, ledger, digits } = folder;
    if (hung === undefined || ledger.lock === undefined) return "no lock hangs there";
    // A lock that signed for what the books do not know is brought home by a version above it.
    const { contradicted } = ledger.lock;
    const isContradicted = contradicted !== undefined && contradicted >= newestVersion(ledger.lock).version;
    const usual = parts.lifeHours?.[door - 1] ?? lifeHoursDefault;
    const lifeHours = folder.hasFastClock ? lifeHoursDefault : usual;
    const isUnfit = folder.hasConflict || isContradicted;
    const isTooShort = folder.hasFastClock && newestVersion(ledger.lock).lifeHours < lifeHours;
    const wish = { issuedAt: parts.now(), lifeHours, renew: renew || isUnfit || isTooShort };
    const { keys: lockKeys } = hung.lock;
    const tagOf = ({ id, person }: CodeLife): Bytes => {
      const own = digits.get(id) ?? "";
      if (kindOf(person) === "card") return cardTag(crypto, lockKeys.pin, fromHex(own) ?? noBytes);
      return pinTag(crypto, lockKeys.pin, own);
    };
    const next = nextVersion(crypto, lockKeys, ledger, wish, tagOf);
    if (!next.ok) throw new Error(`the authority cannot issue: ${next.denial}`);
    const { version, isNew } = next.value;
    const handed = handOut(next.value.ledger, version);
    put(door, { ledger: handed, hasConflict: false });
    if (!isNew || handed.lock === undefined) return `version ${version} says it all`;
    const newest = newestVersion(handed.lock);
    const signed: Signed = {
      door,
      epoch: handed.lock.epoch,
      version,
      state: toHex(newest.state),
      issuedAt: newest.issuedAt,
      notAfter: newest.issuedAt + newest.lifeHours * 3_600,
      entries: entriesOf(at(door)),
      offsets: parts.offsets,
      daily: dailyOf(at(door)),
    };
    parts.seen({ kind: "signed", signed });
    told(door);
    const codes = signed.entries.length;
    return `version ${version}, ${codes} ${codes === 1 ? "code" : "codes"}`;
  }

  function takeCommission(door: number, slip: ReturnSlip): string {
    const { commission, ledger } = at(door);
    if (commission === undefined) return "commissioned already";
    const finished = finishCommission(crypto, commission, slip.body);
    if (!finished.ok) return "no answer to this offer";
    const { lockId, epoch, tag } = commission.offer;
    const lock: AuthorityLock = { name: { lockId, epoch }, keys: finished.value.keys };
    const emptyState = tableState(crypto, lock.keys.state, 0, emptyTable);
    const hung: Hung = { lock, lockPublic: finished.value.lockPublic, tag, keys: commission.keys };
    const opened = openEpoch(ledger, epoch, emptyState, parts.now());
    put(door, { ledger: opened, hung, commission: undefined, rotations: [] });
    logs.set(door, noLog);
    parts.seen({ kind: "commissioned", door, epoch });
    const issued = issue(door, false);
    return `commissioned in epoch ${epoch}, ${issued}`;
  }

  function takeWord(door: number, hung: Hung, slip: ReturnSlip): string {
    const { ledger } = at(door);
    if (slip.epoch !== hung.lock.name.epoch || ledger.lock === undefined) return "of an earlier epoch";
    if (slip.kind === "log") return takeLog(door, hung, slip);
    if (slip.kind === "commission") return "commissioned already";
    if (slip.kind === "refusal") {
      const read = readRefusal(slip.body);
      const name = read.ok ? refusalByCode(read.value.code) : undefined;
      if (name === "NEED_SNAPSHOT") put(door, { ledger: wantingSnapshot(ledger) });
      // A lock whose clock runs ahead takes what lives longer than it is ahead.
      if (name === "EXPIRED") put(door, { hasFastClock: true });
      // It knows this number with other content: of a time that these books do not remember.
      if (name === "CONFLICT") put(door, { hasConflict: true });
      return `refused: ${name ?? "unreadable"}`;
    }
    const receipt = acceptReceipt(crypto, hung.lock.name, hung.lockPublic.sign, slip.body);
    if (!receipt.ok) return "not by this lock";
    const damaged = (receipt.value.flags & receiptFlags.damaged) !== 0;
    const taken = takeReceipt(ledger, { ...receipt.value, damaged }, parts.now());
    put(door, { ledger: taken.ledger });
    told(door);
    return `${taken.outcome} at version ${receipt.value.version}`;
  }

  /** Events that come in are durable here at once; what is lost with books is not acknowledged again. */
  function takeLog(door: number, hung: Hung, slip: ReturnSlip): string {
    const held = logs.get(door) ?? noLog;
    const segment = acceptSegment(crypto, hung.lock, hung.keys.box, held, slip.body);
    if (!segment.ok) return `log refused: ${segment.refusal} ${segment.check}`;
    const { events, seq, head } = segment.value;
    logs.set(door, { seq, head });
    parts.seen({ kind: "log", door, events, seq });
    return events.length === 0 ? "no news in the log" : `log up to ${seq}`;
  }

  function parcelsOf(door: number): readonly Parcel[] {
    const { hung, ledger, commission, rotations } = at(door);
    const parcels: Parcel[] = [...rotations];
    if (commission !== undefined)
      parcels.push(commissionParcel(crypto, commission, publicKeys(commission.keys).table));
    if (hung === undefined || ledger.lock === undefined) return parcels;
    const signer = {
      tableSeed: hung.keys.table,
      tableKey: publicKeys(hung.keys).table,
      lockKey: hung.lockPublic.sign,
      tag: hung.tag,
    };
    parcels.push(...buildParcels(crypto, signer, hung.lock, ledger.lock, parts.now()));
    const place = logs.get(door) ?? noLog;
    if (place.seq > 0) parcels.push(ackParcel(hung, place));
    return parcels;
  }

  function ackParcel(hung: Hung, place: LogPlace): Parcel {
    const body = issueAck(crypto, hung.keys.table, hung.lock.name, place);
    return {
      ...loneParcel(hung, place.seq, publicKeys(hung.keys).table),
      kind: "ack",
      messages: [{ type: messageCatalog.ack.type, body }],
    };
  }

  /** The root key puts others in the place of those that work online. Every lock is told with the next parcels. */
  function rotate(epochsMin: readonly number[] = []): void {
    const own = parts.chance.fork(`keys ${++rotated}`);
    const root = keys.root;
    keys = {
      root,
      table: own.fork("table").bytes(32),
      capability: own.fork("capability").bytes(32),
      time: own.fork("time").bytes(32),
      box: own.fork("box").bytes(32),
    };
    const { table, capability, time, box, root: rootKey } = publicKeys(keys);
    for (let door = 1; door <= folders.length; door++) {
      const { hung, ledger, rotations } = at(door);
      if (hung === undefined || ledger.lock === undefined) continue;
      const { lockId, epoch: before } = hung.lock.name;
      const epoch = Math.max(before + 1, epochsMin[door - 1] ?? 0);
      const said = { epoch, issuedAt: parts.now(), table, capability, time, box };
      const parcel: Parcel = {
        ...loneParcel(hung, epoch, rootKey),
        kind: "rotation",
        messages: [{ type: messageCatalog.rotation.type, body: issueRotation(crypto, root, lockId, said) }],
      };
      const lock: AuthorityLock = { ...hung.lock, name: { lockId, epoch } };
      const emptyState = tableState(crypto, lock.keys.state, 0, emptyTable);
      put(door, {
        hung: { ...hung, lock, keys },
        ledger: rotatedLedger(ledger, epoch, emptyState, parts.now()),
        rotations: [...rotations, parcel],
      });
      issue(door, true);
    }
  }

  function dayDigits(door: number, fromToday: number): string | undefined {
    const day = dayOf(parts.offsets, parts.now()) + fromToday;
    return dailyOf(at(door)).find((one) => one.day === day)?.digits;
  }

  /** A code, card or daily code for somebody; what came of it in words. */
  function enter(
    door: number,
    person: string,
    act: typeof assignCode,
    wish: { readonly terms: Terms | undefined; readonly chance: Chance },
  ): string {
    const { ledger, digits, terms, lives } = at(door);
    const kind = kindOf(person);
    const drawn = drawFor(ledger, person, kind, wish.chance);
    if (drawn === undefined) return "denied: CODES_EXHAUSTED";
    const id = `${door}/${lives}`;
    const mark = kind === "code" ? drawn : `${kind} ${id}`;
    const agreed = wish.terms === undefined ? {} : { terms: propertyTerms(wish.terms, kind) };
    const length = kind === "code" ? (4 as const) : (0 as const);
    const code = { id, person, mark, length, sealed: noBytes, createdAt: parts.now(), ...agreed };
    const given = act(ledger, code);
    if (!given.ok) return `denied: ${given.denial}`;
    put(door, {
      ledger: given.value,
      digits: new Map(digits).set(id, drawn),
      terms: wish.terms === undefined ? terms : new Map(terms).set(id, wish.terms),
      lives: lives + 1,
    });
    told(door);
    if (kind === "daily") return "given the code of the day";
    return `${act === resetCode ? "changed to" : "given"} ${drawn}`;
  }

  function takeAway(door: number, person: string): string {
    const { ledger, digits } = at(door);
    const of = classes[kindOf(person)];
    const old = liveCode(ledger, person, of);
    const after = revokeCode(ledger, person, parts.now(), of);
    if (!after.ok || old === undefined) return `denied: ${after.ok ? "" : after.denial}`;
    put(door, { ledger: after.value });
    told(door);
    return `taken away ${digits.get(old.id) ?? ""}`;
  }

  function drawFor(ledger: Ledger, person: string, kind: EntryKind, chance: Chance): string | undefined {
    if (kind === "daily") return "";
    if (kind === "card") return toHex(chance.bytes(7));
    const taken = takenMarks(ledger, person);
    // Half of the draws fall on a few digits, so that what is taken is drawn often.
    const fill = (bytes: Bytes): void =>
      bytes.set(chance.strikes(500) ? [0, 0, 8, chance.below(6)] : chance.bytes(bytes.length));
    const drawn = drawCode(fill, 4, (one) => taken.has(one));
    return drawn.ok ? drawn.value : undefined;
  }

  return {
    digitsOf(door, person) {
      if (person === personName("guest", staff)) return dayDigits(door, 0);
      return entriesOf(at(door)).find((entry) => entry.person === person)?.digits;
    },
    formerOf(door, person) {
      if (person === personName("guest", staff)) return dayDigits(door, -1);
      const { ledger, digits } = at(door);
      const former = ledger.codes.findLast((code) => code.person === person && code.revoked);
      return former === undefined ? undefined : digits.get(former.id);
    },
    give(act, door, resident, chance) {
      const person = personName("resident", resident);
      return enter(door, person, act === "assign" ? assignCode : resetCode, { terms: undefined, chance });
    },
    revoke: (door, resident) => takeAway(door, personName("resident", resident)),
    invite: (door, guest, terms, chance) =>
      enter(door, personName("guest", guest), assignCode, { terms, chance }),
    changeGuest(door, guest, change) {
      const person = personName("guest", guest);
      if (change === "uninvite") return takeAway(door, person);
      const { ledger, terms } = at(door);
      const suspended = change === "suspend";
      const of = classes[kindOf(person)];
      const code = liveCode(ledger, person, of);
      const after = suspendCode(ledger, person, suspended, parts.now(), of);
      if (!after.ok || code === undefined) return `denied: ${after.ok ? "" : after.denial}`;
      const own = terms.get(code.id);
      if (own === undefined) throw new Error("a guest without terms");
      put(door, { ledger: after.value, terms: new Map(terms).set(code.id, { ...own, suspended }) });
      told(door);
      return suspended ? "may not use it now" : "may use it again";
    },
    rotate,
    hungAt(door) {
      const { hung } = at(door);
      return hung && { ...hung.lock.name, tableKey: publicKeys(hung.keys).table };
    },
    time(asked) {
      const folder = folders.find(
        ({ hung }) => hung !== undefined && equal(hung.lock.name.lockId, asked.lockId),
      );
      if (folder?.hung === undefined || folder.hung.lock.name.epoch !== asked.epoch) return undefined;
      const { hung } = folder;
      return issueTime(crypto, hung.keys.time, hung.lock.name, asked.nonce, parts.now());
    },
    issue,
    offer(door, setup, epochMin) {
      const { ledger } = at(door);
      const epoch = Math.max((ledger.lock?.epoch ?? 0) + 1, epochMin);
      const own = parts.chance.fork(`door ${door}/epoch ${epoch}`);
      const offer = {
        lockId: own.fork("lock id").bytes(16),
        tag: own.fork("tag").bytes(8),
        epoch,
        issuedAt: parts.now(),
        ...publicKeys(keys),
      };
      put(door, { commission: { setup, ephemeral: own.fork("ephemeral").bytes(32), offer, keys } });
      return `offered epoch ${epoch}`;
    },
    parcels: () => folders.flatMap((_, i) => parcelsOf(i + 1)),
    take(slip) {
      for (let door = 1; door <= folders.length; door++) {
        const { commission, hung } = at(door);
        if (commission !== undefined && equal(commission.offer.lockId, slip.lockId)) {
          return slip.kind === "commission" ? takeCommission(door, slip) : "nothing to take";
        }
        if (hung !== undefined && equal(hung.lock.name.lockId, slip.lockId))
          return takeWord(door, hung, slip);
      }
      return "of a lock that hangs nowhere";
    },
    restart() {
      // What its database would give back: plain bytes and numbers, none of them the object that it was. Whatever was
      // remembered beside an object, or by being the same one, is gone.
      ({ keys, rotated, folders, logs, backup } = structuredClone({ keys, rotated, folders, logs, backup }));
    },
    backUp() {
      backup = folders;
    },
    restoreBackup() {
      if (backup === undefined) return false;
      folders = backup;
      parts.seen({ kind: "restored" });
      for (let door = 1; door <= folders.length; door++) told(door);
      return true;
    },
    isSettled(door) {
      const { ledger, commission } = at(door);
      const { lock } = ledger;
      if (lock === undefined || commission !== undefined) return false;
      const isProven = lock.proven === newestVersion(lock).version && lock.contradicted === undefined;
      return (
        isProven && !lock.snapshotWanted && ledger.codes.every((code) => !isPending(codeState(code, lock)))
      );
    },
    newest: (door) => {
      const { lock } = at(door).ledger;
      return lock === undefined ? 0 : newestVersion(lock).version;
    },
    entries: (door) => entriesOf(at(door)),
  };
}

const classes = { code: "code", card: "keycard", daily: "dailyCode" } as const;

/** Who has what: the cleaner a card, staff the code of the day, everybody else digits of their own. */
function kindOf(person: string): EntryKind {
  if (person === personName("guest", cleaner)) return "card";
  return person === personName("guest", staff) ? "daily" : "code";
}

function propertyTerms(terms: Terms, kind: EntryKind): PropertyTerms {
  return {
    ...plainTerms,
    class: classes[kind],
    useLimit: terms.useLimit,
    expiringMinutes: terms.expiringMinutes,
    notBefore: terms.notBefore,
    notAfter: terms.notAfter ?? secondsNever,
    windows: terms.hours === undefined ? undefined : [terms.hours],
    leaseHours: terms.leaseHours,
    failOpen: terms.failOpen,
    suspended: terms.suspended,
    duress: terms.duress,
  };
}

const noLog: LogPlace = { seq: 0, head: firstHead };

/** The wrapper of a rotation or an acknowledgement. */
function loneParcel(hung: Hung, to: number, key: Bytes): Omit<Parcel, "kind" | "messages"> {
  return {
    lockId: hung.lock.name.lockId,
    tag: hung.tag,
    epoch: hung.lock.name.epoch,
    from: 0,
    to,
    notAfter: secondsNever,
    lockKey: hung.lockPublic.sign,
    tableKey: key,
  };
}

/**
 * The books after a change of keys: versions begin anew, and the lock goes on with the table it has until the first
 * snapshot of the new epoch. So version 0 stands for whatever it may hold, and nothing of that is free to be given again.
 */
function rotatedLedger(ledger: Ledger, epoch: number, state: Bytes, at: number): Ledger {
  const { lock } = ledger;
  if (lock === undefined) return ledger;
  const codes = ledger.codes.map((code): CodeLife => {
    if (code.released || code.added === undefined) return code;
    const mayHold = code.revoked || lock.proven >= code.added;
    return { ...code, added: mayHold ? 0 : undefined, termsFrom: undefined, removed: undefined };
  });
  const opened = openEpoch(ledger, epoch, state, at);
  if (opened.lock === undefined) throw new Error("an epoch begins with a lock");
  return { ...opened, codes, lock: { ...opened.lock, lastWireId: lock.lastWireId } };
}

function wantingSnapshot(ledger: Ledger): Ledger {
  return ledger.lock === undefined ? ledger : { ...ledger, lock: { ...ledger.lock, snapshotWanted: true } };
}

function commissionParcel(crypto: Crypto, commission: Commission, tableKey: Bytes): Parcel {
  return {
    kind: "commission",
    lockId: commission.offer.lockId,
    tag: setupTag(crypto, commission.setup),
    epoch: commission.offer.epoch,
    from: 0,
    to: 0,
    notAfter: secondsNever,
    lockKey: lockKeyUnknown,
    tableKey,
    messages: [{ type: messageCatalog.commission.type, body: issueCommission(crypto, commission) }],
  };
}
