// The client's calls against real servers that behave badly: deadlines, the same key after a lost answer, denials as
// values, and answers that are not the service's.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient, describeFailure, systemTimers } from "@doorsync/phone-client";
import { afterEach, describe, expect, test } from "vitest";
import { fromBase64Url, toBase64Url } from "../packages/phone-client/src/account/text.ts";
import type { Fetch } from "../packages/phone-client/src/ports.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Behaviour = (response: ServerResponse, turn: number) => void;

/** A client of a server that behaves like that, and what the server saw. */
async function clientOf(behave: Behaviour, options: { token?: string; tryMilliseconds?: number } = {}) {
  const seen: Seen[] = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body });
      behave(response, seen.length);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let draws = 0;
  const client = createClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    fetch: ((url, request) => fetch(url, request)) satisfies Fetch,
    timers: {
      after: (milliseconds, run) =>
        systemTimers.after(milliseconds === 500 || milliseconds === 1_500 ? 5 : milliseconds, run),
    },
    fill: (bytes) => void bytes.fill(++draws),
    ...options,
  });
  return { client, seen };
}

const json = (response: ServerResponse, value: unknown, status = 200, type = "application/json"): void => {
  response.writeHead(status, { "content-type": type }).end(JSON.stringify(value));
};
const problem = { type: "urn:x", title: "no", status: 403, code: 115, name: "NOT_ALLOWED", remedy: "ask" };
const door = "0123456789abcdef01234567";

describe("a call", () => {
  test("says params, query, token and key as the endpoint wants them", async () => {
    const { client, seen } = await clientOf((response) => json(response, { changed: true }), { token: "t0" });
    const answer = await client.call("resetCode", { params: { door }, body: { length: 6 }, token: "t1" });
    expect(answer).toEqual({ ok: true, value: { changed: true } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: `/v1/doors/${door}/code/reset`,
      body: '{"length":6}',
    });
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer t1",
      "content-type": "application/json",
      "idempotency-key": "01".repeat(16),
    });
  });

  test("a parameter cannot leave its place in the path", async () => {
    const { client, seen } = await clientOf((response) => json(response, {}));
    await client.call("guests", { params: { door: "../../sessions?x#y" } });
    expect(seen[0]?.url).toBe("/v1/doors/..%2F..%2Fsessions%3Fx%23y/guests");
  });

  test("a read has no key; 204 is an answer without a value", async () => {
    const { client, seen } = await clientOf((response) => void response.writeHead(204).end());
    expect(await client.call("myDoors", {})).toEqual({ ok: true, value: undefined });
    expect(seen[0]?.headers["idempotency-key"]).toBeUndefined();
  });

  test("a denial is a value and is not asked for twice", async () => {
    const { client, seen } = await clientOf((response) =>
      json(response, problem, 403, "application/problem+json"),
    );
    const answer = await client.call("myCodes", {});
    expect(answer).toEqual({ ok: false, problem });
    expect(seen).toHaveLength(1);
    expect(!answer.ok && describeFailure(answer)).toBe("denied 115 NOT_ALLOWED: no; ask");
  });
});

describe("after a lost answer", () => {
  test("the change is said again under the same key, and another change has another", async () => {
    const { client, seen } = await clientOf((response, turn) => {
      if (turn < 3) response.destroy();
      else json(response, { changed: true });
    });
    const wish = { params: { door }, body: {} };
    expect((await client.call("resetCode", wish)).ok).toBe(true);
    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(["01".repeat(16), "01".repeat(16), "01".repeat(16)]);
    await client.call("resetCode", wish);
    expect(seen.at(-1)?.headers["idempotency-key"]).toBe("02".repeat(16));
  });

  test("it is given up after three tries, and says why", async () => {
    const { client, seen } = await clientOf((response) => void response.destroy());
    const answer = await client.call("myDoors", {});
    expect(answer).toEqual({ ok: false, unreachable: expect.any(String) });
    expect(seen).toHaveLength(3);
  });

  test("a log-in is never said again: no key would hold it together", async () => {
    const { client, seen } = await clientOf((response) => void response.destroy());
    const body = {
      email: "a@b",
      password: "x",
      client: { class: "mobile" as const, name: "n", version: "1" },
    };
    expect((await client.call("logIn", { body })).ok).toBe(false);
    expect(seen).toHaveLength(1);
  });
});

describe("no answer of the service's", () => {
  test.each<[string, Behaviour]>([
    [
      "a network's log-in page",
      (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
    ],
    ["a proxy's error", (response) => json(response, { error: "bad gateway" }, 502)],
    [
      "half an answer",
      (response) => void response.writeHead(200, { "content-type": "application/json" }).end('{"a":'),
    ],
    ["a redirection", (response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
    [
      "a denial without a name",
      (response) => json(response, { title: "x" }, 403, "application/problem+json"),
    ],
  ])("%s", async (_what, behave) => {
    const { client } = await clientOf(behave);
    expect(await client.call("myDoors", { tries: 1 })).toEqual({
      ok: false,
      unreachable: expect.any(String),
    });
  });

  test("silence ends at the deadline, also after the head of an answer", async () => {
    const { client } = await clientOf(
      (response) => void response.writeHead(200, { "content-type": "application/json" }).write("{"),
      {
        tryMilliseconds: 80,
      },
    );
    const began = performance.now();
    const answer = await client.call("myDoors", { tries: 1 });
    expect(answer).toEqual({ ok: false, unreachable: "the service said nothing for 0.08 s" });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("an abort ends the call, the pauses between tries and all further tries", async () => {
    const abort = new AbortController();
    const { client, seen } = await clientOf((response, turn) => {
      if (turn === 1) abort.abort();
      else json(response, {});
    });
    const answer = await client.call("myDoors", { signal: abort.signal });
    expect(answer).toEqual({ ok: false, unreachable: "given up on request" });
    expect(seen).toHaveLength(1);
    expect((await client.call("myDoors", { signal: abort.signal })).ok).toBe(false);
    expect(seen, "an aborted call was sent").toHaveLength(1);
  });
});

test("base64url is Node's, for every length, and nothing else is taken", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length * 7) & 0xff);
    expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  }
  for (const odd of ["A", "AA==", "A+/A", "Ä"]) expect(fromBase64Url(odd), odd).toBeUndefined();
});
