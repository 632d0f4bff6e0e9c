/**
 * What streams behind a manifest: each chunk is authenticated before it counts, and a snapshot or a large delta is
 * complete only as it was signed. The manifest itself is judged in updates-are-judged.
 */
import { describe, expect, test } from "vitest";
import { type Bytes, concat, noBytes } from "../packages/protocol/src/bytes.ts";
import {
  alwaysCredential,
  encodeItem,
  firstCredentialId,
  itemBytes,
  plainRule,
} from "../packages/protocol/src/codes/item.ts";
import {
  applyChange,
  type Change,
  digestWith,
  packItems,
  tableState,
} from "../packages/protocol/src/codes/table.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { readChunk } from "../packages/protocol/src/messages/chunk.ts";
import { noHash } from "../packages/protocol/src/messages/manifest.ts";
import {
  type AcceptedManifest,
  acceptChunk,
  completeDelta,
  completeSnapshot,
  type Held,
} from "../packages/protocol/src/rules/accept-update.ts";
import { issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import { codeItem, fast, modelOfCodes, secret, tableOf } from "./arbitraries.ts";
import { flipped, forgeChunk, sivOf } from "./forge.ts";
import {
  at,
  base,
  change,
  chunks,
  forgedManifest,
  from,
  held,
  judgeManifest,
  keys,
  lock,
  manifest,
  only,
  put,
  seeds,
  snapshot,
  snapshotBody,
  snapshotTable,
  to,
  trust,
} from "./judged-case.ts";
import { accepted } from "./matchers.ts";

test("of a chunk: all fall to its hash, C2", () => {
  const awaited = only(
    [accepted(judgeManifest(manifest))].filter(({ kind }) => kind === "manifest"),
  ) as AcceptedManifest;
  const [first = noBytes] = chunks;
  const expected = { index: 0, hash: awaited.root, afterId: -1 };
  accepted(acceptChunk(fast, trust, awaited, expected, first));
  for (let bit = 0; bit < 8 * first.length; bit++) {
    expect(acceptChunk(fast, trust, awaited, expected, flipped(first, bit)), `bit ${bit}`).toRefuseWith(
      "REJECTED",
      "C2",
    );
  }
});

describe("chunks", () => {
  const wholeSnapshot = accepted(judgeManifest(manifest)) as AcceptedManifest;
  const packed = packItems(snapshotTable);
  const firstItems = packed.subarray(0, 64 * itemBytes);

  /** A one-chunk manifest whose chunk the authority made in any way at all. */
  function announced(
    items: Bytes,
    said: { index?: number; sealedIndex?: number; count?: number; next?: Bytes; siv?: Bytes },
  ) {
    const count = said.count ?? items.length / itemBytes;
    const siv = sivOf(fast, lock, to, items);
    const place = { to, items: count, siv, sealedIndex: said.sealedIndex ?? 0 };
    const next = said.next ?? noHash;
    const chunk = forgeChunk(fast, lock, place, { index: said.index ?? 0, next, items });
    const streamed = { items: count, siv: said.siv ?? siv, root: fast.hash(chunk) };
    const awaited = accepted(judgeManifest(forgedManifest(snapshotBody, streamed))) as AcceptedManifest;
    return acceptChunk(fast, trust, awaited, { index: 0, hash: awaited.root, afterId: -1 }, chunk);
  }

  test("come in their order only: the second is not the first, and a doubled one is refused", () => {
    const [first = noBytes, second = noBytes] = chunks;
    const start = { index: 0, hash: wholeSnapshot.root, afterId: -1 };
    expect(acceptChunk(fast, trust, wholeSnapshot, start, second)).toRefuseWith("REJECTED", "C2");
    const heard = accepted(acceptChunk(fast, trust, wholeSnapshot, start, first));
    const afterFirst = { index: 1, hash: heard.next, afterId: firstCredentialId + 62 };
    expect(acceptChunk(fast, trust, wholeSnapshot, afterFirst, first)).toRefuseWith("REJECTED", "C2");
    accepted(acceptChunk(fast, trust, wholeSnapshot, afterFirst, second));
    expect(acceptChunk(fast, trust, wholeSnapshot, start, new Uint8Array(2_049))).toRefuseWith(
      "TOO_LARGE",
      "C1",
    );
    // Ids must ascend over the border of two chunks as well.
    const overlap = { ...afterFirst, afterId: firstCredentialId + 63 };
    expect(acceptChunk(fast, trust, wholeSnapshot, overlap, second)).toRefuseWith("BODY_INVALID", "C6");
  });

  test("C3 index, C4 seal, C5 count and end of the chain, C6 order: each by its own number", () => {
    expect(announced(firstItems, {})).toMatchObject({ ok: true });
    expect(announced(firstItems, { index: 1 })).toRefuseWith("BODY_INVALID", "C3");
    expect(announced(firstItems, { sealedIndex: 1 })).toRefuseWith("BODY_INVALID", "C4");
    expect(announced(firstItems, { siv: secret("siv", 16) })).toRefuseWith("BODY_INVALID", "C4");
    expect(announced(firstItems, { count: 63 })).toRefuseWith("BODY_INVALID", "C5");
    expect(announced(firstItems, { next: secret("more") })).toRefuseWith("BODY_INVALID", "C5");
    expect(announced(firstItems, { count: 65 })).toRefuseWith("BODY_INVALID", "C5");
    const swapped = concat(packed.subarray(itemBytes, 2 * itemBytes), packed.subarray(0, itemBytes));
    expect(announced(swapped, {})).toRefuseWith("BODY_INVALID", "C6");
    expect(announced(concat(put, put), {})).toRefuseWith("BODY_INVALID", "C6");
  });

  test("a chunk of another lock, version or stream does not open here", () => {
    const [first = noBytes] = chunks;
    const start = { index: 0, hash: fast.hash(first), afterId: -1 };
    expect(readChunk(first, 2_048)?.index).toBe(0);
    for (const [who, spoilt] of [
      [{ ...trust, name: { ...trust.name, lockId: secret("twin", 16) } }, wholeSnapshot],
      [{ ...trust, name: { ...trust.name, epoch: 2 } }, wholeSnapshot],
      [trust, { ...wholeSnapshot, to: to + 1 }],
      [trust, { ...wholeSnapshot, items: wholeSnapshot.items + 1 }],
      [trust, { ...wholeSnapshot, siv: secret("siv", 16) }],
    ] as const) {
      expect(acceptChunk(fast, who, spoilt, start, first)).toRefuseWith("BODY_INVALID", "C4");
    }
  });

  test("a snapshot is complete only with every item, the signed sum and a table that means something", () => {
    const sum = snapshotTable.digest;
    const complete = (items: Bytes, digest: Bytes, at: Partial<Held> = {}) =>
      completeSnapshot(fast, trust, { ...held, ...at }, wholeSnapshot, items, digest);
    expect(accepted(complete(packed, sum)).state).toEqual(snapshot.state);
    expect(complete(packed.subarray(itemBytes), sum)).toRefuseWith("BODY_INVALID", "U12");
    expect(complete(packed, flipped(sum, 0))).toRefuseWith("BODY_INVALID", "U17");
    expect(complete(packed, sum, { capacity: 129 })).toRefuseWith("RESOURCE_EXHAUSTED", "U16");
    expect(complete(packed, sum, { capacity: 130 })).toMatchObject({ ok: true });
    // Signed by the authority, and yet two people have one code.
    const twins = [1, 2].map((n) => codeItem(keys, firstCredentialId + n, 1, "4821"));
    const items = [encodeItem(plainRule(1, "code", 0, false)), ...twins];
    const digest = items.reduce(
      (d, item) => digestWith(fast, keys.digest, d, item, 1),
      new Uint8Array(32) as Bytes,
    );
    const table = { ...snapshotTable, count: 3, digest };
    const said = { ...wholeSnapshot, items: 3, state: tableState(fast, keys.state, to, table) };
    const verdict = completeSnapshot(fast, trust, held, said, concat(...items), digest);
    expect(verdict).toRefuseWith("DUPLICATE", "table/duplicate-tag");
  });
});

describe("deltas too large for one message", () => {
  const codes = (count: number): Change => ({
    removes: [],
    puts: Array.from({ length: count }, (_, i) =>
      codeItem(keys, firstCredentialId + 100 + i, 1, String(700_000 + i)),
    ),
  });

  test("travel as a manifest and one chunk, and end in the same table", () => {
    const removes = Array.from({ length: 10 }, (_, i) => firstCredentialId + i);
    const large = { ...codes(64), removes };
    const streamed = accepted(issueUpdate(fast, seeds.table, lock, at, large));
    expect(streamed.messages.map(({ type }) => type)).toEqual([
      messageCatalog.manifest.type,
      messageCatalog.chunk.type,
    ]);
    const [head, chunk] = streamed.messages;
    const awaited = accepted(judgeManifest(head?.body ?? noBytes)) as AcceptedManifest;
    expect(awaited).toMatchObject({ span: 1, items: 64, chunks: 1, removes });
    const start = { index: 0, hash: awaited.root, afterId: -1 };
    const { items } = accepted(acceptChunk(fast, trust, awaited, start, chunk?.body ?? noBytes));
    const delta = accepted(completeDelta(fast, trust, held, awaited, items));
    const expected = accepted(applyChange(fast, keys.digest, base, large));
    expect(packItems(delta.table)).toEqual(packItems(expected));
    expect(delta.state).toEqual(tableState(fast, keys.state, to, expected));
    expect(completeDelta(fast, trust, held, awaited, items.subarray(1))).toRefuseWith("BODY_INVALID", "U12");
    expect(completeDelta(fast, trust, held, awaited, items.subarray(itemBytes))).toRefuseWith(
      "NEED_SNAPSHOT",
      "U17",
    );
    expect(completeDelta(fast, trust, held, { ...awaited, span: 0 }, items)).toRefuseWith(
      "BODY_INVALID",
      "U12",
    );
  });

  test("beyond 64 puts or 64 removes nothing is issued: RESOURCE_EXHAUSTED", () => {
    expect(issueUpdate(fast, seeds.table, lock, at, codes(65))).toRefuseWith(
      "RESOURCE_EXHAUSTED",
      "issue/delta-too-large",
    );
    const removes = Array.from({ length: 65 }, (_, i) => firstCredentialId + i);
    const many = { ...at, table: tableOf(keys, modelOfCodes(keys, 70)) };
    expect(issueUpdate(fast, seeds.table, lock, many, { removes, puts: [] })).toRefuseWith(
      "RESOURCE_EXHAUSTED",
    );
    expect(
      accepted(issueUpdate(fast, seeds.table, lock, many, { removes: removes.slice(1), puts: [] })).messages,
    ).toHaveLength(1);
  });

  test("what no table would take is not issued either", () => {
    expect(issueUpdate(fast, seeds.table, lock, at, { removes: [7], puts: [] })).toRefuseWith(
      "BODY_INVALID",
      "table/removes-absent",
    );
    const twin = encodeItem(
      alwaysCredential(firstCredentialId + 50, 1, base.get(firstCredentialId)?.slice(5, 21) ?? noBytes),
    );
    expect(issueUpdate(fast, seeds.table, lock, at, { removes: [], puts: [twin] })).toRefuseWith("DUPLICATE");
    for (const bad of [from, from - 1]) {
      expect(() => issueUpdate(fast, seeds.table, lock, { ...at, to: bad }, change)).toThrow(RangeError);
    }
  });
});
