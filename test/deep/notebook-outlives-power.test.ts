/**
 * The power cuts of `../notebook-outlives-power.test.ts` and `../uses-outlive-power.test.ts`, with a second cut at every
 * operation of the recovery.
 */
import { expect, test } from "vitest";
import { planAttempt, planDay, planUse } from "../../packages/lock-sim/src/firmware/notebook.ts";
import { slotsPerGroup } from "../../packages/lock-sim/src/firmware/slot.ts";
import { useOf } from "../../packages/lock-sim/src/firmware/uses.ts";
import {
  always,
  boot,
  cutEverywhere,
  geometry,
  newFlash,
  perform,
  tryCode,
  wrong,
} from "../support/notebook-rig.ts";

/** issuedAt of the commission under which days were taken. */
const owner = 1_790_000_000;

const use = { credential: 0x1_0001, mark: 77, count: 2, firstSeconds: 1_000 };

/** A use, a day, some wrong codes, and `left` free slots. */
function inUse(left: number) {
  const flash = newFlash();
  const first = planUse(boot(flash), { ...use, count: 1 }, always);
  if (first === "full") throw new Error("an empty notebook is full");
  let notebook = perform(flash, first);
  notebook = perform(flash, planDay(notebook, owner, 100, always));
  const full = slotsPerGroup(geometry);
  for (let now = 0; notebook.slot < full - left; now++) {
    notebook = tryCode(flash, notebook, now, now % 40 !== 0);
  }
  return { flash, notebook };
}

test.each([0, 1, 2])(
  "nothing that was read back is lost after any two power cuts, with %i slots left",
  (left) => {
    const { flash, notebook } = inUse(left);
    const used = planUse(notebook, use, always);
    if (used === "full") throw new Error("the notebook is full");
    const plans = [planAttempt(notebook, 900, always), used, planDay(notebook, owner, 101, always)];
    let struck = 0;
    for (const plan of plans) {
      for (let second = 0; second < 12; second++) {
        struck += cutEverywhere(
          flash,
          plan,
          (torn, where) => {
            for (let restart = 0; restart < 3; restart++) {
              const up = boot(torn);
              const held = useOf(up.uses, use.credential, use.mark);
              const kept =
                wrong(up, 900) >= wrong(notebook, 900) + restart &&
                held !== undefined &&
                held.firstSeconds === 1_000 &&
                up.lastDay >= 100;
              if (!kept) expect.fail(`${where}, then in operation ${second}, boot ${restart}`);
              tryCode(torn, up, 900, false);
            }
          },
          { seeds: 1, second, every: left === 0 ? 7 : 1 },
        );
      }
    }
    console.log(`${left} slots left: ${struck} cuts struck`);
    expect(struck).toBeGreaterThan(700);
  },
);
