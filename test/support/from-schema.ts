/**
 * A request that fits an endpoint's shapes, drawn from the shapes themselves: for tests that go through all endpoints.
 * Ids of real rows are lent by name, so that what is refused is refused for who asks and not for what is asked.
 */
import type { Endpoint } from "@doorsync/authority/service";
import fc from "fast-check";
import type { Asked } from "./service.ts";

/** Values by the name of a field, with or without `Id` at its end. */
export type Lent = Readonly<Record<string, unknown>>;

interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

/** The same for the same seed. Only what is required is there. */
export function fittingRequest(endpoint: Endpoint, lent: Lent, seed: number): Asked {
  const part = (shape: unknown): unknown =>
    shape === undefined ? undefined : drawnFrom(shape as Shape, lent, seed);
  const [params, query, body] = [endpoint.params, endpoint.query, endpoint.body].map(part);
  return {
    ...(params === undefined ? {} : { params: texts(params) }),
    ...(query === undefined ? {} : { query: texts(query) }),
    ...(body === undefined ? {} : { body }),
  };
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, String(one)]));
}

function drawnFrom(shape: Shape, lent: Lent, seed: number): unknown {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  if (shape.anyOf?.[0] !== undefined) return drawnFrom(shape.anyOf[0], lent, seed);
  switch (shape.type) {
    case "object":
      return Object.fromEntries(
        (shape.required ?? []).map((name) => [name, lentOr(name, shape.properties?.[name], lent, seed)]),
      );
    case "array":
      return Array.from({ length: shape.minItems ?? 0 }, () => drawnFrom(shape.items ?? {}, lent, seed));
    case "string":
      return textLike(shape, seed);
    case "integer":
    case "number":
      return shape.minimum ?? 0;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      throw new Error(`a shape that nobody drew from yet: ${JSON.stringify(shape)}`);
  }
}

function lentOr(name: string, shape: Shape | undefined, lent: Lent, seed: number): unknown {
  const key = name.replace(/Id$/, "");
  return Object.hasOwn(lent, key) ? lent[key] : drawnFrom(shape ?? {}, lent, seed);
}

function textLike({ pattern, minLength = 0 }: Shape, seed: number): string {
  if (pattern === undefined) return "a".repeat(Math.max(1, minLength));
  return fc.sample(fc.stringMatching(new RegExp(pattern)), { seed, numRuns: 1 })[0] ?? "";
}
