/**
 * Takes away what is over: sessions with the keys and the turns of their phones, password resets, tries that no limit
 * looks at any more, answers that nobody will ask for again. What tells a property's story (audit, changes, couriers'
 * books) stays.
 */
import { limits } from "../model/limit.ts";
import type { Office } from "../office/office.ts";
import { forgetAnswers } from "../store/answers.ts";
import { forgetServed } from "../store/served.ts";
import { forgetEnded } from "../store/sessions.ts";
import { forgetAttempts } from "../store/trail.ts";
import { endAppKeysOver } from "./app-key.ts";
import { knownSeconds } from "./log-in-tries.ts";

/** For so long a request is answered as the first time under its idempotency key. */
export const answerSeconds: number = 7 * 86_400;
const attemptSeconds = Math.max(...Object.values(limits).map(({ windowSeconds }) => windowSeconds));

/** Safe to run at any time, and from several processes at once. */
export async function sweep(office: Office): Promise<void> {
  await forgetEnded(office.db, office.now);
  await endAppKeysOver(office);
  await forgetServed(office.db);
  await forgetAttempts(office.db, office.now - attemptSeconds, office.now - knownSeconds);
  await forgetAnswers(office.db, office.now - answerSeconds);
}
