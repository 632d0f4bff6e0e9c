/**
 * A mailbox whose other end is the service: parcels are fetched and kept, slips are kept and sent. A phone without a
 * network carries what it fetched before, and owes what it was given until the service took it.
 *
 * Invariants over restarts: a slip is in the storage before it is sent, and stays until the service answered for it;
 * what was fetched last is carried until the next fetch that is answered.
 */
import {
  type Bytes,
  type Crypto,
  decodeParcel,
  encodeReturnSlip,
  type Parcel,
  type ReturnSlip,
  toHex,
} from "@doorsync/protocol/courier";
import type { Clock, Mailbox, Storage } from "../ports.ts";
import type { Api } from "./api.ts";
import type { Answer, Denied, Unreachable } from "./client.ts";
import { type Caller, kept } from "./session.ts";
import { fromBase64Url, fromJsonBytes, toBase64Url, toJsonBytes } from "./text.ts";

/** Slips sent in one call, as the service takes them. */
const slipsPerCallMax = 64;
/** Locks that were met and asked for by tag, and whose parcels are carried on; the latest are kept. */
const metLocksMax = 64;

/** What the service made of a slip. */
export type Taken = Api["deliverSlips"]["answer"]["slips"][number];

export interface Flushed {
  readonly taken: readonly Taken[];
  /** Slips that still wait. */
  readonly owed: number;
  /** Why they do. */
  readonly failed: Denied | Unreachable | undefined;
}

export interface Carried {
  /** When the service was last asked; undefined: never. */
  readonly at: number | undefined;
  readonly parcels: readonly Parcel[];
}

export interface AccountMailbox extends Mailbox {
  /** Asks the service: for all one's doors, or for the locks with these tags, and keeps what it says. */
  refresh(wish?: { readonly tags?: readonly Bytes[]; readonly signal?: AbortSignal }): Promise<Answer<true>>;
  /** What is kept, without asking. */
  carried(): Promise<Carried>;
  /** Only keeps a slip; the next `flush` sends it. */
  keep(slip: ReturnSlip): Promise<void>;
  /** Sends what is owed. */
  flush(signal?: AbortSignal): Promise<Flushed>;
}

/** As it lies in the storage: base64url of encoded parcels. */
interface Stored {
  readonly at: number | undefined;
  readonly own: readonly string[];
  /** By tag in hex, the latest last. */
  readonly met: readonly (readonly [tag: string, parcels: readonly string[]])[];
}

export interface MailboxLent {
  readonly caller: Caller;
  readonly storage: Storage;
  readonly crypto: Crypto;
  readonly now: Clock;
}

export function accountMailbox({ caller, storage, crypto, now }: MailboxLent): AccountMailbox {
  let running: Promise<Flushed> | undefined;
  let next: Promise<Flushed> | undefined;

  async function stored(): Promise<Stored> {
    const bytes = await storage.get(kept.parcels);
    const read = bytes === undefined ? undefined : fromJsonBytes(bytes);
    return isStored(read) ? read : { at: undefined, own: [], met: [] };
  }

  async function refresh(wish: Parameters<AccountMailbox["refresh"]>[0] = {}): Promise<Answer<true>> {
    const tags = wish.tags?.map(toHex);
    // One try: what is kept already is better than waiting at the door for a dead network.
    const answer = await caller.call("fetchParcels", { body: { tags }, signal: wish.signal, tries: 1 });
    if (!answer.ok) return answer;
    const before = await stored();
    const { parcels } = answer.value;
    const after =
      tags === undefined
        ? { ...before, at: now(), own: parcels }
        : { ...before, met: withMet(before.met, tags, parcels) };
    await storage.put(kept.parcels, toJsonBytes(after));
    return { ok: true, value: true };
  }

  async function carried(): Promise<Carried> {
    const { at, own, met } = await stored();
    const texts = new Set([...own, ...met.flatMap(([, parcels]) => parcels)]);
    return { at, parcels: [...texts].map(parcelOf).filter((one) => one !== undefined) };
  }

  async function owedKeys(): Promise<readonly string[]> {
    return (await storage.list()).filter((key) => key.startsWith(kept.owed)).sort();
  }

  /** One batch; a slip that the service will never take is let go, or it would keep back all others for ever. */
  async function send(keys: readonly string[], signal: AbortSignal | undefined): Promise<Answer<Taken[]>> {
    const slips: string[] = [];
    for (const key of keys) {
      const bytes = await storage.get(key);
      if (bytes !== undefined) slips.push(toBase64Url(bytes));
    }
    if (slips.length === 0) return { ok: true, value: [] };
    const answer = await caller.call("deliverSlips", { body: { slips }, signal, tries: 1 });
    if (answer.ok || answer.problem?.name === "REQUEST_UNFIT") {
      if (!answer.ok && keys.length > 1) return await sendEach(keys, signal);
      for (const key of keys) await storage.delete(key);
      return { ok: true, value: answer.ok ? [...answer.value.slips] : [] };
    }
    return answer;
  }

  async function sendEach(
    keys: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Answer<Taken[]>> {
    const taken: Taken[] = [];
    for (const key of keys) {
      const sent = await send([key], signal);
      if (!sent.ok) return sent;
      taken.push(...sent.value);
    }
    return { ok: true, value: taken };
  }

  async function flushNow(signal: AbortSignal | undefined): Promise<Flushed> {
    const keys = await owedKeys();
    const taken: Taken[] = [];
    for (let at = 0; at < keys.length; at += slipsPerCallMax) {
      const sent = await send(keys.slice(at, at + slipsPerCallMax), signal);
      if (!sent.ok) return { taken, owed: (await owedKeys()).length, failed: sent };
      taken.push(...sent.value);
    }
    return { taken, owed: (await owedKeys()).length, failed: undefined };
  }

  /** Never two at once, or a slip would be told of twice; whoever comes meanwhile shares the next one. */
  function flush(signal?: AbortSignal): Promise<Flushed> {
    if (running === undefined) {
      running = flushNow(signal).finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return flush(signal);
      });
    return next;
  }

  async function keep(slip: ReturnSlip): Promise<void> {
    await storage.put(owedKey(crypto, slip), encodeReturnSlip(slip));
  }

  return {
    refresh,
    carried,
    keep,
    flush,
    async parcels() {
      await refresh();
      return (await carried()).parcels;
    },
    async deliver(slip) {
      await keep(slip);
      await flush();
    },
  };
}

function owedKey(crypto: Crypto, slip: ReturnSlip): string {
  return `${kept.owed}${toHex(crypto.hash(encodeReturnSlip(slip)).slice(0, 16))}`;
}

function parcelOf(text: string): Parcel | undefined {
  const bytes = fromBase64Url(text);
  const parcel = bytes === undefined ? undefined : decodeParcel(bytes);
  return parcel?.ok === true ? parcel.value : undefined;
}

/** The service answers for all tags at once; each lock's parcels say whose they are. */
function withMet(met: Stored["met"], tags: readonly string[], parcels: readonly string[]): Stored["met"] {
  const others = met.filter(([tag]) => !tags.includes(tag));
  const fresh = tags.map((tag) => {
    const own = parcels.filter((text) => {
      const parcel = parcelOf(text);
      return parcel !== undefined && toHex(parcel.tag) === tag;
    });
    return [tag, own] as const;
  });
  return [...others, ...fresh].slice(-metLocksMax);
}

function isStored(read: unknown): read is Stored {
  if (typeof read !== "object" || read === null) return false;
  const { own, met } = read as Partial<Record<keyof Stored, unknown>>;
  return Array.isArray(own) && Array.isArray(met);
}
