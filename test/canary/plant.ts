/**
 * Plants one fault into the sources as vitest loads them: a small named change, applied exactly once or not at all.
 * The shipped code has no switch for it. Not the list of faults; that is plants.ts.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plant, plants } from "./plants.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Environment variable that names the plant of one run. */
export const plantVariable = "DOORSYNC_PLANT";

/** Source with the plant in it. Throws unless the place is there exactly once: a plant must follow its code. */
export function planted(plant: Plant, source: string): string {
  const places = source.split(plant.find).length - 1;
  if (places !== 1) throw new Error(`plant ${plant.id}: its place stands ${places} times in ${plant.file}`);
  return source.replace(plant.find, () => plant.put);
}

/** A vite plugin that plants what the environment names, or nothing. */
export function plantPlugin(id: string | undefined): {
  readonly name: string;
  readonly enforce: "pre";
  transform(source: string, file: string): string | undefined;
} {
  const plant = plants.find((one) => one.id === id);
  if (id !== undefined && plant === undefined) throw new Error(`no plant is called ${id}`);
  return {
    name: "plant",
    enforce: "pre",
    transform(source, file) {
      if (plant === undefined || relative(root, file.split("?")[0] ?? file) !== plant.file) return undefined;
      return planted(plant, source);
    },
  };
}
