/**
 * The air between one phone and one lock: frames that take time, get lost, come twice or late, and a link that breaks
 * when somebody walks away. It knows frames only.
 */
import type { Bytes } from "@doorsync/protocol/lock";
import type { Agenda } from "../agenda.ts";
import type { Chance } from "../chance.ts";
import type { FaultName, FaultPlan } from "../faults.ts";
import type { CastLock } from "./lock.ts";

/** Between two frames of a healthy link. */
const frameMsMin = 8;
export const frameMsMax = 45;
const stallMsMax = 9_000;

/** Payloads as MTUs of 23, 185 and 247 leave them. */
const frameBytesChoices = [20, 182, 244];

export interface AirParts {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly odds: FaultPlan;
  readonly lock: Pick<CastLock, "connect">;
  /** Every frame of this phone takes so much longer. */
  readonly slowMs: number;
  readonly onFault: (fault: FaultName) => void;
  readonly onFrame: (frame: Bytes) => void;
  readonly onClosed: () => void;
}

export interface AirLink {
  readonly frameBytesMax: number;
  send(frame: Bytes): void;
  close(): void;
}

/** A link, or undefined when the lock is dark or busy with somebody else. */
export function openAir(parts: AirParts): AirLink | undefined {
  const { agenda, chance, odds, lock } = parts;
  const frameBytesMax = chance.pick(frameBytesChoices);
  let isOpen = true;
  /** When the last frame under way arrives, by direction: frames do not overtake each other. */
  const lastMs = { toLock: 0, toPhone: 0 };

  const carry = (direction: "toLock" | "toPhone", arrive: () => void): void => {
    if (chance.strikes(odds["radio-fade"] >> 4)) {
      parts.onFault("radio-fade");
      agenda.at(agenda.nowMs + frameMsMax, fade);
      return;
    }
    if (chance.strikes(odds["radio-loss"] >> 3)) {
      parts.onFault("radio-loss");
      return;
    }
    let delayMs = chance.between(frameMsMin, frameMsMax) + (direction === "toLock" ? parts.slowMs : 0);
    if (chance.strikes(odds["radio-stall"] >> 3)) {
      parts.onFault("radio-stall");
      delayMs += chance.below(stallMsMax);
    }
    lastMs[direction] = Math.max(lastMs[direction], agenda.nowMs + delayMs);
    agenda.at(lastMs[direction], arrive);
    if (!chance.strikes(odds["radio-duplicate"] >> 3)) return;
    parts.onFault("radio-duplicate");
    agenda.at(lastMs[direction], arrive);
  };

  const fade = (): void => {
    if (!isOpen) return;
    isOpen = false;
    link?.closed();
    parts.onClosed();
  };

  const link = lock.connect({
    frameBytesMax,
    send(frame) {
      if (isOpen) carry("toPhone", () => (isOpen ? parts.onFrame(frame) : undefined));
    },
    close() {
      // What the lock said last is still under way.
      agenda.at(Math.max(agenda.nowMs, lastMs.toPhone), () => {
        if (!isOpen) return;
        isOpen = false;
        parts.onClosed();
      });
    },
  });
  if (link === undefined) return undefined;
  return {
    frameBytesMax,
    send(frame) {
      if (isOpen) carry("toLock", () => (isOpen ? link.frame(frame) : undefined));
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      link.closed();
    },
  };
}
