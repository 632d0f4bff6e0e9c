/**
 * A connection on paper: the HCI packets that a host would see of it, written here byte by byte, so that readers of
 * captures are tested against something that no stack of ours or others wrote. Not a radio: nobody answers.
 */
import { fromHex } from "../../packages/protocol/src/bytes.ts";
import { gatt } from "../../packages/protocol/src/link/gatt.ts";
import type { HciPacket } from "../../packages/virtual-radio/src/btsnoop.ts";

export interface PaperAir {
  readonly packets: readonly HciPacket[];
  opened(): void;
  closed(reason: number): void;
  advert(isScanResponse: boolean, data: Uint8Array): void;
  /** One attribute PDU of either side, in as many pieces as the controller's buffers ask for. */
  att(from: "client" | "server", ...parts: readonly (number | Uint8Array)[]): void;
  exchangeMtu(mtu: number): void;
  discover(): void;
  subscribe(): void;
  readHello(value: Uint8Array): void;
  toLock(frame: Uint8Array): void;
  toPhone(frame: Uint8Array): void;
}

/** Where a server of ours could have its attributes. */
export const paperHandles = { hello: 0x0012, inbox: 0x0014, outbox: 0x0016, subscription: 0x0017 } as const;

export const paperAddress = "c0:ff:ee:00:00:01";

const u16 = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);

/** UUID bytes as they travel. */
export function uuidBytes(uuid: string): Uint8Array {
  return (fromHex(uuid.replaceAll("-", "")) as Uint8Array).slice().reverse();
}

export function createPaperAir({
  here = "client",
  handle = 0x0040,
  aclBytes = 251,
  startAt = 1_767_225_600_000,
}: {
  /** Whose host captured. */
  readonly here?: "client" | "server";
  readonly handle?: number;
  /** Bytes of one ACL packet. */
  readonly aclBytes?: number;
  readonly startAt?: number;
} = {}): PaperAir {
  const packets: HciPacket[] = [];
  let at = startAt;
  const put = (direction: HciPacket["direction"], parts: readonly (number | Uint8Array)[]): void => {
    at += 1.25;
    packets.push({ direction, bytes: bytesOf(parts), at });
  };
  const event = (code: number, ...parts: readonly (number | Uint8Array)[]): void => {
    const parameters = bytesOf(parts);
    put("received", [4, code, parameters.length, parameters]);
  };
  const address = (fromHex(paperAddress.replaceAll(":", "")) as Uint8Array).slice().reverse();

  const air: PaperAir = {
    packets,
    opened() {
      const role = here === "client" ? 0 : 1;
      // LE Connection Complete: interval 15 ms, no latency, supervision timeout 420 ms.
      event(0x3e, 0x01, 0, u16(handle), role, 1, address, u16(12), u16(0), u16(42), 0);
    },
    closed(reason) {
      if (reason === 0x16) put("sent", [1, u16(0x0406), 3, u16(handle), 0x13]);
      event(0x05, 0, u16(handle), reason);
    },
    advert(isScanResponse, data) {
      event(0x3e, 0x02, 1, isScanResponse ? 4 : 0, 1, address, data.length, data, 0xc4);
    },
    att(from, ...parts) {
      const pdu = bytesOf(parts);
      const frame = bytesOf([u16(pdu.length), u16(4), pdu]);
      const direction = from === here ? "sent" : "received";
      for (let start = 0; start < frame.length; start += aclBytes) {
        const piece = frame.subarray(start, start + aclBytes);
        const boundary = start > 0 ? 1 : direction === "sent" ? 0 : 2;
        put(direction, [2, u16(handle | (boundary << 12)), u16(piece.length), piece]);
      }
    },
    exchangeMtu(mtu) {
      air.att("client", 0x02, u16(mtu));
      air.att("server", 0x03, u16(mtu));
    },
    discover() {
      air.att("client", 0x10, u16(1), u16(0xffff), u16(0x2800));
      air.att("server", 0x11, 20, u16(0x0010), u16(0x0017), uuidBytes(gatt.service));
      air.att("client", 0x10, u16(0x0018), u16(0xffff), u16(0x2800));
      air.att("server", 0x01, 0x10, u16(0x0018), 0x0a);
      // One declaration each, as at an MTU of 23 no two fit.
      for (const [name, properties] of [
        ["hello", 0x02],
        ["inbox", 0x0c],
        ["outbox", 0x10],
      ] as const) {
        const declaration = paperHandles[name] - 1;
        air.att("client", 0x08, u16(declaration), u16(0x0017), u16(0x2803));
        air.att(
          "server",
          0x09,
          21,
          u16(declaration),
          properties,
          u16(paperHandles[name]),
          uuidBytes(gatt[name].uuid),
        );
      }
      air.att("client", 0x08, u16(paperHandles.outbox), u16(0x0017), u16(0x2803));
      air.att("server", 0x01, 0x08, u16(paperHandles.outbox), 0x0a);
      air.att("client", 0x04, u16(paperHandles.subscription), u16(paperHandles.subscription));
      air.att("server", 0x05, 1, u16(paperHandles.subscription), u16(0x2902));
    },
    subscribe() {
      air.att("client", 0x12, u16(paperHandles.subscription), u16(1));
      air.att("server", 0x13);
    },
    readHello(value) {
      air.att("client", 0x0a, u16(paperHandles.hello));
      air.att("server", 0x0b, value);
    },
    toLock(frame) {
      air.att("client", 0x52, u16(paperHandles.inbox), frame);
    },
    toPhone(frame) {
      air.att("server", 0x1b, u16(paperHandles.outbox), frame);
    },
  };
  return air;
}

function bytesOf(parts: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === "number" ? [part] : [...part])));
}
