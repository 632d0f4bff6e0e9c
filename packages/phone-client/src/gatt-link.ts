/** What a transport over any Bluetooth library needs: the service, frame sizes, and a link over an open connection. */
export {
  type Bytes,
  frameBytesFor,
  gatt,
  type Hint,
  readAdvertised,
  readHint,
} from "@doorsync/protocol/courier";
export { type GattConnection, type GattLink, gattLink } from "./edge/gatt-link.ts";
export { type Ends, operation, type Step } from "./edge/operation.ts";
export { systemTimers } from "./edge/timers.ts";
export type { Link, Stop, Timers, Transport } from "./ports.ts";
