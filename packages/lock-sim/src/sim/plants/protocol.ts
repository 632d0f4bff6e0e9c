/** Planted bugs in what is believed: the rules of messages, for lock and authority. */
import type { Plant } from "./plant.ts";

const acceptUpdate = "packages/protocol/src/rules/accept-update.ts";

export const protocolPlants: readonly Plant[] = [
  {
    id: "skip-signature",
    fault: "an update counts whoever signed it",
    finder: "P19",
    edits: [
      {
        file: acceptUpdate,
        find: "if (!verifySign1(crypto, trust.authority.table, signedContext(type, trust.name), parts.value)) {",
        put: "if (parts.value.signature.length === 0) {",
      },
    ],
  },
  {
    id: "accept-older-version",
    fault: "an older update is judged like a newer one, and nobody looks what it is based on",
    finder: "P1",
    edits: [
      {
        file: acceptUpdate,
        find: 'if (to < held.version) return refuse("STALE", "U10", held.version);',
        put: "",
      },
      // Else only snapshots would get in: of deltas the base is a second defence.
      {
        file: acceptUpdate,
        find: "const fits = to - body.span === held.version && crypto.same(body.base, held.state);",
        put: "const fits = true;",
      },
      {
        file: acceptUpdate,
        find: "if (!crypto.same(tableState(crypto, trust.keys.state, to, table.value), state)) {",
        put: "if (state.length === 0) {",
      },
    ],
  },
  {
    id: "delta-on-wrong-base",
    fault: "a delta is applied to whatever table is there, and what comes out is not compared",
    finder: "P3",
    edits: [
      {
        file: acceptUpdate,
        find: "const fits = to - body.span === held.version && crypto.same(body.base, held.state);",
        put: "const fits = true;",
      },
      {
        file: acceptUpdate,
        find: "if (!crypto.same(tableState(crypto, trust.keys.state, to, table.value), state)) {",
        put: "if (state.length === 0) {",
      },
    ],
  },
  {
    id: "chatty-refusals",
    fault: "a stranger hears which check his message failed",
    finder: "P19",
    edits: [
      {
        file: acceptUpdate,
        find: 'if (!read.ok) return refuse("REJECTED", "U5");',
        put: 'if (!read.ok) return refuse("BODY_INVALID", "U5");',
      },
      {
        file: acceptUpdate,
        find: 'if (to === 0 || to > held.version + versionLeapMax) return refuse("REJECTED", "U8");',
        put: 'if (to === 0 || to > held.version + versionLeapMax) return refuse("BODY_INVALID", "U8");',
      },
    ],
  },
  {
    id: "deltas-forget-removals",
    fault: "a delta brings what is new and leaves what is gone",
    finder: "P3",
    edits: [
      {
        file: "packages/authority/src/issue/version.ts",
        find: "removes: [...held.keys()].sort((a, b) => a - b),",
        put: "removes: [],",
      },
    ],
  },
  {
    id: "deltas-forget-news",
    fault: "a delta takes away what is gone and leaves out what is new",
    finder: "P3",
    edits: [
      {
        file: "packages/authority/src/issue/version.ts",
        find: "if (old === undefined || !equal(old, item)) puts.push(item);",
        put: "if (old !== undefined && !equal(old, item)) puts.push(item);",
      },
    ],
  },
];
