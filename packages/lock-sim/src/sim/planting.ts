/**
 * Puts one planted bug into code as it is loaded: each edit finds its place exactly once, or nothing is loaded at all.
 * The shipped code has no switch for it. Not the list of bugs (plants.ts), and it plants nothing into its own thread:
 * whoever wants a bug starts a thread for it.
 */

import { readFileSync } from "node:fs";
import { register } from "node:module";
import type { Plant } from "./plants.ts";

/** Compiled code breaks lines where the source does not, so any run of blanks matches any other. */
function placeOf(find: string): RegExp {
  const words = find.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+"), "g");
}

/** A module with what the plant changes in it. Throws unless each place is there exactly once: a plant follows its code. */
export function planted(plant: Pick<Plant, "id" | "edits">, file: string, source: string): string {
  return plant.edits
    .filter((edit) => edit.file === file)
    .reduce((changed, { find, put }) => {
      const places = [...changed.matchAll(placeOf(find))].length;
      if (places !== 1) throw new Error(`plant ${plant.id}: its place stands ${places} times in ${file}`);
      return changed.replace(placeOf(find), () => put);
    }, source);
}

/** Where the compiled module of a source file lies. `file`: path from the repository's root. */
function compiled(file: string): string {
  const [, name, path] = /^packages\/([^/]+)\/(.+)\.ts$/.exec(file) ?? [];
  if (name === undefined || path === undefined) throw new Error(`${file} belongs to no package`);
  const inSource = path.replace(/^src\//, "");
  switch (name) {
    case "lock-sim":
      return new URL(`../${inSource}.js`, import.meta.url).href;
    case "protocol":
      return new URL(`../${path}.js`, import.meta.resolve("@doorsync/protocol/lock")).href;
    case "phone-client":
      return new URL(`${inSource}.js`, import.meta.resolve("@doorsync/phone-client/core")).href;
    case "authority":
      return new URL(`${inSource}.js`, import.meta.resolve("@doorsync/authority/core")).href;
    default:
      throw new Error(`no package is called ${name}`);
  }
}

/** Each module that the plant changes, by its URL, as it is to be loaded. */
export function plantedModules(plant: Plant): ReadonlyMap<string, string> {
  const files = new Set(plant.edits.map(({ file }) => file));
  return new Map(
    [...files].map((file) => {
      const url = compiled(file);
      return [url, planted(plant, file, readFileSync(new URL(url), "utf8"))];
    }),
  );
}

/** From here on this thread loads the planted modules. Call it before anything of ours is imported. */
export function plantHere(plant: Plant): void {
  register(new URL("./planting-hook.js", import.meta.url), { data: [...plantedModules(plant)] });
}
