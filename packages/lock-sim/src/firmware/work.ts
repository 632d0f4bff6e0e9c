/**
 * Storage work in two lanes. A job is a list of storage effects and what follows when the last one was read back; at
 * most one effect is outstanding in all. The keypad's lane goes first, so that a person at the door never waits for a
 * sync, only for the operation already begun. Not what the jobs mean: keypad.ts and sync.ts say that.
 */

import { equal } from "@doorsync/protocol/lock";
import type { Effect, Happening, StorageEffect } from "./events.ts";

/** `T` names what follows; it is data, so that a trace can show it and C can switch on it. */
export interface Job<T> {
  readonly ops: readonly StorageEffect[];
  /** Index of the operation to do next, or in flight. */
  readonly at: number;
  readonly then: T;
}

export interface Lanes<K, T> {
  readonly keypad: readonly Job<K>[];
  readonly table: Job<T> | undefined;
  readonly outstanding: "keypad" | "table" | undefined;
}

/** Entries waiting at the keypad while one is being counted; further ones are shown "wait" and not judged. */
export const entriesWaitingMax = 4;

export function job<T>(ops: readonly StorageEffect[], then: T): Job<T> {
  return { ops, at: 0, then };
}

/** How far the job had come when an operation did not read back, or that it is done. */
export type Ended<K, T> =
  | { readonly lane: "keypad"; readonly ok: boolean; readonly job: Job<K> }
  | { readonly lane: "table"; readonly ok: boolean; readonly job: Job<T> };

/** Puts the next operation out if none is outstanding. Ends jobs that have nothing left to do. */
export function proceed<K, T>(
  lanes: Lanes<K, T>,
  effects: Effect[],
): { readonly lanes: Lanes<K, T>; readonly ended: Ended<K, T> | undefined } {
  if (lanes.outstanding !== undefined) return { lanes, ended: undefined };
  const [first, ...rest] = lanes.keypad;
  if (first !== undefined) {
    const op = first.ops[first.at];
    if (op === undefined)
      return { lanes: { ...lanes, keypad: rest }, ended: { lane: "keypad", ok: true, job: first } };
    effects.push(op);
    return { lanes: { ...lanes, outstanding: "keypad" }, ended: undefined };
  }
  const { table } = lanes;
  if (table === undefined) return { lanes, ended: undefined };
  const op = table.ops[table.at];
  if (op === undefined)
    return { lanes: { ...lanes, table: undefined }, ended: { lane: "table", ok: true, job: table } };
  effects.push(op);
  return { lanes: { ...lanes, outstanding: "table" }, ended: undefined };
}

/** The board's answer to the outstanding operation. Throws on an answer to nothing, or of another kind: a board's bug. */
export function answered<K, T>(
  lanes: Lanes<K, T>,
  answer: Extract<Happening, { readonly kind: "programmed" | "erased" | "secured" }>,
): { readonly lanes: Lanes<K, T>; readonly ended: Ended<K, T> | undefined } {
  const [first, ...rest] = lanes.keypad;
  const free = { ...lanes, outstanding: undefined };
  switch (lanes.outstanding) {
    case "keypad": {
      if (first === undefined) throw new Error("an answer to a job that is gone");
      if (!took(first.ops[first.at], answer)) {
        return { lanes: { ...free, keypad: rest }, ended: { lane: "keypad", ok: false, job: first } };
      }
      return { lanes: { ...free, keypad: [{ ...first, at: first.at + 1 }, ...rest] }, ended: undefined };
    }
    case "table": {
      const { table } = lanes;
      if (table === undefined) throw new Error("an answer to a job that is gone");
      if (!took(table.ops[table.at], answer)) {
        return { lanes: { ...free, table: undefined }, ended: { lane: "table", ok: false, job: table } };
      }
      return { lanes: { ...free, table: { ...table, at: table.at + 1 } }, ended: undefined };
    }
    case undefined:
      throw new Error(`${answer.kind}, but nothing was asked of the storage`);
    default:
      throw new Error(`no such lane: ${String(lanes.outstanding satisfies never)}`);
  }
}

/** Whether the operation took effect. What was programmed must read back to the byte: a promise rests on it. */
function took(
  op: StorageEffect | undefined,
  answer: Extract<Happening, { readonly kind: "programmed" | "erased" | "secured" }>,
): boolean {
  if (op?.kind === "program" && answer.kind === "programmed") return equal(op.bytes, answer.readBack);
  if (op?.kind === "erase" && answer.kind === "erased") return true;
  if (op?.kind === "secure" && answer.kind === "secured") return true;
  throw new Error(`${answer.kind} answers no ${op?.kind ?? "operation"}`);
}
