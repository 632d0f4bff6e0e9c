/** The host's timers behind the courier's port, in browsers and Node alike. Not a scheduler. */
import type { Timers } from "../ports.ts";

/** `setTimeout` of whatever host runs this. A timer that waits keeps a Node process alive, as a visit should. */
export const systemTimers: Timers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
