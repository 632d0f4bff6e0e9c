/** Planted bugs in what a lock keeps through power cuts, and in what it promises about that. */
import type { Plant } from "./plant.ts";

const firmware = "packages/lock-sim/src/firmware";
const boot = `${firmware}/boot.ts`;
const commit = `${firmware}/commit.ts`;
const session = `${firmware}/session.ts`;
const store = `${firmware}/store.ts`;
const sync = `${firmware}/sync.ts`;

export const storagePlants: readonly Plant[] = [
  {
    id: "receipt-before-commit",
    fault: "the lock signs for a table that is not yet in flash",
    finder: "P11",
    edits: [
      {
        file: sync,
        find: 'return withCommit(open, plan, { version, state, table, issuedAt }, "delta", entries);',
        put: 'const said = sayReceipt({ ...open, inForce: { version, state, table, issuedAt } }, turn); return withCommit({ ...said, inForce: open.inForce }, plan, { version, state, table, issuedAt }, "delta", entries);',
      },
    ],
  },
  {
    id: "count-before-stage",
    fault: "the secure element names a table that flash does not hold yet",
    finder: "P2",
    edits: [
      {
        file: commit,
        find: "const ops = [...stage, ...written, ...commit];",
        put: "const ops = [...written, ...stage, ...commit];",
      },
    ],
  },
  {
    id: "in-place-write",
    fault: "the bank that is erased and written next is the one in force",
    finder: "P2",
    edits: [
      {
        file: store,
        find: 'spare: { kind: "dirty", bank: otherBank(spare.bank), erasedSectors: 0 }, }, dropped',
        put: 'spare: { kind: "dirty", bank: spare.bank, erasedSectors: 0 }, }, dropped',
      },
    ],
  },
  {
    id: "no-read-back",
    fault: "what was programmed is taken for stored without being read back",
    finder: "P2",
    edits: [
      {
        file: `${firmware}/work.ts`,
        find: 'if (op?.kind === "program" && answer.kind === "programmed") return equal(op.bytes, answer.readBack);',
        put: 'if (op?.kind === "program" && answer.kind === "programmed") return answer.readBack.length === op.bytes.length;',
      },
    ],
  },
  {
    id: "boot-stops-short",
    fault: "at power-on a last step whose commit word was cut is left out",
    finder: "P2",
    edits: [
      {
        file: boot,
        find: "return step && { reading, steps: [...deltas, step], last: step };",
        put: "return undefined;",
      },
    ],
  },
  {
    id: "orphaned-by-half-a-write",
    fault: "a record that was cut half-way is written over, and the new one is lost",
    finder: "P2",
    edits: [
      {
        file: boot,
        find: "appendAt = Math.max(appendAt, until);",
        put: "appendAt = Math.max(appendAt, start);",
      },
    ],
  },
  {
    id: "floor-falls",
    fault: "the time floor is forgotten when power goes",
    finder: "P14",
    edits: [
      {
        file: boot,
        find: "const floorSeconds = Math.max(isOwn ? home.floorSeconds : 0, issuedAt);",
        put: "const floorSeconds = isOwn ? 0 : 0;",
      },
    ],
  },
  {
    id: "hanging-courier",
    fault: "a courier that says nothing keeps the only connection for ever",
    finder: "P18",
    edits: [
      {
        file: session,
        find: "return silentMs > silentMsMax || old ? hangUp(running, turn) : running;",
        put: "return silentMs > silentMsMax && old && turn.now.uptimeMs < 0 ? hangUp(running, turn) : running;",
      },
    ],
  },
  {
    id: "endless-signatures",
    fault: "a courier may have any number of bad signatures verified",
    finder: "P18",
    edits: [
      {
        file: session,
        find: '= ["U9", "K3", "A2", "N4", "Q5", "Q8"];',
        put: "= [];",
      },
    ],
  },
  {
    id: "counter-not-raised",
    fault: "a delta is appended to the log, and the secure element is not told",
    finder: "P3",
    edits: [{ file: store, find: "secure: store.placement,", put: "secure: undefined," }],
  },
  {
    id: "floor-above-what-was-signed",
    fault: "a table raises the time floor two hours above what was signed",
    finder: "P14",
    edits: [
      {
        file: store,
        find: "const floorSeconds = Math.max(store.floorSeconds, issuedAt);",
        put: "const floorSeconds = Math.max(store.floorSeconds, issuedAt + 7_200);",
      },
    ],
  },
];
