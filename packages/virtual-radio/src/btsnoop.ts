/**
 * The face for captures: the btsnoop file format, and what a capture says from HCI up to attribute values. Pure: no
 * files, no radio, nothing of Node.
 */

export type { AttributeValue, AttSaid, ValueBy } from "./snoop/att.ts";
export {
  type Capture,
  type Connection,
  type Count,
  type Place,
  readCapture,
  type Said,
  type Sighting,
} from "./snoop/capture.ts";
export {
  type HciPacket,
  isSnoop,
  packetBytesMax,
  readSnoop,
  type SnoopDamage,
  type SnoopPacket,
  type SnoopRead,
  snoopBytesMax,
  snoopHeader,
  snoopRecord,
} from "./snoop/file.ts";
