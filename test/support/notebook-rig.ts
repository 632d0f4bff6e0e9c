/**
 * A notebook on a bench: the real chip, the real plans, and a small caller in the place of the firmware. The chip holds
 * nothing else, so that thousands of power cuts are quickly tried. Not a test itself.
 */
import { equal } from "@doorsync/protocol/lock";
import {
  type Geometry,
  geometryFor,
  sectorBytes,
  wordBytes,
} from "../../packages/lock-sim/src/firmware/geometry.ts";
import { guessWindowSeconds } from "../../packages/lock-sim/src/firmware/guessing.ts";
import {
  afterFailure,
  type Notebook,
  type NotebookPlan,
  planAttempt,
  planSuccess,
  restoreNotebook,
  unfirm,
} from "../../packages/lock-sim/src/firmware/notebook.ts";
import { createFlash, type Flash, tornPatterns } from "../../packages/lock-sim/src/parts/flash.ts";
import { PowerLost } from "./storage-rig.ts";

function notebookAlone(capacity: number): Geometry {
  const geometry = geometryFor(capacity);
  return { ...geometry, imageBytes: 2 * geometry.notebookSectors * sectorBytes };
}

export const geometry: Geometry = notebookAlone(8);

export const always = (): boolean => true;

export function newFlash(of: Geometry = geometry): Flash {
  return createFlash({ bytes: of.imageBytes, sectorBytes, wordBytes });
}

/** Executes up to the first operation that does not read back; its index, or undefined. */
export function execute(flash: Flash, { ops }: NotebookPlan): number | undefined {
  const failed = ops.findIndex((op) => {
    const outcome = op.kind === "erase" ? flash.erase(op.sector) : flash.program(op.address, op.bytes);
    if (outcome === "cut") throw new PowerLost();
    return op.kind === "program" && !equal(flash.read(op.address, op.bytes.length), op.bytes);
  });
  return failed < 0 ? undefined : failed;
}

export function perform(flash: Flash, plan: NotebookPlan): Notebook {
  if (execute(flash, plan) !== undefined) throw new Error("the flash did not take what was programmed");
  return plan.after;
}

/** As the firmware goes on when something did not take: nobody acted on the plan. */
export function attemptTo(
  flash: Flash,
  before: Notebook,
  plan: NotebookPlan,
): { readonly notebook: Notebook; readonly took: boolean } {
  const failed = execute(flash, plan);
  if (failed === undefined) return { notebook: plan.after, took: true };
  return { notebook: afterFailure(before, plan, failed), took: false };
}

export function boot(flash: Flash, of: Geometry = geometry): Notebook {
  flash.powerOn();
  const { notebook, repairs } = restoreNotebook(of, flash.read());
  const plan = { ops: repairs, after: notebook };
  const failed = execute(flash, plan);
  return failed === undefined ? notebook : unfirm(afterFailure(notebook, plan, failed));
}

/** Wrong attempts of the window. */
export function wrong({ attempts }: Notebook, now: number): number {
  return attempts.filter((one) => !one.right && now - one.uptimeSeconds < guessWindowSeconds).length;
}

/** A try at the keypad: written down, then compared. */
export function tryCode(flash: Flash, notebook: Notebook, now: number, right: boolean): Notebook {
  const written = perform(flash, planAttempt(notebook, now, always));
  return right ? perform(flash, planSuccess(written)) : written;
}

/**
 * Power fails at every `every` words of every operation of `plan`, in all patterns; then again in the first operation
 * of the recovery; then `judge` sees the chip. Returns how many cuts struck.
 */
export function cutEverywhere(
  flash: Flash,
  plan: NotebookPlan,
  judge: (torn: Flash, where: string) => void,
  { seeds = 3, every = 1, second = 0 } = {},
): number {
  let struck = 0;
  plan.ops.forEach((op, index) => {
    if (index % every !== 0 && index < plan.ops.length - 6) return;
    const [bytes, step] = op.kind === "erase" ? [sectorBytes, 2_048] : [op.bytes.length, wordBytes];
    for (let afterBytes = 0; afterBytes <= bytes; afterBytes += step) {
      for (const pattern of tornPatterns) {
        for (let seed = 0; seed < seeds; seed++) {
          const torn = flash.fork();
          torn.arm({ kind: "cut", atOp: torn.counters.ops + index, afterBytes, pattern, seed });
          if (!losesPower(() => execute(torn, plan))) throw new Error("the cut did not strike");
          struck++;
          torn.arm({ kind: "cut", atOp: torn.counters.ops + second, afterBytes: 0, pattern, seed });
          if (losesPower(() => boot(torn))) struck++;
          torn.arm(undefined);
          judge(torn, `${op.kind} ${index} of ${plan.ops.length}, byte ${afterBytes}, ${pattern} ${seed}`);
        }
      }
    }
  });
  return struck;
}

export function losesPower(deed: () => unknown): boolean {
  try {
    deed();
    return false;
  } catch (error) {
    if (error instanceof PowerLost) return true;
    throw error;
  }
}
