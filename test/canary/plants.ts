/**
 * The planted faults: small named changes to the shipped sources, and the named test that must catch each. A fault that
 * a second defence masks takes that defence out in the same plant. A crash does not count as a find.
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
  /** What a firmware, or an authority, with this fault would do. */
  readonly fault: string;
  readonly edits: readonly Edit[];
  readonly caughtBy: { readonly file: string; readonly test: string };
}

const acceptUpdate = "packages/protocol/src/rules/accept-update.ts";
const trust = "packages/protocol/src/rules/trust.ts";
const table = "packages/protocol/src/codes/table.ts";
const sync = "packages/lock-sim/src/firmware/sync.ts";

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
    caughtBy: { file: "test/updates-are-judged.test.ts", test: "a key for another purpose, or another authority's, is refused" },
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
      file: "test/updates-are-judged.test.ts",
      test: "P5: another lock refuses it, even with equal keys, versions and tables",
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
    caughtBy: { file: "test/updates-are-judged.test.ts", test: "the next epoch refuses it, even with equal keys" },
  },
  {
    id: "accept-equal-version",
    fault: "the version in force may be replaced by other content of the same number",
    edits: [
      {
        file: acceptUpdate,
        find: "if (to === held.version && !(held.snapshotOnly && snapshot)) {",
        put: "if (to === held.version && !snapshot) {",
      },
    ],
    caughtBy: {
      file: "test/updates-are-judged.test.ts",
      test: "equal with the same content is ALREADY; equal with other content is CONFLICT and never applied (P1b)",
    },
  },
  {
    id: "unkeyed-digest",
    fault: "the table's state is a plain hash, which a courier can guess codes against",
    edits: [
      {
        file: table,
        find: 'return crypto.mac(stateKey, encode(["doorsync/1 state", version, count, digest])).slice(0, stateBytes);',
        put: 'return crypto.hash(encode(["doorsync/1 state", version, count, digest])).slice(stateKey.length - 32, stateBytes);',
      },
    ],
    caughtBy: { file: "test/tables-agree.test.ts", test: "?" },
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
];
