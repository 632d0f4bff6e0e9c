// The service on its socket: sessions, refusals as problem details, idempotency, and what a stranger is told.
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { password, type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

test("without a session there is nothing but the door to log in at", async () => {
  const answer = await service.call("fetchParcels", { body: {} });
  expect(answer.status).toBe(401);
  expect(answer.type).toContain("application/problem+json");
  expect(answer.body).toMatchObject({ name: "UNAUTHENTICATED", code: 200 });
});

test("a wrong password and an unknown address are refused alike, and too many tries are", async () => {
  const client = { class: "mobile", name: "test", version: "1.0.0" };
  const wrong = await service.call("logIn", {
    body: { email: "manager@example.org", password: "wrong password", client },
  });
  const unknown = await service.call("logIn", {
    body: { email: "nobody@example.org", password: "wrong password", client },
  });
  expect(wrong.status).toBe(401);
  expect(unknown.body).toEqual(wrong.body);
  const last = [];
  for (let i = 0; i < 6; i++)
    last.push(
      await service.call("logIn", { body: { email: "x@example.org", password: "wrong password", client } }),
    );
  expect(last.at(4)?.status).toBe(401);
  expect(last.at(5)?.body.name).toBe("TOO_MANY");
});

test("a session that was logged out is none", async () => {
  const token = await service.logIn("manager@example.org");
  expect((await service.call("fetchParcels", { token, body: {} })).body).toEqual({
    parcels: [],
    more: false,
  });
  expect((await service.call("logOut", { token })).status).toBe(204);
  expect((await service.call("fetchParcels", { token, body: {} })).status).toBe(401);
});

test("an odd request is refused by name, and so is a path that is none", async () => {
  const token = await service.logIn("manager@example.org");
  const odd = await service.call("fetchParcels", { token, body: { tags: ["xyz"] } });
  expect(odd.status).toBe(400);
  expect(odd.body.name).toBe("REQUEST_UNFIT");
  const nowhere = await fetch(`${service.url}/v1/nowhere`);
  expect(nowhere.status).toBe(404);
  const spec = JSON.parse(await (await fetch(`${service.url}/v1/openapi.json`)).text());
  expect(spec.openapi).toBe("3.1.0");
  expect(spec.paths["/v1/courier/parcels"].post.operationId).toBe("fetchParcels");
});

test("a path that does not decode, a method that is none and bytes that are no request are problems too", async () => {
  const odd = ["/v1/doors/%zz/code/reset", "/%", "/v1/%c0%af", "/v1/events/%zz", "/v1/doors/%00/log"];
  for (const path of odd)
    for (const method of ["GET", "POST", "PROPFIND"]) {
      const answer = await raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer, `${method} ${path}`).toMatch(/^HTTP\/1.1 4\d\d /);
      expect(answer, `${method} ${path}`).toMatch(/application\/problem\+json/);
      expect(answer).toMatch(/"remedy":"/);
    }
  for (const bytes of [
    "\0\0\0\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    `GET /${"x".repeat(70_000)} HTTP/1.1\r\n\r\n`,
  ])
    expect(await raw(bytes)).toMatch(/^HTTP\/1.1 400 [\s\S]*"name":"REQUEST_UNFIT"/);
});

test("the feed takes any header: what is no number begins now, and what is no session is refused by name", async () => {
  const token = await service.logIn("manager@example.org");
  for (const last of ["", "-1", "1e9", "9".repeat(40), "%zz", "0x10", "'; drop"]) {
    const ask = (authorization: string) =>
      fetch(`${service.url}/v1/events`, { headers: { authorization, "last-event-id": last } });
    const refused = await ask(`Bearer ${last}x`);
    expect([refused.status, JSON.parse(await refused.text()).name]).toEqual([401, "UNAUTHENTICATED"]);
    const heard = await ask(`Bearer ${token}`);
    expect(heard.status).toBe(200);
    const { value } = (await heard.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toContain("event: ready");
    await heard.body?.cancel().catch(() => undefined);
  }
});

test("no answer is kept by a browser or a proxy: it may hold digits or a token", async () => {
  const client = { class: "mobile", name: "test", version: "1.0.0" };
  const ask = (path: string, body?: object) =>
    fetch(`${service.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answers = [
    await ask("/v1/sessions", { email: "manager@example.org", password, client }),
    await ask("/v1/me"),
    await ask("/v1/nowhere"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 404]);
  for (const { headers } of answers) expect(headers.get("cache-control")).toBe("no-store");
});

/** What comes back for these bytes on a socket of their own. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(service.url);
  return await new Promise((resolve) => {
    let heard = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    socket.on("data", (some) => {
      heard += some.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
  });
}

test("no page of another origin is told anything: there are no CORS headers, on answers and on preflights", async () => {
  const origin = "https://app.example.org";
  const preflight = { origin, "access-control-request-method": "POST" };
  const answers = [
    await fetch(`${service.url}/v1/openapi.json`, { headers: { origin } }),
    await fetch(`${service.url}/v1/sessions`, { method: "OPTIONS", headers: preflight }),
  ];
  for (const { headers } of answers)
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("of many that try at once no more pass than one after the other", async () => {
  const client = { class: "mobile", name: "test", version: "1.0.0" };
  const body = { email: "many@example.org", password: "wrong password", client };
  const answers = await Promise.all(Array.from({ length: 12 }, () => service.call("logIn", { body })));
  const names = answers.map((answer) => answer.body.name);
  expect(names.filter((name) => name === "BAD_CREDENTIALS").length).toBe(5);
  expect(names.filter((name) => name === "TOO_MANY").length).toBe(7);
});
