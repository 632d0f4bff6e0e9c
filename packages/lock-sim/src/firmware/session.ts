/**
 * One connection: frames in and out, its budgets and timers, and its share of entropy. Not what messages mean
 * (sync.ts). All of it is forgotten when the courier leaves. Its memory is one message in the inbox: chunks that were
 * judged good are not kept here but beside the block that is written, and bounded there (stream.ts).
 */

import {
  ascii,
  type Bytes,
  badSignaturesPerMinuteMax,
  badSignaturesPerSessionMax,
  bodyBytesMax,
  type Crypto,
  concat,
  emptyInbox,
  emptyOutbox,
  encodeRefusal,
  firstByteSecondsMax,
  fruitlessEffortsPerSessionMax,
  hear,
  idleSecondsMax,
  type Message,
  type MessageName,
  messageType,
  type Refused,
  refuse,
  segment,
  sessionBytesMax,
  sessionSecondsMax,
  writeUint,
} from "@doorsync/protocol/lock";
import type { Effect, Now } from "./events.ts";
import type { Running, Session } from "./state.ts";

/** What one step has at hand: values of the moment, and the list of effects that it fills. */
export interface Turn {
  readonly crypto: Crypto;
  readonly now: Now;
  readonly effects: Effect[];
}

export function connect(running: Running, turn: Turn, entropy: Bytes, frameBytesMax: number): Running {
  const number = running.sessions + 1;
  const session: Session = {
    number,
    frameBytesMax,
    inbox: emptyInbox,
    outbox: emptyOutbox,
    entropy,
    draws: 0,
    standing: { kind: "open" },
    helloToAnswer: undefined,
    nonce: undefined,
    handshake: undefined,
    strangeBytes: 0,
    badSignatures: 0,
    fruitless: 0,
    startedMs: turn.now.uptimeMs,
    heardMs: undefined,
  };
  return { ...running, sessions: number, session };
}

/** The courier left, or was sent away. What was committed stays; what is held is written, and the stream resumable. */
export function forgetSession(running: Running, turn: Turn): Running {
  if (running.session === undefined) return running;
  turn.effects.push({ kind: "note", note: { what: "session-ended" } });
  return { ...running, session: undefined };
}

export function hangUp(running: Running, turn: Turn): Running {
  if (running.session === undefined) return running;
  turn.effects.push({ kind: "disconnect" });
  return forgetSession(running, turn);
}

/** Ends a session that is silent or that goes on too long with nothing made durable (T15). */
export function keepSessionTime(running: Running, turn: Turn): Running {
  const { session } = running;
  // A courier whose message is being written to flash is not silent: the lock owes it an answer.
  if (session === undefined || running.lanes.table !== undefined) return running;
  const silentMs = turn.now.uptimeMs - (session.heardMs ?? session.startedMs);
  const silentMsMax = 1_000 * (session.heardMs === undefined ? firstByteSecondsMax : idleSecondsMax);
  const old = turn.now.uptimeMs - session.startedMs > 1_000 * sessionSecondsMax;
  return silentMs > silentMsMax || old ? hangUp(running, turn) : running;
}

/** The message that a frame completes, if it does. Anomalies and overdrafts end the session. */
export function hearFrame(
  running: Running,
  turn: Turn,
  frame: Bytes,
): { readonly running: Running; readonly message: Message | undefined } {
  const { session } = running;
  if (session === undefined) return { running, message: undefined };
  const strangeBytes = session.strangeBytes + frame.length;
  const heard =
    strangeBytes > sessionBytesMax
      ? { kind: "refused" as const, refused: refuse("TOO_LARGE", "U1") }
      : hear(session.inbox, frame, bodyBytesMax("toLock"));
  if (heard.kind === "refused") {
    return { running: hangUp(sayRefusal(running, turn, "frames", heard.refused), turn), message: undefined };
  }
  const listening = withSession(running, { inbox: heard.inbox, strangeBytes, heardMs: turn.now.uptimeMs });
  return {
    running: listening,
    message: heard.kind === "message" ? { type: heard.type, body: heard.body } : undefined,
  };
}

/** What this courier brought is durable: it has earned fresh budgets. Replays of what is known earn nothing. */
export function renewed(running: Running, turn: Turn): Running {
  return withSession(running, { strangeBytes: 0, fruitless: 0, startedMs: turn.now.uptimeMs });
}

/** A signature will be verified or made. A courier that has much of it done with nothing to show is sent away (T16). */
export function countedEffort(running: Running): Running {
  return withSession(running, { fruitless: sessionOf(running).fruitless + 1 });
}

export function isFruitless(running: Running): boolean {
  return sessionOf(running).fruitless >= fruitlessEffortsPerSessionMax;
}

export function say(running: Running, turn: Turn, name: MessageName, body: Bytes): Running {
  const session = sessionOf(running);
  const { outbox, frames } = segment(session.outbox, messageType(name), body, session.frameBytesMax);
  for (const frame of frames) turn.effects.push({ kind: "send", frame });
  // From here the courier has its full time to go on, however long the answer took.
  return withSession(running, { outbox, heardMs: turn.now.uptimeMs });
}

/** Checks whose failure cost the lock a signature verification. */
const costlyChecks: readonly string[] = ["U9", "K3", "A2", "N4", "Q5", "Q8"];

/** Says the number of a refusal, and no more. A courier that brings three bad signatures is sent away (T16). */
export function sayRefusal(
  running: Running,
  turn: Turn,
  heard: MessageName | "frames",
  refused: Refused,
): Running {
  witnessNo(turn, heard, refused);
  const said = say(running, turn, "refusal", encodeRefusal(refused));
  return hangUpIfSpent(countedBad(said, turn, refused.check), turn);
}

/** For traces and people: what was refused, and by which check. */
export function witnessNo(turn: Turn, heard: MessageName | "frames", { refusal, check }: Refused): void {
  turn.effects.push({ kind: "note", note: { what: "refused", message: heard, refusal, check } });
}

/** A failed check, counted where it cost the lock a signature verification. */
export function countedBad(running: Running, turn: Turn, check: string): Running {
  if (!costlyChecks.includes(check)) return running;
  const badSignaturesMs = [...recentBadSignatures(running, turn.now), turn.now.uptimeMs];
  const badSignatures = sessionOf(running).badSignatures + 1;
  return withSession({ ...running, badSignaturesMs }, { badSignatures });
}

/** Sends a courier away that has brought as many bad signatures as one may. */
export function hangUpIfSpent(running: Running, turn: Turn): Running {
  return sessionOf(running).badSignatures >= badSignaturesPerSessionMax ? hangUp(running, turn) : running;
}

/** Whether the lock will still spend a signature verification on strangers this minute. */
export function signatureBudgetLeft(running: Running, now: Now): boolean {
  return recentBadSignatures(running, now).length < badSignaturesPerMinuteMax;
}

function recentBadSignatures(running: Running, now: Now): readonly number[] {
  return running.badSignaturesMs.filter((ms) => now.uptimeMs - ms < 60_000);
}

/** 32 bytes that are fresh at each call: the connection's entropy, stretched by HKDF under a label and a count. */
export function draw(
  running: Running,
  turn: Turn,
  label: string,
): { readonly running: Running; readonly bytes: Bytes } {
  const session = sessionOf(running);
  const prk = turn.crypto.extract(ascii("doorsync/1 entropy"), session.entropy);
  const count = new Uint8Array(4);
  writeUint(count, 0, 4, session.draws);
  const info = concat(ascii(label), count);
  return {
    running: withSession(running, { draws: session.draws + 1 }),
    bytes: turn.crypto.expand(prk, info, 32),
  };
}

export function withSession(running: Running, changes: Partial<Session>): Running {
  return { ...running, session: { ...sessionOf(running), ...changes } };
}

/** The connection that is being served; throws when there is none: nobody was heard, and nobody is answered. */
function sessionOf({ session }: Running): Session {
  if (session === undefined) throw new Error("nobody is connected");
  return session;
}
