/**
 * One door of a property without a database: the pure core of the authority, its keys, and every parcel and receipt
 * that ever left either side, so that a test can deliver any of them at any time. Not the office of the authority.
 */
import {
  assignCode,
  buildParcels,
  type CodeLife,
  type Decision,
  drawCode,
  type Fill,
  handOut,
  type Ledger,
  liveCode,
  newestVersion,
  nextVersion,
  openEpoch,
  type ReceiptOutcome,
  resetCode,
  revokeCode,
  takenMarks,
  takeReceipt,
} from "@doorsync/authority/core";
import {
  type AuthorityLock,
  acceptReceipt,
  type Bytes,
  type Crypto,
  emptyTable,
  finishCommission,
  issueCommission,
  lifeHoursDefault,
  noBytes,
  type Parcel,
  pinTag,
  type ReturnSlip,
  receiptFlags,
  type Setup,
  secondsNever,
  setupTag,
  tableState,
} from "@doorsync/protocol/authority";
import { type PaperLock, paperLock } from "./paper-lock.ts";

export interface PaperOffice {
  readonly lock: PaperLock;
  ledger(): Ledger;
  /** Seconds since 1970; tests move it. */
  now: number;
  /** Digits by code life; the model never sees them. */
  readonly digits: ReadonlyMap<string, string>;
  /** The wanted codes at each issued version, as the test's own book. */
  readonly wanted: ReadonlyMap<number, ReadonlySet<string>>;
  give(act: "assign" | "reset", person: string): Decision<CodeLife>;
  revoke(person: string): boolean;
  issue(wish?: { readonly renew?: boolean; readonly handOut?: boolean }): number;
  /** What lies in the mailbox now, by the newest version. */
  parcels(): readonly Parcel[];
  receive(slip: ReturnSlip): ReceiptOutcome;
  wantSnapshot(): void;
}

const seedOf = (byte: number): Bytes => new Uint8Array(32).fill(byte);

/** A door with a commissioned lock that holds the empty table of version 0. */
export function paperOffice(crypto: Crypto, fill: Fill): PaperOffice {
  const setup: Setup = { secret: new Uint8Array(16).fill(7) };
  const lock = paperLock(crypto, setup, 40);
  const tableSeed = seedOf(2);
  const tableKey = crypto.signPublic(tableSeed);
  const lockId = new Uint8Array(16).fill(9);
  const tag = new Uint8Array(8).fill(5);
  const offer = {
    lockId,
    tag,
    epoch: 1,
    issuedAt: 1_700_000_000,
    root: crypto.signPublic(seedOf(1)),
    table: tableKey,
    capability: crypto.signPublic(seedOf(3)),
    time: crypto.signPublic(seedOf(4)),
    box: crypto.agreePublic(seedOf(6)),
  };
  const commission = { setup, ephemeral: seedOf(8), offer };
  const reply = lock.hear({
    kind: "commission",
    lockId,
    tag: setupTag(crypto, setup),
    epoch: 1,
    from: 0,
    to: 0,
    notAfter: secondsNever,
    lockKey: new Uint8Array(32),
    tableKey,
    messages: [{ type: 10, body: issueCommission(crypto, commission) }],
  });
  if (!("body" in reply)) throw new Error(`the paper lock refused its owner: ${reply.check}`);
  const finished = finishCommission(crypto, commission, reply.body);
  if (!finished.ok) throw new Error(`the reply was refused: ${finished.check}`);
  const { keys, lockPublic } = finished.value;
  const authorityLock: AuthorityLock = { name: { lockId, epoch: 1 }, keys };
  const signer = { tableSeed, tableKey, lockKey: lockPublic.sign, tag };

  let ledger: Ledger = openEpoch(
    { kind: "residence", leaseHours: 0, codes: [], lock: undefined },
    1,
    tableState(crypto, keys.state, 0, emptyTable),
    offer.issuedAt,
  );
  let nextId = 1;
  const digits = new Map<string, string>();
  const wanted = new Map<number, ReadonlySet<string>>([[0, new Set()]]);

  function standing() {
    if (ledger.lock === undefined) throw new Error("no lock");
    return ledger.lock;
  }

  const office: PaperOffice = {
    lock,
    ledger: () => ledger,
    now: offer.issuedAt + 60,
    digits,
    wanted,
    give(act, person) {
      const taken = takenMarks(ledger, person);
      const drawn = drawCode(fill, 4, (code) => taken.has(code));
      if (!drawn.ok) return drawn;
      const id = `life-${nextId++}`;
      const code = {
        id,
        person,
        mark: drawn.value,
        length: 4 as const,
        sealed: noBytes,
        createdAt: office.now,
      };
      const after = act === "assign" ? assignCode(ledger, code) : resetCode(ledger, code);
      if (!after.ok) return after;
      digits.set(id, drawn.value);
      ledger = after.value;
      const life = liveCode(ledger, person);
      if (life === undefined) throw new Error("given and not there");
      return { ok: true, value: life };
    },
    revoke(person) {
      const after = revokeCode(ledger, person, office.now);
      if (after.ok) ledger = after.value;
      return after.ok;
    },
    issue(wish = {}) {
      const at = { issuedAt: office.now, lifeHours: lifeHoursDefault, renew: wish.renew ?? false };
      const tagOf = (code: CodeLife): Bytes => pinTag(crypto, keys.pin, digits.get(code.id) ?? "");
      const next = nextVersion(crypto, keys, ledger, at, tagOf);
      if (!next.ok) throw new Error(next.denial);
      ledger = (wish.handOut ?? true) ? handOut(next.value.ledger, next.value.version) : next.value.ledger;
      const live = ledger.codes.filter((code) => !code.revoked).map((code) => digits.get(code.id) ?? "");
      if (next.value.isNew) wanted.set(next.value.version, new Set(live));
      return newestVersion(standing()).version;
    },
    parcels: () => buildParcels(crypto, signer, authorityLock, standing(), office.now),
    receive(slip) {
      const receipt = acceptReceipt(crypto, authorityLock.name, lockPublic.sign, slip.body);
      if (!receipt.ok) throw new Error(`a receipt was refused: ${receipt.check}`);
      const damaged = (receipt.value.flags & receiptFlags.damaged) !== 0;
      const taken = takeReceipt(ledger, { ...receipt.value, damaged }, office.now);
      ledger = taken.ledger;
      return taken.outcome;
    },
    wantSnapshot() {
      ledger = { ...ledger, lock: { ...standing(), snapshotWanted: true } };
    },
  };
  return office;
}
