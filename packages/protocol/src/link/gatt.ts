/**
 * Frames over Bluetooth LE: the GATT service of a lock, what it advertises, and how long a frame may be. Not a stack:
 * it knows bytes and numbers, no adapter, and nothing of what messages mean.
 *
 *   advertisement   flags, the service's UUID, the name                               31 bytes, always the same
 *   scan response   service data of that UUID: tag 8 | version u32 | flags u8         31 bytes
 *
 * What is advertised is nobody's word: a hint may raise a courier's priority and spare it a question; it never ends its
 * wish to sync.
 */
import { ascii, type Bytes, concat, copy, equal, fromHex, readUint, writeUint } from "../bytes.ts";
import { frameBytesDefault, frameBytesMin, frameBytesMax as frameBytesMost, versionMax } from "../limits.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";

/** The lock's GATT service. UUIDs in lower case with dashes, as browsers and dissectors want them. */
export const gatt = {
  service: "5d6f0001-d005-4c9e-a1b2-6c6f636b7379",
  /** Body of a hello without nonce, readable before anything was written. */
  hello: { uuid: "5d6f0002-d005-4c9e-a1b2-6c6f636b7379", properties: ["read"] },
  /** Frames to the lock, one a write. */
  inbox: { uuid: "5d6f0003-d005-4c9e-a1b2-6c6f636b7379", properties: ["writeWithoutResponse", "write"] },
  /** Frames from the lock, one a notification. */
  outbox: { uuid: "5d6f0004-d005-4c9e-a1b2-6c6f636b7379", properties: ["notify"] },
} as const;

export const advertisedName = "DoorSync";

/** What legacy advertising has room for. */
export const advertisingBytesMax = 31;

/** Bytes of the ATT header before each value that is written or notified. */
const attHeaderBytes = 3;
/** The smallest MTU, which every connection begins with. */
export const mtuMin = 23;

/** The longest frame of a connection: what its MTU carries in one piece, and no more than `most`. */
export function frameBytesFor(mtu: number, most: number = frameBytesDefault): number {
  const room = Number.isInteger(mtu) ? mtu - attHeaderBytes : frameBytesMin;
  return Math.max(frameBytesMin, Math.min(room, most, frameBytesMost));
}

/** What a lock shows of itself to anybody, unsigned. */
export interface Hint {
  /** 8 bytes, as in hello. */
  readonly tag: Bytes;
  readonly version: number;
  /** Bits of hello's flags, as far as they are advertised (`hintedFlags`). */
  readonly flags: number;
}

/** What the lock is, in one octet: hello's own four bits stay where they are; that its log waits moves next to them. */
const ownFlags = 0x0f;
const logWaiting = { inHello: 0x100, advertised: 0x10 } as const;

/** Those of hello's flags that are advertised. */
export function hintedFlags(flags: number): number {
  return flags & (ownFlags | logWaiting.inHello);
}

const tagBytes = 8;
const hintBytes = tagBytes + 4 + 1;

export function encodeHint({ tag, version, flags }: Hint): Bytes {
  if (tag.length !== tagBytes) throw new RangeError(`a tag of ${tag.length} bytes`);
  if (!Number.isInteger(version) || version < 0 || version > versionMax)
    throw new RangeError(`version ${version}`);
  const bytes = new Uint8Array(hintBytes);
  bytes.set(tag);
  writeUint(bytes, tagBytes, 4, version);
  bytes[hintBytes - 1] = (flags & ownFlags) | (flags & logWaiting.inHello ? logWaiting.advertised : 0);
  return bytes;
}

/** Service data as a stack gives them, without the UUID. MALFORMED unless they are 13 bytes; unknown bits are ignored. */
export function readHint(data: Bytes): Verdict<Hint> {
  if (data.length !== hintBytes) return refuse("MALFORMED", "hint/length");
  const flags = readUint(data, hintBytes - 1, 1);
  return accept({
    tag: copy(data.subarray(0, tagBytes)),
    version: readUint(data, tagBytes, 4),
    flags: (flags & ownFlags) | (flags & logWaiting.advertised ? logWaiting.inHello : 0),
  });
}

/** Assigned numbers of the structures that we use. */
const structures = { flags: 0x01, services128: 0x07, completeName: 0x09, serviceData128: 0x21 } as const;
/** General discoverable; no classic Bluetooth. */
const discoverable = 0x06;

/** A UUID as it travels: 16 bytes, the last one first. */
export function uuidBytes(uuid: string): Bytes {
  const bytes = fromHex(uuid.replaceAll("-", ""));
  if (bytes?.length !== 16) throw new RangeError(`no UUID: ${uuid}`);
  return bytes.reverse();
}

export function encodeAdvertisement(): Bytes {
  return concat(
    structure("flags", Uint8Array.of(discoverable)),
    structure("services128", uuidBytes(gatt.service)),
    structure("completeName", ascii(advertisedName)),
  );
}

export function encodeScanResponse(hint: Hint): Bytes {
  return structure("serviceData128", concat(uuidBytes(gatt.service), encodeHint(hint)));
}

function structure(name: keyof typeof structures, data: Bytes): Bytes {
  return concat(Uint8Array.of(1 + data.length, structures[name]), data);
}

/** What an advertisement or a scan response says to us. */
export interface Advertised {
  /** Whether it names our service. */
  readonly isLock: boolean;
  readonly hint: Hint | undefined;
}

/** Total: whatever the air brings. Structures that are cut short or strange are passed over. */
export function readAdvertised(bytes: Bytes): Advertised {
  let isLock = false;
  let hint: Hint | undefined;
  const service = uuidBytes(gatt.service);
  for (let at = 0; at + 1 < Math.min(bytes.length, advertisingBytesMax); ) {
    const length = bytes[at] ?? 0;
    const data = bytes.subarray(at + 2, at + 1 + length);
    if (length === 0 || at + 1 + length > bytes.length) break;
    const isOurs = equal(data.subarray(0, service.length), service);
    if (bytes[at + 1] === structures.services128) isLock ||= isOurs;
    if (bytes[at + 1] === structures.serviceData128 && isOurs) {
      const read = readHint(data.subarray(service.length));
      isLock = true;
      if (read.ok) hint = read.value;
    }
    at += 1 + length;
  }
  return { isLock, hint };
}
