/**
 * Threads that run seeds. Each has its own copy of all code, with or without one planted bug in it; what a run does is
 * in sim/, what is to be run is the caller's.
 */
import { Worker } from "node:worker_threads";
import type { Ran, Task } from "../sim/campaign.ts";

export interface Crew {
  /** Threads. */
  readonly size: number;
  /** Runs on the next thread that is free. A run that does not end, or takes its thread along, is a crash. */
  run(task: Task): Promise<Ran>;
  end(): Promise<void>;
}

/** Seconds after which a run is given up: it takes a fraction of one. */
const runSecondsMax = 20;

function crashed(task: Task, crash: string): Ran {
  return {
    seed: task.seed,
    families: task.faults ?? [],
    digest: "",
    finding: undefined,
    crash,
    coverage: [],
    counters: {},
    words: undefined,
  };
}

interface Hand {
  readonly worker: Worker;
  /** What it runs now, and who waits for that. */
  busy: { readonly task: Task; readonly settle: (ran: Ran) => void } | undefined;
}

/** `plant`: id of the planted bug, checked by the caller. */
export function createCrew(size: number, plant: string | undefined): Crew {
  const hands = new Set<Hand>();
  const waiting: { readonly task: Task; readonly settle: (ran: Ran) => void }[] = [];

  function hire(): void {
    const worker = new Worker(new URL("./fuzz-worker.js", import.meta.url), { workerData: { plant } });
    const hand: Hand = { worker, busy: undefined };
    hands.add(hand);
    worker.on("message", (ran: Ran) => done(hand, ran));
    worker.on("error", (error: unknown) => {
      lose(hand, error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
    worker.on("exit", (code) => lose(hand, `the thread ended with ${code}`));
    takeUp();
  }

  function done(hand: Hand, ran: Ran): void {
    const { busy } = hand;
    hand.busy = undefined;
    busy?.settle(ran);
    takeUp();
  }

  /** The thread is gone; so is what it was at. */
  function lose(hand: Hand, why: string): void {
    if (!hands.delete(hand)) return;
    void hand.worker.terminate();
    if (hand.busy === undefined) return;
    hand.busy.settle(crashed(hand.busy.task, why));
    hire();
  }

  function takeUp(): void {
    for (const hand of hands) {
      const next = hand.busy === undefined ? waiting.shift() : undefined;
      if (next === undefined) continue;
      const limit = setTimeout(
        () => lose(hand, `the run did not end in ${runSecondsMax} s`),
        runSecondsMax * 1_000,
      );
      const settle = (ran: Ran): void => {
        clearTimeout(limit);
        next.settle(ran);
      };
      hand.busy = { task: next.task, settle };
      hand.worker.postMessage(next.task);
    }
  }

  for (let i = 0; i < size; i++) hire();
  return {
    size,
    run(task) {
      return new Promise((settle) => {
        waiting.push({ task, settle });
        takeUp();
      });
    },
    async end() {
      const all = [...hands];
      hands.clear();
      await Promise.all(all.map(({ worker }) => worker.terminate()));
    },
  };
}
