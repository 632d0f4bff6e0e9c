/**
 * How visits went, as the service has not heard it yet: management asks which phone was at a door when something stayed
 * undelivered, and a visit without a network counts as any other. A phone's own word, never a proof; the lock's answers
 * are the mailbox's.
 *
 * Invariant over restarts: a report stays until the service answered for it, or newer ones have taken its place.
 */
import { type Crypto, toHex } from "@doorsync/protocol/courier";
import type { Clock, Storage } from "../ports.ts";
import type { Api } from "./api.ts";
import type { Denied, Unreachable } from "./client.ts";
import { type Caller, kept } from "./session.ts";
import { fromJsonBytes, toJsonBytes } from "./text.ts";

/** The latest are kept. */
export const visitReportsMax = 64;
/** The service takes none that is older, in seconds. */
const visitSecondsMax = 30 * 86_400;
const digestBytes = 8;

export type VisitReport = Omit<Api["reportVisit"]["body"], "secondsAgo">;

interface Stored {
  readonly at: number;
  readonly report: VisitReport;
}

/** What no later try changes; anything else may be told again. */
const forGood: ReadonlySet<string> = new Set(["NO_SUCH", "REQUEST_UNFIT", "NOT_ALLOWED"]);

export interface VisitReports {
  /** Of whoever is, or was last, logged in here: without an owner a visit is nobody's to tell. */
  keep(report: VisitReport): Promise<void>;
  /** Tells the service, oldest first, until it cannot be told more: why, where something is left. */
  handIn(signal: AbortSignal | undefined): Promise<Denied | Unreachable | undefined>;
  count(): Promise<number>;
}

export function visitReports({
  caller,
  storage,
  crypto,
  now,
}: {
  readonly caller: Caller;
  readonly storage: Storage;
  readonly crypto: Crypto;
  readonly now: Clock;
}): VisitReports {
  /** In the order of the visits: a name begins with its moment. */
  async function keys(): Promise<readonly string[]> {
    return (await storage.list()).filter((key) => key.startsWith(kept.visits)).sort();
  }

  async function keep(report: VisitReport): Promise<void> {
    if ((await storage.get(kept.owner)) === undefined) return;
    const stored: Stored = { at: now(), report };
    const bytes = toJsonBytes(stored);
    const digest = toHex(crypto.hash(bytes).slice(0, digestBytes));
    const key = `${kept.visits}${String(stored.at).padStart(12, "0")}-${digest}`;
    const before = (await keys()).filter((one) => one !== key);
    for (const old of before.slice(0, Math.max(0, before.length + 1 - visitReportsMax)))
      await storage.delete(old);
    await storage.put(key, bytes);
  }

  async function handIn(signal: AbortSignal | undefined): Promise<Denied | Unreachable | undefined> {
    for (const key of await keys()) {
      const bytes = await storage.get(key);
      const stored = bytes === undefined ? undefined : fromJsonBytes(bytes);
      if (isStored(stored)) {
        // Since then, by one clock: the phone's may be hours away from the service's.
        const secondsAgo = Math.max(0, Math.floor(now() - stored.at));
        if (secondsAgo <= visitSecondsMax) {
          const body = { ...stored.report, secondsAgo };
          const answer = await caller.call("reportVisit", { body, signal, tries: 1 });
          if (!answer.ok && !forGood.has(answer.problem?.name ?? "")) return answer;
        }
      }
      await storage.delete(key);
    }
    return undefined;
  }

  return { keep, handIn, count: async () => (await keys()).length };
}

function isStored(read: unknown): read is Stored {
  if (typeof read !== "object" || read === null) return false;
  const { at, report } = read as Partial<Record<keyof Stored, unknown>>;
  return typeof at === "number" && typeof report === "object" && report !== null;
}
