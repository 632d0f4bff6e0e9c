/**
 * What a visit owes the mailbox: each slip goes there at once, and what did not reach it is owed on. Not the mailbox, and
 * not what a slip is for.
 */
import type { ReturnSlip } from "@doorsync/protocol/courier";
import { promised, sentence, within } from "./converse.ts";
import type { Mailbox, Timers } from "./ports.ts";
import { returned, type Satchel } from "./satchel.ts";

export interface SlipsOut {
  /** Hands a slip to the mailbox; nobody waits for it here. */
  deliver(slip: ReturnSlip): void;
  /** The satchel without what is safe by now, and why the rest is not, one sentence each. */
  settle(satchel: Satchel): Promise<{ readonly satchel: Satchel; readonly troubles: readonly string[] }>;
}

interface Delivery {
  readonly slip: ReturnSlip;
  readonly trouble: string | undefined;
}

/** `milliseconds`: longest silence of the mailbox that is borne. */
export function slipsOut(mailbox: Mailbox, timers: Timers, milliseconds: number): SlipsOut {
  const deliveries: Promise<Delivery>[] = [];
  return {
    // The signal ends the visit, not the safe-keeping of what it brought.
    deliver(slip) {
      deliveries.push(
        within(
          promised(() => mailbox.deliver(slip)),
          milliseconds,
          silence(milliseconds),
          timers,
          undefined,
        ).then(
          () => ({ slip, trouble: undefined }),
          (error: unknown) => ({ slip, trouble: sentence(error) }),
        ),
      );
    },
    async settle(satchel) {
      const troubles: string[] = [];
      let left = satchel;
      for (const { slip, trouble } of await Promise.all(deliveries)) {
        if (trouble === undefined) left = returned(left, slip);
        else troubles.push(trouble);
      }
      return { satchel: left, troubles };
    },
  };
}

export function silence(milliseconds: number): string {
  return `the mailbox said nothing for ${milliseconds / 1_000} s`;
}
