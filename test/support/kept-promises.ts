/**
 * What a lock may never forget, whatever happens to its power: the journal's events until they are acknowledged, the
 * acknowledgement, uses of limited credentials, the day of the last daily doorcode. Seen from outside of the storage:
 * by what the running firmware holds as durable. Not a promise about the table; scenarios judge that.
 */
import { readUint, toHex } from "@doorsync/protocol/lock";
import type { Running, State } from "../../packages/lock-sim/src/firmware/state.ts";

/** Plain data: it is part of the name of a state. */
export interface Kept {
  /** Events not acknowledged, in hex, in order. */
  readonly events: readonly string[];
  readonly lastSeq: number;
  readonly acked: { readonly seq: number; readonly head: string };
  /** By credential and mark, how often it was used, and since when; under this version of the table. */
  readonly uses: readonly (readonly [
    credential: number,
    mark: number,
    count: number,
    firstSeconds: number,
  ])[];
  readonly version: number;
  readonly lastDay: number;
}

export const keptNothing: Kept = {
  events: [],
  lastSeq: 0,
  acked: { seq: 0, head: "" },
  uses: [],
  version: 0,
  lastDay: -1,
};

function keptBy({ journal, notebook, inForce }: Running): Kept {
  const { acked, events, lastSeq } = journal;
  return {
    events: events.map(toHex),
    lastSeq,
    acked: { seq: acked.seq, head: toHex(acked.head) },
    uses: notebook.uses.map(({ credential, mark, count, firstSeconds }) => [
      credential,
      mark,
      count,
      firstSeconds,
    ]),
    version: inForce.version,
    lastDay: notebook.lastDay,
  };
}

/** Whether what was believed at boot is still to be made firm: until then it is nobody's promise. */
function isWaking({ lanes, journalToMend }: Running): boolean {
  return journalToMend || lanes.keypad?.then.next === "repaired";
}

/** What the lock has to keep from here on. A lock without an owner has forgotten everything. */
export function nowKept(before: Kept, state: State): Kept {
  if (state.power === "off" || isWaking(state)) return before;
  return state.secure.phase === "factory" ? keptNothing : keptBy(state);
}

/** Throws if something is gone that had to be kept; else what is to be kept from now on. */
export function mustKeep(before: Kept, state: State): Kept {
  if (state.power === "off") throw new Error("the lock stays dark");
  if (isWaking(state)) throw new Error("the lock is not done with its repairs");
  if (state.secure.phase === "factory") return keptNothing;
  const { journal, notebook, inForce } = state;
  const { acked, events, lastSeq } = journal;
  const wrong = (what: string): never => {
    throw new Error(what);
  };
  if (lastSeq < before.lastSeq) wrong(`the journal ends with ${lastSeq}, not ${before.lastSeq}`);
  if (acked.seq < before.acked.seq) wrong(`acknowledged ${acked.seq}, before it was ${before.acked.seq}`);
  const sameHead =
    acked.seq !== before.acked.seq || before.acked.head === "" || toHex(acked.head) === before.acked.head;
  if (!sameHead) wrong("the chain's acknowledged head is another");
  before.events.forEach((event, index) => {
    const seq = before.acked.seq + 1 + index;
    if (seq <= acked.seq) return;
    const now = events[seq - acked.seq - 1];
    if (now === undefined || toHex(now) !== event) wrong(`event ${seq} is gone or another`);
  });
  events.forEach((event, index) => {
    if (readUint(event, 0, 4) !== acked.seq + 1 + index)
      wrong(`event ${readUint(event, 0, 4)} at place ${index}`);
  });
  if (inForce.version === before.version) {
    for (const [credential, mark, count, firstSeconds] of before.uses) {
      const use = notebook.uses.find((one) => one.credential === credential && one.mark === mark);
      if (use === undefined || use.count < count || use.firstSeconds > firstSeconds)
        wrong(`${credential} was used ${count} times, not ${use?.count}`);
    }
  }
  if (notebook.lastDay < before.lastDay) wrong(`the last day is ${notebook.lastDay}, not ${before.lastDay}`);
  return nowKept(before, state);
}
