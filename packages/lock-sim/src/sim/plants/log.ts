/** Planted bugs in the event log: what is written down, what is carried out, and what may be dropped. */
import type { Plant } from "./plant.ts";

const log = "packages/protocol/src/rules/log.ts";
const firmware = "packages/lock-sim/src/firmware";

export const logPlants: readonly Plant[] = [
  {
    id: "log-cut-by-an-old-acknowledgement",
    fault: "any acknowledgement of the authority empties the log, however old",
    finder: "P24",
    edits: [
      {
        file: log,
        find: 'if (seq < at.ackedSeq) return refuse("STALE", "A4"); if (seq > at.lastSeq) return refuse("CONFLICT", "A5"); if (!crypto.same(at.headOf(seq), head)) return refuse("CONFLICT", "A6"); return accept(said.value);',
        put: "return accept({ seq: at.lastSeq, head: head.length === 0 ? head : at.headOf(at.lastSeq) });",
      },
    ],
  },
  {
    id: "log-dropped-when-sent",
    fault: "events are dropped once a courier has them, not once the authority does",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/log.ts`,
        find: "const segment = issueSegment(turn.crypto, trust, bytes, before, events.slice(seq - acked.seq));",
        put: 'const segment = issueSegment(turn.crypto, trust, bytes, before, events.slice(seq - acked.seq)); const gone = { ...drawn.journal, acked: { seq: lastSeq, head: headOf(drawn, turn.crypto, lastSeq) }, events: [] }; if (lastSeq > seq) return say({ ...drawn, journal: gone }, turn, "segment", segment);',
      },
    ],
  },
  {
    id: "openings-not-logged",
    fault: "an opening by a code is not written down",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/keypad.ts`,
        find: 'const told = line === undefined ? waiting(running, entry) : running; const ops = [...notes.ops, ...(line?.ops ?? [])]; return withKeypadJob(told, job(ops, { next: "open", opening, entry, notes, line }));',
        put: 'return withKeypadJob(running, job(line === undefined ? notes.ops : notes.ops, { next: "open", opening, entry, notes, line: undefined }));',
      },
    ],
  },
  {
    id: "log-forgotten-in-the-dark",
    fault: "events that nobody has yet are forgotten when power goes",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/step.ts`,
        find: "journal: events.journal,",
        put: "journal: { ...events.journal, events: [], acked: { ...events.journal.acked, seq: events.journal.lastSeq } },",
      },
    ],
  },
  {
    id: "duress-logged-as-any-opening",
    fault: "an opening under duress is written down like any other",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/keypad.ts`,
        find: "detail: opening.forced ? ForcedUserEvent : Unlock,",
        put: "detail: Unlock,",
      },
    ],
  },
  {
    id: "opening-of-somebody-else",
    fault: "the log names another credential than the one that opened",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/keypad.ts`,
        find: "source: sources[opening.by], credential: opening.credential,",
        put: "source: sources[opening.by], credential: opening.credential + 1,",
      },
    ],
  },
  {
    id: "events-dated-by-the-floor",
    fault: "events are dated by what the authority signed last, not by the clock",
    finder: "P24",
    edits: [{ file: `${firmware}/diary.ts`, find: "at: lower,", put: "at: running.store.floorSeconds," }],
  },
  {
    id: "wrong-codes-not-logged",
    fault: "a wrong code is refused and not written down",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/keypad.ts`,
        find: 'const told = witness(running, turn, { kind: "LockOperationError", detail: operationErrors[errorOf[reason]], source: sources[by], credential: credential ?? 0, });',
        put: "const told = running;",
      },
    ],
  },
  {
    id: "key-not-logged",
    fault: "nobody learns that somebody came in with the key",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/mechanics.ts`,
        find: 'return witness(withMechanics(running, { bolt: freshlyUnlocked(running, turn) }), turn, { kind: "LockOperation", detail: lockOperationTypes.Unlock, source: "Manual", });',
        put: "return withMechanics(running, { bolt: freshlyUnlocked(running, turn) });",
      },
    ],
  },
  {
    id: "broken-open-in-silence",
    fault: "a door that is broken open raises no alarm",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/mechanics.ts`,
        find: 'return bolt.at === "locked" ? raise(opened, turn, "DoorForcedOpen") : opened;',
        put: "return opened;",
      },
    ],
  },
  {
    id: "jammed-in-silence",
    fault: "a bolt that is stuck raises no alarm",
    finder: "P24",
    edits: [
      {
        file: `${firmware}/mechanics.ts`,
        find: 'return jamRaised ? jammed : raise(jammed, turn, "LockJammed");',
        put: "return jammed;",
      },
    ],
  },
];
