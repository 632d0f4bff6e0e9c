/**
 * One visit to one door that a person wants to open, as a pure machine: events in, effects out. The driver feeds it and
 * obeys it, as it does an errand; where the lock must be synced first, an errand runs inside, over the same link.
 *
 *   connecting -> greeting -> (clocking, setting -> greeted) -> (syncing) -> starting -> unlocking -> over
 *                                ^                               ^                         |
 *                                +---- TIME_NEEDED, once --------+---- SYNC_FIRST, once ---+
 *
 * - The lock's hello is anybody's word: it says what to bring first, and nothing is believed of it.
 * - Each handshake has an ephemeral secret of its own, and there are as many as handshakes can be wanted.
 * - "Opened" is heard under the seal of the lock whose key was pinned, or not at all.
 */
import {
  type Asking,
  askUnlock,
  type Bytes,
  courierMayHear,
  type DoorKey,
  encodeHelloRequest,
  equal,
  type Hello,
  helloFlags,
  messageName,
  messageType,
  readCapability,
  readHello,
  readRefusal,
  readUnlocked,
  refusalByCode,
  startUnlock,
} from "@doorsync/protocol/courier";
import { addressed, rotationsFor, type Satchel } from "../satchel.ts";
import {
  type Effect,
  type Errand,
  type ErrandLent,
  type Event,
  type Step,
  startErrand,
  stepErrand,
} from "./errand.ts";
import { conditionsIn, type LockCondition, type Outcome, type Report, refusedBy } from "./outcome.ts";

/** Handshakes of one visit: the first, one after a sync, one after the time. */
export const handshakesMax = 3;

/** The door, and by what this phone asks for it. */
export interface UnlockWanted extends DoorKey {
  /** 8 bytes by which the lock shows itself. */
  readonly tag: Bytes;
  /** The authority's leave for this device. */
  readonly capability: Bytes;
  /** The device's own Ed25519 seed (32 bytes); it signs one handshake hash at a time. */
  readonly deviceSeed: Bytes;
  /** 32 fresh random bytes for each handshake, `handshakesMax` of them. */
  readonly ephemerals: readonly Bytes[];
}

export type UnlockOutcome =
  | { readonly kind: "opened" }
  /** REJECTED, BUSY, or what the lock said under its seal. */
  | Extract<Outcome, { readonly kind: "refused" }>
  /** Another lock answered here. */
  | { readonly kind: "other-lock" }
  /** The lock is in another epoch than the capability, and nothing that is carried changes that. */
  | { readonly kind: "other-epoch"; readonly epoch: number }
  /** With `wait` "unlocking" nobody knows whether it opened. */
  | Extract<Outcome, { readonly kind: "unreachable" | "silent" | "dropped" | "broken" | "aborted" }>;

export interface UnlockReport {
  readonly outcome: UnlockOutcome;
  /** What became of the sync that the door asked for first; undefined: none was needed. */
  readonly sync: Report | undefined;
  /** How the lock is doing, by its hello. */
  readonly conditions: readonly LockCondition[];
}

/** What was done in this visit. */
interface Done {
  readonly satchel: Satchel;
  readonly handshakes: number;
  /** A token was asked for, or cannot be had. */
  readonly isTimed: boolean;
  readonly sync: Report | undefined;
  readonly hello: Hello | undefined;
}

export type UnlockErrand =
  | { readonly phase: "connecting"; readonly done: Done }
  /** `isForTime`: the lock asked for the time, whatever its hello says. */
  | { readonly phase: "greeting"; readonly done: Done; readonly isForTime: boolean }
  | { readonly phase: "clocking"; readonly done: Done }
  | { readonly phase: "setting"; readonly done: Done }
  | { readonly phase: "syncing"; readonly done: Done; readonly inner: Errand }
  /** A handshake is begun with this ephemeral secret. */
  | { readonly phase: "starting"; readonly done: Done; readonly ephemeral: Bytes }
  /** The request is out; the answer opens with this key. */
  | { readonly phase: "unlocking"; readonly done: Done; readonly answerKey: Bytes }
  | { readonly phase: "over"; readonly satchel: Satchel; readonly report: UnlockReport };

export type UnlockStep = Step<UnlockErrand, UnlockReport>;
export type UnlockLent = ErrandLent & { readonly wanted: UnlockWanted };

type Live = Exclude<UnlockErrand, { readonly phase: "over" }>;

/** A visit about to connect. `satchel`: what is carried, in case the lock wants to be synced. */
export function startUnlockErrand(lent: UnlockLent, satchel: Satchel): UnlockStep {
  const isTimed = lent.hasTime !== true;
  const done: Done = { satchel, handshakes: 0, isTimed, sync: undefined, hello: undefined };
  return {
    errand: { phase: "connecting", done },
    effects: [{ kind: "deadline", milliseconds: lent.waits.open }],
  };
}

/** The next state. Total: any event in any state; what comes after the end changes nothing. */
export function stepUnlockErrand(lent: UnlockLent, errand: UnlockErrand, event: Event): UnlockStep {
  if (errand.phase === "over") return { errand, effects: [] };
  if (errand.phase === "syncing") return stepInner(lent, errand, event);
  switch (event.kind) {
    case "connected":
      return errand.phase === "connecting" ? greet(lent, errand.done, false) : { errand, effects: [] };
    case "message":
      return hearMessage(lent, errand, event.type, event.body);
    case "time":
      return errand.phase === "clocking"
        ? bringTime(lent, errand.done, event.token)
        : { errand, effects: [] };
    case "garbled":
      return end(errand.done, broken(errand, event.check));
    case "failed": {
      const { check, why } = event;
      // With the request out nobody knows whether it opened, whoever failed.
      if (errand.phase !== "unlocking") return end(errand.done, { kind: "broken", check, why });
      return end(errand.done, { kind: "dropped", wait: "unlocking", why: `${check}: ${why}` });
    }
    case "closed": {
      const { kind: _, ...why } = event;
      if (errand.phase === "connecting") return end(errand.done, { kind: "unreachable", ...why });
      return end(errand.done, { kind: "dropped", wait: errand.phase, why: event.why });
    }
    case "deadline":
      return hearNothing(lent, errand);
    case "aborted":
      return end(errand.done, { kind: "aborted" });
    default:
      return event satisfies never;
  }
}

type Talking = Exclude<Live, { readonly phase: "connecting" | "syncing" }>;

function hearNothing(lent: UnlockLent, errand: Exclude<Live, { readonly phase: "syncing" }>): UnlockStep {
  const { phase, done } = errand;
  if (phase === "clocking") return bringTime(lent, done, undefined);
  if (phase === "connecting") {
    return end(done, { kind: "unreachable", why: `no connection within ${lent.waits.open / 1_000} s` });
  }
  return end(done, { kind: "silent", wait: phase, milliseconds: lent.waits[phase] });
}

function broken({ phase }: Live, check: string): UnlockOutcome {
  const isGreeted = phase !== "connecting" && phase !== "greeting";
  return isGreeted ? { kind: "broken", check } : { kind: "broken", check, wait: "greeting" };
}

/** A state that waits for the answer to a message. */
function say(
  lent: UnlockLent,
  errand: Talking,
  name: "hello" | "time" | "unlock-start" | "unlock",
  body: Bytes,
): UnlockStep {
  return {
    errand,
    effects: [
      { kind: "send", message: { type: messageType(name), body } },
      { kind: "deadline", milliseconds: lent.waits[errand.phase] },
    ],
  };
}

function greet(lent: UnlockLent, done: Done, isForTime: boolean): UnlockStep {
  return say(lent, { phase: "greeting", done, isForTime }, "hello", encodeHelloRequest(!done.isTimed));
}

const askedIn: { readonly [P in Exclude<Talking["phase"], "clocking">]: Asking } = {
  greeting: "hello",
  setting: "time",
  starting: "unlock-start",
  unlocking: "unlock",
};

function hearMessage(
  lent: UnlockLent,
  errand: Exclude<Live, { readonly phase: "syncing" }>,
  type: number,
  body: Bytes,
): UnlockStep {
  const name = messageName(type);
  const { phase, done } = errand;
  if (
    phase === "connecting" ||
    phase === "clocking" ||
    name === undefined ||
    !courierMayHear(askedIn[phase], name)
  ) {
    return end(done, broken(errand, `dialogue/${name ?? type}-in-${phase}`));
  }
  if (name === "refusal") return hearRefusal(lent, errand, body);
  switch (phase) {
    case "greeting":
    case "setting": {
      const hello = readHello(body);
      if (hello.ok)
        return greeted(lent, { ...done, hello: hello.value }, phase === "greeting" && errand.isForTime);
      const isOtherProtocol = hello.refusal === "UNSUPPORTED";
      return end(done, isOtherProtocol ? refusedBy("UNSUPPORTED") : broken(errand, hello.check));
    }
    case "starting":
      return ask(lent, errand, body);
    case "unlocking":
      return hearUnlocked(lent, errand, body);
    default:
      return errand satisfies never;
  }
}

/** Somebody said who he is: the time first, then what the table lacks, then the door. */
function greeted(lent: UnlockLent, done: Done, isForTime: boolean): UnlockStep {
  const { hello } = done;
  const { wanted } = lent;
  if (hello === undefined) throw new Error("greeted by nobody");
  if (!equal(hello.tag, wanted.tag)) return end(done, { kind: "other-lock" });
  const wantsTime = isForTime || (hello.flags & helloFlags.wantsTime) !== 0;
  if (wantsTime && !done.isTimed && hello.nonce !== undefined) {
    const { lockId } = wanted.name;
    return {
      errand: { phase: "clocking", done: { ...done, isTimed: true } },
      effects: [
        { kind: "ask-time", lockId, epoch: hello.epoch, nonce: hello.nonce },
        { kind: "deadline", milliseconds: lent.waits.clocking },
      ],
    };
  }
  if (isForTime) return end(done, refusedBy("TIME_NEEDED"));
  return isBehind(wanted, hello) && mayHelp(done, hello) ? beginSync(lent, done) : begin(lent, done);
}

function bringTime(lent: UnlockLent, done: Done, token: Bytes | undefined): UnlockStep {
  if (token === undefined) return greeted(lent, done, false);
  return say(lent, { phase: "setting", done }, "time", token);
}

/** Whether the lock says of itself that it would ask for a sync. */
function isBehind({ name, capability }: UnlockWanted, hello: Hello): boolean {
  const said = readCapability(capability);
  const isTableWanted = (hello.flags & (helloFlags.wantsSnapshot | helloFlags.damaged)) !== 0;
  return (
    hello.epoch !== name.epoch || isTableWanted || (said.ok && hello.version < said.value.minTableVersion)
  );
}

/** Whether anything is carried for the lock, and was not tried yet. */
function mayHelp({ satchel, sync }: Done, hello: Hello): boolean {
  if (sync !== undefined) return false;
  return addressed(satchel, hello).length > 0 || rotationsFor(satchel, hello).length > 0;
}

function begin(lent: UnlockLent, done: Done): UnlockStep {
  const { wanted } = lent;
  const { hello } = done;
  const ephemeral = wanted.ephemerals[done.handshakes];
  if (hello !== undefined && hello.epoch !== wanted.name.epoch) {
    return end(done, { kind: "other-epoch", epoch: hello.epoch });
  }
  if (ephemeral === undefined) throw new Error("more handshakes than a visit has");
  const begun = { ...done, handshakes: done.handshakes + 1 };
  const message = startUnlock(lent.crypto, wanted, ephemeral);
  if (!message.ok) return end(done, { kind: "broken", check: message.check });
  return say(lent, { phase: "starting", done: begun, ephemeral }, "unlock-start", message.value);
}

function ask(
  lent: UnlockLent,
  { done, ephemeral }: Extract<UnlockErrand, { readonly phase: "starting" }>,
  reply: Bytes,
): UnlockStep {
  const { wanted } = lent;
  const device = { capability: wanted.capability, seed: wanted.deviceSeed };
  const asked = askUnlock(lent.crypto, wanted, ephemeral, reply, device);
  // Not the lock that holds this key, or nothing to ask it by: it has learned nothing, and gets nothing (T7).
  if (!asked.ok) return end(done, { kind: "broken", check: asked.check });
  const { message, answerKey } = asked.value;
  return say(lent, { phase: "unlocking", done, answerKey }, "unlock", message);
}

function hearUnlocked(
  lent: UnlockLent,
  { done, answerKey }: Extract<UnlockErrand, { readonly phase: "unlocking" }>,
  body: Bytes,
): UnlockStep {
  const read = readUnlocked(lent.crypto, answerKey, body);
  if (!read.ok) return end(done, { kind: "broken", check: read.check });
  if (read.value.kind === "opened") return end(done, { kind: "opened" });
  const { refusal, detail } = read.value;
  const { hello } = done;
  if (refusal === "SYNC_FIRST" && hello !== undefined && mayHelp(done, hello)) return beginSync(lent, done);
  if (refusal === "TIME_NEEDED" && !done.isTimed) return greet(lent, done, true);
  return end(done, refusedBy(refusal, detail === 0 ? undefined : detail));
}

function hearRefusal(lent: UnlockLent, errand: Talking, body: Bytes): UnlockStep {
  const read = readRefusal(body);
  if (!read.ok) return end(errand.done, broken(errand, read.check));
  const { code, detail } = read.value;
  const refusal = refusalByCode(code);
  if (refusal === undefined) return end(errand.done, broken(errand, `refusal/${code}`));
  // The lock did not take the token; it may know enough all the same.
  if (errand.phase === "setting") return greeted(lent, errand.done, false);
  return end(errand.done, refusedBy(refusal, detail));
}

// ---- The sync inside ----

/** The same link, a visit within the visit: it begins with a hello of its own. */
function beginSync(lent: UnlockLent, done: Done): UnlockStep {
  const { errand: inner } = startErrand(lent, done.satchel);
  return stepInner(lent, { phase: "syncing", done, inner }, { kind: "connected" });
}

/** Somebody waits at the door: the log stays for another visit, and the time was brought already if it can be had. */
function innerLent(lent: UnlockLent, done: Done): ErrandLent {
  return { ...lent, leavesLog: true, hasTime: !done.isTimed };
}

function stepInner(
  lent: UnlockLent,
  { done, inner }: Extract<UnlockErrand, { readonly phase: "syncing" }>,
  event: Event,
): UnlockStep {
  const step = stepErrand(innerLent(lent, done), inner, event);
  const passed: Effect<UnlockReport>[] = [];
  for (const effect of step.effects) if (effect.kind !== "done") passed.push(effect);
  if (step.errand.phase !== "over") {
    return { errand: { phase: "syncing", done, inner: step.errand }, effects: passed };
  }
  const { satchel, report } = step.errand;
  const synced = { ...done, satchel, sync: report };
  const next = afterSync(lent, synced, report.outcome);
  return { errand: next.errand, effects: [...passed, ...next.effects] };
}

/** Whatever the sync came to, the door is asked once more as long as there is a link to ask it over. */
function afterSync(lent: UnlockLent, done: Done, outcome: Outcome): UnlockStep {
  switch (outcome.kind) {
    case "unreachable":
    case "silent":
    case "dropped":
    case "broken":
    case "aborted":
      return end(done, outcome);
    case "synced":
    case "already":
    case "commissioned":
    case "rotated":
    case "refused":
    case "unproven":
    case "unfit":
    case "nothing":
      // It may have another epoch now, and its flags have changed.
      return greet(lent, done, false);
    default:
      return outcome satisfies never;
  }
}

function end(done: Done, outcome: UnlockOutcome): UnlockStep {
  const conditions = conditionsIn(done.hello?.flags ?? 0);
  const report: UnlockReport = { outcome, sync: done.sync, conditions };
  return { errand: { phase: "over", satchel: done.satchel, report }, effects: [{ kind: "done", report }] };
}
