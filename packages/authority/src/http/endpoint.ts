/**
 * What an endpoint is: one record from which its route, its check, its documentation and the typed client are made. Not
 * what it does: `run` calls an act of the desk.
 */
import type { Static, TObject, TSchema } from "typebox";
import type { Actor } from "../desk/actor.ts";
import type { Decision } from "../model/denial.ts";
import type { LimitName, LimitRule } from "../model/limit.ts";
import type { Office } from "../office/office.ts";

/** Whom an endpoint lets in: anybody, or who has a session. */
export type Access = "open" | "session";

export interface Call<P, Q, B> {
  /** For a change: its database is one transaction, which ends with the call. */
  readonly office: Office;
  readonly actor: Actor;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Where the request came from, for limits. */
  readonly address: string;
}

/** What a change was about besides what its path and body name. */
export interface About {
  readonly door?: string;
  readonly person?: string;
  /** In words, without digits or secrets: what was made or changed. */
  readonly detail?: string;
  /** Where it is in the book of no property by its path: those that it concerns. */
  readonly properties?: readonly string[];
}

export interface Endpoint {
  /** Its name in the documentation and in the client, camelCase. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` for each of `params`. */
  readonly path: string;
  readonly summary: string;
  /** What its summary cannot say. */
  readonly description: string | undefined;
  readonly area: Area;
  readonly access: Access;
  readonly params: TObject | undefined;
  readonly query: TObject | undefined;
  readonly body: TSchema | undefined;
  /** Undefined: 204, nothing to say. */
  readonly answer: TSchema | undefined;
  /**
   * A change whose work must not wait in a transaction (hashing of passwords) and which is one statement. Done again with
   * the same body it comes to the same end.
   */
  readonly isAlone: boolean;
  /** Asked again it answers anew, as a read does; its answers are large, and an idempotency key is not looked at. */
  readonly isKeyless: boolean;
  /** Counted before anything else is done, whatever comes of it. */
  readonly limits: readonly Limited[];
  /** Whose account it is about where nobody is logged in, for the audit; undefined when nobody's. */
  readonly accountOf?: ((call: Call<never, never, never>) => Promise<string | undefined>) | undefined;
  /** For the audit of what was granted: what was made is named by the answer alone. */
  readonly about?: ((call: Call<never, never, never>, answer: never) => About | Promise<About>) | undefined;
  readonly run: (call: Call<never, never, never>) => Promise<Decision<unknown>>;
}

/** A rule of `model/limit.ts` and for whom it counts. */
export interface Limited {
  readonly rule: LimitName;
  readonly key: (call: Call<never, never, never>) => string;
  /** Where the community sets the number; left out: as the table says. */
  readonly ruleOf?: (call: Call<never, never, never>) => Promise<LimitRule>;
  /** Who is not held to it. */
  readonly isFree?: (call: Call<never, never, never>) => Promise<boolean>;
}

export const areas = ["accounts", "codes", "courier", "manage", "events"] as const;
export type Area = (typeof areas)[number];

/** What a call answers need not be anybody's to change. */
type Said<T> = T extends readonly (infer E)[]
  ? readonly Said<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Said<T[K]> }
    : T;

type Shape<S extends TSchema | undefined> = S extends TSchema ? Static<S> : undefined;

export interface Definition<
  P extends TObject | undefined,
  Q extends TObject | undefined,
  B extends TSchema | undefined,
  A extends TSchema | undefined,
> {
  readonly name: string;
  readonly method: Endpoint["method"];
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly area: Area;
  readonly access?: Access;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer?: A;
  readonly isAlone?: boolean;
  readonly isKeyless?: boolean;
  readonly limits?: readonly {
    readonly rule: LimitName;
    readonly key: (call: Call<Shape<P>, Shape<Q>, Shape<B>>) => string;
    readonly ruleOf?: (call: Call<Shape<P>, Shape<Q>, Shape<B>>) => Promise<LimitRule>;
    readonly isFree?: (call: Call<Shape<P>, Shape<Q>, Shape<B>>) => Promise<boolean>;
  }[];
  readonly accountOf?: (call: Call<Shape<P>, Shape<Q>, Shape<B>>) => Promise<string | undefined>;
  readonly about?: (
    call: Call<Shape<P>, Shape<Q>, Shape<B>>,
    answer: Said<Shape<A>>,
  ) => About | Promise<About>;
  readonly run: (call: Call<Shape<P>, Shape<Q>, Shape<B>>) => Promise<Decision<Said<Shape<A>>>>;
}

/** GET reads; everything else is a change, in one transaction with its record in the audit. */
export function isChange(endpoint: Pick<Endpoint, "method">): boolean {
  return endpoint.method !== "GET";
}

export function endpoint<
  P extends TObject | undefined = undefined,
  Q extends TObject | undefined = undefined,
  B extends TSchema | undefined = undefined,
  A extends TSchema | undefined = undefined,
>(definition: Definition<P, Q, B, A>): Endpoint {
  const {
    access = "session",
    params,
    query,
    body,
    answer,
    isAlone = false,
    isKeyless = false,
    run,
    ...rest
  } = definition;
  const { description } = rest;
  const accountOf = rest.accountOf as Endpoint["accountOf"];
  const about = rest.about as Endpoint["about"];
  const limits = (rest.limits ?? []) as readonly Limited[];
  return {
    ...rest,
    description,
    access,
    params,
    query,
    body,
    answer,
    isAlone,
    isKeyless,
    limits,
    accountOf,
    about,
    run: run as Endpoint["run"],
  };
}
