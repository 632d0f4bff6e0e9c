/**
 * The chunks of one parcel on their way to a lock: which are out, which the lock wants, and what its answers come to. A
 * value; it neither sends nor waits, `errand.ts` does. Not what a chunk holds.
 *
 * Up to `chunksInFlightMax` chunks are out unanswered, in order. Every chunk is answered once, so answers are counted. A
 * lock that takes one at a time calls the second BUSY: what is out is let come in, and from the chunk that it wants
 * then the stream goes on one at a time.
 */
import { chunksInFlightMax } from "@doorsync/protocol/courier";
import { afterRefusal } from "./outcome.ts";
import type { RefusedParcel } from "./visit.ts";

/** Times that a lock may want the same chunk again. */
const chunkRepeatsMax = 2;

export interface Stream {
  /** Chunks of the parcel. */
  readonly chunks: number;
  /** The one that the lock wanted last: all before it are committed. */
  readonly wanted: number;
  /** None from here on was ever sent. */
  readonly sentTo: number;
  /** Chunks out without an answer. */
  readonly unanswered: number;
  readonly unansweredMax: number;
  /** Times that `wanted` was sent before, as far as the lock asked for it again. */
  readonly repeats: number;
  /** Nothing more is sent before everything out is answered. */
  readonly halt: Halt | undefined;
}

type Halt =
  /** One at a time from here on. */
  | { readonly kind: "narrow" }
  /** The same, if the lock takes a chunk of those that are out; otherwise it is busy with something else. */
  | { readonly kind: "busy"; readonly wanted: number; readonly by: RefusedParcel }
  /** The parcel is refused. */
  | { readonly kind: "refused"; readonly by: RefusedParcel };

/** What follows: chunks to send (none: wait for the next answer), or how the stream ended. */
export type StreamStep =
  | { readonly kind: "go"; readonly stream: Stream; readonly send: readonly number[] }
  | { readonly kind: "refused"; readonly by: RefusedParcel }
  | { readonly kind: "broken"; readonly check: string };

export function beginStream(chunks: number, wanted: number): StreamStep {
  const stream: Stream = {
    chunks,
    wanted,
    sentTo: wanted,
    unanswered: 0,
    unansweredMax: chunksInFlightMax,
    repeats: 0,
    halt: undefined,
  };
  return goOn(stream);
}

/** A chunk that is out was answered: the lock has everything before chunk `wanted`. */
export function heardNext(stream: Stream, wanted: number): StreamStep {
  if (wanted < stream.wanted) return { kind: "broken", check: "next/backwards" };
  const isAgain = wanted === stream.wanted;
  const repeats = isAgain ? stream.repeats + 1 : 0;
  if (repeats > chunkRepeatsMax) return { kind: "broken", check: "next/again-and-again" };
  const sentTo = Math.max(stream.sentTo, wanted);
  const halt = stream.halt ?? (isAgain ? ({ kind: "narrow" } as const) : undefined);
  return goOn({ ...stream, wanted, repeats, sentTo, halt, unanswered: stream.unanswered - 1 });
}

/** A chunk that is out was refused; those behind it the lock cannot take either. */
export function heardRefusal(stream: Stream, by: RefusedParcel): StreamStep {
  const answered = { ...stream, unanswered: stream.unanswered - 1 };
  if (stream.halt !== undefined && isNoNews(stream.halt, by)) return goOn(answered);
  if (by.refusal === "BUSY" && stream.unansweredMax > 1) {
    return goOn({ ...answered, halt: { kind: "busy", wanted: stream.wanted, by } });
  }
  // A lock that takes nothing more need not answer the rest.
  const halt: Halt = { kind: "refused", by };
  return afterRefusal[by.refusal].move === "end" ? halt : goOn({ ...answered, halt });
}

/** Behind a chunk that was not taken, any other is one too many or out of its order. */
function isNoNews(halt: Halt, { refusal }: RefusedParcel): boolean {
  return halt.kind === "refused" || refusal === "BUSY" || refusal === "REJECTED";
}

function goOn(stream: Stream): StreamStep {
  const { halt, unanswered, unansweredMax, wanted, sentTo } = stream;
  if (halt === undefined && unansweredMax > 1) {
    return sending(stream, sentTo, Math.min(unansweredMax - unanswered, stream.chunks - sentTo));
  }
  if (unanswered > 0) return sending(stream, sentTo, 0);
  if (halt?.kind === "refused") return halt;
  if (halt?.kind === "busy" && halt.wanted === wanted) return { kind: "refused", by: halt.by };
  // What was out in vain counts as sent.
  const repeats = wanted < sentTo ? Math.max(stream.repeats, 1) : stream.repeats;
  return sending({ ...stream, halt: undefined, unansweredMax: 1, repeats }, wanted, 1);
}

function sending(stream: Stream, from: number, count: number): StreamStep {
  const send = Array.from({ length: count }, (_, i) => from + i);
  const sentTo = Math.max(stream.sentTo, from + count);
  return { kind: "go", stream: { ...stream, sentTo, unanswered: stream.unanswered + count }, send };
}
