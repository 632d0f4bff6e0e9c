/**
 * A central and a lock without stacks: they speak HCI to their controllers and ATT, or anything else, to each other.
 * They keep no rules.
 */
import { encodeAdvertisement, encodeScanResponse, type Hint } from "@doorsync/protocol/courier";
import type { Air } from "@doorsync/virtual-radio";
import { until } from "./ble-rig.ts";

const attCid = 4;
const fragmentBytesMax = 251;

export interface RawEnd {
  /** An L2CAP PDU on any channel; ATT when left out. `declared`: another length in its head. */
  send(pdu: Uint8Array, cid?: number, declared?: number): void;
  /** One HCI data packet, bytes as they are. */
  sendRaw(data: Uint8Array): void;
  /** One HCI data packet that goes on with the one before it, whatever that announced. */
  sendMore(data: Uint8Array): void;
  /** ATT PDUs that came on this connection, oldest first. */
  readonly heard: Uint8Array[];
  readonly isConnected: boolean;
  disconnect(): void;
  close(): void;
}

export interface RawCentral extends RawEnd {
  /** Settles when the lock took the connection. */
  connect(address: string): Promise<void>;
}

/** A UUID's value handle at bleno, whose table is always the same: GAP and GATT first, then the lock's service. */
export const handles = { hello: 12, inbox: 14, outbox: 16, outboxCccd: 17 } as const;

export const att = {
  mtu: (mtu: number) => Uint8Array.of(0x02, mtu & 0xff, mtu >> 8),
  read: (handle: number) => Uint8Array.of(0x0a, handle, 0),
  write: (handle: number, value: Uint8Array) => Uint8Array.of(0x12, handle, 0, ...value),
  command: (handle: number, value: Uint8Array) => Uint8Array.of(0x52, handle, 0, ...value),
  prepare: (handle: number, offset: number, value: Uint8Array) =>
    Uint8Array.of(0x16, handle, 0, offset & 0xff, offset >> 8, ...value),
  execute: Uint8Array.of(0x18, 1),
  subscribe: () => att.write(handles.outboxCccd, Uint8Array.of(1, 0)),
} as const;

interface Bare extends RawEnd {
  command(opcode: number, ...parameters: number[]): void;
  readonly failed: number | undefined;
}

function bare(
  air: Air,
  answer: (pdu: Uint8Array) => Uint8Array | undefined,
  gone: () => void = () => {},
): Bare {
  const adapter = air.adapter();
  const heard: Uint8Array[] = [];
  let handle: number | undefined;
  let failed: number | undefined;
  let open: { length: number; cid: number; data: Uint8Array } | undefined;

  const taken = (cid: number, data: Uint8Array): void => {
    if (cid !== attCid) return;
    heard.push(data);
    const said = answer(data);
    if (said !== undefined) send(said);
  };
  const port = adapter.open((packet) => {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    if (packet[0] === 0x04 && packet[1] === 0x3e && packet[3] === 0x01) {
      failed = packet[4] === 0 ? undefined : packet[4];
      if (packet[4] === 0) handle = view.getUint16(5, true);
      heard.length = 0;
    } else if (packet[0] === 0x04 && packet[1] === 0x05) {
      handle = undefined;
      gone();
    } else if (packet[0] === 0x02) {
      const isStart = ((view.getUint16(1, true) >> 12) & 3) === 2;
      const length = isStart ? view.getUint16(5, true) : (open?.length ?? 0);
      const cid = isStart ? view.getUint16(7, true) : (open?.cid ?? 0);
      const before = isStart ? new Uint8Array() : (open?.data ?? new Uint8Array());
      const data = Uint8Array.of(...before, ...packet.subarray(isStart ? 9 : 5));
      open = data.length >= length ? undefined : { length, cid, data };
      if (open === undefined) taken(cid, data);
    }
  });
  const acl = (data: Uint8Array, isStart: boolean): void => {
    if (handle === undefined) return;
    const word = handle | (isStart ? 0 : 0x1000);
    port.write(Uint8Array.of(0x02, word & 0xff, word >> 8, data.length & 0xff, data.length >> 8, ...data));
  };
  const command = (opcode: number, ...parameters: number[]): void =>
    port.write(Uint8Array.of(0x01, opcode & 0xff, opcode >> 8, parameters.length, ...parameters));
  const send = (pdu: Uint8Array, cid = attCid, declared = pdu.length): void => {
    const whole = Uint8Array.of(declared & 0xff, declared >> 8, cid & 0xff, cid >> 8, ...pdu);
    for (let at = 0; at < whole.length; at += fragmentBytesMax)
      acl(whole.subarray(at, at + fragmentBytesMax), at === 0);
  };
  return {
    heard,
    send,
    command,
    sendRaw: (data) => acl(data, true),
    sendMore: (data) => acl(data, false),
    get isConnected() {
      return handle !== undefined;
    },
    get failed() {
      return failed;
    },
    disconnect() {
      if (handle !== undefined) command(0x0406, handle & 0xff, handle >> 8, 0x13);
    },
    close() {
      port.close();
      adapter.remove();
    },
  };
}

export function rawCentral(air: Air): RawCentral {
  const end = bare(air, () => undefined);
  const connect = async (address: string): Promise<void> => {
    const bytes = address.split(":").map((byte) => Number.parseInt(byte, 16));
    // Scan 60 ms of 30, no filter, public; interval 7.5 ms, latency 0, supervision 2 s.
    end.command(0x200d, 0x60, 0, 0x30, 0, 0, 0, ...bytes.reverse(), 0, 6, 0, 6, 0, 0, 0, 0xc8, 0, 0, 0, 0, 0);
    await until(() => end.isConnected || end.failed !== undefined, "the lock takes a connection");
    if (end.failed !== undefined) throw new Error(`no connection: ${end.failed}`);
  };
  return Object.defineProperty(end, "connect", { value: connect }) as Bare & RawCentral;
}

/** Connected and subscribed, with nothing said yet. */
export async function talkTo(central: RawCentral, address: string): Promise<void> {
  await central.connect(address);
  central.send(att.subscribe());
  await until(() => central.heard.length > 0, "an answer");
  if (central.heard[0]?.[0] !== 0x13) throw new Error(`not subscribed: ${central.heard[0]}`);
  central.heard.length = 0;
}

/** Something that advertises as a lock does and answers what it likes. */
export function rawLock(
  air: Air,
  hint: Hint,
  answer: (pdu: Uint8Array) => Uint8Array | undefined = () => undefined,
): RawEnd {
  const end: Bare = bare(air, answer, () => end.command(0x200a, 1));
  const padded = (bytes: Uint8Array): number[] => [
    bytes.length,
    ...bytes,
    ...new Uint8Array(31 - bytes.length),
  ];
  end.command(0x2006, 0x20, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0);
  end.command(0x2008, ...padded(encodeAdvertisement()));
  end.command(0x2009, ...padded(encodeScanResponse(hint)));
  end.command(0x200a, 1);
  return end;
}
