/** The courier for any host, browsers included: core, driver, ports and a link in memory. Nothing of Node is here. */
export * from "./core.ts";
export { type Heard, type Progress, type SyncOptions, type SyncResult, sync } from "./courier.ts";
export { systemTimers } from "./edge/timers.ts";
export { type Direction, type Fault, type MemoryPair, memoryPair, memoryTransport } from "./parts/memory.ts";
export { AddressError, type Link, type Mailbox, type Stop, type Timers, type Transport } from "./ports.ts";
