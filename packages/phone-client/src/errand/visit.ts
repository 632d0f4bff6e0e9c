/**
 * What a courier learns in the course of one visit, and what it concludes: which parcel next, whether to ask, how it
 * ends. A value; it says nothing and waits for nothing; `errand.ts` does.
 */
import {
  type Bytes,
  type Crypto,
  checkParcel,
  checkReceipt,
  equal,
  type Hello,
  helloFlags,
  type Parcel,
  type ReceiptSaid,
  type RefusalName,
  type ReturnKind,
  type ReturnSlip,
} from "@doorsync/protocol/courier";
import {
  acksFor,
  addressed,
  type Basis,
  doubt,
  isDamaged,
  isWanted,
  offer,
  owe,
  prove,
  type Satchel,
} from "../satchel.ts";
import { type LogTrip, noTrip } from "./log.ts";
import { afterRefusal, conditionsIn, type Outcome, type Report, refusedBy } from "./outcome.ts";

/** Receipts asked for in one visit: once to learn where the lock is, once after a refusal that moved it. */
const asksMax = 2;

export interface Visit {
  readonly satchel: Satchel;
  /** The last one heard. */
  readonly hello: Hello;
  /** Rotations that this lock took in this visit, as its hello said afterwards. */
  readonly rotated: readonly Parcel[];
  readonly log: LogTrip;
  /** For this lock, and checked. */
  readonly parcels: readonly Parcel[];
  /** Nothing is to be brought, and this alone says by whose key the lock's word would be. */
  readonly ack: Parcel | undefined;
  readonly basis: Basis;
  /** Offered in this visit. */
  readonly tried: ReadonlySet<Parcel>;
  /** Answered with a receipt or a commission's reply. */
  readonly taken: readonly Parcel[];
  readonly refused: readonly RefusedParcel[];
  /** The last one that verified. */
  readonly receipt: ReceiptSaid | undefined;
  readonly asks: number;
  /** A time token was asked for, or cannot be had. */
  readonly isTimed: boolean;
  /** `hello` is what the lock's advertising let presume; the lock was not asked yet. */
  readonly isHinted: boolean;
}

export interface RefusedParcel {
  readonly parcel: Parcel;
  readonly refusal: RefusalName;
  readonly detail: number | undefined;
  /** The lock's message, untouched, for the authority. */
  readonly body: Bytes;
}

/** A parcel that is not what its wrapper says, and the check that it failed. */
export interface IgnoredParcel {
  readonly parcel: Parcel;
  readonly check: string;
}

/** What was done in this visit before its last hello. */
export interface Course {
  readonly rotated: readonly Parcel[];
  readonly refused: readonly RefusedParcel[];
  /** A time token was asked for, or cannot be had. */
  readonly isTimed: boolean;
  /** Proved while the visit went by a hint. */
  readonly taken: readonly Parcel[];
  readonly receipt: ReceiptSaid | undefined;
}

export function newCourse(hasTime: boolean): Course {
  return { rotated: [], refused: [], isTimed: !hasTime, taken: [], receipt: undefined };
}

/** What stands when a visit that went by a hint has to ask after all. What was refused then is tried anew. */
export function afterHint({ taken, receipt }: Visit, hasTime: boolean): Course {
  return { ...newCourse(hasTime), taken, receipt };
}

/** The beginning, from what the lock says of itself. Parcels that do not check are left out and named. */
export function beginVisit(
  crypto: Crypto,
  satchel: Satchel,
  hello: Hello,
  course: Course,
): { readonly visit: Visit; readonly ignored: readonly IgnoredParcel[] } {
  const ignored: IgnoredParcel[] = [];
  const parcels = addressed(satchel, hello).filter((parcel) => {
    const checked = checkParcel(crypto, parcel);
    if (!checked.ok) ignored.push({ parcel, check: checked.check });
    return checked.ok;
  });
  const isDamagedNow = (hello.flags & helloFlags.damaged) !== 0;
  const visit: Visit = {
    // A table can rot after its receipt. Whoever lies about it gains a few bytes of ours.
    satchel: isDamagedNow ? doubt(satchel, parcels) : satchel,
    hello,
    rotated: course.rotated,
    log: noTrip,
    parcels,
    ack: undefined,
    basis: {
      version: hello.version,
      isProven: false,
      isSnapshotWanted: isDamagedNow || (hello.flags & helloFlags.wantsSnapshot) !== 0,
    },
    tried: new Set(),
    taken: course.taken,
    refused: course.refused,
    receipt: course.receipt,
    asks: 0,
    isTimed: course.isTimed,
    isHinted: false,
  };
  return { visit, ignored };
}

export type Decision =
  | { readonly kind: "deliver"; readonly visit: Visit; readonly parcel: Parcel }
  | { readonly kind: "ask"; readonly visit: Visit }
  | { readonly kind: "end"; readonly outcome: Outcome };

/**
 * What to do now. Every decision that is not an end uses something up, so that a visit cannot go on for ever.
 * `wantsWord`: what was proved by an earlier visit is asked for once more.
 */
export function decide(visit: Visit, wantsWord = false): Decision {
  const choice = offer(visit.satchel, visit.parcels, visit.basis, visit.tried);
  switch (choice.kind) {
    case "settled":
      if (wantsWord && visit.receipt === undefined && visit.asks === 0)
        return { kind: "ask", visit: { ...visit, asks: 1 } };
      return { kind: "end", outcome: settled(visit) };
    case "deliver": {
      const tried = new Set(visit.tried).add(choice.parcel);
      return { kind: "deliver", visit: { ...visit, tried }, parcel: choice.parcel };
    }
    case "ask": {
      // After a refusal for good, with nothing left to try, the lock's version would change nothing.
      const last = visit.refused.at(-1);
      const isMoved = last !== undefined && afterRefusal[last.refusal].move === "rebase";
      const isHopeful = isMoved || visit.parcels.some((parcel) => !visit.tried.has(parcel));
      if (visit.asks >= asksMax || !isHopeful) return { kind: "end", outcome: unsettled(visit) };
      return { kind: "ask", visit: { ...visit, asks: visit.asks + 1 } };
    }
    case "unfit":
      return { kind: "end", outcome: unsettled(visit) };
    default:
      return choice satisfies never;
  }
}

/**
 * Nothing is carried for a lock but the word for its log: by the key in that its receipt can be judged. Undefined where
 * there is none, or the lock says that it has no table to sign for.
 */
export function askOnly(crypto: Crypto, visit: Visit): Visit | undefined {
  if (visit.hello.version === 0) return undefined;
  const ack = acksFor(visit.satchel, visit.hello).find((parcel) => checkParcel(crypto, parcel).ok);
  return ack === undefined ? undefined : { ...visit, ack, asks: visit.asks + 1 };
}

/** Everything carried for the lock is proven: now, or by an earlier visit's receipt. */
function settled(visit: Visit): Outcome {
  // With nothing in hand a damaged table cannot be mended in this visit; its receipt fetches what mends it.
  if (visit.receipt !== undefined && isDamaged(visit.receipt))
    return { kind: "unfit", version: visit.receipt.version };
  const versions = visit.satchel.proofs
    .filter((proof) => visit.parcels.some((parcel) => equal(parcel.lockKey, proof.lockKey)))
    .map((proof) => proof.said.version);
  const version = visit.receipt?.version ?? Math.max(...versions);
  return { kind: visit.taken.length > 0 ? "synced" : "already", version };
}

/** Something is still wanted and nothing is left to try: the most telling reason first. */
function unsettled(visit: Visit): Outcome {
  const last = visit.refused.at(-1);
  if (last !== undefined) return refusedBy(last.refusal, last.detail);
  if (visit.taken.some((parcel) => isWanted(visit.satchel, parcel))) {
    return { kind: "unproven", check: "receipt/older-than-delivered" };
  }
  return { kind: "unfit", version: visit.basis.version };
}

/** A visit that believes a receipt, and the slip that is owed for it. */
export interface Believed {
  readonly visit: Visit;
  readonly slip: ReturnSlip;
}

/**
 * The lock's word, in answer to `parcel`, or to a request (undefined): then it counts for the lock of whichever
 * parcel it verifies for. Undefined when it verifies for none.
 */
export function believeReceipt(
  crypto: Crypto,
  visit: Visit,
  answered: Parcel | undefined,
  body: Bytes,
): Believed | undefined {
  const tested: Bytes[] = [];
  const ack = visit.ack === undefined ? [] : [visit.ack];
  for (const parcel of answered === undefined ? [...visit.parcels, ...ack] : [answered]) {
    if (tested.some((key) => equal(key, parcel.lockKey))) continue;
    tested.push(parcel.lockKey);
    const checked = checkReceipt(crypto, parcel, body);
    if (!checked.ok) continue;

    const said = checked.value;
    const slip = slipFor(parcel, "receipt", said.version, body);
    const proof = { lockId: parcel.lockId, epoch: parcel.epoch, lockKey: parcel.lockKey, said };
    return {
      slip,
      visit: {
        ...visit,
        satchel: owe(prove(visit.satchel, proof), slip),
        basis: { version: said.version, isProven: true, isSnapshotWanted: isDamaged(said) },
        taken: answered === undefined ? visit.taken : [...visit.taken, answered],
        receipt: said,
      },
    };
  }
  return undefined;
}

/** The lock's half of a first meeting. Sealed for the authority: the courier cannot judge it, only carry it. */
export function takeCommission(visit: Visit, parcel: Parcel, body: Bytes): Believed {
  const slip = slipFor(parcel, "commission", parcel.to, body);
  return { slip, visit: { ...visit, satchel: owe(visit.satchel, slip), taken: [...visit.taken, parcel] } };
}

/** A parcel refused. Some refusals say where the lock is: a hint again, never proof. */
export function takeRefusal(visit: Visit, refused: RefusedParcel): Visit {
  const { refusal, detail: held, parcel } = refused;
  const told: Visit = { ...visit, refused: [...visit.refused, refused] };
  if (afterRefusal[refusal].move !== "rebase") return told;
  const version = held ?? visit.basis.version;
  // A delta refused from the very version it fits is of another history.
  const isSnapshotWanted = refusal === "NEED_SNAPSHOT" && (held === undefined || held === parcel.from);
  return { ...told, basis: { version, isProven: false, isSnapshotWanted } };
}

/** As if this parcel had not been offered yet: what the lock said against it was perhaps its clock's fault. */
export function onceMore(visit: Visit, parcel: Parcel): Visit {
  const tried = new Set(visit.tried);
  tried.delete(parcel);
  return { ...visit, tried, refused: visit.refused.filter((one) => one.parcel !== parcel) };
}

/** The lock will not sign for its table (it has none yet, or it is damaged): only a snapshot can be what it lacks. */
export function withoutReceipt(visit: Visit): Visit {
  return { ...visit, asks: asksMax, basis: { version: 0, isProven: false, isSnapshotWanted: true } };
}

/** The end: refusals that still stand become slips, because the authority can do something about them. */
export function closeVisit(
  visit: Visit,
  outcome: Outcome,
): { readonly satchel: Satchel; readonly slips: readonly ReturnSlip[]; readonly report: Report } {
  const slips = visit.refused
    .filter(({ parcel, refusal }) => afterRefusal[refusal].isReported && isWanted(visit.satchel, parcel))
    .map(({ parcel, body }) => slipFor(parcel, "refusal", parcel.to, body));
  const taken = visit.taken.filter(
    (parcel) => parcel.kind === "commission" || !isWanted(visit.satchel, parcel),
  );
  // A lock that signed in the new epoch has the keys of it; its hello alone is anybody's word.
  const rotated = visit.rotated.filter(({ to }) => visit.receipt !== undefined && visit.hello.epoch === to);
  return {
    satchel: slips.reduce(owe, visit.satchel),
    slips,
    report: {
      outcome,
      tag: visit.hello.tag,
      delivered: [...rotated, ...taken],
      receipt: visit.receipt,
      conditions: conditionsIn((visit.receipt ?? visit.hello).flags),
      isConditionSigned: visit.receipt !== undefined,
      log: { events: visit.log.events, left: visit.log.left },
    },
  };
}

export function slipFor(parcel: Parcel, kind: ReturnKind, to: number, body: Bytes): ReturnSlip {
  return { kind, lockId: parcel.lockId, tag: parcel.tag, epoch: parcel.epoch, to, body };
}
