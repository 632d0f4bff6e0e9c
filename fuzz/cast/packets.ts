/** HCI packets of a connection to a lock: what a capture of one begins with, and PDUs in it. Not a stack, nobody answers. */
import { gatt, uuidBytes } from "../../packages/protocol/src/link/gatt.ts";
import type { HciPacket } from "../../packages/virtual-radio/src/btsnoop.ts";

const handle = 0x40;
const at = 1_767_225_600_000;

const received = (...bytes: readonly number[]): HciPacket => ({
  direction: "received",
  bytes: Uint8Array.from(bytes),
  at,
});

/** One attribute PDU as the packets that carry it, in pieces of at most so many bytes. The client captures. */
export function attPackets(
  from: "client" | "server",
  pdu: Uint8Array,
  pieceBytes: number,
): readonly HciPacket[] {
  const frame = Uint8Array.from([pdu.length & 0xff, pdu.length >> 8, 4, 0, ...pdu]);
  const packets: HciPacket[] = [];
  for (let start = 0; start < frame.length; start += pieceBytes) {
    const piece = frame.subarray(start, start + pieceBytes);
    const boundary = start > 0 ? 0x10 : from === "client" ? 0 : 0x20;
    const bytes = Uint8Array.from([2, handle, boundary, piece.length & 0xff, piece.length >> 8, ...piece]);
    packets.push({ direction: from === "client" ? "sent" : "received", bytes, at });
  }
  return packets;
}

/** A connection, an MTU of 247, and where the lock's characteristics are: values at 0x12, 0x14 and 0x16. */
export const discovered: readonly HciPacket[] = [
  received(4, 0x3e, 19, 1, 0, handle, 0, 0, 1, 1, 0, 0, 0, 0xff, 0xc0, 12, 0, 0, 0, 42, 0, 0),
  ...attPackets("client", Uint8Array.of(0x02, 247, 0), 251),
  ...attPackets("server", Uint8Array.of(0x03, 247, 0), 251),
  ...attPackets("client", Uint8Array.of(0x08, 0x11, 0, 0x17, 0, 0x03, 0x28), 251),
  ...attPackets(
    "server",
    Uint8Array.from([
      ...[0x09, 21, 0x11, 0, 0x02, 0x12, 0, ...uuidBytes(gatt.hello.uuid)],
      ...[0x13, 0, 0x0c, 0x14, 0, ...uuidBytes(gatt.inbox.uuid)],
      ...[0x15, 0, 0x10, 0x16, 0, ...uuidBytes(gatt.outbox.uuid)],
    ]),
    251,
  ),
  ...attPackets("client", Uint8Array.of(0x08, 0x16, 0, 0x17, 0, 0x02, 0x29), 251),
  ...attPackets("server", Uint8Array.of(0x09, 4, 0x17, 0, 0, 0), 251),
];
