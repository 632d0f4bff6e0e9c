/**
 * A limited credential is not given back by taking out the battery: what was read back of its uses, and the last day of
 * the daily doorcode, is never lost and never lowered, through cuts in every operation and word, through the change of
 * groups and through words that do not take. Only the notebook; what a use allows is the door's to judge.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterFailure,
  lastDayOf,
  type Notebook,
  type NotebookPlan,
  planAttempt,
  planDay,
  planMark,
  planSuccess,
  planUse,
} from "../packages/lock-sim/src/firmware/notebook.ts";
import { readSlot, slotAddress, slotsPerGroup } from "../packages/lock-sim/src/firmware/slot.ts";
import { type Use, useOf } from "../packages/lock-sim/src/firmware/uses.ts";
import type { Flash } from "../packages/lock-sim/src/parts/flash.ts";
import { runs } from "./replay.ts";
import {
  always,
  attemptTo,
  boot,
  cutEverywhere,
  execute,
  geometry,
  newFlash,
  perform,
  tryCode,
} from "./support/notebook-rig.ts";

/** issuedAt of the commission under which days were taken. */
const owner = 1_790_000_000;

const slots = slotsPerGroup(geometry);

function useOfCode(code: number, count: number, firstSeconds = 1_700_000_000): Use {
  return { credential: 0x10000 + code, mark: 0xabcd_0000 + code, count, firstSeconds };
}

function planned(notebook: Notebook, use: Use, stillMatters: (use: Use) => boolean = always): NotebookPlan {
  const plan = planUse(notebook, use, stillMatters);
  if (plan === "full") throw new Error("the notebook is full");
  return plan;
}

function count(notebook: Notebook, code: number): number {
  const { credential, mark } = useOfCode(code, 0);
  return useOf(notebook.uses, credential, mark)?.count ?? 0;
}

/** Codes 0 to 5 used so often as their number says, a day, and a group with `left` free slots. */
function used(flash: Flash, left: number): Notebook {
  let notebook = boot(flash);
  for (let code = 0; code < 6; code++)
    notebook = perform(flash, planned(notebook, useOfCode(code, code + 1)));
  notebook = perform(flash, planDay(notebook, owner, 20_000, always));
  for (let now = 0; notebook.slot < slots - left; now++) notebook = tryCode(flash, notebook, now, true);
  return notebook;
}

/** All that was read back in `held` is there, boot after boot, and one more use can be made each time. */
function keeps(held: Notebook, restarts = 4): (torn: Flash, where: string) => void {
  return (torn, where) => {
    let least = held.uses;
    for (let restart = 0; restart < restarts; restart++) {
      const up = boot(torn);
      for (const use of least) {
        const now = useOf(up.uses, use.credential, use.mark);
        if (now === undefined || now.count < use.count || now.firstSeconds > use.firstSeconds) {
          expect.fail(`${JSON.stringify(use)} became ${JSON.stringify(now)}: ${where}, boot ${restart}`);
        }
      }
      if (up.lastDay < held.lastDay) expect.fail(`day ${up.lastDay}: ${where}, boot ${restart}`);
      least = perform(torn, planned(up, useOfCode(2, count(up, 2) + 1))).uses;
    }
  };
}

describe("what is noted of a use", () => {
  test("it is there after a restart, by credential and mark, with its count and its first time", () => {
    const flash = newFlash();
    let notebook = perform(flash, planned(boot(flash), useOfCode(1, 1, 500)));
    notebook = perform(flash, planned(notebook, useOfCode(1, 2, 500)));
    const renewed = { ...useOfCode(1, 1, 900), mark: 7 };
    notebook = perform(flash, planned(notebook, renewed));
    for (const again of [notebook, boot(flash)]) {
      expect(again.uses).toEqual([useOfCode(1, 2, 500), renewed]);
      expect(useOf(again.uses, renewed.credential, 8)).toBeUndefined();
    }
  });

  test("the extremes of its fields come back as they were", () => {
    const flash = newFlash();
    const edges: Use[] = [
      { credential: 0, mark: 0, count: 1, firstSeconds: 0 },
      { credential: 0xff_ffff, mark: 0xffff_ffff, count: 255, firstSeconds: 0xffff_ffff },
    ];
    let notebook = boot(flash);
    for (const use of edges) notebook = perform(flash, planned(notebook, use));
    expect(boot(flash).uses).toEqual(edges);
    expect(planned(notebook, { ...useOfCode(3, 1), count: 300 }).after.uses.at(-1)?.count).toBe(255);
  });

  test("a later note never lowers the count nor moves the first use on", () => {
    const flash = newFlash();
    let notebook = perform(flash, planned(boot(flash), useOfCode(1, 5, 500)));
    notebook = perform(flash, planned(notebook, useOfCode(1, 2, 900)));
    for (const again of [notebook, boot(flash)]) expect(again.uses).toEqual([useOfCode(1, 5, 500)]);
  });

  test("the day only goes on", () => {
    const flash = newFlash();
    const notebook = perform(flash, planDay(boot(flash), owner, 20_001, always));
    expect(planDay(notebook, owner, 20_001, always).ops).toEqual([]);
    expect(planDay(notebook, owner, 20_000, always).after.lastDay).toBe(20_001);
    expect(boot(flash).lastDay).toBe(20_001);
    // Another owner's days are other days.
    const next = perform(flash, planDay(notebook, owner + 1, 19_000, always));
    expect([next.lastDay, lastDayOf(next, owner + 1), lastDayOf(next, owner)]).toEqual([19_000, 19_000, -1]);
    expect(boot(flash)).toMatchObject({ lastDay: 19_000, dayOwner: owner + 1 });
  });

  test("a full notebook says so, but goes on counting what it holds; credentials that are gone make room", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let code = 0; code < geometry.usesMax; code++) {
      notebook = perform(flash, planned(notebook, useOfCode(code, 1)));
    }
    expect(planUse(notebook, useOfCode(99, 1), always)).toBe("full");
    notebook = perform(flash, planned(notebook, useOfCode(3, 2)));
    const isOdd = (use: Use): boolean => use.mark % 2 === 1;
    notebook = perform(flash, planned(notebook, useOfCode(99, 1), isOdd));
    for (const again of [notebook, boot(flash)]) {
      expect(again.uses).toHaveLength(geometry.usesMax / 2 + 1);
      expect([count(again, 0), count(again, 3), count(again, 99)]).toEqual([0, 2, 1]);
    }
  });

  test("uses of credentials that are gone are carried no further, all others are, as is the day", () => {
    const flash = newFlash();
    const notebook = used(flash, 0);
    const plan = planMark(notebook, 9_000, 1_234, (use) => use.credential !== 0x10002);
    expect(plan.ops.some((op) => op.kind === "erase")).toBe(true);
    perform(flash, plan);
    const again = boot(flash);
    expect([0, 1, 2, 3, 4, 5].map((code) => count(again, code))).toEqual([1, 2, 0, 4, 5, 6]);
    expect(again).toMatchObject({ lastDay: 20_000, rtcMarkSeconds: 1_234, generation: 2 });
  });
});

describe("a power cut anywhere never gives a use back", () => {
  test.each([0, 1, 30])("while a use is written, with %i slots left", (left) => {
    const flash = newFlash();
    const notebook = used(flash, left);
    const plan = planned(notebook, useOfCode(1, 3));
    expect(plan.ops.length > 2).toBe(left === 0);
    expect(cutEverywhere(flash, plan, keeps(notebook), { seeds: 2, every: 5 })).toBeGreaterThan(60);
  });

  test.each([0, 30])("while a day is written, with %i slots left", (left) => {
    const flash = newFlash();
    const notebook = used(flash, left);
    const plan = planDay(notebook, owner, 20_001, always);
    const struck = cutEverywhere(flash, plan, keeps(notebook), { seeds: 2, every: 7 });
    expect(struck).toBeGreaterThan(30);
  });

  test("once the use was read back, a cut in what follows does not take it away", () => {
    const flash = newFlash();
    const written = perform(flash, planAttempt(used(flash, 3), 800, always));
    const noted = perform(flash, planned(written, useOfCode(1, 3)));
    const success = planSuccess(noted);
    expect(success.ops).toHaveLength(1);
    expect(cutEverywhere(flash, success, keeps(noted), { seeds: 1 })).toBeGreaterThan(6);
    const marked = planMark(perform(flash, success), 9_000, 0, always);
    expect(cutEverywhere(flash, marked, keeps(noted), { seeds: 1 })).toBeGreaterThan(30);
  });
});

describe("what does not take, without a power cut", () => {
  test("the door is told, the use is not lost once it took, and it takes within a few tries", () => {
    let failures = 0;
    for (const left of [0, 1, 9]) {
      const flash = newFlash();
      const held = used(flash, left);
      const { ops } = planned(held, useOfCode(1, 3));
      ops.forEach((op, index) => {
        for (const kind of ["dud", "lost", "stuck"] as const) {
          if (op.kind === "erase" && kind !== "stuck") continue;
          const torn = flash.fork();
          torn.arm({ kind, atOp: torn.counters.ops + index, afterBytes: 0, bit: 2 });
          let notebook = held;
          let took = 0;
          for (let i = 0; i < 5; i++) {
            const tried = attemptTo(torn, notebook, planned(notebook, useOfCode(1, took + 3)));
            if (tried.took) took++;
            else {
              failures++;
              expect(count(tried.notebook, 1), "nobody acted on it").toBe(took + 2);
            }
            notebook = i === 2 ? boot(torn) : tried.notebook;
            expect(count(notebook, 1), `${kind} ${index}, try ${i}`).toBeGreaterThanOrEqual(took + 2);
            for (const code of [0, 2, 3, 4, 5]) expect(count(notebook, code)).toBe(code + 1);
          }
          expect(took, `${kind} in operation ${index}`).toBeGreaterThan(2);
        }
      });
    }
    expect(failures).toBeGreaterThan(40);
  });

  test("several plans executed as one: wherever it fails, no word gets a second value and no use is made up", () => {
    let failures = 0;
    for (const left of [0, 1, 2, 9]) {
      const flash = newFlash();
      const held = used(flash, left);
      const use = planned(held, useOfCode(7, 1));
      const day = planDay(use.after, owner, 20_002, always);
      const both = { ops: [...use.ops, ...day.ops], after: day.after };
      both.ops.forEach((op, index) => {
        if (op.kind === "erase") return;
        const torn = flash.fork();
        torn.arm({ kind: "lost", atOp: torn.counters.ops + index });
        expect(execute(torn, both)).toBe(index);
        failures++;
        const after = afterFailure(held, both, index);
        expect([count(after, 7), after.lastDay]).toEqual([0, 20_000]);
        let notebook = perform(torn, planned(after, useOfCode(7, 1)));
        notebook = perform(torn, planDay(notebook, owner, 20_002, always));
        for (const again of [notebook, boot(torn)]) {
          expect([count(again, 7), count(again, 5), again.lastDay]).toEqual([1, 6, 20_002]);
        }
        perform(torn, planned(boot(torn), useOfCode(7, 2)));
      });
    }
    expect(failures).toBeGreaterThan(20);
  });

  test("one flipped bit anywhere in a use does not give it back", () => {
    const flash = newFlash();
    const notebook = used(flash, 9);
    const at = slotAddress(geometry, notebook.group, 4);
    expect(readSlot(flash.read(), at)).toEqual({ kind: "use", ...useOfCode(4, 5) });
    for (let bit = 0; bit < 24 * 8; bit++) {
      const rotten = flash.fork();
      rotten.rot(at + (bit >> 3), bit & 7);
      expect(count(boot(rotten), 4), `bit ${bit}`).toBe(5);
    }
  });
});

test("over any sequence of uses, days, attempts and restarts, memory and flash agree, and nothing goes down", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("use" as const), code: fc.nat(11) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("tries" as const), times: fc.integer({ min: 30, max: 90 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("day" as const), day: fc.nat(30_000) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("boot" as const) }) },
  );
  let moves = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const flash = newFlash();
      let notebook = boot(flash);
      let now = 0;
      const model = new Map<number, number>();
      let day = -1;
      for (const one of steps) {
        now += 700;
        if (one.do === "use") {
          const next = (model.get(one.code) ?? 0) + 1;
          const plan = planUse(notebook, useOfCode(one.code, next), always);
          if (plan === "full") {
            refusals++;
            expect(model.size).toBe(geometry.usesMax);
            continue;
          }
          notebook = perform(flash, plan);
          model.set(one.code, next);
        } else if (one.do === "day") {
          notebook = perform(flash, planDay(notebook, owner, one.day, always));
          day = Math.max(day, one.day);
        } else if (one.do === "tries") {
          for (let i = 0; i < one.times; i++) notebook = tryCode(flash, notebook, now, i % 2 === 0);
        } else {
          const again = boot(flash);
          expect(again).toMatchObject({ lastDay: notebook.lastDay, uptimeSeconds: notebook.uptimeSeconds });
          notebook = again;
        }
        for (const [code, times] of model) expect(count(notebook, code)).toBe(times);
        expect(notebook.lastDay).toBe(day);
      }
      moves += notebook.generation - 1;
    }),
    runs(25),
  );
  expect(moves).toBeGreaterThan(5);
  expect(refusals).toBeGreaterThan(5);
});
