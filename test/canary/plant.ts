/**
 * Plants one fault into the sources as vitest loads them: a small named change, applied exactly once or not at all.
 * The shipped code has no switch for it. Not the list of faults; that is plants.ts.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { planted } from "../../packages/lock-sim/src/sim/planting.ts";
import { type Plant, plants } from "./plants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Environment variable that names the plant of one run. */
export const plantVariable = "DOORSYNC_PLANT";

/** A vite plugin that plants what the environment names as it transforms, or nothing. */
export function plantPlugin(environment: Readonly<Record<string, string | undefined>>): {
  readonly name: string;
  readonly enforce: "pre";
  transform(source: string, file: string): string | undefined;
} {
  const wanted = (): Plant | undefined => {
    const id = environment[plantVariable];
    const plant = plants.find((one) => one.id === id);
    if (id !== undefined && plant === undefined) throw new Error(`no plant is called ${id}`);
    return plant;
  };
  wanted();
  return {
    name: "plant",
    enforce: "pre",
    transform(source, file) {
      const plant = wanted();
      const path = relative(root, file.split("?")[0] ?? file);
      return plant?.edits.some((edit) => edit.file === path) ? planted(plant, path, source) : undefined;
    },
  };
}
