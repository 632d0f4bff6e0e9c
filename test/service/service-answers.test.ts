// The service on its socket: sessions, refusals as problem details, idempotency, and what a stranger is told.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

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

test("of many that try at once no more pass than one after the other", async () => {
  const client = { class: "mobile", name: "test", version: "1.0.0" };
  const body = { email: "many@example.org", password: "wrong password", client };
  const answers = await Promise.all(Array.from({ length: 12 }, () => service.call("logIn", { body })));
  const names = answers.map((answer) => answer.body.name);
  expect(names.filter((name) => name === "BAD_CREDENTIALS").length).toBe(5);
  expect(names.filter((name) => name === "TOO_MANY").length).toBe(7);
});
