/**
 * What each message costs, to the byte, and the targets for whole visits. Sizes only: whether a message is believed
 * is tested elsewhere, and the bench prints the same table.
 */
import { expect, test } from "vitest";
import {
  type BudgetRow,
  byteBudget,
  bytesOf,
  exampleVersion,
  newCodes,
  oneRemoval,
  visit,
} from "./byte-budget.ts";

const budget = byteBudget();

function rowOf(name: string): BudgetRow {
  const row = budget.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row "${name}"`);
  return row;
}

test("every message has exactly the bytes that the budget says", () => {
  console.log(
    [
      "name                                    body  MTU 247  MTU 23",
      ...budget.map(
        (row) =>
          `${row.name.padEnd(38)}${String(row.body).padStart(6)}${String(row.framed).padStart(9)}${String(row.framedAtMtu23).padStart(8)}`,
      ),
    ].join("\n"),
  );
  const measured = budget.map(({ name, body, framed, framedAtMtu23 }) => [name, body, framed, framedAtMtu23]);
  expect(measured).toEqual([
    ["hello request", 0, 2, 2],
    ["hello request, nonce wanted", 1, 3, 3],
    ["hello answer", 17, 19, 19],
    ["hello answer with nonce", 34, 36, 39],
    ["update, 1 removal", 149, 151, 160],
    ["update, 1 put", 176, 178, 189],
    ["update, 10 puts", 440, 445, 467],
    ["update, 12 puts (the most)", 498, 504, 528],
    ["manifest of a delta, 64 puts", 200, 202, 214],
    ["manifest of a snapshot, 1,000 codes", 193, 195, 207],
    ["chunk, 64 items", 1_909, 1_920, 2_013],
    ["next", 5, 7, 7],
    ["refusal with detail", 5, 7, 7],
    ["receipt request", 0, 2, 2],
    ["receipt", 98, 100, 107],
    ["time token", 79, 81, 87],
    ["commission offer", 252, 257, 269],
    ["commission reply", 183, 185, 196],
    ["rotation", 217, 219, 232],
    ["log pull, after event 100,000", 6, 8, 8],
    ["log segment, 1 event", 112, 114, 122],
    ["log segment, 81 events (the most)", 2_032, 2_044, 2_143],
    ["log acknowledgement, event 100,000", 96, 98, 105],
    ["unlock-start, either way", 48, 50, 54],
    ["unlock", 224, 226, 239],
    ["unlocked", 21, 23, 26],
    ["visit: one revocation", 264, 272, 288],
    ["visit: one code reset", 291, 299, 317],
    ["visit: ten new codes", 555, 566, 595],
    ["visit: eleven new codes", 584, 595, 625],
    ["visit: fifty new codes", 1_823, 1_843, 1_935],
    ["visit: snapshot of 1,000 codes", 30_265, 30_479, 31_953],
    ["visit: unlock by app", 358, 370, 394],
  ]);
});

test("every visit with a target stays within it at MTU 247", () => {
  const bound = budget.filter((row) => row.framedMax !== undefined);
  expect(bound.map((row) => row.name)).toEqual([
    "visit: one revocation",
    "visit: ten new codes",
    "visit: snapshot of 1,000 codes",
  ]);
  for (const row of bound) expect(row.framed, row.name).toBeLessThanOrEqual(row.framedMax ?? 0);
});

test("a revocation takes two round trips, each message in one frame", () => {
  const said = visit(oneRemoval(10));
  expect(said.map(({ direction }) => direction)).toEqual(["toLock", "toPhone", "toLock", "toPhone"]);
  expect(bytesOf(said).framed - bytesOf(said).body).toBe(2 * said.length);
  expect(exampleVersion).toBe(1_042);
});

test("a further code costs at most 32 bytes, in an update and across the step to a stream", () => {
  const ten = rowOf("visit: ten new codes").framed;
  expect(rowOf("visit: eleven new codes").framed - ten).toBeLessThanOrEqual(32);
  expect((rowOf("visit: fifty new codes").framed - ten) / 40).toBeLessThanOrEqual(32);
  expect(newCodes(50).messages).toHaveLength(2);
});

test("twelve new codes are the most that ride in one signed message", () => {
  expect(newCodes(12).messages).toHaveLength(1);
  expect(newCodes(13).messages).toHaveLength(2);
});

test("one change costs the same bytes in a table of 10, of 1,000 and of 10,000", () => {
  const sizes = [10, 1_000, 10_000].map((codes) => bytesOf(visit(oneRemoval(codes))).framed);
  expect(sizes).toEqual([272, 272, 272]);
});
