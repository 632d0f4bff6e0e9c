/**
 * Nobody gets more guesses by taking out the battery: what was compared is counted for ever, through cuts in every
 * operation and word and through the change of groups. Only the notebook and its policy of guessing; uses of limited
 * credentials and the keypad's behaviour are tested elsewhere.
 */

import { lockoutBackoffSecondsMax } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import {
  beginsPause,
  guessWindowSeconds,
  type KeypadPolicy,
  mayTry,
} from "../packages/lock-sim/src/firmware/guessing.ts";
import {
  bootsRememberedMax,
  type Notebook,
  planAttempt,
  planBoot,
  planClockSet,
  planMark,
  planSuccess,
  restoreNotebook,
} from "../packages/lock-sim/src/firmware/notebook.ts";
import { headerAddresses, slotsPerGroup } from "../packages/lock-sim/src/firmware/slot.ts";
import { type Flash, tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import {
  always,
  attemptTo,
  boot,
  cutEverywhere,
  execute,
  geometry,
  losesPower,
  newFlash,
  perform,
  tryCode,
  wrong,
} from "./support/notebook-rig.ts";

const policy: KeypadPolicy = {
  wrongCodeEntryLimit: 5,
  userCodeTemporaryDisableSeconds: 60,
  wrongCodesPerDayMax: 24,
};
const slots = slotsPerGroup(geometry);

/** A notebook of which only `left` slots are free. */
function almostFull(flash: Flash, left: number): Notebook {
  let notebook = boot(flash);
  for (let now = 0; notebook.slot < slots - left; now++)
    notebook = tryCode(flash, notebook, now, now % 12 !== 0);
  return notebook;
}

describe("the budget", () => {
  test("five wrong codes in a row close the keypad for a minute, and a restart in between helps nobody", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 5; i++) {
      expect(mayTry(notebook, 100 + i, policy)).toEqual({ ok: true });
      notebook = tryCode(flash, notebook, 100 + i, false);
      notebook = boot(flash);
    }
    expect(mayTry(notebook, 104, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 60 });
    expect(notebook.uptimeSeconds, "uptime goes on from where it was").toBe(104);
    expect(mayTry(notebook, 163, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 1 });
    expect(mayTry(notebook, 164, policy)).toEqual({ ok: true });
  });

  test("from the fifth on each closes it, with every five of a day for twice as long, up to an hour, whatever is restarted", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    const generous = { ...policy, wrongCodesPerDayMax: 99 };
    const pauses: number[] = [];
    let now = 1_000;
    for (let i = 1; i <= 45; i++) {
      notebook = tryCode(flash, notebook, now, false);
      expect(beginsPause(notebook, generous), `attempt ${i}`).toBe(i >= 5);
      notebook = boot(flash);
      const may = mayTry(notebook, now, generous);
      if (may.ok) continue;
      pauses.push(may.waitSeconds);
      expect(mayTry(notebook, now + may.waitSeconds - 1, generous).ok).toBe(false);
      now += may.waitSeconds;
      expect(mayTry(notebook, now, generous).ok).toBe(true);
    }
    const rows = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600];
    expect(pauses).toEqual([...rows.flatMap((seconds) => new Array<number>(5).fill(seconds)), 3_600]);
    expect(pauses.at(-1)).toBe(lockoutBackoffSecondsMax);
  });

  test("a right code in between ends the row, but the next pause is no shorter for it", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    const rows: number[] = [];
    for (const row of [4, 4, 5, 5]) {
      for (let i = 0; i < row; i++) notebook = tryCode(flash, notebook, 2_000, false);
      const may = mayTry(boot(flash), 2_000, policy);
      rows.push(may.ok ? 0 : may.waitSeconds);
      notebook = tryCode(flash, notebook, 2_000, true);
      expect(mayTry(notebook, 2_000, policy).ok).toBe(true);
    }
    expect(rows, "after 4, 8, 13 and 18 wrong ones").toEqual([0, 0, 120, 240]);
  });

  test("a pause lasts as long as it was when it began, though older attempts leave the window meanwhile", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 5; i++) notebook = tryCode(flash, notebook, 10 + i, false);
    const later = guessWindowSeconds - 60;
    for (let i = 0; i < 10; i++) notebook = tryCode(flash, notebook, later, false);
    expect(mayTry(notebook, later + 200, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 40 });
    notebook = perform(flash, planMark(notebook, later + 200, 0, always));
    expect(mayTry(boot(flash), later + 200, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 40 });
  });

  test("the last code of the day's budget closes the keypad too, and a right one closes nothing", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    const began: number[] = [];
    for (let i = 1; i <= 24; i++) {
      notebook = tryCode(flash, notebook, 100, false);
      if (beginsPause(notebook, policy)) began.push(i);
      if (i % 4 === 0) notebook = tryCode(flash, notebook, 100, true);
    }
    expect(began).toEqual([24]);
    const other = newFlash();
    expect(beginsPause(boot(other), policy)).toBe(false);
    expect(beginsPause(tryCode(other, boot(other), 1, true), policy)).toBe(false);
  });

  test("a base pause longer than the longest doubled one stays what it is", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    const slow = { ...policy, userCodeTemporaryDisableSeconds: 5_000 };
    for (let i = 0; i < 10; i++) notebook = tryCode(flash, notebook, 1, false);
    expect(mayTry(notebook, 1, slow)).toEqual({ ok: false, why: "pause", waitSeconds: 5_000 });
  });

  test("a right code ends the row, not the day's count", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 24; i++) {
      notebook = tryCode(flash, notebook, 1_000 + i, false);
      if (i % 4 === 3) notebook = tryCode(flash, notebook, 1_000 + i, true);
      if (i < 23) expect(mayTry(notebook, 1_000 + i, policy)).toEqual({ ok: true });
    }
    for (const again of [notebook, boot(flash)]) {
      expect(mayTry(again, 1_100, policy)).toEqual({
        ok: false,
        why: "day",
        waitSeconds: guessWindowSeconds - 100,
      });
      expect(mayTry(again, 1_000 + guessWindowSeconds, policy)).toEqual({ ok: true });
    }
  });

  test("powered uptime alone refills it, and survives a restart to within an hour", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 24; i++) notebook = tryCode(flash, notebook, 10, false);
    for (let now = 10; now < 10 + guessWindowSeconds + 3_600; now += 1_800) {
      perform(flash, planMark(notebook, now, 0, always));
      notebook = boot(flash);
    }
    expect(notebook.uptimeSeconds).toBeGreaterThan(guessWindowSeconds);
    expect(mayTry(notebook, notebook.uptimeSeconds + 10, policy)).toEqual({ ok: true });
  });

  test("a budget of nothing stays closed, one beyond the carried lines is cut down to them", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    expect(mayTry(notebook, 5, { ...policy, wrongCodesPerDayMax: 0 }).ok).toBe(false);
    const loose = { wrongCodeEntryLimit: 0, userCodeTemporaryDisableSeconds: 0, wrongCodesPerDayMax: 65_535 };
    let tries = 0;
    for (; tries < 300 && mayTry(notebook, 5, loose).ok; tries++)
      notebook = tryCode(flash, notebook, 5, false);
    expect(tries).toBe(99);
    expect(mayTry(boot(flash), 5, loose).ok).toBe(false);
  });
});

describe("marks and boots", () => {
  test("the clock's mark goes on by the hour and never back, unless the authority sets the clock", () => {
    const flash = newFlash();
    let notebook = perform(flash, planMark(boot(flash), 3_600, 50_000, always));
    expect(planMark(notebook, 7_199, 60_000, always).ops, "not due").toEqual([]);
    notebook = perform(flash, planMark(notebook, 7_200, 40_000, always));
    expect(notebook.rtcMarkSeconds).toBe(50_000);
    notebook = perform(flash, planMark(notebook, 10_800, 0, always));
    expect(boot(flash)).toMatchObject({ rtcMarkSeconds: 50_000, uptimeSeconds: 10_800 });
    notebook = perform(flash, planClockSet(notebook, 10_900, 30_000, 29_990, always));
    expect(boot(flash)).toMatchObject({
      rtcMarkSeconds: 30_000,
      clockSetSeconds: 29_990,
      markedSeconds: 10_900,
      uptimeSeconds: 10_900,
    });
  });

  test("boots of the last hour are remembered, and a loop of them does not wear the flash out", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 500; i++) {
      perform(flash, planBoot(notebook, notebook.uptimeSeconds + 1, always));
      notebook = boot(flash);
      expect(notebook.boots).toHaveLength(Math.min(i + 1, bootsRememberedMax));
    }
    expect(flash.wear()[0], "only the first erase").toBe(1);
    perform(flash, planMark(notebook, 7_200, 0, always));
    expect(boot(flash).boots).toEqual([]);
  });

  test("attempts in between do not put the hourly mark off", () => {
    const flash = newFlash();
    const notebook = tryCode(flash, boot(flash), 3_500, false);
    expect(planMark(notebook, 3_600, 77, always).ops).not.toEqual([]);
  });
});

describe("through many groups", () => {
  test("the count in RAM and the count after a restart agree at every step, and wear is even", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    let now = 0;
    for (let i = 0; i < 1_500; i++) {
      now += 997;
      notebook = tryCode(flash, notebook, now, i % 3 !== 0);
      if (i % 7 !== 0) continue;
      const again = boot(flash);
      expect(wrong(again, now), `try ${i}`).toBe(wrong(notebook, now));
      expect(mayTry(again, now, policy)).toEqual(mayTry(notebook, now, policy));
      notebook = again;
    }
    expect(notebook.generation).toBeGreaterThan(4);
    const wear = flash.wear();
    expect(Math.max(...wear) - Math.min(...wear)).toBeLessThanOrEqual(1);
    expect(Math.max(...wear), "erased only when full").toBeLessThanOrEqual(3);
  });
});

/** Boots, tries on, boots again and again: what was compared before or after the cut must be counted each time. */
function counts(compared: number, now: number, restarts = 4): (torn: Flash, where: string) => void {
  return (torn, where) => {
    for (let restart = 0; restart < restarts; restart++) {
      const up = boot(torn);
      const counted = wrong(up, now);
      if (counted < compared + restart || counted > compared + restart + 1) {
        expect.fail(`${counted} counted of ${compared + restart}: ${where}, boot ${restart}`);
      }
      tryCode(torn, up, now, false);
    }
  };
}

describe("a power cut anywhere never forgets a code that was compared", () => {
  test("while an attempt is written", () => {
    const flash = newFlash();
    let notebook = boot(flash);
    for (let i = 0; i < 7; i++) notebook = tryCode(flash, notebook, 50 + i, i === 3);
    const struck = cutEverywhere(flash, planAttempt(notebook, 60, always), counts(wrong(notebook, 60), 60));
    expect(struck).toBeGreaterThan(90);
  });

  test.each([0, 1])("while the group changes, with %i slots left", (left) => {
    const flash = newFlash();
    const notebook = almostFull(flash, left);
    const plan = planAttempt(notebook, 400, always);
    const turns = plan.ops.some((op) => op.kind === "erase");
    expect(turns, "the group is full").toBe(left === 0);
    const every = turns ? 9 : 1;
    const struck = cutEverywhere(flash, plan, counts(wrong(notebook, 400), 400), { seeds: 2, every });
    expect(struck).toBeGreaterThan(60);
  });

  test("while the group changes because its last slot read as taken, and then no longer does", () => {
    const flash = newFlash();
    const notebook = almostFull(flash, 1);
    const now = 400;
    let happened = 0;
    for (let seed = 0; seed < 48; seed++) {
      const torn = flash.fork();
      torn.arm({ kind: "cut", atOp: torn.counters.ops, afterBytes: 0, pattern: "marginal", seed });
      expect(losesPower(() => tryCode(torn, notebook, now, false))).toBe(true);
      const taken = boot(torn);
      const plan = planAttempt(taken, now, always);
      if (plan.ops.length === 2) continue;
      const copy = torn.counters.ops + plan.ops.findLastIndex((op) => op.kind === "program") - 3;
      torn.arm({ kind: "cut", atOp: copy, afterBytes: 0, pattern: "marginal", seed: seed * 31 });
      expect(losesPower(() => perform(torn, plan))).toBe(true);
      let compared = wrong(notebook, now);
      for (let restart = 0; restart < 6; restart++) {
        const up = boot(torn);
        expect(wrong(up, now), `seed ${seed}, boot ${restart}`).toBeGreaterThanOrEqual(compared);
        if (restart === 0 && up.generation === 1 && up.slot === slots - 1) happened++;
        tryCode(torn, up, now, false);
        compared++;
      }
    }
    expect(happened, "the old group had room again").toBeGreaterThan(3);
  });

  test("in the word that puts a group in force, and again in the recovery: it stands for ever, or never", () => {
    const flash = newFlash();
    const full = almostFull(flash, 0);
    const now = 400;
    const [copyOfHeader] = headerAddresses(geometry, 1);
    const plan = planAttempt(full, now, always);
    const begun = plan.ops.findIndex((op) => op.kind === "program" && op.address === copyOfHeader);
    flash.arm({ kind: "cut", atOp: flash.counters.ops + begun, afterBytes: 0, pattern: "marginal", seed: 1 });
    expect(losesPower(() => execute(flash, plan))).toBe(true);
    expect(flash.weak()).toEqual([copyOfHeader]);

    const powers = [5, 8, 11];
    const inForce = new Map<string, number>();
    for (const power of powers.slice(0, 2)) {
      const first = flash.fork();
      first.powerOn(power);
      const read = restoreNotebook(geometry, first.read());
      read.repairs.slice(0, -2).forEach((op, index) => {
        const ends = op.kind === "erase" ? [0, 2_048] : [0, op.bytes.length - wordBytes];
        for (const afterBytes of new Set(ends)) {
          for (const pattern of ["untouched", "scattered", "marginal"] as const) {
            const torn = first.fork();
            torn.arm({ kind: "cut", atOp: torn.counters.ops + index, afterBytes, pattern, seed: 3 });
            expect(losesPower(() => execute(torn, { ops: read.repairs, after: read.notebook }))).toBe(true);
            for (const again of pattern === "marginal" ? [...powers, 20, 21, 22, 23] : powers) {
              const second = torn.fork();
              second.powerOn(again);
              const back = restoreNotebook(geometry, second.read());
              expect(execute(second, { ops: back.repairs, after: back.notebook })).toBe(undefined);
              const turn = `${read.notebook.generation} ${back.notebook.generation}`;
              inForce.set(turn, (inForce.get(turn) ?? 0) + 1);
              const where = `${op.kind} ${index}, byte ${afterBytes}, ${pattern}, then ${turn}`;
              counts(wrong(full, now), now, turn === "1 2" ? 5 : 2)(second, where);
            }
          }
        }
      });
    }
    expect(inForce.get("1 1"), "blank, and blank again").toBeGreaterThan(20);
    expect(inForce.get("1 2"), "blank, and whole after a torn void").toBeGreaterThan(4);
    expect(inForce.get("2 1"), "whole, and blank").toBeGreaterThan(0);
    expect(inForce.get("2 2"), "whole, and whole again").toBeGreaterThan(20);
  });

  test("so often that no place is left to void a group in: nothing is forgotten, and codes are taken again", () => {
    const flash = newFlash();
    const full = almostFull(flash, 0);
    let voids = 0;
    for (let cut = 0; cut < 40; cut++) {
      flash.powerOn();
      const { notebook, repairs } = restoreNotebook(geometry, flash.read());
      expect(wrong(notebook, 400)).toBe(wrong(full, 400));
      expect(notebook.generation).toBe(1);
      voids = Math.max(voids, notebook.decisions);
      const plan = cut === 0 ? planAttempt(notebook, 400, always) : { ops: repairs, after: notebook };
      const at = cut === 0 ? plan.ops.length - 5 : repairs.findIndex(({ kind }) => kind === "erase");
      const atOp = flash.counters.ops + at;
      flash.arm({ kind: "cut", atOp, afterBytes: 0, pattern: "untouched", seed: cut });
      expect(losesPower(() => execute(flash, plan))).toBe(true);
    }
    expect(voids).toBe(16);
    let notebook = boot(flash);
    for (let i = 1; i <= 3; i++) {
      tryCode(flash, notebook, 400, false);
      notebook = boot(flash);
      expect(wrong(notebook, 400)).toBe(wrong(full, 400) + i);
    }
    expect(notebook).toMatchObject({ generation: 1 + 1 + 16, decisions: 0 });
  });

  test("while the very first headers are written", () => {
    const flash = newFlash();
    let struck = 0;
    for (const pattern of tornPatterns) {
      for (let op = 0; op < geometry.notebookSectors + 2; op++) {
        const torn = flash.fork();
        torn.arm({ kind: "cut", atOp: op, afterBytes: 0, pattern, seed: op });
        expect(losesPower(() => boot(torn))).toBe(true);
        struck++;
        let notebook = boot(torn);
        for (let i = 1; i < 6; i++) {
          tryCode(torn, notebook, i, false);
          notebook = boot(torn);
          expect(wrong(notebook, i)).toBe(i);
        }
      }
    }
    expect(struck).toBe(16);
  });

  test("a success that power cut short counts as wrong or right, and never hurts another attempt", () => {
    const flash = newFlash();
    const notebook = tryCode(flash, boot(flash), 5, false);
    const written = perform(flash, planAttempt(notebook, 6, always));
    for (const pattern of tornPatterns) {
      const torn = flash.fork();
      torn.arm({ kind: "cut", atOp: torn.counters.ops, afterBytes: 0, pattern, seed: 1 });
      expect(losesPower(() => perform(torn, planSuccess(written)))).toBe(true);
      for (let restart = 0; restart < 5; restart++) expect([1, 2]).toContain(wrong(boot(torn), 6));
      expect(wrong(tryCode(torn, boot(torn), 7, false), 7)).toBeGreaterThanOrEqual(2);
    }
  });

  test("a success after the group changed is forgotten rather than written elsewhere", () => {
    const flash = newFlash();
    const notebook = almostFull(flash, 1);
    const before = wrong(notebook, 9_000);
    const written = perform(flash, planAttempt(notebook, 1_000, always));
    const marked = perform(flash, planMark(written, 9_000, 0, always));
    expect(marked.generation).toBe(2);
    expect(planSuccess(marked).ops).toEqual([]);
    expect(wrong(boot(flash), 9_000)).toBe(before + 1);
  });
});

describe("what does not take, without a power cut", () => {
  test("a word kept, a program lost, a bit stuck: in any operation of an attempt, nobody compares and nothing is forgotten", () => {
    let struck = 0;
    for (const left of [0, 1, 5]) {
      const flash = newFlash();
      const full = almostFull(flash, left);
      const { ops } = planAttempt(full, 400, always);
      ops.forEach((op, index) => {
        if (index > 8 && index < ops.length - 5 && index % 17 !== 0) return;
        for (const kind of ["dud", "lost", "stuck"] as const) {
          if (op.kind === "erase" && kind !== "stuck") continue;
          const torn = flash.fork();
          let notebook = full;
          let compared = wrong(full, 400);
          torn.arm({ kind, atOp: torn.counters.ops + index, afterBytes: 0, bit: 1 });
          for (let i = 0; i < 12; i++) {
            const tried = attemptTo(torn, notebook, planAttempt(notebook, 400, always));
            if (tried.took) compared++;
            else struck++;
            // Now and then the lock learns of it only from the chip.
            notebook = i % 4 === 2 ? boot(torn) : tried.notebook;
            expect(wrong(notebook, 400), `${kind} ${index} try ${i}`).toBeGreaterThanOrEqual(compared);
          }
          expect(compared - wrong(full, 400), `${kind} ${index}: the keypad works again`).toBeGreaterThan(6);
        }
      });
    }
    expect(struck).toBeGreaterThan(30);
  });

  test("one flipped bit in a header does not bring the older group back", () => {
    const flash = newFlash();
    let notebook = almostFull(flash, 0);
    for (let i = 0; i < 3; i++) notebook = tryCode(flash, notebook, 500, false);
    expect(notebook.generation).toBe(2);
    for (const address of headerAddresses(geometry, notebook.group)) {
      const rotten = flash.fork();
      rotten.rot(address + 3, 0);
      expect(boot(rotten)).toMatchObject({ generation: 2 });
      expect(wrong(boot(rotten), 500)).toBe(wrong(notebook, 500));
    }
    expect(headerAddresses(geometry, 1)[1] % sectorBytes).toBe(0);
  });
});
