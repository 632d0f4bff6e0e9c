/**
 * Calls to the service by the names of its endpoints. Denials and a service that cannot be reached are values that a
 * person can read. It keeps nothing but the session's token, which is session.ts's.
 */
import { type Api, type ApiName, type ApiRow, api, type ProblemDetails } from "./api.ts";
import { endSession, token } from "./session.ts";

/** What a person is told when something did not work. */
export interface Trouble {
  readonly name: string;
  readonly title: string;
  readonly remedy: string;
  readonly detail?: string;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly trouble: Trouble };

/** What an endpoint wants to be told: its params, query and body where it has them. */
export type Asked<N extends ApiName> = Told<N, "params"> & Told<N, "query"> & Told<N, "body">;
type Told<N extends ApiName, K extends "params" | "query" | "body"> = Api[N][K] extends undefined
  ? { readonly [_ in K]?: undefined }
  : { readonly [_ in K]: Api[N][K] };

/** A lost answer is asked for again under the same key: the change is made once. */
const triesMax = 2;
const keyBytes = 16;

const unreachable: Trouble = {
  name: "UNREACHABLE",
  title: "the service cannot be reached",
  remedy: "check the connection, then try again",
};

/** What a form can see to be missing is asked of nobody. */
export function lacking(remedy: string): { readonly ok: false; readonly trouble: Trouble } {
  return { ok: false, trouble: { name: "LACKING", title: "something is missing", remedy } };
}

export async function call<N extends ApiName>(name: N, asked: Asked<N>): Promise<Answer<Api[N]["answer"]>> {
  const row = api[name];
  const key = freshKey();
  const tries = row.isRepeatable ? triesMax : 1;
  const isChange = row.method !== "GET";
  if (isChange) changesUnderWay += 1;
  try {
    for (let i = 0; i < tries; i++) {
      const response = await sent(row, asked, key);
      if (response !== undefined) return await answerOf<Api[N]["answer"]>(response);
    }
    return { ok: false, trouble: unreachable };
  } finally {
    if (isChange) {
      changesUnderWay -= 1;
      changedAt = performance.now();
    }
  }
}

let changesUnderWay = 0;
let changedAt = Number.NEGATIVE_INFINITY;
/** The feed is read every half second, and tells of a change after its answer or before. */
const ownMilliseconds = 2_000;

/** What the feed tells of now may be what somebody did on this page. */
export function mayBeOwn(): boolean {
  return changesUnderWay > 0 || performance.now() - changedAt < ownMilliseconds;
}

interface Loose {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

/** Undefined where no answer came. */
async function sent(row: ApiRow, asked: Loose, key: string): Promise<Response | undefined> {
  const bearer = token();
  try {
    return await fetch(addressOf(row, asked), {
      method: row.method,
      cache: "no-store",
      headers: {
        ...(asked.body === undefined ? {} : { "content-type": "application/json" }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(row.method === "GET" ? {} : { "idempotency-key": key }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    });
  } catch {
    return undefined;
  }
}

/** Relative to where the page was loaded from: a proxy may serve both under any path. */
export function addressOf(row: Pick<ApiRow, "path">, asked: Loose): string {
  const params = (asked.params ?? {}) as Readonly<Record<string, unknown>>;
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = Object.entries(asked.query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&");
  return `.${path}${query === "" ? "" : `?${query}`}`;
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text().catch(() => "");
  const body = parsed(text);
  if (response.ok) return { ok: true, value: body as T };
  const trouble = troubleOf(response.status, body as Partial<ProblemDetails> | undefined);
  if (trouble.name === "UNAUTHENTICATED") endSession("ended");
  return { ok: false, trouble };
}

function troubleOf(status: number, problem: Partial<ProblemDetails> | undefined): Trouble {
  const { name, title, remedy, detail } = problem ?? {};
  if (name === undefined || title === undefined || remedy === undefined)
    return { ...unreachable, title: `something other than the service answered (${status})` };
  return { name, title, remedy, ...(detail === undefined ? {} : { detail }) };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
