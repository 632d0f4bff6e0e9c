/**
 * One visit to one lock, as a pure machine: events in, effects out. No links, clocks or mailboxes; the driver
 * feeds it and obeys it.
 *
 *   connecting -> greeting -> (rotating, clocking, setting) -> offering -> (streaming) -> ... next parcel, or asking ...
 *     -> (clocking, setting -> offering, once) -> (acking, pulling) -> over
 *   connecting, with a hint -> offering or asking -> ... as above; at the first refusal greeting, as if there was none
 *
 * - Nothing that a lock merely says ends the wish to sync: only a receipt that verifies does.
 * - Every state but `over` waits for one thing, under one deadline.
 * - A hint spares hello where it is true, and costs one question where it lies; it ends nothing.
 * - Where there is nothing to bring, and a person asked for the sync, the lock is asked for a receipt all the same.
 * - A parcel is offered once in a visit (and once more where the first time was on a hint's word), a receipt asked for twice at most, a chunk sent three times at most, a time
 *   token brought once, and 16 segments of the log are fetched at most: the visit ends whatever the lock answers.
 * - A lock that calls a parcel EXPIRED may believe a clock that runs ahead. Where a token can be had and none was
 *   brought, the lock is brought one, and that parcel is offered once more.
 * - Chunks alone are said before the one before them was answered (stream.ts); whatever a refusal of one leads to waits
 *   until all that is out was answered.
 * - Time and log are extras: what fails there changes nothing about how the sync ends.
 */
import {
  type Asking,
  type Bytes,
  type Crypto,
  checkParcel,
  courierMayHear,
  encodeHelloRequest,
  encodePull,
  equal,
  type Hello,
  type Hint,
  helloFlags,
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
import { idOf, owe, rotationsFor, type Satchel } from "../satchel.ts";
import { presumed } from "./hint.ts";
import { beginTrip, type LogStep, takeSegment } from "./log.ts";
import { afterRefusal, emptyReport, type Outcome, type Report, refusedBy, type WaitName } from "./outcome.ts";
import { beginStream, heardNext, heardRefusal, type Stream, type StreamStep } from "./stream.ts";
import {
  afterHint,
  askOnly,
  type Believed,
  beginVisit,
  believeReceipt,
  type Course,
  closeVisit,
  decide,
  newCourse,
  onceMore,
  type RefusedParcel,
  takeCommission,
  takeRefusal,
  type Visit,
  withoutReceipt,
} from "./visit.ts";

export type Event =
  /** With what the lock showed of itself before, where it was seen. */
  | { readonly kind: "connected"; readonly hint?: Hint }
  | { readonly kind: "message"; readonly type: number; readonly body: Bytes }
  /** Frames that make no message: the link is useless from here on. */
  | { readonly kind: "garbled"; readonly check: string }
  | { readonly kind: "closed"; readonly why: string; readonly isMisaddressed?: true }
  /** The answer to `ask-time`: a token of the authority for this lock's nonce, or none to be had. */
  | { readonly kind: "time"; readonly token: Bytes | undefined }
  /** What the visit is lent threw, or we did: somebody's bug, by name (`check`) and in its own words. */
  | { readonly kind: "failed"; readonly check: string; readonly why: string }
  /** The last deadline set has passed. */
  | { readonly kind: "deadline" }
  | { readonly kind: "aborted" };

export type Effect<R = Report> =
  | { readonly kind: "send"; readonly message: Message }
  /** Replaces the deadline before it. */
  | { readonly kind: "deadline"; readonly milliseconds: number }
  /** The lock lost the time, or may be wrong about it: ask the authority for a token, and answer with a `time` event. */
  | { readonly kind: "ask-time"; readonly lockId: Bytes; readonly epoch: number; readonly nonce: Bytes }
  /** For the mailbox, at once: what is owed must survive whatever comes next. */
  | { readonly kind: "owe"; readonly slip: ReturnSlip }
  /** Chunk `chunk` (from 1) of `chunks` is on its way. */
  | { readonly kind: "progress"; readonly to: number; readonly chunk: number; readonly chunks: number }
  /** A parcel for this lock that is not what its wrapper says; it stays behind. */
  | { readonly kind: "ignored"; readonly parcel: Parcel; readonly check: string }
  /** Exactly once, and last. */
  | { readonly kind: "done"; readonly report: R };

export type Errand =
  | { readonly phase: "connecting"; readonly satchel: Satchel }
  | Greeting
  /** Other keys of the authority are out. */
  | {
      readonly phase: "rotating";
      readonly greeting: Greeting;
      readonly hello: Hello;
      readonly parcel: Parcel;
    }
  /** A time token was asked for elsewhere. */
  | { readonly phase: "clocking"; readonly since: Since }
  /** The token is out. */
  | { readonly phase: "setting"; readonly since: Since }
  /** The head of a parcel is out. */
  | { readonly phase: "offering"; readonly visit: Visit; readonly parcel: Parcel }
  /** Chunks of a parcel are out. */
  | {
      readonly phase: "streaming";
      readonly visit: Visit;
      readonly parcel: Parcel;
      readonly stream: Stream;
    }
  /** A receipt was asked for. */
  | { readonly phase: "asking"; readonly visit: Visit }
  /** The sync is done, and ended so; an acknowledgement of the log is out, or events were asked for. */
  | { readonly phase: "acking" | "pulling"; readonly visit: Visit; readonly outcome: Outcome }
  | { readonly phase: "over"; readonly satchel: Satchel; readonly report: Report };

/** Hello was said; what was done before it in this visit. */
export interface Greeting {
  readonly phase: "greeting";
  readonly satchel: Satchel;
  readonly course: Course;
  /** Rotations sent already. */
  readonly tried: ReadonlySet<Parcel>;
}

/** What made the time of interest, and where the visit goes on from. */
export type Since =
  | { readonly kind: "hello"; readonly greeting: Greeting; readonly hello: Hello }
  /** A refusal that a wrong clock would explain; `visit` has it on record. */
  | { readonly kind: "expired"; readonly visit: Visit; readonly parcel: Parcel };

export interface Step<E = Errand, R = Report> {
  readonly errand: E;
  readonly effects: readonly Effect<R>[];
}

/** What an errand is lent: how to verify, and how long to wait (milliseconds). */
export interface ErrandLent {
  readonly crypto: Crypto;
  readonly waits: Readonly<Record<WaitName, number>>;
  /** Whoever obeys can get time tokens: locks are asked for a nonce. */
  readonly hasTime?: boolean;
  /** Somebody waits for the table alone: the lock's log stays where it is. */
  readonly leavesLog?: boolean;
  /** A person asked for this sync: the lock's signed word is wanted even where there is nothing to bring. */
  readonly wantsWord?: boolean;
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
      return errand.phase === "connecting" ? meet(lent, errand.satchel, event.hint) : { errand, effects: [] };
    case "message":
      return errand.phase === "connecting"
        ? end(errand, { kind: "broken", check: "link/message-before-open", wait: "greeting" })
        : hearMessage(lent, errand, event.type, event.body);
    case "time":
      return errand.phase === "clocking" ? bringTime(lent, errand, event.token) : { errand, effects: [] };
    case "garbled":
      return end(errand, broken(errand, event.check));
    case "failed":
      return end(errand, { kind: "broken", check: event.check, why: event.why });
    case "closed":
      return errand.phase === "connecting"
        ? end(errand, unreachable(event))
        : endEarly(errand, { kind: "dropped", wait: errand.phase, why: event.why });
    case "deadline":
      if (errand.phase === "clocking") return bringTime(lent, errand, undefined);
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
type Timing = Extract<Errand, { readonly phase: "clocking" | "setting" }>;

function firstGreeting(lent: ErrandLent, satchel: Satchel): Greeting {
  return { phase: "greeting", satchel, course: newCourse(lent.hasTime === true), tried: new Set() };
}

function greet(lent: ErrandLent, greeting: Greeting): Step {
  return say(lent, greeting, {
    type: messageType("hello"),
    body: encodeHelloRequest(!greeting.course.isTimed),
  });
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
    case "rotating":
      return "rotation";
    case "clocking":
    case "setting":
      return "time";
    case "asking":
      return "receipt";
    case "acking":
      return "ack";
    case "pulling":
      return "pull";
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
  const isAwaited =
    errand.phase !== "clocking" && name !== undefined && courierMayHear(askedIn(errand), name);
  if (!isAwaited) {
    return end(errand, broken(errand, `dialogue/${name ?? type}-after-${askedIn(errand)}`));
  }
  if (name === "refusal") return hearRefusal(lent, errand, body);
  switch (errand.phase) {
    case "greeting":
      return hearHello(lent, errand, body);
    case "rotating":
      return hearRotated(lent, errand, body);
    case "setting":
      return hearSet(lent, errand, body);
    case "asking":
      return hearReceipt(lent, errand, body);
    case "acking":
    case "pulling":
      return hearSegment(lent, errand, body);
    case "offering":
    case "streaming":
      if (name === "next") return hearNext(lent, errand, body);
      return name === "commission" ? hearCommission(errand, body) : hearReceipt(lent, errand, body);
    default:
      return errand satisfies never;
  }
}

/** Connected: with a hint that says enough the errand begins at once, otherwise with hello. */
function meet(lent: ErrandLent, satchel: Satchel, hint: Hint | undefined): Step {
  const hello = hint === undefined ? undefined : presumed(satchel, hint, lent.hasTime === true);
  const plain = (): Step => greet(lent, firstGreeting(lent, satchel));
  if (hello === undefined) return plain();
  const { visit, ignored } = beginVisit(lent.crypto, satchel, hello, newCourse(lent.hasTime === true));
  if (ignored.length > 0 || visit.parcels.length === 0) return plain();
  const decision = decide(visit);
  // A stream is not begun on anybody's word: only what is said in one message, and asking, cost nothing to speak of.
  const isSmall =
    decision.kind === "ask" ||
    (decision.kind === "deliver" && messageName(headOf(decision.parcel).type) === "update");
  return isSmall ? goOn(lent, { ...visit, isHinted: true }) : plain();
}

/** The hint lied, or the lock has more to say than yes: it is asked, as it would have been at first. */
function askAfterAll(lent: ErrandLent, visit: Visit): Step {
  const greeting = firstGreeting(lent, visit.satchel);
  return greet(lent, { ...greeting, course: afterHint(visit, lent.hasTime === true) });
}

function hearHello(lent: ErrandLent, errand: Greeting, body: Bytes): Step {
  const read = readHello(body);
  if (!read.ok) {
    const isOtherProtocol = read.refusal === "UNSUPPORTED";
    return end(errand, isOtherProtocol ? refusedBy("UNSUPPORTED") : broken(errand, read.check));
  }
  return greeted(lent, errand, read.value);
}

/** A lock has said who it is. New keys first, because nothing else may be believed before; then the time. */
function greeted(lent: ErrandLent, greeting: Greeting, hello: Hello): Step {
  const { satchel, tried } = greeting;
  const isOwned = (hello.flags & helloFlags.factory) === 0;
  const rotation = rotationsFor(satchel, hello).find(
    (parcel) => isOwned && !tried.has(parcel) && checkParcel(lent.crypto, parcel).ok,
  );
  if (rotation !== undefined) {
    const sent = { ...greeting, tried: new Set(tried).add(rotation) };
    return say(lent, { phase: "rotating", greeting: sent, hello, parcel: rotation }, headOf(rotation));
  }
  const wantsTime = isOwned && (hello.flags & helloFlags.wantsTime) !== 0 && !greeting.course.isTimed;
  const lockId = idOf(satchel, hello);
  if (wantsTime && lockId !== undefined) {
    // The hello that answers a rotation brings no nonce.
    if (hello.nonce === undefined) return greet(lent, greeting);
    const course = { ...greeting.course, isTimed: true };
    const since = { kind: "hello", greeting: { ...greeting, course }, hello } as const;
    return askTime(lent, since, lockId, hello.epoch, hello.nonce);
  }
  return begun(lent, greeting, hello);
}

function askTime(lent: ErrandLent, since: Since, lockId: Bytes, epoch: number, nonce: Bytes): Step {
  return {
    errand: { phase: "clocking", since },
    effects: [
      { kind: "ask-time", lockId, epoch, nonce },
      { kind: "deadline", milliseconds: lent.waits.clocking },
    ],
  };
}

/** The token, if there is one, goes to the lock. */
function bringTime(lent: ErrandLent, { since }: Timing, token: Bytes | undefined): Step {
  if (token === undefined) return withoutTime(lent, since);
  return say(lent, { phase: "setting", since }, { type: messageType("time"), body: token });
}

/** The visit goes on as it would have without a source of time. */
function withoutTime(lent: ErrandLent, since: Since): Step {
  return since.kind === "hello" ? begun(lent, since.greeting, since.hello) : goOn(lent, since.visit);
}

function hearSet(
  lent: ErrandLent,
  errand: Extract<Errand, { readonly phase: "setting" }>,
  body: Bytes,
): Step {
  const { since } = errand;
  if (since.kind === "hello") return hearHello(lent, since.greeting, body);
  const read = readHello(body);
  if (!read.ok) return end(errand, broken(errand, read.check));
  return goOn(lent, onceMore(since.visit, since.parcel));
}

/** The first refusal for its age makes the clock suspect; one more, after a token, is about the parcel. */
function hearExpired(lent: ErrandLent, visit: Visit, parcel: Parcel): Step {
  const { nonce, epoch } = visit.hello;
  if (visit.isTimed || nonce === undefined) return goOn(lent, visit);
  const since = { kind: "expired", visit: { ...visit, isTimed: true }, parcel } as const;
  return askTime(lent, since, parcel.lockId, epoch, nonce);
}

function hearRotated(
  lent: ErrandLent,
  { greeting, parcel }: Extract<Errand, { readonly phase: "rotating" }>,
  body: Bytes,
): Step {
  const read = readHello(body);
  const isTaken = read.ok && read.value.epoch === parcel.to;
  const { course } = greeting;
  const rotated = isTaken ? [...course.rotated, parcel] : course.rotated;
  return hearHello(lent, { ...greeting, course: { ...course, rotated } }, body);
}

/** The visit proper, with what is carried for the lock as it is now. */
function begun(lent: ErrandLent, { satchel, course }: Greeting, hello: Hello): Step {
  const { visit, ignored } = beginVisit(lent.crypto, satchel, hello, course);
  const effects = ignored.map((one): Effect => ({ kind: "ignored", ...one }));
  if (visit.parcels.length > 0) return after(effects, goOn(lent, visit));
  const outcome = withoutTable(visit);
  const word =
    outcome.kind === "nothing" && lent.wantsWord === true ? askOnly(lent.crypto, visit) : undefined;
  return after(effects, word === undefined ? finish(lent, visit, outcome) : askReceipt(lent, word));
}

/** How a visit ends in which no table was to be brought. */
function withoutTable({ satchel, hello, rotated, refused }: Visit): Outcome {
  const last = refused.at(-1);
  if (last !== undefined) return refusedBy(last.refusal, last.detail);
  return rotated.length > 0 ? { kind: "rotated", epoch: hello.epoch } : nothingFor(satchel, hello);
}

function nothingFor(satchel: Satchel, hello: Hello): Outcome {
  const own = satchel.parcels.filter((parcel) => equal(parcel.tag, hello.tag));
  const isKnown = own.some(({ kind }) => kind !== "ack");
  // Not "nothing": a revocation may be in it, and stays undelivered.
  return isKnown
    ? {
        kind: "unfit",
        why: "what is carried for this lock is not whole, or not for its present owner: fetch it again",
      }
    : {
        kind: "nothing",
        why: own.length === 0 ? "no parcel is carried for this lock" : "the lock is up to date",
      };
}

function goOn(lent: ErrandLent, visit: Visit): Step {
  const decision = decide(visit, lent.wantsWord);
  switch (decision.kind) {
    case "deliver": {
      const { parcel } = decision;
      return say(lent, { phase: "offering", visit: decision.visit, parcel }, headOf(parcel));
    }
    case "ask":
      return askReceipt(lent, decision.visit);
    case "end":
      return finish(lent, visit, decision.outcome);
    default:
      return decision satisfies never;
  }
}

function askReceipt(lent: ErrandLent, visit: Visit): Step {
  return say(lent, { phase: "asking", visit }, { type: messageType("receipt"), body: new Uint8Array(0) });
}

/** The sync has ended so; what the lock has written down goes along while the link is open. */
function finish(lent: ErrandLent, visit: Visit, outcome: Outcome): Step {
  // It has written down how much it holds, which the authority must know before it makes a table that fits.
  const isFull = outcome.kind === "refused" && outcome.refusal === "RESOURCE_EXHAUSTED";
  const { satchel, hello } = visit;
  const trip = lent.leavesLog === true ? undefined : beginTrip(lent.crypto, satchel, hello, isFull);
  return aboutLog(lent, visit, outcome, trip);
}

function aboutLog(lent: ErrandLent, visit: Visit, outcome: Outcome, step: LogStep | undefined): Step {
  if (step === undefined) return endVisit(visit, outcome);
  const [phase, message] =
    step.kind === "ack"
      ? (["acking", headOf(step.parcel)] as const)
      : (["pulling", { type: messageType("pull"), body: encodePull(step.after) }] as const);
  return say(lent, { phase, visit, outcome }, message);
}

function hearSegment(
  lent: ErrandLent,
  { visit, outcome }: Extract<Errand, { readonly phase: "acking" | "pulling" }>,
  body: Bytes,
): Step {
  const fetched = takeSegment(visit.log, visit.satchel, visit.hello, body);
  if (fetched === undefined) return endVisit(visit, outcome);
  const { trip: log, slip, next } = fetched;
  const fuller = { ...visit, log, satchel: owe(visit.satchel, slip) };
  return after([{ kind: "owe", slip }], aboutLog(lent, fuller, outcome, next));
}

/** The lock wants a chunk: of this parcel, in order; what it has committed it does not ask for. */
function hearNext(lent: ErrandLent, errand: Delivering, body: Bytes): Step {
  const read = readNext(body);
  if (!read.ok) return end(errand, { kind: "broken", check: read.check });
  const { to, index } = read.value;
  const { parcel, visit } = errand;
  // The head travelled first.
  const chunks = parcel.messages.length - 1;
  if (to !== parcel.to || index >= chunks) return end(errand, { kind: "broken", check: "next/other-stream" });
  const step = errand.phase === "streaming" ? heardNext(errand.stream, index) : beginStream(chunks, index);
  return stream(lent, { visit, parcel }, step);
}

/** Sends what is to be sent, waits for the answer to what is out, or goes on where the stream has ended. */
function stream(
  lent: ErrandLent,
  { visit, parcel }: { readonly visit: Visit; readonly parcel: Parcel },
  step: StreamStep,
): Step {
  switch (step.kind) {
    case "go": {
      const { halt } = step.stream;
      // Whatever becomes of the link, it was refused.
      const told = halt?.kind === "refused" ? withRefusal(visit, halt.by) : visit;
      const errand = { phase: "streaming", visit: told, parcel, stream: step.stream } as const;
      const sent = step.send.flatMap((index): Effect[] => [
        { kind: "progress", to: parcel.to, chunk: index + 1, chunks: step.stream.chunks },
        { kind: "send", message: chunkOf(parcel, index) },
      ]);
      return { errand, effects: [...sent, { kind: "deadline", milliseconds: lent.waits.streaming }] };
    }
    case "refused":
      return refused(lent, visit, step.by);
    case "broken":
      return endVisit(visit, { kind: "broken", check: step.check });
    default:
      return step satisfies never;
  }
}

function chunkOf(parcel: Parcel, index: number): Message {
  const message = parcel.messages[index + 1];
  if (message === undefined) throw new Error(`the parcel has no chunk ${index}`);
  return message;
}

function hearReceipt(
  lent: ErrandLent,
  errand: Delivering | Extract<Errand, { readonly phase: "asking" }>,
  body: Bytes,
): Step {
  const answered = errand.phase === "asking" ? undefined : errand.parcel;
  const believed = believeReceipt(lent.crypto, errand.visit, answered, body);
  if (believed === undefined) {
    // Another lock than the one that was advertised answers so too.
    if (errand.visit.isHinted) return askAfterAll(lent, errand.visit);
    return end(errand, { kind: "unproven", check: "receipt/not-by-this-lock" });
  }
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
    case "rotating": {
      if (isOver) return end(errand, refusedBy(refusal, detail));
      const { greeting, hello, parcel } = errand;
      const refused = [...greeting.course.refused, { parcel, refusal, detail, body }];
      return greeted(lent, { ...greeting, course: { ...greeting.course, refused } }, hello);
    }
    case "clocking":
    case "setting":
      return withoutTime(lent, errand.since);
    case "acking":
      // Another authority's, an old one, or no room just now: the events are wanted all the same.
      return aboutLog(lent, errand.visit, errand.outcome, { kind: "pull", after: 0 });
    case "pulling":
      return endVisit(errand.visit, errand.outcome);
    case "asking": {
      if (errand.visit.isHinted && !isOver) return askAfterAll(lent, errand.visit);
      const visit = withoutReceipt(errand.visit);
      const isHopeless = isOver || decide(visit).kind === "end";
      return isHopeless ? end(errand, refusedBy(refusal, detail)) : goOn(lent, visit);
    }
    case "offering":
      return refused(lent, errand.visit, { parcel: errand.parcel, refusal, detail, body });
    case "streaming": {
      const { parcel, visit } = errand;
      const step = heardRefusal(errand.stream, { parcel, refusal, detail, body });
      return stream(lent, { visit, parcel }, step);
    }
    default:
      return errand satisfies never;
  }
}

/** A parcel was refused, and nothing of it is out any more. */
function refused(lent: ErrandLent, visit: Visit, by: RefusedParcel): Step {
  const { refusal, detail, parcel } = by;
  const isOver = afterRefusal[refusal].move === "end";
  if (visit.isHinted && !isOver) return askAfterAll(lent, visit);
  const told = withRefusal(visit, by);
  if (refusal === "EXPIRED") return hearExpired(lent, told, parcel);
  return isOver ? endVisit(told, refusedBy(refusal, detail)) : goOn(lent, told);
}

function withRefusal(visit: Visit, by: RefusedParcel): Visit {
  return visit.refused.includes(by) ? visit : takeRefusal(visit, by);
}

/** The link or the lock went silent; a refusal that came before says more than the silence after it. */
function endEarly(errand: Talking, outcome: Outcome): Step {
  const last = refusedBefore(errand).at(-1);
  return end(errand, last === undefined ? outcome : refusedBy(last.refusal, last.detail));
}

function end(errand: Live, outcome: Outcome): Step {
  switch (errand.phase) {
    case "connecting":
    case "greeting":
      return endBefore(errand.satchel, outcome);
    case "rotating":
      return endBefore(errand.greeting.satchel, outcome);
    case "clocking":
    case "setting":
      return endTiming(errand.since, outcome);
    case "acking":
    case "pulling":
      return endVisit(errand.visit, errand.outcome);
    case "offering":
    case "streaming":
    case "asking":
      return endVisit(errand.visit, outcome);
    default:
      return errand satisfies never;
  }
}

/** The end of a visit in which nothing was delivered yet. */
function endBefore(satchel: Satchel, outcome: Outcome): Step {
  const report = emptyReport(outcome);
  return { errand: { phase: "over", satchel, report }, effects: [{ kind: "done", report }] };
}

/** A refusal that led to the time stands, whatever became of the time; only a person's wish to stop says more. */
function endTiming(since: Since, outcome: Outcome): Step {
  if (since.kind === "hello") return endBefore(since.greeting.satchel, outcome);
  const last = since.visit.refused.at(-1);
  const stands = last !== undefined && outcome.kind !== "aborted";
  return endVisit(since.visit, stands ? refusedBy(last.refusal, last.detail) : outcome);
}

function refusedBefore(errand: Talking): readonly RefusedParcel[] {
  if ("visit" in errand) return errand.visit.refused;
  if ("since" in errand) {
    const { since } = errand;
    return since.kind === "hello" ? since.greeting.course.refused : since.visit.refused;
  }
  return "greeting" in errand ? errand.greeting.course.refused : errand.course.refused;
}

function endVisit(visit: Visit, outcome: Outcome): Step {
  const { satchel, slips, report } = closeVisit(visit, outcome);
  const owed = slips.map((slip): Effect => ({ kind: "owe", slip }));
  return { errand: { phase: "over", satchel, report }, effects: [...owed, { kind: "done", report }] };
}
