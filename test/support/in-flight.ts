/**
 * A courier's errand and a lock that is slow to write, with the frames between them one by one: who is faster is the
 * test's to say, and where the link is lost. Not time, and not a radio: the order of things alone.
 */
import {
  carry,
  type Errand,
  type Event,
  emptySatchel,
  type Report,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import * as air from "@doorsync/protocol/courier";
import { encodeRefusal, refuse } from "@doorsync/protocol/lock";
import { crypto } from "../world.ts";
import type { SlowLock } from "./slow-lock.ts";

export interface Pace {
  /** Whether storage finishes an operation behind frame `frame` of the connection. */
  readonly works: (frame: number) => boolean;
  /** This frame to the lock, from 0, is begun and does not arrive, and the link is gone. */
  readonly dropAt?: number;
  /** The lock answers BUSY to whatever comes while it writes, as one does that takes chunks one at a time. */
  readonly isOneAtATime?: boolean;
}

export interface Met {
  readonly report: Report;
  /** Indices of chunks of which a frame went to the lock, as they went. */
  readonly chunks: readonly number[];
  readonly isDropped: boolean;
  readonly frames: number;
  /** Most chunks that were out whole without an answer, and that the lock held at once. */
  readonly unansweredMost: number;
  readonly heldMost: number;
  /** Refusals that the courier heard. */
  readonly refused: readonly string[];
}

/** One visit, from its first frame to its end. Throws when both wait for each other. */
export function meet(lock: SlowLock, parcel: air.Parcel, pace: Pace): Met {
  const lent = { crypto, waits, leavesLog: true };
  const toLock: Uint8Array[] = [];
  const chunks: number[] = [];
  const refused: string[] = [];
  let [frames, heardAnswers, unanswered, unansweredMost, heldMost] = [0, 0, 0, 0, 0];
  let outbox = air.emptyOutbox;
  let inbox = air.emptyInbox;
  let isDropped = false;
  const ends: Report[] = [];
  let errand: Errand;

  const feed = (event: Event): void => {
    const step = stepErrand(lent, errand, event);
    errand = step.errand;
    for (const effect of step.effects) {
      if (effect.kind === "done") ends.push(effect.report);
      if (effect.kind !== "send") continue;
      const cut = air.segment(outbox, effect.message.type, effect.message.body, 244);
      outbox = cut.outbox;
      toLock.push(...cut.frames);
      if (air.messageName(effect.message.type) === "chunk") unanswered += 1;
      unansweredMost = Math.max(unansweredMost, unanswered);
    }
  };
  const hear = (message: air.Message): void => {
    const name = air.messageName(message.type);
    if (name === "refusal") refused.push(refusalName(message));
    if (unanswered > 0) unanswered -= 1;
    feed({ kind: "message", ...message });
  };
  /** As a lock that knows nothing of chunks in flight: a message that comes while it writes is turned away whole. */
  const hearOneAtATime = (frame: Uint8Array): void => {
    const heard = air.hear(inbox, frame, air.bodyBytesMax("toLock"));
    if (heard.kind === "refused") throw new Error(`the courier spoke badly: ${heard.refused.check}`);
    inbox = heard.inbox;
    if (heard.kind !== "message") return;
    if (isWriting(lock))
      hear({ type: air.messageType("refusal"), body: encodeRefusal(refuse("BUSY", "writing", 2)) });
    else lock.say({ type: heard.type, body: heard.body });
  };
  const hearAnswers = (): boolean => {
    const answers = lock.heard().slice(heardAnswers);
    heardAnswers += answers.length;
    for (const answer of answers) if (ends.length === 0) hear(answer);
    return answers.length > 0;
  };

  ({ errand } = startErrand(lent, carry(emptySatchel, [parcel])));
  lock.connect();
  feed({ kind: "connected" });
  while (ends.length === 0) {
    const frame = toLock.shift();
    if (frame !== undefined) {
      const index = chunkBegunBy(frame, parcel);
      if (index !== undefined) chunks.push(index);
      if (frames++ === pace.dropAt) {
        isDropped = true;
        lock.happen({ kind: "disconnected" });
        feed({ kind: "closed", why: "the link was lost" });
        break;
      }
      if (pace.isOneAtATime === true) hearOneAtATime(frame);
      else lock.happen({ kind: "frame", bytes: frame });
    }
    if (lock.state.power === "on") heldMost = Math.max(heldMost, lock.state.held.length);
    const isHeard = hearAnswers();
    const hasWorked = (frame === undefined || pace.works(frames)) && lock.work();
    const moved = frame !== undefined || isHeard || hasWorked;
    if (!hearAnswers() && !moved && ends.length === 0) throw new Error("both wait for each other");
  }
  const [report] = ends;
  if (report === undefined) throw new Error("the visit did not end");
  return { report, chunks, isDropped, frames, unansweredMost, heldMost, refused };
}

function isWriting({ state }: SlowLock): boolean {
  return state.power === "on" && state.lanes.table !== undefined;
}

/** Which chunk begins with this frame, by the bytes that follow the header of a first frame. */
function chunkBegunBy(frame: Uint8Array, parcel: air.Parcel): number | undefined {
  const isFirst = ((frame[0] ?? 0) & 0x80) !== 0;
  if (!isFirst || frame[1] !== air.messageType("chunk")) return undefined;
  const data = frame.subarray(((frame[0] ?? 0) & 0x40) !== 0 ? 2 : 4);
  const index = parcel.messages
    .slice(1)
    .findIndex(({ body }) => air.equal(body.subarray(0, data.length), data));
  if (index < 0) throw new Error("a chunk of another parcel");
  return index;
}

function refusalName({ body }: air.Message): string {
  const said = air.readRefusal(body);
  return (said.ok ? air.refusalByCode(said.value.code) : undefined) ?? "unreadable";
}
