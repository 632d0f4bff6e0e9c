/**
 * A table behaves like a plain Map of items under a digest that never lies, and a delta leads to the very table that
 * a snapshot brings (P7); no two credentials share a tag (T44, P25). The tables alone: who may change one is tested in updates-are-judged.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concat, toHex } from "../packages/protocol/src/bytes.ts";
import {
  alwaysCredential,
  dailyTag,
  encodeItem,
  firstCredentialId,
  itemBytes,
  itemId,
  plainRule,
  tagBytes,
} from "../packages/protocol/src/codes/item.ts";
import {
  applyChange,
  changeBetween,
  digestWith,
  emptyTable,
  packItems,
  type Table,
  tableFromItems,
  tableState,
} from "../packages/protocol/src/codes/table.ts";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { lifeHoursDefault } from "../packages/protocol/src/limits.ts";
import {
  acceptChunk,
  acceptManifest,
  acceptUpdate,
  completeDelta,
  completeSnapshot,
} from "../packages/protocol/src/rules/accept-update.ts";
import { type Issued, issueSnapshot, issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import {
  changeOf,
  commissionedPair,
  fast,
  holding,
  issuedAt,
  modelAfter,
  modelOf,
  modelOfCodes,
  models,
  packModel,
  secret,
  slotId,
  type TableModel,
  tableOf,
  wishes,
} from "./arbitraries.ts";
import { withUint } from "./forge.ts";
import { accepted } from "./matchers.ts";

const pair = commissionedPair("tables agree");
const { keys } = pair.lock;
const digestKey = keys.digest;

const rule = encodeItem(plainRule(1, "code", 0, false));
const tag = (n: number): Bytes => secret(`tag ${n}`, tagBytes);
const code = (id: number, n: number): Bytes => encodeItem(alwaysCredential(id, 1, tag(n)));

/** D by its definition, in big integers: nothing shared with the code under test but the MAC. */
function digestOf(items: Iterable<Bytes>): Bytes {
  let sum = 0n;
  for (const item of items) sum += BigInt(`0x${toHex(fast.mac(digestKey, item))}`);
  return Uint8Array.from(Buffer.from((sum % 2n ** 256n).toString(16).padStart(64, "0"), "hex"));
}

function expectSame(table: Table, model: TableModel): void {
  expect(toHex(packItems(table))).toBe(toHex(packModel(model)));
  expect(table.count).toBe(model.size);
  expect(table.credentials).toBe([...model.keys()].filter((id) => id >= firstCredentialId).length);
  expect(toHex(table.digest)).toBe(toHex(digestOf(model.values())));
}

test("over any sequence of changes a table equals a plain Map, and its digest equals the one counted anew", () => {
  let sequences = 0;
  let removed = 0;
  fc.assert(
    fc.property(fc.array(fc.array(wishes, { minLength: 1, maxLength: 12 }), { maxLength: 12 }), (rounds) => {
      let table = emptyTable;
      let model: TableModel = new Map();
      for (const wanted of rounds) {
        const next = modelAfter(model, wanted);
        const change = changeOf(model, next);
        table = accepted(applyChange(fast, digestKey, table, change));
        removed += change.removes.length;
        expectSame(table, next);
        for (const id of new Set([...model.keys(), ...next.keys()]))
          expect(table.get(id)).toEqual(next.get(id));
        for (const [id, raw] of [...model, ...next].filter(([id]) => id >= firstCredentialId)) {
          const tag = raw.subarray(5, 5 + tagBytes);
          const holder = [...next].find(([other, now]) => other >= firstCredentialId && sameTag(now, raw));
          // The zeros of derived codes are nobody's tag.
          const expected = toHex(tag) === toHex(dailyTag) ? undefined : holder?.[0];
          expect(table.idOfTag(tag), `tag of ${id}`).toBe(expected);
        }
        model = next;
      }
      sequences++;
    }),
    { numRuns: 60 },
  );
  expect(sequences).toBeGreaterThan(0);
  expect(removed).toBeGreaterThan(0);
});

function sameTag(a: Bytes, b: Bytes): boolean {
  return toHex(a.subarray(5, 5 + tagBytes)) === toHex(b.subarray(5, 5 + tagBytes));
}

test("the order in which a table grew does not show in it", () => {
  fc.assert(
    fc.property(models, fc.infiniteStream(fc.nat()), (model, draws) => {
      const rulesFirst = [...model].sort(([a], [b]) => a - b);
      const besides = rulesFirst.filter(([id]) => id < firstCredentialId);
      const shuffled = rulesFirst
        .filter(([id]) => id >= firstCredentialId)
        .map((entry) => ({ entry, place: draws.next().value ?? 0 }))
        .sort((a, b) => a.place - b.place)
        .map(({ entry }) => entry);
      let table = emptyTable;
      for (const [, raw] of [...besides, ...shuffled]) {
        table = accepted(applyChange(fast, digestKey, table, { removes: [], puts: [raw] }));
      }
      expectSame(table, model);
    }),
    { numRuns: 40 },
  );
});

test("the digest of a table is the same over both providers", () => {
  const packed = packModel(modelOfCodes(keys, 20));
  const slow = accepted(tableFromItems(createCrypto(portable), digestKey, packed));
  expect(toHex(slow.digest)).toBe(toHex(accepted(tableFromItems(fast, digestKey, packed)).digest));
});

test("state8 names version, size and content under its own key: change one of them and it is another", () => {
  const table = tableOf(keys, modelOfCodes(keys, 20));
  const other = { ...table, digest: digestWith(fast, digestKey, table.digest, rule, 1) };
  const states = [
    tableState(fast, keys.state, 5, table),
    tableState(fast, keys.state, 6, table),
    tableState(fast, keys.state, 5, { ...table, count: table.count + 1 }),
    tableState(fast, keys.state, 5, other),
    tableState(fast, secret("another state key"), 5, table),
  ];
  expect(new Set(states.map(toHex)).size).toBe(states.length);
  expect(tableState(fast, keys.state, 5, tableOf(keys, modelOfCodes(keys, 20)))).toEqual(states[0]);
});

test("adding an item and taking it away again restores any digest, carries and borrows included", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 40 }),
      (digest, item) => {
        const there = digestWith(fast, digestKey, digest, item, 1);
        expect(digestWith(fast, digestKey, there, item, -1)).toEqual(digest);
      },
    ),
  );
});

test("the change between two tables is the smallest one, and leads from one to the other", () => {
  fc.assert(
    fc.property(models, fc.array(wishes, { maxLength: 15 }), (model, wanted) => {
      const after = modelAfter(model, wanted);
      const change = changeBetween(tableOf(keys, model), tableOf(keys, after));
      expect(change).toEqual(changeOf(model, after));
      expectSame(accepted(applyChange(fast, digestKey, tableOf(keys, model), change)), after);
    }),
    { numRuns: 60 },
  );
});

// ---- P7 ----

/** The table a lock ends with after hearing everything of `issued`. */
function delivered(issued: Issued, version: number, table: Table): Table {
  const held = holding(keys, version, table);
  const [head, ...chunks] = issued.messages;
  if (head === undefined) throw new Error("nothing was issued");
  if (head.type === 2) {
    const delta = accepted(acceptUpdate(fast, pair.trust, held, head.body));
    if (delta.kind !== "delta") throw new Error("already held");
    return delta.table;
  }
  const manifest = accepted(acceptManifest(fast, pair.trust, held, head.body));
  if (manifest.kind !== "manifest") throw new Error("already held");
  expect(manifest.chunks).toBe(chunks.length);
  let expected = { index: 0, hash: manifest.root, afterId: -1 };
  let heard: Bytes = new Uint8Array(0);
  for (const chunk of chunks) {
    const { index, items, next } = accepted(acceptChunk(fast, pair.trust, manifest, expected, chunk.body));
    heard = concat(heard, items);
    expected = { index: index + 1, hash: next, afterId: itemId(items.subarray(items.length - itemBytes)) };
  }
  return manifest.span === 0
    ? accepted(completeSnapshot(fast, pair.trust, held, manifest, heard, digestOf(itemsOf(heard)))).table
    : accepted(completeDelta(fast, pair.trust, held, manifest, heard)).table;
}

function itemsOf(packed: Bytes): readonly Bytes[] {
  return Array.from({ length: packed.length / itemBytes }, (_, i) =>
    packed.subarray(i * itemBytes, (i + 1) * itemBytes),
  );
}

test("P7: a delta from a to b gives the table of the snapshot of b byte for byte, and on any other table nothing", () => {
  const shapes = new Set<string>();
  fc.assert(
    fc.property(
      models,
      fc.array(wishes, { minLength: 1, maxLength: 30, size: "max" }),
      models,
      (model, wanted, elsewhere) => {
        const after = modelAfter(model, wanted);
        const [from, to] = [41, 43];
        const base = tableOf(keys, model);
        const at = { from, to, table: base, issuedAt, lifeHours: lifeHoursDefault };
        const issued = accepted(issueUpdate(fast, pair.seeds.table, pair.lock, at, changeOf(model, after)));
        const snapshot = issueSnapshot(fast, pair.seeds.table, pair.lock, {
          ...at,
          table: tableOf(keys, after),
        });
        shapes.add(issued.messages.length === 1 ? "update" : "manifest and chunk");

        const byDelta = delivered(issued, from, base);
        const bySnapshot = delivered(snapshot, 7, tableOf(keys, elsewhere));
        expect(toHex(packItems(byDelta))).toBe(toHex(packItems(bySnapshot)));
        expect(byDelta.digest).toEqual(bySnapshot.digest);
        expect(tableState(fast, keys.state, to, byDelta)).toEqual(snapshot.state);
        expect(issued.state).toEqual(snapshot.state);

        const strange = tableOf(keys, elsewhere);
        if (toHex(packItems(strange)) === toHex(packItems(base))) return;
        shapes.add("other base");
        const head = issued.messages[0];
        if (head === undefined) throw new Error("nothing was issued");
        const judge = head.type === 2 ? acceptUpdate : acceptManifest;
        expect(judge(fast, pair.trust, holding(keys, from, strange), head.body)).toRefuseWith(
          "NEED_SNAPSHOT",
          "U15",
        );
        const otherVersion = judge(fast, pair.trust, holding(keys, from + 1, base), head.body);
        expect(otherVersion).toRefuseWith("NEED_SNAPSHOT", "U15");
      },
    ),
    { numRuns: 80 },
  );
  expect(shapes).toEqual(new Set(["update", "manifest and chunk", "other base"]));
});

// ---- T44, P25: one tag, one credential ----

const people = new Map<number, Bytes>([
  [1, rule],
  ...[0, 1, 2].map((n): [number, Bytes] => [slotId(n), code(slotId(n), n)]),
]);

test("a put whose tag another credential holds is refused as DUPLICATE with the new credential's id", () => {
  const table = tableOf(keys, people);
  const late = slotId(9);
  const verdict = applyChange(fast, digestKey, table, { removes: [], puts: [code(late, 1)] });
  expect(verdict).toRefuseWith("DUPLICATE", "table/duplicate-tag");
  expect(verdict).toHaveProperty("detail", late);
  // The same among the puts of one change, and in a snapshot.
  const twins = [code(slotId(9), 30), code(slotId(10), 30)];
  expect(applyChange(fast, digestKey, table, { removes: [], puts: twins })).toRefuseWith("DUPLICATE");
  const snapshot = tableFromItems(fast, digestKey, concat(rule, ...twins));
  expect(snapshot).toRefuseWith("DUPLICATE", "table/duplicate-tag");
  expect(snapshot).toHaveProperty("detail", slotId(10));
});

test("a suspended credential still holds its tag, so that resuming it cannot make a duplicate", () => {
  const table = tableOf(keys, people);
  const asleep = encodeItem({ ...alwaysCredential(slotId(1), 1, tag(1)), suspended: true });
  const slept = accepted(applyChange(fast, digestKey, table, { removes: [], puts: [asleep] }));
  expect(slept.idOfTag(tag(1))).toBe(slotId(1));
  expect(applyChange(fast, digestKey, slept, { removes: [], puts: [code(slotId(9), 1)] })).toRefuseWith(
    "DUPLICATE",
  );
});

test("two people may swap codes, and a tag may move to a new credential, within one change", () => {
  const table = tableOf(keys, people);
  const puts = [code(slotId(0), 1), code(slotId(1), 0)];
  const swapped = accepted(applyChange(fast, digestKey, table, { removes: [], puts }));
  expect(swapped.idOfTag(tag(0))).toBe(slotId(1));
  expect(swapped.idOfTag(tag(1))).toBe(slotId(0));
  const moved = accepted(
    applyChange(fast, digestKey, swapped, { removes: [slotId(0)], puts: [code(slotId(9), 1)] }),
  );
  expect(moved.idOfTag(tag(1))).toBe(slotId(9));
  // Back to where it began, so that no trace of the detour is left in digest or index.
  const back = { removes: [slotId(9)], puts: [code(slotId(0), 0), code(slotId(1), 1)] };
  expectSame(accepted(applyChange(fast, digestKey, moved, back)), people);
});

// ---- Changes that mean nothing ----

test("a change out of order, about absent ids or about one id twice is refused by name", () => {
  const table = tableOf(keys, people);
  const [a, b, c] = [slotId(0), slotId(1), slotId(2)];
  const refused = (removes: readonly number[], puts: readonly Bytes[]) =>
    applyChange(fast, digestKey, table, { removes, puts });
  expect(refused([b, a], [])).toRefuseWith("BODY_INVALID", "table/removes-order");
  expect(refused([a, a], [])).toRefuseWith("BODY_INVALID", "table/removes-order");
  expect(refused([slotId(9)], [])).toRefuseWith("BODY_INVALID", "table/removes-absent");
  expect(refused([a], [code(a, 9)])).toRefuseWith("BODY_INVALID", "table/removes-and-puts");
  expect(refused([], [code(b, 11), code(a, 12)])).toRefuseWith("BODY_INVALID", "table/puts-order");
  expect(refused([], [code(c, 11), code(c, 12)])).toRefuseWith("BODY_INVALID", "table/puts-order");
  expect(refused([], [withUint(code(c, 11), 0, 3, 0x8200)])).toRefuseWith("BODY_INVALID", "item/unknown-id");
  expect(refused([], [encodeItem(alwaysCredential(c, 2, tag(11)))])).toRefuseWith(
    "BODY_INVALID",
    "table/rule-missing",
  );
  expect(refused([], [])).toMatchObject({ ok: true });
});

test("a rule goes only together with the last credential under it", () => {
  const table = tableOf(keys, people);
  const ids = [slotId(0), slotId(1), slotId(2)];
  const only = applyChange(fast, digestKey, table, { removes: [1], puts: [] });
  expect(only).toRefuseWith("BODY_INVALID", "table/rule-missing");
  const [, b, c] = ids;
  const kept = applyChange(fast, digestKey, table, { removes: [1, b ?? 0, c ?? 0], puts: [] });
  expect(kept).toRefuseWith("BODY_INVALID", "table/rule-missing");
  const all = applyChange(fast, digestKey, table, { removes: [1, ...ids], puts: [] });
  expect(accepted(all).count).toBe(0);
  const other = encodeItem(plainRule(2, "code", 0, false));
  const puts = [other, ...ids.map((id, n) => encodeItem(alwaysCredential(id, 2, tag(n))))];
  const rehung = accepted(applyChange(fast, digestKey, table, { removes: [1], puts }));
  expect(accepted(tableFromItems(fast, digestKey, packItems(rehung))).digest).toEqual(rehung.digest);
});

test("a snapshot out of order, cut, misspelt or with a credential before its rule is refused by name", () => {
  const [a, b] = [code(slotId(0), 0), code(slotId(1), 1)];
  const read = (...parts: readonly Bytes[]) => tableFromItems(fast, digestKey, concat(...parts));
  expect(read(rule, b, a)).toRefuseWith("BODY_INVALID", "table/order");
  expect(read(rule, a, a)).toRefuseWith("BODY_INVALID", "table/order");
  expect(read(rule, a.subarray(1))).toRefuseWith("BODY_INVALID", "table/length");
  expect(read(a)).toRefuseWith("BODY_INVALID", "table/rule-missing");
  expect(read(rule, withUint(a, 3, 2, 0))).toRefuseWith("BODY_INVALID", "item/credential-rule");
  expect(read()).toMatchObject({ ok: true });
});

// ---- How tables share ----

test("beyond 256 changed ids the base is built anew, and nobody can tell", () => {
  let model: TableModel = modelOfCodes(keys, 300);
  let table = tableOf(keys, model);
  for (let i = 0; i < 300; i++) {
    const next = new Map(model);
    const id = firstCredentialId + i;
    if (i % 3 === 0) next.delete(id);
    else next.set(id, code(id, 1_000 + i));
    table = accepted(applyChange(fast, digestKey, table, changeOf(model, next)));
    model = next;
    if (i % 32 === 0 || (i > 254 && i < 260)) expectSame(table, model);
  }
  expectSame(table, model);
  expect(table.idOfTag(tag(1_001))).toBe(firstCredentialId + 1);
  expect(table.idOfTag(tag(1_000))).toBeUndefined();
  // One change over more ids than any overlay holds.
  const bulk = accepted(applyChange(fast, digestKey, emptyTable, changeOf(new Map(), model)));
  expectSame(bulk, model);
});

test("an old table is what it was after any change to it, and a refused change leaves no trace", () => {
  fc.assert(
    fc.property(models, fc.array(wishes, { minLength: 1, maxLength: 10 }), (model, wanted) => {
      const table = accepted(
        applyChange(fast, digestKey, tableOf(keys, model), changeOf(model, modelAfter(model, wanted))),
      );
      const [before, state] = [
        [...table.items()].map(toHex).join(),
        toHex(tableState(fast, keys.state, 5, table)),
      ];
      const change = changeOf(modelOf(table), modelAfter(modelOf(table), [...wanted].reverse()));
      accepted(applyChange(fast, digestKey, table, change));
      const removes = [...change.removes, 0xffff_fe];
      expect(applyChange(fast, digestKey, table, { ...change, removes }).ok).toBe(false);
      expect([...table.items()].map(toHex).join()).toBe(before);
      expect(toHex(tableState(fast, keys.state, 5, table))).toBe(state);
    }),
    { numRuns: 60 },
  );
});

test("a table does not alias the bytes it was built from, nor those of a change", () => {
  const packed = packModel(people);
  const table = accepted(tableFromItems(fast, digestKey, packed));
  const put = code(slotId(9), 9);
  const changed = accepted(applyChange(fast, digestKey, table, { removes: [], puts: [put] }));
  const before = toHex(packItems(changed));
  packed.fill(0xee);
  put.fill(0xee);
  expect(toHex(packItems(changed))).toBe(before);
});
