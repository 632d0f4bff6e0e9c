/**
 * Virtual time, in milliseconds, and what is to happen when. Things due at the same moment happen in the order in which
 * they were put down. It knows no clock of any lock; those read it and err from it.
 */

export interface Agenda {
  /** Milliseconds since the world began. */
  readonly nowMs: number;
  /** Puts an act down; the answer takes it off again. What is in the past happens now. */
  at(ms: number, act: () => void): () => void;
  /** The next act, with time moved on to it; false when nothing is due up to `untilMs`. */
  next(untilMs: number): boolean;
  /** Time moves on to `ms`, all that is due until then done by `next`. */
  rest(ms: number): void;
}

interface Entry {
  readonly ms: number;
  readonly order: number;
  act: (() => void) | undefined;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.order < b.order);
}

export function createAgenda(): Agenda {
  /** A binary heap: every entry is due before the two at twice its place. */
  const heap: Entry[] = [];
  let nowMs = 0;
  let orders = 0;

  const put = (entry: Entry): void => {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  };

  const take = (): Entry | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
    return first;
  };

  return {
    get nowMs() {
      return nowMs;
    },
    at(ms, act) {
      const entry: Entry = { ms: Math.max(ms, nowMs), order: orders++, act };
      put(entry);
      return () => {
        entry.act = undefined;
      };
    },
    next(untilMs) {
      for (let first = heap[0]; first !== undefined && first.ms <= untilMs; first = heap[0]) {
        take();
        const { act } = first;
        if (act === undefined) continue;
        nowMs = first.ms;
        act();
        return true;
      }
      return false;
    },
    rest(ms) {
      nowMs = Math.max(nowMs, ms);
    },
  };
}
