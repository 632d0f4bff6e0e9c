/**
 * Whoever wants in: digits, ENTER (#), CLEAR (*), keycards, and devices that proved themselves. An attempt at a code is
 * counted durably before the code is compared, so pulling the battery buys no guesses (T24); an opening is written down
 * before the bolt moves; the panel shows the same for every reason of a refusal, and so does the answer to a phone.
 * Whether something opens is door.ts's to judge, how it is remembered notebook.ts's and journal.ts's.
 */

import {
  type Bytes,
  codeDigitsMax,
  credentialTag,
  lockOperationTypes,
  operationErrors,
  readUint,
  refuse,
} from "@doorsync/protocol/lock";
import { answerUnlock, busySeconds } from "./answer.ts";
import { keptBy, spanOf } from "./clock.ts";
import { entryOf, planEntry, raise, waiting, witness } from "./diary.ts";
import { type Asker, type Judgement, judge, type Shown } from "./door.ts";
import type { Denial, Key, Now } from "./events.ts";
import { beginsPause, mayTry } from "./guessing.ts";
import { type JournalPlan, worn } from "./journal.ts";
import { hasPowerToMove, throwBolt } from "./mechanics.ts";
import {
  afterFailure,
  lastDayOf,
  type Notebook,
  type NotebookPlan,
  planAttempt,
  planDay,
  planSuccess,
  planUse,
  type StillMatters,
} from "./notebook.ts";
import type { Turn } from "./session.ts";
import { settingsOf } from "./settings.ts";
import type { Entry, KeypadThen, Opening, Running } from "./state.ts";
import { type Ended, type Job, job } from "./work.ts";

/** Entries and cards waiting while one is being judged; further ones are shown "wait" and not judged. */
export const entriesWaitingMax = 4;

/** Uptime over all power cuts: the guessing budget refills by it, so that a lost clock neither opens nor closes it. */
export function poweredSeconds(running: Running, now: Now): number {
  return running.uptimeAtBootSeconds + Math.floor(now.uptimeMs / 1_000);
}

/** Whether a use is still worth its place: its credential is in the table, with the same code. */
export function stillMatters({ inForce }: Running): StillMatters {
  return ({ credential, mark }) => {
    const item = inForce.table.get(credential);
    return item !== undefined && readUint(credentialTag(item), 0, 4) === mark;
  };
}

export function pressKey(running: Running, turn: Turn, key: Key): Running {
  switch (key) {
    case "*":
      return { ...running, entry: "" };
    case "#":
      return enter({ ...running, entry: "" }, turn, running.entry);
    default:
      // One digit more than any code has is kept, so that an overlong entry is refused and never cut to a right one.
      return running.entry.length > codeDigitsMax ? running : { ...running, entry: running.entry + key };
  }
}

function enter(running: Running, turn: Turn, digits: string): Running {
  if (digits === "") return running;
  if (digits.length <= codeDigitsMax) return show(running, turn, { by: "keypad", digits });
  // Longer than any code: nothing was compared, so nothing is counted.
  turn.effects.push(
    { kind: "signal", signal: "refused" },
    { kind: "note", note: { what: "denied", reason: "unknown-code", by: "keypad" } },
  );
  return running;
}

/** A card costs no guesses: nobody guesses one, and a locked keypad must not keep cards out (T25). */
export function tapCard(running: Running, turn: Turn, uid: Bytes): Running {
  return show(running, turn, { by: "card", uid });
}

/** Whatever somebody shows, by whichever way. */
export function show(running: Running, turn: Turn, shown: Shown): Running {
  if (running.lanes.keypad === undefined) return consider(running, turn, shown);
  // One after the other: a success is noted for the attempt that it belongs to.
  if (running.entered.length >= entriesWaitingMax) return deny(running, turn, shown, "budget");
  return { ...running, entered: [...running.entered, shown] };
}

function consider(running: Running, turn: Turn, shown: Shown): Running {
  // Nothing is compared, so nothing is counted: it would be the battery's fault and the residents' budget.
  if (!hasPowerToMove(running)) return deny(running, turn, shown, "insufficient-battery");
  // Nobody guesses a card or a signature, and a locked keypad keeps neither out (T25).
  if (shown.by !== "keypad") return judgeShown(running, turn, shown);
  const uptime = poweredSeconds(running, turn.now);
  const policy = settingsOf(running.inForce.table);
  if (!mayTry(running.notebook, uptime, policy).ok) return deny(running, turn, shown, "budget");
  const notes = planAttempt(running.notebook, uptime, stillMatters(running));
  return withKeypadJob(running, job(notes.ops, { next: "judge", digits: shown.digits, notes }));
}

/** The next of those who wait, once the lane is free. */
export function considerNext(running: Running, turn: Turn): Running {
  const [shown, ...entered] = running.entered;
  return shown === undefined ? running : consider({ ...running, entered }, turn, shown);
}

/** The attempt's line was read back: it may be compared. */
export function settleAttempt(
  running: Running,
  turn: Turn,
  then: Extract<KeypadThen, { readonly next: "judge" }>,
  ended: KeypadEnded,
): Running {
  const counted = { ...running, notebook: noted(running.notebook, then.notes, ended) };
  if (ended.ok) return judgeShown(counted, turn, { by: "keypad", digits: then.digits });
  // Not counted means not compared: a worn notebook must not give free guesses.
  return deny(counted, turn, { by: "keypad" }, "budget");
}

export type KeypadEnded = Extract<Ended<KeypadThen, never>, { readonly lane: "keypad" }>;

function judgeShown(running: Running, turn: Turn, shown: Shown): Running {
  const { inForce, secure, store, notebook } = running;
  const judgement = judge(
    turn.crypto,
    {
      table: inForce.table,
      keys: secure.keys,
      issuedAt: inForce.issuedAt,
      time: spanOf(keptBy(running), turn.now),
      damaged: store.damaged,
      uses: notebook.uses,
      lastDay: lastDayOf(notebook, secure.commissionedAt),
    },
    shown,
  );
  if (!judgement.opens) return deny(running, turn, shown, judgement.reason, judgement.credential);
  const asker = shown.by === "app" ? shown.asker : undefined;
  const opening = { credential: judgement.credential, by: shown.by, asker, forced: judgement.forced };
  const planned = planOpening(running, turn, judgement, opening);
  return planned ?? deny(running, turn, shown, "use-not-noted", judgement.credential);
}

/** Everything that has to be in flash before the bolt moves. Undefined: a use cannot be remembered, so it is none. */
function planOpening(
  running: Running,
  turn: Turn,
  judgement: Extract<Judgement, { readonly opens: true }>,
  opening: Opening,
): Running | undefined {
  const matters = stillMatters(running);
  let notes: NotebookPlan = { ops: [], after: running.notebook };
  if (judgement.use !== undefined) {
    const use = planUse(notes.after, judgement.use, matters);
    if (use === "full") return undefined;
    notes = use;
  }
  if (judgement.day !== undefined) {
    const day = planDay(notes.after, running.secure.commissionedAt, judgement.day, matters);
    notes = { ops: [...notes.ops, ...day.ops], after: day.after };
  }
  const entry = openingEntry(running, turn, opening);
  const line = planEntry(running, entry);
  // Without room the opening is counted as missing in the journal; nobody stays outside for that (P21).
  const told = line === undefined ? waiting(running, entry) : running;
  const ops = [...notes.ops, ...(line?.ops ?? [])];
  return withKeypadJob(told, job(ops, { next: "open", opening, entry, notes, line }));
}

function openingEntry(running: Running, turn: Turn, opening: Opening): Entry {
  const { ForcedUserEvent, Unlock } = lockOperationTypes;
  return entryOf(running, turn, {
    kind: "LockOperation",
    detail: opening.forced ? ForcedUserEvent : Unlock,
    source: sources[opening.by],
    credential: opening.credential,
  });
}

/** What had to be noted is in flash: the bolt moves. */
export function settleOpening(
  running: Running,
  turn: Turn,
  then: Extract<KeypadThen, { readonly next: "open" }>,
  ended: KeypadEnded,
): Running {
  const { opening, notes, line, entry } = then;
  const lineAt = ended.job.at - notes.ops.length;
  if (!ended.ok && lineAt < 0) {
    const kept = { ...running, notebook: afterFailure(running.notebook, notes, ended.job.at) };
    return deny(kept, turn, opening, "use-not-noted", opening.credential);
  }
  const { credential, by, asker, forced } = opening;
  const remembered = { ...running, notebook: notes.after };
  const told = line === undefined ? remembered : settleLine(remembered, line, entry, ended.ok, lineAt);
  turn.effects.push(
    { kind: "signal", signal: "accepted" },
    { kind: "note", note: { what: "opened", credential, by, forced } },
  );
  const moving = throwBolt(told, turn, "unlocked");
  if (asker !== undefined) return answerUnlock(moving, turn, asker, "opened");
  if (by === "card") return moving;
  const success = planSuccess(moving.notebook);
  return withKeypadJob(moving, job(success.ops, { next: "noted", notes: success }));
}

/** A line that did not take is written again, elsewhere: nobody stays outside for that. */
function settleLine(running: Running, line: JournalPlan, entry: Entry, ok: boolean, at: number): Running {
  return ok ? { ...running, journal: line.after } : waiting({ ...running, journal: worn(line, at) }, entry);
}

/** What the notebook holds once a job ended, or stopped at an operation that did not read back. */
export function noted(before: Notebook, notes: NotebookPlan, ended: KeypadEnded): Notebook {
  return ended.ok ? notes.after : afterFailure(before, notes, ended.job.at);
}

/** Who is refused: somebody at the door, who looks at the panel, or a phone that waits for its answer. */
interface Refusable {
  readonly by: Shown["by"];
  readonly asker?: Asker | undefined;
}

/** Nobody at the door or on the air hears why it did not open; the journal tells the property. */
function deny(
  running: Running,
  turn: Turn,
  { by, asker }: Refusable,
  reason: Denial,
  credential?: number,
): Running {
  const signal = reason === "budget" ? "wait" : "refused";
  if (asker === undefined) turn.effects.push({ kind: "signal", signal });
  turn.effects.push({ kind: "note", note: { what: "denied", reason, by } });
  if (reason === "budget") return asker === undefined ? running : answerUnlock(running, turn, asker, tooMany);
  const told = witness(running, turn, {
    kind: "LockOperationError",
    detail: operationErrors[errorOf[reason]],
    source: sources[by],
    credential: credential ?? 0,
  });
  if (asker !== undefined) return answerUnlock(told, turn, asker, refuse("DENIED", "door/shut"));
  if (by !== "keypad" || reason === "insufficient-battery") return told;
  const begins = beginsPause(told.notebook, settingsOf(told.inForce.table));
  return begins ? raise(told, turn, "WrongCodeEntryLimit") : told;
}

const tooMany = refuse("BUSY", "door/waiting", busySeconds);

/** Matter's word for each way in. */
const sources = { keypad: "Keypad", card: "Rfid", app: "Remote" } as const;

/** Matter's word for each reason. */
const errorOf: { readonly [R in Exclude<Denial, "budget">]: keyof typeof operationErrors } = {
  "unknown-code": "InvalidCredential",
  suspended: "DisabledUserDenied",
  "not-yet": "Restricted",
  ended: "Restricted",
  "lease-ended": "Restricted",
  "out-of-schedule": "Restricted",
  "used-up": "Restricted",
  "minutes-over": "Restricted",
  "use-not-noted": "Unspecified",
  "no-capability": "InvalidCredential",
  "insufficient-battery": "InsufficientBattery",
  damaged: "Unspecified",
};

export function withKeypadJob(running: Running, keypad: Job<KeypadThen>): Running {
  if (running.lanes.keypad !== undefined) throw new Error("one keypad job at a time");
  return { ...running, lanes: { ...running.lanes, keypad } };
}
