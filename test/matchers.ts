/**
 * Matchers for refusals, for every test: import this file for its effect (`import "./matchers.ts"`).
 * Not a place for test data or models.
 */
import { expect } from "vitest";
import type { RefusalName } from "../packages/protocol/src/refusal.ts";

export { accepted } from "./accepted.ts";

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: must repeat vitest's own declaration to merge with it
  interface Matchers<T = any> {
    /**
     * The value is a refusal of this name and, if given, of exactly this check (or one that matches). Takes a
     * `Verdict`, a `Refused`, or anything that carries one as `refused` (what `hear` answers).
     */
    toRefuseWith(name: RefusalName, check?: string | RegExp): T;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

expect.extend({
  toRefuseWith(received: unknown, name: RefusalName, check?: string | RegExp) {
    const refused = field(received, "refused") ?? received;
    const actual =
      field(refused, "ok") === false
        ? { refusal: field(refused, "refusal"), check: String(field(refused, "check")) }
        : undefined;
    const checkFits =
      check === undefined ||
      (check instanceof RegExp ? check.test(actual?.check ?? "") : actual?.check === check);
    return {
      pass: actual !== undefined && actual.refusal === name && checkFits,
      message: () =>
        `expected ${this.isNot ? "anything but " : ""}refusal ${name}${check === undefined ? "" : ` (${check})`}, ` +
        `received ${actual === undefined ? this.utils.printReceived(received) : `${actual.refusal} (${actual.check})`}`,
    };
  },
});
