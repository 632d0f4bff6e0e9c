/**
 * Calls to the authority's service by the names of its endpoints: a deadline for each try, a key for each change, and
 * the same key again after a lost answer. Denials are values, and so is a service that cannot be reached. It keeps
 * nothing and knows nobody; that is the account's.
 */
import { toHex } from "@doorsync/protocol/courier";
import type { Fetch, FetchAnswer, Fill, Timers } from "../ports.ts";
import { type Api, type ApiName, type ApiRow, api, type ProblemDetails } from "./api.ts";

/** Longest wait for one try's whole answer. With the pauses, all tries end before a mailbox is given up on (30 s). */
export const tryMilliseconds = 8_000;
/** Pauses before the tries after the first. */
export const pausesMilliseconds: readonly number[] = [500, 1_500];
const keyBytes = 16;

export interface Denied {
  readonly ok: false;
  readonly problem: ProblemDetails;
  readonly unreachable?: never;
}

/** No answer, or none of the service's. A change may have been done all the same. */
export interface Unreachable {
  readonly ok: false;
  /** Why, in one clause. */
  readonly unreachable: string;
  readonly problem?: never;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | Denied | Unreachable;

/** What an endpoint wants to be told: its params, query and body where it has them. */
export type Asked<N extends ApiName> = Told<N, "params"> & Told<N, "query"> & Told<N, "body"> & CallOptions;
type Told<N extends ApiName, K extends "params" | "query" | "body"> = Api[N][K] extends undefined
  ? { readonly [_ in K]?: undefined }
  : { readonly [_ in K]: Api[N][K] };

export interface CallOptions {
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** 1 for who has something better to do than to wait for a dead network; every try when left out. */
  readonly tries?: number;
}

export interface Client {
  readonly url: string;
  /** Never rejects for what service or network do. */
  call<N extends ApiName>(name: N, asked: Asked<N>): Promise<Answer<Api[N]["answer"]>>;
}

export interface ClientOptions {
  /** Where the service is, such as `https://doors.example.org`. */
  readonly url: string;
  readonly fetch: Fetch;
  readonly timers: Timers;
  readonly fill: Fill;
  /** For every call that brings none of its own. */
  readonly token?: string;
  readonly tryMilliseconds?: number;
}

export function createClient(options: ClientOptions): Client {
  const url = options.url.replace(/\/+$/, "");
  return {
    url,
    async call<N extends ApiName>(name: N, asked: Asked<N>): Promise<Answer<Api[N]["answer"]>> {
      const row = api[name];
      const request = requestOf(row, { token: options.token, ...asked }, options.fill);
      const tries = row.isRepeatable ? (asked.tries ?? pausesMilliseconds.length + 1) : 1;
      let lost = unreachable("it was not tried");
      for (let i = 0; i < tries; i++) {
        if (i > 0) await pause(options.timers, pausesMilliseconds[i - 1] ?? 0, asked.signal);
        if (asked.signal?.aborted === true) return unreachable("given up on request");
        const answer = await once(options, `${url}${request.path}`, request, asked.signal);
        if (answer.ok || answer.problem !== undefined) return answer as Answer<Api[N]["answer"]>;
        lost = answer;
      }
      return lost;
    },
  };
}

interface Request {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

interface Loose {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly token?: string | undefined;
}

function requestOf(row: ApiRow, asked: Loose, fill: Fill): Request {
  const params = (asked.params ?? {}) as Readonly<Record<string, unknown>>;
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = Object.entries(asked.query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&");
  const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
  if (asked.body !== undefined) headers["content-type"] = "application/json";
  if (asked.token !== undefined) headers["authorization"] = `Bearer ${asked.token}`;
  if (row.method !== "GET") {
    const key = new Uint8Array(keyBytes);
    fill(key);
    headers["idempotency-key"] = toHex(key);
  }
  return {
    path: query === "" ? path : `${path}?${query}`,
    method: row.method,
    headers,
    body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
  };
}

/** One try. It ends when its time is up, whatever the host's fetch makes of the signal. */
async function once(
  { fetch, timers, tryMilliseconds: longest = tryMilliseconds }: ClientOptions,
  url: string,
  { method, headers, body }: Request,
  signal: AbortSignal | undefined,
): Promise<Answer<unknown>> {
  const abort = new AbortController();
  let stopTimer = (): void => {};
  let onAbort = (): void => {};
  const given = new Promise<Unreachable>((resolve) => {
    const giveUp = (why: string): void => {
      resolve(unreachable(why));
      abort.abort();
    };
    stopTimer = timers.after(longest, () => giveUp(`the service said nothing for ${longest / 1_000} s`));
    onAbort = () => giveUp("given up on request");
    signal?.addEventListener("abort", onAbort);
  });
  const request = { method, headers, signal: abort.signal, redirect: "error" as const };
  const asking = fetch(url, body === undefined ? request : { ...request, body }).then(
    async (answer) => await read(answer),
  );
  try {
    return await Promise.race([given, asking.catch((error: unknown) => unreachable(reason(error)))]);
  } finally {
    stopTimer();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** What is not the service's own answer (a network's log-in page, a proxy's error) is no answer. */
async function read(answer: FetchAnswer): Promise<Answer<unknown>> {
  const text = await answer.text();
  if (answer.status === 204) return { ok: true, value: undefined };
  const type = answer.headers.get("content-type") ?? "";
  const isProblem = type.startsWith("application/problem+json");
  const value = isProblem || type.startsWith("application/json") ? parsed(text) : undefined;
  if (isProblem && isProblemDetails(value)) return { ok: false, problem: value };
  if (answer.status === 200 && !isProblem && value !== undefined) return { ok: true, value };
  return unreachable(`what answers is not the service (status ${answer.status}): is this network open?`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off, or somebody else's
  }
}

function isProblemDetails(value: unknown): value is ProblemDetails {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    "name" in value &&
    typeof value.name === "string" &&
    "title" in value &&
    "remedy" in value
  );
}

function unreachable(why: string): Unreachable {
  return { ok: false, unreachable: why };
}

/** The host's own words are often only "fetch failed", with the reason in their cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause ? String(cause.code) : cause.message;
}

function pause(timers: Timers, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const stop = timers.after(milliseconds, done);
    signal?.addEventListener("abort", done);
    if (signal?.aborted === true) done();
  });
}

/** A denial or its absence in one line: what is wrong and what to do. */
export function describeFailure(failed: Denied | Unreachable): string {
  if (failed.problem === undefined)
    return `the service cannot be reached (${failed.unreachable}): check the network and try again`;
  const { code, name, title, detail, remedy } = failed.problem;
  return `denied ${code} ${name}${detail === undefined ? "" : ` (${detail})`}: ${title}; ${remedy}`;
}
