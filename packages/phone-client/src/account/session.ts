/**
 * Calls in somebody's name: the session as it lies in the storage, and what becomes of it when the service no longer
 * knows it. Not what is asked.
 */
import type { Storage } from "../ports.ts";
import type { Api, ApiName, ProblemDetails } from "./api.ts";
import type { Answer, Asked, Client, Denied } from "./client.ts";
import { fromJsonBytes, toJsonBytes } from "./text.ts";

/** A log-in of this phone. The token is the secret; the rest says whose it is. */
export interface Session {
  readonly url: string;
  readonly email: string;
  readonly token: string;
  readonly accountId: string;
  readonly expiresAt: number;
}

/** Names under which an account keeps things. Codes are never kept: they are asked for each time (F26). */
export const kept = {
  /** The account whose things these are; it stays when the session ends, and goes with the log-out. */
  owner: "owner",
  session: "session",
  doors: "doors",
  parcels: "parcels",
  /** Followed by the tag of a lock that was met, in hex. */
  met: "met/",
  /** Followed by the digest of the slip. */
  owed: "owed/",
  /** Followed by the moment of the visit and a digest. */
  visits: "visit/",
  /** The secret half of the key by which this phone opens doors, 32 bytes; it goes with the session. */
  doorKey: "door-key",
  /** What that key may ask for, as the service said last. */
  leaves: "leaves",
} as const;

/** Who is logged in on this phone; undefined: nobody. */
export async function storedSession(storage: Storage): Promise<Session | undefined> {
  const bytes = await storage.get(kept.session);
  const read = bytes === undefined ? undefined : fromJsonBytes(bytes);
  return isSession(read) ? read : undefined;
}

export async function keepSession(storage: Storage, session: Session): Promise<void> {
  await storage.put(kept.session, toJsonBytes(session));
}

function isSession(read: unknown): read is Session {
  if (typeof read !== "object" || read === null) return false;
  const { url, email, token, accountId, expiresAt } = read as Partial<Record<keyof Session, unknown>>;
  const texts = [url, email, token, accountId];
  return texts.every((text) => typeof text === "string") && typeof expiresAt === "number";
}

/** The denial that the service would give; said here, so that nothing is sent. */
const unauthenticated: ProblemDetails = {
  type: "urn:doorsync:denial:UNAUTHENTICATED",
  title: "no session, or one that has ended",
  status: 401,
  code: 200,
  name: "UNAUTHENTICATED",
  remedy: "log in again",
};
export const notLoggedIn: Denied = { ok: false, problem: unauthenticated };

export interface Caller {
  /** In the name of whoever is logged in here. */
  call<N extends ApiName>(name: N, asked: Asked<N>): Promise<Answer<Api[N]["answer"]>>;
}

/**
 * A caller over what the storage says. A session that the service has ended is forgotten here too, with what it
 * showed and the key that opened doors; sealed parcels and owed slips stay, for they are nobody's secret and somebody's need.
 */
export function createCaller(client: Client, storage: Storage): Caller {
  return {
    async call(name, asked) {
      const session = await storedSession(storage);
      if (session === undefined || session.url !== client.url) return notLoggedIn;
      const answer = await client.call(name, { ...asked, token: session.token });
      // Who logged out meanwhile is told nothing any more: it would be kept on a phone that was wiped (F25).
      if (answer.ok && (await storedSession(storage))?.token !== session.token) return notLoggedIn;
      if (answer.ok || answer.problem?.name !== "UNAUTHENTICATED") return answer;
      // Not if somebody logged in meanwhile.
      if ((await storedSession(storage))?.token === session.token) {
        await storage.delete(kept.session);
        await storage.delete(kept.doors);
        await storage.delete(kept.leaves);
        await storage.delete(kept.doorKey);
      }
      return answer;
    },
  };
}
