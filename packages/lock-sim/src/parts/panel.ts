/**
 * What a person at the door sees and hears: the bolt, and one of three signals after a code. It remembers; it shows
 * nothing by itself.
 */
import type { PanelPort } from "../board/ports.ts";

export type Signal = Parameters<PanelPort["signal"]>[0];
export type BoltPosition = Parameters<PanelPort["bolt"]>[0];

export interface Panel extends PanelPort {
  readonly boltAt: BoltPosition;
  /** Signals since the last call, oldest first. */
  taken(): readonly Signal[];
}

/** `onBolt` hears every move of the bolt, not repeated positions. */
export function createPanel(onBolt?: (to: BoltPosition) => void): Panel {
  let boltAt: BoltPosition = "locked";
  let signals: Signal[] = [];
  return {
    get boltAt() {
      return boltAt;
    },
    bolt(to) {
      if (to === boltAt) return;
      boltAt = to;
      onBolt?.(to);
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
