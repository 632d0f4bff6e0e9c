/**
 * Nobody gets more guesses by taking out the battery: what was compared is counted for ever, through cuts in every
 * operation and word and through the change of sectors. Only the tally; the keypad's behaviour is tested elsewhere.
 */
import { describe, expect, test } from "vitest";
import { sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import {
  type KeypadPolicy,
  mayTry,
  planAttempt,
  planSuccess,
  planUptime,
  restoreTally,
  type Tally,
  type TallyPlan,
  tallyWindowSeconds,
} from "../packages/lock-sim/src/firmware/tally.ts";
import { createFlash, type Flash, tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import { PowerLost, smallGeometry } from "./support/storage-rig.ts";

const policy: KeypadPolicy = {
  wrongCodeEntryLimit: 5,
  userCodeTemporaryDisableSeconds: 60,
  wrongCodesPerDayMax: 24,
};
const geometry = smallGeometry(1);

function newFlash(): Flash {
  return createFlash({ bytes: geometry.imageBytes, sectorBytes, wordBytes });
}

function perform(flash: Flash, { ops, after }: TallyPlan): Tally {
  for (const op of ops) {
    const outcome = op.kind === "erase" ? flash.erase(op.sector) : flash.program(op.address, op.bytes);
    if (outcome === "cut") throw new PowerLost();
    if (op.kind === "program") expect(flash.read(op.address, op.bytes.length)).toEqual(op.bytes);
  }
  return after;
}

function boot(flash: Flash): Tally {
  flash.powerOn();
  const { tally, repairs } = restoreTally(geometry, flash.read());
  return perform(flash, { ops: repairs, after: tally });
}

function wrong(tally: Tally, now: number): number {
  return tally.attempts.filter((one) => !one.right && now - one.uptimeSeconds < tallyWindowSeconds).length;
}

/** A try at the keypad: written down, then compared. */
function tryCode(flash: Flash, tally: Tally, now: number, right: boolean): Tally {
  const written = perform(flash, planAttempt(tally, now));
  return right ? perform(flash, planSuccess(written)) : written;
}

describe("the budget", () => {
  test("five wrong codes in a row close the keypad for a minute, and a restart in between helps nobody", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let i = 0; i < 5; i++) {
      expect(mayTry(tally, 100 + i, policy)).toEqual({ ok: true });
      tally = tryCode(flash, tally, 100 + i, false);
      tally = boot(flash);
    }
    expect(mayTry(tally, 104, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 60 });
    expect(tally.uptimeSeconds, "uptime goes on from where it was").toBe(104);
    expect(mayTry(tally, 163, policy)).toEqual({ ok: false, why: "pause", waitSeconds: 1 });
    expect(mayTry(tally, 164, policy)).toEqual({ ok: true });
  });

  test("a right code ends the row, not the day's count", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let i = 0; i < 24; i++) {
      tally = tryCode(flash, tally, 1_000 + i, false);
      if (i % 4 === 3) tally = tryCode(flash, tally, 1_000 + i, true);
      if (i < 23) expect(mayTry(tally, 1_000 + i, policy)).toEqual({ ok: true });
    }
    for (const again of [tally, boot(flash)]) {
      expect(mayTry(again, 1_100, policy)).toEqual({
        ok: false,
        why: "day",
        waitSeconds: tallyWindowSeconds - 100,
      });
      expect(mayTry(again, 1_000 + tallyWindowSeconds, policy)).toEqual({ ok: true });
    }
  });

  test("powered uptime alone refills it, and survives a restart to within an hour", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let i = 0; i < 24; i++) tally = tryCode(flash, tally, 10, false);
    for (let now = 10; now < 10 + tallyWindowSeconds + 3_600; now += 1_800) {
      tally = perform(flash, planUptime(tally, now));
      tally = boot(flash);
    }
    expect(tally.uptimeSeconds).toBeGreaterThan(tallyWindowSeconds);
    expect(mayTry(tally, tally.uptimeSeconds + 10, policy)).toEqual({ ok: true });
  });

  test("a budget of nothing stays closed, one beyond the carried lines is cut down to them", () => {
    const flash = newFlash();
    let tally = boot(flash);
    expect(mayTry(tally, 5, { ...policy, wrongCodesPerDayMax: 0 }).ok).toBe(false);
    const loose = { wrongCodeEntryLimit: 0, userCodeTemporaryDisableSeconds: 0, wrongCodesPerDayMax: 65_535 };
    let tries = 0;
    for (; tries < 300 && mayTry(tally, 5, loose).ok; tries++) tally = tryCode(flash, tally, 5, false);
    expect(tries).toBe(99);
    expect(mayTry(boot(flash), 5, loose).ok).toBe(false);
  });
});

describe("through many sectors", () => {
  test("the count in RAM and the count after a restart agree at every step", () => {
    const flash = newFlash();
    let tally = boot(flash);
    let now = 0;
    for (let i = 0; i < 900; i++) {
      now += 997;
      tally = tryCode(flash, tally, now, i % 3 !== 0);
      const again = boot(flash);
      expect(wrong(again, now), `try ${i}`).toBe(wrong(tally, now));
      expect(mayTry(again, now, policy)).toEqual(mayTry(tally, now, policy));
      tally = again;
    }
    expect(tally.generation).toBeGreaterThan(4);
    const [first = 0, second = 0] = flash.wear();
    expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
  });
});

/**
 * Cuts everywhere in one attempt; then boots, tries on, boots again and again. What was compared before or after the
 * cut must be counted each time.
 */
function cutEverywhere(flash: Flash, tally: Tally, now: number): number {
  let struck = 0;
  const { ops } = planAttempt(tally, now);
  ops.forEach((op, index) => {
    const bytes = op.kind === "erase" ? sectorBytes : op.bytes.length;
    for (let afterBytes = 0; afterBytes <= bytes; afterBytes += op.kind === "erase" ? 1_024 : wordBytes) {
      for (const pattern of tornPatterns) {
        for (let seed = 0; seed < 3; seed++) {
          const torn = flash.fork();
          torn.arm({ kind: "cut", atOp: torn.counters.ops + index, afterBytes, pattern, seed });
          expect(() => perform(torn, planAttempt(tally, now))).toThrow(PowerLost);
          struck++;
          let compared = wrong(tally, now);
          // A second cut in the repairs, then a boot that comes through.
          torn.arm({ kind: "cut", atOp: torn.counters.ops, afterBytes: 0, pattern, seed });
          expect(() => boot(torn)).toThrow(PowerLost);
          for (let restart = 0; restart < 4; restart++) {
            const up = boot(torn);
            expect(
              wrong(up, now),
              `${op.kind} ${index} byte ${afterBytes} ${pattern} ${seed}, boot ${restart}`,
            ).toBeGreaterThanOrEqual(compared);
            expect(wrong(up, now)).toBeLessThanOrEqual(compared + 1);
            tryCode(torn, up, now, false);
            compared++;
          }
        }
      }
    }
  });
  return struck;
}

describe("a power cut anywhere never forgets a code that was compared", () => {
  test("while an attempt is written", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let i = 0; i < 7; i++) tally = tryCode(flash, tally, 50 + i, i === 3);
    expect(cutEverywhere(flash, tally, 60)).toBeGreaterThan(30);
  });

  test.each([0, 1])("while the sector changes, with %i slots left", (left) => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let now = 0; tally.slot < 170 - left; now++) tally = tryCode(flash, tally, now, now % 12 !== 0);
    const turns = planAttempt(tally, 200).ops.some((op) => op.kind === "erase");
    expect(turns, "the sector is full").toBe(left === 0);
    expect(cutEverywhere(flash, tally, 200)).toBeGreaterThan(30);
  });

  test("while the sector changes because its last slot read as taken, and then no longer does", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let now = 0; tally.slot < 169; now++) tally = tryCode(flash, tally, now, now % 12 !== 0);
    const now = 200;
    let happened = 0;
    for (let seed = 0; seed < 64; seed++) {
      const torn = flash.fork();
      torn.arm({ kind: "cut", atOp: torn.counters.ops, afterBytes: 0, pattern: "marginal", seed });
      expect(() => tryCode(torn, tally, now, false)).toThrow(PowerLost);
      const taken = boot(torn);
      const { ops } = planAttempt(taken, now);
      if (ops.length === 1) continue;
      const header = torn.counters.ops + ops.length - 2;
      torn.arm({ kind: "cut", atOp: header, afterBytes: 0, pattern: "marginal", seed: seed * 31 });
      expect(() => perform(torn, planAttempt(taken, now))).toThrow(PowerLost);
      let compared = wrong(tally, now);
      for (let restart = 0; restart < 6; restart++) {
        const up = boot(torn);
        expect(wrong(up, now), `seed ${seed}, boot ${restart}`).toBeGreaterThanOrEqual(compared);
        if (restart === 0 && up.generation === 1 && up.slot === 169) happened++;
        tryCode(torn, up, now, false);
        compared++;
      }
    }
    expect(happened, "the old sector had room again").toBeGreaterThan(3);
  });

  test("while the very first header is written", () => {
    const flash = newFlash();
    let struck = 0;
    for (const pattern of tornPatterns) {
      for (const op of [0, 1]) {
        const torn = flash.fork();
        torn.arm({ kind: "cut", atOp: op, afterBytes: 0, pattern, seed: op });
        expect(() => boot(torn)).toThrow(PowerLost);
        struck++;
        let tally = boot(torn);
        for (let i = 1; i < 6; i++) {
          tally = tryCode(torn, tally, i, false);
          tally = boot(torn);
          expect(wrong(tally, i)).toBe(i);
        }
      }
    }
    expect(struck).toBe(8);
  });

  test("a success that power cut short counts as wrong or right, and never hurts another attempt", () => {
    const flash = newFlash();
    const tally = tryCode(flash, boot(flash), 5, false);
    const written = perform(flash, planAttempt(tally, 6));
    for (const pattern of tornPatterns) {
      const torn = flash.fork();
      torn.arm({ kind: "cut", atOp: torn.counters.ops, afterBytes: 0, pattern, seed: 1 });
      expect(() => perform(torn, planSuccess(written))).toThrow(PowerLost);
      for (let restart = 0; restart < 5; restart++) expect([1, 2]).toContain(wrong(boot(torn), 6));
      expect(wrong(tryCode(torn, boot(torn), 7, false), 7)).toBeGreaterThanOrEqual(2);
    }
  });

  test("a success after the sector changed is forgotten rather than written elsewhere", () => {
    const flash = newFlash();
    let tally = boot(flash);
    for (let now = 0; tally.slot < 169; now++) tally = tryCode(flash, tally, now, true);
    const written = perform(flash, planAttempt(tally, 1_000));
    const marked = perform(flash, planUptime(written, 9_000));
    expect(marked.generation).toBe(2);
    expect(planSuccess(marked).ops).toEqual([]);
    expect(wrong(boot(flash), 9_000)).toBe(1);
  });
});
