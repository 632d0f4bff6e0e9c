/**
 * What the lock does with each message of a visit: hands it to the protocol's rules, turns their verdicts into storage
 * jobs, and answers when the jobs are done. Whether bytes are believed is decided in the rules alone.
 *
 * The promise comes after the deed: a receipt is made from `inForce`, and `inForce` changes only when the last
 * operation of a commit was read back.
 */

import {
  type AcceptedDelta,
  type AcceptedManifest,
  acceptChunk,
  acceptManifest,
  acceptTime,
  acceptUpdate,
  type Bytes,
  bootsPerHourMax,
  clockDriftPpmMax,
  completeDelta,
  completeSnapshot,
  concat,
  conditionFlags,
  encodeHello,
  equal,
  type Held,
  type Hello,
  helloFlags,
  issueReceipt,
  lockMayHear,
  type Message,
  type MessageName,
  messageName,
  noBytes,
  nonceBytes,
  protocolVersion,
  type Refused,
  readHelloRequest,
  receiptFlags,
  refuse,
} from "@doorsync/protocol/lock";
import { answerNo, busySeconds } from "./answer.ts";
import { clockHolds, keptBy, spanOf, wantsTime } from "./clock.ts";
import { settlePlan, settleTableChange, withPlan } from "./commit.ts";
import { witness } from "./diary.ts";
import type { Now } from "./events.ts";
import { poweredSeconds } from "./keypad.ts";
import { hearAck, hearPull } from "./log.ts";
import { mechanicalConditions } from "./mechanics.ts";
import { hearCommission, hearRotation, takeKeys, takeOwner, wantsSnapshot } from "./owner.ts";
import { settleReset } from "./reset.ts";
import { trustOf } from "./secure.ts";
import {
  countedEffort,
  draw,
  hangUp,
  isFruitless,
  renewed,
  say,
  signatureBudgetLeft,
  type Turn,
  withSession,
} from "./session.ts";
import type { Half, InForce, Planned, Running, Session, TableThen } from "./state.ts";
import { givenUp, isResumable, type Plan, planActivate, planBegin, planDelta, planFloor } from "./store.ts";
import {
  type BlockThen,
  emptyHalf,
  halfSoFar,
  refuseChunks,
  sayNext,
  standingOf,
  takeChunk,
  writeHeld,
} from "./stream.ts";
import { hearUnlock, hearUnlockStart, refuseUnlock } from "./unlock.ts";
import type { Ended } from "./work.ts";

const signatureBudgetSeconds = 60;

export function hearMessage(running: Running, turn: Turn, message: Message): Running {
  const name = messageName(message.type);
  const { session } = running;
  if (name === undefined || session === undefined) throw new Error("the inbox passes known types only");
  const no = (refused: Refused): Running =>
    name === "unlock" ? refuseUnlock(running, turn, refused) : answerNo(running, turn, name, refused);
  if (name === "hello" && session.helloToAnswer === undefined && isWritingForOthers(running, session)) {
    return withSession(running, { helloToAnswer: message.body });
  }
  if (!lockMayHear(standingOf(running, session), name)) {
    const isWriting = running.lanes.table !== undefined;
    return no(isWriting ? refuse("BUSY", "writing", busySeconds) : refuse("REJECTED", "dialogue"));
  }
  switch (name) {
    case "hello":
      return hearHello(running, turn, message.body);
    case "receipt":
      if (isFruitless(running)) return hangUp(no(refuse("BUSY", "U1", busySeconds)), turn);
      return hearReceiptRequest(countedEffort(running), turn);
    case "commission":
      return hearCommission(running, turn, message.body);
    case "chunk":
      return hearChunk(running, turn, message.body);
    case "pull":
      if (running.secure.phase === "factory") return no(refuse("REJECTED", "no-owner"));
      if (isFruitless(running)) return hangUp(no(refuse("BUSY", "U1", busySeconds)), turn);
      return hearPull(countedEffort(running), turn, message.body);
    case "update":
    case "manifest":
    case "time":
    case "ack":
    case "rotation":
    case "unlock-start":
    case "unlock": {
      if (running.secure.phase === "factory") return no(refuse("REJECTED", "no-owner"));
      if (!signatureBudgetLeft(running, turn.now)) return no(refuse("BUSY", "U1", signatureBudgetSeconds));
      if (isFruitless(running)) return hangUp(no(refuse("BUSY", "U1", busySeconds)), turn);
      return hearSigned[name](countedEffort(running), turn, message.body);
    }
    default:
      throw new Error(`no such message: ${String(name satisfies never)}`);
  }
}

/** Whether a table job is under way that this connection did not ask for: a chore, or what an earlier one left. */
function isWritingForOthers({ lanes }: Running, { number }: Session): boolean {
  const then = lanes.table?.then;
  return then !== undefined && !("asker" in then && then.asker === number);
}

/** A table job ended: whoever came meanwhile has waited for nothing of theirs. */
export function answerWaiting(running: Running, turn: Turn): Running {
  const body = running.session?.helloToAnswer;
  if (body === undefined || running.lanes.table !== undefined) return running;
  return hearHello(withSession(running, { helloToAnswer: undefined }), turn, body);
}

const hearSigned = {
  update: hearUpdate,
  manifest: hearManifest,
  time: hearTime,
  ack: hearAck,
  rotation: hearRotation,
  "unlock-start": hearUnlockStart,
  unlock: hearUnlock,
};

function hearHello(running: Running, turn: Turn, body: Bytes): Running {
  const wantsNonce = readHelloRequest(body);
  if (!wantsNonce.ok) return answerNo(running, turn, "hello", wantsNonce);
  if (!wantsNonce.value) return sayHello(running, turn, undefined);
  const drawn = draw(running, turn, "nonce");
  const value = drawn.bytes.slice(0, nonceBytes);
  return sayHello(withSession(drawn.running, { nonce: { value, sentMs: turn.now.uptimeMs } }), turn, value);
}

/** What the lock says of itself to anybody, asked or not. */
export function helloAt(running: Running, now: Now): Hello {
  const { secure, store, inForce, half } = running;
  const flags =
    (secure.phase === "factory" ? helloFlags.factory : 0) +
    (wantsSnapshot(running) ? helloFlags.wantsSnapshot : 0) +
    (store.damaged ? helloFlags.damaged : 0) +
    (wantsTime(keptBy(running), now) ? helloFlags.wantsTime : 0) +
    (running.journal.events.length > 0 ? conditionFlags.logWaiting : 0) +
    conditionsOf(running, now);
  const resume = half !== undefined && isResumable(store) ? [half.to, half.expected.index] : [];
  const { tag, epoch } = secure;
  return { protocol: protocolVersion, tag, epoch, version: inForce.version, flags, resume };
}

function sayHello(running: Running, turn: Turn, nonce: Bytes | undefined): Running {
  const hello = helloAt(running, turn.now);
  return say(running, turn, "hello", encodeHello(nonce === undefined ? hello : { ...hello, nonce }));
}

/** How the lock is doing, as bits for hello and receipt. */
export function conditionsOf(running: Running, now: Now): number {
  const uptime = poweredSeconds(running, now);
  const boots = running.notebook.boots.filter((seconds) => uptime - seconds < 3_600);
  return mechanicalConditions(running) + (boots.length > bootsPerHourMax ? conditionFlags.rebooting : 0);
}

/** A receipt speaks of a table that the owner put there; before that the lock has nothing to sign. */
function hearReceiptRequest(running: Running, turn: Turn): Running {
  const { phase, epoch, tableEpoch } = running.secure;
  if (phase !== "owned" || tableEpoch !== epoch) {
    return answerNo(running, turn, "receipt", refuse("REJECTED", "no-table"));
  }
  return sayReceipt(running, turn);
}

/** A damaged lock says so under its signature: that proves no table, but tells the authority to send a snapshot. */
function sayReceipt(running: Running, turn: Turn): Running {
  const { secure, inForce, store } = running;
  const body = issueReceipt(turn.crypto, secure.signSeed, secure, {
    version: inForce.version,
    issuedAt: inForce.issuedAt,
    state: inForce.state,
    lowerSeconds: spanOf(keptBy(running), turn.now).lower,
    flags:
      (store.damaged ? receiptFlags.damaged : 0) +
      (clockHolds(keptBy(running), turn.now) ? 0 : receiptFlags.timeUnknown) +
      conditionsOf(running, turn.now),
  });
  return say(running, turn, "receipt", body);
}

function sayAlready(running: Running, turn: Turn): Running {
  turn.effects.push({ kind: "note", note: { what: "already", version: running.inForce.version } });
  return sayReceipt(running, turn);
}

function hearUpdate(running: Running, turn: Turn, body: Bytes): Running {
  const verdict = acceptUpdate(turn.crypto, trustOf(running.secure), heldBy(running, turn.now), body);
  if (!verdict.ok) return answerNo(running, turn, "update", verdict);
  if (verdict.value.kind === "already") return sayAlready(running, turn);
  return commitDelta(running, turn, "update", verdict.value);
}

function hearManifest(running: Running, turn: Turn, body: Bytes): Running {
  const verdict = acceptManifest(turn.crypto, trustOf(running.secure), heldBy(running, turn.now), body);
  if (!verdict.ok) return answerNo(running, turn, "manifest", verdict);
  if (verdict.value.kind === "already") return sayAlready(running, turn);
  const manifest = verdict.value;
  const trusted = withSession(running, { standing: { kind: "streaming", manifest } });
  // A streamed delta has one chunk; nothing of it is written before that chunk has come.
  if (manifest.span > 0) return sayNext(trusted, turn, manifest, 0);
  const { half, store } = trusted;
  if (half !== undefined && isResumable(store) && half.to >= manifest.to) {
    if (half.to > manifest.to) return answerNo(running, turn, "manifest", refuse("STALE", "S1", half.to));
    if (!equal(half.root, manifest.root))
      return answerNo(running, turn, "manifest", refuse("CONFLICT", "S2"));
    return continueStream(trusted, turn, manifest, half);
  }
  const plan = planBegin(store, { epoch: trusted.secure.epoch, ...manifest });
  return withPlan({ ...trusted, half: undefined }, plan, (planned) => ({
    ...planned,
    next: "begun",
    manifest,
  }));
}

function hearChunk(running: Running, turn: Turn, body: Bytes): Running {
  const { session } = running;
  if (session?.standing.kind !== "streaming") throw new Error("chunks pass while streaming only");
  const { manifest } = session.standing;
  const trust = trustOf(running.secure);
  const half = manifest.span > 0 ? emptyHalf(manifest) : halfSoFar(running, session);
  if (half === undefined) return answerNo(running, turn, "chunk", refuse("REJECTED", "dialogue"));
  const verdict = acceptChunk(turn.crypto, trust, manifest, half.expected, body);
  if (!verdict.ok) return answerNo(running, turn, "chunk", verdict);
  if (manifest.span === 0) {
    return takeChunk(running, turn, { digestKey: trust.keys.digest, manifest, half }, verdict.value);
  }
  const { items } = verdict.value;
  const delta = completeDelta(turn.crypto, trust, heldBy(running, turn.now), manifest, items);
  const settled = withSession(running, { standing: { kind: "open" } });
  return delta.ok
    ? commitDelta(settled, turn, "chunk", delta.value)
    : answerNo(settled, turn, "chunk", delta);
}

/** A chunk is durable: its courier, if it is still there, hears of it, and the one behind it is next. */
function settleBlock(running: Running, turn: Turn, block: BlockThen): Running {
  const { half, manifest, asker } = block;
  const { to, chunks } = manifest;
  turn.effects.push({ kind: "note", note: { what: "chunk", to, index: half.expected.index - 1, chunks } });
  const longer = { ...running, half };
  const going = writeHeld(longer, turn, block);
  if (going !== undefined || running.session?.number !== asker) return going ?? longer;
  return continueStream(renewed(longer, turn), turn, manifest, half);
}

/** Asks for the next chunk, or puts the stream in force when it has come whole. */
function continueStream(running: Running, turn: Turn, manifest: AcceptedManifest, half: Half): Running {
  if (half.expected.index < manifest.chunks) return sayNext(running, turn, manifest, half.expected.index);
  const items = concat(...half.items);
  const held = heldBy(running, turn.now);
  const verdict = completeSnapshot(turn.crypto, trustOf(running.secure), held, manifest, items, half.digest);
  const settled = { ...withSession(running, { standing: { kind: "open" } as const }), half: undefined };
  if (!verdict.ok) return answerNo(settled, turn, "manifest", verdict);
  const { to: version, state, table } = verdict.value;
  // A manifest signed anew may carry a younger issuedAt than its bank was opened with; leases count from the older.
  const inForce: InForce = { version, state, table, issuedAt: half.issuedAt };
  const plan = planActivate(settled.store);
  if (plan === "full") return answerNo(settled, turn, "manifest", refuse("STORAGE", "S3"));
  return withCommit(settled, plan, inForce, "snapshot", table.count);
}

function commitDelta(running: Running, turn: Turn, heard: MessageName, delta: AcceptedDelta): Running {
  const plan = planDelta(running.store, delta);
  if (plan === "full") return answerNo(running, turn, heard, refuse("BUSY", "no-room", busySeconds));
  const { to: version, state, table, issuedAt } = delta;
  // Whatever stream this session was in, it has to be announced again: the table that it was for is gone.
  const open = withSession(running, { standing: { kind: "open" } });
  const entries = delta.puts.length + delta.removes.length;
  return withCommit(open, plan, { version, state, table, issuedAt }, "delta", entries);
}

function withCommit(
  running: Running,
  plan: Plan,
  inForce: InForce,
  by: "delta" | "snapshot",
  entries: number,
): Running {
  const { version, state } = inForce;
  const then = (planned: Planned & { readonly asker: number }): TableThen => ({
    ...planned,
    next: "in-force",
    by,
    inForce,
    entries,
  });
  const tableEpoch = running.secure.epoch;
  const changes = { phase: "owned", version, state, tableEpoch, offerHash: noBytes, reply: noBytes } as const;
  return withPlan(running, plan, then, changes);
}

function hearTime(running: Running, turn: Turn, body: Bytes): Running {
  const nonce = running.session?.nonce;
  const used = withSession(running, { nonce: undefined });
  if (nonce === undefined) return answerNo(used, turn, "time", refuse("REJECTED", "K0"));
  const asked = {
    nonce: nonce.value,
    elapsedSeconds: (turn.now.uptimeMs - nonce.sentMs) / 1_000,
    floorSeconds: used.store.floorSeconds,
    tableIssuedAt: used.inForce.issuedAt,
  };
  const seconds = acceptTime(turn.crypto, trustOf(used.secure), asked, body);
  if (!seconds.ok) return answerNo(used, turn, "time", seconds);
  // A lock without a table has nowhere to keep the time; its first snapshot brings one.
  if (used.store.force === undefined) {
    return answerNo(used, turn, "time", refuse("NEED_SNAPSHOT", "K7", used.inForce.version));
  }
  const plan = planFloor(used.store, seconds.value);
  if (plan === "full") return answerNo(used, turn, "time", refuse("BUSY", "no-room", busySeconds));
  // A token that was long under way leaves the clock as far off as a long drift would.
  const setSeconds = seconds.value - Math.ceil((asked.elapsedSeconds * 1_000_000) / clockDriftPpmMax);
  return withPlan(used, plan, (planned) => ({
    ...planned,
    next: "floor",
    seconds: seconds.value,
    setSeconds: Math.max(0, setSeconds),
  }));
}

/** The secure element takes a record, or is silent for ever: it has no other answer. */
const unanswerable = "the secure element answers only that it took a record";

/** What a table job's end comes to. Answers go only to the courier that asked. */
export function settleTable(
  running: Running,
  turn: Turn,
  ended: Extract<Ended<never, TableThen>, { readonly lane: "table" }>,
): Running {
  const { then } = ended.job;
  const asks = "asker" in then && running.session?.number === then.asker;
  if (!ended.ok) turn.effects.push({ kind: "note", note: { what: "storage-failed" } });
  const failed = (kept: Running, heard: MessageName): Running =>
    asks ? answerNo(kept, turn, heard, refuse("STORAGE", "flash")) : kept;
  switch (then.next) {
    case "in-force": {
      const { running: kept, reached } = settleTableChange(running, then, ended);
      if (!reached) return failed(kept, "update");
      const { inForce, by } = then;
      turn.effects.push({ kind: "note", note: { what: "committed", version: inForce.version, by } });
      // A delta may have overtaken a snapshot on its way: then its bank is given up, and so is the memory of it.
      const half = isResumable(kept.store) ? kept.half : undefined;
      const changed = witness({ ...kept, inForce, half }, turn, {
        kind: "LockUserChange",
        version: inForce.version,
        count: then.entries,
      });
      return asks ? sayReceipt(renewed(changed, turn), turn) : changed;
    }
    case "begun": {
      const { running: kept } = settlePlan(running, then, ended);
      if (!ended.ok) return failed(kept, "manifest");
      const half = emptyHalf(then.manifest);
      const begun = { ...kept, half };
      return asks ? continueStream(begun, turn, then.manifest, half) : begun;
    }
    case "block": {
      const { running: kept } = settlePlan(running, then, ended);
      if (!ended.ok) return refuseChunks(kept, turn, then.asker, refuse("STORAGE", "flash"));
      return settleBlock(kept, turn, then);
    }
    case "floor": {
      const { running: kept } = settlePlan(running, then, ended);
      if (!ended.ok) return failed(kept, "time");
      const { seconds, setSeconds } = then;
      turn.effects.push(
        { kind: "set-clock", seconds },
        { kind: "note", note: { what: "clock-set", seconds } },
      );
      // The board sets its clock from the effect; the hello that answers speaks of what it will read then.
      const set = { ...turn, now: { ...turn.now, rtcSeconds: seconds } };
      const noted = { ...kept, clockToNote: { seconds, setSeconds } };
      const told = witness(noted, set, { kind: "TimeSet" });
      return asks ? sayHello(told, set, undefined) : told;
    }
    case "chore": {
      const { running: kept } = settlePlan(running, then, ended);
      return ended.ok ? kept : { ...kept, failedChores: kept.failedChores + 1 };
    }
    case "commissioned": {
      const { secure } = then;
      if (!ended.ok) throw new Error(unanswerable);
      const owned = takeOwner(running, turn, secure);
      return asks ? say(owned, turn, "commission", secure.reply) : owned;
    }
    case "rotated": {
      if (!ended.ok) throw new Error(unanswerable);
      const rotated = takeKeys(running, turn, then.secure);
      return asks ? sayHello(renewed(rotated, turn), turn, undefined) : rotated;
    }
    case "reset":
      if (!ended.ok) throw new Error(unanswerable);
      return settleReset(running, turn, then.secure);
    case "repaired":
      // What could not be made firm must not be built upon: the table moves before it changes again.
      return ended.ok ? running : { ...running, store: givenUp(running.store), half: undefined };
    default:
      throw new Error(`no such end: ${String(then satisfies never)}`);
  }
}

function heldBy(running: Running, now: Now): Held {
  const { inForce, store, secure } = running;
  const { lower } = spanOf(keptBy(running), now);
  // A first table is judged by the commission at the latest, or a clock that runs ahead would let none in.
  const isFirst = secure.phase === "provisional";
  return {
    version: inForce.version,
    table: inForce.table,
    state: inForce.state,
    lowerSeconds: isFirst ? Math.min(lower, secure.commissionedAt) : lower,
    capacity: store.geometry.capacity,
    snapshotOnly: wantsSnapshot(running),
  };
}
