/**
 * The chunks of a snapshot on their way in: one is written, those that came behind it are held, and each is answered
 * when it is durable. Not what a chunk must be (the protocol's rules), nor what becomes of the whole (sync.ts).
 *
 * Invariants: only a chunk that was judged good is held, and the next one is judged by it, so that what is held follows
 * the block under way in the hash chain; it is written in that order, whether its courier stays or leaves; at most
 * `heldChunksMax` of them take memory.
 */

import {
  type AcceptedChunk,
  type AcceptedManifest,
  type Bytes,
  type Crypto,
  chunksInFlightMax,
  digestWith,
  emptyTable,
  encodeNext,
  itemBytes,
  itemId,
  type Refused,
  refuse,
  type Standing,
} from "@doorsync/protocol/lock";
import { answerNo } from "./answer.ts";
import { withPlan } from "./commit.ts";
import { renewed, say, type Turn } from "./session.ts";
import type { Half, HeldChunk, Running, Session, TableThen } from "./state.ts";
import { planBlock } from "./store.ts";

/** What follows a block. */
export type BlockThen = Extract<TableThen, { readonly next: "block" }>;

/** Whole chunks behind the one being written: the rest of what a courier may have out. */
const heldChunksMax = chunksInFlightMax - 1;

/** Where the lock stands with the courier of this session. */
export function standingOf(running: Running, session: Session): Standing {
  if (running.lanes.table === undefined) return session.standing.kind;
  const isRoomBehind = running.held.length < heldChunksMax;
  return isRoomBehind && blockOf(running, session) !== undefined ? "taking" : "writing";
}

/** The block that is being written for this session. */
function blockOf({ lanes }: Running, session: Session): BlockThen | undefined {
  const then = lanes.table?.then;
  return then?.next === "block" && then.asker === session.number ? then : undefined;
}

/** The stream with everything that came of it; what is still being written counts as written. */
export function halfSoFar(running: Running, session: Session): Half | undefined {
  const last = running.held.at(-1) ?? blockOf(running, session) ?? running;
  return last.half;
}

/** A chunk that was judged good: written at once, or held behind the one being written. */
export function takeChunk(
  running: Running,
  turn: Turn,
  { digestKey, manifest, half }: { digestKey: Bytes; manifest: AcceptedManifest; half: Half },
  { items, next }: Pick<AcceptedChunk, "items" | "next">,
): Running {
  const { session } = running;
  if (session === undefined) throw new Error("nobody is connected");
  const chunk = { items, next, half: lengthen(turn.crypto, digestKey, half, items, next) };
  if (blockOf(running, session) !== undefined) return { ...running, held: [...running.held, chunk] };
  return writeChunk(running, turn, { manifest, asker: session.number }, chunk);
}

/** The first chunk that is held, if any, goes behind the block that was written; the courier hears of that one. */
export function writeHeld(running: Running, turn: Turn, block: BlockThen): Running | undefined {
  const [first, ...held] = running.held;
  if (first === undefined) return undefined;
  const { asker, manifest, half } = block;
  const asks = running.session?.number === asker;
  const told = asks ? sayNext(renewed(running, turn), turn, manifest, half.expected.index) : running;
  return writeChunk({ ...told, held }, turn, block, first);
}

function writeChunk(
  running: Running,
  turn: Turn,
  { manifest, asker }: Pick<BlockThen, "manifest" | "asker">,
  { items, next, half }: HeldChunk,
): Running {
  const plan = planBlock(running.store, { items, next, digest: half.digest });
  if (plan === "full") return refuseChunks(running, turn, asker, refuse("STORAGE", "C7"));
  return withPlan(running, plan, (planned) => ({ ...planned, next: "block", manifest, half, asker }));
}

/** A chunk could not be written, and those behind it mean nothing without it: each has its answer. */
export function refuseChunks(running: Running, turn: Turn, asker: number, refused: Refused): Running {
  let answered: Running = { ...running, held: [] };
  for (let chunk = 0; chunk <= running.held.length && answered.session?.number === asker; chunk++) {
    answered = answerNo(answered, turn, "chunk", refused);
  }
  return answered;
}

export function sayNext(running: Running, turn: Turn, manifest: AcceptedManifest, index: number): Running {
  return say(running, turn, "next", encodeNext({ to: manifest.to, index }));
}

export function emptyHalf(manifest: AcceptedManifest): Half {
  return {
    to: manifest.to,
    root: manifest.root,
    issuedAt: manifest.issuedAt,
    items: [],
    digest: emptyTable.digest,
    expected: { index: 0, hash: manifest.root, afterId: -1 },
  };
}

function lengthen(crypto: Crypto, digestKey: Bytes, half: Half, items: Bytes, next: Bytes): Half {
  let { digest } = half;
  for (let at = 0; at < items.length; at += itemBytes) {
    digest = digestWith(crypto, digestKey, digest, items.subarray(at, at + itemBytes), 1);
  }
  const afterId = itemId(items.subarray(-itemBytes));
  return {
    ...half,
    items: [...half.items, items],
    digest,
    expected: { index: half.expected.index + 1, hash: next, afterId },
  };
}
