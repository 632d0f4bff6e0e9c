/**
 * noble as far as the phone's transport uses it, and what has to be mended below its surface (on Linux; elsewhere there
 * is nothing of the kind). Types, and waits that always end; it loads nothing.
 */
import type { Stop } from "../ports.ts";

/** An emitter of Node, with any listener. */
export interface Emitter {
  on(event: string, listener: (...given: never[]) => void): unknown;
  removeListener(event: string, listener: (...given: never[]) => void): unknown;
}

export interface NobleCharacteristic extends Emitter {
  readonly uuid: string;
  readonly properties: readonly string[];
  notify(on: boolean): void;
  write(value: Buffer, withoutResponse: boolean): void;
}

export interface NobleService extends Emitter {
  readonly uuid: string;
  discoverCharacteristics(uuids: readonly string[]): void;
}

export interface NoblePeripheral extends Emitter {
  readonly id: string;
  readonly state: string;
  /** Null, or the last connection's, until the exchange of this one is over; it is before services are found. */
  readonly mtu: number | null;
  readonly rssi: number;
  readonly advertisement: {
    readonly serviceData?: readonly { readonly uuid: string; readonly data: Uint8Array }[];
  };
  connect(): void;
  cancelConnect(): void;
  disconnect(): void;
  discoverServices(uuids: readonly string[]): void;
}

interface Inside {
  readonly _gap?: { _discoveries: Readonly<Record<string, unknown>> };
  _addresses?: object;
  _addresseTypes?: object;
  _connectable?: object;
  readonly _hci?: {
    readonly _socket?: Emitter & { listeners(event: "data"): readonly unknown[] };
    readonly _aclConnections?: Map<number, unknown>;
    _aclQueue?: readonly unknown[];
    /** Packets that are not whole yet, by connection; `length`: as announced by their first piece. */
    readonly _handleBuffers?: Record<string, { readonly length: number; readonly data: Buffer }>;
    onSocketData(data: Buffer): void;
    flushAcl(): Promise<void>;
  };
}

export interface NobleStack extends Emitter {
  readonly state: string;
  readonly _bindings?: Inside;
  _peripherals?: object;
  _services?: object;
  _characteristics?: object;
  _descriptors?: object;
  startScanning(uuids: readonly string[], allowDuplicates: boolean): void;
  stopScanning(): void;
  reset(): void;
}

/** noble's own spelling of a UUID. */
export function undashed(uuid: string): string {
  return uuid.replaceAll("-", "");
}

/** Listens until the stop that it gives is called. */
export function listen(to: Emitter, event: string, listener: (...given: never[]) => void): Stop {
  to.on(event, listener);
  return () => {
    to.removeListener(event, listener);
  };
}

/** What all radios on one stack share: there is one adapter below them, and it does one thing at a time. */
export interface Shared {
  /** A scan, or a link until it is gone. */
  turn: Promise<void>;
  /** What noble threw out of its socket; told to the link of the moment. */
  spoilt: (error: Error) => void;
}

const sharedBy = new WeakMap<NobleStack, Shared>();

/** The first radio on a stack mends it; those that come later find it mended, and wait for its turn. */
export function sharedOn(stack: NobleStack): Shared {
  const known = sharedBy.get(stack);
  if (known !== undefined) return known;
  const shared: Shared = { turn: Promise.resolve(), spoilt: () => {} };
  sharedBy.set(stack, shared);
  mend(stack, (error) => shared.spoilt(error));
  return shared;
}

/**
 * noble throws out of a socket's event over bytes that it cannot read, keeps pieces of a packet that are longer than it
 * announced, and throws out of nowhere when a link ends under a write. The first two are told to `threw`; the third
 * means nothing, since the end of the link is told by itself.
 */
function mend(stack: NobleStack, threw: (error: Error) => void): void {
  // Its warnings are about calls on connections that are gone; without a listener it prints them.
  stack.on("warning", () => {});
  const hci = stack._bindings?._hci;
  if (hci === undefined) return;
  const guard = (plain: (data: Buffer) => void) => (data: Buffer) => {
    try {
      plain(data);
    } catch (error) {
      threw(error instanceof Error ? error : new Error(String(error)));
    }
    if (!Object.values(hci._handleBuffers ?? {}).some(({ length, data }) => data.length > length)) return;
    forgetPieces(stack);
    threw(new Error("a packet is longer than it announced"));
  };
  const { _socket: socket } = hci;
  for (const listener of socket?.listeners("data") ?? []) {
    const plain = listener as (data: Buffer) => void;
    socket?.removeListener("data", plain);
    socket?.on("data", guard(plain));
  }
  // An adapter that was switched off and on is listened to anew, by this name.
  hci.onSocketData = guard(hci.onSocketData.bind(hci));
  const flush = hci.flushAcl.bind(hci);
  hci.flushAcl = () => flush().catch(() => {});
}

function forgetPieces({ _bindings }: NobleStack): void {
  const begun = _bindings?._hci?._handleBuffers ?? {};
  for (const handle of Object.keys(begun)) delete begun[handle];
}

/** Resets the controller, and forgets what noble counts of connections that it will not hear the end of. */
export function resetStack(stack: NobleStack): void {
  const hci = stack._bindings?._hci;
  hci?._aclConnections?.clear();
  if (hci?._aclQueue !== undefined) hci._aclQueue = [];
  stack.reset();
}

/** Devices that noble may remember. It forgets none, and in a street they change their addresses all the time. */
const strangersMax = 1_000;

/**
 * To be called when nothing is connected: whoever is still there is seen again. What was begun on a connection that is
 * gone is not gone on with in the next.
 */
export function forgetStrangers(stack: NobleStack): void {
  forgetPieces(stack);
  const inside = stack._bindings;
  if (inside?._gap === undefined || Object.keys(inside._gap._discoveries).length <= strangersMax) return;
  inside._gap._discoveries = {};
  for (const name of ["_addresses", "_addresseTypes", "_connectable"] as const) inside[name] = {};
  for (const name of ["_peripherals", "_services", "_characteristics", "_descriptors"] as const)
    stack[name] = {};
}
