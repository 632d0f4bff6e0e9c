/**
 * The planted faults: small named changes to the shipped sources, and the named test that must catch each. A fault that
 * a second defence masks takes that defence out in the same plant.
 */

export interface Edit {
  /** Path from the repository's root. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly put: string;
}

export interface Plant {
  readonly id: string;
  /** What a lock, or an authority, with this fault would do. */
  readonly fault: string;
  readonly edits: readonly Edit[];
  /** `test`: the whole name of a test in that file. It must fail by an assertion of its own, not by a crash. */
  readonly caughtBy: { readonly file: string; readonly test: string };
}

const acceptUpdate = "packages/protocol/src/rules/accept-update.ts";
const trust = "packages/protocol/src/rules/trust.ts";
const table = "packages/protocol/src/codes/table.ts";
const firmware = "packages/lock-sim/src/firmware";

export const plants: readonly Plant[] = [
  {
    id: "skip-signature",
    fault: "an update counts whoever signed it",
    edits: [
      {
        file: acceptUpdate,
        find: "if (!verifySign1(crypto, trust.authority.table, signedContext(type, trust.name), parts.value)) {",
        put: "if (parts.value.signature.length === 0) {",
      },
    ],
    caughtBy: {
      file: "test/updates-are-bound.test.ts",
      test: "a key for another purpose, or another authority's, is refused",
    },
  },
  {
    id: "skip-lock-id",
    fault: "what is signed for one lock counts at every lock",
    edits: [
      {
        file: trust,
        find: "return context(type, name.lockId, name.epoch, ...bound);",
        put: "return context(type, name.epoch, ...bound);",
      },
    ],
    caughtBy: {
      file: "test/only-the-authority.test.ts",
      test: "P5: even a lock that holds the very keys of another is another lock by its name",
    },
  },
  {
    id: "skip-epoch",
    fault: "what was signed before a reset counts after it",
    edits: [
      {
        file: trust,
        find: "return context(type, name.lockId, name.epoch, ...bound);",
        put: "return context(type, name.lockId, ...bound);",
      },
    ],
    caughtBy: {
      file: "test/only-the-authority.test.ts",
      test: "the other epoch's messages are refused, with equal keys and lock id",
    },
  },
  {
    id: "accept-older-version",
    fault: "an older update is judged like a newer one, and only its base protects the table",
    edits: [
      {
        file: acceptUpdate,
        find: 'if (to < held.version) return refuse("STALE", "U10", held.version);',
        put: "",
      },
    ],
    caughtBy: {
      file: "test/older-never-wins.test.ts",
      test: "P1: the version in force never falls, and is always what was signed for it",
    },
  },
  {
    id: "accept-equal-version",
    fault: "the version in force may be replaced by other content of the same number",
    edits: [
      {
        file: acceptUpdate,
        find: 'if (!crypto.same(body.state, held.state)) return refuse("CONFLICT", "U13");\n    if (!held.snapshotOnly) return accept(already);',
        put: "if (crypto.same(body.state, held.state)) return accept(already);",
      },
    ],
    caughtBy: {
      file: "test/older-never-wins.test.ts",
      test: "P1b: a version that is in force with other content is CONFLICT, and nothing moves",
    },
  },
  {
    id: "receipt-before-commit",
    fault: "the lock signs for a table that is not yet in flash",
    edits: [
      {
        file: `${firmware}/sync.ts`,
        find: 'return withCommit(open, plan, { version, state, table, issuedAt }, "delta");',
        put: 'return withCommit(sayReceipt({ ...open, inForce: { version, state, table, issuedAt } }, turn), plan, { version, state, table, issuedAt }, "delta");',
      },
    ],
    caughtBy: {
      file: "test/power-cut-anywhere.test.ts",
      test: "old or new, and true to its word, when power fails anywhere in: delta that replaces",
    },
  },
  {
    id: "count-before-stage",
    fault: "the secure element names a table that flash does not hold yet",
    edits: [
      {
        file: `${firmware}/commit.ts`,
        find: "const ops = [...stage, ...written, ...commit];",
        put: "const ops = [...written, ...stage, ...commit];",
      },
    ],
    caughtBy: {
      file: "test/power-cut-anywhere.test.ts",
      test: "old or new, and true to its word, when power fails anywhere in: delta that replaces",
    },
  },
  {
    id: "in-place-write",
    fault: "the bank that is erased and written next is the one in force",
    edits: [
      {
        file: `${firmware}/store.ts`,
        find: 'spare: { kind: "dirty", bank: otherBank(spare.bank), erasedSectors: 0 },\n    },\n    dropped',
        put: 'spare: { kind: "dirty", bank: spare.bank, erasedSectors: 0 },\n    },\n    dropped',
      },
    ],
    caughtBy: {
      file: "test/door-sync.test.ts",
      test: "a code opens only after a verified sync, and its predecessor only before it",
    },
  },
  {
    id: "refused-change-leaves-trace",
    fault: "a change that is refused half-way has already changed the table in force",
    edits: [
      {
        file: table,
        find: "const byId = new Map(table.overlay.byId);",
        put: "const byId = table.overlay.byId as Map<number, Bytes | undefined>;",
      },
    ],
    caughtBy: {
      file: "test/tables-agree.test.ts",
      test: "an old table is what it was after any change to it, and a refused change leaves no trace",
    },
  },
  {
    id: "unkeyed-digest",
    fault: "the table's state is a plain hash, and whoever has the key of its tags finds the code behind it",
    edits: [
      {
        file: table,
        find: "const term = crypto.mac(digestKey, item);",
        put: "const term = crypto.hash(item);",
      },
      {
        file: table,
        find: 'return crypto.mac(stateKey, encode(["doorsync/1 state", version, count, digest]))',
        put: 'return crypto.hash(encode(["doorsync/1 state", version, count, digest]))',
      },
    ],
    caughtBy: {
      file: "test/courier-sees-nothing.test.ts",
      test: "who tries all codes against the state8 of a receipt finds none without all three keys of the table",
    },
  },
  {
    id: "skip-s-below-l",
    fault: "S + L is taken for another good signature",
    edits: [
      {
        file: "packages/protocol/src/crypto/crypto.ts",
        find: "    if (!isBelow(s, groupOrder)) return false;\n",
        put: "    void s;\n    void groupOrder;\n",
      },
    ],
    caughtBy: {
      file: "test/providers-agree.test.ts",
      test: "S + kL is refused for every k that fits, though tweetnacl itself accepts it",
    },
  },
  {
    id: "counter-after-compare",
    fault: "a code is compared before the attempt is counted, so a pulled battery buys guesses",
    edits: [
      {
        file: `${firmware}/keypad.ts`,
        find: '  return withKeypadJob(running, plan.ops, { next: "judge", digits, tally: plan.after });',
        put: '  const judged = judgeAttempt({ ...running, tally: plan.after }, turn, { next: "judge", digits, tally: plan.after }, true);\n  return withKeypadJob(judged, plan.ops, { next: "noted", tally: plan.after });',
      },
    ],
    caughtBy: {
      file: "test/guesses-are-counted.test.ts",
      test: "whenever the code is compared, the attempt is already in flash",
    },
  },
  {
    id: "lost-clock-keeps-schedules",
    fault: "a lock that lost its clock takes the time of its floor for the hour of a schedule",
    edits: [
      {
        file: `${firmware}/door.ts`,
        find: "return lower === upper && isInSchedule(",
        put: "return isInSchedule(",
      },
    ],
    caughtBy: {
      file: "test/schedules-at-the-door.test.ts",
      test: "lies in no schedule, whatever the floor says and even where the code fails open",
    },
  },
  {
    id: "recycled-code",
    fault: "a revoked code is given to somebody else while an unsynced lock still takes it",
    edits: [
      {
        file: "packages/authority/src/model/ledger.ts",
        find: "released: old.added === undefined };",
        put: "released: true };",
      },
    ],
    caughtBy: {
      file: "test/authority-planner-converges.test.ts",
      test: "a code that went out to a courier stays quarantined until a receipt overtakes it, even if it never arrives",
    },
  },
];
