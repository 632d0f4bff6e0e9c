/** The face of the virtual radio: airs and adapters, their installation under noble and bleno, faults and air time. */
export { createAir } from "./air.ts";
export {
  attBytesPerSecond,
  eventUs,
  exchangeUs,
  type LinkModel,
  type Phy,
  packetsOf,
  packetUs,
  type VisitBytes,
  visitMs,
} from "./airtime.ts";
export type { HciPacket } from "./btsnoop.ts";
export { openCaptureFile } from "./capture-file.ts";
export { type Clock, createVirtualClock, systemClock, type VirtualClock } from "./clock.ts";
export type { HandlePolicy } from "./controller-state.ts";
export {
  type AclPacket,
  type Direction,
  type FaultShares,
  flipBit,
  pass,
  type Tamper,
  tamperByChance,
  tamperOnce,
  type Verdict,
} from "./faults.ts";
export { status as hciStatus } from "./hci.ts";
export { hciSocketModule, installRadio, type RadioChoice } from "./install.ts";
export type { Rate } from "./link.ts";
export type {
  Adapter,
  AdapterOptions,
  Air,
  AirLink,
  AirOptions,
  CaptureSink,
  HostPort,
  Radio,
  RadioAdapter,
} from "./radio.ts";
export type { Place, RangeOptions } from "./range.ts";
export { joinAir, type MetAir, meetAir, radioAt, type ServedAir, serveAir } from "./remote.ts";
export { type OpenStack, openBleno, openNoble, type Require } from "./stacks.ts";
