/**
 * Opening a door in an account's name: leave and parcels as fresh as the network lets them be, one visit at the door,
 * the slips back, and what to tell the person. What is said to the lock is `unlock.ts`.
 */
import { type Crypto, fromHex, toHex } from "@doorsync/protocol/courier";
import { within } from "../converse.ts";
import type { Clock, Fill, Timers } from "../ports.ts";
import { emptySatchel, type Satchel } from "../satchel.ts";
import { mailboxPatienceMilliseconds, type UnlockOptions, type UnlockResult, unlock } from "../unlock.ts";
import { type Answer, type Denied, describeFailure, type Unreachable } from "./client.ts";
import { capabilityBytes, type DoorKeys, type Leave, type Leaves } from "./door-keys.ts";
import type { AccountMailbox, Taken } from "./mailbox.ts";
import type { Caller } from "./session.ts";
import { fromBase64Url, toBase64Url } from "./text.ts";

export type OpenOptions = Pick<
  UnlockOptions,
  "transport" | "signal" | "waits" | "onMessage" | "onIgnored"
> & {
  /** The door's id. */
  readonly door: string;
};

export interface OpenVisit extends UnlockResult {
  /** Why the service gave nothing fresh, and what was kept was used; undefined: all was fresh. */
  readonly stale: Denied | Unreachable | undefined;
  readonly taken: readonly Taken[];
  /** Slips that wait for a network. */
  readonly owed: number;
  /** What the person should know beyond the outcome, in sentences. */
  readonly advice: readonly string[];
}

/** Nobody went to the door, and what the person can do about it, in one sentence. */
export interface NotAsked {
  readonly ok: false;
  readonly kind: "no-key" | "no-leave" | "leave-over";
  readonly why: string;
}

export type Opened = { readonly ok: true; readonly value: OpenVisit } | NotAsked;

export interface OpenLent {
  readonly caller: Caller;
  readonly mailbox: AccountMailbox;
  readonly keys: DoorKeys;
  readonly crypto: Crypto;
  readonly timers: Timers;
  readonly fill: Fill;
  readonly now: Clock;
}

export interface DoorOpener {
  /** Rejects only when the storage cannot be read. */
  open(options: OpenOptions): Promise<Opened>;
}

/** Keeps in memory what locks have proved, as visits do. */
export function createDoorOpener({ caller, mailbox, keys, crypto, timers, fill, now }: OpenLent): DoorOpener {
  let satchel: Satchel = emptySatchel;
  const soon = async (
    asked: Promise<Answer<Leaves>>,
    signal: AbortSignal | undefined,
  ): Promise<Answer<Leaves>> => {
    const late = "the service takes longer than there is time for at a door";
    const patience = mailboxPatienceMilliseconds;
    const answer = await within(asked, patience, late, timers, signal).catch(() => undefined);
    return answer ?? { ok: false, unreachable: late };
  };
  return {
    async open({ door, ...options }) {
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      const before = await keys.held();
      if (before === undefined) return noKey;
      const isLent = before.leaves.some((one) => one.doorId === door && one.notAfter > now());
      // Somebody stands at the door: with leave in hand a network that hangs is not waited for.
      const fresh = isLent ? await soon(keys.refresh(signal), signal.signal) : await keys.refresh(signal);
      const stale = fresh.ok ? undefined : fresh;
      // Gone meanwhile when the service said that this phone is not the one, or that nobody is logged in on it.
      const held = await keys.held();
      if (held === undefined)
        return stale === undefined ? noKey : { ...noKey, why: `${noKey.why}; ${describeFailure(stale)}` };
      const leave = held.leaves.find(({ doorId }) => doorId === door);
      const [lockId, dh, tag] = [leave?.lockId, leave?.dh, leave?.lockTag].map((hex) => fromHex(hex ?? "-"));
      if (leave === undefined || lockId === undefined || dh === undefined || tag === undefined)
        return { ok: false, kind: "no-leave", why: whyNoLeave(held, door, stale) };
      if (leave.notAfter <= now()) return { ok: false, kind: "leave-over", why: leaveOver(stale) };
      const result = await unlock({
        ...options,
        door: { name: { lockId, epoch: leave.epoch }, dh, tag },
        capability: capabilityBytes(leave),
        deviceSeed: held.seed,
        crypto,
        timers,
        fill,
        satchel,
        mailbox: {
          parcels: async () => (await mailbox.carried()).parcels,
          deliver: (slip) => mailbox.keep(slip),
        },
        time: async (asked) => {
          const body = { lockId: toHex(asked.lockId), epoch: asked.epoch, nonce: toBase64Url(asked.nonce) };
          const answer = await caller.call("askTime", { body, signal: asked.signal, tries: 1 });
          return answer.ok ? fromBase64Url(answer.value.token) : undefined;
        },
      });
      satchel = result.satchel;
      const flushed = await mailbox.flush();
      const advice = adviceFor(result, leave, stale, flushed.owed);
      return { ok: true, value: { ...result, stale, taken: flushed.taken, owed: flushed.owed, advice } };
    },
  };
}

const noKey: NotAsked = {
  ok: false,
  kind: "no-key",
  why: "this phone opens no doors yet: enrol its key first, where it has a network",
};

function whyNoLeave({ refused, at }: Leaves, door: string, stale: Denied | Unreachable | undefined): string {
  const said = refused.find(({ doorId }) => doorId === door);
  if (said !== undefined) return `${said.door}: ${said.why}`;
  if (stale === undefined)
    return "you have no code at this door, so your phone does not open it: ask who manages it";
  const kept = at === 0 ? "no leave is kept on this phone" : "what is kept on this phone names no such door";
  return `${kept}, and ${describeFailure(stale)}`;
}

function leaveOver(stale: Denied | Unreachable | undefined): string {
  const why = stale === undefined ? "this phone's clock may be wrong" : describeFailure(stale);
  return (
    `this phone's leave to open the door is over, and it could not fetch another: ${why}. ` +
    "Use your doorcode, or go where the phone has a network and come back"
  );
}

function adviceFor(
  { outcome }: UnlockResult,
  leave: Leave,
  stale: Denied | Unreachable | undefined,
  owed: number,
): readonly string[] {
  const advice: string[] = [];
  if (stale !== undefined && outcome.kind !== "opened")
    advice.push(`what was kept on this phone was used: ${describeFailure(stale)}`);
  if (outcome.kind === "refused" && outcome.refusal === "SYNC_FIRST")
    advice.push(
      `the door holds version ${outcome.detail ?? 0} and this phone's leave asks for ${leave.minTableVersion}, which is not ` +
        "on this phone: let it fetch where it has a network, and come back; your doorcode works as before",
    );
  if (outcome.kind === "refused" && outcome.refusal === "TIME_NEEDED")
    advice.push("the lock lost the time, and only a phone with a network can bring it: use your doorcode");
  if (owed > 0)
    advice.push(
      `${owed} ${owed === 1 ? "answer" : "answers"} of locks ${owed === 1 ? "waits" : "wait"} on this phone for a network`,
    );
  return advice;
}
