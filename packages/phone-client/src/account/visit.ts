/**
 * One visit in an account's name: fresh parcels where there is a network, kept ones where there is none, the time from
 * the service, the slips back to it, and what to tell the person. The sync itself is `courier.ts`.
 */
import {
  type Bytes,
  type Crypto,
  type Parcel,
  type RefusalName,
  readHello,
  toHex,
} from "@doorsync/protocol/courier";
import type { Heard } from "../converse.ts";
import { type SyncOptions, type SyncResult, sync } from "../courier.ts";
import type { Outcome } from "../errand/outcome.ts";
import type { Timers } from "../ports.ts";
import { emptySatchel, type Satchel } from "../satchel.ts";
import { type Denied, describeFailure, type Unreachable } from "./client.ts";
import { greet } from "./greet.ts";
import type { AccountMailbox, Taken } from "./mailbox.ts";
import type { Caller } from "./session.ts";
import { fromBase64Url, toBase64Url } from "./text.ts";
import type { VisitReport } from "./visit-reports.ts";

export type VisitOptions = Pick<
  SyncOptions,
  "transport" | "signal" | "waits" | "onProgress" | "onMessage" | "onIgnored" | "wantsWord"
> & {
  /** How the lock shows itself, where that is known before it is met. */
  readonly tag?: Bytes | undefined;
};

export interface AccountVisit extends SyncResult {
  /** How the lock showed itself. */
  readonly tag: Bytes | undefined;
  /** Why the service gave nothing fresh, and what was kept was carried; undefined: all was fresh. */
  readonly stale: Denied | Unreachable | undefined;
  /** What the service made of the slips that it took by now. */
  readonly taken: readonly Taken[];
  /** Slips that wait for a network. The lock's word is kept; the service does not know it yet. */
  readonly owed: number;
  /** What the person should know beyond the outcome, in sentences. */
  readonly advice: readonly string[];
}

export interface VisitLent {
  readonly caller: Caller;
  readonly mailbox: AccountMailbox;
  readonly crypto: Crypto;
  readonly timers: Timers;
}

export interface Visitor {
  /** Rejects only when the storage cannot be read. */
  visit(options: VisitOptions): Promise<AccountVisit>;
}

/** Keeps in memory what locks have proved, so that nothing is offered twice while the app runs. */
export function createVisitor({ caller, mailbox, crypto, timers }: VisitLent): Visitor {
  let satchel: Satchel = emptySatchel;

  async function once(options: VisitOptions, mayRefresh: boolean): Promise<Met> {
    let tag = options.tag;
    let stale: Met["stale"];
    const taken: Taken[] = [];
    const refresh = async (wish: Parameters<AccountMailbox["refresh"]>[0]): Promise<void> => {
      const answer = await mailbox.refresh(wish);
      if (!answer.ok) stale = answer;
    };
    const parcels = async (): Promise<readonly Parcel[]> => {
      if (mayRefresh) {
        // First what is owed: the service plans with it, and a visit of before is none with what is fetched now.
        const { failed, taken: done } = await mailbox.flush(options.signal);
        taken.push(...done);
        if (failed?.unreachable === undefined) await refresh(withSignal({}, options.signal));
        else stale = failed;
      }
      const carried = await mailbox.carried();
      // With nothing in hand no lock would be visited, and what this one waits for would stay unknown.
      if (carried.parcels.length === 0 && stale === undefined)
        tag ??= await greet(options.transport, timers, options.signal);
      if (tag === undefined || stale !== undefined || hasTag(carried.parcels, tag)) return carried.parcels;
      // Not among one's own doors: a neighbour's, or one of very many.
      await refresh(withSignal({ tags: [tag] }, options.signal));
      return (await mailbox.carried()).parcels;
    };
    const { tag: _, ...rest } = options;
    const result = await sync({
      ...rest,
      mailbox: { parcels, deliver: (slip) => mailbox.keep(slip) },
      crypto,
      timers,
      satchel,
      time: async ({ lockId, epoch, nonce, signal }) => {
        const body = { lockId: toHex(lockId), epoch, nonce: toBase64Url(nonce) };
        const answer = await caller.call("askTime", { body, signal, tries: 1 });
        return answer.ok ? fromBase64Url(answer.value.token) : undefined;
      },
      onMessage: (message) => {
        tag = tagOf(message) ?? tag;
        options.onMessage?.(message);
      },
    });
    satchel = result.satchel;
    return { result, tag: tag ?? result.tag, stale, taken };
  }

  return {
    async visit(options) {
      let met = await once(options, true);
      const before = met.taken;
      if (await isWorthAnother(met, options, mailbox)) met = await once({ ...options, tag: met.tag }, false);
      const { result, tag, stale } = met;
      if (tag !== undefined) await mailbox.keepVisit(reportOf(tag, result));
      // The visit may have been given up on; what it brought is sent all the same.
      const flushed = await mailbox.flush();
      const advice = adviceFor(result.outcome, stale, flushed.owed);
      const taken = [...before, ...flushed.taken];
      return { ...result, tag, stale, taken, owed: flushed.owed, advice };
    },
  };
}

interface Met {
  readonly result: SyncResult;
  readonly tag: Bytes | undefined;
  readonly stale: Denied | Unreachable | undefined;
  /** Of what had been owed before. */
  readonly taken: readonly Taken[];
}

/** A lock that was met and for which nothing was carried: now that its tag is known, the service can be asked. */
async function isWorthAnother(met: Met, options: VisitOptions, mailbox: AccountMailbox): Promise<boolean> {
  const { result, tag, stale } = met;
  if (result.outcome.kind !== "nothing" || tag === undefined || stale !== undefined) return false;
  if (options.tag !== undefined || options.signal?.aborted === true) return false;
  const answer = await mailbox.refresh(withSignal({ tags: [tag] }, options.signal));
  return answer.ok && hasTag((await mailbox.carried()).parcels, tag);
}

function hasTag(parcels: readonly Parcel[], tag: Bytes): boolean {
  return parcels.some((parcel) => toHex(parcel.tag) === toHex(tag));
}

function withSignal<T extends object>(
  wish: T,
  signal: AbortSignal | undefined,
): T & { signal?: AbortSignal } {
  return signal === undefined ? wish : { ...wish, signal };
}

function tagOf(message: Heard): Bytes | undefined {
  if (message.direction !== "in" || message.name !== "hello") return undefined;
  const hello = readHello(message.body);
  return hello.ok ? hello.value.tag : undefined;
}

/** A hint for management: which phone was at the door, and how it went there. */
function reportOf(tag: Bytes, { outcome, receipt, conditions }: SyncResult): VisitReport {
  const version = receipt?.version ?? ("version" in outcome ? outcome.version : undefined);
  return { tag: toHex(tag), outcome: outcome.kind, version, conditions: [...conditions] };
}

const freshHelps: ReadonlySet<RefusalName> = new Set(["EXPIRED", "NEED_SNAPSHOT", "STALE"]);

/** F17: whoever stands at a locked door with something too old must hear that, and what to do about it. */
export function adviceFor(
  outcome: Outcome,
  stale: Denied | Unreachable | undefined,
  owed: number,
): readonly string[] {
  const advice: string[] = [];
  if (stale !== undefined) {
    advice.push(`what was kept on this phone was carried: ${describeFailure(stale)}`);
    if (outcome.kind === "refused" && outcome.refusal === "EXPIRED")
      advice.push(
        "what this phone carries is too old for the lock, and nothing at the door has changed: what opened it opens it " +
          "still. Go to where the phone has a network, let it fetch, and come back; or sync with another phone that has one",
      );
    else if (outcome.kind === "nothing" || (outcome.kind === "refused" && freshHelps.has(outcome.refusal)))
      advice.push("nothing newer is on this phone: let it fetch where it has a network, then sync again");
  }
  if (owed > 0)
    advice.push(
      `${owed} ${owed === 1 ? "answer" : "answers"} of locks ${owed === 1 ? "waits" : "wait"} on this phone for a ` +
        "network: until then the service calls the change pending",
    );
  return advice;
}
