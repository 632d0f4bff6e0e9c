/**
 * One visit to one lock, as a pure machine: events in, effects out. No links, clocks or mailboxes; the driver
 * feeds it and obeys it.
 *
 *   connecting -> greeting -> offering -> (streaming) -> ... next parcel, or asking ... -> over
 *
 * - Nothing that a lock merely says ends the wish to sync: only a receipt that verifies does.
 * - Every state but `over` waits for one thing, under one deadline.
 * - A parcel is offered once in a visit, a receipt asked for twice at most, a chunk sent three times at most: the
 *   visit ends whatever the lock answers.
 */
import {
  type Asking,
  type Bytes,
  type Crypto,
  courierMayHear,
  encodeHelloRequest,
  equal,
  type Hello,
  type Message,
  messageName,
  messageType,
  type Parcel,
  type ReturnSlip,
  readHello,
  readNext,
  readRefusal,
  refusalByCode,
} from "@doorsync/protocol/courier";
import type { Satchel } from "../satchel.ts";
import { afterRefusal, type Outcome, type Report, refusedBy, type WaitName } from "./outcome.ts";
import {
  type Believed,
  beginVisit,
  believeReceipt,
  closeVisit,
  decide,
  takeCommission,
  takeRefusal,
  type Visit,
  withoutReceipt,
} from "./visit.ts";

/** Times that a lock may want the same chunk again. */
const chunkRepeatsMax = 2;

export type Event =
  | { readonly kind: "connected" }
  | { readonly kind: "message"; readonly type: number; readonly body: Bytes }
  /** Frames that make no message: the link is useless from here on. */
  | { readonly kind: "garbled"; readonly check: string }
  | { readonly kind: "closed"; readonly why: string; readonly isMisaddressed?: true }
  /** The last deadline set has passed. */
  | { readonly kind: "deadline" }
  | { readonly kind: "aborted" };

export type Effect =
  | { readonly kind: "send"; readonly message: Message }
  /** Replaces the deadline before it. */
  | { readonly kind: "deadline"; readonly milliseconds: number }
  /** For the mailbox, at once: what is owed must survive whatever comes next. */
  | { readonly kind: "owe"; readonly slip: ReturnSlip }
  /** Chunk `chunk` (from 1) of `chunks` is on its way. */
  | { readonly kind: "progress"; readonly to: number; readonly chunk: number; readonly chunks: number }
  /** A parcel for this lock that is not what its wrapper says; it stays behind. */
  | { readonly kind: "ignored"; readonly parcel: Parcel; readonly check: string }
  /** Exactly once, and last. */
  | { readonly kind: "done"; readonly report: Report };

export type Errand =
  | { readonly phase: "connecting"; readonly satchel: Satchel }
  | { readonly phase: "greeting"; readonly satchel: Satchel }
  /** The head of a parcel is out. */
  | { readonly phase: "offering"; readonly visit: Visit; readonly parcel: Parcel }
  /** Chunk `index` of a parcel is out. */
  | {
      readonly phase: "streaming";
      readonly visit: Visit;
      readonly parcel: Parcel;
      readonly index: number;
      readonly repeats: number;
    }
  /** A receipt was asked for. */
  | { readonly phase: "asking"; readonly visit: Visit }
  | { readonly phase: "over"; readonly satchel: Satchel; readonly report: Report };

export interface Step {
  readonly errand: Errand;
  readonly effects: readonly Effect[];
}

/** What an errand is lent: how to verify, and how long to wait (milliseconds). */
export interface ErrandLent {
  readonly crypto: Crypto;
  readonly waits: Readonly<Record<WaitName, number>>;
}

/** A visit about to connect. */
export function startErrand(lent: ErrandLent, satchel: Satchel): Step {
  return {
    errand: { phase: "connecting", satchel },
    effects: [{ kind: "deadline", milliseconds: lent.waits.open }],
  };
}

/** The next state. Total: any event in any state; what comes after the end changes nothing. */
export function stepErrand(lent: ErrandLent, errand: Errand, event: Event): Step {
  if (errand.phase === "over") return { errand, effects: [] };
  switch (event.kind) {
    case "connected":
      return errand.phase === "connecting" ? greet(lent, errand.satchel) : { errand, effects: [] };
    case "message":
      return errand.phase === "connecting"
        ? end(errand, { kind: "broken", check: "link/message-before-open", wait: "greeting" })
        : hearMessage(lent, errand, event.type, event.body);
    case "garbled":
      return end(errand, broken(errand, event.check));
    case "closed":
      return errand.phase === "connecting"
        ? end(errand, unreachable(event))
        : endEarly(errand, { kind: "dropped", wait: errand.phase, why: event.why });
    case "deadline":
      return errand.phase === "connecting"
        ? end(errand, { kind: "unreachable", why: `no connection within ${lent.waits.open / 1_000} s` })
        : endEarly(errand, { kind: "silent", wait: errand.phase, milliseconds: lent.waits[errand.phase] });
    case "aborted":
      return end(errand, { kind: "aborted" });
    default:
      return event satisfies never;
  }
}

function unreachable({ why, isMisaddressed }: Extract<Event, { readonly kind: "closed" }>): Outcome {
  return isMisaddressed === true
    ? { kind: "unreachable", why, isMisaddressed }
    : { kind: "unreachable", why };
}

/** The other side broke the protocol; before its hello it need not be a lock. */
function broken(errand: Live, check: string): Outcome {
  const isGreeted = errand.phase !== "connecting" && errand.phase !== "greeting";
  return isGreeted ? { kind: "broken", check } : { kind: "broken", check, wait: "greeting" };
}

type Live = Exclude<Errand, { readonly phase: "over" }>;
type Talking = Exclude<Live, { readonly phase: "connecting" }>;
type Delivering = Extract<Errand, { readonly phase: "offering" | "streaming" }>;

function greet(lent: ErrandLent, satchel: Satchel): Step {
  return say(
    lent,
    { phase: "greeting", satchel },
    { type: messageType("hello"), body: encodeHelloRequest(false) },
  );
}

/** A state that waits for the answer to `message`. */
function say(lent: ErrandLent, errand: Talking, message: Message): Step {
  return {
    errand,
    effects: [
      { kind: "send", message },
      { kind: "deadline", milliseconds: lent.waits[errand.phase] },
    ],
  };
}

function after(effects: readonly Effect[], step: Step): Step {
  return { errand: step.errand, effects: [...effects, ...step.effects] };
}

/** What the lock was asked: the row of the dialogue table that its answer must be in. */
function askedIn(errand: Talking): Asking {
  switch (errand.phase) {
    case "greeting":
      return "hello";
    case "asking":
      return "receipt";
    case "streaming":
      return "chunk";
    case "offering": {
      const name = messageName(headOf(errand.parcel).type);
      if (name === "update" || name === "manifest" || name === "commission") return name;
      throw new Error(`a checked parcel begins with message type ${headOf(errand.parcel).type}`);
    }
    default:
      return errand satisfies never;
  }
}

function headOf(parcel: Parcel): Message {
  const [head] = parcel.messages;
  if (head === undefined) throw new Error("a checked parcel has no message");
  return head;
}

function hearMessage(lent: ErrandLent, errand: Talking, type: number, body: Bytes): Step {
  const name = messageName(type);
  if (name === undefined || !courierMayHear(askedIn(errand), name)) {
    return end(errand, broken(errand, `dialogue/${name ?? type}-after-${askedIn(errand)}`));
  }
  if (name === "refusal") return hearRefusal(lent, errand, body);
  switch (errand.phase) {
    case "greeting":
      return hearHello(lent, errand, body);
    case "asking":
      return hearReceipt(lent, errand, body);
    case "offering":
    case "streaming":
      if (name === "next") return hearNext(lent, errand, body);
      return name === "commission" ? hearCommission(errand, body) : hearReceipt(lent, errand, body);
    default:
      return errand satisfies never;
  }
}

function hearHello(
  lent: ErrandLent,
  errand: Extract<Errand, { readonly phase: "greeting" }>,
  body: Bytes,
): Step {
  const read = readHello(body);
  if (!read.ok) {
    const isOtherProtocol = read.refusal === "UNSUPPORTED";
    return end(errand, isOtherProtocol ? refusedBy("UNSUPPORTED") : broken(errand, read.check));
  }
  const { visit, ignored } = beginVisit(lent.crypto, errand.satchel, read.value);
  const effects = ignored.map((one): Effect => ({ kind: "ignored", ...one }));
  if (visit.parcels.length === 0) return after(effects, end(errand, nothingFor(errand.satchel, read.value)));
  return after(effects, goOn(lent, visit));
}

function nothingFor(satchel: Satchel, hello: Hello): Outcome {
  const isKnown = satchel.parcels.some((parcel) => equal(parcel.tag, hello.tag));
  // Not "nothing": a revocation may be in it, and stays undelivered.
  return isKnown
    ? {
        kind: "unfit",
        why: "what is carried for this lock is not whole, or not for its present owner: fetch it again",
      }
    : { kind: "nothing", why: "no parcel is carried for this lock" };
}

function goOn(lent: ErrandLent, visit: Visit): Step {
  const decision = decide(visit);
  switch (decision.kind) {
    case "deliver": {
      const { parcel } = decision;
      return say(lent, { phase: "offering", visit: decision.visit, parcel }, headOf(parcel));
    }
    case "ask": {
      const request = { type: messageType("receipt"), body: new Uint8Array(0) };
      return say(lent, { phase: "asking", visit: decision.visit }, request);
    }
    case "end":
      return endVisit(visit, decision.outcome);
    default:
      return decision satisfies never;
  }
}

/** The lock wants a chunk: of this parcel, in order; what it has committed it does not ask for. */
function hearNext(lent: ErrandLent, errand: Delivering, body: Bytes): Step {
  const read = readNext(body);
  if (!read.ok) return end(errand, { kind: "broken", check: read.check });
  const { to, index } = read.value;
  const { parcel, visit } = errand;
  // The head travelled first, so chunk i is message i + 1.
  const chunk = parcel.messages[index + 1];
  if (to !== parcel.to || chunk === undefined)
    return end(errand, { kind: "broken", check: "next/other-stream" });

  let repeats = 0;
  if (errand.phase === "streaming") {
    if (index < errand.index) return end(errand, { kind: "broken", check: "next/backwards" });
    if (index === errand.index) repeats = errand.repeats + 1;
    if (repeats > chunkRepeatsMax) return end(errand, { kind: "broken", check: "next/again-and-again" });
  }
  const progress: Effect = { kind: "progress", to, chunk: index + 1, chunks: parcel.messages.length - 1 };
  return after([progress], say(lent, { phase: "streaming", visit, parcel, index, repeats }, chunk));
}

function hearReceipt(
  lent: ErrandLent,
  errand: Delivering | Extract<Errand, { readonly phase: "asking" }>,
  body: Bytes,
): Step {
  const answered = errand.phase === "asking" ? undefined : errand.parcel;
  const believed = believeReceipt(lent.crypto, errand.visit, answered, body);
  if (believed === undefined) return end(errand, { kind: "unproven", check: "receipt/not-by-this-lock" });
  return owing(believed, goOn(lent, believed.visit));
}

function hearCommission(errand: Delivering, body: Bytes): Step {
  const believed = takeCommission(errand.visit, errand.parcel, body);
  return owing(believed, endVisit(believed.visit, { kind: "commissioned" }));
}

function owing(believed: Believed, step: Step): Step {
  return after([{ kind: "owe", slip: believed.slip }], step);
}

function hearRefusal(lent: ErrandLent, errand: Talking, body: Bytes): Step {
  const read = readRefusal(body);
  if (!read.ok) return end(errand, broken(errand, read.check));
  const { code, detail } = read.value;
  const refusal = refusalByCode(code);
  if (refusal === undefined) return end(errand, broken(errand, `refusal/${code}`));
  const isOver = afterRefusal[refusal].move === "end";
  switch (errand.phase) {
    case "greeting":
      return end(errand, refusedBy(refusal, detail));
    case "asking": {
      const visit = withoutReceipt(errand.visit);
      const isHopeless = isOver || decide(visit).kind === "end";
      return isHopeless ? end(errand, refusedBy(refusal, detail)) : goOn(lent, visit);
    }
    case "offering":
    case "streaming": {
      const visit = takeRefusal(errand.visit, { parcel: errand.parcel, refusal, detail, body });
      return isOver ? endVisit(visit, refusedBy(refusal, detail)) : goOn(lent, visit);
    }
    default:
      return errand satisfies never;
  }
}

/** The link or the lock went silent; a refusal that came before says more than the silence after it. */
function endEarly(errand: Talking, outcome: Outcome): Step {
  const last = errand.phase === "greeting" ? undefined : errand.visit.refused.at(-1);
  return end(errand, last === undefined ? outcome : refusedBy(last.refusal, last.detail));
}

function end(errand: Live, outcome: Outcome): Step {
  if (errand.phase !== "connecting" && errand.phase !== "greeting") return endVisit(errand.visit, outcome);
  const report: Report = { outcome, delivered: [], receipt: undefined };
  return { errand: { phase: "over", satchel: errand.satchel, report }, effects: [{ kind: "done", report }] };
}

function endVisit(visit: Visit, outcome: Outcome): Step {
  const { satchel, slips, report } = closeVisit(visit, outcome);
  const owed = slips.map((slip): Effect => ({ kind: "owe", slip }));
  return { errand: { phase: "over", satchel, report }, effects: [...owed, { kind: "done", report }] };
}
