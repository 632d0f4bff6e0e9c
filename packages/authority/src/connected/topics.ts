/**
 * The topic tree of connected locks and what lies in it. Pure; who speaks to a broker is in `broker.ts`.
 *
 *   doorsync/<property id>/<lock tag, 16 hex>/parcels   retained: everything the lock may need now
 *   doorsync/<property id>/<lock tag, 16 hex>/returns   not retained: one return slip a message
 *
 * A set of parcels is one message, each parcel as `length u32 | sealed bytes`; no bytes at all: nothing to carry. One
 * message and not one a parcel, because a set is then replaced whole: a superseded change is gone from the broker in
 * the moment in which the next one is there, and a lock that comes late can never find it.
 */
import {
  type Bytes,
  decodeReturnSlip,
  encodeParcel,
  equal,
  fromHex,
  type Parcel,
  type ReturnSlip,
  returnSlipBytesMax,
  toHex,
} from "@doorsync/protocol/authority";

/** A door as the broker knows it. */
export interface ConnectedDoor {
  /** Id of the property: 1 to 64 of `a-z A-Z 0-9 _ -`. */
  readonly property: string;
  /** How the lock shows itself; the setup tag until it is commissioned. */
  readonly tag: Bytes;
}

/** A slip that came back, with its bytes as they came. It is a claim until its signature was checked. */
export interface Returned extends ConnectedDoor {
  readonly slip: ReturnSlip;
  readonly bytes: Bytes;
}

export const returnsFilter = "doorsync/+/+/returns";

/** Of a set of parcels on the broker; a table of 10,000 codes fills two thirds of it. */
export const parcelSetBytesMax: number = 512 * 1024;

/** Of any message that comes back: a slip, its topic and what MQTT adds. */
export const returnPacketBytesMax: number = returnSlipBytesMax + 256;

const lengthBytes = 4;
const propertyForm = /^[A-Za-z0-9_-]{1,64}$/;
const returnsForm = /^doorsync\/([A-Za-z0-9_-]{1,64})\/([0-9a-f]{16})\/returns$/;

export function parcelsTopic({ property, tag }: ConnectedDoor): string {
  if (!propertyForm.test(property)) throw new RangeError("a property id that does not fit into a topic");
  return `doorsync/${property}/${toHex(tag)}/parcels`;
}

/** RangeError for more than any lock needs: a fault of ours, never of a lock or a broker. */
export function packParcels(parcels: readonly Parcel[]): Bytes {
  const encoded = parcels.map(encodeParcel);
  const set = new Uint8Array(encoded.reduce((sum, bytes) => sum + lengthBytes + bytes.length, 0));
  if (set.length > parcelSetBytesMax) throw new RangeError(`a set of parcels of ${set.length} bytes`);
  let at = 0;
  for (const bytes of encoded) {
    new DataView(set.buffer).setUint32(at, bytes.length);
    set.set(bytes, at + lengthBytes);
    at += lengthBytes + bytes.length;
  }
  return set;
}

/**
 * The return slip in a message, or undefined for anything else. A slip under another lock's topic counts as nothing: a
 * broker that binds each lock to its own topics is then believed.
 */
export function readReturned(topic: string, payload: Uint8Array): Returned | undefined {
  const [, property, hex = ""] = returnsForm.exec(topic) ?? [];
  const tag = fromHex(hex);
  if (property === undefined || tag === undefined) return undefined;
  const bytes = new Uint8Array(payload);
  const slip = decodeReturnSlip(bytes);
  if (!slip.ok || !equal(slip.value.tag, tag)) return undefined;
  return { property, tag, slip: slip.value, bytes };
}
