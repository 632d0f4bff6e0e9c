/**
 * What waits too long for its proof (F14), in Seam's words. Nothing is ever assumed done because time has passed; time
 * only makes it worth a warning.
 */
import type { CodeState } from "./proof.ts";

export type DelayWarning = "delay_in_setting_on_device" | "delay_in_removing_from_device";

const secondsPerHour = 3_600;

/** `since`: when the change was asked for, seconds since 1970. */
export function delayWarning(
  policy: { readonly delayHours: number },
  state: CodeState,
  since: number,
  now: number,
): DelayWarning | undefined {
  if (now - since < policy.delayHours * secondsPerHour) return undefined;
  switch (state) {
    case "unset":
    case "setting":
      return "delay_in_setting_on_device";
    case "removing":
      return "delay_in_removing_from_device";
    case "set":
    case "removed":
    case "unknown":
      return undefined;
    default:
      return state satisfies never;
  }
}
