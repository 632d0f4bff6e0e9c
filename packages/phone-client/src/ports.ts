/**
 * What a courier and an account must be lent: a way to a lock, a mailbox, timers, HTTP, a place to keep things. Not an
 * implementation of any of them; those are in `parts/` (memory) and `edge/` (the outside world).
 */
import type { Bytes, Hint, Parcel, ReturnSlip } from "@doorsync/protocol/courier";

/** Takes a listener away again. Calling it twice does no harm. */
export type Stop = () => void;

/** One open connection to one lock: frames in order, or an end. */
export interface Link {
  /** Longest frame this link carries in one piece, in bytes (ATT payload: MTU - 3, 20 to 514). */
  readonly frameBytesMax: number;
  /** What the lock advertised before it was connected to: unsigned, perhaps a lie; it may spare a question. */
  readonly hint?: Hint;
  /** Settles when the link below has taken the frame, not when the lock has. Rejects on a closed link. */
  send(frame: Bytes): Promise<void>;
  /** Frames that come while nobody listens wait (bounded); the frame passed on belongs to the listener. */
  onFrame(listener: (frame: Bytes) => void): Stop;
  /** Heard at most once, with one sentence of why. Never heard for a `close()` of our own. */
  onClosed(listener: (why: string) => void): Stop;
  /**
   * Said before `close()` when the visit heard something that only the lock can say. A transport that chooses between
   * places goes to one that never proved itself after the others.
   */
  proven?(): void;
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

/** What must outlive the app: bytes by name. A value is there whole or not at all, whatever happens in between. */
export interface Storage {
  get(key: string): Promise<Bytes | undefined>;
  put(key: string, bytes: Bytes): Promise<void>;
  /** Harmless when there is none. */
  delete(key: string): Promise<void>;
  /** Names of all values, in no order. */
  list(): Promise<readonly string[]>;
  /** Nothing is left, not even the keys under which it lay. The storage can be used again. */
  wipe(): Promise<void>;
}

/** HTTP, as far as it is needed; the host's own `fetch` fits. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>;

export interface FetchRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** A service does not send its callers elsewhere: they carry tokens. */
  readonly redirect: "error";
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** Fills bytes with chance that nobody can guess. */
export type Fill = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Seconds since 1970, as the phone believes. */
export type Clock = () => number;

/** A lock in range, or a place at which one may be. */
export interface Sighting {
  /** The same for the same lock as long as the radar watches. */
  readonly place: string;
  /** How it shows itself; undefined where only a connection would tell. */
  readonly tag: Bytes | undefined;
  readonly transport: Transport;
}

/** Tells of locks in range, the same one as often as it is seen. */
export interface Radar {
  /** Ends when `signal` aborts. */
  watch(signal: AbortSignal): AsyncIterable<Sighting>;
}
