/**
 * The branches that `npm run coverage` does not ask for, each with its reason, and the vite plugin that tells v8 so.
 * The shipped code carries no marks. Not a way round a missing test: what a test can reach does not belong here.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** What is measured, as globs. The ground floor is among them, because the folders lean on its checks. */
export const measured: readonly string[] = [
  "packages/protocol/src/{bytes,limits,refusal}.ts",
  "packages/protocol/src/{cbor,crypto,rules,link}/**/*.ts",
  "packages/lock-sim/src/firmware/**/*.ts",
];

export interface Exclusion {
  /** One measured file, or a beginning of their paths. */
  readonly file: string;
  /** The branch begins where this text begins. */
  readonly code: string | RegExp;
  /** What is left out there: all of the branch, or only what an `if` does when its condition holds. */
  readonly mark: "next" | "if";
  /** Why no test can get there. */
  readonly reason: string;
}

export const exclusions: readonly Exclusion[] = [
  {
    file: "packages/",
    code: /default:\s+throw new \w+\([^;]* satisfies never\)/,
    mark: "next",
    reason:
      "the compiler proves that no value is left; the branch is there to break the build when one is added",
  },
  {
    file: "packages/lock-sim/src/firmware/",
    code: /if \([^\n;]*\)\s+throw new (Error|TypeError)\(/,
    mark: "if",
    reason:
      "says what the code around it makes sure of; to get there a test would have to break that code first",
  },
];

/** Where an exclusion's code stands in a source: offsets, ascending. */
export function placesOf({ code }: Exclusion, source: string): readonly number[] {
  const pattern = typeof code === "string" ? code.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : code.source;
  return [...source.matchAll(new RegExp(pattern, "g"))].map(({ index }) => index);
}

/** A source with a mark before each excluded branch, on the same line. */
export function marked(file: string, source: string): string {
  const places = exclusions
    .filter((exclusion) => file.startsWith(exclusion.file))
    .flatMap((exclusion) => placesOf(exclusion, source).map((at) => ({ at, mark: exclusion.mark })))
    .sort((a, b) => b.at - a.at);
  return places.reduce(
    (text, { at, mark }) => `${text.slice(0, at)}/* v8 ignore ${mark} -- @preserve */ ${text.slice(at)}`,
    source,
  );
}

/** Marks the sources as vitest loads them, and nothing else. */
export function exclusionsPlugin(): {
  readonly name: string;
  readonly enforce: "pre";
  transform(source: string, file: string): string | undefined;
} {
  return {
    name: "coverage-exclusions",
    enforce: "pre",
    transform(source, file) {
      const path = relative(root, file.split("?")[0] ?? file);
      const text = path.startsWith("packages/") ? marked(path, source) : source;
      return text === source ? undefined : text;
    },
  };
}
