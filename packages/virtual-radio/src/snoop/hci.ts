/**
 * What single HCI packets say, as far as a reader of captures asks: links that come and go, advertisements, and pieces
 * of data. Not a controller's language (only what matters for reading) and not a judge: what it does not know is nothing.
 */
import { addressText, little } from "./bytes.ts";
import type { SnoopPacket } from "./file.ts";

export interface LinkOpened {
  readonly kind: "opened";
  readonly handle: number;
  readonly role: "central" | "peripheral";
  readonly peer: string;
  readonly intervalMs: number;
  readonly supervisionMs: number;
}

export interface LinkChanged {
  readonly kind: "changed";
  readonly handle: number;
  readonly intervalMs: number;
  readonly supervisionMs: number;
}

/** What one packet says. Handles are the controller's, and are used again. */
export type HciSaid =
  | LinkOpened
  | LinkChanged
  | { readonly kind: "failed"; readonly status: number }
  | { readonly kind: "closed"; readonly handle: number; readonly reason: number }
  /** The host asks its controller to end a link. */
  | { readonly kind: "ends"; readonly handle: number; readonly reason: number }
  | {
      readonly kind: "advert";
      /** Undefined: the host's own. */
      readonly address: string | undefined;
      readonly isScanResponse: boolean;
      /** AD structures. */
      readonly data: Uint8Array;
    }
  | {
      readonly kind: "data";
      readonly handle: number;
      readonly isStart: boolean;
      readonly bytes: Uint8Array;
      /** Bytes that the header promises and the packet lacks, or has too many. */
      readonly isDamaged: boolean;
    };

const command = 1;
const aclData = 2;
const event = 4;

const opcodes = { disconnect: 0x0406, advertisingData: 0x2008, scanResponseData: 0x2009 } as const;
const events = { disconnected: 0x05, lowEnergy: 0x3e } as const;
const leEvents = { connected: 0x01, advertised: 0x02, updated: 0x03, connectedEnhanced: 0x0a } as const;
const scanResponseType = 4;
const intervalUnitMs = 1.25;
const supervisionUnitMs = 10;

/** Everything that a packet says; usually one thing, of most packets nothing. Never throws. */
export function hearHci(packet: SnoopPacket): readonly HciSaid[] {
  const { bytes } = packet;
  switch (bytes[0]) {
    case command:
      return hearCommand(bytes);
    case aclData:
      return hearData(bytes, packet.missingBytes);
    case event:
      return hearEvent(bytes);
    default:
      return [];
  }
}

function hearCommand(bytes: Uint8Array): readonly HciSaid[] {
  const opcode = little(bytes, 1, 2);
  const parameters = bytes.subarray(4);
  if (opcode === opcodes.disconnect) {
    const handle = little(parameters, 0, 2);
    const reason = parameters[2];
    return handle === undefined || reason === undefined ? [] : [{ kind: "ends", handle, reason }];
  }
  if (opcode === opcodes.advertisingData || opcode === opcodes.scanResponseData) {
    const length = parameters[0] ?? 0;
    const data = parameters.subarray(1, 1 + length);
    const isScanResponse = opcode === opcodes.scanResponseData;
    return data.length === 0 ? [] : [{ kind: "advert", address: undefined, isScanResponse, data }];
  }
  return [];
}

function hearData(bytes: Uint8Array, missingBytes: number): readonly HciSaid[] {
  const head = little(bytes, 1, 2);
  const length = little(bytes, 3, 2);
  if (head === undefined || length === undefined) return [];
  const data = bytes.subarray(5);
  const boundary = (head >> 12) & 3;
  const isDamaged = data.length !== length || missingBytes > 0;
  // 0 and 2 begin: from a host to its controller, and back; 1 goes on.
  return [{ kind: "data", handle: head & 0xfff, isStart: boundary !== 1, bytes: data, isDamaged }];
}

function hearEvent(bytes: Uint8Array): readonly HciSaid[] {
  const parameters = bytes.subarray(3, 3 + (bytes[2] ?? 0));
  if (bytes[1] === events.disconnected) {
    const handle = little(parameters, 1, 2);
    const reason = parameters[3];
    if (parameters[0] !== 0 || handle === undefined || reason === undefined) return [];
    return [{ kind: "closed", handle, reason }];
  }
  if (bytes[1] !== events.lowEnergy) return [];
  const said = parameters.subarray(1);
  switch (parameters[0]) {
    case leEvents.connected:
      return hearOpened(said, 11);
    case leEvents.connectedEnhanced:
      return hearOpened(said, 23);
    case leEvents.updated: {
      const handle = little(said, 1, 2);
      const timing = timingAt(said, 3);
      return said[0] !== 0 || handle === undefined || timing === undefined
        ? []
        : [{ kind: "changed", handle, ...timing }];
    }
    case leEvents.advertised:
      return hearAdverts(said);
    default:
      return [];
  }
}

/** `status, handle u16, role, address type, address 6`; the timing at `timingStart`. */
function hearOpened(said: Uint8Array, timingStart: number): readonly HciSaid[] {
  const status = said[0];
  if (status === undefined) return [];
  if (status !== 0) return [{ kind: "failed", status }];
  const handle = little(said, 1, 2);
  const timing = timingAt(said, timingStart);
  if (handle === undefined || timing === undefined) return [];
  const role = said[3] === 0 ? "central" : "peripheral";
  return [{ kind: "opened", handle, role, peer: addressText(said.subarray(5, 11)), ...timing }];
}

/** `interval u16 | latency u16 | supervision timeout u16`. */
function timingAt(
  said: Uint8Array,
  at: number,
): Pick<LinkChanged, "intervalMs" | "supervisionMs"> | undefined {
  const interval = little(said, at, 2);
  const supervision = little(said, at + 4, 2);
  if (interval === undefined || supervision === undefined) return undefined;
  return { intervalMs: interval * intervalUnitMs, supervisionMs: supervision * supervisionUnitMs };
}

/** Reports one behind the other, as real controllers that report several write them. */
function hearAdverts(said: Uint8Array): readonly HciSaid[] {
  const adverts: HciSaid[] = [];
  let at = 1;
  for (let left = said[0] ?? 0; left > 0; left--) {
    const length = said[at + 8];
    if (length === undefined || at + 10 + length > said.length) break;
    adverts.push({
      kind: "advert",
      address: addressText(said.subarray(at + 2, at + 8)),
      isScanResponse: said[at] === scanResponseType,
      data: said.subarray(at + 9, at + 9 + length),
    });
    at += 10 + length;
  }
  return adverts;
}
