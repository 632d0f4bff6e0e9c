/**
 * The key by which this phone opens doors, and the leave that it was given for each: both in the encrypted storage, and
 * gone with the log-out. Not the asking at the door: that is `open-door.ts`.
 */
import { type Bytes, type Crypto, toHex } from "@doorsync/protocol/courier";
import type { Clock, Fill, Storage } from "../ports.ts";
import type { Api } from "./api.ts";
import type { Answer, CallOptions } from "./client.ts";
import type { AccountMailbox } from "./mailbox.ts";
import { type Caller, kept } from "./session.ts";
import { fromBase64Url, fromJsonBytes, toBase64Url, toJsonBytes } from "./text.ts";

/** Leave to ask one lock to open, for some hours. */
export type Leave = Api["fetchCapabilities"]["answer"]["capabilities"][number];
/** A door where one has a code, and that this phone opens not; with the reason. */
export type NotOpened = Api["fetchCapabilities"]["answer"]["refused"][number];

export interface Leaves {
  readonly leaves: readonly Leave[];
  readonly refused: readonly NotOpened[];
  /** When the service gave them; seconds since 1970. */
  readonly at: number;
}

export interface DoorKeys {
  /**
   * Makes this phone the one that opens its owner's doors: a key is made here, and its secret half never leaves. Denied
   * with APP_KEY_ELSEWHERE while another phone is the one, unless `replace`.
   */
  enrol(wish?: { readonly replace?: boolean } & Pick<CallOptions, "signal">): Promise<Answer<Leaves>>;
  /** No phone of this person opens doors any more. What is kept here goes in any case. */
  end(wish?: Pick<CallOptions, "signal">): Promise<Answer<undefined>>;
  /**
   * Fetches leave anew, and the parcels that it asks for. What was kept stays where either cannot be had, and goes when
   * the service says no.
   */
  refresh(wish?: Pick<CallOptions, "signal">): Promise<Answer<Leaves>>;
  /** What is kept, without asking; undefined: this phone has no key. */
  held(): Promise<(Leaves & { readonly seed: Bytes }) | undefined>;
}

export interface DoorKeysLent {
  readonly caller: Caller;
  readonly mailbox: AccountMailbox;
  readonly storage: Storage;
  readonly crypto: Crypto;
  readonly fill: Fill;
  readonly now: Clock;
}

export function createDoorKeys({ caller, mailbox, storage, crypto, fill, now }: DoorKeysLent): DoorKeys {
  async function seedHere(): Promise<Bytes | undefined> {
    const seed = await storage.get(kept.doorKey);
    return seed?.length === 32 ? seed : undefined;
  }

  async function stored(): Promise<Leaves | undefined> {
    const bytes = await storage.get(kept.leaves);
    const read = bytes === undefined ? undefined : fromJsonBytes(bytes);
    return isLeaves(read) ? read : undefined;
  }

  async function forget(): Promise<void> {
    await storage.delete(kept.leaves);
    await storage.delete(kept.doorKey);
  }

  async function refresh({ signal }: Pick<CallOptions, "signal"> = {}): Promise<Answer<Leaves>> {
    const answer = await caller.call("fetchCapabilities", { signal, tries: 1 });
    if (!answer.ok) {
      // Another phone took its place, or the key was ended: what is here opens nothing and is nobody's need.
      if (answer.problem?.name === "NO_APP_KEY") await forget();
      return answer;
    }
    const { capabilities, refused } = answer.value;
    // Leave names a table that the parcels fetched after it bring along. Without those, what was held before opens more.
    const carried = await mailbox.refresh(signal === undefined ? {} : { signal });
    const old = carried.ok ? [] : (await stored())?.leaves.filter(({ notAfter }) => notAfter > now());
    const leaves = capabilities.map(
      (fresh) => old?.find(({ doorId, epoch }) => doorId === fresh.doorId && epoch === fresh.epoch) ?? fresh,
    );
    const given = { leaves, refused, at: now() };
    await storage.put(kept.leaves, toJsonBytes(given));
    return carried.ok ? { ok: true, value: given } : carried;
  }

  return {
    refresh,

    async enrol({ replace, signal } = {}) {
      const me = await caller.call("me", { signal });
      if (!me.ok) return me;
      const before = await seedHere();
      const fresh = new Uint8Array(32);
      const seed = before ?? fresh;
      if (before === undefined) {
        fill(fresh);
        // Kept before it is enrolled: a key that doors know must not be lost between the two.
        await storage.put(kept.doorKey, seed);
      }
      const proof = crypto.sign(seed, new TextEncoder().encode(`doorsync/1 app key ${me.value.phoneId}`));
      const body = {
        publicKey: toHex(crypto.signPublic(seed)),
        proof: toBase64Url(proof),
        ...(replace === undefined ? {} : { replace }),
      };
      const enrolled = await caller.call("enrolAppKey", { body, signal });
      if (!enrolled.ok) {
        // A phone that opens no doors keeps no key; one that did goes on, and so does one that may have been enrolled.
        const isRefused = enrolled.problem !== undefined && surelyNot.has(enrolled.problem.name);
        if (before === undefined && isRefused) await forget();
        return enrolled;
      }
      return await refresh(signal === undefined ? {} : { signal });
    },

    async end({ signal } = {}) {
      await forget();
      return await caller.call("endAppKey", { signal });
    },

    async held() {
      const seed = await seedHere();
      if (seed === undefined) return undefined;
      return { ...((await stored()) ?? { leaves: [], refused: [], at: 0 }), seed };
    },
  };
}

/** Denials after which the service knows nothing of the key. */
const surelyNot: ReadonlySet<string> = new Set([
  "APP_KEY_ELSEWHERE",
  "APP_KEY_UNFIT",
  "MOBILE_ONLY",
  "NOT_ALLOWED",
  "TOO_MANY",
]);

function isLeaves(read: unknown): read is Leaves {
  if (typeof read !== "object" || read === null) return false;
  const { leaves, refused, at } = read as Partial<Record<keyof Leaves, unknown>>;
  return Array.isArray(leaves) && Array.isArray(refused) && typeof at === "number";
}

/** A capability's bytes; empty for a text that is none, which no lock takes. */
export function capabilityBytes({ capability }: Leave): Bytes {
  return fromBase64Url(capability) ?? new Uint8Array();
}
