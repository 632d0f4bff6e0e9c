/**
 * What a courier must be lent: a way to a lock, a mailbox, timers. Not an implementation of any of them; those are
 * in `parts/` (memory) and `edge/` (the outside world).
 */
import type { Bytes, Parcel, ReturnSlip } from "@doorsync/protocol/courier";

/** Takes a listener away again. Calling it twice does no harm. */
export type Stop = () => void;

/** One open connection to one lock: frames in order, or an end. */
export interface Link {
  /** Longest frame this link carries in one piece, in bytes (ATT payload: MTU - 3, 20 to 514). */
  readonly frameBytesMax: number;
  /** Settles when the link below has taken the frame, not when the lock has. Rejects on a closed link. */
  send(frame: Bytes): Promise<void>;
  /** Frames that come while nobody listens wait (bounded); the frame passed on belongs to the listener. */
  onFrame(listener: (frame: Bytes) => void): Stop;
  /** Heard at most once, with one sentence of why. Never heard for a `close()` of our own. */
  onClosed(listener: (why: string) => void): Stop;
  /** Ends the connection. Idempotent; pending sends reject. */
  close(): void;
}

/** Why a transport cannot open: there is no such place. To go there and try again does not help. */
export class AddressError extends Error {
  override readonly name = "AddressError";
}

/** A way to one lock. */
export interface Transport {
  /** Rejects with one clear sentence when the lock cannot be reached (AddressError: no such place), and when `signal` aborts. */
  open(signal: AbortSignal): Promise<Link>;
}

/** Where sealed parcels come from and return slips go: a folder now, a service later. */
export interface Mailbox {
  /** Everything to be carried, for any lock. Unreadable entries are left out, never thrown. */
  parcels(): Promise<readonly Parcel[]>;
  /** Settles only when the slip is safe. Delivering the same slip twice is harmless. */
  deliver(slip: ReturnSlip): Promise<void>;
}

/** The only clock of the courier. */
export interface Timers {
  /** Runs `run` once after that many milliseconds, unless stopped before. */
  after(milliseconds: number, run: () => void): Stop;
}
