/**
 * The attribute protocol of one connection, read from outside: which attribute has which UUID, and which values went
 * where. Not a stack: it answers nothing and believes both sides. What a capture lacks is told, never guessed.
 */
import { little, uuidText } from "./bytes.ts";

/** How a value travelled. */
export type ValueBy = "write" | "write command" | "long write" | "read" | "notification" | "indication";

export interface AttributeValue {
  readonly kind: "value";
  /** The client writes, the server is read from and notifies. */
  readonly from: "client" | "server";
  readonly by: ValueBy;
  readonly handle: number;
  /** Of the characteristic or descriptor; undefined: its discovery is not in the capture. */
  readonly uuid: string | undefined;
  readonly value: Uint8Array;
}

export type AttSaid =
  | AttributeValue
  | { readonly kind: "mtu"; readonly mtu: number }
  | { readonly kind: "subscribed"; readonly uuid: string | undefined; readonly on: boolean }
  | { readonly kind: "discovered"; readonly handle: number; readonly uuid: string }
  | {
      readonly kind: "error";
      readonly request: number;
      readonly handle: number;
      readonly code: number;
      readonly uuid: string | undefined;
    };

/** What is known of a connection's attributes so far, and what is half said. */
export interface AttReader {
  /** One whole PDU, of whichever side. Gives what it completes. Never throws. */
  hear(pdu: Uint8Array): readonly AttSaid[];
  /** The connection is over: what was half read is what there is. */
  end(): readonly AttSaid[];
  readonly mtu: number;
}

const opcodes = {
  error: 0x01,
  mtuRequest: 0x02,
  mtuResponse: 0x03,
  findInformation: 0x05,
  readByTypeRequest: 0x08,
  readByType: 0x09,
  readRequest: 0x0a,
  read: 0x0b,
  readBlobRequest: 0x0c,
  readBlob: 0x0d,
  write: 0x12,
  prepareWrite: 0x16,
  executeWrite: 0x18,
  notification: 0x1b,
  indication: 0x1d,
  writeCommand: 0x52,
} as const;

/** What may come between the parts of a value that is read in several. */
const amidReading = [
  opcodes.read,
  opcodes.readBlobRequest,
  opcodes.readBlob,
  opcodes.notification,
  opcodes.indication,
  opcodes.writeCommand,
] as const;

const mtuLeast = 23;
const characteristicDeclaration = "2803";
const subscription = "2902";
/** The longest attribute value there is; long writes and reads end here. */
const valueBytesMax = 512;
/** How far behind its value a descriptor is looked for. */
const descriptorsMax = 16;

export function createAttReader(): AttReader {
  /** By handle: at most as many as there are handles, 65,535. */
  const uuids = new Map<number, string>();
  let mtu = mtuLeast;
  let mtuAsked = mtuLeast;
  let typeAsked: string | undefined;
  let reading:
    | { readonly handle: number; readonly value: Uint8Array; readonly wantsMore: boolean }
    | undefined;
  let prepared: { readonly handle: number; readonly value: Uint8Array } | undefined;

  const learn = (handle: number, uuid: string): AttSaid => {
    uuids.set(handle, uuid);
    return { kind: "discovered", handle, uuid };
  };
  /** A subscription's descriptor stands behind the value that it belongs to. */
  const subscribedAt = (handle: number): string | undefined => {
    for (let other = handle - 1; other >= handle - descriptorsMax; other--) {
      const uuid = uuids.get(other);
      if (uuid !== undefined && !/^29..$/.test(uuid)) return uuid;
    }
    return undefined;
  };
  const valueSaid = (from: "client" | "server", by: ValueBy, handle: number, value: Uint8Array): AttSaid => {
    const uuid = uuids.get(handle);
    if (uuid === subscription && from === "client") {
      return { kind: "subscribed", uuid: subscribedAt(handle), on: (value[0] ?? 0) !== 0 };
    }
    return { kind: "value", from, by, handle, uuid, value };
  };
  const finishReading = (): readonly AttSaid[] => {
    if (reading === undefined || reading.value.length === 0) return [];
    const { handle, value } = reading;
    reading = undefined;
    return [valueSaid("server", "read", handle, value)];
  };

  /** Entries `handle u16 | …` of one length behind each other. */
  const entries = (pdu: Uint8Array, start: number, length: number): readonly Uint8Array[] =>
    length < 2
      ? []
      : Array.from({ length: Math.floor((pdu.length - start) / length) }, (_, i) =>
          pdu.subarray(start + i * length, start + (i + 1) * length),
        );

  const hearOne = (pdu: Uint8Array): readonly AttSaid[] => {
    const handle = little(pdu, 1, 2);
    switch (pdu[0]) {
      case opcodes.mtuRequest:
        mtuAsked = handle ?? mtuLeast;
        return [];
      case opcodes.mtuResponse:
        mtu = Math.max(mtuLeast, Math.min(mtuAsked, handle ?? mtuLeast));
        return [{ kind: "mtu", mtu }];
      case opcodes.findInformation:
        return entries(pdu, 2, pdu[1] === 1 ? 4 : 18).map((entry) =>
          learn(little(entry, 0, 2) ?? 0, uuidText(entry.subarray(2))),
        );
      case opcodes.readByTypeRequest:
        typeAsked = uuidText(pdu.subarray(5));
        return [];
      case opcodes.readByType:
        if (typeAsked === undefined) return [];
        if (typeAsked !== characteristicDeclaration) {
          // handle u16, value: attributes of the type that was asked for, as stacks look for a descriptor.
          const type = typeAsked;
          return entries(pdu, 2, pdu[1] ?? 0).map((entry) => learn(little(entry, 0, 2) ?? 0, type));
        }
        // declaration handle u16, properties, value handle u16, uuid 2 or 16
        return entries(pdu, 2, pdu[1] ?? 0)
          .filter((entry) => entry.length === 7 || entry.length === 21)
          .map((entry) => learn(little(entry, 3, 2) ?? 0, uuidText(entry.subarray(5))));
      case opcodes.error: {
        const refused = little(pdu, 2, 2);
        const [request, code] = [pdu[1], pdu[4]];
        if (refused === undefined || request === undefined || code === undefined) return [];
        return [{ kind: "error", request, handle: refused, code, uuid: uuids.get(refused) }];
      }
      case opcodes.readRequest:
        if (handle !== undefined) reading = { handle, value: new Uint8Array(0), wantsMore: true };
        return [];
      case opcodes.read:
      case opcodes.readBlob: {
        if (reading === undefined || !reading.wantsMore) return [];
        const piece = pdu.subarray(1, 1 + valueBytesMax - reading.value.length);
        const value = new Uint8Array(reading.value.length + piece.length);
        value.set(reading.value);
        value.set(piece, reading.value.length);
        // A full answer may be the first part of a longer value: the next request tells.
        reading = { handle: reading.handle, value, wantsMore: pdu.length === mtu };
        return reading.wantsMore ? [] : finishReading();
      }
      case opcodes.write:
        return handle === undefined ? [] : [valueSaid("client", "write", handle, pdu.subarray(3))];
      case opcodes.writeCommand:
        return handle === undefined ? [] : [valueSaid("client", "write command", handle, pdu.subarray(3))];
      case opcodes.notification:
        return handle === undefined ? [] : [valueSaid("server", "notification", handle, pdu.subarray(3))];
      case opcodes.indication:
        return handle === undefined ? [] : [valueSaid("server", "indication", handle, pdu.subarray(3))];
      case opcodes.prepareWrite: {
        const offset = little(pdu, 3, 2);
        if (handle === undefined || offset === undefined) return [];
        const before = prepared?.handle === handle ? prepared.value : new Uint8Array(0);
        const piece = pdu.subarray(5);
        // Parts come in order; another offset, or too much, is not put together.
        if (offset !== before.length || offset + piece.length > valueBytesMax) return [];
        const value = new Uint8Array(offset + piece.length);
        value.set(before);
        value.set(piece, offset);
        prepared = { handle, value };
        return [];
      }
      case opcodes.executeWrite: {
        const whole = prepared;
        prepared = undefined;
        return whole === undefined || pdu[1] !== 1
          ? []
          : [valueSaid("client", "long write", whole.handle, whole.value)];
      }
      default:
        return [];
    }
  };

  return {
    hear(pdu) {
      // Whatever else the client asks ends a read of several parts; what the server says of itself does not.
      const finished = amidReading.some((opcode) => opcode === pdu[0]) ? [] : finishReading();
      return [...finished, ...hearOne(pdu)];
    },
    end: finishReading,
    get mtu() {
      return mtu;
    },
  };
}
