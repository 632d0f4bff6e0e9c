/**
 * How a lock is doing, as bits that hello and receipt carry beside their own flags. In hello a hint for whoever
 * stands at the door, in a receipt the lock's signed word. Not alarms: those are events of the log (event.ts).
 */

/** Or-ed into `flags`; the bits below belong to hello and receipt themselves. */
export const conditionFlags = {
  /** The battery is at `lowBatteryPercent` or below. */
  lowBattery: 0x10,
  /** The bolt did not reach where it was sent. */
  jammed: 0x20,
  /** The door has stood open for `doorAjarSeconds` or longer. */
  doorAjar: 0x40,
  /** More than `bootsPerHourMax` boots within an hour of uptime. */
  rebooting: 0x80,
  /** Events wait for a courier; in hello only. */
  logWaiting: 0x100,
} as const;

export type Condition = keyof typeof conditionFlags;

/** Bits that hello and receipt have room for. */
export const flagsMax = 0xffff;
