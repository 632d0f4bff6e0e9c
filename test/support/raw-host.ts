/**
 * A host without a stack, for virtual time: it writes HCI to its adapter, keeps what comes back, and holds to the
 * controller's buffers. It speaks no ATT of its own.
 */
import type { Adapter } from "@doorsync/virtual-radio";
import { type CommandName, commands, le16 } from "../../packages/virtual-radio/src/hci.ts";

export const u16 = (value: number): readonly number[] => [value & 0xff, value >> 8];

/** A command with its parameters; short ones are filled up with noughts. */
export function command(name: CommandName, ...parameters: readonly number[]): Uint8Array {
  const { opcode, bytesMin } = commands[name];
  const filled = [...parameters, ...new Array<number>(Math.max(0, bytesMin - parameters.length)).fill(0)];
  return Uint8Array.of(1, ...u16(opcode), filled.length, ...filled);
}

export const addressParameters = (address: string): number[] =>
  address
    .split(":")
    .reverse()
    .map((pair) => Number.parseInt(pair, 16));

export interface Heard {
  readonly atMs: number;
  readonly packet: Uint8Array;
}

export interface RawHost {
  readonly adapter: Adapter;
  readonly heard: Heard[];
  /** The handle of the newest link that stands. */
  readonly handle: number | undefined;
  readonly endedBecause: number | undefined;
  readonly endedAtMs: number | undefined;
  /** L2CAP PDUs that came whole. */
  readonly pdus: { readonly atMs: number; readonly cid: number; readonly body: Uint8Array }[];
  /** Called with every PDU that came whole. */
  onPdu: (cid: number, body: Uint8Array) => void;
  /** Packets that wait for a buffer, and those that are in one. */
  readonly waiting: number;
  say(name: CommandName, ...parameters: readonly number[]): void;
  send(cid: number, body: Uint8Array): void;
}

export function rawHost(
  adapter: Adapter,
  nowMs: () => number,
  buffers: { bytes: number; count: number },
): RawHost {
  const heard: Heard[] = [];
  const pdus: RawHost["pdus"] = [];
  const queue: Uint8Array[] = [];
  let inBuffers = 0;
  let handle: number | undefined;
  let ended: { reason: number; atMs: number } | undefined;
  let open: { length: number; cid: number; data: number[] } | undefined;
  const flush = (): void => {
    while (inBuffers < buffers.count) {
      const next = queue.shift();
      if (next === undefined) return;
      inBuffers += 1;
      port.write(next);
    }
  };
  const hearAcl = (packet: Uint8Array): void => {
    const starts = (packet[2] ?? 0) >> 4 === 2;
    const data = packet.subarray(5);
    if (starts) open = { length: le16(data, 0), cid: le16(data, 2), data: [...data.subarray(4)] };
    else open?.data.push(...data);
    if (open === undefined || open.data.length < open.length) return;
    const { cid, data: body } = open;
    open = undefined;
    pdus.push({ atMs: nowMs(), cid, body: Uint8Array.from(body) });
    host.onPdu(cid, Uint8Array.from(body));
  };
  const port = adapter.open((packet) => {
    heard.push({ atMs: nowMs(), packet });
    if (packet[0] === 2) return hearAcl(packet);
    if (packet[1] === 0x3e && packet[3] === 1 && packet[4] === 0) handle = le16(packet, 5);
    if (packet[1] === 0x05) {
      handle = undefined;
      ended = { reason: packet[6] ?? 0, atMs: nowMs() };
      queue.length = 0;
      inBuffers = 0;
    }
    if (packet[1] === 0x13) {
      inBuffers -= le16(packet, 6);
      flush();
    }
  });
  const host: RawHost = {
    adapter,
    heard,
    pdus,
    onPdu: () => {},
    get handle() {
      return handle;
    },
    get endedBecause() {
      return ended?.reason;
    },
    get endedAtMs() {
      return ended?.atMs;
    },
    get waiting() {
      return queue.length + inBuffers;
    },
    say: (name, ...parameters) => port.write(command(name, ...parameters)),
    send(cid, body) {
      const whole = Uint8Array.of(...u16(body.length), ...u16(cid), ...body);
      for (let at = 0; at < whole.length; at += buffers.bytes) {
        const part = whole.subarray(at, at + buffers.bytes);
        const flag = at === 0 ? 0 : 0x1000;
        queue.push(Uint8Array.of(2, ...u16((handle ?? 0) | flag), ...u16(part.length), ...part));
      }
      flush();
    },
  };
  return host;
}
