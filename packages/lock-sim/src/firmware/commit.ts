/**
 * How a planned change becomes durable: staged records, then the secure element, then the commit word, each read back
 * before the next (work.ts). And what is true afterwards, whether all of it took or not. Not what is planned
 * (store.ts), nor who is answered (sync.ts).
 *
 * Invariant: memory mirrors what is durable. `store` and `secure` of the running state change only here, when the
 * operations that make them true were read back.
 */

import type { Bytes } from "@doorsync/protocol/lock";
import { encodeSecure, type Secure } from "./secure.ts";
import type { Planned, Running, TableThen } from "./state.ts";
import { type Plan, stoppedAt, worn } from "./store.ts";
import { job } from "./work.ts";

type Ops = Parameters<typeof job>[0];

/** Starts a planned change. `changes`: what else the secure element's record says once the plan writes it. */
export function withPlan(
  running: Running,
  plan: Plan,
  then: (planned: Planned & { readonly asker: number }) => TableThen,
  changes: Partial<Secure> = {},
): Running {
  const { stage, secure: placement, commit } = plan;
  const secure = placement === undefined ? running.secure : { ...running.secure, ...changes, ...placement };
  const written: Ops = placement === undefined ? [] : [{ kind: "secure", record: encodeSecure(secure) }];
  const ops = [...stage, ...written, ...commit];
  return withTableJob(running, ops, then({ plan, secure, asker: running.sessions }));
}

export function withTableJob(running: Running, ops: Ops, then: TableThen): Running {
  if (running.lanes.table !== undefined) throw new Error("one table job at a time");
  return { ...running, lanes: { ...running.lanes, table: job(ops, then) } };
}

/** How far the job of a plan came, and what was read where it stopped. */
interface PlanEnded {
  readonly ok: boolean;
  readonly job: { readonly at: number };
  readonly readBack: Bytes;
}

/**
 * What holds when the job of a plan ended. `reached`: the secure element was written, so what it names is in force
 * even if a commit word did not take; boot can supply that, but nothing more may be appended there.
 */
export function settlePlan(
  running: Running,
  { plan, secure }: Planned,
  ended: PlanEnded,
): { readonly running: Running; readonly reached: boolean } {
  const reached = ended.ok || (plan.secure !== undefined && ended.job.at > plan.stage.length);
  return {
    running: {
      ...running,
      secure: reached ? secure : running.secure,
      store: ended.ok ? plan.after : stoppedAt(plan, ended.job.at, ended.readBack),
    },
    reached,
  };
}

/** The same for a change of the table itself, which counts from the secure element's write on. */
export function settleTableChange(
  running: Running,
  planned: Planned,
  ended: PlanEnded,
): { readonly running: Running; readonly reached: boolean } {
  const settled = settlePlan(running, planned, ended);
  if (ended.ok || !settled.reached) return settled;
  return { ...settled, running: { ...settled.running, store: worn(planned.plan.after) } };
}
