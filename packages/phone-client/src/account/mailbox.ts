/**
 * A mailbox whose other end is the service: parcels are fetched and kept, slips are kept and sent. A phone without a
 * network carries what it fetched before, and owes what it was given until the service took it.
 *
 * Invariants over restarts: a slip is in the storage before it is sent, and stays until the service answered for it;
 * what was asked for last is carried until a later question is answered, in whatever order the answers come. What one's
 * own doors wait for and what each lock that was met does are values of their own, so that no fetch undoes another.
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
import { type VisitReport, visitReports } from "./visit-reports.ts";

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
  /** Visits of which the service has not heard yet. */
  readonly untold: number;
  /** Why something waits. */
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
  /** Only keeps how a visit went; the next `flush` tells the service, behind the slips. */
  keepVisit(report: VisitReport): Promise<void>;
  /** Sends what is owed. */
  flush(signal?: AbortSignal): Promise<Flushed>;
}

/** As it lies in the storage, for one's own doors and for each lock that was met: base64url of encoded parcels. */
interface Stored {
  readonly at: number;
  readonly own: readonly string[];
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
  let writing: Promise<unknown> = Promise.resolve();
  let asks = 0;
  /** For which question each value was put last. */
  const putFor = new Map<string, number>();
  const reports = visitReports({ caller, storage, crypto, now });

  async function stored(key: string): Promise<Stored | undefined> {
    const bytes = await storage.get(key);
    const read = bytes === undefined ? undefined : fromJsonBytes(bytes);
    return isStored(read) ? read : undefined;
  }

  async function metKeys(): Promise<readonly string[]> {
    return (await storage.list()).filter((key) => key.startsWith(kept.met));
  }

  /** In turn, and nothing that was asked for earlier than what is kept already. */
  function put(key: string, asked: number, parcels: readonly string[]): Promise<void> {
    const work = writing.then(async () => {
      if ((putFor.get(key) ?? -1) > asked) return;
      await storage.put(key, toJsonBytes({ at: now(), own: parcels } satisfies Stored));
      putFor.set(key, asked);
    });
    writing = work.catch(() => undefined);
    return work;
  }

  /** Lets go of the locks that were met longest ago. */
  function forgetMet(): Promise<void> {
    const work = writing.then(async () => {
      const keys = await metKeys();
      if (keys.length <= metLocksMax) return;
      const aged = await Promise.all(keys.map(async (key) => ({ key, at: (await stored(key))?.at ?? 0 })));
      const oldest = aged.sort((a, b) => a.at - b.at).slice(0, keys.length - metLocksMax);
      for (const { key } of oldest) await storage.delete(key);
    });
    writing = work.catch(() => undefined);
    return work;
  }

  async function refresh(wish: Parameters<AccountMailbox["refresh"]>[0] = {}): Promise<Answer<true>> {
    const tags = wish.tags?.map(toHex);
    asks += 1;
    const asked = asks;
    // One try: what is kept already is better than waiting at the door for a dead network.
    const answer = await caller.call("fetchParcels", { body: { tags }, signal: wish.signal, tries: 1 });
    if (!answer.ok) return answer;
    const { parcels } = answer.value;
    if (tags === undefined) await put(kept.parcels, asked, parcels);
    else {
      for (const tag of tags) await put(`${kept.met}${tag}`, asked, parcelsOf(tag, parcels));
      await forgetMet();
    }
    return { ok: true, value: true };
  }

  async function carried(): Promise<Carried> {
    const own = await stored(kept.parcels);
    const met = await Promise.all([...(await metKeys())].sort().map(stored));
    const texts = new Set([own, ...met].flatMap((one) => one?.own ?? []));
    return { at: own?.at, parcels: [...texts].map(parcelOf).filter((one) => one !== undefined) };
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
      if (!sent.ok)
        return { taken, owed: (await owedKeys()).length, failed: sent, untold: await reports.count() };
      taken.push(...sent.value);
    }
    const failed = await reports.handIn(signal);
    return { taken, owed: (await owedKeys()).length, failed, untold: await reports.count() };
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
    // Nobody's any more: whoever was logged in here has logged out, perhaps in another program on the same folder.
    if ((await storage.get(kept.owner)) === undefined) return;
    await storage.put(owedKey(crypto, slip), encodeReturnSlip(slip));
  }

  return {
    refresh,
    carried,
    keep,
    keepVisit: (report) => reports.keep(report),
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
function parcelsOf(tag: string, parcels: readonly string[]): readonly string[] {
  return parcels.filter((text) => {
    const parcel = parcelOf(text);
    return parcel !== undefined && toHex(parcel.tag) === tag;
  });
}

function isStored(read: unknown): read is Stored {
  if (typeof read !== "object" || read === null) return false;
  const { at, own } = read as Partial<Record<keyof Stored, unknown>>;
  return typeof at === "number" && Array.isArray(own);
}
