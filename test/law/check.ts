// The kinds of sentence that the import law is written in. Each takes what to look at and gives a check, which returns
// one line for every violation. Which files they hold for is the table's business, in law.ts.
import type { Source } from "./source.ts";

/** Looks at the whole set of files; an empty list means lawful. */
export type Check = (sources: readonly Source[]) => readonly string[];

const matches = (patterns: readonly RegExp[], text: string): boolean => patterns.some((p) => p.test(text));
const said = (source: Source, target: string): string => `${source.path} -> ${target}`;

/** The files import nothing but what is listed. */
export function only(files: RegExp, allowed: readonly RegExp[]): Check {
  return (sources) =>
    sources
      .filter(({ path }) => files.test(path))
      .flatMap((source) => source.targets.filter((t) => !matches(allowed, t)).map((t) => said(source, t)));
}

/** The files import nothing of what is listed. */
export function never(files: RegExp, forbidden: readonly RegExp[]): Check {
  return (sources) =>
    sources
      .filter(({ path }) => files.test(path))
      .flatMap((source) => source.targets.filter((t) => matches(forbidden, t)).map((t) => said(source, t)));
}

/** Nothing that is listed can be reached from the files, however long the way through our own files. */
export function neverReaches(files: RegExp, forbidden: readonly RegExp[]): Check {
  return (sources) => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const found: string[] = [];
    for (const start of sources.filter(({ path }) => files.test(path))) {
      const seen = new Set([start.path]);
      const ways: (readonly string[])[] = [[start.path]];
      for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
        for (const target of byPath.get(way.at(-1) ?? "")?.targets ?? []) {
          if (seen.has(target)) continue;
          seen.add(target);
          const longer = [...way, target];
          if (matches(forbidden, target)) found.push(longer.join(" -> "));
          else ways.push(longer);
        }
      }
    }
    return found;
  };
}

/**
 * A folder as a stack of floors, lowest first; each floor is a list of rooms. A file may import its own room and every
 * lower floor. A file without a room, or with two, is a violation: the plan must know every file.
 */
export function stack(folder: string, floors: readonly (readonly RegExp[])[]): Check {
  const rooms = floors.flatMap((floor, height) => floor.map((pattern) => ({ height, pattern })));
  const roomOf = (path: string) => {
    const inside = path.slice(folder.length);
    const own = rooms.filter(({ pattern }) => pattern.test(inside));
    return own.length === 1 ? own[0] : undefined;
  };
  return (sources) =>
    sources
      .filter(({ path }) => path.startsWith(folder))
      .flatMap((source) => {
        const here = roomOf(source.path);
        if (here === undefined) return [`${source.path} has no room of its own in the plan`];
        return source.targets
          .filter((target) => target.startsWith(folder))
          .filter((target) => {
            const there = roomOf(target);
            return there === undefined || !(there === here || there.height < here.height);
          })
          .map((target) => said(source, target));
      });
}

/** No file can be reached from itself. Types count: a circle of types is where circles of values begin. */
export const noCircles: Check = (sources) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const turn = way.indexOf(path);
    if (turn >= 0) {
      found.push([...way.slice(turn), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of byPath.get(path)?.targets ?? []) {
      if (byPath.has(target)) visit(target, [...way, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
};

/** The files are given time, chance and surroundings as arguments and take none from the air. */
export function takesNothingFromTheAir(files: RegExp): Check {
  return (sources) =>
    sources
      .filter(({ path }) => files.test(path))
      .flatMap(({ path, fromTheAir }) => fromTheAir.map((what) => `${path}: ${what}`));
}

/** The file says in its first lines what it is. */
export const opensWithComment: Check = (sources) =>
  sources.filter((source) => !source.opensWithComment).map(({ path }) => `${path} opens without a comment`);

/** Every outside package that a package imports stands in its own manifest, not only in the root's. */
export function declared(dependenciesOf: ReadonlyMap<string, ReadonlySet<string>>): Check {
  return (sources) =>
    sources.flatMap((source) => {
      const own = dependenciesOf.get(/^packages\/([^/]+)\/src/.exec(source.path)?.[1] ?? "");
      if (own === undefined) return [];
      const names = source.targets
        .filter((target) => !/^(node:|packages\/|\()/.test(target))
        .map((target) => target.split("/", target.startsWith("@") ? 2 : 1).join("/"));
      return names.filter((name) => !own.has(name)).map((name) => said(source, name));
    });
}
