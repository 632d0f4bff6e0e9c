/**
 * The simulated lock as a library: one whole lock in memory, or its firmware, board and parts to compose another. No
 * files, no sockets: those belong to the program `lock-sim`.
 */
export { type Board, type BoardLink, type BoardParts, createBoard } from "./board/board.ts";
export type {
  ClockPort,
  EntropyPort,
  FlashPort,
  LinkPort,
  Outcome,
  PanelPort,
  SecurePort,
} from "./board/ports.ts";
export * from "./firmware/index.ts";
export {
  composeLock,
  createSimulatedLock,
  factoryRecord,
  flashShapeOf,
  type LockListeners,
  type LockParts,
  type Pressed,
  repeatableEntropy,
  type SimulatedLock,
  type SimulatedLockOptions,
} from "./lock.ts";
export {
  type Battery,
  type BatteryOptions,
  type BrownOut,
  batteryFaults,
  createBattery,
  type Load,
  loads,
} from "./parts/battery.ts";
export { type ClockOptions, clockFaults, createClock, type SimulatedClock } from "./parts/clock.ts";
export {
  createFlash,
  type Flash,
  type FlashCounters,
  type FlashFault,
  type FlashShape,
  flashFaults,
  type TornPattern,
  tornPatterns,
} from "./parts/flash.ts";
export {
  type BoltEnd,
  type BoltReached,
  createMechanics,
  type DoorPosition,
  type Mechanics,
  type MechanicsCounters,
  type MechanicsFault,
  type MechanicsOptions,
  mechanicsFaults,
  motorMsMax,
  resetHoldMs,
} from "./parts/mechanics.ts";
export { type BoltPosition, createPanel, type Panel, type Signal } from "./parts/panel.ts";
export {
  createRadio,
  type Direction,
  type LinkEnd,
  type PhoneLink,
  type PhoneSide,
  type Radio,
  type RadioCounters,
  type RadioFault,
  type RadioHost,
  type RadioOptions,
  type RadioSettings,
  radioFaults,
  rssiDbm,
} from "./parts/radio.ts";
export { createSecureElement, type SecureCut, type SecureElement } from "./parts/secure-element.ts";
export { createSupply, type Storage, type Struck, type Supply, type SupplyCut } from "./parts/supply.ts";
