// Histories as text and as sequence diagrams, and the chart of exposure: what is drawn is what happened. A diagram is
// read back by a small grammar of Mermaid's sequence diagrams, written here from its documentation.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openssl } from "@doorsync/protocol/node-crypto";
import { afterAll, describe, expect, test } from "vitest";
import { mermaid } from "../packages/lock-sim/src/cli/mermaid.ts";
import { runSeed } from "../packages/lock-sim/src/sim/run.ts";
import { traceText } from "../packages/lock-sim/src/sim/trace.ts";
import { run } from "./lock-program.ts";

const folder = mkdtempSync(join(tmpdir(), "doorsync-drawn-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = fileURLToPath(new URL("../packages/lock-sim/examples/lost-receipt.sim", import.meta.url));

interface Drawn {
  readonly participants: ReadonlyMap<string, string>;
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly text: string }[];
  readonly notes: number;
}

/** Reads a diagram, or throws with the line that Mermaid would not take. */
function readDiagram(text: string): Drawn {
  const [first, ...lines] = text.trimEnd().split("\n");
  if (first !== "sequenceDiagram") throw new Error(`not a sequence diagram: ${first}`);
  const participants = new Map<string, string>();
  const arrows: { from: string; to: string; text: string }[] = [];
  let notes = 0;
  // A ; ends a statement and a # begins an entity: both may stand only in #NAME; or #NUMBER;
  const words = /^(?:[^#;<>]|#(?:\d+|[a-z]+);)+$/;
  const known = (id: string | undefined): string => {
    if (id === undefined || !participants.has(id)) throw new Error(`no participant ${id}`);
    return id;
  };
  for (const line of lines) {
    const participant = /^ {2}participant (\w+) as (.+)$/.exec(line);
    const arrow = /^ {2}(\w+)->>(\w+): (.+)$/.exec(line);
    const note = /^ {2}Note over (\w+)(?:,(\w+))?: (.+)$/.exec(line);
    const said = participant?.[2] ?? arrow?.[3] ?? note?.[3];
    if (said === undefined || !words.test(said)) throw new Error(`not taken: ${line}`);
    if (participant?.[1] !== undefined) participants.set(participant[1], said);
    if (arrow !== null) arrows.push({ from: known(arrow[1]), to: known(arrow[2]), text: said });
    if (note !== null) {
      known(note[1]);
      if (note[2] !== undefined) known(note[2]);
      notes++;
    }
  }
  return { participants, arrows, notes };
}

describe("lock-sim trace", () => {
  test("tells the history of a seed line by line, and its last lines alone", async () => {
    const { trace, finding } = runSeed({ seed: 7 }, openssl);
    const whole = await run("trace", "--seed", "7");
    expect([whole.status, whole.err]).toEqual([finding === undefined ? 0 : 1, ""]);
    expect(trace.length).toBeGreaterThan(100);
    expect(whole.out.split("\n").slice(0, trace.length)).toEqual(trace.map(traceText));
    const end = await run("trace", "--replay", "lock-sim fuzz --replay 7 --plant x", "--last", "3");
    expect(end.out.split("\n").slice(0, 2)).toEqual([
      `(the last 3 of ${trace.length} lines)`,
      traceText(trace.at(-3) ?? { atMs: 0, actor: "", what: "" }),
    ]);
    const rows = (await run("trace", "--seed", "7", "--json", "--last", "5")).out.trim().split("\n");
    expect(rows.slice(0, 5).map((row) => JSON.parse(row))).toEqual(trace.slice(-5));
  });

  test("draws a script so that each message between two is one arrow between them", async () => {
    const told = (await run("trace", "--script", script, "--json")).out
      .trim()
      .split("\n")
      .map((row) => JSON.parse(row));
    const between = told.filter(({ to }) => to !== undefined);
    const { status, out } = await run("trace", "--script", script, "--mermaid");
    expect(status).toBe(0);
    const { participants, arrows, notes } = readDiagram(out);
    expect(between.length).toBeGreaterThan(20);
    expect(arrows.map(({ from, to }) => [participants.get(from), participants.get(to)])).toEqual(
      between.map(({ actor, to }) => [actor, to]),
    );
    expect([...participants.values()]).toEqual(
      expect.arrayContaining(["property", "phone ben", "lock", "anna"]),
    );
    expect(arrows.map(({ text }) => text.slice(9))).toEqual(
      expect.arrayContaining(["hello", "update", "receipt"]),
    );
    expect(notes).toBeGreaterThan(5);
  });

  test("draws seeds, too, and says how many lines it left out", async () => {
    for (const seed of ["3", "4"]) {
      const { out } = await run("trace", "--seed", seed, "--mermaid");
      const { arrows } = readDiagram(out);
      expect(arrows.length).toBeGreaterThan(20);
      expect(out).toMatch(/: \d+ lines before these are not shown\n/);
    }
  });

  test("whatever is said, the diagram stays one", () => {
    const what = "a; b #1 <c> %% end\n  Note over d: -->> e";
    const text = mermaid([{ atMs: 1, actor: "p; q", what, to: "end" }], 0, "P1; fails");
    expect(readDiagram(text).arrows).toEqual([
      { from: "p0", to: "p1", text: "00:00:00 a#59; b #35;1 #lt;c#gt; %% end, Note over d: --#gt;#gt; e" },
    ]);
    expect(() => readDiagram("sequenceDiagram\n  a->>b: c")).toThrow("no participant a");
    expect(() => readDiagram("sequenceDiagram\n  participant a as b; c")).toThrow("not taken");
    expect(readDiagram(mermaid([], 0, undefined)).arrows).toEqual([]);
  });

  test.each([
    [["trace"], "which history?"],
    [["trace", "--seed", "1", "--script", "x"], "which history?"],
    [["trace", "--replay", "x"], "--replay takes the line"],
    [["trace", "--replay", "1:no-such-fault"], "no fault is called"],
    [["trace", "--seed", "1", "--json", "--mermaid"], "not both"],
    [["trace", "--seed", "7", "--last", "0"], "a number of lines"],
  ])("wrong use is answered in one line: %j", async (args, says) => {
    const { status, err } = await run(...args);
    expect([status, err.split("\n").length]).toEqual([2, 2]);
    expect(err).toContain(says);
  });
});

describe("lock-sim exposure", () => {
  test("finds that a lease ends a revoked code in time, and draws docs/exposure.svg", async () => {
    const file = join(folder, "exposure.svg");
    const { status, out } = await run("exposure", "--svg", file, "--json");
    expect(status).toBe(0);
    const rows = out
      .trim()
      .split("\n")
      .map((row) => JSON.parse(row).exposure);
    expect(rows).toHaveLength(20);
    for (const { leaseHours, thief, hours } of rows) {
      const says = `${leaseHours} h, a thief ${thief}`;
      if (leaseHours === 0) expect(hours, says).toBeNull();
      // A clock that was turned back by a day costs a day: the residual risk that docs/THREATS.md names.
      else expect(hours, says).toBeLessThanOrEqual(leaseHours + (thief.includes("turns the clock") ? 24 : 0));
      // Not shut sooner than agreed either, unless the lock cannot know the time any more.
      if (leaseHours > 0 && !thief.includes("clock's battery"))
        expect(hours, says).toBeGreaterThanOrEqual(leaseHours);
    }
    const drawn = readFileSync(file, "utf8");
    expect(readFileSync(new URL("../docs/exposure.svg", import.meta.url), "utf8")).toBe(drawn);
    expect(drawn.match(/<title>/g)).toHaveLength(20);
    expect(drawn).toContain("prefers-color-scheme: dark");
    // Every element that is opened is closed.
    const open: string[] = [];
    for (const [, close, name = "", self] of drawn.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
      if (close === "/") expect(open.pop()).toBe(name);
      else if (self !== "/") open.push(name);
    }
    expect(open).toEqual([]);
  });

  test("says where it cannot write", async () => {
    const { status, err } = await run("exposure", "--svg", join(folder, "none", "x.svg"));
    expect([status, err]).toEqual([2, expect.stringMatching(/^lock-sim: .*x\.svg.*\n$/)]);
  });
});
