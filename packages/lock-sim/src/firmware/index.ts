/** The firmware's face: what a board, a simulation or a port's test bench needs of it. */

export { type Restored, restore } from "./boot.ts";
export type { Denial, Effect, Event, Happening, Key, Note, Now } from "./events.ts";
export { keys } from "./events.ts";
export { type Geometry, geometryFor } from "./geometry.ts";
export { decodeSecure, encodeSecure, factorySecure, type Phase, type Secure } from "./secure.ts";
export { off, type Running, type State } from "./state.ts";
export { createFirmware, type Firmware } from "./step.ts";
export { helloAt } from "./sync.ts";
