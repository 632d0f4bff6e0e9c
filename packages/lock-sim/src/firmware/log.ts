/**
 * How the journal leaves the lock: segments for whoever asks, sealed to the authority, and its acknowledgements, which
 * alone let events go. Where events lie in flash is journal.ts's, what is written there diary.ts's.
 */

import {
  acceptAck,
  type Bytes,
  type Crypto,
  issueSegment,
  nextHead,
  readPull,
  refuse,
} from "@doorsync/protocol/lock";
import { answerNo, busySeconds } from "./answer.ts";
import { planClosings, written } from "./diary.ts";
import { joined, mayAnchor, planAnchor, worn } from "./journal.ts";
import { withKeypadJob } from "./keypad.ts";
import { trustOf } from "./secure.ts";
import { draw, renewed, say, type Turn } from "./session.ts";
import type { KeypadThen, Running } from "./state.ts";
import { job } from "./work.ts";

/** Events after a place in the log, as many as one message holds. Sealed for the authority, whoever carries them. */
export function hearPull(running: Running, turn: Turn, body: Bytes): Running {
  const after = readPull(body);
  return after.ok ? saySegment(running, turn, after.value) : answerNo(running, turn, "pull", after);
}

function saySegment(running: Running, turn: Turn, after: number): Running {
  const { acked, events, lastSeq } = running.journal;
  const seq = Math.min(Math.max(after, acked.seq), lastSeq);
  const before = { seq, head: headOf(running, turn.crypto, seq) };
  const { running: drawn, bytes } = draw(running, turn, "segment");
  const trust = trustOf(running.secure);
  const segment = issueSegment(turn.crypto, trust, bytes, before, events.slice(seq - acked.seq));
  return say(drawn, turn, "segment", segment);
}

/** The chain's head after event `seq`, which is not older than the last acknowledged one. */
function headOf({ journal, secure }: Running, crypto: Crypto, seq: number): Bytes {
  const { acked, events } = journal;
  return events
    .slice(0, seq - acked.seq)
    .reduce((head, event) => nextHead(crypto, secure.keys.log, head, event), acked.head);
}

export function hearAck(running: Running, turn: Turn, body: Bytes): Running {
  const { journal, secure, lanes } = running;
  const at = {
    ackedSeq: journal.acked.seq,
    lastSeq: journal.lastSeq,
    headOf: (seq: number) => headOf(running, turn.crypto, seq),
  };
  const verdict = acceptAck(turn.crypto, trustOf(secure), at, body);
  if (!verdict.ok) return answerNo(running, turn, "ack", verdict);
  const { seq } = verdict.value;
  if (seq === journal.acked.seq) return saySegment(running, turn, seq);
  if (lanes.keypad !== undefined)
    return answerNo(running, turn, "ack", refuse("BUSY", "writing", busySeconds));
  // Where room is scarce an acknowledgement that frees nothing has to wait for one that does.
  if (running.journalToMend || !mayAnchor(journal, seq))
    return answerNo(running, turn, "ack", refuse("BUSY", "no-room", busySeconds));
  const closings = planClosings(running, turn);
  const line = joined(closings.line, planAnchor(closings.line.after, verdict.value));
  const { entries } = closings;
  const then = { next: "acknowledged", line, entries, seq, asker: running.sessions } as const;
  return withKeypadJob(running, job(line.ops, then));
}

/** What the authority has is no longer kept; the courier hears what is left, or that nothing is. */
export function settleAcknowledged(
  running: Running,
  turn: Turn,
  then: Extract<KeypadThen, { readonly next: "acknowledged" }>,
  ended: { readonly ok: boolean; readonly job: { readonly at: number } },
): Running {
  const asks = running.session?.number === then.asker;
  if (!ended.ok) {
    const kept = { ...running, journal: worn(then.line, ended.job.at) };
    return asks ? answerNo(kept, turn, "ack", refuse("STORAGE", "flash")) : kept;
  }
  turn.effects.push({ kind: "note", note: { what: "acknowledged", seq: then.seq } });
  const dropped = then.entries.reduce(written, { ...running, journal: then.line.after });
  return asks ? saySegment(renewed(dropped, turn), turn, then.seq) : dropped;
}
