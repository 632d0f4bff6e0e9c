/**
 * What a controller knows, what it hears and what it says: the state of one, its inputs and its outputs, and how it
 * forgets. What it does with them is in controller.ts and obey.ts.
 */
import type { AttGuard } from "./att-guard.ts";
import { type Advert, advertKind, connectionComplete, type LinkParameters, type Role } from "./hci.ts";

/** How a controller numbers its connections: most give the lowest free number again, some never one twice. */
export type HandlePolicy = "lowest-free" | "ever-increasing";

export interface ControllerTraits {
  readonly address: string;
  /** The host may send this many ACL packets of this many bytes before it hears that one is gone. */
  readonly bufferBytes: number;
  readonly bufferCount: number;
  readonly handles: HandlePolicy;
}

export interface Connection {
  readonly handle: number;
  readonly link: number;
  readonly peer: string;
  readonly guard: AttGuard;
}

/** What a host asks for when it connects; the air picks an interval between the two. */
export interface Wish {
  readonly peer: string;
  readonly intervalUnitsMin: number;
  readonly intervalUnitsMax: number;
  readonly latencyEvents: number;
  readonly timeoutUnits: number;
}

export interface ControllerState {
  readonly traits: ControllerTraits;
  address: string;
  lastHandle: number;
  advertising: boolean;
  advertisingUnits: number;
  advertKind: number;
  advertData: Uint8Array;
  scanResponse: Uint8Array;
  scanning: boolean;
  scansActively: boolean;
  /** What was reported since scanning began, where the host wants everything once. */
  reported: Set<string> | undefined;
  initiating: Wish | undefined;
  /** How many attribute PDUs longer than the MTU the host wanted to send. */
  overlongPdus: number;
  readonly connections: Map<number, Connection>;
}

export type Input =
  | { readonly kind: "host"; readonly packet: Uint8Array }
  | { readonly kind: "heard"; readonly advert: Advert }
  | {
      readonly kind: "linked";
      readonly link: number;
      readonly role: Role;
      readonly peer: string;
      readonly parameters: LinkParameters;
    }
  | { readonly kind: "connect-failed"; readonly code: number }
  | { readonly kind: "received"; readonly link: number; readonly starts: boolean; readonly data: Uint8Array }
  | { readonly kind: "sent"; readonly link: number; readonly count: number }
  | { readonly kind: "rssi"; readonly link: number; readonly rssiDbm: number }
  | { readonly kind: "updated"; readonly link: number; readonly parameters: LinkParameters }
  | { readonly kind: "unlinked"; readonly link: number; readonly reason: number };

export type Output =
  | { readonly kind: "to-host"; readonly packet: Uint8Array }
  /** Advertising began, ended or has a new interval. */
  | { readonly kind: "advertising" }
  | { readonly kind: "transmit"; readonly link: number; readonly starts: boolean; readonly data: Uint8Array }
  | { readonly kind: "hang-up"; readonly link: number; readonly reason: number }
  | { readonly kind: "ask-rssi"; readonly link: number }
  | { readonly kind: "ask-update"; readonly link: number; readonly wish: Omit<Wish, "peer"> }
  /** Everything is forgotten; the peers of its connections will notice by themselves. */
  | { readonly kind: "silence" };

export function createController(traits: ControllerTraits): ControllerState {
  return {
    traits,
    address: traits.address,
    lastHandle: 0,
    connections: new Map(),
    overlongPdus: 0,
    ...pristine(),
  };
}

/** Bluetooth's own default of an advertising interval, 1.28 s in units of 0.625 ms. */
const advertisingUnitsDefault = 0x0800;

function pristine() {
  return {
    advertising: false,
    advertisingUnits: advertisingUnitsDefault,
    advertKind: advertKind.connectable as number,
    advertData: new Uint8Array(0),
    scanResponse: new Uint8Array(0),
    scanning: false,
    scansActively: false,
    reported: undefined,
    initiating: undefined,
  };
}

/** Forgets everything, as a reset does, or a loss of power. */
export function forgetAll(state: ControllerState): void {
  Object.assign(state, pristine());
  state.connections.clear();
}

export const toHost = (packet: Uint8Array): Output => ({ kind: "to-host", packet });

/** Gives up an attempt to connect and tells the host why. */
export function endInitiating(state: ControllerState, code: number): readonly Output[] {
  const wish = state.initiating;
  if (wish === undefined) return [];
  state.initiating = undefined;
  const none = { intervalUnits: 0, latencyEvents: 0, timeoutUnits: 0 };
  return [toHost(connectionComplete(code, 0, "central", wish.peer, none))];
}
