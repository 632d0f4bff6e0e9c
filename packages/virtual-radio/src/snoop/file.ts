/**
 * The btsnoop file format: HCI packets of one controller with their times, as Wireshark and Android's developers read
 * them. Bytes in, bytes out; where files lie is capture-file.ts, what the packets mean is beside this one.
 *
 *   file     "btsnoop\0" | version u32 = 1 | datalink u32 = 1002 (H4), then records
 *   record   bytes on the line u32 | bytes here u32 | flags u32 | drops so far u32 | microseconds since year 0 u64 | packet
 *   flags    1: received from the controller; 2: a command or an event
 *
 * A file is a stranger's bytes: reading never throws, allocates nothing by a declared length, and keeps what was
 * readable before the damage.
 */

/** One packet between a host and its controller. */
export interface HciPacket {
  /** Seen by the host: sent to its controller, or received from it. */
  readonly direction: "sent" | "received";
  /** A whole H4 packet: the type byte (1 command, 2 ACL data, 4 event), then the packet. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970 UTC; microseconds are kept. */
  readonly at: number;
}

/** A packet as it stands in a file. */
export interface SnoopPacket extends HciPacket {
  /** Bytes at its end that whoever wrote the file left out. */
  readonly missingBytes: number;
}

/** A file that is larger than this is neither written nor read: a visit takes some ten thousand bytes. */
export const snoopBytesMax: number = 32 * 1_024 * 1_024;
/** H4 type, ACL header, and the longest data that its u16 can declare. */
export const packetBytesMax: number = 1 + 4 + 0xffff;

const magic = Uint8Array.from("btsnoop\0", (letter) => letter.charCodeAt(0));
const formatVersion = 1;
const datalinkH4 = 1_002;
const headerBytes = 16;
const recordHeaderBytes = 24;
const receivedFlag = 1;
const controlFlag = 2;
/** Microseconds from the year 0 to 1970, as Symbian counted them. */
const yearZero = 0x00dc_ddb3_0f2f_8000n;
/** Times that a double holds to the microsecond; others are a damaged file or our bug. */
const microsecondsMax = BigInt(Number.MAX_SAFE_INTEGER);

/** What a file begins with. */
export function snoopHeader(): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(8, formatVersion);
  view.setUint32(12, datalinkH4);
  return bytes;
}

/** One record. Throws RangeError on an empty or endless packet and on an impossible time: our bug. */
export function snoopRecord({ direction, bytes: packet, at }: HciPacket): Uint8Array {
  if (packet.length === 0 || packet.length > packetBytesMax) {
    throw new RangeError(`an HCI packet of ${packet.length} bytes`);
  }
  const microseconds = Math.round(at * 1_000);
  if (!Number.isSafeInteger(microseconds)) throw new RangeError(`a packet at ${at} ms`);
  const isControl = packet[0] === 1 || packet[0] === 4;
  const bytes = new Uint8Array(recordHeaderBytes + packet.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, packet.length);
  view.setUint32(4, packet.length);
  view.setUint32(8, (direction === "received" ? receivedFlag : 0) | (isControl ? controlFlag : 0));
  view.setBigUint64(16, BigInt(microseconds) + yearZero);
  bytes.set(packet, recordHeaderBytes);
  return bytes;
}

/** Why reading stopped before the end of the file. */
export interface SnoopDamage {
  /** Where the record begins that could not be read. */
  readonly atByte: number;
  readonly says: string;
}

export type SnoopRead =
  | {
      readonly ok: true;
      /** Windows on the file's bytes. */
      readonly packets: readonly SnoopPacket[];
      /** Packets that whoever wrote the file says it lost. */
      readonly droppedPackets: number;
      /** Absent: the file ends where a record ends. */
      readonly damage?: SnoopDamage;
    }
  | { readonly ok: false; readonly says: string };

/** Whether bytes begin as such a file does. */
export function isSnoop(file: Uint8Array): boolean {
  return file.length >= magic.length && magic.every((byte, at) => file[at] === byte);
}

/** The packets of a file, as far as it can be read. */
export function readSnoop(file: Uint8Array): SnoopRead {
  if (file.length > snoopBytesMax) {
    return {
      ok: false,
      says: `${file.length} bytes, and no more than ${snoopBytesMax} are read: capture one visit`,
    };
  }
  if (!isSnoop(file)) return { ok: false, says: "it does not begin as a btsnoop file" };
  if (file.length < headerBytes) return { ok: false, says: "its header is cut short: nothing was captured" };
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const version = view.getUint32(8);
  const datalink = view.getUint32(12);
  if (version !== formatVersion) return { ok: false, says: `btsnoop version ${version}, where 1 is known` };
  if (datalink !== datalinkH4) {
    return { ok: false, says: `datalink ${datalink}, where 1002 (H4) is known: convert it with Wireshark` };
  }

  const packets: SnoopPacket[] = [];
  let droppedPackets = 0;
  let at = headerBytes;
  const until = (says: string): SnoopRead => ({
    ok: true,
    packets,
    droppedPackets,
    damage: { atByte: at, says },
  });
  while (at < file.length) {
    if (file.length - at < recordHeaderBytes) return until("the last record is cut short");
    const lineBytes = view.getUint32(at);
    const hereBytes = view.getUint32(at + 4);
    const flags = view.getUint32(at + 8);
    const microseconds = view.getBigUint64(at + 16) - yearZero;
    if (hereBytes === 0 || hereBytes > lineBytes || lineBytes > packetBytesMax) {
      return until(`a record of ${hereBytes} bytes of a packet of ${lineBytes}`);
    }
    if (microseconds > microsecondsMax || microseconds < -microsecondsMax) return until("an impossible time");
    if (hereBytes > file.length - at - recordHeaderBytes) return until("the last record is cut short");
    const start = at + recordHeaderBytes;
    packets.push({
      direction: (flags & receivedFlag) === 0 ? "sent" : "received",
      bytes: file.subarray(start, start + hereBytes),
      at: Number(microseconds) / 1_000,
      missingBytes: lineBytes - hereBytes,
    });
    droppedPackets = view.getUint32(at + 12);
    at = start + hereBytes;
  }
  return { ok: true, packets, droppedPackets };
}
