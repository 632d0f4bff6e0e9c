/** Cuts a stream of H4 bytes into packets. It looks at lengths only; what a packet says is not its business. */
import { packetType } from "./hci.ts";

/** By type: how long the header is, and where in it how many bytes tell the length of the rest. */
const shapes: Readonly<
  Record<number, { readonly header: number; readonly at: number; readonly bytes: 1 | 2 }>
> = {
  [packetType.command]: { header: 4, at: 3, bytes: 1 },
  [packetType.acl]: { header: 5, at: 3, bytes: 2 },
  [packetType.event]: { header: 3, at: 2, bytes: 1 },
};

export interface PacketCutter {
  /** The packets that are whole now; undefined for ever once a type was met that is none. */
  push(bytes: Uint8Array): readonly Uint8Array[] | undefined;
}

export function createPacketCutter(): PacketCutter {
  let rest: Uint8Array = new Uint8Array(0);
  let isLost = false;
  return {
    push(bytes) {
      if (isLost) return undefined;
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      const packets: Uint8Array[] = [];
      let at = 0;
      while (at < all.length) {
        const shape = shapes[all[at] ?? 0];
        if (shape === undefined) {
          isLost = true;
          return undefined;
        }
        if (all.length < at + shape.header) break;
        const low = all[at + shape.at] ?? 0;
        const high = shape.bytes === 2 ? (all[at + shape.at + 1] ?? 0) : 0;
        const end = at + shape.header + low + (high << 8);
        if (all.length < end) break;
        packets.push(all.slice(at, end));
        at = end;
      }
      rest = all.slice(at);
      return packets;
    },
  };
}
