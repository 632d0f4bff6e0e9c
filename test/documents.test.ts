/**
 * The documents stay true: the tables, labels, examples and records of the specification are those of the code, and
 * what the threats page points at exists. The prose around them is not tested, nor the README's snippets.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { geometryFor } from "../packages/lock-sim/src/firmware/geometry.ts";
import { encodeRecord, type LogRecord } from "../packages/lock-sim/src/firmware/record.ts";
import { toHex } from "../packages/protocol/src/bytes.ts";
import * as limits from "../packages/protocol/src/limits.ts";
import { encodeNext, encodeRefusal } from "../packages/protocol/src/messages/answers.ts";
import { messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { encodeHelloRequest } from "../packages/protocol/src/messages/hello.ts";
import { parcelBytesMax, returnSlipBytesMax } from "../packages/protocol/src/messages/parcel.ts";
import { refusals, refuse } from "../packages/protocol/src/refusal.ts";
import { lockKeyNames } from "../packages/protocol/src/rules/trust.ts";
import * as dialogue from "../packages/protocol/src/session/dialogue.ts";
import { byteBudget, exampleVersion } from "./byte-budget.ts";
import { cellsOf, numberOf, plain, type Row, tableOf } from "./support/markdown.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const spec = readFileSync(join(root, "docs/SPEC.md"), "utf8");
const threats = readFileSync(join(root, "docs/THREATS.md"), "utf8");

// ---- Reading sources ----

function filesUnder(folder: string, suffix: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix) && !/(^|\/)(dist|node_modules)\//.test(name))
    .map((name) => join(folder, name));
}

const protocolSource = "packages/protocol/src";
const firmwareSource = "packages/lock-sim/src/firmware";
const sources: ReadonlyMap<string, string> = new Map(
  [...filesUnder(protocolSource, ".ts"), ...filesUnder(firmwareSource, ".ts")].map((file) => [
    file,
    readFileSync(join(root, file), "utf8"),
  ]),
);
const source = [...sources.values()].join("\n");
const recordSource = sources.get(`${firmwareSource}/record.ts`) ?? "";

/** Folders that git leaves out, by their paths. */
const leftByRuns = new Set(
  readFileSync(join(root, ".gitignore"), "utf8")
    .split("\n")
    .filter((line) => /^\/.+\/$/.test(line))
    .map((line) => line.slice(1, -1)),
);

// ---- The specification ----

describe("the tables of the specification are the code's", () => {
  test("every refusal: number, name, meaning and remedy", () => {
    const meanings = tableOf(spec, "number", "name", "meaning");
    const remedies = new Map(tableOf(spec, "name", "remedy").map((row) => [row[0], row[1]]));
    const stated = meanings.map(([code, name, meaning]) => ({
      code: numberOf(code),
      name,
      meaning,
      remedy: remedies.get(name),
    }));
    expect(stated).toEqual(Object.entries(refusals).map(([name, row]) => ({ name, ...row })));
    expect(remedies.size).toBe(stated.length);
  });

  test("every limit, with its value", () => {
    const stated = tableOf(spec, "name", "value", "unit", "bounds").map((row) => [
      plain(row[0]),
      numberOf(row[1]),
    ]);
    expect(Object.fromEntries(stated)).toEqual({ ...limits });
    expect(stated).toHaveLength(Object.keys(limits).length);
  });

  test("every message: type number and bounds in both directions", () => {
    const stated = tableOf(spec, "message", "type", "bytes to lock, at most", "bytes to phone, at most").map(
      ([name, type, toLock, toPhone]) => [name, numberOf(type), numberOf(toLock), numberOf(toPhone)],
    );
    const rows: Readonly<Record<string, { type: number; toLock?: number; toPhone?: number }>> =
      messageCatalog;
    expect(stated).toEqual(
      Object.entries(rows).map(([name, row]) => [name, row.type, row.toLock, row.toPhone]),
    );
  });

  test("the dialogue: what a lock hears in each standing, and how it may answer", () => {
    const listOf = (cell = ""): readonly string[] => (cell === "nothing" ? [] : cell.split(", "));
    const hears = tableOf(spec, "standing", "may hear").map(([name, list]) => [name, listOf(list)]);
    expect(Object.fromEntries(hears)).toEqual(dialogue.mayHear);
    const answers = tableOf(spec, "asked", "answers, beside refusal").map(([name, list]) => [
      name,
      listOf(list),
    ]);
    expect(Object.fromEntries(answers)).toEqual(dialogue.mayAnswer);
  });

  test("the byte budget, to the byte", () => {
    const stated = tableOf(spec, "what", "direction", "body", "MTU 247", "MTU 23").map(
      ([name, direction, ...sizes]) => [name, direction, ...sizes.map(numberOf)],
    );
    const directions = { toLock: "to lock", toPhone: "to phone", both: "both" } as const;
    expect(stated).toEqual(
      byteBudget().map((row) => [
        row.name,
        directions[row.direction],
        row.body,
        row.framed,
        row.framedAtMtu23,
      ]),
    );
  });

  test("the kinds of flash record: code, body and extent, from the empty one to the fullest", () => {
    const zeros = (length: number): Uint8Array => new Uint8Array(length);
    const [removesMost, putsMost] = [3 * limits.removesPerUpdateMax, 29 * limits.itemsPerChunkMax];
    const begin = { generation: 0, epoch: 0, to: 0, issuedAt: 0, floorSeconds: 0, items: 0, purpose: 1 };
    const delta = { from: 0, to: 0, issuedAt: 0, state: zeros(8) };
    const block = { index: 0, next: zeros(32), digest: zeros(32) };
    const extremes: readonly (readonly [LogRecord, LogRecord?])[] = [
      [{ kind: "begin", body: { ...begin, state: zeros(8), root: zeros(32), siv: zeros(16) } }],
      [
        { kind: "block", body: { ...block, items: zeros(0) } },
        { kind: "block", body: { ...block, items: zeros(putsMost) } },
      ],
      [
        { kind: "delta", body: { ...delta, removes: zeros(0), puts: zeros(0) } },
        { kind: "delta", body: { ...delta, removes: zeros(removesMost), puts: zeros(putsMost) } },
      ],
      [{ kind: "floor", body: { seconds: 0 } }],
      [{ kind: "event", body: { event: zeros(24) } }],
      [{ kind: "anchor", body: { voids: 0, seq: 0, head: zeros(16), sectors: 0 } }],
    ];
    const measured = extremes.map(([least, most]) => {
      const [small, large] = [encodeRecord(least), encodeRecord(most ?? least)];
      const lenOf = ({ head }: { head: Uint8Array }): number => ((head[8] ?? 0) << 8) | (head[9] ?? 0);
      return [least.kind, small.head[12], lenOf(small), lenOf(large), small.extent, large.extent];
    });
    const stated = tableOf(
      spec,
      ...["kind", "code", "bytes of body, least", "bytes of body, most"],
      ...["bytes of extent, least", "bytes of extent, most"],
    );
    expect(stated.map(([kind, ...numbers]) => [kind, ...numbers.map(numberOf)])).toEqual(measured);
    // No seventh kind in the layouts.
    expect(measured).toHaveLength(recordSource.match(/^ {2}\w+: \{\s*code: \d+/gm)?.length ?? 0);
  });

  test("the geometry of three capacities, and the bounds of files", () => {
    for (const [capacity, bank, image] of tableOf(
      spec,
      "capacity",
      "bytes of a bank",
      "bytes of the image",
    )) {
      const geometry = geometryFor(numberOf(capacity) ?? 0);
      expect([geometry.bankBytes, geometry.imageBytes]).toEqual([numberOf(bank), numberOf(image)]);
    }
    for (const bytes of [parcelBytesMax, returnSlipBytesMax]) {
      expect(
        spec.includes(`at most ${bytes.toLocaleString("en-US")} bytes`),
        `at most ${bytes.toLocaleString("en-US")} bytes`,
      ).toBe(true);
    }
  });

  test("the sums of the RAM budget are the sums of its rows", () => {
    const rows = tableOf(spec, "what", "bytes", "at 1,000 codes", "at 10,000 codes");
    const sums = [2, 3].map((column) =>
      rows.slice(0, -1).reduce((sum, row) => sum + (numberOf(row[column]) ?? 0), 0),
    );
    expect(rows.at(-1)?.slice(2).map(numberOf)).toEqual(sums);
  });
});

describe("the checks of the specification are the code's", () => {
  /** Check and refusals of every row whose first cell is a check, whatever the table. */
  function stated(): ReadonlyMap<string, string> {
    const rows = spec
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .map(cellsOf);
    const found = new Map<string, string>();
    let header: Row = [];
    for (const row of rows) {
      if (row[0] === "check") header = row;
      const check = plain(row[0]);
      if (/^([A-Z]\d|[a-z0-9]+\/|no-|writing|wiping|dialogue|flash)/.test(check)) {
        const refusal =
          row[header.indexOf("refusal")] ?? header.find((cell) => cell.includes("because")) ?? "MALFORMED";
        found.set(check, `${found.get(check) ?? ""} ${refusal}`);
      }
    }
    return found;
  }

  test("every refusal that the code can make stands there under its check", () => {
    const made = [...source.matchAll(/refuse[d]?\(\s*"([A-Z_]+)",\s*"([^"]+)"/g)].map(
      ([, refusal = "", check = ""]) => ({
        refusal,
        check,
      }),
    );
    expect(made.length).toBeGreaterThan(80);
    const rows = stated();
    // Local names: the wire says the numbered check above them, or nothing.
    const elsewhere = /^(issue|secure|hello|sign1|noise)\//;
    for (const { refusal, check } of made.filter((one) => !elsewhere.test(one.check))) {
      const where = /^M2/.test(check) || rows.has(check) ? check : "";
      expect(rows.get(where) ?? "no row", `${check} gives ${refusal}`).toMatch(refusal);
    }
    for (const check of ["hello/request", "hello/protocol", "noise/short", "noise/tag", "noise/small-order"])
      expect(spec.includes(`\`${check}\``), `\`${check}\``).toBe(true);
    const traps = [...source.matchAll(/"(cbor\/[a-z0-9-]+)"/g)].map(([, trap = ""]) => trap);
    expect(new Set(traps)).toEqual(new Set([...rows.keys()].filter((check) => check.startsWith("cbor/"))));
  });

  test("the checks of every series stand there in order, none left out", () => {
    const updates = { U: [1, 17], C: [1, 7], R: [1, 3], K: [0, 7], M: [0, 4], P: [1, 4], S: [1, 3] } as const;
    const series = { ...updates, N: [1, 6], L: [1, 8], A: [1, 6], Q: [0, 11] } as const;
    for (const [letter, [first, last]] of Object.entries(series)) {
      const numbers = [...spec.matchAll(new RegExp(`^\\| ${letter}(\\d+) \\|`, "gm"))].map(([, n]) =>
        Number(n),
      );
      expect(numbers, letter).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    }
  });
});

describe("labels, records and examples", () => {
  test("every label of a derivation stands there, byte for byte", () => {
    const labels = [
      ...source.matchAll(/"(doorsync\/1(?:[^"]*[^" ])?|doorsync-[a-z]+\/1|pin1|card|app1)"/g),
    ].map(([, label = ""]) => label);
    expect(new Set(labels).size).toBeGreaterThan(9);
    for (const label of [...labels, ...lockKeyNames.map((name) => `doorsync/1 key ${name}`)]) {
      expect(spec.includes(`"${label}"`), `"${label}"`).toBe(true);
    }
    for (const word of ["doorsync", "is-clean", "notebook", "success!", "journal:"]) {
      expect(source.includes(`ascii("${word}")`), `ascii("${word}")`).toBe(true);
      expect(spec.includes(`"${word}"`), `"${word}"`).toBe(true);
    }
  });

  test("every record of the code has its rule in the CDDL, with the same fields in the same order", () => {
    const cddl = /```cddl\n([\s\S]*?)```/.exec(spec)?.[1]?.replace(/;.*$/gm, "") ?? "";
    const records = [...source.matchAll(/\bshape\("([\w-]+)", \{([\s\S]*?)\}\)/g)];
    expect(records.length).toBeGreaterThan(14);
    for (const [, name = "", body = ""] of records) {
      const fields = [...body.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/(?:^|[,\n])\s*(\w+): /g)].map(
        ([, field]) => field,
      );
      const rule = new RegExp(`^${name}(?:-payload)? = \\[([\\s\\S]*?)\\]\\s*$`, "m").exec(cddl)?.[1] ?? "";
      const named = [...rule.replace(/\[[^\]]*\]/g, "list").matchAll(/(?:^|, |,\n)\s*(?:\? )?(\w+): /g)].map(
        ([, field]) => field,
      );
      expect(named, name).toEqual(fields);
    }
  });

  test("every example in hex is the committed vector, or what the code writes", () => {
    type Vector = {
      readonly id: string;
      readonly hex?: string;
      readonly message?: string;
      readonly made?: Record<string, string>;
    };
    const load = (file: string, key: string): readonly Vector[] =>
      JSON.parse(readFileSync(join(root, "test/vectors", file), "utf8"))[key];
    const vectors = { items: load("items.json", "items"), messages: load("messages.json", "messages") };
    const made: Readonly<Record<string, string>> = {
      "hello-request": toHex(encodeHelloRequest(true)),
      next: toHex(encodeNext({ to: exampleVersion, index: 1 })),
      refusal: toHex(encodeRefusal(refuse("STALE", "U10", exampleVersion))),
    };
    const examples = [...spec.matchAll(/```hex (\w+):([^\n]+)\n([^`]*)```/g)];
    expect(examples.length).toBeGreaterThan(18);
    for (const [, where, path = "", hex = ""] of examples) {
      const [id = "", , part] = path.split(".");
      const vector =
        where === "code" ? undefined : vectors[where as "items" | "messages"].find((one) => one.id === id);
      const expected =
        where === "code"
          ? made[path]
          : part === undefined
            ? (vector?.hex ?? vector?.message)
            : vector?.made?.[part];
      expect(hex.replace(/\s/g, ""), path).toBe(expected ?? "no such example");
    }
    const shown = examples.map(([, , path]) => path);
    for (const name of Object.keys(messageCatalog))
      expect(
        shown.some((path) => path?.startsWith(name)),
        name,
      ).toBe(true);
  });
});

// ---- Where documents point ----

const documents: ReadonlyMap<string, string> = new Map(
  ["", "docs"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => [join(folder, name), readFileSync(join(root, folder, name), "utf8")] as const),
  ),
);

describe("where documents point", () => {
  test("every test that shows a defence exists, and every planned one is called not yet built", () => {
    const named = [...threats.matchAll(/`(test\/[\w./-]+)`/g)].map(([, file = ""]) => file);
    expect(new Set(named).size).toBeGreaterThan(15);
    for (const file of named) expect(existsSync(join(root, file)), file).toBe(true);
    // A defence is a paragraph: it names a test, or says what is missing, or that the risk stays.
    const claims = threats.split(/\n(?=- \*\*|\n)/).filter((part) => part.startsWith("- **"));
    expect(claims.length).toBeGreaterThan(40);
    for (const claim of claims) {
      expect(claim).toMatch(/`test\/|not yet built|Accepted|Residual|Cannot be revoked|do not open/);
    }
  });

  test("no threat that a test file names by its number is called not yet built, and each names such a file", () => {
    const items = threats.split(/\n(?=- \*\*|\n)/).filter((part) => part.startsWith("- **"));
    const numbersIn = (text: string): readonly string[] => text.match(/\b[TP]\d+\b/g) ?? [];
    const filesOf = new Map<string, Set<string>>();
    for (const file of filesUnder("test", ".test.ts")) {
      // What a file says of itself: its comment and the names of its tests.
      const said = readFileSync(join(root, file), "utf8").match(/^( \*|\s*(test|describe)\W).*$/gm) ?? [];
      for (const number of numbersIn(said.join("\n")))
        filesOf.set(number, (filesOf.get(number) ?? new Set()).add(file));
    }
    const threatsNamed = [...filesOf.keys()].filter((number) => number.startsWith("T"));
    expect(threatsNamed.length).toBeGreaterThan(7);
    for (const number of threatsNamed) expect(numbersIn(items.join("\n")), "in THREATS").toContain(number);
    for (const item of items) {
      for (const number of numbersIn(item)) {
        const files = [...(filesOf.get(number) ?? [])];
        expect(
          files.some((file) => item.includes(`\`${file}\``)),
          `${number} names one of ${files}: ${item}`,
        ).toBe(true);
        expect(item, `${files} shows ${number}`).not.toContain("not yet built");
      }
    }
  });

  test("no document names a path outside the repository, and every path inside it exists", () => {
    expect(documents.size).toBeGreaterThan(4);
    for (const [document, text] of documents) {
      expect(text, document).not.toMatch(/(^|[\s(`"'])\/(work|home|root|Users|tmp|mnt|opt|var|etc|usr)\//);
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
      for (const link of links.filter((one) => !/^(https?:|mailto:|#)/.test(one))) {
        const target = join(root, dirname(document), link.replace(/#.*$/, ""));
        expect(relative(root, target).startsWith(".."), `${document}: ${link}`).toBe(false);
        expect(existsSync(target), `${document}: ${link}`).toBe(true);
      }
      const paths = text.matchAll(/`((?:packages|test|docs|demo|bench|scripts|\.ci|\.github)\/[\w./-]+)`/g);
      // What runs leave behind is not there in a fresh clone.
      for (const [, path = ""] of paths)
        expect(leftByRuns.has(path) || existsSync(join(root, path)), `${document}: ${path}`).toBe(true);
    }
  });

  test("every heading that the specification links to is there, and no line is longer than 120", () => {
    const slugs = [...spec.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    const anchors = [...spec.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(anchors.length).toBeGreaterThan(20);
    for (const anchor of anchors) expect(slugs).toContain(anchor);
    for (const text of [spec, threats]) {
      for (const line of text.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(120);
    }
    expect(statSync(join(root, "docs/SPEC.md")).size).toBeGreaterThan(30_000);
  });
});
