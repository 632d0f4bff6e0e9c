/**
 * Answers on their way out: a refusal, said to the courier, and written down where a good signature earned it; what became
 * of an unlock, sealed to the phone that asked. Why anything is refused is the rules' business.
 */

import { type MessageName, type Refused, refusals, sealUnlocked } from "@doorsync/protocol/lock";
import { witnessRefusal } from "./diary.ts";
import type { Asker } from "./door.ts";
import { hangUpIfSpent, say, sayRefusal, type Turn } from "./session.ts";
import type { Running } from "./state.ts";

/** Seconds after which a courier that met a busy lock may try again. */
export const busySeconds = 2;

/** Refusals from this number on are said only after a signature was verified. */
const firstEarnedRefusal = 16;

/** Says the refusal; one that a good signature earned is worth a line in the journal as well. */
export function answerNo(running: Running, turn: Turn, heard: MessageName, refused: Refused): Running {
  const said = sayRefusal(running, turn, heard, refused);
  const isEarned = refusals[refused.refusal].code >= firstEarnedRefusal;
  return isEarned ? witnessRefusal(said, turn, refused.refusal, running.inForce.version) : said;
}

/** Says what became of it, to the phone that asked or to nobody. */
export function answerUnlock(
  running: Running,
  turn: Turn,
  asker: Asker,
  answer: Parameters<typeof sealUnlocked>[2],
): Running {
  if (running.session?.number !== asker.session) return running;
  const body = sealUnlocked(turn.crypto, asker.answerKey, answer);
  return hangUpIfSpent(say(running, turn, "unlocked", body), turn);
}
