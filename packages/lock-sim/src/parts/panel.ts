/**
 * What a person at the door sees and hears: the bolt, one of three signals after a code, and alarms. It remembers; it
 * shows nothing by itself. A bolt that jams is mechanics.ts's; without one it always gets where it is sent.
 */
import type { PanelPort } from "../board/ports.ts";
import type { LoudAlarm } from "../firmware/events.ts";

export type Signal = Parameters<PanelPort["signal"]>[0];
export type BoltPosition = Parameters<PanelPort["bolt"]>[0];

export interface Panel extends PanelPort {
  readonly boltAt: BoltPosition;
  /** Signals since the last call, oldest first. */
  taken(): readonly Signal[];
  /** Alarms since the last call, oldest first. */
  takenAlarms(): readonly LoudAlarm[];
  /** The bolt was turned by hand. */
  turned(to: BoltPosition): void;
}

export interface PanelListeners {
  /** Every move of the bolt, not repeated positions. */
  readonly onBolt?: ((to: BoltPosition) => void) | undefined;
  readonly onAlarm?: ((alarm: LoudAlarm) => void) | undefined;
  /** The motor; a faultless one when left out. */
  readonly drive?: PanelPort["bolt"] | undefined;
}

export function createPanel({ onBolt, onAlarm, drive = (to) => to }: PanelListeners = {}): Panel {
  let boltAt: BoltPosition = "locked";
  let signals: Signal[] = [];
  let alarms: LoudAlarm[] = [];
  const moved = (to: BoltPosition): void => {
    if (to === boltAt) return;
    boltAt = to;
    onBolt?.(to);
  };
  return {
    get boltAt() {
      return boltAt;
    },
    bolt(to) {
      const at = drive(to);
      if (at !== "jammed") moved(at);
      return at;
    },
    turned: moved,
    alarm(alarm) {
      alarms.push(alarm);
      onAlarm?.(alarm);
    },
    takenAlarms() {
      const taken = alarms;
      alarms = [];
      return taken;
    },
    signal(signal) {
      signals.push(signal);
    },
    taken() {
      const taken = signals;
      signals = [];
      return taken;
    },
  };
}
