/**
 * Sync without being asked: whenever a lock comes into range for which something is carried that it has not proved yet
 * (F21). It begins with what the storage holds, so an app that was killed goes on where it was. It never unlocks.
 */
import { type Parcel, toHex } from "@doorsync/protocol/courier";
import type { Clock, Radar, Sighting } from "../ports.ts";
import type { AccountMailbox } from "./mailbox.ts";
import type { AccountVisit, VisitOptions, Visitor } from "./visit.ts";

/** How often the service is asked while the radar sees locks, in seconds. */
export const refreshSeconds = 30;
/** How long a place is left alone after a visit that ended badly, in seconds. */
export const againSeconds = 15;
/** The longest such rest: it doubles with each answer that anybody might have given in the lock's place. */
export const againSecondsMax = 900;

export interface WatchOptions extends Omit<VisitOptions, "transport" | "tag"> {
  readonly radar: Radar;
  readonly signal: AbortSignal;
  /** A visit that reached the lock; what was out of range is not told. */
  readonly onVisit?: (visit: AccountVisit, place: string) => void;
  /** The service, or the lock at a place, cannot be reached any more, or can again; `why` it cannot. */
  readonly onReach?: (reach: {
    readonly place: string | undefined;
    readonly why: string | undefined;
  }) => void;
  readonly refreshSeconds?: number;
  readonly againSeconds?: number;
}

export interface WatchLent {
  readonly visitor: Visitor;
  readonly mailbox: AccountMailbox;
  readonly now: Clock;
}

/** Until the signal aborts or the radar ends. */
export async function watch({ visitor, mailbox, now }: WatchLent, options: WatchOptions): Promise<void> {
  const { radar, signal, onVisit, refreshSeconds: refreshEach = refreshSeconds, ...rest } = options;
  const { againSeconds: againAfter = againSeconds, onReach, ...wish } = rest;
  /** Places (undefined: the service) that could not be reached last. */
  const gone = new Set<string | undefined>();
  const tellReach = (place: string | undefined, why: string | undefined): void => {
    if (gone.has(place) === (why !== undefined)) return;
    if (why === undefined) gone.delete(place);
    else gone.add(place);
    onReach?.({ place, why });
  };
  /** What was carried for a place when it was last done with: the same again is no reason to go there. */
  const done = new Map<string, string>();
  const restUntil = new Map<string, number>();
  /** What was answered unsigned at a place, for these parcels: it is believed for a while only. */
  const doubted = new Map<
    string,
    { readonly wanted: string; readonly until: number; readonly seconds: number }
  >();
  let askedAt = Number.NEGATIVE_INFINITY;

  for await (const sighting of radar.watch(signal)) {
    if (signal.aborted) return;
    if (now() - askedAt >= refreshEach) {
      askedAt = now();
      await mailbox.flush(signal);
      const asked = await mailbox.refresh({ signal });
      if (signal.aborted) return;
      tellReach(undefined, asked.ok || asked.problem !== undefined ? undefined : asked.unreachable);
    }
    if ((restUntil.get(sighting.place) ?? 0) > now()) continue;
    const wanted = fingerprint(await wantedAt(mailbox, sighting));
    if (wanted === "" || done.get(sighting.place) === wanted) continue;
    const asked = `${sighting.place} ${sighting.tag === undefined ? "" : toHex(sighting.tag)}`;
    const doubt = doubted.get(asked);
    const isSame = doubt?.wanted === wanted;
    if (isSame && doubt.until > now()) continue;
    const visit = await visitor.visit({ ...wish, signal, transport: sighting.transport, tag: sighting.tag });
    const by = endedBy(visit);
    if (by === "lock") {
      done.set(sighting.place, fingerprint(await wantedAt(mailbox, sighting)));
      doubted.delete(asked);
    } else if (by === "anybody") {
      const seconds = isSame ? Math.min(2 * doubt.seconds, againSecondsMax) : againAfter;
      const left = fingerprint(await wantedAt(mailbox, sighting));
      doubted.set(asked, { wanted: left, until: now() + seconds, seconds });
    } else restUntil.set(sighting.place, now() + againAfter);
    const { outcome } = visit;
    if (outcome.kind !== "aborted")
      tellReach(sighting.place, outcome.kind === "unreachable" ? outcome.why : undefined);
    if (outcome.kind !== "unreachable") onVisit?.(visit, sighting.place);
  }
}

/** Acknowledgements of a log alone are no errand. */
async function wantedAt(mailbox: AccountMailbox, { tag }: Sighting): Promise<readonly Parcel[]> {
  const { parcels } = await mailbox.carried();
  return parcels.filter(
    (parcel) => parcel.kind !== "ack" && (tag === undefined || toHex(parcel.tag) === toHex(tag)),
  );
}

function fingerprint(parcels: readonly Parcel[]): string {
  const names = parcels.map(({ tag, kind, epoch, from, to }) =>
    [toHex(tag), kind, epoch, from, to].join(" "),
  );
  return names.sort().join("\n");
}

/**
 * By whose word the visit ended. What a lock proved, it need not prove again for the same parcels; what anybody can say in
 * its place raises no wish and ends none.
 */
function endedBy({ outcome }: AccountVisit): "lock" | "anybody" | "mishap" {
  switch (outcome.kind) {
    case "synced":
    case "already":
    case "commissioned":
      return "lock";
    case "nothing":
    case "unfit":
      return "anybody";
    case "refused":
      return outcome.refusal === "BUSY" ? "mishap" : "anybody";
    case "rotated":
    case "unproven":
    case "unreachable":
    case "silent":
    case "dropped":
    case "broken":
    case "aborted":
      return "mishap";
    default:
      return outcome satisfies never;
  }
}
