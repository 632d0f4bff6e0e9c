/**
 * The words of HCI that the two stacks use, with H4's type byte in front: what a host says is read here, what a
 * controller says is written here. One table holds each command's number and least length. It knows no state.
 */

export const packetType = { command: 1, acl: 2, event: 4 } as const;

/** Every command that the controller answers with more than "unknown", and how many bytes of parameters it needs. */
export const commands = {
  disconnect: { opcode: 0x0406, bytesMin: 3 },
  setEventMask: { opcode: 0x0c01, bytesMin: 8 },
  reset: { opcode: 0x0c03, bytesMin: 0 },
  readLeHostSupport: { opcode: 0x0c6c, bytesMin: 0 },
  writeLeHostSupport: { opcode: 0x0c6d, bytesMin: 2 },
  readLocalVersion: { opcode: 0x1001, bytesMin: 0 },
  readBufferSize: { opcode: 0x1005, bytesMin: 0 },
  readAddress: { opcode: 0x1009, bytesMin: 0 },
  readRssi: { opcode: 0x1405, bytesMin: 2 },
  leSetEventMask: { opcode: 0x2001, bytesMin: 8 },
  leReadBufferSize: { opcode: 0x2002, bytesMin: 0 },
  leReadLocalFeatures: { opcode: 0x2003, bytesMin: 0 },
  leSetAdvertisingParameters: { opcode: 0x2006, bytesMin: 15 },
  leSetAdvertisingData: { opcode: 0x2008, bytesMin: 32 },
  leSetScanResponse: { opcode: 0x2009, bytesMin: 32 },
  leSetAdvertisingEnable: { opcode: 0x200a, bytesMin: 1 },
  leSetScanParameters: { opcode: 0x200b, bytesMin: 7 },
  leSetScanEnable: { opcode: 0x200c, bytesMin: 2 },
  leCreateConnection: { opcode: 0x200d, bytesMin: 25 },
  leCancelConnection: { opcode: 0x200e, bytesMin: 0 },
  leUpdateConnection: { opcode: 0x2013, bytesMin: 14 },
  /** A vendor's command (Broadcom's number for it): the address that this controller shall have. */
  writeAddress: { opcode: 0xfc01, bytesMin: 6 },
} as const;

export type CommandName = keyof typeof commands;

const names = new Map(
  Object.entries(commands).map(([name, { opcode, bytesMin }]) => [
    opcode as number,
    { name: name as CommandName, bytesMin: bytesMin as number },
  ]),
);

/** The controller's status and error codes that occur here. */
export const status = {
  ok: 0x00,
  unknownCommand: 0x01,
  unknownConnection: 0x02,
  connectionTimeout: 0x08,
  connectionExists: 0x0b,
  commandDisallowed: 0x0c,
  invalidParameters: 0x12,
  remoteUserEnded: 0x13,
  localHostEnded: 0x16,
  failedToEstablish: 0x3e,
} as const;

const eventCode = {
  disconnectionComplete: 0x05,
  commandComplete: 0x0e,
  commandStatus: 0x0f,
  completedPackets: 0x13,
  leMeta: 0x3e,
} as const;

const metaCode = {
  connectionComplete: 0x01,
  advertisingReport: 0x02,
  connectionUpdateComplete: 0x03,
} as const;

/** ACL's packet boundary: a host starts with `startFromHost`, a controller with `startToHost`. */
export const boundary = { startFromHost: 0, continuation: 1, startToHost: 2 } as const;

export const handleMax = 0x0eff;
export const advertisementBytesMax = 31;

export type HostPacket =
  | {
      readonly kind: "command";
      readonly opcode: number;
      readonly name: CommandName | undefined;
      readonly parameters: Uint8Array;
    }
  | { readonly kind: "acl"; readonly handle: number; readonly boundary: number; readonly data: Uint8Array }
  | { readonly kind: "malformed"; readonly opcode: number | undefined };

export const le16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const u16 = (value: number): readonly [number, number] => [value & 0xff, (value >> 8) & 0xff];

/** One packet from the host. Lengths that contradict themselves are `malformed`, never a throw. */
export function readHostPacket(bytes: Uint8Array): HostPacket {
  const malformed = { kind: "malformed", opcode: undefined } as const;
  if (bytes[0] === packetType.command && bytes.length >= 4) {
    const opcode = le16(bytes, 1);
    const known = names.get(opcode);
    const parameters = bytes.subarray(4);
    if (parameters.length !== bytes[3] || parameters.length < (known?.bytesMin ?? 0))
      return { kind: "malformed", opcode };
    return { kind: "command", opcode, name: known?.name, parameters };
  }
  if (bytes[0] === packetType.acl && bytes.length >= 5) {
    const word = le16(bytes, 1);
    const data = bytes.subarray(5);
    if (data.length !== le16(bytes, 3)) return malformed;
    return { kind: "acl", handle: word & 0x0fff, boundary: (word >> 12) & 3, data };
  }
  return malformed;
}

/** "c0:ff:ee:00:00:01" as the six bytes of the air, which go from the last to the first. */
export function addressBytes(address: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address))
    throw new Error(`not a Bluetooth address in lower case with colons: ${address}`);
  return Uint8Array.from(address.split(":").reverse(), (pair) => Number.parseInt(pair, 16));
}

export const readAddress = (bytes: Uint8Array, at: number): string =>
  [...bytes.subarray(at, at + 6)]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(":");

const event = (code: number, body: readonly number[]): Uint8Array =>
  Uint8Array.of(packetType.event, code, body.length, ...body);
const meta = (code: number, body: readonly number[]): Uint8Array => event(eventCode.leMeta, [code, ...body]);

/** How many commands the host may have outstanding; the stacks do not count, so one is always said. */
const commandsAllowed = 1;

export const commandComplete = (opcode: number, code: number, result: readonly number[] = []): Uint8Array =>
  event(eventCode.commandComplete, [commandsAllowed, ...u16(opcode), code, ...result]);

export const commandStatus = (opcode: number, code: number): Uint8Array =>
  event(eventCode.commandStatus, [code, commandsAllowed, ...u16(opcode)]);

export const disconnectionComplete = (handle: number, reason: number): Uint8Array =>
  event(eventCode.disconnectionComplete, [status.ok, ...u16(handle), reason]);

export const completedPackets = (handle: number, count: number): Uint8Array =>
  event(eventCode.completedPackets, [1, ...u16(handle), ...u16(count)]);

export type Role = "central" | "peripheral";

/** A connection's parameters in the air's own units: intervals of 1.25 ms, timeouts of 10 ms. */
export interface LinkParameters {
  readonly intervalUnits: number;
  readonly latencyEvents: number;
  readonly timeoutUnits: number;
}

export const intervalUnitMs = 1.25;
export const timeoutUnitMs = 10;

export const connectionComplete = (
  code: number,
  handle: number,
  role: Role,
  peer: string,
  parameters: LinkParameters,
): Uint8Array =>
  meta(metaCode.connectionComplete, [
    code,
    ...u16(handle),
    role === "central" ? 0 : 1,
    0,
    ...addressBytes(peer),
    ...u16(parameters.intervalUnits),
    ...u16(parameters.latencyEvents),
    ...u16(parameters.timeoutUnits),
    0,
  ]);

export const connectionUpdateComplete = (
  code: number,
  handle: number,
  parameters: LinkParameters,
): Uint8Array =>
  meta(metaCode.connectionUpdateComplete, [
    code,
    ...u16(handle),
    ...u16(parameters.intervalUnits),
    ...u16(parameters.latencyEvents),
    ...u16(parameters.timeoutUnits),
  ]);

/** What an advertisement is: connectable, directed, scannable, neither; or the answer to a scan request. */
export const advertKind = { connectable: 0, directed: 1, scannable: 2, plain: 3, scanResponse: 4 } as const;

export interface Advert {
  readonly kind: number;
  readonly address: string;
  readonly data: Uint8Array;
  readonly rssiDbm: number;
}

export const advertisingReport = ({ kind, address, data, rssiDbm }: Advert): Uint8Array =>
  meta(metaCode.advertisingReport, [
    1,
    kind,
    0,
    ...addressBytes(address),
    data.length,
    ...data,
    rssiDbm & 0xff,
  ]);

export function aclToHost(handle: number, starts: boolean, data: Uint8Array): Uint8Array {
  const flag = starts ? boundary.startToHost : boundary.continuation;
  const packet = new Uint8Array(5 + data.length);
  packet.set([packetType.acl, ...u16(handle | (flag << 12)), ...u16(data.length)]);
  packet.set(data, 5);
  return packet;
}
