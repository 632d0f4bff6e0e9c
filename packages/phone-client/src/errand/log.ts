/**
 * The end of a visit: the lock's log goes along, sealed, as far as one visit carries it. What an acknowledgement or a
 * pull comes to never changes how the sync itself ended.
 */
import {
  type Bytes,
  type Crypto,
  checkParcel,
  conditionFlags,
  type Hello,
  type Parcel,
  type ReturnSlip,
  readSegmentHead,
} from "@doorsync/protocol/courier";
import { acksFor, idOf, type Satchel } from "../satchel.ts";

/** Segments asked for in one visit; some 81 events each. */
export const segmentsPerVisitMax = 16;

/** What came of the log so far. */
export interface LogTrip {
  readonly segments: number;
  /** Events brought away, and newer ones that the lock said to have. */
  readonly events: number;
  readonly left: number;
}

export const noTrip: LogTrip = { segments: 0, events: 0, left: 0 };

/** What to say to the lock about its log; undefined: nothing. */
export type LogStep =
  | { readonly kind: "ack"; readonly parcel: Parcel }
  | { readonly kind: "pull"; readonly after: number };

/**
 * How to begin. A lock without news is asked for none, and needs no acknowledgement: it costs nothing. `hasNews`: the
 * visit itself has made some that cannot wait for the next.
 */
export function beginTrip(
  crypto: Crypto,
  satchel: Satchel,
  hello: Hello,
  hasNews: boolean,
): LogStep | undefined {
  const isWaiting = hasNews || (hello.flags & conditionFlags.logWaiting) !== 0;
  if (!isWaiting || idOf(satchel, hello) === undefined) return undefined;
  const parcel = acksFor(satchel, hello).find((ack) => checkParcel(crypto, ack).ok);
  return parcel === undefined ? { kind: "pull", after: 0 } : { kind: "ack", parcel };
}

export interface Fetched {
  readonly trip: LogTrip;
  /** Owed even where no event is in it: the authority sees that its acknowledgement came. */
  readonly slip: ReturnSlip;
  readonly next: LogStep | undefined;
}

/** A segment taken along unread; undefined when it is none. */
export function takeSegment(trip: LogTrip, satchel: Satchel, hello: Hello, body: Bytes): Fetched | undefined {
  const read = readSegmentHead(body);
  const lockId = idOf(satchel, hello);
  if (!read.ok || lockId === undefined) return undefined;
  const { after, last, newest } = read.value;
  const segments = trip.segments + 1;
  const told = { segments, events: trip.events + last - after, left: newest - last };
  const isOver = last === after || last === newest || segments >= segmentsPerVisitMax;
  return {
    trip: told,
    slip: { kind: "log", lockId, tag: hello.tag, epoch: hello.epoch, to: after, body },
    next: isOver ? undefined : { kind: "pull", after: last },
  };
}
