/** Planted bugs at the door: who is let in, when, and how often somebody may guess. */
import type { Plant } from "./plant.ts";

const firmware = "packages/lock-sim/src/firmware";
const door = `${firmware}/door.ts`;
const keypad = `${firmware}/keypad.ts`;
const guessing = `${firmware}/guessing.ts`;
const notebook = `${firmware}/notebook.ts`;
const schedule = `${firmware}/schedule.ts`;
const sync = `${firmware}/sync.ts`;

export const doorPlants: readonly Plant[] = [
  {
    id: "schedule-not-enforced",
    fault: "weekly windows are stored and shown, and the door opens at any hour",
    finder: "schedule",
    edits: [
      {
        file: door,
        find: 'return keepsSchedule(rule) && !isInSchedule(door.table, rule, calendar) ? "out-of-schedule" : undefined;',
        put: "return undefined;",
      },
    ],
  },
  {
    id: "windows-in-utc",
    fault: "windows are read off a clock that shows UTC, not the time of the house",
    finder: "schedule",
    edits: [
      {
        file: schedule,
        find: "const ofWeek = (minute + change.offsetMinutes + minutesAtEpoch) % minutesPerWeek;",
        put: "const ofWeek = (minute + minutesAtEpoch) % minutesPerWeek;",
      },
    ],
  },
  {
    id: "windows-end-at-midnight",
    fault: "a window that goes on behind midnight ends there",
    finder: "schedule",
    edits: [
      {
        file: schedule,
        find: "const length = endMinute > startMinute ? endMinute - startMinute : endMinute - startMinute + minutesPerDay;",
        put: "const length = endMinute > startMinute ? endMinute - startMinute : minutesPerDay - startMinute;",
      },
    ],
  },
  {
    id: "lost-clock-keeps-schedules",
    fault: "a lock that lost its clock takes its floor for the hour of a schedule",
    finder: "schedule",
    edits: [
      {
        file: schedule,
        find: "if (span.upper - span.lower > scheduleUncertaintySecondsMax) return false;",
        put: "if (span.upper - span.lower > scheduleUncertaintySecondsMax) { const now = { lower: span.lower, upper: span.lower }; return isInSchedule(table, rule, { ...calendar, span: now, changesWithin: false }); }",
      },
    ],
  },
  {
    id: "lease-ignored",
    fault: "a code outlives its lease when nobody brings a new table",
    finder: "P9",
    edits: [
      {
        file: door,
        find: 'if (rule.leaseHours > 0 && latest >= door.issuedAt + rule.leaseHours * 3_600) return "lease-ended";',
        put: "",
      },
    ],
  },
  {
    id: "lease-from-install",
    fault: "a lease counts from when the table was installed, not from when it was issued",
    finder: "P3",
    edits: [
      {
        file: sync,
        find: "const { to: version, state, table, issuedAt } = delta;",
        put: "const { to: version, state, table } = delta; const issuedAt = Math.max(delta.issuedAt, turn.now.rtcSeconds ?? 0);",
      },
    ],
  },
  {
    id: "fail-secure-by-the-floor",
    fault: "with a lost clock, a code that should fail secure lives on, by the floor",
    finder: "P9",
    edits: [
      {
        file: door,
        find: "const latest = rule.failOpen ? lower : upper;",
        put: "const latest = lower;",
      },
    ],
  },
  {
    id: "opens-before-its-date",
    fault: "a code opens before the date it was given for",
    finder: "P10",
    edits: [{ file: door, find: 'if (credential.notBefore > lower) return "not-yet";', put: "" }],
  },
  {
    id: "opens-after-its-date",
    fault: "a code opens after the date it was given until",
    finder: "P10",
    edits: [
      {
        file: door,
        find: 'if (latest >= credential.notAfter && credential.notAfter !== secondsNever) return "ended";',
        put: "",
      },
    ],
  },
  {
    id: "suspended-code-opens",
    fault: "suspending a code changes what people are shown, and nothing at the door",
    finder: "suspended",
    edits: [{ file: door, find: 'if (credential.suspended) return "suspended";', put: "" }],
  },
  {
    id: "uses-not-counted",
    fault: "a code for a single use opens again and again",
    finder: "uses",
    edits: [
      {
        file: door,
        find: "const isNoted = rule.useLimit > 0 || (rule.expiringMinutes > 0 && used === undefined);",
        put: "const isNoted = false;",
      },
    ],
  },
  {
    id: "minutes-from-every-use",
    fault: "minutes after the first use begin anew with each use",
    finder: "uses",
    edits: [
      {
        file: door,
        find: "const end = used === undefined ? Number.POSITIVE_INFINITY : used.firstSeconds + rule.expiringMinutes * 60;",
        put: "const end = lower + rule.expiringMinutes * 60;",
      },
    ],
  },
  {
    id: "counter-after-compare",
    fault: "a code is compared before the attempt is counted: a pulled battery buys guesses",
    finder: "P20",
    edits: [
      {
        file: keypad,
        find: "const notes = planAttempt(running.notebook, uptime, stillMatters(running));",
        put: 'const judged = judgeShown(running, turn, shown); if (judged.lanes.keypad !== undefined) return judged; const notes = planAttempt(judged.notebook, uptime, stillMatters(judged)); if (notes.ops.length > 0) return withKeypadJob(judged, job(notes.ops, { next: "noted", notes }));',
      },
      {
        file: keypad,
        find: 'if (by === "card") return moving;',
        put: 'if (by === "card" || moving.notebook.attempts.length === 0) return moving;',
      },
    ],
  },
  {
    id: "flat-lockout",
    fault: "the pause after wrong codes never grows, however many came before",
    finder: "P20",
    edits: [
      {
        file: guessing,
        find: "const doublings = Math.floor(wrong / policy.wrongCodeEntryLimit) - 1;",
        put: "const doublings = Math.min(0, wrong);",
      },
    ],
  },
  {
    id: "no-pause",
    fault: "wrong codes in a row never make the keypad pause",
    finder: "P20",
    edits: [
      {
        file: guessing,
        find: "if (inARow < policy.wrongCodeEntryLimit) return 0;",
        put: "if (inARow >= 0) return 0;",
      },
    ],
  },
  {
    id: "pause-at-multiples",
    fault: "only every fifth wrong code of a day pauses: at a steady pace none is the fifth",
    finder: "P20",
    edits: [
      {
        file: guessing,
        find: "if (inARow < policy.wrongCodeEntryLimit) return 0;",
        put: "if (inARow % policy.wrongCodeEntryLimit !== 0) return 0;",
      },
    ],
  },
  {
    id: "no-daily-budget",
    fault: "a day has no budget of wrong codes: who waits out each pause goes on for ever",
    finder: "P20",
    edits: [
      {
        file: guessing,
        find: "return wrong.at(-budget)?.uptimeSeconds;",
        put: "return wrong.at(-10 * budget)?.uptimeSeconds;",
      },
    ],
  },
  {
    id: "success-refills-budget",
    fault: "a right code forgives all wrong ones: whoever has one may guess the others",
    finder: "P20",
    edits: [
      {
        file: notebook,
        find: "const attempts = [...notebook.attempts.slice(0, -1), { ...attempt, right: true }];",
        put: "const attempts = [{ ...attempt, right: true }];",
      },
    ],
  },
  {
    id: "guesses-forgotten-in-the-dark",
    fault: "who takes the battery out and puts it back has the whole budget again",
    finder: "P20",
    edits: [
      {
        file: `${firmware}/step.ts`,
        find: "notebook: notes.notebook,",
        put: "notebook: { ...notes.notebook, attempts: [] },",
      },
    ],
  },
  {
    id: "daily-code-goes-back",
    fault: "after today's daily doorcode, yesterday's is taken again when the clock says so",
    finder: "P13",
    edits: [{ file: door, find: "return days.filter((day) => day >= lastDay);", put: "return days;" }],
  },
  {
    id: "daily-code-of-yesterday",
    fault: "yesterday's daily doorcode is good all day long",
    finder: "P13",
    edits: [
      {
        file: door,
        find: "const isEarly = localDay(span.lower - dailyGraceSeconds, change.offsetMinutes) < first;",
        put: "const isEarly = localDay(span.lower - dailyGraceSeconds, change.offsetMinutes) <= first;",
      },
    ],
  },
  {
    id: "daily-code-by-utc",
    fault: "the day of the daily doorcode begins at midnight UTC",
    finder: "P13",
    edits: [
      {
        file: door,
        find: "const first = localDay(span.lower, change.offsetMinutes); const last = localDay(span.upper, change.offsetMinutes);",
        put: "const first = localDay(span.lower, 0); const last = localDay(span.upper, 0);",
      },
    ],
  },
  {
    id: "lockout-keeps-cards-out",
    fault: "a keypad that somebody locked by guessing refuses keycards too",
    finder: "P21",
    edits: [
      {
        file: keypad,
        find: 'if (shown.by !== "keypad") return judgeShown(running, turn, shown);',
        put: 'if (shown.by === "app" || (shown.by === "card" && mayTry(running.notebook, poweredSeconds(running, turn.now), settingsOf(running.inForce.table)).ok)) return judgeShown(running, turn, shown); if (shown.by === "card") return deny(running, turn, shown, "budget");',
      },
    ],
  },
  {
    id: "alarm-never-raised",
    fault: "too many wrong codes close the keypad, and nobody is told",
    finder: "P20",
    edits: [
      {
        file: keypad,
        find: 'return begins ? raise(told, turn, "WrongCodeEntryLimit") : told;',
        put: "return begins ? told : told;",
      },
    ],
  },
  {
    id: "lockout-for-ever",
    fault: "wrong codes never age: after a day's budget of them the keypad is closed for good",
    finder: "P9",
    edits: [
      {
        file: guessing,
        find: "return attempts.filter((one) => uptimeSeconds - one.uptimeSeconds < seconds);",
        put: "return attempts.filter((one) => uptimeSeconds - one.uptimeSeconds < 1_000 * seconds);",
      },
    ],
  },
  {
    id: "right-codes-count-as-wrong",
    fault: "a right code goes on counting as a wrong one, until residents are shut out",
    finder: "P9",
    edits: [
      {
        file: notebook,
        find: "const attempts = [...notebook.attempts.slice(0, -1), { ...attempt, right: true }];",
        put: "const attempts = [...notebook.attempts.slice(0, -1), { ...attempt, right: false }];",
      },
    ],
  },
  {
    id: "summer-time-for-ever",
    fault: "the first offset that the table names holds for good, also from autumn on",
    finder: "schedule",
    edits: [
      {
        file: schedule,
        find: "if (one.at <= lower && (change === undefined || one.at >= change.at)) change = one;",
        put: "if (one.at <= lower && change === undefined) change = one;",
      },
    ],
  },
];
