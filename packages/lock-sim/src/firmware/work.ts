/**
 * Storage work in two lanes. A job is a list of storage effects and what follows when the last one was read back; at
 * most one job is in each lane, and at most one effect outstanding in all. The keypad's lane goes first, so that a
 * person at the door never waits for a sync, only for the operation already begun. Not what the jobs mean: keypad.ts,
 * diary.ts and sync.ts say that.
 */

import { type Bytes, equal, noBytes } from "@doorsync/protocol/lock";
import type { Effect, Happening, StorageEffect } from "./events.ts";

/** `T` names what follows; it is data, so that a trace can show it and C can switch on it. */
export interface Job<T> {
  readonly ops: readonly StorageEffect[];
  /** Index of the operation to do next, or in flight. */
  readonly at: number;
  readonly then: T;
}

export interface Lanes<K, T> {
  readonly keypad: Job<K> | undefined;
  readonly table: Job<T> | undefined;
  readonly outstanding: Lane | undefined;
}

type Lane = "keypad" | "table";

export function job<T>(ops: readonly StorageEffect[], then: T): Job<T> {
  return { ops, at: 0, then };
}

/** Whether there is a job of which everything was read back, and which is only still to be ended. */
export function isDone<T>(job: Job<T> | undefined): boolean {
  return job !== undefined && job.at === job.ops.length;
}

/** How far the job had come when an operation did not read back, and what it read; or that it is done. */
export type Ended<K, T> =
  | { readonly lane: "keypad"; readonly ok: boolean; readonly job: Job<K> }
  | { readonly lane: "table"; readonly ok: boolean; readonly job: Job<T>; readonly readBack: Bytes };

interface Moved<K, T> {
  readonly lanes: Lanes<K, T>;
  readonly ended: Ended<K, T> | undefined;
}

/** Puts the next operation out if none is outstanding. Ends a job that has nothing left to do. */
export function proceed<K, T>(lanes: Lanes<K, T>, effects: Effect[]): Moved<K, T> {
  const lane: Lane | undefined =
    lanes.keypad !== undefined ? "keypad" : lanes.table !== undefined ? "table" : undefined;
  if (lanes.outstanding !== undefined || lane === undefined) return { lanes, ended: undefined };
  const next = lanes[lane];
  const op = next?.ops[next.at];
  if (op === undefined) return end(lanes, lane, true, noBytes);
  effects.push(op);
  return { lanes: { ...lanes, outstanding: lane }, ended: undefined };
}

type Answer = Extract<Happening, { readonly kind: "programmed" | "erased" | "secured" }>;

/** The board's answer to the outstanding operation. Throws on an answer to nothing, or of another kind: a board's bug. */
export function answered<K, T>(lanes: Lanes<K, T>, answer: Answer): Moved<K, T> {
  const lane = lanes.outstanding;
  const asked = lane === undefined ? undefined : lanes[lane];
  if (lane === undefined || asked === undefined)
    throw new Error(`${answer.kind}, but nothing was asked of the storage`);
  const free = { ...lanes, outstanding: undefined };
  if (!took(asked.ops[asked.at], answer)) {
    return end(free, lane, false, answer.kind === "programmed" ? answer.readBack : noBytes);
  }
  const moved = { ...asked, at: asked.at + 1 };
  return { lanes: { ...free, [lane]: moved }, ended: undefined };
}

function end<K, T>(lanes: Lanes<K, T>, lane: Lane, ok: boolean, readBack: Bytes): Moved<K, T> {
  const { keypad, table } = lanes;
  if (lane === "keypad") {
    if (keypad === undefined) throw new Error("no job in the keypad's lane");
    return { lanes: { ...lanes, keypad: undefined }, ended: { lane, ok, job: keypad } };
  }
  if (table === undefined) throw new Error("no job in the table's lane");
  return { lanes: { ...lanes, table: undefined }, ended: { lane, ok, job: table, readBack } };
}

/** Whether the operation took effect. What was programmed must read back to the byte: a promise rests on it. */
function took(op: StorageEffect | undefined, answer: Answer): boolean {
  if (op?.kind === "program" && answer.kind === "programmed") return equal(op.bytes, answer.readBack);
  if (op?.kind === "erase" && answer.kind === "erased") return true;
  if (op?.kind === "secure" && answer.kind === "secured") return true;
  throw new Error(`${answer.kind} answers no ${op?.kind}`);
}
