/**
 * Where on the page one is: the part of the address behind the #, by one table of patterns. What is shown there is
 * app.tsx's.
 */
import { useEffect, useState } from "preact/hooks";

const patterns = {
  home: "/",
  doors: "/properties/{property}/doors",
  people: "/properties/{property}/people",
  person: "/properties/{property}/people/{person}",
  policy: "/properties/{property}/policy",
  activity: "/properties/{property}/activity",
  door: "/properties/{property}/doors/{door}",
  log: "/properties/{property}/doors/{door}/log",
  codes: "/codes",
  guests: "/codes/{door}/guests",
  daily: "/codes/{door}/daily-doorcode",
  account: "/account",
} as const;

export type RouteName = keyof typeof patterns;

export interface Route {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
}

export function hrefOf(name: RouteName, params: Readonly<Record<string, string>> = {}): string {
  return `#${patterns[name].replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ""))}`;
}

/** Undefined where nothing is. */
export function routeOf(hash: string): Route | undefined {
  const path = hash.replace(/^#/, "") || "/";
  for (const name of Object.keys(patterns) as RouteName[]) {
    const form = new RegExp(`^${patterns[name].replace(/\{(\w+)\}/g, "(?<$1>[0-9a-f]{24})")}$`);
    const found = form.exec(path);
    if (found !== null) return { name, params: { ...found.groups } };
  }
  return undefined;
}

export function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return hash;
}
