/**
 * What a radio looks like from outside: airs, adapters, links, and the least that a socket needs of them. Types alone.
 */
import type { HciPacket } from "./btsnoop.ts";
import type { Clock } from "./clock.ts";
import type { HandlePolicy } from "./controller-state.ts";
import type { Direction, Tamper } from "./faults.ts";
import type { LinkParameters } from "./hci.ts";
import type { Rate } from "./link.ts";
import type { Place, RangeOptions } from "./range.ts";

export interface AirOptions {
  readonly clock?: Clock;
  /** The same seed, the same fades, jitters and lost packets. */
  readonly seed?: number;
  /** Without it packets arrive at once (or after `latencyMs`), far faster than any radio. */
  readonly rate?: Rate;
  /** The connection interval, as far as the central allows it; its longest if not given. */
  readonly intervalMs?: number;
  readonly latencyMs?: number;
  /** Instead of what the advertisers ask for; an advertiser's interval is most of the time of a test. */
  readonly advertisingIntervalMs?: number;
  readonly range?: RangeOptions;
  /** Faults for the packets of every link to come. */
  readonly tamper?: Tamper;
}

/** Hears every packet between a host and its controller. */
export type CaptureSink = (packet: HciPacket) => void;

export interface AdapterOptions {
  /** Lower case with colons; one of a private range if not given. */
  readonly address?: string;
  readonly bufferBytes?: number;
  readonly bufferCount?: number;
  readonly handles?: HandlePolicy;
  readonly place?: Place;
  readonly capture?: CaptureSink;
}

/** The host's end of an open adapter. */
export interface HostPort {
  /** One H4 packet to the controller. */
  write(packet: Uint8Array): void;
  close(): void;
}

/** What a socket needs of an adapter, be it of this process or of another. */
export interface RadioAdapter {
  readonly deviceId: number;
  readonly isUp: boolean;
  /** Every packet for the host goes to every open port, never before this call or a `write` has returned. */
  open(hear: (packet: Uint8Array) => void): HostPort;
  /** Takes it out of the air for good. */
  remove(): void;
}

/** Where adapters come from; an air, or the way to one in another process. */
export interface Radio {
  readonly adapters: readonly RadioAdapter[];
  adapter(options?: AdapterOptions): RadioAdapter;
}

export interface Adapter extends RadioAdapter {
  readonly address: string;
  readonly place: Place;
  /** How many attribute PDUs longer than the MTU its host wanted to send; they were not sent. */
  readonly overlongPdus: number;
  /** Down and up again, as when a stick is pulled: the controller forgets everything and says nothing. */
  power(on: boolean): void;
  /** While true, nobody hears its advertisements. */
  hush(on: boolean): void;
  move(place: Place): void;
  capture(sink: CaptureSink | undefined): void;
}

export interface AirLink {
  readonly central: Adapter;
  readonly peripheral: Adapter;
  readonly parameters: LinkParameters;
  readonly isOpen: boolean;
  /** Both hosts hear at once that the link is gone; as after a supervision timeout if no reason is given. */
  lose(reason?: number): void;
  /** Nothing arrives in this direction any more, until `heal` or until the supervision timeout ends the link. */
  stall(which: Direction | "both"): void;
  heal(): void;
  tamper(tamper: Tamper | undefined): void;
}

export interface Air extends Radio {
  readonly adapters: readonly Adapter[];
  adapter(options?: AdapterOptions): Adapter;
  /** The links that stand, oldest first. */
  readonly links: readonly AirLink[];
  /** The next attempts to connect fail, with this status. */
  failConnections(count: number, code?: number): void;
  /** For the links to come. */
  tamper(tamper: Tamper | undefined): void;
  /** All adapters down and all timers off. */
  close(): void;
}
