/** Planted bugs of the authority's books and of the phones between. */
import type { Plant } from "./plant.ts";

const model = "packages/authority/src/model";
const issue = "packages/authority/src/issue";
const phone = "packages/phone-client/src";

export const officePlants: readonly Plant[] = [
  {
    id: "sent-is-done",
    fault: "a removal counts as done when it was given to a courier",
    finder: "P11",
    edits: [
      {
        file: `${model}/proof.ts`,
        find: "const free = lock.proven >= code.removed || (!reached(code, lock) && !holds(code, lock.proven));",
        put: "const free = code.removed > 0;",
      },
    ],
  },
  {
    id: "recycled-code",
    fault: "a revoked code is given to somebody else while an unsynced lock still takes it",
    finder: "P11",
    edits: [
      {
        file: `${model}/ledger.ts`,
        find: "released: old.added === undefined };",
        put: "released: true };",
      },
    ],
  },
  {
    id: "codes-given-twice",
    fault: "nobody looks whether a code is somebody else's already",
    finder: "P25",
    edits: [
      {
        file: `${model}/code.ts`,
        find: "weakCode(digits) === undefined && !isTaken(digits);",
        put: "weakCode(digits) === undefined;",
      },
      {
        file: `${model}/ledger.ts`,
        find: 'if (takenMarks(ledger, code.person).has(code.mark)) throw new Error("a taken code was drawn");',
        put: "",
      },
    ],
  },
  {
    id: "damaged-counts-as-synced",
    fault: "a lock that says it is damaged counts as in step",
    finder: "P25",
    edits: [
      { file: `${model}/proof.ts`, find: "if (said.damaged)", put: "if (said.damaged && said.version < 0)" },
    ],
  },
  {
    id: "versions-from-the-backup",
    fault: "an authority restored from a backup counts on from there, below its locks",
    finder: "P25",
    edits: [
      {
        file: `${issue}/version.ts`,
        find: "const version = Math.max(newest.version, lock.contradicted ?? 0) + 1;",
        put: "const version = newest.version + 1;",
      },
      {
        file: `${model}/proof.ts`,
        find: 'return { ledger: { ...ledger, lock: { ...lock, contradicted, doubt } }, outcome: "contradicts" };',
        put: 'return { ledger: contradicted < 0 ? ledger : { ...ledger }, outcome: "contradicts" };',
      },
    ],
  },
  {
    id: "revoked-code-stays",
    fault: "a revoked code is taken out of the books and not out of the table",
    finder: "P3",
    edits: [
      {
        file: `${issue}/items.ts`,
        find: "const wanted = codes.filter((code) => !code.revoked);",
        put: "const wanted = codes.filter((code) => codes.findLast((one) => one.wireId === code.wireId) === code);",
      },
    ],
  },
  {
    id: "leases-slide",
    fault: "a version that is handed out again is dated anew, and its leases with it",
    finder: "P3",
    edits: [
      {
        file: `${issue}/parcels.ts`,
        find: "const span = { to: plan.to, issuedAt: newest.issuedAt, lifeHours: newest.lifeHours };",
        put: "const span = { to: plan.to, issuedAt: now, lifeHours: newest.lifeHours };",
      },
    ],
  },
  {
    id: "deltas-from-the-proven-version-only",
    fault: "a version whose receipt was lost is a dead end for the lock",
    finder: "P25",
    edits: [
      {
        file: `${model}/ledger.ts`,
        find: ".filter(({ version, handedOut }) => version === lock.proven || (handedOut && version > lock.proven))",
        put: ".filter(({ version }) => version === lock.proven)",
      },
      {
        file: `${issue}/parcels.ts`,
        find: "const snapshot = to > 0 && (isShort || lock.snapshotWanted || lock.contradicted !== undefined);",
        put: "const snapshot = to > 0 && (isShort || lock.contradicted !== undefined);",
      },
    ],
  },
  {
    id: "courier-keeps-receipts",
    fault: "a courier shows the receipt to its person and brings it to nobody",
    finder: "P25",
    edits: [
      {
        file: `${phone}/errand/visit.ts`,
        find: "satchel: owe(prove(visit.satchel, proof), slip),",
        put: "satchel: prove(visit.satchel, proof),",
      },
      {
        file: `${phone}/errand/errand.ts`,
        find: 'return after([{ kind: "owe", slip: believed.slip }], step);',
        put: 'return believed.slip.kind === "receipt" ? step : after([{ kind: "owe", slip: believed.slip }], step);',
      },
    ],
  },
];
